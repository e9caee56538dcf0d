"""Spans that follow GenAI's conventions say, as far as they can, what ours say."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_steps import semconv
from otel_steps.foreign_spans import told
from otel_steps.foreign_spans.operation import Operation, kind_of, operation_of
from otel_steps.foreign_spans.overheard import Overheard
from otel_steps.otlp import to_line
from otel_steps.otlp.span import Span
from otel_steps.pictures.inline import REFERENCE
from otel_steps.rows.mapping import batch_of
from otel_steps.rows.model import StepRow
from otel_steps.rows.roles import speaks_for_itself
from tests import hostile

NAME = "ab" * 32
MESSAGES = [
    {"role": "system", "parts": [{"type": "text", "content": "You are a robot."}]},
    {"role": "user", "parts": [{"type": "text", "content": "打开设置"}]},
    {
        "role": "assistant",
        "parts": [{"type": "blob", "mime_type": "image/png", "content": REFERENCE + "cd" * 32}],
    },
    {
        "role": "tool",
        "parts": [{"type": "blob", "mime_type": "image/png", "content": REFERENCE + NAME}],
    },
]
ANSWER = [
    {
        "role": "assistant",
        "parts": [
            {"type": "reasoning", "content": "The button is below."},
            {"type": "text", "content": "I tap it."},
            {"type": "tool_call", "id": "1", "name": "tap", "arguments": {"x": 500}},
        ],
        "finish_reason": "tool_calls",
    }
]


def span(operation: str, attributes: dict[str, Any] | None = None, **facts: Any) -> Span:
    return Span(
        **{
            "trace_id": "1" * 32,
            "span_id": "2" * 16,
            "parent_span_id": "3" * 16,
            "name": operation,
            "start_time_unix_nano": 10**18,
            "end_time_unix_nano": 10**18 + 250_000_000,
            "attributes": {semconv.GEN_AI_OPERATION_NAME: operation, **(attributes or {})},
            **facts,
        }
    )


def operation(foreign: Span) -> Operation:
    found = operation_of(foreign)
    assert found is not None
    return found


def step_of(foreign: Span) -> Span:
    return told.step(operation(foreign))


def task_of(foreign: Span, *calls: Span) -> Span:
    overheard = Overheard()
    for call in calls:
        overheard.hear(operation(call))
    return told.task(operation(foreign), overheard.facts())


def row_of(foreign: Span) -> StepRow:
    (row,) = batch_of([step_of(foreign)], {}).steps
    return row


@pytest.mark.parametrize("as_text", [True, False], ids=["JSON text", "value"])
def test_an_agent_says_what_it_was_asked_and_what_it_answered(as_text: bool) -> None:
    """The person's last words are the task, the agent's last ones its result."""
    told = {semconv.GEN_AI_INPUT_MESSAGES: MESSAGES, semconv.GEN_AI_OUTPUT_MESSAGES: ANSWER}
    told = {key: json.dumps(value) if as_text else value for key, value in told.items()}
    foreign = span("invoke_agent", {semconv.GEN_AI_AGENT_NAME: "Robot", **told})

    (task,) = batch_of([task_of(foreign)], {}).tasks

    assert (task.task_id, task.agent, task.status) == ("1" * 32, "Robot", "completed")
    assert (task.task_description, task.result) == ("打开设置", "I tap it.")


def test_an_agent_that_fails_is_a_failed_task() -> None:
    """With what its span says of the reason."""
    foreign = span("invoke_agent", {semconv.ERROR_TYPE: "TimeoutError"})

    (task,) = batch_of([task_of(foreign)], {}).tasks

    assert (task.status, task.error_message) == ("failed", "TimeoutError")


def test_a_model_call_is_a_step_that_thinks() -> None:
    """Reasoning and text are the thinking; the last picture asked about is the screen."""
    foreign = span(
        "chat",
        {
            semconv.GEN_AI_INPUT_MESSAGES: json.dumps(MESSAGES),
            semconv.GEN_AI_OUTPUT_MESSAGES: json.dumps(ANSWER),
            semconv.GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK: 0.1234567,
            semconv.GEN_AI_USAGE_OUTPUT_TOKENS: 74,
        },
    )

    row = row_of(foreign)

    assert (row.step_type, row.success, row.thinking) == (
        "thinking",
        True,
        "The button is below.\nI tap it.",
    )
    assert row.step_data == {"tool_calls": [{"action": "tap", "x": 500}]}
    assert row.timings == {"model_ms": 250.0, "ttft_ms": 123.457}
    assert (row.input_tokens, row.output_tokens) == (None, 74)
    assert step_of(foreign).attributes[semconv.SCREENSHOT_SHA256] == NAME


def test_an_old_picture_of_a_conversation_is_not_the_screen() -> None:
    """What the model has answered already was another screen."""
    messages = [*MESSAGES, *ANSWER, {"role": "tool", "parts": []}]

    step = step_of(span("chat", {semconv.GEN_AI_INPUT_MESSAGES: messages}))

    assert semconv.SCREENSHOT_SHA256 not in step.attributes


def test_what_an_agent_does_not_say_is_overheard() -> None:
    """The first model call says what was asked, the last one what the agent answers."""
    tool_answer = {"role": "user", "parts": [{"type": "tool_call_response", "result": 1}]}
    asked = {semconv.GEN_AI_REQUEST_MODEL: "m", semconv.GEN_AI_INPUT_MESSAGES: MESSAGES}
    calls = [
        span("chat", {**asked, semconv.GEN_AI_OUTPUT_MESSAGES: ANSWER}),
        span("execute_tool", {semconv.GEN_AI_REQUEST_MODEL: "other"}),
        span(
            "chat",
            {
                semconv.GEN_AI_INPUT_MESSAGES: [
                    {"role": "user", "parts": [{"type": "text", "content": "later"}]},
                    tool_answer,
                ],
                semconv.GEN_AI_OUTPUT_MESSAGES: [
                    {"role": "assistant", "parts": [{"type": "text", "content": "x" * 9000}]}
                ],
            },
            start_time_unix_nano=10**18 + 1,
            end_time_unix_nano=10**18 + 250_000_001,
        ),
        span("chat"),
    ]
    own = span("invoke_agent", {semconv.GEN_AI_REQUEST_MODEL: "own"})

    for heard in (calls, calls[::-1]):
        (task,) = batch_of([task_of(span("invoke_agent"), *heard)], {}).tasks
        (knows_better,) = batch_of([task_of(own, *heard)], {}).tasks
        assert (task.task_description, task.model) == ("打开设置", "m")
        assert task.result == "x" * 8000 + "…"
        assert knows_better.model == "own"


@pytest.mark.parametrize("operation", ["chat", "generate_content", "text_completion"])
def test_a_model_call_that_fails_is_a_model_error(operation: str) -> None:
    """By its status or by its `error.type`."""
    row = row_of(span(operation, status_code=2, status_message="429"))

    assert (row.success, row.error_kind, row.error_message) == (False, "model_error", "429")


@pytest.mark.parametrize(
    ("arguments", "action"),
    [
        ('{"x": 500, "y": 82}', {"action": "tap", "x": 500, "y": 82}),
        ({"x": 500}, {"action": "tap", "x": 500}),
        ('{"action": "click", "x": 1}', {"action": "click", "tool": "tap", "x": 1}),
        ('{"action": 5}', {"action": "tap"}),
        ("[1, 2]", {"action": "tap", "arguments": [1, 2]}),
        ('{"args": [], "kwargs": {"x": 5}}', {"action": "tap", "x": 5}),
        ('{"args": [1], "kwargs": {}}', {"action": "tap", "arguments": [1]}),
        ("no JSON", {"action": "tap", "arguments": "no JSON"}),
        (None, {"action": "tap"}),
    ],
)
def test_a_tool_call_is_an_action(arguments: Any, action: dict[str, Any]) -> None:
    """Named after the tool, or after what the tool was told to do."""
    attributes = {semconv.GEN_AI_TOOL_NAME: "tap", semconv.GEN_AI_TOOL_CALL_ARGUMENTS: arguments}

    row = row_of(span("execute_tool", attributes))

    assert (row.step_type, row.action) == ("action", action)
    assert (row.attributes or {})[semconv.STEP_ACTION_NAME] == action["action"]


def test_a_tool_call_has_its_result_and_its_picture() -> None:
    """A tool that takes a screenshot answers with it."""
    result = json.dumps({"ok": True, "screen": REFERENCE + NAME})
    foreign = span("execute_tool", {semconv.GEN_AI_TOOL_CALL_RESULT: result})

    row = row_of(foreign)

    assert row.action == {"action": "execute_tool"}
    assert row.action_result == json.loads(result)
    assert step_of(foreign).attributes[semconv.SCREENSHOT_SHA256] == NAME
    assert row.timings == {"action_ms": 250.0}


def test_an_agent_that_another_calls_is_an_action() -> None:
    """With what it was asked and what it answered."""
    told = {semconv.GEN_AI_INPUT_MESSAGES: MESSAGES, semconv.GEN_AI_OUTPUT_MESSAGES: ANSWER}

    row = row_of(span("invoke_agent", {semconv.GEN_AI_AGENT_NAME: "B", **told}))

    assert row.action == {"action": "invoke_agent", "agent": "B", "message": "打开设置"}
    assert row.action_result == {"message": "I tap it."}


def test_who_is_who() -> None:
    """Ours, an agent, its steps, and what is none of them."""
    ours = span("chat", {semconv.STEP_NUMBER: 1})
    made = span("chat", scope_name="otel_steps.instrumentation.phone_agent")

    assert speaks_for_itself(ours)
    assert speaks_for_itself(made)
    assert not speaks_for_itself(span("chat"))
    kinds = {
        operation: kind_of(span(operation).attributes, "")
        for operation in ("invoke_agent", "execute_tool", "chat", "embeddings")
    }
    assert kinds == {
        "invoke_agent": "agent",
        "execute_tool": "tool",
        "chat": "model",
        "embeddings": None,
    }


KEYS = [
    semconv.GEN_AI_TOOL_NAME,
    semconv.GEN_AI_TOOL_CALL_ARGUMENTS,
    semconv.GEN_AI_TOOL_CALL_RESULT,
    semconv.GEN_AI_INPUT_MESSAGES,
    semconv.GEN_AI_OUTPUT_MESSAGES,
    semconv.GEN_AI_AGENT_NAME,
    semconv.GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK,
    semconv.ERROR_TYPE,
]
parts = st.fixed_dictionaries(
    {"type": st.sampled_from(["text", "tool_call", "reasoning"])},
    optional=dict.fromkeys(("content", "name", "arguments"), hostile.clean_values),
)
messages = st.lists(
    st.fixed_dictionaries({"role": st.just("user"), "parts": st.lists(parts, max_size=2)})
    | hostile.clean_values,
    max_size=2,
)
# What only parsing brings to light.
hidden = st.sampled_from(['"\\ud800"', '{"action": "\\u0000"}', '{"a": 1e999}', "[" * 5000])
contents = hostile.clean_values | messages | messages.map(json.dumps) | hidden


@given(
    st.sampled_from(["invoke_agent", "chat", "execute_tool"]),
    st.dictionaries(st.sampled_from(KEYS), contents, max_size=4),
)
def test_any_content_becomes_a_storable_row(operation: str, attributes: dict[str, Any]) -> None:
    """Whatever stands in a convention's attribute, the span is told, and can be written down."""
    foreign = span(operation, attributes)
    step, task = step_of(foreign), task_of(foreign)

    assert to_line(step)
    assert to_line(task)
    assert len(batch_of([step], {}).steps) == 1
    assert len(batch_of([task], {}).tasks) == 1
