"""OpenTelemetry's configuration file: the exporter by name, with options, for the real agent."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from otel_steps import open_store
from tests.agents import CURRENT, python_path
from tests.commands import command
from tests.fakes.model_server import ModelServer
from tests.fakes.otlp_server import OtlpServer
from tests.fakes.phone import FakePhone
from tests.patience import PATIENCE_S

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "examples" / "otel_config.yaml"
SCRIPT = ['打开设置。do(action="Launch", app="Settings")', '完成。finish(message="好了")']


@pytest.fixture(name="backend")
def _backend() -> Iterator[OtlpServer]:
    with OtlpServer() as server:
        yield server


@pytest.fixture(name="model")
def _model() -> Iterator[ModelServer]:
    with ModelServer() as model:
        model.script("lab", SCRIPT)
        yield model


def run(
    folder: Path, model: ModelServer, config: Path, **environ: str
) -> subprocess.CompletedProcess[str]:
    """Run the user's program under `opentelemetry-instrument` with the configuration file."""
    program = Path(sys.executable).parent / "opentelemetry-instrument"
    command = [str(program), sys.executable, "main.py", "--base-url", model.base_url]
    return subprocess.run(
        [*command, "--model", "lab", "--device-id", "lab", "打开设置"],
        cwd=ROOT / "tests" / "fakes",
        env=FakePhone(folder / "phone").environment()
        | {"PYTHONPATH": python_path(CURRENT), "OTEL_CONFIG_FILE": str(config)}
        | environ,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )


def test_the_example_records_and_sends_to_another_backend(
    tmp_path: Path, model: ModelServer, backend: OtlpServer
) -> None:
    """The file as it stands: rows here with its options, the same spans there."""
    data = tmp_path / "data"

    done = run(tmp_path, model, EXAMPLE, OTEL_STEPS_DIR=str(data), OTLP_ENDPOINT=backend.endpoint)

    assert done.returncode == 0, done.stderr
    assert "好了" in done.stdout
    assert command("sync", "--dir", data).status == 0
    store = open_store(f"sqlite:///{data / 'steps.db'}")
    (task,) = store.tasks()
    steps = store.steps(task["task_id"])
    store.close()
    assert [step["step_number"] for step in steps] == [1, 2]
    assert all(str(step["screenshot_path"]).endswith(".webp") for step in steps)
    assert steps[0]["resource"]["service.name"] == "phone-lab"
    assert backend.services == {"phone-lab"}
    # An instrumentation of the HTTP client, where there is one, adds the agent's own requests.
    assert [name for name in backend.names if name != "POST"] == [
        *("chat lab", "chat lab", "execute_tool Launch", "execute_tool finish"),
        *("invoke_agent PhoneAgent", "step", "step"),
    ]


def test_options_of_the_file_hold_for_the_span_processor_too(
    tmp_path: Path, model: ModelServer
) -> None:
    """Nothing is recorded in a second place, and what the file leaves out is recorded nowhere."""
    config = tmp_path / "config.yaml"
    data = tmp_path / "from file"
    config.write_text(
        'file_format: "1.0"\n'
        "tracer_provider:\n"
        "  processors:\n"
        "    - batch:\n"
        "        exporter:\n"
        f"          task_steps: {{dir: '{data}', capture_content: none}}\n",
        encoding="utf-8",
    )

    done = run(tmp_path, model, config)

    assert done.returncode == 0, done.stderr
    assert not Path(os.environ["OTEL_STEPS_DIR"]).exists()
    assert command("sync", "--dir", data).status == 0
    store = open_store(f"sqlite:///{data / 'steps.db'}")
    (task,) = store.tasks()
    steps = store.steps(task["task_id"])
    store.close()
    assert [(step["thinking"], step["screenshot_path"]) for step in steps] == [(None, None)] * 2
    assert [step["success"] for step in steps] == [True, True]


def test_an_option_that_does_not_exist_is_named(tmp_path: Path, model: ModelServer) -> None:
    """A misspelt option costs the exporter, not the run, and the log says which it was."""
    config = tmp_path / "config.yaml"
    config.write_text(
        'file_format: "1.0"\n'
        "tracer_provider: {processors: [{batch: {exporter: {task_steps: {bufer_size: 3}}}}]}\n",
        encoding="utf-8",
    )

    done = run(tmp_path, model, config)

    assert done.returncode == 0
    assert "好了" in done.stdout
    assert "unknown setting 'bufer_size'" in done.stderr
