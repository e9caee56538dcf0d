"""The instrumentor with the real browser-use, in a real browser, on a page of our own."""

import json
import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import sync_playwright

from otel_steps import open_store
from otel_steps.action.places import action_places
from otel_steps.action.words import action_argument
from tests.agents import browser_use_path
from tests.browser.chromium import program
from tests.fakes.model_server import Reply
from tests.fakes.page_model import PageModel, reply
from tests.fakes.shop import Click, Shop
from tests.patience import PATIENCE_S
from tests.shared import once

PROGRAM = Path(__file__).parent / "fakes" / "run_browser_agent.py"
BIN = Path(sys.executable).parent

LOOK = reply("More is further down.", {"scroll": {"down": True, "pages": 0.5}})
BUY = reply("There it is.", {"click": {"index": "@Buy Bowl"}})
SEARCH = reply(
    "I look for a whisk.",
    {"input": {"index": "@Search", "text": "whisk"}},
    {"click": {"index": "@Buy Sencha"}},
)
NEAR = reply("The near one.", {"click": {"index": "@Pay near"}})
FAR = reply("And the far one.", {"click": {"index": "@Pay far"}})
DONE = reply("That was it.", {"done": {"text": "It is in the basket.", "success": True}})
NOT_DONE = reply("Sold out.", {"done": {"text": "There is no cup.", "success": False}})

SCRIPTS: dict[str, list[Reply | str]] = {
    "completed": [SEARCH, LOOK, BUY, DONE],
    "bowl": [LOOK, BUY, DONE],
    "framed": [NEAR, FAR, DONE],
    "not_done": [LOOK, NOT_DONE],
    "out_of_time": [NOT_DONE],
    "max_steps": [LOOK, LOOK],
    "lost_element": [reply("The cup.", {"click": {"index": "@Buy Cup"}}), DONE],
    "server_error": [Reply(status=500)],
    "unparseable": ["I am not sure."],
    "no_action": [reply("Nothing to do.")],
    "stopped": [LOOK],
    "stopped_in_step": [LOOK],
    "cancelled": [Reply(text=LOOK, ending="held")],
    "step_timeout": [Reply(text=LOOK, ending="held")],
    "raised": [LOOK],
    "bare_steps": [LOOK, DONE],
    "follow_up": [DONE],
    "browser_gone": [LOOK],
}


class Recorded(NamedTuple):
    """What came of scenarios: what the agents returned, the rows, and the clicks on the page."""

    results: dict[str, Any]
    tasks: dict[str, tuple[dict[str, Any], list[dict[str, Any]]]]
    clicks: list[Click]


def run_scenarios(folder: Path, *names: str, is_zero_code: bool = False) -> Recorded:
    """Run scenarios in a process of their own."""
    with sync_playwright() as playwright:
        chromium = program(playwright)
    if chromium is None:
        pytest.skip("there is no Chromium; install one, or run `playwright install chromium`")
    launcher = [str(BIN / "opentelemetry-instrument"), sys.executable]
    command = launcher if is_zero_code else [sys.executable]
    with PageModel() as model, Shop() as shop:
        for name in names:
            model.script(name, SCRIPTS[name])
        done = subprocess.run(
            [
                *(*command, str(PROGRAM), *([] if is_zero_code else ["--configure"])),
                *(model.base_url, shop.url, chromium, *names),
            ],
            env={
                **os.environ,
                "PYTHONPATH": browser_use_path(),
                "OTEL_STEPS_DIR": str(folder),
                "OTEL_PYTHON_DISTRO": "none",
                "OTEL_PYTHON_CONFIGURATOR": "none",
                "ANONYMIZED_TELEMETRY": "false",
                "BROWSER_USE_CONFIG_DIR": str(folder / "browser-use"),
                "BROWSER_USE_LOGGING_LEVEL": "result",
            },
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE_S,
        )
    assert done.returncode == 0, done.stderr
    assert "could not" not in done.stderr
    with closing(open_store(f"sqlite:///{folder / 'steps.db'}")) as store:
        tasks = {each["task_id"]: (each, store.steps(each["task_id"])) for each in store.tasks()}
    return Recorded(json.loads(done.stdout.splitlines()[-1]), tasks, shop.clicks)


# Status of the task, error kind of its last step, number of steps.
ENDINGS: dict[str, tuple[str, str | None, int]] = {
    "not_done": ("failed", None, 2),
    "unparseable": ("failed", "parse_error", 1),
    "cancelled": ("cancelled", "interrupted", 1),
    "stopped": ("cancelled", None, 2),
}
LONGER: dict[str, tuple[str, str | None, int]] = {
    "out_of_time": ("max_steps", None, 1),
    "max_steps": ("max_steps", "parse_error", 2),
    "server_error": ("failed", "model_error", 1),
    "no_action": ("failed", "parse_error", 1),
    "stopped_in_step": ("cancelled", "interrupted", 1),
    "step_timeout": ("failed", "model_error", 1),
    "raised": ("failed", None, 2),
    "bare_steps": ("completed", None, 2),
    "browser_gone": ("failed", "device_error", 2),
}


@pytest.fixture(name="recorded", scope="module")
def _recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    names = ("completed", "framed", "lost_element", *ENDINGS)
    return once(tmp_path_factory, "browser-use", lambda folder: run_scenarios(folder, *names))


def test_steps(recorded: Recorded) -> None:
    """A step has what the agent thought, did and saw, and where it was."""
    task, steps = recorded.tasks["completed"]

    assert (task["status"], task["result"]) == ("completed", "It is in the basket.")
    assert (task["agent"], task["model"]) == ("browser-use", "completed")
    assert [step["thinking"] for step in steps] == [
        json.loads(str(each))["thinking"] for each in SCRIPTS["completed"]
    ]
    assert [next(iter(step["action"])) for step in steps] == ["input", "scroll", "click", "done"]
    assert [step["step_type"] for step in steps] == ["action", "action", "action", "completion"]
    assert all(step["success"] and step["action_result"]["success"] for step in steps)
    assert all(step["app"].startswith("http://127.0.0.1:") for step in steps)
    assert all(Path(step["screenshot_path"]).is_file() for step in steps)
    assert all(step["input_tokens"] == 9 for step in steps)
    assert {"screenshot_ms", "model_ms", "action_ms"} <= set(steps[0]["timings"])
    data = steps[0]["step_data"]
    assert [next(iter(action)) for action in data["actions"]] == ["input", "click"]
    assert len(data["results"]) == 2
    assert (data["memory"], data["next_goal"]) == ("In the shop.", "Go on.")


def test_the_place_is_that_of_the_element(recorded: Recorded) -> None:
    """The page is scrolled, and its picture has more pixels than CSS counts."""
    _, steps = recorded.tasks["completed"]
    click = next(click for click in recorded.clicks if click.on == "Buy Bowl")
    step = steps[2]
    size = [step["attributes"][f"otel_steps.screenshot.{side}"] for side in ("width", "height")]

    places = action_places(step["action"], (size[0], size[1]))

    assert size == [2000, 1400]
    assert step["action"]["click"]["element"]["text"] == "Buy Bowl"
    assert action_argument(step["action"]) == "Buy Bowl"
    assert (places.coordinates, places.is_guessed) == ("pixel", False)
    hit = (click.x * 2 / size[0] * 1000, click.y * 2 / size[1] * 1000)
    assert places.start == pytest.approx(hit, abs=2)


@pytest.mark.parametrize("number", [1, 2])
def test_the_place_of_an_element_in_a_frame_is_on_the_page(recorded: Recorded, number: int) -> None:
    """The frame has a border and is scrolled, in a page that is scrolled; the second is far."""
    _, steps = recorded.tasks["framed"]
    step = steps[number - 1]
    words = step["action"]["click"]["element"]["text"]
    click = next(click for click in recorded.clicks if click.on == words)
    size = [step["attributes"][f"otel_steps.screenshot.{side}"] for side in ("width", "height")]

    start = action_places(step["action"], (size[0], size[1])).start

    hit = (click.x * 2 / size[0] * 1000, click.y * 2 / size[1] * 1000)
    assert start == pytest.approx(hit, abs=2)


def test_a_lost_element_is_a_failure(recorded: Recorded) -> None:
    """The agent tells of it as if that had been the result."""
    task, (lost, _) = recorded.tasks["lost_element"]

    assert task["status"] == "completed"
    assert (lost["success"], lost["error_kind"]) == (False, "action_error")
    assert "not available" in lost["error_message"]


def test_what_the_last_action_led_to_is_seen(recorded: Recorded) -> None:
    """Where no step has looked again, and only there: what ends with `done` has changed nothing."""
    _, (scrolled, last) = recorded.tasks["stopped"]

    assert (last["step_type"], last["app"]) == ("screenshot", scrolled["app"])
    assert last["action"] is None
    assert Path(last["screenshot_path"]).is_file()
    assert last["screenshot_path"] != scrolled["screenshot_path"]


@pytest.mark.parametrize("name", ENDINGS)
def test_endings(recorded: Recorded, name: str) -> None:
    """A task and its last step say what really happened."""
    _ends_as(recorded, name, ENDINGS[name])


@pytest.mark.full
def test_other_endings(tmp_path: Path) -> None:
    """A step limit, a stop, a timeout, an exception of the agent's own, no browser any more."""
    recorded = run_scenarios(tmp_path, "follow_up", *LONGER)

    for name, ending in LONGER.items():
        _ends_as(recorded, name, ending)
    assert recorded.results["raised"] is True
    assert "sk-not" not in recorded.tasks["raised"][0]["error_message"]
    assert {recorded.tasks[name][0]["status"] for name in ("follow_up", "follow_up-2")} == {
        "completed"
    }
    assert recorded.tasks["follow_up-2"][0]["task_description"] == "And the other thing"


@pytest.mark.full
def test_zero_code(tmp_path: Path) -> None:
    """`opentelemetry-instrument` records the same."""
    recorded = run_scenarios(tmp_path, "completed", is_zero_code=True)

    task, steps = recorded.tasks["completed"]
    assert (task["status"], len(steps)) == ("completed", 4)
    assert all(step["screenshot_path"] for step in steps)


def _ends_as(recorded: Recorded, name: str, ending: tuple[str, str | None, int]) -> None:
    task, steps = recorded.tasks[name]
    assert (task["status"], steps[-1]["error_kind"], len(steps)) == ending, name
    assert steps[-1]["success"] is (ending[1] is None)
