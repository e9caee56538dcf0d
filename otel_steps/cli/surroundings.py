"""The checks of `otel-steps doctor` on what lies around the recording."""

import os
import platform
import shutil
import sqlite3
import sys
from collections.abc import Iterator, Mapping
from importlib.machinery import PathFinder
from importlib.metadata import PackageNotFoundError, entry_points, version
from pathlib import Path
from typing import Final

from otel_steps.cli.checks import Check
from otel_steps.health.problems import REMEDIES
from otel_steps.health.span_limits import cutting_variables
from otel_steps.version import __version__

_INSTRUMENTOR: Final = "phone_agent"


def check_surroundings(environ: Mapping[str, str] = os.environ) -> Iterator[Check]:
    """Check what an agent needs to be recorded here."""
    yield check_instrumentor()
    yield check_agent()
    yield from check_zero_code(environ)
    yield from check_limits(environ)
    yield check_adb()
    yield check_versions()


def check_instrumentor() -> Check:
    """Check that OpenTelemetry can find the instrumentor."""
    if entry_points(group="opentelemetry_instrumentor", name=_INSTRUMENTOR):
        return Check("instrumentor", "ok", "OpenTelemetry finds the PhoneAgent instrumentor")
    message = "OpenTelemetry does not find the PhoneAgent instrumentor"
    return Check("instrumentor", "fail", message, "install it again: `pip install otel-steps`")


def check_agent() -> Check:
    """Say whether the agent can be imported here; elsewhere it may well be."""
    # Looked up, never imported: `phone_agent` reads its environment when it is imported.
    spec = PathFinder.find_spec("phone_agent", [str(Path.cwd()), *sys.path])
    if spec is None:
        return Check("phone_agent", "ok", "not importable here; run the agent from its own folder")
    return Check("phone_agent", "ok", f"found at {spec.origin}")


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
    found = f"found at {path}" if path else "not on PATH; agents on Android phones need it"
    return Check("adb", "ok", found)


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
