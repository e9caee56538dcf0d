"""
All spans of a task in columns: what a waterfall draws of them, without what they carry. Pure.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from otel_steps.rows.times import unix_nano
from otel_steps.stores.json_object import Json

_ERROR: Final = 2
_NS_PER_MS: Final = 1_000_000

_Row = Mapping[str, Any]


def span_nodes(steps: Sequence[_Row], spans: Sequence[_Row]) -> Json:
    """
    Return the spans of a task as nodes: its steps in their order, then the others.

    `parent` is the position of a node's parent among them, None at the top; a circle of parents is
    cut where it closes. `start_ms` counts from the earliest start, `step_ids` are those of the
    first nodes, and `trace` is a position in `traces`. A node that has not ended has no
    `duration_ms`; the name of a step is None.

    Args:
        steps: Rows of `task_steps`.
        spans: Rows of `task_spans` of the same task.
    """
    rows = [*steps, *spans]
    starts = [unix_nano(row["started_at"]) for row in rows]
    earliest = min(starts, default=0)
    traces = list(dict.fromkeys(row["trace_id"] for row in rows))
    numbers = {trace: number for number, trace in enumerate(traces)}
    return {
        "step_ids": [step["id"] for step in steps],
        "traces": traces,
        "trace": [numbers[row["trace_id"]] for row in rows],
        "span_id": [row["span_id"] for row in rows],
        "name": [None] * len(steps) + [span["name"] for span in spans],
        "parent": _parents(rows),
        "start_ms": [(start - earliest) / _NS_PER_MS for start in starts],
        "duration_ms": [row["duration_ms"] for row in rows],
        "is_error": [
            *(step["success"] is False for step in steps),
            *(span["status_code"] == _ERROR for span in spans),
        ],
    }


def _parents(rows: Iterable[_Row]) -> list[int | None]:
    positions: dict[tuple[str, str], int] = {}
    wanted = []
    for at, row in enumerate(rows):
        positions.setdefault((row["trace_id"], row["span_id"]), at)
        wanted.append((row["trace_id"], row["parent_span_id"]))
    parents = [positions.get(key) for key in wanted]
    _cut_circles(parents)
    return parents


def _cut_circles(parents: list[int | None]) -> None:
    # Each node is on the way up from somewhere once: what was met on an earlier way is no circle.
    way_of: dict[int, int] = {}
    for start in range(len(parents)):
        at: int | None = start
        while at is not None and at not in way_of:
            way_of[at] = start
            above = parents[at]
            if above is not None and way_of.get(above) == start:
                parents[at] = above = None
            at = above
