"""
Rows to spans: the way back from `mapping`, for backends that speak OTLP. Pure.

A row keeps all that its span said, so the spans of a task, mapped once more, give the same rows.
Two things are no longer known: nanoseconds (rows have microseconds), and the id of a task's span,
which is that of its steps' parent. Rows of other recorders, which knew no spans, get ids of their
own, the same each time.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from otel_steps import semconv
from otel_steps.otlp.span import Span
from otel_steps.rows.column import JSON
from otel_steps.rows.judgement import judgement_attributes, judgement_events
from otel_steps.rows.tables import TABLES
from otel_steps.rows.times import unix_nano
from otel_steps.sanitize import to_json

Row = Mapping[str, Any]

_STATUS_ERROR: Final = 2
_INTERNAL: Final = 1

# Name of a column, key of the attribute that fills it, and whether that is JSON in a text.
_Said = tuple[tuple[str, str, bool], ...]


def _filled(table: str) -> _Said:
    return tuple(
        (name, column.said, column.kind is JSON)
        for name, column in TABLES[table].columns.items()
        if column.said is not None
    )


_STEP: Final = _filled("task_steps")
_TASK: Final = _filled("tasks")


def spans_of(task: Row, steps: Sequence[Row], spans: Sequence[Row]) -> list[Span]:
    """
    Return the spans that rows of `tasks`, `task_steps` and `task_spans` came from.

    Args:
        task: One row.
        steps: Its steps, with whatever else is to be told.
        spans: The other spans of its traces.
    """
    children = [_span(row, task) for row in spans]
    known = {span.span_id for span in children}
    root = _task_span(task, _root_id(task, steps, known))
    return [root, *(_step_span(step, task, root) for step in steps), *children]


def _root_id(task: Row, steps: Iterable[Row], known: set[str]) -> str:
    parents = Counter(step["parent_span_id"] for step in steps if step["parent_span_id"])
    for parent, _ in parents.most_common():
        if parent not in known:
            return str(parent)
    return _derived(task["task_id"], 16)


def _task_span(task: Row, span_id: str) -> Span:
    agent = task["agent"]
    status = task["status"]
    return Span(
        trace_id=_trace_id(task, task),
        span_id=span_id,
        name=f"{semconv.INVOKE_AGENT} {agent or ''}".rstrip(),
        kind=_INTERNAL,
        start_time_unix_nano=unix_nano(task.get("started_at") or task["created_at"]),
        end_time_unix_nano=unix_nano(task["end_time"]),
        attributes={
            semconv.GEN_AI_OPERATION_NAME: semconv.INVOKE_AGENT,
            semconv.TASK_ID: task["task_id"],
            **_conversation(task),
            **_said(task, _TASK),
            **judgement_attributes(task),
        },
        events=judgement_events(task, unix_nano(task["end_time"] or task["created_at"])) or (),
        status_code=_STATUS_ERROR if status in ("failed", "interrupted") else 0,
        status_message=(task["error_message"] or "") if status == "failed" else "",
        resource=task["resource"] or {},
    )


def _step_span(step: Row, task: Row, root: Span) -> Span:
    rest = dict(step["attributes"] or {})
    events = rest.pop(semconv.SPAN_EVENTS, None) or []
    message = rest.pop(semconv.SPAN_STATUS_MESSAGE, None)
    is_failed = step["success"] is False
    started = unix_nano(step["started_at"] or step["created_at"])
    attributes = {
        semconv.TASK_ID: step["task_id"],
        **_said(step, _STEP),
        **_timings(step["timings"] or {}),
        **judgement_attributes(step),
    }
    if step["step_data"] == {}:  # it is never empty, so this says nothing
        del attributes[semconv.STEP_DATA]
    return Span(
        trace_id=_trace_id(step, task),
        span_id=step["span_id"] or _derived(step["id"], 16),
        parent_span_id=step["parent_span_id"] or (None if step["span_id"] else root.span_id),
        name=semconv.STEP_SPAN_NAME,
        kind=_INTERNAL,
        start_time_unix_nano=started,
        end_time_unix_nano=_end_of(step),
        # Last: what did not fit its column as it was stands here as it was.
        attributes=attributes | rest,
        events=[*events, *judgement_events(step, _end_of(step) or started)],
        status_code=_STATUS_ERROR if is_failed else 0,
        status_message=message or (step["error_message"] or "" if is_failed else ""),
        resource=step["resource"] or root.resource,
    )


def _span(row: Row, task: Row) -> Span:
    scope, _, version = (row["scope"] or "").rpartition(" ")
    return Span(
        trace_id=row["trace_id"],
        span_id=row["span_id"],
        parent_span_id=row["parent_span_id"],
        name=row["name"],
        kind=row["kind"],
        start_time_unix_nano=unix_nano(row["started_at"]),
        end_time_unix_nano=unix_nano(row["ended_at"]),
        attributes=_task_of(row) | (row["attributes"] or {}),
        events=row["events"] or [],
        links=row["links"] or [],
        status_code=row["status_code"],
        status_message=row["status_message"] or "",
        resource=task["resource"] or {},
        scope_name=scope or version,
        scope_version=version if scope else "",
    )


def _task_of(row: Row) -> dict[str, Any]:
    return {} if row["task_id"] is None else {semconv.TASK_ID: row["task_id"]}


def _conversation(task: Row) -> dict[str, Any]:
    session = task["session"]
    return {} if session is None else {semconv.GEN_AI_CONVERSATION_ID: session}


def _timings(timings: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{semconv.TIMING_PREFIX}{name}": value for name, value in timings.items()}


def _end_of(step: Row) -> int:
    if step["ended_at"]:
        return unix_nano(step["ended_at"])
    if step["status"] == "running":
        return 0
    # Other recorders knew how long a step took, and when it was over.
    start = unix_nano(step["started_at"] or step["created_at"])
    return start + (step["duration_ms"] or 0) * 1_000_000


def _trace_id(row: Row, task: Row) -> str:
    return row["trace_id"] or task["trace_id"] or _derived(task["task_id"], 32)


def _derived(name: str, digits: int) -> str:
    return hashlib.sha256(name.encode(errors="replace")).hexdigest()[:digits]


def _said(row: Row, columns: _Said) -> dict[str, Any]:
    """Return what the attributes of the span said that filled *columns*."""
    said = {}
    for name, key, is_json in columns:
        value = row[name]
        if value is not None:
            said[key] = to_json(value) if is_json else value
    return said
