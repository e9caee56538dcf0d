"""Who is the root of a trace, and what becomes of the others, in whatever order they come."""

import tempfile
import tracemalloc
from dataclasses import replace
from pathlib import Path
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


@pytest.mark.parametrize(("spans", "called", "steps"), AGENTS.values(), ids=AGENTS)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_the_order_of_arrival_changes_nothing(
    spans: list[Span], called: set[str], steps: int, data: st.DataObject
) -> None:
    """One task by the root, and all that it had others do as steps of it, nothing lost."""
    order = data.draw(st.permutations(spans))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(spans) - 1))))
    requests = [order[i:j] for i, j in zip([0, *cuts], [*cuts, len(order)], strict=True)]

    task, rows = _stored(requests)

    assert task["agent"] == "Boss"
    assert (task["task_description"], task["result"]) == ("order a taxi", "taxi ordered")
    assert task["total_steps"] == len(rows) == steps
    assert {row["action"]["agent"] for row in rows if (row["action"] or {}).get("agent")} == called
    assert sorted(row["step_number"] for row in rows) == list(range(1, steps + 1))


def _stored(requests: list[list[Span]]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the one task, and its steps, of what came in *requests*."""
    traces = Traces()
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder) / "steps.db", screenshots=Path(folder))
        try:
            for request in requests:
                store.write(batch_of([each for each, _ in traces.told(request)], {}))
            (task,) = store.tasks()
            return task, store.steps(task["task_id"])
        finally:
            store.close()


def test_a_request_that_comes_again_changes_nothing() -> None:
    """Its answer may have been lost."""
    task, rows = _stored([BELOW_A_SERVER, BELOW_A_SERVER[::-1]])

    assert (task["agent"], task["result"], len(rows)) == ("Boss", "taxi ordered", 7)


def test_memory_is_bounded() -> None:
    """However many traces come, each with an agent and a model that have much to say."""
    traces = Traces()
    tracemalloc.start()
    try:
        for number in range(1000):
            agent, call = (
                replace(each, trace_id=f"{number:032x}")
                for each in (
                    span(2, None, "invoke_agent A", 0, 1, **answered(f"{number}" + "x" * 50_000)),
                    span(3, 2, "chat m", 0, 1, **asked(f"{number}" + "y" * 50_000)),
                )
            )
            traces.told([agent, call])
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    # 256 of them, with a text of 50 kB and one that is cut, and what was made of these.
    assert held < 40 * 2**20
