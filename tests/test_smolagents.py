"""The instrumentor with the real agents of smolagents: now and the first ones it knows."""

import hashlib
import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from otel_steps import semconv
from otel_steps.pictures import sources
from tests.agents import SMOLAGENTS, SMOLAGENTS_VERSIONS, smolagents_path
from tests.commands import command
from tests.fakes.model_server import ModelServer, Reply
from tests.lanes import Ending, Lane
from tests.patience import PATIENCE_S
from tests.shared import once

FAKES = Path(__file__).parent / "fakes"


def code(thought: str, line: str) -> str:
    """Return a reply as a CodeAgent expects it."""
    return f"{thought}\n<code>\n{line}\n</code>"


def call(name: str, **arguments: Any) -> tuple[str, str]:
    """Return the call of a tool, as a model of OpenAI's makes it."""
    return name, json.dumps(arguments)


CLICK = code("点一下。", "print(click(5, 6))")
DONE = code("完成。", 'final_answer("好了")')
CALL_CLICK = Reply(text="点一下。", tool=call("click", x=5, y=6))
CALL_DONE = Reply(text="完成。", tool=call("final_answer", answer="好了"))
HELPER = call("helper", task="点一下", additional_args={})

SCRIPTS: dict[str, list[Reply | str]] = {
    "completed": [CLICK, DONE],
    "tools": [CALL_CLICK, CALL_DONE],
    "tools_unread": [Reply(text="我不知道"), CALL_DONE],
    "tools_at_once": [
        Reply(text="一起。", tool=call("click", x=1, y=2), tools=(HELPER,)),
        CALL_DONE,
    ],
    "tools_at_once_helper": [CALL_DONE],
    "managed": [code("请帮忙。", 'print(helper("点一下"))'), DONE],
    "managed_helper": [CALL_CLICK, CALL_DONE],
    "managed_fails": [Reply(text="请帮忙。", tool=HELPER), CALL_DONE],
    "managed_fails_helper": [Reply(status=500)],
    "planned": ["先点一下。", CLICK, "再说。", DONE],
    "plan_fails": [Reply(status=500)],
    "tool_error": [code("试试。", 'fail("broken")'), DONE],
    "parse_error": ["我不知道", DONE],
    "server_error": [CLICK, Reply(status=500)],
    "bad_key": [Reply(status=401)],
    "ctrl_c": [CLICK, code("停。", 'fail("ctrl-c")')],
    "max_steps": [CLICK, CLICK, "没做完"],
    "max_steps_lost": [CLICK, Reply(status=500)],
    "interrupted": [CLICK, DONE],
    "callback_fails": [CLICK, DONE],
    "full_result": [DONE],
    "structured": [json.dumps({"thought": "完成。", "code": 'final_answer("好了")'})],
    "deltas": [CLICK, DONE],
    "streamed": [CLICK, DONE],
    "stream_closed": [CLICK, DONE],
    "stream_closed_between": [CLICK, DONE],
    "stream_unread": [CLICK, DONE],
    "twice": [DONE],
    "subclass": [CLICK, DONE],
    "own_loop": [],
    "odd_steps": [DONE],
    "suppressed": [DONE],
    "broken_tracer": [DONE],
    "restored": [DONE],
}


def run_lane(version: str, folder: Path) -> Lane:
    """Run the scenarios one after the other in one process."""
    with ModelServer() as server:
        for name, replies in SCRIPTS.items():
            server.script(name, replies)
        out = folder / "out.json"
        names = (name for name in SCRIPTS if not name.endswith("_helper"))
        child = subprocess.run(
            [sys.executable, FAKES / "run_smolagents.py", out, server.base_url, *names],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": smolagents_path(version), "HF_HUB_OFFLINE": "1"},
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
        folders = [folder / version for version in SMOLAGENTS_VERSIONS]
        for each in folders:
            each.mkdir()
        with ThreadPoolExecutor(len(folders)) as pool:
            found = pool.map(run_lane, SMOLAGENTS_VERSIONS, folders)
            return dict(zip(SMOLAGENTS_VERSIONS, found, strict=True))

    return once(tmp_path_factory, "smolagents", make)


@pytest.fixture
def later(lanes: dict[str, Lane]) -> Lane:
    """Return what came of the scenarios with the later version."""
    return lanes[SMOLAGENTS]


@pytest.fixture(params=SMOLAGENTS_VERSIONS)
def lane(request: pytest.FixtureRequest, lanes: dict[str, Lane]) -> Lane:
    """Return what came of every scenario, for each version of the agents."""
    return lanes[request.param]


def test_a_task_is_recorded_in_full(lane: Lane) -> None:
    """A task that succeeds has its description, agent, model, configuration and result."""
    task = lane.task("completed")

    assert lane.results["completed"] == "好了"
    assert task[semconv.TASK_DESCRIPTION] == "打开设置"
    assert task[semconv.TASK_STATUS] == "completed"
    assert task[semconv.TASK_RESULT] == "好了"
    assert task[semconv.GEN_AI_AGENT_NAME] == "CodeAgent"
    assert task[semconv.GEN_AI_REQUEST_MODEL] == "completed"
    config = json.loads(task[semconv.TASK_CONFIG])
    assert config.pop("base_url").startswith("http://127.0.0.1:")
    assert config == {
        "agent": "smolagents.agents.CodeAgent",
        "agent_version": lane.version,
        "max_steps": 20,
        "planning_interval": None,
        "tools": ["click", "fail", "final_answer"],
        "managed_agents": [],
    }


def test_steps_of_code_have_all_that_is_told(lane: Lane) -> None:
    """The thought is told from the code; the code is the action, what it printed the result."""
    first, last = lane.steps("completed")

    assert [step[semconv.STEP_NUMBER] for step in (first, last)] == [1, 2]
    assert [step[semconv.STEP_TYPE] for step in (first, last)] == ["action", "completion"]
    assert [step[semconv.STEP_THINKING] for step in (first, last)] == ["点一下。", "完成。"]
    assert [step[semconv.STEP_FINISHED] for step in (first, last)] == [False, True]
    assert json.loads(first[semconv.STEP_ACTION]) == {
        "name": "python_interpreter",
        "arguments": {"code": "print(click(5, 6))"},
    }
    assert "clicked 5,6" in json.loads(first[semconv.STEP_ACTION_RESULT])["observations"]
    assert json.loads(last[semconv.STEP_ACTION_RESULT])["output"] == "好了"
    for step in (first, last):
        assert step[semconv.STEP_SUCCESS] is True
        assert step[semconv.GEN_AI_USAGE_INPUT_TOKENS] == 9
        assert step[semconv.GEN_AI_USAGE_OUTPUT_TOKENS] == 4
        assert step[semconv.TIMING_MODEL_MS] > 0
        assert step[semconv.TIMING_ACTION_MS] > 0


def test_steps_of_tools_have_all_that_is_told(lane: Lane) -> None:
    """The action is the tool with its arguments, so that it can be drawn."""
    first, last = lane.steps("tools")

    assert first[semconv.STEP_THINKING].startswith("点一下。")
    assert json.loads(first[semconv.STEP_ACTION]) == {
        "name": "click",
        "arguments": {"x": 5, "y": 6},
    }
    assert json.loads(first[semconv.STEP_ACTION_RESULT]) == {
        "success": True,
        "observations": "clicked 5,6",
    }
    assert last[semconv.STEP_ACTION_NAME] == "final_answer"
    assert last[semconv.STEP_TYPE] == "completion"
    assert lane.task("tools")[semconv.TASK_RESULT] == "好了"


@pytest.mark.parametrize("name", ["completed", "tools", "streamed"])
def test_the_picture_that_a_callback_adds_is_of_after_the_action(lane: Lane, name: str) -> None:
    """The next step begins with it; it is the image itself, pixel for pixel."""
    before = None
    for step in lane.steps(name):
        image = Image.new("RGB", (108, 240), (step[semconv.STEP_NUMBER] * 40, 0, 0))
        sha256 = hashlib.sha256(sources.bytes_of(image)).hexdigest()
        (after,) = json.loads(step[semconv.PICTURES])
        assert (after["role"], after["sha256"]) == ("after", sha256)
        assert step.get(semconv.SCREENSHOT_SHA256) == before
        before = sha256


@pytest.mark.parametrize("name", ["ctrl_c", "max_steps", "callback_fails", "stream_closed"])
def test_a_run_that_stops_has_what_its_last_action_led_to(lane: Lane, name: str) -> None:
    """The callback that takes the picture is called however a step ends."""
    last = [step for step in lane.steps(name) if semconv.STEP_ACTION in step][-1]

    assert [each["role"] for each in json.loads(last[semconv.PICTURES])] == ["after"]


def test_what_led_to_an_action_is_durable_before_it_is_taken(lane: Lane) -> None:
    """A process that dies in a tool leaves why it was called, and with what."""
    (step, _) = lane.step_spans("tools")
    heard = [each for each in lane.events if each["span_id"] == step["span_id"]]
    known = next(each["attributes"] for each in heard if "attributes" in each)

    assert {semconv.STEP_THINKING, semconv.STEP_ACTION} <= set(known)
    assert not {semconv.STEP_ACTION_RESULT, semconv.SCREENSHOT_SHA256} & set(known)


def test_spans_form_a_tree(lane: Lane) -> None:
    """Steps are children of their task, each call of a tool is one of its step."""
    (task,) = lane.tasks("tools")
    step, _ = lane.step_spans("tools")
    (tool,) = lane.children(step)

    assert step["parent"] == task["span_id"]
    assert tool["name"] == "execute_tool click"
    assert tool["attributes"][semconv.GEN_AI_TOOL_NAME] == "click"
    assert tool["attributes"][semconv.GEN_AI_TOOL_CALL_ID]


@pytest.mark.parametrize(
    ("name", "caller", "steps"),
    [
        ("managed", "execute_tool python_interpreter", 2),
        ("managed_fails", "execute_tool helper", 1),
    ],
)
def test_an_agent_that_works_for_another_has_a_task_below_its_step(
    lane: Lane, name: str, caller: str, steps: int
) -> None:
    """It is in the trace of its root, replaces nothing of it, and loses nothing itself."""
    (root,), (helper,) = lane.tasks(name), lane.tasks(f"{name}_helper")
    step, _ = lane.step_spans(name)
    (parent,) = (each for each in lane.spans if each["span_id"] == helper["parent"])

    assert (parent["name"], parent["parent"]) == (caller, step["span_id"])
    assert helper["attributes"][semconv.TASK_DESCRIPTION] == "点一下"
    assert helper["attributes"][semconv.GEN_AI_AGENT_NAME] == "helper"
    assert root["attributes"][semconv.TASK_DESCRIPTION] == "打开设置"
    assert root["attributes"][semconv.TASK_STATUS] == "completed"
    assert root["attributes"][semconv.TASK_RESULT] == "好了"
    assert [each["parent"] for each in lane.step_spans(f"{name}_helper")] == (
        [helper["span_id"]] * steps
    )


def test_an_agent_that_is_called_with_others_at_once_is_below_the_step(later: Lane) -> None:
    """No call is the one that the others belong to; early agents call from threads of their own."""
    (helper,) = later.tasks("tools_at_once_helper")
    step, _ = later.step_spans("tools_at_once")

    assert helper["parent"] == step["span_id"]


def test_calls_at_once_are_one_step(lane: Lane) -> None:
    """The action is the first of them, the others stand beside it; each has its span."""
    step, _ = lane.step_spans("tools_at_once")

    assert json.loads(step["attributes"][semconv.STEP_ACTION]) == {
        "name": "click",
        "arguments": {"x": 1, "y": 2},
        "others": [{"name": "helper", "arguments": {"task": "点一下", "additional_args": {}}}],
    }
    names = {each["name"] for each in lane.children(step)}
    assert {"execute_tool click", "execute_tool helper"} <= names


def test_a_plan_is_a_step_of_its_own(lane: Lane) -> None:
    """What the agent intends is thinking, told with its tokens."""
    steps = lane.steps("planned")

    assert [step[semconv.STEP_TYPE] for step in steps] == [
        *("thinking", "action", "thinking", "completion")
    ]
    assert "先点一下。" in steps[0][semconv.STEP_THINKING]
    assert steps[0][semconv.GEN_AI_USAGE_OUTPUT_TOKENS] == 4
    assert semconv.STEP_ACTION not in steps[0]
    # It leaves the screen as it is.
    (after,) = json.loads(steps[1][semconv.PICTURES])
    assert [step.get(semconv.SCREENSHOT_SHA256) for step in steps] == [
        *(None, None, after["sha256"], after["sha256"])
    ]


def test_a_thought_is_told_from_code_in_json(later: Lane) -> None:
    """A model that answers in JSON has its thinking told, too; early agents cannot read it."""
    (step,) = later.steps("structured")

    assert step[semconv.STEP_THINKING] == "完成。"


def test_a_reply_that_comes_piece_by_piece_has_its_first_one_timed(lane: Lane) -> None:
    """Tokens that such a model does not tell are not said to be none."""
    first, last = lane.steps("deltas")

    assert 0 < first[semconv.TIMING_TTFT_MS] <= first[semconv.TIMING_MODEL_MS]
    assert last[semconv.STEP_THINKING] == "完成。"
    assert semconv.GEN_AI_USAGE_INPUT_TOKENS not in first


ENDINGS = (
    Ending("completed", "completed", None, step_type="completion"),
    Ending("full_result", "completed", None, step_type="completion", steps=1),
    Ending("streamed", "completed", None, step_type="completion"),
    Ending("subclass", "completed", None, step_type="completion"),
    Ending("server_error", "failed", "model_error", "the model is overloaded", "error"),
    Ending("bad_key", "failed", "model_error", r"Incorrect key: \*\*\*$", "error", 1),
    Ending("plan_fails", "failed", "model_error", "the model is overloaded", "error", 1),
    Ending("managed_fails_helper", "failed", "model_error", "overloaded", "error", 1),
    Ending("ctrl_c", "cancelled", "interrupted", "stopped by KeyboardInterrupt"),
    Ending("interrupted", "cancelled", None, steps=1),
    Ending("max_steps", "max_steps", None, step_type="completion", steps=3),
    Ending("max_steps_lost", "max_steps", "model_error", "overloaded", "error"),
    Ending("stream_closed_between", "cancelled", None, steps=1),
    Ending("callback_fails", "failed", None, steps=1),
)


@pytest.mark.parametrize("ending", ENDINGS, ids=lambda ending: ending.name)
def test_ending_is_recorded_as_it_was(lane: Lane, ending: Ending) -> None:
    """Step and task say what happened, not what the agent believes."""
    lane.ends_as(ending)


@pytest.mark.parametrize(
    ("name", "kind", "step_type", "message"),
    [
        ("tool_error", "action_error", "action", "RuntimeError: broken"),
        ("managed_fails", "action_error", "action", "request to team member 'helper'"),
        ("parse_error", "parse_error", "error", "code snippet is invalid"),
        ("tools_unread", "parse_error", "error", "does not contain any JSON blob"),
    ],
)
def test_a_failed_step_does_not_end_the_task(
    lane: Lane, name: str, kind: str, step_type: str, message: str
) -> None:
    """The model is told of it and may try something else."""
    first, last = lane.steps(name)

    assert first[semconv.STEP_SUCCESS] is False
    assert first[semconv.STEP_ERROR_KIND] == kind
    assert first[semconv.STEP_TYPE] == step_type
    assert message in first[semconv.STEP_ERROR_MESSAGE]
    assert last[semconv.STEP_SUCCESS] is True
    assert lane.task(name)[semconv.TASK_STATUS] == "completed"


def test_reasons_are_told_where_a_task_ends_early(lane: Lane) -> None:
    """Somebody's request to stop, a callback's own error, a limit: none looks like another."""
    assert lane.task("interrupted")[semconv.TASK_ERROR_MESSAGE] == "the agent was told to stop"
    assert lane.task("callback_fails")[semconv.TASK_ERROR_MESSAGE] == "LookupError: no screen"
    assert lane.task("max_steps")[semconv.TASK_RESULT] == "没做完"
    assert "key-0123456789" not in json.dumps(lane.spans)


def test_events_are_read_as_they_were(lane: Lane) -> None:
    """A stream is the agent's own; closing it in a step does what it does without a recording."""
    assert lane.results["streamed"][-1] == "FinalAnswerStep"
    assert lane.results["stream_closed"] == ["generator ignored GeneratorExit", 1]
    assert lane.results["stream_unread"] == 0
    (step,) = lane.steps("stream_closed")
    assert step[semconv.STEP_ERROR_KIND] == "interrupted"
    assert lane.task("stream_closed")[semconv.TASK_STATUS] == "cancelled"


def test_each_run_of_an_agent_is_a_task(lane: Lane) -> None:
    """An agent that keeps one id has its second task under another one."""
    assert lane.task("twice")[semconv.TASK_RESULT] == "好了"
    assert lane.task("twice-2")[semconv.TASK_RESULT] == "好了"


def test_a_step_that_is_only_told_has_the_times_that_it_tells(lane: Lane) -> None:
    """An agent with a loop of its own, whose steps nobody sees, has them recorded all the same."""
    (span,) = lane.step_spans("own_loop")

    assert json.loads(span["attributes"][semconv.STEP_ACTION])["name"] == "click"
    assert span["start"] == 1_790_000_000_000_000_000
    assert span["end"] == 1_790_000_001_500_000_000


def test_the_agent_is_not_harmed(lane: Lane) -> None:
    """Whether telemetry is suppressed, broken or taken away, the agent does its work."""
    assert lane.results["suppressed"] == "好了"
    assert lane.results["broken_tracer"] == ["好了", "FinalAnswerStep"]
    assert not lane.tasks("suppressed")
    assert lane.results["odd_steps"] == "好了"
    assert len(lane.steps("odd_steps")) == 1
    assert lane.task("odd_steps")[semconv.TASK_STATUS] == "completed"
    restored = lane.results["restored"]
    assert "MultiStepAgent.run" in restored["during"]
    assert restored["after"] == []
    assert restored["answer"] == "好了"
    assert not lane.tasks("restored")


def test_rows_are_there_after_the_process_was_killed_in_a_tool(tmp_path: Path) -> None:
    """Nobody has changed the program; both agents and the picture are in the store and shown."""
    helper = Reply(text="点一下。", tool=call("click", x=0, y=6))
    with ModelServer() as server:
        server.script("outer", [code("请帮忙。", 'helper("点一下")')])
        server.script("inner", [CALL_CLICK, helper])
        child = subprocess.run(
            [
                *(sys.executable, "-m", "otel_steps", "run", FAKES / "smolagents_main.py"),
                server.base_url,
            ],
            env=os.environ | {"PYTHONPATH": smolagents_path(SMOLAGENTS), "HF_HUB_OFFLINE": "1"},
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE_S,
        )
    assert child.returncode == -signal.SIGKILL, child.stderr
    assert command("sync").status == 0  # a reader ships for a moment only
    tasks = {task["agent"]: task for task in command("tasks", "--json").json}
    reports = {
        agent: command("report", task["task_id"], "--format", "json").json
        for agent, task in tasks.items()
    }

    assert {agent: task["status"] for agent, task in tasks.items()} == {
        "CodeAgent": "interrupted",
        "helper": "interrupted",
    }
    assert tasks["CodeAgent"]["trace_id"] == tasks["helper"]["trace_id"]
    (outer,), (first, last) = (reports[agent]["steps"] for agent in ("CodeAgent", "helper"))
    assert [step["error_kind"] for step in (outer, first, last)] == [
        *("interrupted", None, "interrupted")
    ]
    assert last["thinking"] == "点一下。"
    assert last["action"] == {"name": "click", "arguments": {"x": 0, "y": 6}}
    assert outer["action"]["arguments"] == {"code": 'helper("点一下")'}
    roles = [(each["metadata"] or {}).get("role") for each in reports["helper"]["screenshots"]]
    assert sorted(map(str, roles)) == ["None", "after"]  # of one step, and of the next
