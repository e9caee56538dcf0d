"""The package beside others, with the oldest that it allows, and with every Python it is for."""

import os
import re
import subprocess
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.peers.environments import (
    ROOT,
    VERSION,
    environment,
    interpreters,
    package_stamp,
    pip,
)

pytestmark = pytest.mark.full

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
COMPANIONS = {
    "autoglm-gui": ("autoglm-gui", "openai"),
    "phoenix": ("arize-phoenix-client", "arize-phoenix-otel", "openai"),
    "openai-instrumented": (
        *("openai", "requests", "opentelemetry-instrumentation-genai-openai"),
        "openinference-instrumentation-openai",
    ),
}
# What our tests import besides, and the part of OpenTelemetry that only they need.
TOOLS = ("pytest", "hypothesis", "openai", "requests", "psycopg[binary]", "fsspec")
OTEL_TOOLS = ("opentelemetry-distro", "opentelemetry-exporter-otlp-json-common")
# Of our tests, those that need no other server and no browser. The real agent is in `three_ways`.
TESTS = (
    *("backlog", "cli", "collector", "config", "conventions", "courier", "doctor"),
    *(
        "admit",
        "exporting",
        "foreign_spans",
        "inline_pictures",
        "instrumentation",
        "journal",
        "manual",
    ),
    *(
        "mapping",
        "metrics",
        "otlp",
        "otlp_protobuf",
        "picture",
        "pipeline",
        "public_api",
        "recorder",
    ),
    *("run", "sanitize", "schema", "screenshots", "shipper", "sqlite", "three_ways", "tracker"),
    *("unmapping", "viewer_api"),
)


@pytest.mark.parametrize("name", COMPANIONS)
def test_nothing_conflicts(name: str) -> None:
    """pip finds no two requirements that exclude each other."""
    own = ("-e", f"{ROOT}[viewer,postgres]", "opentelemetry-distro")
    python = environment(f"beside-{name}", *own, *COMPANIONS[name], stamp=package_stamp())

    assert "No broken requirements" in pip(python, "check")


def test_the_oldest_that_is_allowed_will_do() -> None:
    """Our tests pass where every requirement has the lowest version that `pyproject.toml` names."""
    extras = PYPROJECT["optional-dependencies"]
    own = [*PYPROJECT["dependencies"], *extras["postgres"], *extras["viewer"]]
    dev = [each for each in extras["dev"] if name_of(each) in OTEL_TOOLS]
    oldest = [each.replace(">=", "==") for each in (*own, *dev)]
    assert len(dev) == len(OTEL_TOOLS)
    assert all("==" in each for each in oldest)

    python = environment("oldest", *oldest, *TOOLS, stamp=package_stamp())
    pip(python, "install", "--no-deps", "-e", str(ROOT))
    # What is old uses what is deprecated by now.
    passes(python, "-W", "ignore::DeprecationWarning")


def test_other_pythons_will_do() -> None:
    """Our tests pass with every other Python of this machine that the package is for."""
    for version, interpreter in interpreters().items():
        if version == VERSION:
            continue
        python = environment(
            f"python-{version}",
            *("-e", f"{ROOT}[viewer,postgres]", *TOOLS, *OTEL_TOOLS),
            stamp=package_stamp(),
            interpreter=interpreter,
        )
        passes(python)


def name_of(requirement: str) -> str:
    """Return the name in a requirement."""
    return re.split(r"[\[<>=!~; ]", requirement)[0]


def passes(python: Path, *options: str, tests: Sequence[str] = TESTS) -> None:
    """Run our tests in another environment; fail with what they say."""
    files = [str(ROOT / "tests" / f"test_{name}.py") for name in tests]
    done = subprocess.run(
        [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, *files],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name != "OTEL_STEPS_FULL"},
        capture_output=True,
        text=True,
        timeout=1800,
    )
    print(python.parent.parent.name, done.stdout[-300:])
    assert done.returncode == 0, done.stdout[-5000:]
