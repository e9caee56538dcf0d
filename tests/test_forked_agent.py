"""An agent that keeps a tracker of its own, as a fork does, with its one import changed."""

import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import otel_steps
from otel_steps import semconv
from tests.agents import CURRENT, python_path
from tests.fakes.model_server import ModelServer
from tests.fakes.phone import FakePhone
from tests.patience import PATIENCE_S
from tests.test_three_ways import BIN, FAKES, WITHOUT_DISTRO

FOUR_STEPS = [
    '打开设置。do(action="Launch", app="Settings")',
    '点搜索框。do(action="Tap", element=[500,82])',
    '没有这个应用。do(action="Launch", app="No Such App")',
    '完成。finish(message="蓝牙已打开")',
]
MAIN = "forked_main.py"
WAYS = {
    "the tracker alone": ([sys.executable, MAIN], {}),
    "configure": ([sys.executable, MAIN, "--configure"], {}),
    "otel-steps run": ([sys.executable, "-m", "otel_steps", "run", MAIN], {}),
    "opentelemetry-instrument": (
        [str(BIN / "opentelemetry-instrument"), sys.executable, MAIN],
        WITHOUT_DISTRO,
    ),
}


def run(folder: Path, way: str, *options: str) -> list[str]:
    """Run the program; return the ids that it gave its tasks."""
    command, environ = WAYS[way]
    with ModelServer() as model:
        model.script("four", FOUR_STEPS)
        done = subprocess.run(
            [*command, "--base-url", model.base_url, "--model", "four", *options],
            cwd=FAKES,
            env=FakePhone(folder / "phone").environment()
            | {"PYTHONPATH": python_path(CURRENT)}
            | environ,
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE_S,
        )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    lines = done.stdout.splitlines()
    return [line.removeprefix("task ") for line in lines if line.startswith("task ")]


def stored() -> dict[str, tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Return each task that is in the store, with its steps."""
    with closing(otel_steps.open_store()) as store:
        return {task["task_id"]: (task, store.steps(task["task_id"])) for task in store.tasks()}


@pytest.mark.parametrize(
    "way",
    [
        *("the tracker alone", "otel-steps run"),
        pytest.param("configure", marks=pytest.mark.full),
        pytest.param("opentelemetry-instrument", marks=pytest.mark.full),
    ],
)
def test_each_step_is_recorded_once_under_the_trackers_name(tmp_path: Path, way: str) -> None:
    """What the tracker says is added to the step that is recorded anyway; the task has its id."""
    (task_id,) = run(tmp_path, way, "打开蓝牙")

    ((found, (task, steps)),) = stored().items()
    assert found == task_id
    assert (task["task_description"], task["agent"]) == ("打开蓝牙", "ForkedAgent")
    assert (task["status"], task["result"]) == ("completed", "蓝牙已打开")
    assert [step["step_number"] for step in steps] == [1, 2, 3, 4]
    assert [step["thinking"] for step in steps] == [
        "打开设置。",
        "点搜索框。",
        "没有这个应用。",
        "完成。",
    ]
    assert [step["success"] for step in steps] == [True, True, False, True]
    assert steps[2]["error_message"] == "App not found: No Such App"
    for step in steps:
        assert step["step_data"]["action"]["_metadata"] in ("do", "finish")
        assert step["attributes"][semconv.SCREENSHOT_WIDTH] == 1080  # what the agent has seen
        assert step["attributes"][semconv.SCREENSHOT_PATH].endswith("screenshot.png")
    assert steps[1]["action_result"] == {"success": True, "should_finish": False, "message": None}


@pytest.mark.parametrize(
    "way", ["the tracker alone", pytest.param("configure", marks=pytest.mark.full)]
)
def test_a_second_run_under_one_id_keeps_both(tmp_path: Path, way: str) -> None:
    """The agent keeps its id: the second task has one of its own beside it, with its own steps."""
    run(tmp_path, way, "--task-id", "fixed", "first", "second")

    found = stored()
    assert {each: task["task_description"] for each, (task, _) in found.items()} == {
        "fixed": "first",
        "fixed-2": "second",
    }
    assert [len(steps) for _, steps in found.values()] == [4, 4]
    assert {task["status"] for task, _ in found.values()} == {"completed"}


@pytest.mark.parametrize(
    "way", ["the tracker alone", pytest.param("configure", marks=pytest.mark.full)]
)
def test_what_is_tracked_after_the_run_goes_on_with_its_task(tmp_path: Path, way: str) -> None:
    """A check of the result is one more step, and the task is still what was asked for."""
    (task_id,) = run(tmp_path, way, "--check", "打开蓝牙")

    ((found, (task, steps)),) = stored().items()
    assert (found, task["task_description"], task["agent"]) == (task_id, "打开蓝牙", "ForkedAgent")
    assert [step["step_number"] for step in steps] == [1, 2, 3, 4, 5]
    assert (steps[-1]["step_type"], task["status"]) == ("validation", "completed")


@pytest.mark.parametrize(
    "way", ["the tracker alone", pytest.param("configure", marks=pytest.mark.full)]
)
def test_the_limit_of_steps_is_told(tmp_path: Path, way: str) -> None:
    """Recorded from its `run()` or from within it, the task ends at the agent's limit."""
    (task_id,) = run(tmp_path, way, "--max-steps", "2", "打开蓝牙")

    task, steps = stored()[task_id]
    assert (task["status"], len(steps)) == ("max_steps", 2)
