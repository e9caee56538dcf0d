"""Who is the root of a trace, and what becomes of the others, in whatever order they come."""

import tracemalloc
import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_steps import semconv
from otel_steps.foreign_spans.traces import Traces
from otel_steps.otlp.span import Span
from otel_steps.rows.mapping import batch_of
from otel_steps.stores.sqlite.store import SqliteStore

START = 1_795_000_000_000_000_000
MS = 1_000_000


def message(role: str, text: str) -> list[dict[str, Any]]:
    return [{"role": role, "parts": [{"type": "text", "content": text}]}]


def span(number: int, parent: int | None, name: str, start: int, end: int, **said: Any) -> Span:
    operation, _, own = name.partition(" ")
    attributes = {semconv.GEN_AI_OPERATION_NAME: operation, **said}
    attributes[semconv.GEN_AI_AGENT_NAME if operation == "invoke_agent" else "gen_ai.tool.name"] = (
        own
    )
    return Span(
        trace_id="1" * 32,
        span_id=f"{number:016x}",
        parent_span_id=None if parent is None else f"{parent:016x}",
        name=name,
        start_time_unix_nano=START + start * MS,
        end_time_unix_nano=START + end * MS,
        attributes=attributes,
    )


def asked(text: str) -> dict[str, Any]:
    return {semconv.GEN_AI_INPUT_MESSAGES: message("user", text)}


def answered(text: str) -> dict[str, Any]:
    return {semconv.GEN_AI_OUTPUT_MESSAGES: message("assistant", text)}


# A boss who says nothing himself, a clicker that he calls, and one that calls another in turn.
BELOW_A_SERVER = [
    span(1, None, "GET /", 0, 100),
    span(2, 1, "invoke_agent Boss", 1, 99),
    span(3, 2, "chat m", 2, 9, **asked("order a taxi")),
    span(4, 2, "invoke_agent Clicker", 10, 30, **asked("tap"), **answered("tapped")),
    span(5, 4, "execute_tool tap", 11, 12),
    span(6, 2, "invoke_agent Driver", 40, 80, **asked("drive")),
    span(7, 6, "invoke_agent Navigator", 41, 70),
    span(8, 7, "execute_tool route", 42, 43),
    span(9, 2, "chat m", 90, 98, **answered("taxi ordered")),
]
# The clock of the one that is called is late, or too coarse to tell.
SKEWED = [
    span(1, None, "invoke_agent Boss", 10, 20, **asked("order a taxi"), **answered("taxi ordered")),
    span(2, 1, "invoke_agent Clicker", 5, 15),
    span(3, 1, "invoke_agent Driver", 10, 16),
]
# What called them both is not among what is sent.
SIBLINGS = [
    span(2, 1, "invoke_agent Boss", 1, 9, **asked("order a taxi"), **answered("taxi ordered")),
    span(3, 1, "invoke_agent Driver", 10, 20, **asked("drive")),
    span(4, 3, "execute_tool route", 11, 12),
]
AGENTS = {
    "below a server": (BELOW_A_SERVER, {"Clicker", "Driver", "Navigator"}, 7),
    "skewed clocks": (SKEWED, {"Clicker", "Driver"}, 2),
    "siblings": (SIBLINGS, {"Driver"}, 2),
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteStore]:
    """Return a store that each example has a trace of its own in."""
    folder = tmp_path_factory.mktemp("store")
    with closing(SqliteStore(folder / "steps.db", screenshots=folder)) as opened:
        yield opened


@pytest.mark.parametrize(("spans", "called", "steps"), AGENTS.values(), ids=AGENTS)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_the_order_of_arrival_changes_nothing(
    store: SqliteStore, spans: list[Span], called: set[str], steps: int, data: st.DataObject
) -> None:
    """One task by the root, and all that it had others do as steps of it, nothing lost."""
    order = data.draw(st.permutations(spans))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(spans) - 1))))
    requests = [order[i:j] for i, j in zip([0, *cuts], [*cuts, len(order)], strict=True)]

    task, rows = _stored(store, requests)

    assert task["agent"] == "Boss"
    assert (task["task_description"], task["result"]) == ("order a taxi", "taxi ordered")
    assert task["total_steps"] == len(rows) == steps
    assert {row["action"]["agent"] for row in rows if (row["action"] or {}).get("agent")} == called
    assert sorted(row["step_number"] for row in rows) == list(range(1, steps + 1))


def _stored(
    store: SqliteStore, requests: list[list[Span]]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the one task, and its steps, of what came in *requests*, in a trace of its own."""
    traces, trace_id = Traces(), uuid.uuid4().hex
    for request in requests:
        spans = [replace(each, trace_id=trace_id) for each in request]
        store.write(batch_of([each for each, _ in traces.told(spans)], {}))
    task = store.task(trace_id)
    assert task is not None
    return task, store.steps(trace_id)


def test_a_request_that_comes_again_changes_nothing(store: SqliteStore) -> None:
    """Its answer may have been lost."""
    task, rows = _stored(store, [BELOW_A_SERVER, BELOW_A_SERVER[::-1]])

    assert (task["agent"], task["result"], len(rows)) == ("Boss", "taxi ordered", 7)


OURS = replace(
    span(3, 1, "step", 20, 30), attributes={semconv.STEP_NUMBER: 1, semconv.TASK_ID: "ours"}
)
AROUND_OURS = [
    span(1, None, "invoke_agent Boss", 0, 100),
    span(2, 1, "chat m", 1, 10, **asked("order a taxi")),
    OURS,
    span(4, 3, "chat m", 21, 29),
    span(5, 1, "execute_tool pay", 40, 50),
]


@pytest.mark.parametrize("size", [1, 2, 5])
def test_an_agent_that_calls_ours_is_a_task_beside_it(size: int) -> None:
    """Each has its own steps; a call of a model below a step of ours is a step of neither."""
    traces = Traces()
    requests = [AROUND_OURS[at : at + size] for at in range(0, 5, size)]
    told = [each for request in requests for each, _ in traces.told(request)]

    batch = batch_of(told, {})

    assert {task.task_id: task.agent for task in batch.tasks} == {"1" * 32: "Boss", "ours": None}
    assert [(step.task_id, step.step_number, int(step.span_id)) for step in batch.steps] == [
        ("1" * 32, 1, 2),
        ("ours", 1, 3),
        ("1" * 32, 2, 5),
    ]
    assert [int(each.span_id) for each in batch.spans] == [4]


def test_memory_is_bounded() -> None:
    """However many traces come, each with an agent and a model that have much to say."""
    traces = Traces()
    tracemalloc.start()
    try:
        for number in range(1000):
            agent, call = (
                replace(each, trace_id=f"{number:032x}")
                for each in (
                    span(2, None, "invoke_agent A", 0, 1, **answered(f"{number}" + "x" * 5_000)),
                    span(3, 2, "chat m", 0, 1, **asked(f"{number}" + "y" * 5_000)),
                )
            )
            traces.told([agent, call])
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    # 256 of them: of all, three times as much.
    assert held < 7 * 2**20
