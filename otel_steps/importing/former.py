"""
Tasks and steps as the hand-written tracker had them, in its files and in its database alike.

Both know a task by the same id, so that the steps of the one and the row of the other meet.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from otel_steps import semconv
from otel_steps.importing.item import (
    IMPORTED_ID,
    Item,
    PictureFile,
    milliseconds,
    span_id_of,
    span_of,
    trace_id_of,
    unix_nano,
)
from otel_steps.sanitize import scrub, to_json

_AGENT: Final = "PhoneAgent"
_MAX_PATH_CHARS: Final = 4096
_MASK: Final = "***"

# Its words and those of its web server -> ours. Whatever was not over when the data were left
# behind, and whatever has another name, has been interrupted.
_STATUSES: Final[Mapping[str, str]] = {
    "completed": "completed",
    "success": "completed",
    "failed": "failed",
    "error": "failed",
    "cancelled": "cancelled",
    "canceled": "cancelled",
    "stopped": "cancelled",
    "max_steps": "max_steps",
}


def task_item(row: Mapping[str, Any], imported_from: str) -> Item | None:
    """Return the task of a row of `tasks`, or None where it has no id or no time at all."""
    task_id = row.get("task_id")
    start = _first_time(row, "created_at", "last_activity", "end_time")
    if not task_id or start is None:
        return None
    status = _STATUSES.get(str(row.get("status")).lower(), "interrupted")
    error_message = _message(row.get("error_message"))
    span = span_of(
        name=f"{semconv.INVOKE_AGENT} {_AGENT}",
        trace_id=trace_id_of("task", task_id),
        span_id=span_id_of("task", task_id),
        parent_span_id=None,
        start=start,
        end=_first_time(row, "end_time", "last_activity", "created_at") or start,
        imported_from=imported_from,
        attributes={
            semconv.GEN_AI_OPERATION_NAME: semconv.INVOKE_AGENT,
            semconv.GEN_AI_AGENT_NAME: row.get("agent") or _AGENT,
            semconv.GEN_AI_REQUEST_MODEL: row.get("model"),
            semconv.DEVICE_ID: row.get("device_id"),
            semconv.TASK_ID: str(task_id),
            semconv.TASK_STATUS: status,
            semconv.TASK_DESCRIPTION: row.get("task_description"),
            semconv.TASK_RESULT: row.get("result"),
            semconv.TASK_ERROR_MESSAGE: error_message,
            semconv.TASK_CONFIG: to_json(_masked(row["config"])) if row.get("config") else None,
        },
        is_failed=status != "completed",
        status_message=error_message,
    )
    return Item(span)


def step_item(
    row: Mapping[str, Any],
    *,
    step_id: object,
    start: int,
    end: int,
    picture: PictureFile | None,
    imported_from: str,
) -> Item:
    """
    Return the step that *row* describes by the names of the tracker's fields.

    Args:
        step_id: What the source calls it.
        start, end: Nanoseconds.
    """
    task_id = str(row["task_id"])
    error_message = _message(row.get("error_message"))
    success = row["success"] if isinstance(row.get("success"), bool) else not error_message
    metadata = row.get("metadata")
    span = span_of(
        name=semconv.STEP_SPAN_NAME,
        trace_id=trace_id_of("task", task_id),
        span_id=span_id_of("step", task_id, step_id),
        parent_span_id=span_id_of("task", task_id),
        start=start,
        end=end,
        imported_from=imported_from,
        attributes={
            semconv.TASK_ID: task_id,
            semconv.STEP_NUMBER: row.get("step_number"),
            semconv.STEP_TYPE: str(row.get("step_type") or "action"),
            semconv.STEP_DATA: to_json(row.get("step_data") or {}),
            semconv.STEP_THINKING: row.get("thinking"),
            semconv.STEP_ACTION_RESULT: _json(row.get("action_result")),
            semconv.STEP_METADATA: _json(metadata),
            semconv.STEP_SUCCESS: success,
            semconv.STEP_ERROR_MESSAGE: error_message,
            semconv.SCREENSHOT_PATH: row.get("screenshot_path"),
            IMPORTED_ID: str(step_id),
        },
        is_failed=not success,
        status_message=error_message,
    )
    return Item(span, picture)


def picture_file(names: list[Any], folders: list[Path]) -> PictureFile | None:
    """Return where a picture may be that goes by one of *names*, relative ones below *folders*."""
    paths = [folder / name for name in names if _is_path(name) for folder in folders]
    return PictureFile(list(dict.fromkeys(paths))) if paths else None


def _is_path(name: object) -> bool:
    # Two slashes name a machine: Windows would hand it the user's credentials.
    return (
        isinstance(name, str)
        and 0 < len(name) <= _MAX_PATH_CHARS
        and name[:2].replace("\\", "/") != "//"
        and "\0" not in name
    )


def duration_nano(row: Mapping[str, Any]) -> int:
    """Return the duration of a step, 0 where the tracker did not take it."""
    return round((milliseconds(row.get("duration_ms")) or 0.0) * 1e6)


def _first_time(row: Mapping[str, Any], *names: str) -> int | None:
    times = (unix_nano(row[name]) for name in names if row.get(name))
    return next((time for time in times if time is not None), None)


def _message(value: object) -> str | None:
    return scrub(str(value)) if value else None


def _json(value: object) -> str | None:
    return None if value is None else to_json(value)


def _masked(value: Any, name: str = "") -> Any:
    """Return *value* without its secrets: a configuration may hold the key of the model."""
    if isinstance(value, Mapping):
        return {key: _masked(inner, str(key)) for key, inner in value.items()}
    if isinstance(value, list):
        return [_masked(inner, name) for inner in value]
    named = f"{name}={value}"
    is_harmless = not isinstance(value, str) or _MASK not in scrub(named)
    return value if is_harmless else _MASK
