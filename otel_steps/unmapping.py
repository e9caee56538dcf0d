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
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from otel_steps import semconv
from otel_steps.model import Span
from otel_steps.sanitize import to_json

Row = Mapping[str, Any]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_STATUS_ERROR: Final = 2
_INTERNAL: Final = 1
_TOKENS: Final = {
    "input_tokens": semconv.GEN_AI_USAGE_INPUT_TOKENS,
    "output_tokens": semconv.GEN_AI_USAGE_OUTPUT_TOKENS,
}


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
        start_time_unix_nano=_nanos(task.get("started_at") or task["created_at"]),
        end_time_unix_nano=_nanos(task["end_time"]),
        attributes=_present(
            {
                semconv.GEN_AI_OPERATION_NAME: semconv.INVOKE_AGENT,
                semconv.GEN_AI_AGENT_NAME: agent,
                semconv.GEN_AI_REQUEST_MODEL: task["model"],
                semconv.DEVICE_ID: task["device_id"],
                semconv.TASK_ID: task["task_id"],
                semconv.TASK_DESCRIPTION: task["task_description"],
                semconv.TASK_STATUS: status,
                semconv.TASK_RESULT: task["result"],
                semconv.TASK_ERROR_MESSAGE: task["error_message"],
                semconv.TASK_CONFIG: _json(task["config"]),
            }
        ),
        status_code=_STATUS_ERROR if status in ("failed", "interrupted") else 0,
        status_message=(task["error_message"] or "") if status == "failed" else "",
        resource=task["resource"] or {},
    )


def _step_span(step: Row, task: Row, root: Span) -> Span:
    rest = dict(step["attributes"] or {})
    events = rest.pop(semconv.SPAN_EVENTS, None) or []
    message = rest.pop(semconv.SPAN_STATUS_MESSAGE, None)
    is_failed = step["success"] is False
    attributes = {
        semconv.TASK_ID: step["task_id"],
        semconv.STEP_NUMBER: step["step_number"],
        semconv.STEP_TYPE: step["step_type"],
        semconv.STEP_DATA: None if step["step_data"] == {} else _json(step["step_data"]),
        semconv.STEP_THINKING: step["thinking"],
        semconv.STEP_ACTION: _json(step["action"]),
        semconv.STEP_ACTION_RESULT: _json(step["action_result"]),
        semconv.STEP_SUCCESS: step["success"],
        semconv.STEP_ERROR_KIND: step["error_kind"],
        semconv.STEP_ERROR_MESSAGE: step["error_message"],
        semconv.STEP_APP: step["app"],
        **_timings(step["timings"] or {}),
    }
    return Span(
        trace_id=_trace_id(step, task),
        span_id=step["span_id"] or _derived(step["id"], 16),
        parent_span_id=step["parent_span_id"] or (None if step["span_id"] else root.span_id),
        name=semconv.STEP_SPAN_NAME,
        kind=_INTERNAL,
        start_time_unix_nano=_nanos(step["started_at"] or step["created_at"]),
        end_time_unix_nano=_end_of(step),
        # Last: what did not fit its column as it was stands here as it was.
        attributes=_present(attributes) | rest,
        events=events,
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
        start_time_unix_nano=_nanos(row["started_at"]),
        end_time_unix_nano=_nanos(row["ended_at"]),
        attributes=_present({semconv.TASK_ID: row["task_id"]}) | (row["attributes"] or {}),
        events=row["events"] or [],
        links=row["links"] or [],
        status_code=row["status_code"],
        status_message=row["status_message"] or "",
        resource=task["resource"] or {},
        scope_name=scope or version,
        scope_version=version if scope else "",
    )


def _timings(timings: Mapping[str, Any]) -> dict[str, Any]:
    return {
        _TOKENS.get(name, f"{semconv.TIMING_PREFIX}{name}"): value
        for name, value in timings.items()
    }


def _end_of(step: Row) -> int:
    if step["ended_at"]:
        return _nanos(step["ended_at"])
    if step["status"] == "running":
        return 0
    # Other recorders knew how long a step took, and when it was over.
    start = _nanos(step["started_at"] or step["created_at"])
    return start + (step["duration_ms"] or 0) * 1_000_000


def _trace_id(row: Row, task: Row) -> str:
    return row["trace_id"] or task["trace_id"] or _derived(task["task_id"], 32)


def _derived(name: str, digits: int) -> str:
    return hashlib.sha256(name.encode(errors="replace")).hexdigest()[:digits]


def _nanos(time: str | None) -> int:
    if time is None:
        return 0
    return (datetime.fromisoformat(time) - _EPOCH) // _MICROSECOND * 1000


def _json(value: Any) -> str | None:
    return None if value is None else to_json(value)


def _present(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in attributes.items() if value is not None}
