"""Which module may import which: arrows point one way, and heavy parts load late."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "otel_steps"

# A module may import those of lower rank only; within a folder that has one rank, each other too.
RANKS = {
    "semconv": 0,
    "version": 0,
    "turns": 0,
    "errand": 0,
    "log_line": 1,
    "errors": 0,
    "action": 0,
    "forks": 0,
    "stopwatch": 0,
    "moment": 0,
    "flags": 0,
    "otlp_proto": 0,
    "private_files": 0,
    "sanitize": 1,
    "inline_pictures": 3,
    "model": 1,
    "config": 1,
    "otlp_fields": 1,
    "problems": 2,
    "live": 2,
    "step_data": 2,
    "span_limits": 2,
    "tracing": 2,
    "current_task": 2,
    "content_switch": 2,
    "own_lines": 2,
    "otlp": 3,
    "span_facts": 2,
    "health": 3,
    "forgotten": 3,
    "mapping": 3,
    "genai": 1,
    "openinference": 2,
    "conventions": 3,
    "genai_mapping": 4,
    "admit": 6,
    "span_values": 3,
    "task_span": 4,
    "step_span": 5,
    "stores.task_query": 2,
    "stores.contract": 3,
    "instrumentation": 6,
    "pictures": 2,
    "stores": 6,
    "migration_files": 7,
    "migrations": 8,
    "importing": 8,
    "journal": 6,
    "shipper": 7,
    "recorder": 8,
    "serving": 8,
    "collector": 9,
    "metrics": 4,
    "schema": 5,
    "unmapping": 4,
    "exporting": 8,
    "processor": 9,
    "exporter": 9,
    "guest": 9,
    "pipeline": 10,
    "zero_code": 11,
    "manual": 10,
    "tracked_step": 7,
    "tracked_task": 7,
    "handles": 7,
    "tracker": 11,
    "demo": 12,
    "viewer": 12,
    "viewer.lean": 0,
    "cli": 13,
    "": 13,
    "__main__": 14,
}

# Part -> what it must not know.
FORBIDDEN = {
    "instrumentation": {"opentelemetry.sdk"},
    "span_values": {"opentelemetry.sdk"},
    "task_span": {"opentelemetry.sdk"},
    "step_span": {"opentelemetry.sdk"},
    "live": {"opentelemetry.sdk"},
    "tracing": {"opentelemetry.sdk"},
    "current_task": {"opentelemetry.sdk"},
    "content_switch": {"opentelemetry"},
    "manual": {"opentelemetry.sdk"},
    "handles": {"opentelemetry.sdk"},
    "journal": {"opentelemetry", "otel_steps.stores", "otel_steps.instrumentation"},
    "shipper": {"opentelemetry.sdk", "otel_steps.stores.sqlite", "otel_steps.instrumentation"},
    "stores": {"opentelemetry"},
    "pictures": {"opentelemetry", "otel_steps.stores"},
    "mapping": {"opentelemetry"},
    "genai_mapping": {"opentelemetry"},
    "admit": {"opentelemetry"},
    "collector": {"opentelemetry", "otel_steps.stores", "otel_steps.shipper"},
    "serving": {"opentelemetry", "otel_steps.stores", "otel_steps.journal"},
    "genai": {"opentelemetry"},
    "openinference": {"opentelemetry"},
    "metrics": {"opentelemetry.sdk"},
    "model": {"opentelemetry"},
    "config": {"opentelemetry"},
    "viewer": {
        "opentelemetry",
        *(f"otel_steps.stores.{name}" for name in ("sqlite", "postgres", "supabase")),
    },
}

# Loaded by the few who need them, when they need them; or there on one platform only.
LATE = ("supabase", "psycopg", "PIL", "fcntl", "rich", "typer", "fsspec")
# Of the extra `viewer`: for the parts that serve, which are loaded late themselves.
SERVERS = ("fastapi", "pydantic", "starlette", "uvicorn")


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def part_of(name: str) -> str:
    """Return the key of RANKS that a module, or a name in it, falls under: the longest."""
    parts = name.split(".")
    prefixes = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((prefix for prefix in prefixes if prefix in RANKS), parts[0])


def imports_of(path: Path, *, top_level_only: bool) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = tree.body if top_level_only else ast.walk(tree)
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_arrows_point_one_way(path: Path) -> None:
    """A module imports only modules that know less than it does."""
    own = part_of(name_of(path))
    assert own in RANKS, f"give {own!r} a rank"
    for imported in imports_of(path, top_level_only=False):
        if not imported.startswith("otel_steps."):
            continue
        name = imported.removeprefix("otel_steps.")
        other = part_of(name)
        if other in RANKS and other != own:
            assert RANKS[other] < RANKS[own], f"{own} must not import {other}"


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_parts_do_not_know_what_they_must_not(path: Path) -> None:
    """The instrumentor knows the API only; the journal and the stores know no OpenTelemetry."""
    forbidden = FORBIDDEN.get(part_of(name_of(path)), set())
    for imported in imports_of(path, top_level_only=False):
        assert not any(imported == f or imported.startswith(f + ".") for f in forbidden), imported


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_heavy_and_platform_modules_load_late(path: Path) -> None:
    """Drivers, pictures and POSIX-only modules are not imported with the package."""
    part = part_of(name_of(path))
    if part in ("demo", "__main__"):
        return
    late = () if part == "cli" else LATE
    servers = () if part in ("viewer", "collector", "serving") else SERVERS
    for imported in imports_of(path, top_level_only=True):
        assert imported.split(".")[0] not in (*late, *servers)


def test_importing_the_package_loads_no_driver() -> None:
    """`import otel_steps` brings neither supabase nor pillow nor the command line's libraries."""
    code = "import sys, otel_steps; print([m for m in sys.argv[1:] if m in sys.modules])"

    done = subprocess.run(
        [sys.executable, "-c", code, *LATE[:3], *LATE[4:]],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == "[]"
