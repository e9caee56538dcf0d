"""
Which spans of a trace belong to a task: those that say so, and those below its steps.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from otel_steps.stores.json_object import Json

# (trace_id, span_id)
_Key = tuple[str, str]


def spans_of_task(
    task_id: str, steps: Iterable[Mapping[str, Any]], spans: Sequence[Json]
) -> list[Json]:
    """
    Return those of *spans* that belong to a task, in their order.

    A span belongs to the task that it names, else to that of its nearest ancestor: a step, the
    task span, or a span that names a task. No table holds task spans themselves; the task span is
    where the way up from a step leaves *spans*.

    Args:
        steps: Of the task; `trace_id`, `span_id` and `parent_span_id` of each are read.
        spans: Rows of `task_spans` of all traces in which the task has steps.
    """
    by_key = {(span["trace_id"], span["span_id"]): span for span in spans}
    roots: set[_Key] = set()
    for step in steps:
        roots.add((step["trace_id"], step["span_id"]))
        *_, top = _ancestors(step, by_key)
        if top not in by_key:
            roots.add(top)
    return [span for span in spans if _belongs(span, task_id, roots, by_key)]


def _belongs(span: Json, task_id: str, roots: set[_Key], by_key: Mapping[_Key, Json]) -> bool:
    for key in _ancestors(span, by_key):
        if key in roots:
            return True
        named = by_key[key]["task_id"] if key in by_key else None
        if named is not None:
            return bool(named == task_id)
    return False


def _ancestors(span: Mapping[str, Any], by_key: Mapping[_Key, Json]) -> Iterable[_Key]:
    """Yield the keys of *span* and of all above it, as far as they are known, and one beyond."""
    trace_id, span_id = span["trace_id"], span["span_id"]
    seen = set()
    parent_id = span["parent_span_id"]
    while True:
        yield trace_id, span_id
        seen.add(span_id)
        if parent_id is None or parent_id in seen:  # a broken tracer may close a circle
            return
        span_id = parent_id
        above = by_key.get((trace_id, span_id))
        parent_id = above["parent_span_id"] if above else None
