"""The instrumentor with the real synchronous agents of AutoGLM-GUI, each at its last version."""

import hashlib
import json
import subprocess
import sys
from base64 import b64decode
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from otel_steps import semconv
from tests.agents import SYNC_ADAPTER, SYNC_GLM, SYNC_MAI, SYNC_VERSIONS, python_path
from tests.fakes.model_server import ModelServer, Reply
from tests.fakes.phone import FakePhone
from tests.lanes import Ending, Lane
from tests.patience import PATIENCE_S
from tests.shared import once

FAKES = Path(__file__).parent / "fakes"

LAUNCH = '当前在桌面。do(action="Launch", app="Settings")'
TAP = '点第一行。do(action="Tap", element=[500,82])'
SENSITIVE = '要付款了。do(action="Tap", element=[500,82], message="付款 10 元")'
DONE = '完成。finish(message="设置已打开")'


def mai(**action: Any) -> str:
    """Return a reply in the words that MAI's agents expect."""
    called = json.dumps({"name": "mobile_use", "arguments": action})
    return f"<thinking>想</thinking>\n<tool_call>{called}</tool_call>"


BACK, CLICK, END = (
    mai(action="system_button", button="back"),
    mai(action="click", coordinate=[500, 82]),
    mai(action="terminate", status="success"),
)
GLM: dict[str, list[Reply | str]] = {
    "glm_completed": [LAUNCH, TAP, DONE],
    "glm_server_error": [LAUNCH, Reply(status=500)],
    "glm_unparseable": [LAUNCH, "[{'Type': 'Type'}]"],
    "glm_app_not_found": ['do(action="Launch", app="No Such App")', DONE],
    "glm_no_dumpsys": [LAUNCH, TAP, DONE],
    "glm_refused": [LAUNCH, SENSITIVE],
    "glm_max_steps": [LAUNCH, TAP, DONE],
    "glm_aborted": [LAUNCH, DONE],
    "glm_streamed": [LAUNCH, DONE],
    "glm_restored": [LAUNCH, DONE],
}
MAI: dict[str, list[Reply | str]] = {
    "completed": [CLICK, END],
    "server_error": [BACK, Reply(status=500)],
    "no_action": ["我不知道"],
    "mended": [Reply(text=END, status=500, times=1)],
    "stepped": [CLICK, END],
}


def scripts_of(version: str) -> dict[str, list[Reply | str]]:
    """Return the replies of all scenarios that *version* can go through."""
    if version == SYNC_GLM:
        return GLM
    kind = "adapter" if version == SYNC_ADAPTER else "mai"
    return {f"{kind}_{name}": replies for name, replies in MAI.items()}


def run_lane(version: str, folder: Path) -> Lane:
    """Run scenarios one after the other in one process."""
    phone = FakePhone(folder / "phone", screens=4)
    phone.fault(2, "no_dumpsys", serial="glm_no_dumpsys")
    scripts = scripts_of(version)
    with ModelServer() as server:
        for name, replies in scripts.items():
            server.script(name, replies)
        out = folder / "out.json"
        child = subprocess.run(
            [sys.executable, FAKES / "run_sync_agent.py", out, server.base_url, *scripts],
            cwd=folder,  # the agents write logs where they run
            env=phone.environment() | {"PYTHONPATH": python_path(version)},
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE_S,
        )
    assert child.returncode == 0, child.stderr
    return Lane(version, json.loads(out.read_text(encoding="utf-8")), server)


@pytest.fixture(scope="module")
def lanes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Lane]:
    """Run every scenario with each version of the agents, side by side."""

    def make(folder: Path) -> dict[str, Lane]:
        folders = [folder / version for version in SYNC_VERSIONS]
        for each in folders:
            each.mkdir()
        with ThreadPoolExecutor(len(folders)) as pool:
            found = pool.map(run_lane, SYNC_VERSIONS, folders)
            return dict(zip(SYNC_VERSIONS, found, strict=True))

    return once(tmp_path_factory, "autoglm-gui-sync", make)


@pytest.fixture
def glm(lanes: dict[str, Lane]) -> Lane:
    """Return what came of the scenarios of the agent for GLM."""
    return lanes[SYNC_GLM]


# Where an agent for MAI is, and what its scenarios begin with there.
MAI_LANES = ((SYNC_MAI, "mai"), (SYNC_ADAPTER, "adapter"))
CLASSES = {"glm": "GLMAgent", "mai": "InternalMAIAgent", "adapter": "MAIAgentAdapter"}


@pytest.mark.parametrize(("version", "kind"), [(SYNC_GLM, "glm"), *MAI_LANES])
def test_a_task_is_recorded_in_full(lanes: dict[str, Lane], version: str, kind: str) -> None:
    """A task that succeeds has its description, model, device, configuration and result."""
    name = f"{kind}_completed"
    task = lanes[version].task(name)

    assert lanes[version].results[name] == task[semconv.TASK_RESULT]
    assert task[semconv.TASK_DESCRIPTION] == "打开设置"
    assert task[semconv.TASK_STATUS] == "completed"
    assert task[semconv.GEN_AI_AGENT_NAME] == CLASSES[kind]
    assert task[semconv.GEN_AI_REQUEST_MODEL] == task[semconv.DEVICE_ID] == name
    assert task[semconv.OS_NAME] == "Android"
    config = json.loads(task[semconv.TASK_CONFIG])
    assert (config["max_steps"], config["lang"]) == (100, "cn")
    assert "key-0123456789" not in json.dumps(lanes[version].spans)


def test_steps_for_glm_have_all_that_is_known(glm: Lane) -> None:
    """A step has number, thinking, action, result, app and timings, and says that it succeeded."""
    steps = glm.steps("glm_completed")
    first, second, _ = steps

    assert [step[semconv.STEP_NUMBER] for step in steps] == [1, 2, 3]
    assert [step[semconv.STEP_TYPE] for step in steps] == ["action", "action", "completion"]
    assert [step[semconv.STEP_THINKING] for step in steps] == [
        *("当前在桌面。", "点第一行。", "完成。")
    ]
    assert json.loads(second[semconv.STEP_ACTION]) == {
        "_metadata": "do",
        "action": "Tap",
        "element": [500, 82],
    }
    assert json.loads(second[semconv.STEP_ACTION_RESULT])["success"] is True
    assert first[semconv.STEP_APP] == "System Home"
    assert second[semconv.STEP_APP] == "AndroidSystemSettings"
    assert all(step[semconv.STEP_SUCCESS] for step in steps)
    for key in ("SCREENSHOT", "TTFT", "THINKING", "MODEL", "ACTION"):
        assert second[getattr(semconv, f"TIMING_{key}_MS")] > 0


@pytest.mark.parametrize(("version", "kind"), MAI_LANES)
def test_steps_for_mai_have_all_that_is_known(
    lanes: dict[str, Lane], version: str, kind: str
) -> None:
    """Thinking and action are told apart, however the agent has its model asked."""
    first, last = lanes[version].steps(f"{kind}_completed")

    assert first[semconv.STEP_THINKING] == last[semconv.STEP_THINKING] == "想"
    assert json.loads(first[semconv.STEP_ACTION])["element"] == [500, 82]
    assert json.loads(first[semconv.STEP_ACTION_RESULT])["success"] is True
    assert last[semconv.STEP_TYPE] == "completion"
    for key in ("SCREENSHOT", "MODEL", "ACTION"):
        assert first[getattr(semconv, f"TIMING_{key}_MS")] > 0
    # Whoever streams has not asked for them.
    assert first.get(semconv.GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS) == (
        5 if semconv.GEN_AI_USAGE_INPUT_TOKENS in first else None
    )


@pytest.mark.parametrize(("version", "kind"), [(SYNC_GLM, "glm"), (SYNC_MAI, "mai")])
def test_a_step_has_the_picture_that_the_model_saw(
    lanes: dict[str, Lane], version: str, kind: str
) -> None:
    """The picture of a step is byte for byte the one in the request to the model."""
    name = f"{kind}_completed"
    sent = []
    for request in lanes[version].requests_of(name):
        (url,) = (
            part["image_url"]["url"]
            for part in request["messages"][-1]["content"]
            if part["type"] == "image_url"
        )
        sent.append(hashlib.sha256(b64decode(url.partition(",")[2])).hexdigest())
    steps = lanes[version].steps(name)

    assert [step[semconv.SCREENSHOT_SHA256] for step in steps] == sent


def test_a_step_of_the_adapter_has_its_picture(lanes: dict[str, Lane]) -> None:
    """Its model sees another encoding; the picture is the one that the phone gave."""
    steps = lanes[SYNC_ADAPTER].steps("adapter_completed")

    assert all(step[semconv.SCREENSHOT_SHA256] for step in steps)
    assert steps[0][semconv.SCREENSHOT_SHA256] != steps[1][semconv.SCREENSHOT_SHA256]


def test_spans_form_a_tree(glm: Lane) -> None:
    """Steps are children of their task; model call and action are those of a step."""
    (task,) = glm.tasks("glm_completed")
    steps = glm.step_spans("glm_completed")

    assert {step["parent"] for step in steps} == {task["span_id"]}
    assert [each["name"] for each in glm.children(steps[0])] == [
        *("chat glm_completed", "execute_tool Launch")
    ]


GLM_ENDINGS = (
    Ending("glm_server_error", "failed", "model_error", "InternalServerError", "error"),
    Ending("glm_unparseable", "failed", "parse_error", "reply is not an action", "error"),
    Ending("glm_no_dumpsys", "failed", "device_error", "No output from dumpsys", "error"),
    Ending("glm_refused", "cancelled", "refused", "User cancelled sensitive operation"),
    Ending("glm_app_not_found", "completed", None, step_type="completion"),
    Ending("glm_max_steps", "max_steps", None),
    Ending("glm_aborted", "cancelled", None, steps=1),
    Ending("glm_streamed", "completed", None, step_type="completion"),
)
MAI_ENDINGS = (
    Ending("server_error", "failed", "model_error", "InternalServerError", "error"),
    Ending("no_action", "failed", "parse_error", "reply is not an action", "error", 1),
    Ending("mended", "completed", None, step_type="completion", steps=1),
    Ending("stepped", "completed", None, step_type="completion"),
)


@pytest.mark.parametrize("ending", GLM_ENDINGS, ids=lambda ending: ending.name)
def test_ending_is_recorded_as_it_was(glm: Lane, ending: Ending) -> None:
    """Step and task say what happened, not what the agent believes."""
    glm.ends_as(ending)


@pytest.mark.parametrize(("version", "kind"), MAI_LANES)
@pytest.mark.parametrize("ending", MAI_ENDINGS, ids=lambda ending: ending.name)
def test_ending_for_mai_is_recorded_as_it_was(
    lanes: dict[str, Lane], version: str, kind: str, ending: Ending
) -> None:
    """The agent tries three times; what became of the last one counts."""
    name = f"{kind}_{ending.name}"
    lanes[version].ends_as(replace(ending, name=name))

    assert lanes[version].task(name)[semconv.TASK_DESCRIPTION] == "打开设置"


def test_the_agent_is_not_touched(glm: Lane) -> None:
    """It hears its model think, tells its events, and is left as it was."""
    assert glm.results["glm_aborted"] == ["Max steps reached", "当前在桌面。"]
    assert glm.results["glm_streamed"] == ["done", True]
    assert glm.results["glm_restored"] == "设置已打开"
    assert not glm.tasks("glm_restored")
    assert glm.steps("glm_app_not_found")[0][semconv.STEP_ERROR_KIND] == "action_error"
