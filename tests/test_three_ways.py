"""The real agent, recorded end to end on each of the three ways in, with the same promise."""

import hashlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from otel_steps import open_store, semconv
from otel_steps.config import resolve
from otel_steps.health.problems import Problems
from otel_steps.pipeline import backlog_shipper
from tests.agents import CURRENT, EARLY, python_path
from tests.fakes.model_server import ModelServer, Reply
from tests.fakes.phone import FakePhone
from tests.in_flight import wait_for_picture
from tests.patience import PATIENCE_S

FAKES = Path(__file__).parent / "fakes"
BIN = Path(sys.executable).parent

TWELVE_STEPS = [
    '打开设置。do(action="Launch", app="Settings")',
    '点搜索框。do(action="Tap", element=[500,82])',
    '输入文字。do(action="Type", text="蓝牙 Bluetooth")',
    '看看下面。do(action="Swipe", start=[500,800], end=[500,200])',
    '回去。do(action="Back")',
    '等一下。do(action="Wait", duration="0 seconds")',
    '长按。do(action="Long Press", element=[300,400])',
    '双击。do(action="Double Tap", element=[300,400])',
    '不存在的应用。do(action="Launch", app="No Such App")',
    '记下来。do(action="Note", message="True")',
    '回桌面。do(action="Home")',
    '完成。finish(message="蓝牙已打开")',
]

# opentelemetry-instrument with the distribution (which configures the SDK) and without it.
WITH_DISTRO = {
    "OTEL_TRACES_EXPORTER": "task_steps",
    "OTEL_METRICS_EXPORTER": "none",
    "OTEL_LOGS_EXPORTER": "none",
}
WITHOUT_DISTRO = {"OTEL_PYTHON_DISTRO": "none", "OTEL_PYTHON_CONFIGURATOR": "none"}

OTEL = [str(BIN / "opentelemetry-instrument"), sys.executable, "main.py"]
WAYS: dict[str, tuple[list[str], dict[str, str]]] = {
    "configure": ([sys.executable, "configured_main.py"], {}),
    "otel-steps run": ([sys.executable, "-m", "otel_steps", "run", "main.py"], {}),
    "opentelemetry-instrument": (OTEL, WITHOUT_DISTRO),
    "opentelemetry-instrument with distro": (OTEL, WITH_DISTRO),
}
# How a run ends is the same by whichever way it is recorded from outside: all of them are tried in
# the long lane.
FEW_WAYS = [
    pytest.param(way, marks=[] if way == "configure" else [pytest.mark.full]) for way in WAYS
]


@dataclass
class Stage:
    """A phone, a model and a data folder; runs the user's program on one of the ways."""

    folder: Path
    model: ModelServer
    phone: FakePhone

    def start(self, way: str, version: str, model: str, **environ: str) -> subprocess.Popen[str]:
        command, extra = WAYS[way]
        return self._start(command, version, model, {**extra, **environ})

    def start_bare(self, version: str, model: str) -> subprocess.Popen[str]:
        return self._start([sys.executable, "main.py"], version, model, {})

    def _start(
        self, command: list[str], version: str, model: str, environ: dict[str, str]
    ) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [
                *(*command, "--base-url", self.model.base_url),
                *("--model", model, "--device-id", model, "打开蓝牙"),
            ],
            cwd=FAKES,
            env=self.phone.environment()
            | {"PYTHONPATH": python_path(version), "OTEL_STEPS_DIR": str(self.folder / "data")}
            | environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ship(self) -> None:
        """Do what the next start does: adopt what a dead process has left."""
        shipped = backlog_shipper(resolve(dir=self.folder / "data"), Problems(None)).ship_all()
        assert shipped.reason is None

    def read(self, question: str, *arguments: Any) -> Any:
        store = open_store(f"sqlite:///{self.folder / 'data' / 'steps.db'}")
        try:
            return getattr(store, question)(*arguments)
        finally:
            store.close()


@pytest.fixture(name="stage")
def _stage(tmp_path: Path) -> Iterator[Stage]:
    with ModelServer() as model:
        model.script("twelve", TWELVE_STEPS)
        yield Stage(tmp_path, model, FakePhone(tmp_path / "phone"))


@pytest.fixture(name="bare_output", scope="module")
def _bare_output() -> dict[str, str]:
    """What the agent of a version prints when nobody records it, once it has been run."""
    return {}


def masked(output: str) -> str:
    """Hide what differs from run to run: times."""
    return re.sub(r"\d+\.\d+s", "<time>", output)


@pytest.mark.parametrize(
    ("way", "version"),
    [
        *((way, CURRENT) for way in list(WAYS)[:3]),
        pytest.param("opentelemetry-instrument with distro", CURRENT, marks=pytest.mark.full),
        pytest.param("configure", EARLY, marks=pytest.mark.full),
    ],
)
def test_twelve_steps_arrive_complete(
    stage: Stage, bare_output: dict[str, str], way: str, version: str
) -> None:
    """Every step has its thinking, action, result, duration and picture; the task its status."""
    process = stage.start(way, version, "twelve")
    output, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, errors
    stage.ship()

    (task,) = stage.read("tasks")
    report = stage.read("report", task["task_id"])
    steps = report["steps"]
    assert [step["step_number"] for step in steps] == list(range(1, 13))
    assert [step["thinking"] for step in steps] == [
        text.split("。")[0] + "。" for text in TWELVE_STEPS
    ]
    assert [step["action"].get("action") for step in steps][:4] == [
        "Launch",
        "Tap",
        "Type",
        "Swipe",
    ]
    assert all(step["action_result"] is not None for step in steps)
    assert all(step["duration_ms"] > 0 for step in steps)
    assert [step["success"] for step in steps] == [n != 9 for n in range(1, 13)]
    assert steps[8]["error_message"] == "App not found: No Such App"
    assert (task["status"], task["result"]) == ("completed", "蓝牙已打开")
    assert (task["task_description"], task["device_id"]) == ("打开蓝牙", "twelve")
    assert (task["total_steps"], task["failed_steps"]) == (12, 1)

    pictures = {shot["step_id"]: shot for shot in report["screenshots"]}
    for step in steps:
        file = Path(step["screenshot_path"])
        assert hashlib.sha256(file.read_bytes()).hexdigest() == pictures[step["id"]]["file_hash"]
        assert pictures[step["id"]]["metadata"]["sha256"] in file.name
    assert report["statistics"]["screenshots_count"] == 12
    if version not in bare_output:
        bare_output[version], _ = stage.start_bare(version, "twelve").communicate(
            timeout=PATIENCE_S
        )
    assert masked(output) == masked(bare_output[version])


@pytest.mark.parametrize("way", FEW_WAYS)
def test_a_killed_run_is_complete_up_to_its_last_moment(stage: Stage, way: str) -> None:
    """After `kill -9` in the fourth step: three steps whole, the fourth with what was known."""
    stage.model.script("killed", [*TWELVE_STEPS[:3], Reply(text=TWELVE_STEPS[3], ending="held")])
    process = stage.start(way, CURRENT, "killed")
    assert stage.model.held.wait(PATIENCE_S)
    wait_for_picture(resolve(dir=stage.folder / "data").backup_dir, 4)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=PATIENCE_S)
    stage.model.release()
    stage.ship()

    (task,) = stage.read("tasks")
    steps = stage.read("steps", task["task_id"])
    assert task["status"] == "interrupted"
    assert [step["status"] for step in steps] == ["completed"] * 3 + ["interrupted"]
    assert (steps[3]["success"], steps[3]["error_kind"]) == (False, "interrupted")
    assert all(Path(step["screenshot_path"]).is_file() for step in steps)
    assert list((stage.folder / "data" / "backup" / "steps").glob("[0-9]*")) == []


@pytest.mark.skipif(os.name == "nt", reason="this platform has no such signals")
@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGTERM, "interrupted"), (signal.SIGINT, "cancelled")]
)
@pytest.mark.parametrize("way", FEW_WAYS)
def test_a_stopped_run_says_how_it_was_stopped(
    stage: Stage, way: str, number: signal.Signals, status: str
) -> None:
    """SIGTERM kills without a word; Ctrl-C is a wish, and the agent's exception stays."""
    stage.model.script("stopped", [TWELVE_STEPS[0], Reply(text=TWELVE_STEPS[1], ending="held")])
    process = stage.start(way, CURRENT, "stopped")
    assert stage.model.held.wait(PATIENCE_S)
    process.send_signal(number)
    stage.model.release()
    _, errors = process.communicate(timeout=PATIENCE_S)
    stage.ship()

    (task,) = stage.read("tasks")
    steps = stage.read("steps", task["task_id"])
    assert process.returncode == -number
    assert task["status"] == status
    assert [step["error_kind"] for step in steps] == [None, "interrupted"]
    if number is signal.SIGINT:
        assert errors.rstrip().endswith("KeyboardInterrupt")


@pytest.mark.parametrize("way", FEW_WAYS)
def test_the_agents_exception_goes_on_unchanged(stage: Stage, way: str) -> None:
    """A device error leaves the program as it would without us, and stands in row and task."""
    stage.model.script("device", TWELVE_STEPS)
    stage.phone.fault(2, "no_dumpsys", serial="device")
    process = stage.start(way, CURRENT, "device")
    _, errors = process.communicate(timeout=PATIENCE_S)
    stage.ship()

    (task,) = stage.read("tasks")
    steps = stage.read("steps", task["task_id"])
    assert process.returncode == 1
    assert errors.rstrip().endswith("ValueError: No output from dumpsys window")
    assert (task["status"], steps[1]["error_kind"]) == ("failed", "device_error")
    assert "No output from dumpsys window" in steps[1]["error_message"]


def test_nothing_is_recorded_where_that_is_switched_off(stage: Stage) -> None:
    """`OTEL_TRACES_EXPORTER=none` and `OTEL_SDK_DISABLED=true` are obeyed on the zero-code path."""
    for environ in ({"OTEL_TRACES_EXPORTER": "none"}, {"OTEL_SDK_DISABLED": "true"}):
        process = stage.start("opentelemetry-instrument", CURRENT, "twelve", **environ)
        _, errors = process.communicate(timeout=PATIENCE_S)

        assert process.returncode == 0, errors
        assert not (stage.folder / "data").exists()


def test_a_bad_setting_does_not_stop_the_agent(stage: Stage) -> None:
    """On the zero-code path a wrong variable costs the recording, not the run, and is named."""
    process = stage.start(
        "opentelemetry-instrument", CURRENT, "twelve", OTEL_STEPS_BUFFER_SIZE="many"
    )
    output, errors = process.communicate(timeout=PATIENCE_S)

    assert process.returncode == 0
    assert "蓝牙已打开" in output
    assert "OTEL_STEPS_BUFFER_SIZE has the value 'many'" in errors


def test_original_bytes_are_kept_where_asked(stage: Stage) -> None:
    """With format `png` the stored file is the captured picture, byte for byte."""
    process = stage.start("configure", CURRENT, "twelve", OTEL_STEPS_SCREENSHOT_FORMAT="png")
    process.communicate(timeout=PATIENCE_S)
    stage.ship()

    (task,) = stage.read("tasks")
    for step in stage.read("steps", task["task_id"]):
        stored = hashlib.sha256(Path(step["screenshot_path"]).read_bytes()).hexdigest()
        assert stored == step["attributes"][semconv.SCREENSHOT_SHA256]
