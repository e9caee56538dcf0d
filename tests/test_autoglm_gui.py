"""The instrumentor with the real asynchronous agents of AutoGLM-GUI: now and at first."""

import hashlib
import json
import subprocess
import sys
from base64 import b64decode
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from otel_steps import open_store, semconv
from tests.agents import ASYNC, ASYNC_VERSIONS, EARLY_ASYNC, python_path
from tests.commands import command
from tests.fakes.model_server import ModelServer, Reply
from tests.fakes.phone import FakePhone
from tests.lanes import Ending, Lane
from tests.patience import PATIENCE_S
from tests.shared import once

FAKES = Path(__file__).parent / "fakes"
BIN = Path(sys.executable).parent

LAUNCH = '当前在桌面。do(action="Launch", app="Settings")'
TAP = '点第一行。do(action="Tap", element=[500,82])'
SENSITIVE = '要付款了。do(action="Tap", element=[500,82], message="付款 10 元")'
TAKE_OVER = '需要登录。do(action="Take_over", message="请登录")'
DONE = '完成。finish(message="设置已打开")'

Scripts = Mapping[str, list[Reply | str]]

SCRIPTS: Scripts = {
    "completed": [LAUNCH, TAP, DONE],
    "server_error": [LAUNCH, Reply(status=500)],
    "bad_key": [Reply(status=401)],
    "cut": [LAUNCH, Reply(text=TAP, ending="cut")],
    "unparseable": [LAUNCH, "[{'Type': 'Type'}]"],
    "empty": [LAUNCH, ""],
    "cut_at_limit": [LAUNCH, Reply(text="[{'Type': 'Ty", finish_reason="length")],
    "unknown_action": ['do(action="Screenshot")', DONE],
    "app_not_found": ['do(action="Launch", app="No Such App")', DONE],
    "lost": [LAUNCH, DONE],
    "no_dumpsys": [LAUNCH, TAP, DONE],
    "offline": [LAUNCH, TAP, DONE],
    "offline_at_first": [LAUNCH, DONE],
    "action_kinds": [
        'do(action="Type", text="你好 \\"x\\"")',
        'do(action="Swipe", start=[500,800], end=[500,200])',
        'do(action="Back")',
        'do(action="Home")',
        'do(action="Double Tap", element=[1,2])',
        'do(action="Long Press", element=[1,2])',
        DONE,
    ],
    "ran": [LAUNCH, DONE],
    "max_steps": [LAUNCH, TAP, DONE],
    "refused": [LAUNCH, SENSITIVE],
    "confirmed": [SENSITIVE, DONE],
    "task_cancelled": [LAUNCH, TAP, DONE],
    "cancelled_in_model": [LAUNCH, TAP, DONE],
    "cancelled_between_steps": [LAUNCH, TAP, DONE],
    "closed": [LAUNCH, TAP, DONE],
    "closed_between_steps": [LAUNCH, TAP, DONE],
    "closed_before_done": [LAUNCH, DONE],
    "dropped": [LAUNCH, DONE],
    "abandoned": [LAUNCH, DONE],
    "never_read": [LAUNCH, DONE],
    "concurrent": [LAUNCH],
    "concurrent-0": [LAUNCH, TAP, DONE],
    "concurrent-1": [TAP, LAUNCH, TAP, DONE],
    "concurrent-2": [LAUNCH, DONE],
    "from_changing_tasks": [LAUNCH],
    "context": [LAUNCH, DONE],
    "suppressed": [LAUNCH, DONE],
    "restored": [LAUNCH, DONE],
    "untouched": [LAUNCH, DONE],
    "uninstrumented_meanwhile": [LAUNCH, TAP, DONE],
    "subclass": [LAUNCH, DONE],
    "own_events": [LAUNCH],
    "no_end": [LAUNCH],
    "raises": [LAUNCH],
    "odd_events": [LAUNCH],
    "no_stream": [LAUNCH],
    "not_sampled": [LAUNCH, DONE],
    "broken_tracer": [LAUNCH, DONE],
}


def tool(name: str, arguments: str) -> Reply:
    """Return a reply that calls a tool, as the agent for models with tools expects it."""
    return Reply(text="想", tool=(name, arguments))


def mai(**action: Any) -> str:
    """Return a reply in the words that the MAI agent expects."""
    call = json.dumps({"name": "mobile_use", "arguments": action})
    return f"<thinking>想</thinking><tool_call>{call}</tool_call>"


# What only the later version has: take-over that goes on, a watchdog, a tracer, and other agents.
LATER_SCRIPTS: Scripts = {
    "watchdog": [TAP],
    "takeover": [TAKE_OVER, SENSITIVE, DONE],
    "takeover_given_up": [TAKE_OVER],
    "continued_unknown": [DONE],
    "traced": [LAUNCH, DONE],
    "gemini_completed": [
        tool("launch_app", '{"app_name": "Settings"}'),
        tool("finish", '{"message": "设置已打开"}'),
    ],
    "gemini_server_error": [tool("back", "{}"), Reply(status=500)],
    "gemini_no_action": [Reply(text="我不知道")],
    "gemini_odd_action": [tool("fly", '{"far": 1}'), tool("finish", "{}")],
    "gemini_no_arguments": [tool("tap", "{")],
    "qwen_completed": [LAUNCH, DONE],
    "qwen_no_action": ["我不知道"],
    "mai_completed": [mai(action="click", coordinate=[500, 82]), mai(action="terminate")],
    "mai_server_error": [mai(action="system_button", button="back"), Reply(status=500)],
    "mai_no_action": ["我不知道"],
    "midscene_completed": [],
    "droidrun_missing": [],
}
# Their names stand for agents that one scenario runs.
NO_SCENARIO = {"concurrent-0", "concurrent-1", "concurrent-2"}

# Screenshots are counted; the later version takes one before the first step, and none for it.
FAULTS = {
    "lost": (2, "lost"),
    "no_dumpsys": (3, "no_dumpsys"),
    "offline": (3, "offline"),
    "offline_at_first": (1, "offline"),
}

# The program that the Midscene agent starts: it plans two steps and says how it went.
NPX = f"""#!{sys.executable} -IS
import sys
if "act" in sys.argv:
    head = "2026-11-24T12:00:00.000Z midscene:device-task-executor planResult "
    print(head + '{{"action": {{"type": "Tap"}}, "thought": "想", "log": "点一下"}}')
    print(head + '{{"action": {{"type": "Back"}}, "shouldContinuePlanning": false}}')
    print("Task finished, message: 好了")
"""


def scripts_of(version: str) -> Scripts:
    """Return the replies of all scenarios that *version* can go through."""
    return {**SCRIPTS, **(LATER_SCRIPTS if version == ASYNC else {})}


def run_lane(
    version: str, folder: Path, *options: str, names: tuple[str, ...] = (), **environ: str
) -> Lane:
    """Run scenarios one after the other in one process."""
    phone = FakePhone(folder / "phone", screens=4)
    for name, (step, fault) in FAULTS.items():
        phone.fault(step, fault, serial=name)  # type: ignore[arg-type]
    npx = phone.bin / "npx"
    npx.write_text(NPX, encoding="utf-8")
    npx.chmod(0o755)
    scripts = scripts_of(version)
    with ModelServer() as server:
        for name, replies in scripts.items():
            server.script(name, replies)
        out = folder / "out.json"
        child = subprocess.run(
            [
                *(sys.executable, FAKES / "run_async_agent.py", out, server.base_url, *options),
                *(names or (name for name in scripts if name not in NO_SCENARIO)),
            ],
            cwd=folder,  # the agents write logs where they run
            env=phone.environment() | {"PYTHONPATH": python_path(version), "SHELL": ""} | environ,
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
        folders = [folder / version for version in ASYNC_VERSIONS]
        for each in folders:
            each.mkdir()
        with ThreadPoolExecutor(len(folders)) as pool:
            found = pool.map(run_lane, ASYNC_VERSIONS, folders)
            return dict(zip(ASYNC_VERSIONS, found, strict=True))

    return once(tmp_path_factory, "autoglm-gui", make)


@pytest.fixture(params=ASYNC_VERSIONS)
def lane(request: pytest.FixtureRequest, lanes: dict[str, Lane]) -> Lane:
    """Return what came of every scenario, for each version of the agents."""
    return lanes[request.param]


@pytest.fixture
def later(lanes: dict[str, Lane]) -> Lane:
    """Return what came of the scenarios with the later version."""
    return lanes[ASYNC]


# --- what a task and its steps have ---------------------------------------------------------------


def test_completed_task_is_recorded_in_full(lane: Lane) -> None:
    """A task that succeeds has its description, model, device, configuration and result."""
    task = lane.task("completed")

    assert lane.results["completed"][-1][0] == "done"
    assert task[semconv.TASK_DESCRIPTION] == "打开设置"
    assert task[semconv.TASK_STATUS] == "completed"
    assert task[semconv.TASK_RESULT] == "设置已打开"
    assert task[semconv.GEN_AI_AGENT_NAME] == "AsyncGLMAgent"
    assert task[semconv.GEN_AI_REQUEST_MODEL] == "completed"
    assert task[semconv.DEVICE_ID] == "completed"
    assert task[semconv.OS_NAME] == "Android"
    assert semconv.TASK_ERROR_MESSAGE not in task
    config = json.loads(task[semconv.TASK_CONFIG])
    assert config.pop("base_url").startswith("http://127.0.0.1:")
    assert config.pop("agent") == "AutoGLM_GUI.agents.glm.async_agent.AsyncGLMAgent"
    assert config.pop("agent_version") == task[semconv.GEN_AI_AGENT_VERSION] == lane.version
    assert config == {"max_steps": 100, "lang": "cn"}


def test_steps_have_all_that_is_known(lane: Lane) -> None:
    """A step has number, thinking, action, result, app and timings, and says that it succeeded."""
    first, second, last = lane.steps("completed")

    assert [step[semconv.STEP_NUMBER] for step in (first, second, last)] == [1, 2, 3]
    assert [step[semconv.STEP_THINKING] for step in (first, second, last)] == [
        *("当前在桌面。", "点第一行。", "完成。")
    ]
    assert json.loads(first[semconv.STEP_ACTION]) == {
        "_metadata": "do",
        "action": "Launch",
        "app": "Settings",
    }
    assert json.loads(second[semconv.STEP_ACTION_RESULT])["success"] is True
    assert first[semconv.STEP_APP] == "System Home"
    assert second[semconv.STEP_APP] == "AndroidSystemSettings"
    assert [step[semconv.STEP_TYPE] for step in (first, second, last)] == [
        *("action", "action", "completion")
    ]
    assert [step[semconv.STEP_FINISHED] for step in (first, second, last)] == [False, False, True]
    assert all(step[semconv.STEP_SUCCESS] for step in (first, second, last))
    for key in ("SCREENSHOT", "TTFT", "THINKING", "MODEL", "ACTION"):
        assert second[getattr(semconv, f"TIMING_{key}_MS")] > 0


def test_step_has_the_picture_that_the_model_saw(lane: Lane) -> None:
    """The picture of a step is byte for byte the one in the request to the model."""
    sent = []
    for request in lane.requests_of("completed"):
        (url,) = (
            part["image_url"]["url"]
            for part in request["messages"][-1]["content"]
            if part["type"] == "image_url"
        )
        sent.append(hashlib.sha256(b64decode(url.partition(",")[2])).hexdigest())
    steps = lane.steps("completed")

    assert [step[semconv.SCREENSHOT_SHA256] for step in steps] == sent
    assert len(set(sent)) == 3
    assert {event["picture"] for event in lane.events if "picture" in event} >= set(sent)


def test_spans_form_a_tree(lane: Lane) -> None:
    """Steps are children of their task; model call and action are those of a step."""
    (task,) = lane.tasks("completed")
    steps = lane.step_spans("completed")
    names = [[child["name"] for child in lane.children(step)] for step in steps]

    assert {step["parent"] for step in steps} == {task["span_id"]}
    assert {step["trace_id"] for step in steps} == {task["trace_id"]}
    assert names[0] == ["chat completed", "execute_tool Launch"]
    assert names[1] == ["chat completed", "execute_tool Tap"]
    chat, tool_call = lane.children(steps[0])
    assert chat["kind"] == "CLIENT"
    assert chat["attributes"][semconv.GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK] > 0
    assert tool_call["attributes"][semconv.GEN_AI_TOOL_NAME] == "Launch"


def test_what_is_known_is_made_durable_in_time(lane: Lane) -> None:
    """The picture is durable before the model is asked, the action before the phone changes."""
    step = lane.step_spans("completed")[0]
    events = [event for event in lane.events if event["span_id"] == step["span_id"]]
    known = [set(event["attributes"]) for event in events if "attributes" in event]

    assert {semconv.SCREENSHOT_SHA256, semconv.STEP_APP} <= known[-2]
    assert semconv.STEP_ACTION not in known[-2]
    assert {semconv.STEP_THINKING, semconv.STEP_ACTION} <= known[-1]
    assert semconv.STEP_ACTION_RESULT not in known[-1]


def test_all_kinds_of_actions_succeed(lane: Lane) -> None:
    """Every action that the phone can do is recorded under its name."""
    steps = lane.steps("action_kinds")

    assert [step[semconv.STEP_ACTION_NAME] for step in steps] == [
        *("Type", "Swipe", "Back", "Home", "Double Tap", "Long Press", "finish")
    ]
    assert all(step[semconv.STEP_SUCCESS] for step in steps)


def test_the_interface_without_events_is_recorded(lane: Lane) -> None:
    """`run()` reads the stream itself, and is one task like any other."""
    assert lane.results["ran"] == "设置已打开"
    assert lane.task("ran")[semconv.TASK_STATUS] == "completed"
    assert len(lane.steps("ran")) == 2


def test_with_the_standard_switch_calls_hold_messages(tmp_path: Path) -> None:
    """What a stream, a tool call and a request with earlier screens say is told alike."""
    names = ("completed", "gemini_completed", "mai_completed")
    switch = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
    lane = run_lane(ASYNC, tmp_path, names=names, **{switch: "SPAN_ONLY"})

    told = {}
    for name in names:
        step = lane.step_spans(name)[1]
        chat = lane.children(step)[0]["attributes"]
        (answer,) = json.loads(chat[semconv.GEN_AI_OUTPUT_MESSAGES])
        asked = json.loads(chat[semconv.GEN_AI_INPUT_MESSAGES])
        screens = [
            part
            for message in asked
            for part in message["parts"]
            if part["type"] == "otel_steps.screenshot"
        ]
        told[name] = [part["content"] for part in answer["parts"]]
        # Earlier screens are not this one.
        assert len(screens) == (2 if name == "mai_completed" else 1)
        assert screens[-1]["sha256"] == step["attributes"][semconv.SCREENSHOT_SHA256]
        assert all("sha256" not in screen for screen in screens[:-1])
        assert asked[0]["role"] == "system"
    assert told["completed"] == ["点第一行。", 'do(action="Tap", element=[500,82])']
    assert told["gemini_completed"] == ["想", 'finish({"message": "设置已打开"})']
    assert "<tool_call>" in told["mai_completed"][1]


def test_app_is_known_where_only_the_model_is_told(later: Lane) -> None:
    """An agent that looks before its first step says in the request which app it saw."""
    apps = [step[semconv.STEP_APP] for step in later.steps("gemini_completed")]

    assert apps == ["System Home", "AndroidSystemSettings"]


def test_tokens_are_counted_where_the_model_tells_them(later: Lane) -> None:
    """A reply that is no stream says what it cost, in the step and in the call."""
    step = later.step_spans("gemini_completed")[0]
    for span in (step, later.children(step)[0]):
        assert span["attributes"][semconv.GEN_AI_USAGE_INPUT_TOKENS] == 9
        assert span["attributes"][semconv.GEN_AI_USAGE_OUTPUT_TOKENS] == 4
        assert span["attributes"][semconv.GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS] == 5


# --- how they end ---------------------------------------------------------------------------------


ENDINGS = (
    Ending("server_error", "failed", "model_error", "InternalServerError", "error"),
    Ending("bad_key", "failed", "model_error", "AuthenticationError", "error", 1),
    Ending("cut", "failed", "model_error", "APIConnectionError|RemoteProtocolError", "error"),
    Ending("unparseable", "failed", "parse_error", "the model's reply is not an action", "error"),
    Ending("empty", "failed", "parse_error", "the model's reply is empty", "error"),
    Ending("cut_at_limit", "failed", "parse_error", "cut at its limit of tokens", "error"),
    Ending("offline_at_first", "failed", "device_error", "Device error", "error", 1),
    Ending("raises", "failed", "action_error", r"RuntimeError: \*\*\* was not taken", "error", 1),
    Ending("refused", "cancelled", "refused", "User cancelled sensitive operation"),
    Ending("max_steps", "max_steps", None),
    Ending("task_cancelled", "cancelled", "interrupted", "stopped by .*CancelledError"),
    Ending("cancelled_in_model", "cancelled", "interrupted", "CancelledError", steps=1),
    Ending("cancelled_between_steps", "cancelled", None, steps=1),
    Ending("closed", "cancelled", "interrupted", "nobody has read", steps=1),
    Ending("closed_between_steps", "cancelled", None, steps=1),
    Ending("closed_before_done", "completed", None, step_type="completion"),
    Ending("dropped", "cancelled", "interrupted", "nobody has read", steps=1),
    Ending("lost", "completed", None, step_type="completion"),
)
LATER_ENDINGS = (
    Ending("no_dumpsys", "failed", "device_error", "No output from dumpsys", "error"),
    Ending("offline", "failed", "device_error", "not found or offline", "error"),
    Ending("gemini_completed", "completed", None, step_type="completion"),
    Ending("gemini_server_error", "failed", "model_error", "InternalServerError", "error"),
    Ending("gemini_no_action", "failed", "parse_error", "it calls no tool", "error", 1),
    Ending("gemini_odd_action", "completed", None, step_type="completion"),
    Ending("gemini_no_arguments", "failed", "parse_error", "3 consecutive times", "error", 3),
    Ending("qwen_completed", "completed", None, step_type="completion"),
    Ending("qwen_no_action", "failed", "parse_error", "not an action", "error", 1),
    Ending("mai_completed", "completed", None, step_type="completion"),
    Ending("mai_server_error", "failed", "model_error", "InternalServerError", "error"),
    Ending("mai_no_action", "failed", "parse_error", "not an action", "error", 1),
    Ending("midscene_completed", "completed", None),
    Ending("watchdog", "failed", None, steps=12),
)


@pytest.mark.parametrize("ending", ENDINGS, ids=lambda ending: ending.name)
def test_ending_is_recorded_as_it_was(lane: Lane, ending: Ending) -> None:
    """Step and task say what happened, not what the agent believes."""
    lane.ends_as(ending)

    assert (ending.kind is None) or lane.task(ending.name)[semconv.TASK_ERROR_MESSAGE]


@pytest.mark.parametrize("ending", LATER_ENDINGS, ids=lambda ending: ending.name)
def test_ending_of_other_agents_is_recorded_as_it_was(later: Lane, ending: Ending) -> None:
    """The agents for other models, and the adapters of other frameworks, tell the same."""
    later.ends_as(ending)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("unknown_action", "Unknown action: Screenshot"),
        ("app_not_found", "App not found: No Such App"),
    ],
)
def test_failed_action_does_not_end_the_task(lane: Lane, name: str, message: str) -> None:
    """A step whose action failed is a failure; the run goes on and may complete."""
    first, last = lane.steps(name)

    assert first[semconv.STEP_SUCCESS] is False
    assert first[semconv.STEP_ERROR_KIND] == "action_error"
    assert first[semconv.STEP_ERROR_MESSAGE] == message
    assert last[semconv.STEP_SUCCESS] is True
    assert lane.task(name)[semconv.TASK_STATUS] == "completed"


def test_agent_that_gives_up_without_a_step_has_one(later: Lane) -> None:
    """An error that no step has told of is a step of its own, so that it is found among them."""
    (step,) = later.steps("droidrun_missing")
    task = later.task("droidrun_missing")

    assert step[semconv.STEP_TYPE] == "error"
    assert step[semconv.STEP_SUCCESS] is False
    assert "No module named 'droidrun'" in step[semconv.STEP_ERROR_MESSAGE]
    assert task[semconv.TASK_STATUS] == "failed"
    assert task[semconv.TASK_ERROR_MESSAGE] == step[semconv.STEP_ERROR_MESSAGE]


def test_agent_that_was_told_to_stop_says_so(lane: Lane) -> None:
    """The agent calls it "Max steps reached"; the record tells the one from the other."""
    stopped, limited = lane.task("cancelled_between_steps"), lane.task("max_steps")

    assert stopped[semconv.TASK_RESULT] == limited[semconv.TASK_RESULT] == "Max steps reached"
    assert stopped[semconv.TASK_ERROR_MESSAGE] == "the agent was told to stop"
    assert semconv.TASK_ERROR_MESSAGE not in limited


def test_what_the_model_had_said_is_kept(lane: Lane) -> None:
    """A reply that was cut, or during which the agent was stopped, has its thinking so far."""
    for name in ("cut", "task_cancelled"):
        step = lane.step_spans(name)[-1]
        (chat,) = lane.children(step)

        assert step["attributes"][semconv.STEP_THINKING] == "点第一行。"
        assert chat["status"] == "ERROR"


def test_no_secret_is_recorded(lane: Lane) -> None:
    """The key is in the agent's own message, and in no span."""
    assert "key-0123456789" in json.dumps(lane.results["bad_key"])
    assert "Incorrect key: ***" in lane.steps("bad_key")[0][semconv.STEP_ERROR_MESSAGE]
    assert "key-0123456789" not in json.dumps([lane.spans, lane.events])


def test_person_is_part_of_the_record(lane: Lane) -> None:
    """A confirmation has question and answer."""
    asked = json.loads(lane.steps("confirmed")[0][semconv.STEP_DATA])["confirmation"]
    refused = json.loads(lane.steps("refused")[1][semconv.STEP_DATA])["confirmation"]

    assert (asked["message"], asked["approved"]) == ("付款 10 元", True)
    assert (refused["message"], refused["approved"]) == ("付款 10 元", False)


# --- take-over ------------------------------------------------------------------------------------


def test_task_goes_on_after_a_take_over(later: Lane) -> None:
    """Two streams with a person in between are one task, which says what the person said."""
    first, second, third = later.steps("takeover")
    data = json.loads(second[semconv.STEP_DATA])
    events, ended_meanwhile, more = later.results["takeover"]

    assert (events[-1][0], ended_meanwhile, more[-1][0]) == ("takeover", 0, "done")
    assert json.loads(first[semconv.STEP_DATA])["takeover"]["message"] == "请登录"
    assert data["continued_with"] == "我登录了"
    assert data["confirmation"]["approved"] is True
    assert [step[semconv.STEP_NUMBER] for step in (first, second, third)] == [1, 2, 3]
    assert later.task("takeover")[semconv.TASK_STATUS] == "completed"
    assert later.task("takeover")[semconv.TASK_RESULT] == "设置已打开"


def test_take_over_for_good_ends_the_task(later: Lane) -> None:
    """Reset, a new task, the end of the agent and uninstrument all end a task that waits."""
    tasks = [span["attributes"] for span in later.tasks("takeover_given_up")]

    assert later.results["takeover_given_up"] == [True, 4]
    assert {task[semconv.TASK_DESCRIPTION]: task[semconv.TASK_STATUS] for task in tasks} == {
        "by reset": "completed",
        "by a new task": "completed",
        "by the end of the agent": "completed",
        "by uninstrument": "completed",
    }


def test_going_on_with_what_nobody_recorded_is_a_task(later: Lane) -> None:
    """A task whose beginning was not seen begins where it is seen."""
    assert later.task("continued_unknown")[semconv.TASK_STATUS] == "completed"
    assert len(later.steps("continued_unknown")) == 1


# --- several agents, and what is current ----------------------------------------------------------


def test_agents_at_once_do_not_mix(lane: Lane) -> None:
    """Three agents in one loop have each their own task, steps, model calls and actions."""
    for number, names in enumerate(
        (["Launch", "Tap", "finish"], ["Tap", "Launch", "Tap", "finish"], ["Launch", "finish"])
    ):
        task_id = f"concurrent-{number}"
        (task,) = lane.tasks(task_id)
        steps = lane.step_spans(task_id)

        assert [step["attributes"][semconv.STEP_ACTION_NAME] for step in steps] == names
        assert {step["parent"] for step in steps} == {task["span_id"]}
        for step, name in zip(steps, names, strict=True):
            children = [child["name"] for child in lane.children(step)]
            assert children == [f"chat {task_id}", f"execute_tool {name}"]


def test_nothing_of_the_agent_is_current_for_its_reader(lane: Lane) -> None:
    """Between two events the reader's own span is current; the task is that span's child."""
    is_own, reader = lane.results["context"]
    (task,) = lane.tasks("context")

    assert is_own is True
    assert task["parent"] == reader


def test_events_may_be_read_from_changing_tasks(lane: Lane) -> None:
    """No context is held across a yield: each event may be read in a context of its own."""
    assert [kind for kind, _ in lane.results["from_changing_tasks"]] == ["thinking", "step", "done"]
    (step,) = lane.step_spans("from_changing_tasks")
    assert [child["name"] for child in lane.children(step)] == ["execute_tool Back"]


def test_what_nobody_reads_leaves_no_trace(lane: Lane) -> None:
    """A stream that is asked for and not read has not begun."""
    assert lane.results["never_read"] == 0
    assert lane.tasks("never_read") == []


def test_agent_is_given_another_task_while_nobody_reads_the_first(lane: Lane) -> None:
    """The first task is cancelled where the second begins, and each has its own steps."""
    first, second = sorted(lane.tasks("abandoned"), key=lambda task: task["status"] != "ERROR")
    counts = [
        sum(step["parent"] == task["span_id"] for step in lane.step_spans("abandoned"))
        for task in (first, second)
    ]

    assert first["attributes"][semconv.TASK_DESCRIPTION] == "given up"
    assert first["attributes"][semconv.TASK_STATUS] == "cancelled"
    assert second["attributes"][semconv.TASK_STATUS] == "completed"
    assert counts == [1, 2]


def test_trace_of_the_web_interface_is_named(later: Lane) -> None:
    """The id of the program's own trace is in the task's configuration, to find its files by."""
    config = json.loads(later.task("traced")[semconv.TASK_CONFIG])

    assert config["autoglm_trace_id"] == "0123456789abcdef0123456789abcdef"


# --- agents of another shape ----------------------------------------------------------------------


def test_subclass_gives_one_span_a_step(lane: Lane) -> None:
    """Overriding `stream` and calling the parent records task and steps once."""
    assert lane.task("subclass")[semconv.GEN_AI_AGENT_NAME] == "Child"
    assert len(lane.steps("subclass")) == 2


def test_agent_that_only_tells_is_recorded_by_what_it_tells(lane: Lane) -> None:
    """Events alone make steps with thinking, action, result and picture."""
    first, second = lane.steps("own_events")

    assert first[semconv.STEP_THINKING] == "想"
    assert json.loads(first[semconv.STEP_ACTION])["action"] == "Press"
    assert json.loads(first[semconv.STEP_ACTION_RESULT]) == {"success": True, "message": "嗯"}
    assert len(first[semconv.SCREENSHOT_SHA256]) == 64
    assert (first[semconv.STEP_SUCCESS], second[semconv.STEP_SUCCESS]) == (True, False)
    assert second[semconv.STEP_ERROR_MESSAGE] == "嗯"
    assert lane.task("own_events")[semconv.TASK_STATUS] == "completed"


@pytest.mark.parametrize("name", ["no_end", "no_stream", "odd_events"])
def test_agent_that_says_nothing_of_its_end_has_failed(lane: Lane, name: str) -> None:
    """No step and no word: the task is not taken for a success, and nothing is raised."""
    task = lane.task(name)

    assert task[semconv.TASK_STATUS] == "failed"
    assert task[semconv.TASK_ERROR_MESSAGE] == "the agent did not say why"
    assert lane.results["odd_events"] == [{"type": "step", "data": "?"}, "?"]


# --- the instrumentor itself ----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["suppressed", "not_sampled", "broken_tracer", "restored"])
def test_nothing_is_recorded_where_it_is_not_wanted(lane: Lane, name: str) -> None:
    """Suppressed, not sampled, broken or switched off, a run leaves no span and works as ever."""
    found = lane.results[name]
    done = found["last"] if name == "restored" else found[-1]

    assert done[0] == "done"
    assert done[1]["message"] == "设置已打开"
    assert not [span for span in lane.spans if span["attributes"].get(semconv.TASK_ID) == name]


def test_uninstrument_restores_everything(lane: Lane) -> None:
    """Each attribute of each class is afterwards the very object that it was before."""
    found = lane.results["restored"]

    assert found["during"] == found["names"]
    assert (found["left"], found["changed"]) == ([], [])
    assert "AsyncGLMAgent.__init__" in found["names"]
    assert ("AsyncAgentBase.stream" in found["names"]) is (lane.version == ASYNC)


def test_the_agent_s_objects_are_left_as_they_were(lane: Lane) -> None:
    """Nothing stays on agent, device, client or parser once a task is over."""
    assert lane.results["untouched"] is True


def test_a_task_under_way_is_recorded_to_its_end(lane: Lane) -> None:
    """Whoever takes the instrumentor away in the middle still gets the task that has begun."""
    assert lane.task("uninstrumented_meanwhile")[semconv.TASK_STATUS] == "completed"
    assert len(lane.steps("uninstrumented_meanwhile")) == 3


@pytest.mark.parametrize("version", ASYNC_VERSIONS)
def test_events_of_the_agent_are_unchanged(
    version: str, lanes: dict[str, Lane], tmp_path: Path
) -> None:
    """What the reader of an instrumented agent gets is what it gets without."""
    names = ("completed", "server_error", "unparseable", "refused", "task_cancelled", "raises")
    plain = run_lane(version, tmp_path, "--plain", names=names)

    assert plain.spans == []
    assert plain.results == {name: lanes[version].results[name] for name in names}


CONFIGURED = (
    # Imported before it is instrumented, which must not matter.
    "import runpy, AutoGLM_GUI.agents.glm.async_agent, otel_steps\n"
    "otel_steps.configure()\n"
    "runpy.run_path('async_main.py', run_name='__main__')\n"
)
WAYS = {
    "configure": [sys.executable, "-c", CONFIGURED],
    "otel-steps run": [sys.executable, "-m", "otel_steps", "run", "async_main.py"],
    "opentelemetry-instrument": [
        *(str(BIN / "opentelemetry-instrument"), sys.executable, "async_main.py")
    ],
}


@pytest.mark.parametrize("way", WAYS)
def test_each_way_in_makes_rows(way: str, tmp_path: Path) -> None:
    """A user's program is recorded without a change to it, and its steps are rows with pictures."""
    phone = FakePhone(tmp_path / "phone", screens=2)
    program = tmp_path / "async_main.py"
    program.write_bytes((FAKES / "async_main.py").read_bytes())
    with ModelServer() as server:
        server.script("lab", [LAUNCH, DONE])
        child = subprocess.run(
            [*WAYS[way], server.base_url, "lab"],
            cwd=tmp_path,
            env=phone.environment()
            | {"PYTHONPATH": python_path(EARLY_ASYNC if way == "configure" else ASYNC)}
            | {"OTEL_STEPS_DIR": str(tmp_path / "data")}
            | {"OTEL_PYTHON_DISTRO": "none", "OTEL_PYTHON_CONFIGURATOR": "none"},
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE_S,
        )
    assert child.returncode == 0, child.stderr
    assert command("sync", "--dir", tmp_path / "data").status == 0

    store = open_store(f"sqlite:///{tmp_path / 'data' / 'steps.db'}")
    (task,) = store.tasks()
    steps = store.steps(task["task_id"])
    pictures = store.screenshots(task["task_id"])
    store.close()
    assert child.stdout.splitlines()[-1] == "设置已打开"
    assert (task["status"], task["device_id"]) == ("completed", "lab")
    assert [step["thinking"] for step in steps] == ["当前在桌面。", "完成。"]
    assert [step["success"] for step in steps] == [True, True]
    assert len(pictures) == 2
