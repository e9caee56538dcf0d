"""Rows become spans again, which become the same rows."""

from dataclasses import asdict, replace
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from otel_steps import semconv
from otel_steps.otlp import from_line, to_line
from otel_steps.otlp.span import Span
from otel_steps.rows.mapping import batch_of
from otel_steps.rows.model import Batch
from otel_steps.rows.unmapping import spans_of
from tests import hostile
from tests.test_mapping import OURS, PICTURE, SECOND, SHA256, START, a_span, a_step, a_task

MICROSECOND = 1000
TASK = a_task(
    {
        semconv.TASK_DESCRIPTION: "打开相机",
        semconv.TASK_STATUS: "failed",
        semconv.TASK_ERROR_MESSAGE: "no",
        semconv.TASK_CONFIG: '{"max_steps":3}',
        semconv.GEN_AI_AGENT_NAME: "PhoneAgent",
        semconv.DEVICE_ID: "emulator-5554",
        semconv.SESSION_ID: "chat-17",
        semconv.GEN_AI_CONVERSATION_ID: "chat-17",
    },
    span_id="a" * 16,
    name="invoke_agent PhoneAgent",
    status_code=2,
    status_message="no",
    resource={"service.name": "x"},
)
STEP = a_step(
    {
        semconv.TASK_ID: "task-1",
        semconv.STEP_TYPE: "action",
        semconv.STEP_THINKING: "想",
        semconv.STEP_ACTION: '{"action":"Tap","element":[1,2]}',
        semconv.STEP_ACTION_RESULT: '{"success":false}',
        semconv.STEP_SUCCESS: False,
        semconv.STEP_ERROR_KIND: "action_error",
        semconv.STEP_ERROR_MESSAGE: "App not found: X",
        semconv.STEP_APP: "微信",
        semconv.TIMING_MODEL_MS: 12.5,
        semconv.GEN_AI_REQUEST_MODEL: "m",
        semconv.GEN_AI_USAGE_INPUT_TOKENS: 7,
        semconv.GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS: 5,
        semconv.SCREENSHOT_SHA256: SHA256,
        "own": ["kept", 1],
    },
    parent_span_id="a" * 16,
    status_code=2,
    status_message="another word",
    events=[{"name": "exception", "time_unix_nano": START, "attributes": {"a": 1}}],
    resource={"service.name": "x"},
)
CHILD = a_span(
    {semconv.TASK_ID: "task-1", "gen_ai.tool.name": "Tap"},
    span_id="c" * 16,
    parent_span_id=STEP.span_id,
    name="execute_tool Tap",
    kind=3,
    links=[{"trace_id": "1" * 32, "span_id": "2" * 16, "attributes": {}}],
    scope_name="a scope",
    scope_version="1.2",
)


def in_microseconds(span: Span) -> Span:
    return replace(
        span,
        start_time_unix_nano=span.start_time_unix_nano // MICROSECOND * MICROSECOND,
        end_time_unix_nano=span.end_time_unix_nano // MICROSECOND * MICROSECOND,
    )


def back(batch: Batch, **task: Any) -> list[Span]:
    row = asdict(batch.tasks[0]) | task
    return spans_of(row, [asdict(step) for step in batch.steps], [asdict(s) for s in batch.spans])


def test_spans_come_back_as_they_were() -> None:
    """Names, parents, kinds, times, events and all attributes of a whole task."""
    spans = [in_microseconds(span) for span in (TASK, STEP, CHILD)]

    [task, step, child] = back(batch_of(spans, {SHA256: PICTURE}))

    assert task == spans[0]
    assert dict(step.attributes) == dict(spans[1].attributes)
    assert replace(step, attributes={}) == replace(
        spans[1], attributes={}, events=[dict(spans[1].events[0])]
    )
    # A row of `task_spans` has no resource: it is that of the task.
    assert child == replace(spans[2], resource={"service.name": "x"}, events=[])


def test_a_task_in_flight_stays_open() -> None:
    """What has not ended has no end in OTLP either."""
    spans = [replace(TASK, end_time_unix_nano=0), replace(STEP, end_time_unix_nano=0)]

    assert all(span.is_open for span in back(batch_of(spans, {})))


def test_rows_of_other_recorders_get_ids() -> None:
    """A row that was never a span becomes one, with the same ids each time, below its task."""
    batch = batch_of([TASK, STEP], {})
    no_ids = {"trace_id": None, "span_id": None, "parent_span_id": None, "started_at": None}
    step = asdict(batch.steps[0]) | no_ids | {"ended_at": None, "duration_ms": 1500}
    task = asdict(batch.tasks[0]) | {"trace_id": None}

    first, second = spans_of(task, [step], []), spans_of(task, [step], [])

    assert first == second
    assert first[1].parent_span_id == first[0].span_id
    assert (len(first[0].trace_id), len(first[1].span_id)) == (32, 16)
    assert first[1].trace_id == first[0].trace_id
    assert first[1].end_time_unix_nano - first[1].start_time_unix_nano == 3 * SECOND // 2


@example({semconv.STEP_DATA: []})
@given(
    st.dictionaries(st.sampled_from(OURS) | hostile.clean_texts, hostile.clean_values, max_size=8)
)
def test_what_was_a_step_gives_the_same_row_again(attributes: dict[str, Any]) -> None:
    """Whatever a step held, its row survives the way out and back in, as an OTLP line."""
    first = batch_of([in_microseconds(a_step(attributes))], {})

    [_, step] = back(first)
    [read] = from_line(to_line(step))

    assert batch_of([read], {}).steps == first.steps
