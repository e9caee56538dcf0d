"""Every example does what its first lines say, as it stands, in a process of its own."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from otel_steps import open_store, semconv
from otel_steps.rows.mapping import batch_of
from tests.agents import CURRENT, python_path
from tests.commands import task_spans
from tests.fakes.model_server import ModelServer, Reply
from tests.fakes.otlp_server import OtlpServer
from tests.fakes.phone import FakePhone
from tests.patience import PATIENCE_S
from tests.peers.environments import environment, package_stamp

EXAMPLES = Path(__file__).parent.parent / "examples"
BIN = Path(sys.executable).parent
# Those that have tests of their own.
ELSEWHERE = ("test_declarative.py", "test_collect_command.py", "test_deploy.py")

ZERO_CODE = EXAMPLES / "phone_agent_zero_code.md"
TWO_STEPS = ['打开设置。do(action="Launch", app="Settings")', '完成。finish(message="设置已打开")']
JSON_STEPS = [
    '{"thinking": "It is on the home screen.", "action": "Launch", "app": "Settings"}',
    "I am not sure.",
    '{"thinking": "There it is.", "action": "finish", "message": "The settings are open."}',
]


CLICKS = {
    "Claude": {"action": "left_click", "coordinate": [500, 340]},
    "OpenAI": {"type": "click", "button": "left", "x": 500, "y": 340},
}
COMPUTER_STEPS = {
    kind: [Reply(text="I press it.", tool=("computer", json.dumps(click))), Reply(text="Pressed.")]
    for kind, click in CLICKS.items()
}


@pytest.fixture(name="model")
def _model() -> Iterator[ModelServer]:
    with ModelServer() as model:
        model.script("autoglm-phone-9b", TWO_STEPS)
        model.script("json", JSON_STEPS)
        for name, replies in COMPUTER_STEPS.items():
            model.script(name, replies)
        yield model


@pytest.fixture(name="phone")
def _phone(tmp_path: Path, model: ModelServer) -> dict[str, str]:
    """Return the environment of the real PhoneAgent with its phone and its model."""
    environ = FakePhone(tmp_path / "phone").environment()
    path = os.pathsep.join((str(BIN), environ["PATH"]))
    return environ | {
        "PATH": path,
        "PYTHONPATH": python_path(CURRENT),
        "PHONE_AGENT_BASE_URL": model.base_url,
    }


class Run:
    """Runs an example, in which a warning is an error, and returns what it prints."""

    def __init__(self, python: Path) -> None:
        self._python = python

    def __call__(self, name: str, *arguments: str, **environ: str) -> str:
        done = subprocess.run(
            [str(self._python), "-W", "error", str(EXAMPLES / name), *arguments],
            env={**os.environ, "NO_PROXY": "127.0.0.1", "PYTHONIOENCODING": "utf-8", **environ},
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE_S,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(name="run", params=["here", pytest.param("fresh", marks=pytest.mark.full)])
def _run(request: pytest.FixtureRequest) -> Run:
    """Run with our Python, and with one that has only what the first lines of examples name."""
    return Run(Path(sys.executable) if request.param == "here" else fresh_python())


def fresh_python() -> Path:
    """Return the Python of an environment of what users are told to install."""
    texts = (path.read_text(encoding="utf-8") for path in EXAMPLES.glob("*.py"))
    lines = [line for text in texts for line in re.findall(r"pip install (.*)", text)]
    names = {name for line in lines for name in re.findall(r"[\w-]+", line.partition("#")[0])}
    assert "otel-steps" in names
    needed = sorted(names - {"otel-steps"} | {"langgraph"})
    return environment("examples", "-e", str(EXAMPLES.parent), *needed, stamp=package_stamp())


def recorded() -> list[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Return each task with its steps, the oldest first."""
    with closing(open_store()) as store:
        return [(task, store.steps(task["task_id"])) for task in reversed(store.tasks())]


def test_no_example_is_without_a_test() -> None:
    """An example that nobody runs does not stay true."""
    files = [Path(__file__), *map(Path(__file__).with_name, ELSEWHERE)]
    tests = "".join(file.read_text(encoding="utf-8") for file in files)

    # The pictures are those of the README.
    for name in {path.name for path in EXAMPLES.iterdir()} - {"images"}:
        assert f'"{name}"' in tests, name


def test_phone_agent(phone: dict[str, str]) -> None:
    """One line before the real agent, and its steps are rows with pictures."""
    output = Run(Path(sys.executable))("phone_agent_one_line.py", "打开设置", **phone)

    assert "设置已打开" in output
    ((task, steps),) = recorded()
    assert (task["status"], task["result"]) == ("completed", "设置已打开")
    assert [step["thinking"] for step in steps] == ["打开设置。", "完成。"]
    assert all(step["screenshot_path"] for step in steps)


@pytest.mark.skipif(os.name == "nt", reason="the commands are those of a POSIX shell")
@pytest.mark.parametrize("section", [0, *(pytest.param(n, marks=pytest.mark.full) for n in (1, 2))])
def test_zero_code(tmp_path: Path, phone: dict[str, str], section: int) -> None:
    """The commands of each section work word for word, with the program that the page shows."""
    text = ZERO_CODE.read_text(encoding="utf-8")
    (program,) = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    (tmp_path / "main.py").write_text(program, encoding="utf-8")
    commands = re.findall(r"```sh\n(.*?)```", text, flags=re.DOTALL)
    assert len(commands) == 3

    with OtlpServer() as backend:
        done = subprocess.run(
            [str(shutil.which("bash")), "-euo", "pipefail", "-c", commands[section]],
            cwd=tmp_path,
            env=phone | {"OTEL_EXPORTER_OTLP_ENDPOINT": backend.origin},
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE_S,
        )

    assert done.returncode == 0, done.stdout + done.stderr
    ((task, steps),) = recorded()
    assert (task["status"], len(steps)) == ("completed", 2)
    is_parallel = "task_steps,otlp" in commands[section]
    sent = {span.span_id.hex() for span in backend.spans if span.name == "step"}
    assert sent == ({step["span_id"] for step in steps} if is_parallel else set())


def test_parallel_backends(run: Run) -> None:
    """Both homes have the same spans; the pictures are ours, the thumbnails are theirs."""
    with OtlpServer() as backend:
        run("parallel_backends.py", OTEL_EXPORTER_OTLP_ENDPOINT=backend.origin)

    ((task, (step,)),) = recorded()
    assert (task["status"], step["success"]) == ("completed", True)
    assert step["screenshot_path"]
    spans = {span.name: span for span in backend.spans}
    assert set(spans) == {"invoke_agent tapper", "step", "launch"}
    assert spans["step"].span_id.hex() == step["span_id"]
    assert spans["launch"].parent_span_id == spans["step"].span_id
    kinds = {pair.key: pair.value.string_value for pair in spans["step"].attributes}
    assert kinds["openinference.span.kind"] == "CHAIN"


def test_own_agent_async(run: Run) -> None:
    """Two tasks at a time keep their steps apart; one that failed is told as it was."""
    run("own_agent_async.py")

    found = {task["task_description"]: (task, steps) for task, steps in recorded()}
    assert {name: task["status"] for name, (task, _) in found.items()} == {
        "Open Telegraph or Chat": "completed",
        "Open Camera": "completed",
    }
    _, steps = found["Open Telegraph or Chat"]
    assert [step["success"] for step in steps] == [False, True]
    assert steps[0]["error_message"] == "App not found: Telegraph"
    assert all(step["screenshot_path"] for _, steps in found.values() for step in steps)


@pytest.mark.parametrize("form", ["loop", pytest.param("graph", marks=pytest.mark.full)])
def test_loop_and_graph(model: ModelServer, form: str) -> None:
    """A step is told as it went: an action, a reply that nobody understands, the end."""
    run = Run(Path(sys.executable) if form == "loop" else fresh_python())
    run(
        *("langgraph_or_plain_loop.py", "Open the settings", f"--{form}"),
        OPENAI_BASE_URL=model.base_url,
        OPENAI_API_KEY="EMPTY",
        OPENAI_MODEL="json",
    )

    ((task, steps),) = recorded()
    assert (task["status"], task["result"]) == ("completed", "The settings are open.")
    assert [step["error_kind"] for step in steps] == [None, "parse_error", None]
    assert [step["app"] for step in steps] == ["System Home", "Settings", "Settings"]
    assert steps[0]["action"] == {"action": "Launch", "app": "Settings"}
    assert len(model.requests_of("json")) == 3


@pytest.mark.parametrize("kind", CLICKS)
def test_computer_use(run: Run, model: ModelServer, kind: str) -> None:
    """A click in pixels with the screens around it, and what each turn has used of the model."""
    maker = {"Claude": "ANTHROPIC", "OpenAI": "OPENAI"}[kind]
    url = {"Claude": model.base_url.removesuffix("/v1"), "OpenAI": model.base_url}[kind]
    run(
        *("computer_use_loop.py", "Press the button", *(["--openai"] * (kind == "OpenAI"))),
        **{f"{maker}_BASE_URL": url, f"{maker}_API_KEY": "none", f"{maker}_MODEL": kind},
    )

    ((task, (click, end)),) = recorded()
    assert (task["status"], task["result"], task["model"]) == ("completed", "Pressed.", kind)
    assert (click["thinking"], click["action"]) == (
        "I press it.",
        {"tool": "computer", **CLICKS[kind]},
    )
    assert click["coordinates"] == "pixel"
    for step in (click, end):
        counts = (step["input_tokens"], step["output_tokens"], step["cached_tokens"])
        assert counts == (9, 4, 5)
    with closing(open_store()) as store:
        pictures = store.screenshots(task["task_id"])
    shown = {
        (each["step_id"], (each["metadata"] or {}).get("role")): each["file_hash"]
        for each in pictures
    }
    before, after = shown[click["id"], None], shown[click["id"], "after"]
    # The model has seen what came of its click.
    assert before != after == shown[end["id"], None]


def test_notebook_report(run: Run) -> None:
    """The tables tell how tasks ended, what failed, where the time went, and what was slow."""
    spans = task_spans("first")
    spans[1].attributes[semconv.TIMING_MODEL_MS] = 1234.5
    with closing(open_store()) as store:
        store.write(batch_of(spans, {}))
    output = run("notebook_report.py")

    assert re.search(r"completed +1 +2\.0 +1\.0", output)
    assert re.search(r"action_error +Launch +NaN +1", output)
    assert re.search(r"0\.99 +1234\.5", output)
    assert re.search(r"Tap +Settings +500", output)


def test_notebook_report_of_nothing(run: Run) -> None:
    """Where nothing has been recorded it says what to do."""
    with pytest.raises(AssertionError, match="otel-steps demo"):
        run("notebook_report.py")
