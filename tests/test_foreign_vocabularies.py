"""What each instrumentation calls an agent, a model and a tool, and where it says the rest."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from otel_steps import semconv
from otel_steps.foreign_spans.traces import Traces
from otel_steps.otlp.span import Span
from otel_steps.pictures.inline import REFERENCE
from otel_steps.rows.mapping import batch_of
from otel_steps.rows.model import Batch, StepRow, TaskRow

START = 1_795_000_000_000_000_000
NAME = "ab" * 32
SCREEN = REFERENCE + NAME


def span(name: str, attributes: dict[str, Any], number: int, **facts: Any) -> Span:
    """Return a span that begins, and ends, in the order of its number; 1 is the root."""
    return Span(
        **{
            "trace_id": "1" * 32,
            "span_id": f"{number:016x}",
            "parent_span_id": f"{1:016x}" if number > 1 else None,
            "name": name,
            "start_time_unix_nano": START + number * 10**9,
            "end_time_unix_nano": START + (number * 10**9 if number > 1 else 100 * 10**9) + 10**6,
            "attributes": attributes,
            **facts,
        }
    )


def told(*spans: Span) -> Batch:
    """Return the rows of *spans*, children before the root, as they mostly come."""
    found = [each for each, _ in Traces().told(sorted(spans, key=_end))]
    return batch_of(found, {})


def _end(span: Span) -> int:
    return span.end_time_unix_nano


def event(name: str, **attributes: Any) -> dict[str, Any]:
    named = {key.replace("__", "."): value for key, value in attributes.items()}
    return {"name": name, "time_unix_nano": START, "attributes": named}


TEXT = {"type": "text", "text": "打开设置"}
OPENINFERENCE = (
    span(
        "CodeAgent.run",
        {
            "openinference.span.kind": "AGENT",
            "input.value": json.dumps({"task": "打开设置", "stream": False}),
            "output.value": "已打开",
        },
        1,
    ),
    span(
        "Model.generate",
        {
            "openinference.span.kind": "LLM",
            "llm.model_name": "m",
            "llm.input_messages.0.message.role": "user",
            "llm.input_messages.0.message.contents.0.message_content.type": "text",
            "llm.input_messages.0.message.contents.0.message_content.text": "打开设置",
            "llm.input_messages.0.message.contents.1.message_content.type": "image",
            "llm.input_messages.0.message.contents.1.message_content.image.image.url": SCREEN,
            "llm.output_messages.0.message.role": "assistant",
            "llm.output_messages.0.message.content": "I tap it.",
            "llm.token_count.prompt": 12,
            "llm.token_count.completion": 3,
        },
        2,
    ),
    span(
        "TapTool",
        {
            "openinference.span.kind": "TOOL",
            "tool.name": "tap",
            "input.value": '{"x": 500}',
            "output.value": "ok",
        },
        3,
    ),
)
TRACELOOP = (
    span(
        "robot.workflow",
        {
            "traceloop.span.kind": "workflow",
            "traceloop.entity.name": "CodeAgent.run",
            "traceloop.entity.input": '{"task": "打开设置"}',
            "traceloop.entity.output": '"已打开"',
        },
        1,
    ),
    span(
        "openai.chat",
        {
            "llm.request.type": "chat",
            "gen_ai.request.model": "m",
            "gen_ai.prompt.0.role": "user",
            "gen_ai.prompt.0.content": json.dumps(
                [TEXT, {"type": "image_url", "image_url": {"url": SCREEN}}]
            ),
            "gen_ai.completion.0.role": "assistant",
            "gen_ai.completion.0.content": "I tap it.",
            "gen_ai.usage.prompt_tokens": 12,
            "gen_ai.usage.completion_tokens": 3,
        },
        2,
    ),
    span(
        "tap.tool",
        {
            "traceloop.span.kind": "tool",
            "traceloop.entity.name": "tap",
            "traceloop.entity.input": '{"x": 500}',
            "traceloop.entity.output": "ok",
        },
        3,
    ),
)
VERCEL = (
    span(
        "ai.generateText",
        {
            "ai.operationId": "ai.generateText",
            "ai.telemetry.functionId": "CodeAgent.run",
            "ai.model.id": "m",
            "ai.prompt": json.dumps({"prompt": "打开设置"}),
            "ai.response.text": "已打开",
        },
        1,
    ),
    span(
        "ai.generateText.doGenerate",
        {
            "ai.operationId": "ai.generateText.doGenerate",
            "ai.model.id": "m",
            "ai.prompt.messages": json.dumps(
                [{"role": "user", "content": [TEXT, {"type": "image", "image": SCREEN}]}]
            ),
            "ai.response.text": "I tap it.",
            "ai.usage.promptTokens": 12,
            "ai.usage.completionTokens": 3,
        },
        2,
    ),
    span(
        "ai.toolCall",
        {
            "ai.operationId": "ai.toolCall",
            "ai.toolCall.name": "tap",
            "ai.toolCall.args": '{"x": 500}',
            "ai.toolCall.result": "ok",
        },
        3,
    ),
)
LOONGSUITE = (
    span(
        "invoke",
        {
            "gen_ai.span.kind": "AGENT",
            "gen_ai.agent.name": "CodeAgent.run",
            "gen_ai.input.messages": [{"role": "user", "content": "打开设置"}],
            "gen_ai.output.messages": [{"role": "assistant", "content": "已打开"}],
        },
        1,
    ),
    span(
        "llm",
        {
            "gen_ai.span.kind": "LLM",
            "gen_ai.request.model": "m",
            "gen_ai.input.messages": [
                {"role": "user", "content": [TEXT, {"type": "image", "data": SCREEN}]}
            ],
            "gen_ai.output.messages": [{"role": "assistant", "content": "I tap it."}],
            "gen_ai.usage.input_tokens": 12,
            "gen_ai.usage.output_tokens": 3,
        },
        2,
    ),
    span(
        "tool",
        {
            "gen_ai.span.kind": "TOOL",
            "gen_ai.tool.name": "tap",
            "gen_ai.tool.call.arguments": '{"x": 500}',
            "gen_ai.tool.call.result": "ok",
        },
        3,
    ),
)
STRANDS = (
    span(
        "invoke_agent",
        {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "CodeAgent.run"},
        1,
        events=[
            event("gen_ai.user.message", content='[{"text": "打开设置"}]'),
            event("gen_ai.choice", message="已打开", finish_reason="end_turn"),
        ],
    ),
    span(
        "chat",
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": "m",
            "gen_ai.usage.prompt_tokens": 12,
            "gen_ai.usage.completion_tokens": 3,
        },
        2,
        events=[
            event("gen_ai.system.message", content="You are a robot."),
            event(
                "gen_ai.user.message",
                content=json.dumps(
                    [{"text": "打开设置"}, {"image": {"source": {"bytes": SCREEN}}}]
                ),
            ),
            event("gen_ai.choice", message='[{"text": "I tap it."}]', finish_reason="tool_use"),
        ],
    ),
    span(
        "execute_tool",
        {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "tap"},
        3,
        events=[
            event("gen_ai.tool.message", role="tool", content='{"x": 500}', id="1"),
            event("gen_ai.choice", message="ok", id="1"),
        ],
    ),
)
DETAILS = (
    span(
        "invoke_agent",
        {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "CodeAgent.run"},
        1,
        events=[
            event(
                "gen_ai.client.inference.operation.details",
                gen_ai__output__messages=[{"role": "assistant", "content": "已打开"}],
            )
        ],
    ),
    span(
        "chat",
        {"gen_ai.operation.name": "chat"},
        2,
        events=[
            event(
                "gen_ai.client.inference.operation.details",
                gen_ai__request__model="m",
                gen_ai__usage__input_tokens=12,
                gen_ai__usage__output_tokens=3,
                gen_ai__input__messages=[
                    {
                        "role": "user",
                        "parts": [{"type": "text", "content": "打开设置"}, {"uri": SCREEN}],
                    }
                ],
                gen_ai__output__messages=[
                    {"role": "assistant", "parts": [{"type": "text", "content": "I tap it."}]}
                ],
            )
        ],
    ),
    span(
        "execute_tool",
        {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": "tap",
            "gen_ai.tool.call.arguments": {"x": 500},
            "gen_ai.tool.call.result": "ok",
        },
        3,
    ),
)
LAMINAR = (
    span(
        "agent.run",
        {
            "lmnr.span.path": ["agent.run"],
            "lmnr.span.input": '{"task": "打开设置"}',
            "lmnr.span.output": '"已打开"',
        },
        1,
    ),
    span(
        "litellm",
        {
            "lmnr.span.type": "LLM",
            "llm.request.type": "chat",
            "gen_ai.request.model": "m",
            "gen_ai.prompt.0.role": "user",
            "gen_ai.prompt.0.content": "打开设置 " + SCREEN,
            "gen_ai.completion.0.content": "I tap it.",
            "gen_ai.usage.input_tokens": 12,
            "gen_ai.usage.output_tokens": 3,
        },
        2,
    ),
    span(
        "tap",
        {"lmnr.span.type": "TOOL", "lmnr.span.input": '{"x": 500}', "lmnr.span.output": "ok"},
        3,
    ),
)

GOOGLE = (
    span("invoke_agent A", {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "A"}, 1),
    span(
        "call_llm",
        {
            "gen_ai.system": "gcp.vertex.agent",
            "gen_ai.request.model": "m",
            "gcp.vertex.agent.llm_request": json.dumps(
                {
                    "model": "m",
                    "contents": [
                        {
                            "role": "user",
                            "parts": [
                                {"text": "打开设置"},
                                {"inline_data": {"mime_type": "image/png", "data": SCREEN}},
                            ],
                        }
                    ],
                }
            ),
            "gcp.vertex.agent.llm_response": json.dumps(
                {
                    "content": {
                        "role": "model",
                        "parts": [
                            {"text": "I tap it.", "thought": True},
                            {"function_call": {"name": "tap", "args": {"x": 500}}},
                        ],
                    }
                }
            ),
            "gen_ai.usage.input_tokens": 12,
            "gen_ai.usage.output_tokens": 3,
        },
        2,
    ),
    span(
        "execute_tool tap",
        {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": "tap",
            "gcp.vertex.agent.llm_request": "{}",
            "gcp.vertex.agent.tool_call_args": '{"x": 500}',
            "gcp.vertex.agent.tool_response": "ok",
        },
        3,
    ),
)


@pytest.mark.parametrize(
    "spans",
    [OPENINFERENCE, TRACELOOP, VERCEL, LOONGSUITE, STRANDS, DETAILS, LAMINAR],
    ids=["OpenInference", "Traceloop", "Vercel", "LoongSuite", "Strands", "details", "Laminar"],
)
def test_every_vocabulary_tells_the_same_run(spans: tuple[Span, ...]) -> None:
    """Asked, thought, done and answered, with the screen, the model and what it used."""
    batch = told(*spans)

    (task,) = batch.tasks
    asked = (task.task_description or "").removesuffix(" " + SCREEN)
    assert (asked, task.result, task.status) == ("打开设置", "已打开", "completed")
    assert (task.agent in ("CodeAgent.run", "agent.run"), task.model) == (True, "m")
    thought, done = batch.steps
    assert (thought.step_number, thought.step_type) == (1, "thinking")
    assert thought.thinking == "I tap it."
    assert (thought.attributes or {})[semconv.SCREENSHOT_SHA256] == NAME
    assert (thought.input_tokens, thought.output_tokens) == (12, 3)
    assert (done.step_number, done.action) == (2, {"action": "tap", "x": 500})
    assert done.action_result == "ok"


def row_of(*spans: Span) -> StepRow:
    (row,) = told(span("invoke_agent", AGENT, 1), *spans).steps
    return row


def task_of(*spans: Span) -> TaskRow:
    (task,) = told(*spans).tasks
    return task


AGENT = {"gen_ai.operation.name": "invoke_agent"}
TOOL = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "tap"}


def test_googles_kit_tells_by_its_own_attributes() -> None:
    """The messages of Gemini, and what a tool was given and gave back."""
    batch = told(*GOOGLE)

    (task,) = batch.tasks
    thought, done = batch.steps
    assert task.task_description == "打开设置"
    assert thought.thinking == "I tap it."
    assert (thought.attributes or {})[semconv.SCREENSHOT_SHA256] == NAME
    assert thought.step_data == {"tool_calls": [{"action": "tap", "x": 500}]}
    assert (done.action, done.action_result) == ({"action": "tap", "x": 500}, "ok")


@pytest.mark.parametrize("key", ["session.id", "gen_ai.conversation.id"])
def test_what_belongs_to_one_conversation_is_one_session(key: str) -> None:
    """Its tasks are found together."""
    assert task_of(span("invoke_agent", AGENT | {key: "s1"}, 1)).session == "s1"


def test_an_exception_says_why() -> None:
    """Most languages record it and leave the status without words."""
    failed = event("exception", exception__type="ValueError", exception__message="no such button")

    row = row_of(span("tap", TOOL, 2, status_code=2, events=[failed]))

    assert (row.success, row.error_message) == (False, "ValueError: no such button")


@pytest.mark.parametrize(
    "call",
    [
        {"type": "tool_call", "name": "tap", "arguments": {"x": 5}},
        {"type": "tool_use", "name": "tap", "input": {"x": 5}},
        {"toolUse": {"name": "tap", "input": {"x": 5}}},
        {"type": "function", "function": {"name": "tap", "arguments": '{"x": 5}'}},
        {"type": "tool-call", "toolName": "tap", "args": {"x": 5}},
        {"functionCall": {"name": "tap", "args": {"x": 5}}},
    ],
    ids=["GenAI", "Anthropic", "Bedrock", "OpenAI", "Vercel", "Gemini"],
)
@pytest.mark.parametrize("is_beside", [True, False], ids=["beside the content", "in it"])
def test_what_a_model_asks_for_is_known_in_any_shape(call: dict[str, Any], is_beside: bool) -> None:
    """Libraries write their own messages into the conventions' attribute."""
    answer = {"role": "assistant", "content": [] if is_beside else [call]}
    answer |= {"tool_calls": [call]} if is_beside else {}

    row = row_of(
        span("chat", {"gen_ai.operation.name": "chat", "gen_ai.output.messages": [answer]}, 2)
    )

    assert row.step_data == {"tool_calls": [{"action": "tap", "x": 5}]}


CALL = "llm.output_messages.0.message.tool_calls.0.tool_call.function"
POINTED = {"type": "click", "x": 3, "y": 4}


@pytest.mark.parametrize(
    "said",
    [
        {
            f"{CALL}.name": "computer_call",
            f"{CALL}.arguments": json.dumps({"action": "click", **POINTED}),
        },
        {f"{CALL}.name": "computer_call", f"{CALL}.arguments": json.dumps(POINTED)},
        {"gen_ai.output.messages": [{"type": "computer_call", "action": POINTED}]},
        {"gen_ai.output.messages": [{"type": "computer_call", "actions": [POINTED]}]},
    ],
    ids=["OpenInference", "OpenInference's type", "an item", "an item of several"],
)
def test_what_the_host_is_to_do_is_the_action_of_the_step(said: dict[str, Any]) -> None:
    """A computer call has no span of its own."""
    row = row_of(span("responses", {"openinference.span.kind": "LLM", **said}, 2))

    assert (row.action or {})["action"] == "click"
    assert {key: (row.action or {})[key] for key in ("x", "y")} == {"x": 3, "y": 4}


def test_the_items_of_one_answer_are_one_message() -> None:
    """OpenAI's Responses API: thought, said and asked for, beside each other."""
    items = [
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "It is red."}]},
        {"role": "assistant", "content": [{"type": "output_text", "text": "I tap it."}]},
        {"type": "function_call", "name": "tap", "arguments": '{"x": 5}'},
    ]
    chat = {"gen_ai.operation.name": "chat", "gen_ai.output.messages": json.dumps(items)}

    row = row_of(span("chat", chat, 2))

    assert (row.thinking, row.step_data) == (
        "It is red.\nI tap it.",
        {"tool_calls": [{"action": "tap", "x": 5}]},
    )


ASKED = {"messages": [{"role": "user", "content": "order a taxi"}]}
AROUND = {
    "a chain": {"openinference.span.kind": "CHAIN", "input.value": "order a taxi"},
    "a graph": {
        "openinference.span.kind": "CHAIN",
        "input.value": '{"messages": [{"type": "human", "content": "order a taxi"}]}',
    },
    "objects of LangChain": {
        "traceloop.span.kind": "workflow",
        "traceloop.entity.input": json.dumps(
            {
                "inputs": {
                    "messages": [{"lc": 1, "kwargs": {"type": "human", "content": "order a taxi"}}]
                }
            }
        ),
    },
    "an entry": {"gen_ai.span.kind": "ENTRY", "gen_ai.input.messages": json.dumps(ASKED)},
}


@pytest.mark.parametrize("around", AROUND.values(), ids=AROUND)
def test_what_a_trace_is_done_in_knows_what_for(around: dict[str, Any]) -> None:
    """Whether or not it is an agent itself; the model is asked something else."""
    other = {"gen_ai.input.messages": [{"role": "user", "content": "tap"}]}

    task = task_of(span("around", around, 1), span("chat", {**CHAT, **other}, 2))

    assert task.task_description == "order a taxi"


@pytest.mark.parametrize(("key", "shown"), [("screenshot", NAME), ("llm.history", None)])
def test_a_picture_may_be_an_attribute_of_its_own(key: str, shown: str | None) -> None:
    """As who instruments a loop of his own adds it; what was said before is not the screen now."""
    row = row_of(span("tap", TOOL | {key: SCREEN}, 2))

    assert (row.attributes or {}).get(semconv.SCREENSHOT_SHA256) == shown


def test_what_a_tool_was_given_may_stand_in_messages() -> None:
    """As Strands has it by today's conventions."""
    given = {"type": "tool_call", "name": "tap", "arguments": {"x": 5}}
    gave = {"type": "tool_call_response", "response": "tapped"}
    details = "gen_ai.client.inference.operation.details"
    events = (
        event(details, gen_ai__input__messages=[{"role": "tool", "parts": [given]}]),
        event(details, gen_ai__output__messages=[{"role": "tool", "parts": [gave]}]),
    )

    row = row_of(span("tap", TOOL, 2, events=events))

    assert ((row.action or {})["x"], row.action_result) == (5, "tapped")


def test_what_only_holds_steps_together_is_none() -> None:
    """A chain with a step somewhere below it, however far; one without is a step itself."""
    chain = {"openinference.span.kind": "CHAIN", "output.value": "done"}
    batch = told(
        span("run", {"openinference.span.kind": "AGENT"}, 1),
        span("Step 1", chain, 2, end_time_unix_nano=START + 90 * 10**9),
        span("http", {}, 3, parent_span_id=f"{2:016x}", end_time_unix_nano=START + 80 * 10**9),
        span("tap", {"openinference.span.kind": "TOOL"}, 4, parent_span_id=f"{3:016x}"),
        span("prompt", chain, 5),
    )

    assert [step.action for step in batch.steps] == [{"action": "tap"}, {"action": "prompt"}]
    assert [each.name for each in batch.spans] == ["http", "Step 1"]


def test_both_sides_of_a_call_over_mcp_are_one_step() -> None:
    """The client's; the server's is part of the waterfall."""
    called = {**TOOL, "mcp.method.name": "tools/call"}
    batch = told(
        span("invoke_agent", AGENT, 1),
        span("tools/call tap", called, 2, kind=3),
        span("tools/call tap", called, 3, kind=2, parent_span_id=f"{2:016x}"),
    )

    assert [row.span_id for row in batch.steps] == [f"{2:016x}"]


def test_a_trace_that_no_vocabulary_knows_is_listed() -> None:
    """By its root, without a status: nothing that was acknowledged is invisible."""
    batch = told(span("GET /cart", {}, 1), span("SELECT", {}, 2))

    (task,) = batch.tasks
    assert (task.task_id, task.task_description, task.status) == ("1" * 32, "GET /cart", None)
    assert [each.name for each in batch.spans] == ["SELECT", "GET /cart"]


def test_a_call_without_an_agent_is_a_task_of_one_step() -> None:
    """Named after what was asked."""
    asked = [{"role": "user", "content": "hi"}]
    chat = {"gen_ai.operation.name": "chat", "gen_ai.input.messages": asked}

    batch = told(span("chat", chat, 1))

    assert [task.task_description for task in batch.tasks] == ["hi"]
    assert [step.step_number for step in batch.steps] == [1]


def test_a_workflow_that_says_nothing_has_what_its_agents_say() -> None:
    """The name and the question are those of the first, the answer is that of the last."""
    workflow = span("run", {"gen_ai.operation.name": "invoke_workflow"}, 1)
    talks = [("A", "order a taxi", "B does it"), ("B", "call one", "taxi ordered")]
    agents = [
        span(
            "invoke_agent",
            AGENT
            | {"gen_ai.agent.name": name}
            | {"gen_ai.input.messages": json.dumps([{"role": "user", "content": question}])}
            | {"gen_ai.output.messages": json.dumps([{"role": "assistant", "content": answer}])},
            number,
        )
        for number, (name, question, answer) in enumerate(talks, start=2)
    ]

    task = task_of(workflow, *agents)

    assert (task.agent, task.task_description, task.result) == ("A", "order a taxi", "taxi ordered")


AS_TEXT = {
    "a choice": (
        {"gen_ai.operation.name": "chat"},
        [event("gen_ai.choice", message='{"role": "assistant", "content": "I tap."}')],
    ),
    "an operation in capitals": (
        {
            "gen_ai.operation.name": "CHAT",
            "gen_ai.output.messages": '[{"role": "assistant", "content": "I tap."}]',
        },
        [],
    ),
    "messages of OpenInference": (
        {
            "openinference.span.kind": "LLM",
            "llm.output_messages": '[{"message": {"role": "assistant", "content": "I tap."}}]',
        },
        [],
    ),
    "a plan": (
        {
            "gen_ai.operation.name": "plan",
            "gen_ai.output.messages": '[{"role": "assistant", "content": "I tap."}]',
        },
        [],
    ),
}


@pytest.mark.parametrize(("said", "events"), AS_TEXT.values(), ids=AS_TEXT)
def test_what_a_model_says_is_found_in_other_spellings(
    said: dict[str, Any], events: list[dict[str, Any]]
) -> None:
    """As some senders write it: JSON as text, capitals, a plan without a call of its own."""
    batch = told(span("agent", AGENT, 1), span("chat", said, 2, events=tuple(events)))

    assert [(row.step_type, row.thinking) for row in batch.steps] == [("thinking", "I tap.")]


FAILED: dict[str, Any] = {"status_code": 2, "status_message": "no taxi"}
AT_LIMIT: dict[str, Any] = {"status_code": 2, "status_message": "Max turns exceeded: {'n': 3}"}
CHAT = {"gen_ai.operation.name": "chat"}
ANSWERED = {"gen_ai.output.messages": '[{"role": "assistant", "parts": ["sorry"]}]'}
# What the root says, what stands below it, and how the task ended.
ENDINGS: dict[str, tuple[dict[str, Any], list[tuple[dict[str, Any], dict[str, Any]]], str]] = {
    "the last agent failed": ({}, [(AGENT, {}), (AGENT, FAILED)], "failed"),
    "an earlier one failed": ({}, [(AGENT, FAILED), (AGENT, {})], "completed"),
    "the root went on": ({}, [(AGENT, FAILED), (CHAT, {})], "completed"),
    "the root answered": (ANSWERED, [(AGENT, FAILED)], "completed"),
    "at its limit": ({}, [(AGENT, AT_LIMIT)], "max_steps"),
}


@pytest.mark.parametrize(("said", "inner", "status"), ENDINGS.values(), ids=ENDINGS)
def test_a_root_that_says_nothing_ended_as_its_last_agent(
    said: dict[str, Any], inner: list[tuple[dict[str, Any], dict[str, Any]]], status: str
) -> None:
    """OpenAI's agents stand in a workflow that went well whatever they did."""
    below = [span("inner", what, at, **how) for at, (what, how) in enumerate(inner, start=2)]

    task = task_of(span("workflow", AGENT | said, 1), *below)

    assert (task.status, task.error_message) == (status, "no taxi" if status == "failed" else None)


@pytest.mark.parametrize(
    "how",
    [
        {"status_message": "GraphRecursionError('Recursion limit of 25 reached')"},
        {"attributes": AGENT | {"error.type": "agents.exceptions.MaxTurnsExceeded"}},
        {"status_message": "langgraph.errors.GraphRecursionError: Recursion limit"},
    ],
)
def test_a_limit_of_steps_is_no_failure(how: dict[str, Any]) -> None:
    """Libraries raise it; which one did is in the class of the error or in its words."""
    agent = replace(span("agent", AGENT, 1, status_code=2), **how)

    assert task_of(agent).status == "max_steps"


def test_an_agent_below_a_web_server_is_the_task() -> None:
    """Whatever called it is no agent."""
    task = task_of(
        span("POST /run", {}, 1, kind=2), span("invoke", AGENT | {"gen_ai.agent.name": "A"}, 2)
    )

    assert (task.agent, task.status) == ("A", "completed")


USAGE = [
    ("cache_read.input_tokens", {"gen_ai.operation.name": "chat"}, "gen_ai.usage.", [
        "cache_read.input_tokens", "cache_read_input_tokens", "details.cache_read_tokens",
    ]),
    ("cache_write.input_tokens", {"gen_ai.operation.name": "chat"}, "gen_ai.usage.", [
        "cache_write.input_tokens", "cache_creation.input_tokens", "cache_creation_input_tokens",
    ]),
    ("reasoning.output_tokens", {"gen_ai.operation.name": "chat"}, "gen_ai.usage.", [
        "reasoning.output_tokens", "reasoning_tokens",
    ]),
    ("image.input_tokens", {"gen_ai.operation.name": "chat"}, "gen_ai.usage.", [
        "image.input_tokens",
    ]),
    ("cache_read.input_tokens", {"llm.request.type": "chat"}, "gen_ai.usage.", [
        "cache_read_input_tokens",
    ]),
    ("cache_read.input_tokens", {"openinference.span.kind": "LLM"}, "llm.token_count.", [
        "prompt_details.cache_read",
    ]),
    ("reasoning.output_tokens", {"openinference.span.kind": "LLM"}, "llm.token_count.", [
        "completion_details.reasoning",
    ]),
    ("cache_read.input_tokens", {"ai.operationId": "ai.generateText.doGenerate"}, "ai.usage.", [
        "cachedInputTokens", "inputTokenDetails.cacheReadTokens",
    ]),
    ("cache_write.input_tokens", {"ai.operationId": "ai.generateText.doGenerate"}, "ai.usage.", [
        "inputTokenDetails.cacheWriteTokens",
    ]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "call", "key"),
    [(name, call, prefix + key) for name, call, prefix, keys in USAGE for key in keys],
)
def test_what_a_call_used_has_one_name(name: str, call: dict[str, Any], key: str) -> None:
    """Whatever the library calls what was in the cache, and what was reasoning."""
    (told_call, *_) = [
        each for each, _ in Traces().told([span("chat", call | {key: 7}, 2)]) if each.name == "chat"
    ]

    assert told_call.attributes[f"gen_ai.usage.{name}"] == 7


def test_messages_kept_elsewhere_are_pointed_at_and_not_fetched(tmp_path: Path) -> None:
    """An address is somebody else's word, and may name a file of this machine."""
    kept = tmp_path / "output.json"
    kept.write_text('[{"role": "assistant", "parts": [{"type": "text", "content": "secret"}]}]')
    call = {
        "gen_ai.operation.name": "chat",
        "gen_ai.input.messages_ref": "s3://bucket/input.json",
        "gen_ai.output.messages_ref": kept.as_uri(),
    }
    said = {"gen_ai.input.messages": [{"role": "user", "content": "打开设置"}]}

    row, half = row_of(span("chat", call, 2)), row_of(span("chat", call | said, 2))

    assert row.thinking is None
    assert row.step_data == {
        "kept_elsewhere": {
            "gen_ai.input.messages_ref": "s3://bucket/input.json",
            "gen_ai.output.messages_ref": kept.as_uri(),
        }
    }
    assert half.step_data == {"kept_elsewhere": {"gen_ai.output.messages_ref": kept.as_uri()}}
    assert (row.attributes or {})["gen_ai.output.messages_ref"] == kept.as_uri()


ADDRESS = "gs://pictures/1.png"
PICTURE_PARTS = {
    "uri": {"type": "uri", "modality": "image", "mime_type": "image/png", "uri": ADDRESS},
    "openai": {"type": "image_url", "image_url": {"url": ADDRESS}},
    "openai responses": {"type": "input_image", "image_url": ADDRESS},
    "openinference": {"type": "image", "image": {"image": {"url": ADDRESS}}},
    "anthropic": {"type": "image", "source": {"type": "url", "url": ADDRESS}},
}


@pytest.mark.parametrize("name", PICTURE_PARTS)
def test_pictures_kept_elsewhere_are_pointed_at(name: str) -> None:
    """Whoever looks at the step finds the address; an older picture is not the screen now."""
    old = {"type": "image_url", "image_url": {"url": "https://pictures.example/0.png"}}
    asked = [
        {"role": "user", "content": [old]},
        {"role": "assistant", "content": "done"},
        {"role": "user", "content": [TEXT, PICTURE_PARTS[name]]},
    ]
    call = {"gen_ai.operation.name": "chat", "gen_ai.input.messages": json.dumps(asked)}

    row = row_of(span("chat m", call, 2))

    assert row.step_data == {"kept_elsewhere": {"pictures": [ADDRESS]}}
    assert semconv.SCREENSHOT_SHA256 not in (row.attributes or {})


def test_what_others_have_judged_stands_below_what_it_is_about() -> None:
    """Of a task as of a step: the row of a task has no place for events."""
    verdict = event(
        "gen_ai.evaluation.result",
        gen_ai__evaluation__name="Relevance",
        gen_ai__evaluation__score__value=4.0,
    )
    agent, call, tool = OPENINFERENCE
    judged = [replace(agent, events=[verdict]), replace(call, events=[verdict, verdict]), tool]

    once, twice = told(*judged), told(*judged, *map(replace, judged))

    assert [(each.parent_span_id, each.name) for each in once.spans] == [
        (call.span_id, "evaluation Relevance"),
        (call.span_id, "evaluation Relevance"),
        (agent.span_id, "evaluation Relevance"),
    ]
    assert all(
        (each.attributes or {})["gen_ai.evaluation.score.value"] == 4.0 for each in once.spans
    )
    assert {each.span_id for each in twice.spans} == {each.span_id for each in once.spans}
    assert len(once.tasks) == len(once.steps) - 1 == 1
