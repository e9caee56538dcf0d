"""`otel-steps run` records a program and is otherwise not there."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from otel_steps.config import resolve
from tests.commands import command, python
from tests.in_flight import wait_for_picture
from tests.patience import PATIENCE_S

PROGRAM = """
import os, signal, sys
print(sys.argv, sys.path[0], __name__, "otel_steps" in __file__)
what = sys.argv[1] if len(sys.argv) > 1 else ""
if what == "exit":
    sys.exit(7)
if what == "words":
    sys.exit("enough")
if what == "raise":
    try:
        raise KeyError("inner")
    except KeyError:
        raise ValueError("outer")
if what == "hook":
    try:
        raise OSError("shown by hand")
    except OSError:
        sys.excepthook(*sys.exc_info())
if what == "interrupt":
    raise KeyboardInterrupt
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "program.py"
    path.write_text(PROGRAM, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["exit"],
        ["words"],
        ["raise"],
        ["hook"],
        ["interrupt"],
        ["--store", "x", "--", "-m", "--help"],
    ],
    ids=str,
)
def test_program_runs_as_if_python_had_started_it(program: Path, arguments: list[str]) -> None:
    """Output, exit status, exceptions and arguments of a program are as without us."""
    alone = python(program, *arguments)
    recorded = python("-m", "otel_steps", "run", program, *arguments)

    assert recorded.stdout == alone.stdout
    assert recorded.stderr == alone.stderr
    assert recorded.returncode == alone.returncode


@pytest.mark.parametrize(
    "words",
    [["-m", "program"], ["python", "-m", "program"], ["python3.12", "program.py"]],
    ids=str,
)
def test_modules_and_the_word_python_are_understood(program: Path, words: list[str]) -> None:
    """What one would type after `otel-steps run` works, with and without `python`."""
    done = subprocess.run(
        [sys.executable, "-m", "otel_steps", "run", *words, "--dir", "y"],
        cwd=program.parent,
        capture_output=True,
        encoding="utf-8",
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert "'--dir', 'y']" in done.stdout
    assert f" {program.parent} __main__ False" in done.stdout


def test_safe_path_is_respected(program: Path) -> None:
    """With `-P` the folder of the program stays off `sys.path`, as Python has it."""
    alone = python("-P", program)
    recorded = python("-P", "-m", "otel_steps", "run", program)

    assert recorded.stdout == alone.stdout
    assert f" {program.parent} " not in recorded.stdout


def test_syntax_error_of_a_program_is_shown_as_python_shows_it(tmp_path: Path) -> None:
    """A program that cannot be compiled gives its own message, and nothing of the launcher."""
    path = tmp_path / "broken.py"
    path.write_text("def f(:\n", encoding="utf-8")

    done = python("-m", "otel_steps", "run", path)

    assert done.returncode == 1
    assert "SyntaxError" in done.stderr
    assert "otel_steps" not in done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["missing.py"], "no script 'missing.py'"),
        (["-m", "missing_module.sub"], "no module 'missing_module'"),
        (["python"], "no program to run"),
        (["python", "-u", "x.py"], "unknown option '-u'"),
        ([], "SCRIPT"),
    ],
    ids=str,
)
def test_program_that_cannot_be_run_is_one_clear_error(
    monkeypatch: pytest.MonkeyPatch, words: list[str], message: str
) -> None:
    """A missing program is named, with exit status 2 and no traceback."""
    monkeypatch.setattr(sys, "argv", list(sys.argv))
    monkeypatch.setattr(sys, "path", list(sys.path))

    done = command("run", *words)

    assert done.status == 2
    assert message in done.err
    assert "Traceback" not in done.err


def test_bad_setting_stops_before_the_program(program: Path) -> None:
    """A recording that cannot be set up is said in one line, and the program does not start."""
    done = python("-m", "otel_steps", "run", program, OTEL_STEPS_MAX_DISK="tiny")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "OTEL_STEPS_MAX_DISK" in done.stderr


AGENT = """
import os, signal, sys
from otel_steps.demo import agent
from otel_steps.demo.model import Reply, ScriptedModel
from otel_steps.demo.phone import Phone
from otel_steps.instrumentation.phone_agent import instrument_agent_module

instrument_agent_module(agent)

class Model(ScriptedModel):
    def request(self, messages):
        if len(messages) > 1:
            print("second step", flush=True)
            if sys.argv[1] == "in-model":
                sys.stdin.read()
        return super().request(messages)

class Handler(agent.ActionHandler):
    def execute(self, action, width, height):
        if action["action"] == "Back":
            os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
        return super().execute(action, width, height)

agent.ActionHandler = Handler
replies = [Reply("first I go home", 'do(action="Home")'), Reply("then back", 'do(action="Back")')]
agent.PhoneAgent(Phone(), Model(replies), agent.AgentConfig()).run("never ends")
"""


@pytest.fixture
def agent(tmp_path: Path) -> Path:
    path = tmp_path / "agent.py"
    path.write_text(AGENT, encoding="utf-8")
    return path


def test_killed_run_is_complete_afterwards(agent: Path) -> None:
    """A run killed while it asks its model is shown with that step, and what it looked at."""
    with subprocess.Popen(
        [sys.executable, "-m", "otel_steps", "run", agent, "in-model"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == b"second step"
        wait_for_picture(resolve().backup_dir, 2)
        process.send_signal(getattr(signal, "SIGKILL", signal.SIGTERM))
        process.wait(timeout=PATIENCE_S)

    assert_is_complete([("completed", "first I go home"), ("interrupted", None)])


def test_a_step_is_complete_once_its_model_has_answered(agent: Path) -> None:
    """Before the phone changes, all that led to it is on disk: picture, thinking and action."""
    python("-m", "otel_steps", "run", agent, "in-action")

    assert_is_complete([("completed", "first I go home"), ("interrupted", "then back")])


def assert_is_complete(expected: list[tuple[str, str | None]]) -> None:
    """Expect these steps of the killed run, each with its picture."""
    (task,) = command("tasks", "--json").json
    steps = command("report", "latest", "--format", "json").json["steps"]

    assert (task["status"], task["task_description"]) == ("interrupted", "never ends")
    assert [(step["status"], step["thinking"]) for step in steps] == expected
    assert all(Path(step["screenshot_path"]).is_file() for step in steps)
    lines = command("report", "latest").out.splitlines()
    assert {f"    {step['screenshot_path']}" for step in steps} <= set(lines)
