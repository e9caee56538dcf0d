"""
mobilerun's agent, as its spans are under OpenInference's instrumentation of LlamaIndex.

All of it is a CHAIN, which is said when a span ends; a call of a model is told twice, and a picture
of the screen stands in a span of its own. `test_others_for_real` runs it (with OTEL_STEPS_FULL=1).
"""

import base64
import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from otel_steps import StepSpanProcessor, open_store, semconv
from otel_steps.foreign_spans.traces import Traces
from otel_steps.otlp.span import Span
from otel_steps.rows.mapping import batch_of
from otel_steps.rows.model import StepRow
from otel_steps.stores.sqlite.store import SqliteStore
from tests.pictures import png

MS = 10**6
START = 1_795_000_000_000_000_000
FIRST, SECOND, LAST = "1a" * 32, "2b" * 32, "3c" * 32
CALL = '<function_calls>\n<invoke name="click">\n<parameter name="index">1</parameter>\n</invoke>'
KIND = "openinference.span.kind"


def step_of_workflow(**event: Any) -> dict[str, Any]:
    arguments = {"ctx": "<workflows.context.context.Context object at 0x7f>", "ev": event}
    return {KIND: "CHAIN", "input.value": json.dumps(arguments), "output.value": "StopEvent()"}


def run(result: str, **said: Any) -> dict[str, Any]:
    inner = {"init_state": {"is_running": False, "config": {"steps": {}}}}
    return {KIND: "CHAIN", "input.value": json.dumps(inner), "output.value": result, **said}


def answered(text: str) -> dict[str, Any]:
    return {
        KIND: "LLM",
        "llm.model_name": "robot",
        "llm.input_messages.0.message.role": "user",
        "llm.input_messages.0.message.content": "**Current Request:**\n打开设置",
        "llm.output_messages.0.message.content": text,
        "llm.token_count.prompt": 9,
    }


def picture(name: str) -> dict[str, Any]:
    return {"droidrun.screenshot.mime_type": "image/png", semconv.SPAN_PICTURES: [name]}


GOAL = {"langfuse.observation.input": json.dumps({"goal": "打开设置"})}
WHOLE = {KIND: "LLM", "input.value": "{}", "output.value": "{}"}
NEVER = "ResultEvent(success={}, reason='{}', steps=2, structured_output=None)"
# Number, parent, name, begin and end in milliseconds, attributes at the end.
SHAPE: list[tuple[int, int | None, str, int, int, dict[str, Any]]] = [
    (1, None, "MobileAgent.run", 0, 90, run(NEVER.format(True, "已打开"), **GOAL)),
    (2, 1, "MobileAgent.execute_task", 1, 80, step_of_workflow(instruction="打开设置")),
    (3, 2, "FastAgent.run", 2, 79, run("StopEvent(result={'success': True})")),
    (4, 3, "FastAgent.handle_llm_input", 3, 20, step_of_workflow()),
    (5, 4, "droidrun.screenshot", 4, 5, picture(FIRST)),
    (6, 4, "OpenAILike.achat", 6, 19, WHOLE),
    (7, 6, "OpenAILike.achat", 7, 18, answered("I tap it.")),
    (8, 3, "FastAgent.handle_llm_output", 21, 22, step_of_workflow(thought="I tap it.")),
    (9, 3, "FastAgent.execute_code", 23, 30, step_of_workflow(tool_calls_repr=CALL)),
    (10, 3, "FastAgent.handle_llm_input", 31, 50, step_of_workflow()),
    (11, 10, "droidrun.screenshot", 32, 33, picture(SECOND)),
    (12, 10, "OpenAILike.achat", 34, 49, answered("Done.")),
    (13, 1, "MobileAgent.finalize", 81, 89, step_of_workflow(success=True)),
    (14, 13, "droidrun.screenshot", 82, 83, picture(LAST)),
]
SPANS = [
    Span(
        trace_id="1" * 32,
        span_id=f"{number:016x}",
        parent_span_id=None if parent is None else f"{parent:016x}",
        name=name,
        start_time_unix_nano=START + begun * MS,
        end_time_unix_nano=START + ended * MS,
        attributes=attributes,
    )
    for number, parent, name, begun, ended, attributes in SHAPE
]


def as_python_writes_it(span: Span) -> Span:
    """Return *span* as it is traced for Phoenix: events as text, and the goal not told."""
    said = {key: value for key, value in span.attributes.items() if key not in GOAL}
    arguments = json.loads(said.get("input.value", "{}"))
    if isinstance(event := arguments.get("ev"), dict):
        fields = ", ".join(f"{key}={value!r}" for key, value in event.items())
        said["input.value"] = json.dumps({**arguments, "ev": f"SomeEvent({fields})"})
    return replace(span, attributes=said)


def shown(row: StepRow) -> str | None:
    return (row.attributes or {}).get(semconv.SCREENSHOT_SHA256)


@given(st.permutations(SPANS), st.booleans())
def test_a_screen_belongs_to_the_call_that_looks_at_it(spans: list[Span], is_text: bool) -> None:
    """Whatever the order in a request; a call is one step, and what only hands on is none."""
    spans = [as_python_writes_it(each) for each in spans] if is_text else spans
    batch = batch_of([each for each, _ in Traces().told(spans)], {})

    (task,) = batch.tasks
    assert (task.agent, task.task_description) == ("MobileAgent", "打开设置")
    assert (task.status, task.result, task.model) == ("completed", "已打开", "robot")
    rows = sorted(batch.steps, key=lambda each: each.step_number)
    assert [(row.step_type, row.thinking, row.action, shown(row)) for row in rows] == [
        ("action", None, {"action": "invoke_agent", "agent": "FastAgent"}, None),
        ("thinking", "I tap it.", None, FIRST),
        ("action", None, {"action": "click", "index": 1}, None),
        ("thinking", "Done.", None, SECOND),
        ("screenshot", None, None, LAST),
    ]


def test_a_screen_from_before_an_action_is_not_shown_after_it() -> None:
    """The picture that should have been taken was not: what was seen then, nobody knows."""
    spans = [each for each in SPANS if each.attributes.get(semconv.SPAN_PICTURES) != [SECOND]]
    batch = batch_of([each for each, _ in Traces().told(spans)], {})

    assert [shown(row) for row in batch.steps if row.thinking == "Done."] == [None]


@pytest.mark.parametrize(
    ("reason", "status", "message"),
    [
        ("Device disconnected", "failed", "Device disconnected"),
        ("Reached max step count of 2 steps", "max_steps", None),
        ("Reached maximum steps (2)", "max_steps", None),
    ],
)
def test_a_run_that_says_that_it_failed_is_no_success(
    reason: str, status: str, message: str | None
) -> None:
    """Its span has no status: the result that it returned says so, and why."""
    end = {**SPANS[0].attributes, "output.value": NEVER.format(False, reason)}
    spans = [*SPANS[1:], replace(SPANS[0], attributes=end)]

    (task,) = batch_of([each for each, _ in Traces().told(spans)], {}).tasks

    assert (task.status, task.error_message, task.result) == (status, message, reason)


# What the first step has seen, and the second, by whom the requests overtake.
OVERTAKEN = {
    "the call its picture": [[7, 6], [5], [4, 8, 9, 10, 11, 12]],
    "the second step the first": [[5, 6, 7], [12], [8, 9, 10, 11, 4]],
    "a step that holds a screen": [[5, 7, 6, 4, 8, 9, 11, 12, 10], [13], [14]],
}


@pytest.mark.parametrize("requests", OVERTAKEN.values(), ids=OVERTAKEN)
def test_a_screen_that_comes_later_belongs_to_its_step(
    tmp_path: Path, requests: list[list[int]]
) -> None:
    """No step takes that of another one meanwhile; the root comes last."""
    traces, numbers = Traces(), {number for each in requests for number in each}
    rest = [each[0] for each in SHAPE if each[0] not in numbers]
    with closing(SqliteStore(tmp_path / "steps.db", screenshots=tmp_path)) as store:
        for request in [*requests, rest]:
            batch = batch_of([e for e, _ in traces.told([SPANS[each - 1] for each in request])], {})
            store.write(batch)
            store.attach(batch.steps, batch.screenshots)
        steps = store.steps("1" * 32)

    found = {(each["thinking"], each["step_type"]): each["attributes"] for each in steps}
    screens = {key: (said or {}).get(semconv.SCREENSHOT_SHA256) for key, said in found.items()}
    assert len(steps) == 5
    assert screens["I tap it.", "thinking"] == FIRST
    assert screens["Done.", "thinking"] == SECOND
    assert screens[None, "screenshot"] == LAST


def test_a_step_that_is_told_again_with_its_picture_has_it_at_once() -> None:
    """Both may wait in the journal and come to the store together."""
    traces = Traces()
    requests = [[SPANS[6]], [SPANS[5]], [SPANS[4], SPANS[3]]]
    told = [each for request in requests for each, _ in traces.told(request)]

    shown_in = [shown(row) for row in batch_of(told, {}).steps if row.thinking == "I tap it."]

    assert shown_in == [FIRST]


def test_an_agent_that_says_what_it_is_at_its_end_is_recorded_from_its_start(
    tmp_path: Path,
) -> None:
    """In process, where each span comes when it ends, the first of them a picture."""
    provider = TracerProvider(shutdown_on_exit=False)
    door = StepSpanProcessor(dir=tmp_path)
    provider.add_span_processor(door)
    tracer = provider.get_tracer("openinference.instrumentation.llama_index")
    image = base64.b64encode(png(20, 40)).decode()
    begun: dict[int, trace.Span] = {}

    def begin(number: int) -> trace.Span:
        _, parent, name, at, _, _ = SHAPE[number - 1]
        above = begun.get(parent) if parent is not None else None
        context = trace.set_span_in_context(above) if above is not None else None
        return tracer.start_span(name, context, start_time=START + at * MS)

    moments = [(row[3], 0, row[0]) for row in SHAPE] + [(row[4], 1, row[0]) for row in SHAPE]
    for at, is_end, number in sorted(moments):
        if not is_end:
            begun[number] = begin(number)
            continue
        attributes = SHAPE[number - 1][5]
        if semconv.SPAN_PICTURES in attributes:
            attributes = {"droidrun.screenshot.image_base64": image}
        begun[number].set_attributes(attributes)
        begun[number].end(START + at * MS)
    assert door.force_flush()
    provider.shutdown()

    with closing(open_store(f"sqlite:///{tmp_path / 'steps.db'}")) as store:
        (task,) = store.tasks()
        steps = store.steps(task["task_id"])
        pictures = store.screenshots(task["task_id"])
    assert (task["agent"], task["status"], len(steps)) == ("MobileAgent", "completed", 5)
    assert [bool(step["screenshot_path"]) for step in steps] == [False, True, False, True, True]
    assert {each["width"] for each in pictures} == {20}
