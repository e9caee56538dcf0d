"""What a tap is on, asked of the phone: the real PhoneAgent with the `adb` of a fake phone."""

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from otel_steps import open_store
from otel_steps.action.words import action_argument
from otel_steps.config import resolve
from otel_steps.health.problems import noted
from tests.agents import CURRENT, python_path
from tests.fakes.model_server import ModelServer
from tests.fakes.phone import FakePhone, Fault
from tests.patience import PATIENCE_S

FAKES = Path(__file__).parent / "fakes"
DUMP = ["exec-out", "uiautomator", "dump", "/dev/tty"]
ROW = {"resource_id": "com.android.settings:id/row", "class": "android.widget.LinearLayout"}
DONE = '完成。finish(message="好了")'


def tap(x: int, y: int) -> str:
    """Return a reply that taps, in thousandths of the screen of 1080 times 2400 pixels."""
    return f'点一下。do(action="Tap", element=[{x},{y}])'


class Ran:
    """What came of a task: its steps, what adb was called with, and the problems."""

    def __init__(
        self, folder: Path, *replies: str, fault: Fault | None = None, **settings: str
    ) -> None:
        phone = FakePhone(folder / "phone", screens=2)
        for step in range(1, len(replies) + 1) if fault is not None else ():
            phone.fault(step, fault, serial="robot")
        with ModelServer() as model:
            model.script("autoglm-phone-9b", [*replies, DONE])
            done = subprocess.run(
                [
                    *(sys.executable, "configured_main.py", "--base-url", model.base_url),
                    *("--device-id", "robot", "打开设置"),
                ],
                cwd=FAKES,
                env=phone.environment()
                | {"PYTHONPATH": os.pathsep.join((python_path(CURRENT), str(FAKES.parent.parent)))}
                | {"OTEL_STEPS_DIR": str(folder / "data"), **settings},
                capture_output=True,
                encoding="utf-8",
                timeout=PATIENCE_S,
            )
        assert done.returncode == 0, done.stderr
        assert "Result: 好了" in done.stdout
        with closing(open_store(f"sqlite:///{folder / 'data' / 'steps.db'}")) as store:
            (task,) = store.tasks()
            self.steps: list[dict[str, Any]] = store.steps(task["task_id"])
        self.calls = [call[1:] for call in phone.calls(serial="robot")]
        self.problems = {each.kind for each in noted(resolve(dir=folder / "data").problems_dir)}


def test_a_tap_is_on_an_element(tmp_path: Path) -> None:
    """On the smallest there, with the texts in it, and no password; a row's box is in pixels."""
    ran = Ran(tmp_path, tap(500, 82), tap(150, 58), tap(70, 885), OTEL_STEPS_ELEMENTS="on")

    row, title, secret = (step["action"] for step in ran.steps[:3])
    assert (row["action"], row["element"]) == ("Tap", [500, 82])
    assert row["target"] == {"text": "Row 1 & more", **ROW}
    assert row["bbox"] == {"left": 40, "top": 120, "width": 1000, "height": 150}
    assert action_argument(row) == "Row 1 & more"
    assert title["target"] == {"text": "Row 1 & more", "class": "android.widget.TextView"}
    assert secret["target"] == {"class": "android.widget.TextView"}
    assert "hunter2" not in str(ran.steps)
    assert not ran.problems


def test_nothing_is_asked_by_default(tmp_path: Path) -> None:
    """The phone hears what the agent says, and nothing else."""
    ran = Ran(tmp_path, tap(500, 82))

    assert ran.steps[0]["action"].keys() == {"_metadata", "action", "element"}
    assert DUMP not in ran.calls


@pytest.mark.parametrize("fault", ["dump_hangs", "no_dump"])
def test_a_phone_that_cannot_tell_holds_nothing_up(tmp_path: Path, fault: Fault) -> None:
    """The steps are there, without the element; it is counted, and not asked for ever."""
    ran = Ran(tmp_path, *[tap(500, 82)] * 4, fault=fault, OTEL_STEPS_ELEMENTS="on")

    assert [step["success"] for step in ran.steps] == [True] * 5
    assert all("target" not in step["action"] for step in ran.steps)
    assert [call for call in ran.calls if call[:2] == ["shell", "input"]] == [
        ["shell", "input", "tap", "540", "196"]
    ] * 4
    assert ran.calls.count(DUMP) == 3
    assert ran.problems == {"element"}
