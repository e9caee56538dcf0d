"""Which module may import which: arrows point one way, and heavy parts load late."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "otel_steps"

# The rooms of the house, from the ground up: a room imports only those that stand before it. Within
# a room, modules import each other.
# fmt: off
ROOMS = [
    "version", "semconv", "action", "errors",
    "process", "config", "sanitize",
    "pricing", "pictures", "otlp", "rows", "foreign_spans", "health",
    "emit", "admit",
    "journal", "stores", "instrumentation", "why", "digest",
    "migrations", "shipper", "retention", "archiving", "fsck", "importing", "film", "exporting",
    "packing", "webhook", "reporting",
    "recorder", "serving", "collector", "consuming",
    "schema", "guest", "processor", "exporter", "pipeline", "zero_code", "children", "manual",
    "demo", "viewer", "asking", "cli", "__main__",
]
# fmt: on

# Room, or a module in one -> what it must not know.
FORBIDDEN = {
    "emit": {"opentelemetry.sdk"},
    "emit.content_switch": {"opentelemetry"},
    "emit.genai": {"opentelemetry"},
    "emit.openinference": {"opentelemetry"},
    "instrumentation": {"opentelemetry.sdk"},
    "manual": {"opentelemetry.sdk"},
    "health.metrics": {"opentelemetry.sdk"},
    "journal": {"opentelemetry", "otel_steps.stores", "otel_steps.instrumentation"},
    "shipper": {"opentelemetry.sdk", "otel_steps.stores.sqlite", "otel_steps.instrumentation"},
    "stores": {"opentelemetry"},
    "pictures": {"opentelemetry", "otel_steps.stores"},
    "rows": {"opentelemetry"},
    "admit": {"opentelemetry"},
    "collector": {"opentelemetry", "otel_steps.stores", "otel_steps.shipper"},
    "consuming": {"opentelemetry", "otel_steps.stores"},
    "serving": {"opentelemetry", "otel_steps.stores", "otel_steps.journal"},
    "config": {"opentelemetry"},
    "viewer": {
        "opentelemetry",
        *(f"otel_steps.stores.{name}" for name in ("sqlite", "postgres", "supabase", "shared")),
    },
}

# Loaded by the few who need them, when they need them; or there on one platform only.
LATE = ("supabase", "psycopg", "PIL", "fcntl", "rich", "typer", "fsspec", "av", "pyarrow", "duckdb")
# Of the extra `viewer`: for the parts that serve, which are loaded late themselves.
SERVERS = ("fastapi", "pydantic", "starlette", "uvicorn")
# Of the extra `mcp`: for the one module that serves an assistant.
MCP = ("mcp",)
# Of the extra `grpc`: for the one module that speaks it.
GRPC = ("grpc",)
# Of the extra `kafka`, likewise.
KAFKA = ("confluent_kafka",)


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def room_of(name: str) -> str:
    return name.split(".")[0]


def forbidden_to(name: str) -> set[str]:
    return {
        each
        for part, names in FORBIDDEN.items()
        if f"{name}.".startswith(f"{part}.")
        for each in names
    }


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
    """A module imports only rooms that stand before its own."""
    own = room_of(name_of(path))
    if not own:  # the package itself, which names the doors
        return
    assert own in ROOMS, f"give {own!r} a place among the rooms"
    for imported in imports_of(path, top_level_only=False):
        other = room_of(imported.removeprefix("otel_steps."))
        if imported.startswith("otel_steps.") and other in ROOMS:
            assert ROOMS.index(other) <= ROOMS.index(own), f"{own} must not import {other}"


def test_no_circle() -> None:
    """Within a room, too, no module needs one that needs it."""
    names = {f"otel_steps.{name_of(path)}".rstrip("."): path for path in modules()}
    TopologicalSorter(
        {
            name: {each for each in imports_of(path, top_level_only=True) if each in names}
            for name, path in names.items()
            if path.name != "__init__.py"
        }
    ).prepare()


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_rooms_do_not_know_what_they_must_not(path: Path) -> None:
    """The instrumentor knows the API only; the journal and the stores know no OpenTelemetry."""
    forbidden = forbidden_to(name_of(path))
    for imported in imports_of(path, top_level_only=False):
        assert not any(imported == f or imported.startswith(f + ".") for f in forbidden), imported


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_heavy_and_platform_modules_load_late(path: Path) -> None:
    """Drivers, pictures and POSIX-only modules are not imported with the package."""
    room = room_of(name_of(path))
    if room in ("demo", "film", "__main__"):  # loaded late themselves
        return
    late = () if room == "cli" else LATE
    servers = () if room in ("viewer", "collector", "serving") else SERVERS
    grpc = () if name_of(path) == "collector.grpc_server" else GRPC
    reads = {f"consuming.{each}" for each in ("brokers", "consumption", "member")}
    kafka = () if name_of(path) in reads else KAFKA
    mcp = () if name_of(path) == "cli.assistant" else MCP
    for imported in imports_of(path, top_level_only=True):
        assert imported.split(".")[0] not in (*late, *servers, *grpc, *kafka, *mcp)


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
