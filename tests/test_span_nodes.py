"""All spans of a task as nodes, whatever their tracers have made of them."""

from typing import Any

import pytest

from otel_steps.stores.span_nodes import span_nodes

START = "2026-01-01T00:00:00.000000+00:00"


def row(span_id: str, parent: str | None, *, trace: str = "t") -> dict[str, Any]:
    return {
        "id": span_id,
        "trace_id": trace,
        "span_id": span_id,
        "parent_span_id": parent,
        "name": span_id,
        "started_at": START,
        "duration_ms": 1.5,
        "status_code": 2,
        "success": True,
    }


@pytest.mark.parametrize(
    ("spans", "parents"),
    [
        ([], [None]),
        ([row("a", "step"), row("b", "a"), row("c", "gone")], [None, 0, 1, None]),
        ([row("a", "step", trace="other")], [None, None]),
        ([row("a", "b"), row("b", "a"), row("c", "a")], [None, 2, None, 1]),
        ([row("a", "a")], [None, None]),
    ],
    ids=("none", "tree", "other trace", "circle", "itself"),
)
def test_nodes_know_their_parents(spans: list[dict[str, Any]], parents: list[int | None]) -> None:
    """A parent is one of the same trace; a circle is cut, and nothing is lost."""
    nodes = span_nodes([row("step", "task")], spans)

    assert nodes["parent"] == parents
    assert nodes["is_error"] == [False] + [True] * len(spans)
    assert {
        len(column) for name, column in nodes.items() if name not in ("step_ids", "traces")
    } == {1 + len(spans)}


def test_a_task_without_anything_has_no_nodes() -> None:
    """Neither step nor span."""
    assert span_nodes([], [])["start_ms"] == []
