"""The instrumentor with the real agents: current and early, Android, HarmonyOS and iOS."""

import hashlib
import json
import re
import subprocess
import sys
from base64 import b64decode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from otel_steps import semconv
from tests.agents import CURRENT, EARLY, VERSIONS, python_path
from tests.fakes.model_server import ModelServer, Reply
from tests.fakes.phone import FakePhone
from tests.fakes.webdriver import WebDriver
from tests.lanes import Ending, Lane
from tests.patience import PATIENCE_S
from tests.shared import once
from tests.wheels import wheel_folder

FAKES = Path(__file__).parent / "fakes"

LAUNCH = '当前在桌面。do(action="Launch", app="Settings")'
TAP = '点第一行。do(action="Tap", element=[500,82])'
SENSITIVE = '要付款了。do(action="Tap", element=[500,82], message="付款 10 元")'
TAKE_OVER = '需要登录。do(action="Take_over", message="请登录")'
DONE = '完成。finish(message="设置已打开")'
USED = {
    "prompt_tokens": 1312,
    "completion_tokens": 74,
    "total_tokens": 1386,
    "prompt_tokens_details": {"cached_tokens": 1024, "image_tokens": 1105},
    "completion_tokens_details": {"reasoning_tokens": 40},
}


SCRIPTS: dict[str, list[Reply | str]] = {
    "completed": [LAUNCH, TAP, DONE],
    "server_error": [LAUNCH, Reply(status=500)],
    "server_error_once": [LAUNCH, Reply(status=500, times=1, text=DONE)],
    "bad_key": [Reply(status=401)],
    "cut": [LAUNCH, Reply(text=TAP, ending="cut")],
    "unparseable": [LAUNCH, "[{'Type': 'Type'}]"],
    "told_in_full": [Reply(text=LAUNCH, usage=USED), DONE],
    "cut_at_limit": [LAUNCH, Reply(text='点第一行。do(action="Tap", elem', finish_reason="length")],
    "broken_call": [LAUNCH, 'do(action="Tap", element=[500,82)'],
    "answer_tag": [LAUNCH, 'do(action="Back")</answer>'],
    "empty": [LAUNCH, ""],
    "unknown_action": ['do(action="Screenshot")', DONE],
    "app_not_found": ['do(action="Launch", app="No Such App")', DONE],
    "handler_error": ['do(action="Wait", duration=3)', DONE],
    "execute_raises": [LAUNCH, 'do(action=["Tap"], element=[500,82])'],
    "secure": [LAUNCH, DONE],
    "lost": [LAUNCH, DONE],
    "pull_hangs": [LAUNCH, DONE],
    "pull_warns": [LAUNCH, DONE],
    "pull_cut": [LAUNCH, DONE],
    "no_dumpsys": [LAUNCH, DONE],
    "offline": [LAUNCH, DONE],
    "action_kinds": [
        'do(action="Type", text="你好 \\"x\\"")',
        'do(action="Swipe", start=[500,800], end=[500,200])',
        'do(action="Back")',
        'do(action="Home")',
        'do(action="Double Tap", element=[1,2])',
        'do(action="Long Press", element=[1,2])',
        DONE,
    ],
    "max_steps": [LAUNCH, TAP, DONE],
    "refused": [LAUNCH, SENSITIVE],
    "confirmed": [SENSITIVE, DONE],
    "takeover": [TAKE_OVER, DONE],
    "no_adb": [LAUNCH, DONE],
    "verbose": [LAUNCH, "不可解析", DONE],
    "ctrl_c_in_model": [LAUNCH],
    "ctrl_c_in_action": [LAUNCH, TAKE_OVER],
    "stopped_fork": [LAUNCH, DONE],
    "stopped_between_steps": [LAUNCH, DONE],
    "subclass": [LAUNCH, DONE],
    "reused": [LAUNCH, DONE],
    "step_loop": [LAUNCH, DONE],
    "step_loop_given_up": [LAUNCH, DONE],
    "step_loop_raises": [LAUNCH, DONE],
    "two_threads": [LAUNCH, DONE],
    "two_threads-0": [LAUNCH, TAP, DONE],
    "two_threads-1": [TAP, TAP, TAP, DONE],
    "shared_client": [LAUNCH, DONE],
    "shared_client-0": [LAUNCH, TAP, DONE],
    "nested": [TAKE_OVER, DONE],
    "nested-inner": [LAUNCH, DONE],
    "watched_openai": [LAUNCH, DONE],
    "late_patch": [LAUNCH, DONE],
    "own_attributes": [LAUNCH, DONE],
    "slots": [LAUNCH, 'do(action="Nonsense")', Reply(status=401)],
    "many_calls": [LAUNCH, DONE],
    "own_device": [LAUNCH, DONE],
    "suppressed": [LAUNCH, DONE],
    "not_sampled": [LAUNCH, DONE],
    "broken_recorder": [LAUNCH, DONE],
    "secret_url": [LAUNCH, DONE],
}
IOS_SCRIPTS: dict[str, list[Reply | str]] = {
    "ios": ['do(action="Tap", element=[500,82])', DONE],
    "ios_lost": [DONE],
    "harmony": [LAUNCH],
}
# Their names stand for several agents, or for one that others run.
NO_SCENARIO = {"two_threads-0", "two_threads-1", "shared_client-0", "nested-inner"}


def run_lane(version: str, scripts: dict[str, Any], folder: Path) -> Lane:
    """Run scenarios one after the other in one process."""
    phone = FakePhone(folder / "phone", screens=4)
    for name, step, fault in (
        ("secure", 2, "secure"),
        ("lost", 2, "lost"),
        ("pull_hangs", 2, "pull_hangs"),
        ("pull_warns", 2, "pull_warns"),
        ("pull_cut", 2, "pull_cut"),
        ("no_dumpsys", 2, "no_dumpsys"),
        ("offline", 2, "offline"),
        ("step_loop_raises", 2, "no_dumpsys"),
    ):
        phone.fault(step, fault, serial=name)  # type: ignore[arg-type]
    names = [name for name in scripts if name not in NO_SCENARIO]
    with ModelServer() as server, WebDriver() as driver:
        for name, replies in scripts.items():
            server.script(name, replies)
        out = folder / "out.json"
        child = subprocess.run(
            [
                *(sys.executable, FAKES / "run_agent.py", out, server.base_url),
                *("--wda", driver.origin, *names),
            ],
            env=phone.environment() | {"PYTHONPATH": python_path(version)},
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE_S,
        )
    assert child.returncode == 0, child.stderr
    return Lane(version, json.loads(out.read_text(encoding="utf-8")), server)


@pytest.fixture(scope="module")
def lanes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Lane]:
    """Run every scenario with each version of the agent, side by side."""

    def make(folder: Path) -> dict[str, Lane]:
        folders = [folder / version for version in VERSIONS]
        for each in folders:
            each.mkdir()
        with ThreadPoolExecutor(len(folders)) as pool:
            found = pool.map(run_lane, VERSIONS, [SCRIPTS] * len(VERSIONS), folders)
            return dict(zip(VERSIONS, found, strict=True))

    return once(tmp_path_factory, "phone-agent", make)


@pytest.fixture(params=VERSIONS)
def lane(request: pytest.FixtureRequest, lanes: dict[str, Lane]) -> Lane:
    """Return what came of every scenario, for each version of the agent."""
    return lanes[request.param]


@pytest.fixture(scope="module")
def ios_lane(tmp_path_factory: pytest.TempPathFactory) -> Lane:
    """Run what only the current version has."""
    return once(tmp_path_factory, "ios", lambda folder: run_lane(CURRENT, IOS_SCRIPTS, folder))


def test_completed_task_is_recorded_in_full(lane: Lane) -> None:
    """A task that succeeds has its description, model, device, configuration and result."""
    task = lane.task("completed")

    assert lane.results["completed"] == {"returned": "设置已打开"}
    assert task[semconv.TASK_DESCRIPTION] == "打开设置"
    assert task[semconv.TASK_STATUS] == "completed"
    assert task[semconv.TASK_RESULT] == "设置已打开"
    assert task[semconv.GEN_AI_AGENT_NAME] == "PhoneAgent"
    assert task[semconv.GEN_AI_REQUEST_MODEL] == "completed"
    assert task[semconv.DEVICE_ID] == "completed"
    assert task[semconv.OS_NAME] == "Android"
    assert semconv.TASK_ERROR_MESSAGE not in task
    config = json.loads(task[semconv.TASK_CONFIG])
    assert config.pop("base_url").startswith("http://127.0.0.1:")
    assert config == {
        "agent": "phone_agent.agent.PhoneAgent",
        "agent_version": "0.1.0",
        "max_steps": 100,
        "lang": "cn",
    }
    assert task[semconv.GEN_AI_AGENT_VERSION] == "0.1.0"
    assert lane.tasks("completed")[0]["status"] == "UNSET"


def test_steps_have_all_that_is_known(lane: Lane) -> None:
    """A step has number, thinking, action, result, app and timings, and says that it succeeded."""
    first, second, last = lane.steps("completed")

    assert [step[semconv.STEP_NUMBER] for step in (first, second, last)] == [1, 2, 3]
    assert first[semconv.STEP_THINKING] == "当前在桌面。"
    assert json.loads(first[semconv.STEP_ACTION]) == {
        "_metadata": "do",
        "action": "Launch",
        "app": "Settings",
    }
    assert second[semconv.STEP_ACTION_NAME] == "Tap"
    assert json.loads(second[semconv.STEP_ACTION_RESULT]) == {
        "success": True,
        "should_finish": False,
        "message": None,
    }
    assert first[semconv.STEP_APP] == "System Home"
    assert second[semconv.STEP_APP] in ("Settings", "AndroidSystemSettings")
    assert [step[semconv.STEP_TYPE] for step in (first, second, last)] == [
        *("action", "action", "completion")
    ]
    assert [step[semconv.STEP_FINISHED] for step in (first, second, last)] == [False, False, True]
    assert all(step[semconv.STEP_SUCCESS] for step in (first, second, last))
    for key in (
        "SCREENSHOT",
        "MODEL",
        "ACTION",
        *(("TTFT", "THINKING") * (lane.version == CURRENT)),
    ):
        assert second[getattr(semconv, f"TIMING_{key}_MS")] > 0


def test_step_has_the_picture_that_the_model_saw(lane: Lane) -> None:
    """The picture of a step is byte for byte the one in the request to the model."""
    sent = []
    for request in lane.requests_of("completed"):
        url = request["messages"][-1]["content"][0]["image_url"]["url"]
        sent.append(hashlib.sha256(b64decode(url.partition(",")[2])).hexdigest())
    steps = lane.steps("completed")
    pictures = {event["picture"]: event["size"] for event in lane.events if "picture" in event}

    assert [step[semconv.SCREENSHOT_SHA256] for step in steps] == sent
    assert len(set(sent)) == 3
    for step in steps:
        assert pictures[step[semconv.SCREENSHOT_SHA256]] == step[semconv.SCREENSHOT_SIZE]
        assert (step[semconv.SCREENSHOT_WIDTH], step[semconv.SCREENSHOT_HEIGHT]) == (1080, 2400)
        assert step[semconv.SCREENSHOT_MIME_TYPE] == "image/png"
        assert step[semconv.SCREENSHOT_SENSITIVE] is False


def test_spans_form_a_tree(lane: Lane) -> None:
    """Steps are children of their task; screenshot, model call and action are those of a step."""
    (task,) = lane.tasks("completed")
    steps = lane.step_spans("completed")
    names = [[child["name"] for child in lane.children(step)] for step in steps]

    assert {step["parent"] for step in steps} == {task["span_id"]}
    assert {step["trace_id"] for step in steps} == {task["trace_id"]}
    assert names[0] == ["chat completed", "execute_tool Launch"]
    assert names[1] == ["chat completed", "execute_tool Tap"]
    chat, tool = lane.children(steps[0])
    assert chat["kind"] == "CLIENT"
    assert chat["attributes"][semconv.GEN_AI_PROVIDER_NAME] == "openai"
    assert tool["attributes"][semconv.GEN_AI_TOOL_NAME] == "Launch"
    assert tool["attributes"][semconv.GEN_AI_TOOL_TYPE] == "extension"


def test_the_call_of_the_model_says_what_it_was_asked_with(lane: Lane) -> None:
    """As the conventions have it: settings, server, reply, and what a stream says it has used."""
    step = lane.step_spans("told_in_full")[0]
    chat = lane.children(step)[0]["attributes"]

    asked = {key: chat[key] for key in chat if key.startswith(("gen_ai.request.", "server."))}
    assert asked == {
        semconv.GEN_AI_REQUEST_MODEL: "told_in_full",
        **({} if lane.version == EARLY else {semconv.GEN_AI_REQUEST_STREAM: True}),
        semconv.GEN_AI_REQUEST_TEMPERATURE: 0.0,
        semconv.GEN_AI_REQUEST_TOP_P: 0.85,
        semconv.GEN_AI_REQUEST_FREQUENCY_PENALTY: 0.2,
        semconv.GEN_AI_REQUEST_MAX_TOKENS: 3000,
        semconv.SERVER_ADDRESS: "127.0.0.1",
        semconv.SERVER_PORT: urlsplit(lane.base_url).port,
    }
    assert chat[semconv.GEN_AI_RESPONSE_ID] == "reply"
    assert chat[semconv.GEN_AI_RESPONSE_MODEL] == "told_in_full"
    assert list(chat[semconv.GEN_AI_RESPONSE_FINISH_REASONS]) == ["stop"]
    used = {
        semconv.GEN_AI_USAGE_INPUT_TOKENS: 1312,
        semconv.GEN_AI_USAGE_OUTPUT_TOKENS: 74,
        semconv.GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS: 1024,
        semconv.GEN_AI_USAGE_IMAGE_INPUT_TOKENS: 1105,
        semconv.GEN_AI_USAGE_REASONING_OUTPUT_TOKENS: 40,
    }
    for attributes in (chat, step["attributes"]):
        assert {key: attributes[key] for key in attributes if "gen_ai.usage." in key} == used


def test_what_is_known_is_made_durable_in_time(lane: Lane) -> None:
    """The picture is durable before the model is asked, the action before the phone changes."""
    step = lane.step_spans("completed")[0]
    events = [event for event in lane.events if event["span_id"] == step["span_id"]]
    known = [set(event["attributes"]) for event in events if "attributes" in event]

    assert "picture" in events[0]
    assert semconv.SCREENSHOT_SHA256 in known[0]
    assert {semconv.SCREENSHOT_SHA256, semconv.STEP_APP} <= known[-2]
    assert semconv.STEP_ACTION not in known[-2]
    assert {semconv.STEP_THINKING, semconv.STEP_ACTION, semconv.TIMING_MODEL_MS} <= known[-1]
    assert semconv.STEP_ACTION_RESULT not in known[-1]


ENDINGS = (
    Ending("server_error", "failed", "model_error", "InternalServerError", "error"),
    Ending("server_error_once", "completed", None, step_type="completion"),
    Ending("bad_key", "failed", "model_error", "AuthenticationError", "error", 1),
    Ending("cut", "failed", "model_error", "APIConnectionError|RemoteProtocolError", "error"),
    Ending("unparseable", "failed", "parse_error", "Failed to parse", "error"),
    Ending("told_in_full", "completed", None, step_type="completion"),
    Ending("cut_at_limit", "failed", "parse_error", "cut at its limit of tokens", "error"),
    Ending("broken_call", "failed", "parse_error", "Failed to parse", "error"),
    Ending("answer_tag", "failed", "parse_error", "Failed to parse", "error"),
    Ending("empty", "failed", "parse_error", "the model's reply is empty", "error"),
    Ending("execute_raises", "failed", "action_error", "TypeError: unhashable type"),
    Ending("refused", "cancelled", "refused", "User cancelled sensitive operation"),
    Ending("max_steps", "max_steps", None),
    Ending("no_dumpsys", "failed", "device_error", "ValueError: No output", "error"),
    Ending("offline", "failed", "device_error", "ValueError: No output", "error"),
    Ending("no_adb", "failed", "device_error", "FileNotFoundError", "error", 1),
    Ending("ctrl_c_in_model", "cancelled", "interrupted", "stopped by KeyboardInterrupt", steps=1),
    Ending("ctrl_c_in_action", "cancelled", "interrupted", "stopped by KeyboardInterrupt"),
    Ending("stopped_fork", "cancelled", "interrupted", "stopped by the user"),
    Ending("stopped_between_steps", "cancelled", None, steps=1),
    Ending("step_loop", "completed", None, step_type="completion"),
    Ending("step_loop_raises", "failed", "device_error", "ValueError: No output", "error"),
    Ending("secure", "completed", None, step_type="completion"),
    Ending("lost", "completed", None, step_type="completion"),
    Ending("slots", "failed", "model_error", "401", "error", 3),
)


# The early agent does not notice that the phone says nothing, and goes on.
UNNOTICED = frozenset({"no_dumpsys", "offline", "step_loop_raises"})


@pytest.mark.parametrize("ending", ENDINGS, ids=lambda ending: ending.name)
def test_ending_is_recorded_as_it_was(lane: Lane, ending: Ending) -> None:
    """Step and task say what happened, not what the agent believes."""
    if lane.version == EARLY and ending.name in UNNOTICED:
        ending = Ending(ending.name, "completed", None, step_type="completion")
    lane.ends_as(ending)
    task, last = lane.task(ending.name), lane.steps(ending.name)[-1]

    assert (semconv.STEP_ERROR_MESSAGE in last) is (ending.kind is not None)
    if ending.kind is not None and ending.name != "stopped_fork":
        assert task[semconv.TASK_ERROR_MESSAGE] == last[semconv.STEP_ERROR_MESSAGE]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("unknown_action", "Unknown action: Screenshot"),
        ("app_not_found", "App not found: No Such App"),
        ("handler_error", "Action failed: 'int' object has no attribute 'replace'"),
    ],
)
def test_failed_action_does_not_end_the_task(lane: Lane, name: str, message: str) -> None:
    """A step whose action failed is a failure; the run goes on and may complete."""
    first, last = lane.steps(name)

    assert first[semconv.STEP_SUCCESS] is False
    assert first[semconv.STEP_ERROR_KIND] == "action_error"
    assert first[semconv.STEP_ERROR_MESSAGE] == message
    assert first[semconv.STEP_FINISHED] is False
    assert json.loads(first[semconv.STEP_ACTION_RESULT])["success"] is False
    assert last[semconv.STEP_SUCCESS] is True
    assert lane.task(name)[semconv.TASK_STATUS] == "completed"
    tool = lane.children(lane.step_spans(name)[0])[-1]
    assert tool["status"] == "ERROR"


def test_reply_that_is_no_action_is_kept(lane: Lane) -> None:
    """What the model said instead of an action stands in the step's data, not as an action."""
    for name in ("unparseable", "broken_call"):
        step = lane.steps(name)[-1]

        assert json.loads(step[semconv.STEP_DATA]) == {"reply": SCRIPTS[name][1]}
        assert semconv.STEP_ACTION not in step
        assert lane.children(lane.step_spans(name)[-1])[-1]["name"] == f"chat {name}"


def test_first_failure_of_an_action_stays(lane: Lane) -> None:
    """An action that raised stays failed though the agent then finishes with its message."""
    step = lane.steps("execute_raises")[-1]
    names = [child["name"] for child in lane.children(lane.step_spans("execute_raises")[-1])]

    assert lane.results["execute_raises"] == {"returned": "unhashable type: 'list'"}
    assert json.loads(step[semconv.STEP_ACTION])["action"] == ["Tap"]
    assert json.loads(step[semconv.STEP_ACTION_RESULT])["success"] is False
    assert step[semconv.ERROR_TYPE] == "TypeError"
    assert names[-1] == "execute_tool ['Tap']"


def test_no_secret_is_recorded(lane: Lane) -> None:
    """Neither the key, nor a password or token in an address, is in any span."""
    assert lane.results["bad_key"]["returned"].count("key-0123456789") == 1
    assert "Incorrect key: ***" in lane.steps("bad_key")[0][semconv.STEP_ERROR_MESSAGE]
    config = json.loads(lane.task("secret_url")[semconv.TASK_CONFIG])
    assert config["base_url"] == "https://example.org:8443/v1"
    text = json.dumps([lane.spans, lane.events])
    assert "key-0123456789" not in text
    assert "secret-word" not in text


def test_exceptions_are_those_of_the_agent(lane: Lane) -> None:
    """What the agent raises leaves it unchanged, with its own traceback and no context of ours."""
    for name, kind, frame in (
        ("no_dumpsys", "ValueError", "get_current_app"),
        ("no_adb", "FileNotFoundError", "_execute_child"),
        ("ctrl_c_in_model", "KeyboardInterrupt", "request"),
        ("ctrl_c_in_action", "KeyboardInterrupt", "_handle_takeover"),
    ):
        result = lane.results[name]
        if lane.version == EARLY and name in UNNOTICED:
            continue

        assert result["raised"] == kind
        assert frame in result["frames"]
        assert result["context"] == "None"


def test_person_is_part_of_the_record(lane: Lane) -> None:
    """A confirmation has question, answer and waiting time; so has a take-over, but the answer."""
    asked = json.loads(lane.steps("confirmed")[0][semconv.STEP_DATA])["confirmation"]
    refused = json.loads(lane.steps("refused")[1][semconv.STEP_DATA])["confirmation"]
    taken = json.loads(lane.steps("takeover")[0][semconv.STEP_DATA])["takeover"]

    assert asked.pop("wait_ms") >= 0
    assert refused.pop("wait_ms") >= 0
    assert taken.pop("wait_ms") >= 0
    assert asked == {"message": "付款 10 元", "approved": True}
    assert refused == {"message": "付款 10 元", "approved": False}
    assert taken == {"message": "请登录"}
    assert lane.steps("confirmed")[0][semconv.STEP_SUCCESS] is True


def test_secure_screen_is_marked(lane: Lane) -> None:
    """A screen that the phone does not show is marked as such, a lost picture is not."""
    assert lane.steps("secure")[1][semconv.SCREENSHOT_SENSITIVE] is True
    assert lane.steps("lost")[1][semconv.SCREENSHOT_SENSITIVE] is False
    assert len(lane.steps("lost")[1][semconv.SCREENSHOT_SHA256]) == 64


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("pull_hangs", "Screenshot error: Command .* timed out after 5 seconds"),
        ("pull_warns", "Screenshot error: cannot identify image file"),
        ("pull_cut", "Screenshot error: .*(truncated|broken)"),
        ("lost", None),
        ("secure", None),
    ],
)
def test_why_there_is_no_screen_is_said_in_the_agents_words(
    lane: Lane, name: str, reason: str | None
) -> None:
    """The agent prints why it goes on with a black screen; where it says nothing, nothing is."""
    before, black = lane.steps(name)

    assert semconv.SCREENSHOT_ERROR not in before
    assert semconv.SCREENSHOT_SHA256 in black
    said = black.get(semconv.SCREENSHOT_ERROR)
    assert said is None if reason is None else re.match(reason, said)


def test_device_error_keeps_the_picture(lane: Lane) -> None:
    """A step that the phone ended before the model was asked has what was known by then."""
    step = lane.steps("no_dumpsys")[-1]

    assert len(step[semconv.SCREENSHOT_SHA256]) == 64
    assert (semconv.STEP_THINKING in step) is (lane.version == EARLY)


def test_all_kinds_of_actions_succeed(lane: Lane) -> None:
    """Every action that the phone can do is recorded under its name."""
    steps = lane.steps("action_kinds")

    assert [step[semconv.STEP_ACTION_NAME] for step in steps] == [
        *("Type", "Swipe", "Back", "Home", "Double Tap", "Long Press", "finish")
    ]
    assert all(step[semconv.STEP_SUCCESS] for step in steps)


def test_subclass_gives_one_span_a_step(lane: Lane) -> None:
    """Overriding `run` and `_execute_step` and calling the parent records each of them once."""
    task = lane.task("subclass")

    assert lane.results["subclass"]["seen"] == ["run", "step", "step"]
    assert len(lane.steps("subclass")) == 2
    assert task[semconv.GEN_AI_AGENT_NAME] == "Grandchild"


def test_agent_may_be_used_for_many_tasks(lane: Lane) -> None:
    """One agent, two runs: two tasks with their own steps, numbered from one."""
    for task_id in ("reused", "reused-2"):
        assert lane.task(task_id)[semconv.TASK_STATUS] == "completed"
        assert [step[semconv.STEP_NUMBER] for step in lane.steps(task_id)] == [1, 2]


def test_loop_of_steps_is_a_task(lane: Lane) -> None:
    """Bare `step()` calls make a task, which begins with the first and ends with the last."""
    task = lane.task("step_loop")

    assert task[semconv.TASK_DESCRIPTION] == "打开设置"
    assert task[semconv.TASK_RESULT] == "设置已打开"
    assert [step[semconv.STEP_NUMBER] for step in lane.steps("step_loop")] == [1, 2]


def test_loop_of_steps_that_is_given_up_is_cancelled(lane: Lane) -> None:
    """Reset, a new first step, a run and the agent's own end all end a loop of steps."""
    tasks = [span["attributes"] for span in lane.tasks("step_loop_given_up")]

    assert lane.results["step_loop_given_up"] is True
    assert {task[semconv.TASK_DESCRIPTION]: task[semconv.TASK_STATUS] for task in tasks} == {
        "by reset": "cancelled",
        "by a first step": "cancelled",
        "by run": "cancelled",
        "run": "completed",
        "by the end of the agent": "cancelled",
    }


def test_agents_in_threads_do_not_mix(lane: Lane) -> None:
    """Two agents at once have each their own task, steps and actions."""
    assert [result["returned"] for result in lane.results["two_threads"]] == ["设置已打开"] * 2
    for number, count in ((0, 3), (1, 4)):
        task_id = f"two_threads-{number}"
        (task,) = lane.tasks(task_id)
        steps = lane.step_spans(task_id)

        assert len(steps) == count
        assert {step["parent"] for step in steps} == {task["span_id"]}
        for step in steps:
            assert len(lane.children(step)) == 2


def test_shared_client_is_watched_for_each_agent(lane: Lane) -> None:
    """Agents that share one client object at once keep their replies apart, and it is restored."""
    assert "request" not in lane.results["shared_client"]["left"]
    for number in range(2):
        steps = lane.step_spans(f"shared_client-{number}")

        assert [step["attributes"][semconv.STEP_SUCCESS] for step in steps] == [True] * len(steps)
        for step in steps:
            assert [child["name"].split()[0] for child in lane.children(step)] == [
                *("chat", "execute_tool")
            ]


def test_nested_agent_has_a_task_of_its_own(lane: Lane) -> None:
    """An agent that runs inside a step of another has its own task, below that step."""
    (outer,), (inner,) = lane.tasks("nested"), lane.tasks("nested-inner")
    tool = next(span for span in lane.spans if span["span_id"] == inner["parent"])

    assert inner["trace_id"] == outer["trace_id"]
    assert tool["parent"] == lane.step_spans("nested")[0]["span_id"]
    assert len(lane.steps("nested")) == len(lane.steps("nested-inner")) == 2


def test_model_call_of_another_instrumentation_is_not_doubled(lane: Lane) -> None:
    """Where somebody else makes the span of the model call, that span is the step's child."""
    names = [child["name"] for child in lane.children(lane.step_spans("watched_openai")[0])]

    assert names == ["chat by somebody else", "execute_tool Launch"]
    assert lane.steps("watched_openai")[0][semconv.STEP_THINKING] == "当前在桌面。"


@pytest.mark.parametrize("name", ["late_patch", "own_attributes", "broken_recorder"])
def test_whatever_tools_do_to_the_agent_is_watched(lane: Lane, name: str) -> None:
    """A method replaced on the class or the object later on is watched, and left as it was."""
    steps = lane.steps(name)

    assert lane.results[name].get("is_restored", True)
    assert [step[semconv.STEP_SUCCESS] for step in steps] == [True, True]
    assert [step[semconv.STEP_THINKING] for step in steps] == ["当前在桌面。", "完成。"]


def test_objects_that_refuse_are_left_alone(lane: Lane) -> None:
    """An agent whose objects take no attribute runs, and its results tell what can be told."""
    first, second, _ = lane.steps("slots")

    assert first[semconv.STEP_SUCCESS] is True
    assert first[semconv.STEP_ACTION_NAME] == "Launch"
    assert second[semconv.STEP_ERROR_KIND] == "action_error"
    assert second[semconv.STEP_ERROR_MESSAGE] == "Unknown action: Nonsense"


def test_first_picture_and_last_action_of_a_step_count(lane: Lane) -> None:
    """A fork that looks, asks and acts several times a step has one picture and one result."""
    span, step = lane.step_spans("many_calls")[0], lane.steps("many_calls")[0]
    url = lane.requests_of("many_calls")[0]["messages"][-1]["content"][0]["image_url"]["url"]
    names = [child["name"] for child in lane.children(span)]

    assert step[semconv.SCREENSHOT_SHA256] == (
        hashlib.sha256(b64decode(url.partition(",")[2])).hexdigest()
    )
    assert json.loads(step[semconv.STEP_ACTION_RESULT])["requires_confirmation"] is True
    assert step[semconv.GEN_AI_USAGE_INPUT_TOKENS] == 1312 + 8
    assert step[semconv.GEN_AI_USAGE_OUTPUT_TOKENS] == 74 + 6
    assert step[semconv.GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS] == 1024
    assert names.count("execute_tool Launch") == 1


def test_picture_and_app_are_found_in_the_request(lane: Lane) -> None:
    """Where the device cannot be watched, picture and app come from the message to the model."""
    step = lane.steps("own_device")[0]

    assert len(step[semconv.SCREENSHOT_SHA256]) == 64
    assert step[semconv.STEP_APP] == "System Home"
    assert semconv.SCREENSHOT_SENSITIVE not in step
    assert semconv.TIMING_SCREENSHOT_MS not in step


@pytest.mark.parametrize("name", ["suppressed", "not_sampled"])
def test_nothing_is_recorded_where_it_is_not_wanted(lane: Lane, name: str) -> None:
    """Suppressed or not sampled, a run leaves no span and works as ever."""
    assert lane.results[name] == {"returned": "设置已打开"}
    assert not [span for span in lane.spans if span["attributes"].get(semconv.TASK_ID) == name]


def test_ios_agent_is_recorded(ios_lane: Lane) -> None:
    """The iOS agent has another device, and the same record."""
    task, (first, last) = ios_lane.task("ios"), ios_lane.steps("ios")

    assert ios_lane.results["ios"] == {"returned": "设置已打开"}
    assert task[semconv.GEN_AI_AGENT_NAME] == "IOSPhoneAgent"
    assert task[semconv.OS_NAME] == "iOS"
    assert task[semconv.DEVICE_ID] == "00008030"
    assert first[semconv.STEP_APP] == "Safari"
    assert first[semconv.STEP_ACTION_NAME] == "Tap"
    assert first[semconv.SCREENSHOT_SHA256] != last[semconv.SCREENSHOT_SHA256]
    assert first[semconv.TIMING_SCREENSHOT_MS] > 0


def test_ios_agent_says_why_there_is_no_screen(ios_lane: Lane) -> None:
    """It tries two ways to a picture, and what it prints of either is the reason."""
    (step,) = ios_lane.steps("ios_lost")

    said = step[semconv.SCREENSHOT_ERROR]
    assert said.startswith("WDA screenshot failed: cannot identify image file")
    assert "; Note: idevicescreenshot not found" in said


def test_harmony_phone_is_told_from_android(ios_lane: Lane) -> None:
    """A task on HarmonyOS says so."""
    assert ios_lane.task("harmony")[semconv.OS_NAME] == "HarmonyOS"


@pytest.mark.parametrize("version", VERSIONS)
def test_output_of_the_agent_is_unchanged(version: str, tmp_path: Path) -> None:
    """What an instrumented agent prints is, but for its timings, byte for byte what it prints."""
    outputs = []
    with ModelServer() as server:
        server.script("verbose", SCRIPTS["verbose"])
        for option in ("--plain", None):
            phone = FakePhone(tmp_path / str(option), screens=2)
            command = [sys.executable, FAKES / "run_agent.py", tmp_path / "out", server.base_url]
            child = subprocess.run(
                [*command, *([option] if option else []), "verbose"],
                env=phone.environment() | {"PYTHONPATH": python_path(version)},
                capture_output=True,
                timeout=PATIENCE_S,
            )
            assert child.returncode == 0, child.stderr
            outputs.append(re.sub(rb"\d+\.\d{3}s", b"N s", child.stdout))

    assert "不可解析".encode() in outputs[0]
    assert outputs[0] == outputs[1]


def life_cycle(name: str, version: str, tmp_path: Path, *folders: Path) -> dict[str, Any]:
    """Return what a part of the instrumentor's life looks like in a fresh process."""
    phone = FakePhone(tmp_path / "phone", screens=1)
    phone.fault(1, "offline")
    child = subprocess.run(
        [sys.executable, FAKES / "life_cycle.py", name],
        env=phone.environment() | {"PYTHONPATH": python_path(version, *folders)},
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE_S,
    )
    assert child.returncode == 0, child.stderr
    found: dict[str, Any] = json.loads(child.stdout.splitlines()[-1])
    return found


SPANS = ["step", "invoke_agent PhoneAgent"]


@pytest.mark.parametrize(("name", "is_early"), [("import_before", True), ("import_after", False)])
def test_agent_may_be_imported_before_or_after(name: str, is_early: bool, tmp_path: Path) -> None:
    """The instrumentor works with an agent that is imported already, and imports none itself."""
    assert life_cycle(name, CURRENT, tmp_path) == {"is_early": is_early, "spans": SPANS}


@pytest.mark.parametrize("version", VERSIONS)
def test_uninstrument_restores_everything(version: str, tmp_path: Path) -> None:
    """Each class and module attribute is afterwards the very object that it was before."""
    found = life_cycle("restores", version, tmp_path)

    assert found["wrapped"] == found["names"]
    assert found["changed"] == []
    assert found["spans"] == []
    assert ("get_screenshot" in found["names"]) is (version == EARLY)
    assert ("DeviceFactory.get_screenshot" in found["names"]) is (version == CURRENT)


def test_instrumentor_may_be_switched_on_and_off(tmp_path: Path) -> None:
    """Twice on is on, twice off is off, and on again is on."""
    found = life_cycle("again", CURRENT, tmp_path)

    assert found == {"twice": SPANS, "without": [], "again": SPANS}


@pytest.mark.parametrize("name", ["reloaded", "imported_anew", "autoreloaded"])
def test_agent_whose_module_is_loaded_again_is_recorded(name: str, tmp_path: Path) -> None:
    """By `reload`, from nothing, by a notebook's `%autoreload`: old and new agents are watched."""
    found = life_cycle(name, CURRENT, tmp_path, *([notebook()] if name == "autoreloaded" else []))

    assert found["new"] == SPANS
    assert found.get("old", SPANS) == SPANS
    assert found.get("is_new", True)
    assert found.get("loader", "SourceFileLoader") == "SourceFileLoader"


def notebook() -> Path:
    """Return a folder with IPython, as far as its `autoreload` needs it."""
    packages = (
        *("ipython==8.30.0", "traitlets==5.14.3", "decorator==5.1.1", "stack_data==0.6.3"),
        *("executing==2.1.0", "asttokens==3.0.0", "pure_eval==0.2.3", "pygments==2.18.0"),
        *("prompt_toolkit==3.0.48", "wcwidth==0.2.13", "pexpect==4.9.0", "ptyprocess==0.7.0"),
        *("matplotlib-inline==0.1.7", "jedi==0.19.2", "parso==0.8.4"),
    )
    return wheel_folder("ipython-8.30.0", *packages)


def test_what_came_past_the_import_is_found_by_the_next_configure(tmp_path: Path) -> None:
    """A class that was put in place by hand is not watched until somebody looks again."""
    assert life_cycle("came_past", CURRENT, tmp_path) == {"before": [], "after": SPANS}


def test_kept_wrappers_pass_calls_on(tmp_path: Path) -> None:
    """A bound method, and a wrapper on top of ours, outlive uninstrument and record nothing."""
    assert life_cycle("unwrapped", CURRENT, tmp_path) == {"is_kept": True, "spans": []}


def test_plain_program_runs_without_a_recording(tmp_path: Path) -> None:
    """The user's program that other tests record works by itself."""
    phone = FakePhone(tmp_path, screens=1)
    with ModelServer() as server:
        server.script("autoglm-phone-9b", [LAUNCH, DONE])
        child = subprocess.run(
            [sys.executable, FAKES / "main.py", "--base-url", server.base_url, "打开设置"],
            env=phone.environment() | {"PYTHONPATH": python_path(CURRENT)},
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE_S,
        )

    assert child.returncode == 0, child.stderr
    assert child.stdout.endswith("Result: 设置已打开\n")
    assert ["1", "shell", "monkey"] in [call[:3] for call in phone.calls()]
