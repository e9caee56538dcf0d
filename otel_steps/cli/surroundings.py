"""The checks of `otel-steps doctor` on what lies around the recording."""

import os
import platform
import shutil
import sqlite3
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib.machinery import PathFinder
from importlib.metadata import PackageNotFoundError, entry_points, version
from pathlib import Path
from typing import Final

from otel_steps.cli.checks import Check
from otel_steps.health.problems import REMEDIES
from otel_steps.health.span_limits import cutting_variables
from otel_steps.pipeline import instrumentors
from otel_steps.version import DISTRIBUTION, __version__

_GROUP: Final = "opentelemetry_instrumentor"


def check_surroundings(environ: Mapping[str, str] = os.environ) -> Iterator[Check]:
    """Check what an agent needs to be recorded here."""
    yield check_instrumentors()
    for package, modules in _agent_modules().items():
        yield check_agent(package, modules)
    yield from check_zero_code(environ)
    yield from check_limits(environ)
    yield check_adb()
    yield check_versions()


def _agent_modules() -> Mapping[str, list[str]]:
    """Return the packages of agents, each with those of its modules whose agents are recorded."""
    modules: dict[str, list[str]] = {}
    for instrumentor in instrumentors():
        for name in instrumentor.module_names():
            modules.setdefault(name.partition(".")[0], []).append(name)
    return modules


def check_instrumentors() -> Check:
    """Check that OpenTelemetry can find what records the agents."""
    names = [each.name for each in DISTRIBUTION.entry_points.select(group=_GROUP)]
    missing = [name for name in names if not entry_points(group=_GROUP, name=name)]
    if not missing:
        return Check("instrumentors", "ok", f"OpenTelemetry finds those of {', '.join(names)}")
    message = f"OpenTelemetry does not find the instrumentor of {', '.join(missing)}"
    return Check("instrumentors", "fail", message, "install it again: `pip install otel-steps`")


def check_agent(package: str, modules: Sequence[str]) -> Check:
    """Say whether agents can be imported here, and are known; elsewhere they may well be."""
    # Looked up, never imported: `phone_agent` reads its environment when it is imported.
    spec = PathFinder.find_spec(package, [str(Path.cwd()), *sys.path])
    folders = [] if spec is None else [Path(each) for each in spec.submodule_search_locations or ()]
    if not folders:
        return Check(package, "info", "not importable here; run the agent from its own folder")
    release = _version_of(package.replace("_", "-"))
    found = f"{release + ' ' if release else ''}found at {folders[0]}"
    recorded = [name for name in modules if any(_has_module(each, name) for each in folders)]
    if recorded:
        return Check(package, "ok", f"{found}; recorded are the agents of {', '.join(recorded)}")
    # AutoGLM-GUI had its agents in a `phone_agent` of its own before 1.5.2.
    message = f"{found}; it has none of the modules whose agents are recorded: {', '.join(modules)}"
    return Check(package, "info", message)


def _has_module(folder: Path, name: str) -> bool:
    path = folder.joinpath(*name.split(".")[1:])
    return path.with_suffix(".py").exists() or (path / "__init__.py").exists()


def check_zero_code(environ: Mapping[str, str]) -> Iterator[Check]:
    """Check that `opentelemetry-instrument python main.py` would record."""
    name = "zero-code"
    if environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        message = "OTEL_SDK_DISABLED=true: nothing is recorded at all"
        yield Check(name, "fail", message, "unset OTEL_SDK_DISABLED")
    exporter = environ.get("OTEL_TRACES_EXPORTER", "").strip().lower()
    if exporter == "none":
        message = "OTEL_TRACES_EXPORTER=none: opentelemetry-instrument records nothing"
        yield Check(name, "warn", message, "unset OTEL_TRACES_EXPORTER or set it to task_steps")
    if shutil.which("opentelemetry-instrument") is None:
        message = "opentelemetry-instrument is not on PATH"
        remedy = "add the environment's bin folder to PATH, or use `otel-steps run main.py`"
        yield Check(name, "warn", message, remedy)
    elif missing := _exporters_missing(environ):
        # One exporter that cannot be loaded makes the SDK switch off all telemetry, ours included.
        message = f"opentelemetry-distro is set to exporters that are not installed: {missing}"
        remedy = (
            "set OTEL_TRACES_EXPORTER=task_steps OTEL_METRICS_EXPORTER=none "
            "OTEL_LOGS_EXPORTER=none, or `pip install opentelemetry-exporter-otlp`"
        )
        yield Check(name, "warn", message, remedy)
    else:
        yield Check(name, "ok", "opentelemetry-instrument is there")


def check_limits(environ: Mapping[str, str]) -> Iterator[Check]:
    """Warn of limits under which a program's own provider cuts recordings."""
    if variables := cutting_variables(environ):
        message = f"a program's own TracerProvider cuts what tasks and steps say: {variables}"
        yield Check("limits", "warn", message, REMEDIES["limits"])


def _exporters_missing(environ: Mapping[str, str]) -> str:
    if _version_of("opentelemetry-distro") is None:
        return ""
    missing = []
    for signal in ("traces", "metrics", "logs"):
        variable = f"OTEL_{signal.upper()}_EXPORTER"
        for name in environ.get(variable, "otlp").split(","):
            if not _has_exporter(signal, name.strip(), environ):
                missing.append(f"{variable}={name.strip()}")
    return ", ".join(missing)


def _has_exporter(signal: str, name: str, environ: Mapping[str, str]) -> bool:
    if name in ("", "none"):
        return True
    if name == "otlp":
        protocol = environ.get("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
        name = "otlp_proto_grpc" if protocol == "grpc" else "otlp_proto_http"
    return bool(entry_points(group=f"opentelemetry_{signal}_exporter", name=name))


def check_adb() -> Check:
    """Say where adb is; an agent on an iPhone needs none."""
    path = shutil.which("adb")
    if path is None:
        return Check("adb", "info", "not on PATH; agents on Android phones need it")
    return Check("adb", "ok", f"found at {path}")


def check_versions() -> Check:
    """Say what is running."""
    parts = (
        f"otel-steps {__version__}",
        f"Python {platform.python_version()}",
        f"opentelemetry-sdk {_version_of('opentelemetry-sdk') or 'of unknown version'}",
        f"SQLite {sqlite3.sqlite_version}",
        platform.platform(terse=True),
    )
    return Check("versions", "ok", ", ".join(parts))


def _version_of(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None
