"""A guest in the program: its own telemetry gets every span whenever it is set up, and so do we."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import otel_steps
from tests.fakes.model_server import ModelServer
from tests.fakes.otlp_server import OtlpServer
from tests.patience import PATIENCE_S

PROGRAM = Path(__file__).parent / "fakes" / "other_telemetry.py"
BIN = Path(sys.executable).parent
INSTRUMENT = [str(BIN / "opentelemetry-instrument")]
WITHOUT_DISTRO = {"OTEL_PYTHON_DISTRO": "none", "OTEL_PYTHON_CONFIGURATOR": "none"}


@pytest.fixture(name="theirs")
def _theirs() -> Iterator[OtlpServer]:
    with OtlpServer() as server:
        yield server


def run(
    theirs: OtlpServer, tool: str, place: str, *launcher: str, **environ: str
) -> tuple[dict[str, Any], str]:
    """Run the program; return what it says of the recording, and the warnings it got."""
    done = subprocess.run(
        [*launcher, sys.executable, str(PROGRAM), tool, place],
        env={
            **os.environ,
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": theirs.endpoint,
            "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf",
            "OTEL_METRICS_EXPORTER": "none",
            "OTEL_LOGS_EXPORTER": "none",
            **environ,
        },
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1]), done.stderr


def tasks() -> dict[str, tuple[int, list[str]]]:
    """Return, by task, how many steps it has and the spans of others in them."""
    with closing(otel_steps.open_store()) as store:
        ids = [task["task_id"] for task in store.tasks()]
        return {
            each: (len(store.steps(each)), [span["name"] for span in store.spans(each)])
            for each in ids
        }


@pytest.mark.parametrize(
    ("tool", "place"),
    [
        *(("phoenix", place) for place in ("before", "after", "between")),
        *(("logfire", place) for place in ("before", "after", "between", "twice")),
        ("sdk", "between"),
    ],
)
def test_a_provider_of_the_programs_own_gets_every_span(
    theirs: OtlpServer, tool: str, place: str
) -> None:
    """Both sides have all that began after both were set up; we have what was before, too."""
    health, warned = run(theirs, tool, place)

    assert health == {"is_flushed": True, "problems": []}
    assert tasks()["last"] == (1, ["library last"])
    if place in ("between", "twice"):
        assert tasks()["first"][0] == 1
    seen = ["first", "last"] if place == "twice" else ["last"]
    assert theirs.names == sorted(
        name for task in seen for name in ("invoke_agent agent", f"library {task}", "step")
    )
    assert "Overriding" not in warned


@pytest.mark.parametrize("is_isolated", ["true", "false"])
@pytest.mark.parametrize("place", ["before", "after"])
def test_mlflows_autolog_keeps_its_spans(theirs: OtlpServer, place: str, is_isolated: str) -> None:
    """With a provider that it keeps for itself, and with the global one that it replaces."""
    with ModelServer() as model:
        model.script("m", ["finish()"] * 2)
        health, _ = run(
            *(theirs, "mlflow", place),
            MLFLOW_USE_DEFAULT_TRACER_PROVIDER=is_isolated,
            MLFLOW_TRACKING_URI=f"http://127.0.0.1:{theirs.server_port}",
            MODEL_URL=model.base_url,
        )

    assert health == {"is_flushed": True, "problems": []}
    steps, others = tasks()["last"]
    assert steps == 1
    assert {"mlflow", "Completions"} <= {*theirs.names}
    if is_isolated == "false":
        assert "library last" in theirs.names
        assert sorted(others) == ["Completions", "library last"]


@pytest.mark.parametrize("place", ["before", "after"])
def test_the_distributions_provider_gets_every_span(theirs: OtlpServer, place: str) -> None:
    """Under `opentelemetry-instrument` with the distribution, which sets the provider first."""
    health, warned = run(theirs, "distro", place, *INSTRUMENT, OTEL_TRACES_EXPORTER="otlp")

    assert health == {"is_flushed": True, "problems": []}
    assert tasks() == {"last": (1, ["library last"])}
    assert theirs.names == ["invoke_agent agent", "library last", "step"]
    assert "Overriding" not in warned


@pytest.mark.parametrize("launcher", ["opentelemetry-instrument", "otel-steps run"])
def test_a_launched_program_sets_its_own_provider(
    tmp_path: Path, theirs: OtlpServer, launcher: str
) -> None:
    """What starts a program before its first line must not have taken the provider by then."""
    words = {
        "opentelemetry-instrument": [*INSTRUMENT, sys.executable, str(PROGRAM)],
        "otel-steps run": [sys.executable, "-m", "otel_steps", "run", str(PROGRAM)],
    }
    done = subprocess.run(
        [*words[launcher], "sdk", "after"],
        env={
            **os.environ,
            **WITHOUT_DISTRO,
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": theirs.endpoint,
        },
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )

    assert done.returncode == 0, done.stderr
    assert "Overriding" not in done.stderr
    assert tasks() == {"last": (1, ["library last"])}
    assert theirs.names == ["invoke_agent agent", "library last", "step"]


UNRELATED = """
import json, sys
from opentelemetry import trace
ours = [name for name in sys.modules if name.startswith("otel_steps")]
with trace.get_tracer("x").start_as_current_span("a span of a program without an agent"):
    pass
processor = getattr(trace.get_tracer_provider(), "_active_span_processor", None)
processors = [type(each).__module__ for each in getattr(processor, "_span_processors", ())]
print("modules", json.dumps({"ours": ours, "processors": processors}))
"""


@pytest.mark.parametrize("with_distro", [True, False])
def test_a_program_without_an_agent_pays_nothing(tmp_path: Path, with_distro: bool) -> None:
    """Of an installed package it loads a stub, and its spans are not looked at."""
    environ = {"OTEL_METRICS_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "none"}
    environ |= {"OTEL_TRACES_EXPORTER": "console"} if with_distro else WITHOUT_DISTRO
    done = subprocess.run(
        [*INSTRUMENT, sys.executable, "-c", UNRELATED],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )

    assert done.returncode == 0, done.stderr
    (said,) = (line for line in done.stdout.splitlines() if line.startswith("modules "))
    loaded = json.loads(said.removeprefix("modules "))
    assert "otel_steps.zero_code" in loaded["ours"]
    unused = {"otel_steps.guest", "otel_steps.recorder", "otel_steps.emit.step_span"}
    assert not unused & {*loaded["ours"]}
    assert not any(name.startswith("otel_steps") for name in loaded["processors"])
    assert not (tmp_path / "otel-steps").exists()
