"""
The index of a task: what a viewer has to know of all steps before it shows one, in columns. Pure.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from otel_steps.action.places import action_places
from otel_steps.action.words import action_argument, action_name
from otel_steps.pictures.names import is_picture_name
from otel_steps.stores.contract import Json


class Row(NamedTuple):
    """
    A step with its picture, JSON decoded; what is not known, or not there, is None.

    Attributes:
        action_name: The attribute of that name, asked for where the action itself was not kept.
        step_data: Asked for where there is no action.
        screenshot_path, width, height, sensitive, phash, black: Of the picture.
    """

    id: str
    step_number: int
    step_type: str
    status: str | None
    success: bool | None
    error_kind: str | None
    started_at: str | None
    duration_ms: int | None
    action: Any
    action_name: str | None
    step_data: Any
    app: str | None
    timings: Any
    screenshot_path: str | None
    width: int | None
    height: int | None
    sensitive: bool | None
    phash: int | None
    black: bool | None


_MILLISECOND: Final = timedelta(milliseconds=1)
_UNSIGNED: Final = 2**64 - 1

COLUMNS: Final = (
    *("id", "number", "type", "status", "success", "error_kind", "start_ms", "duration_ms"),
    *("action", "app", "label", "picture", "width", "height", "sensitive", "black", "phash"),
    *("x", "y", "x2", "y2", "timings"),
)


def index_of(task_id: str, version: str, rows: Iterable[Row]) -> Json:
    """
    Return `{"task_id", "count", "version"}` and one list for each of `COLUMNS`.

    `action` is the action's name and `label` its argument; `picture` is the sha256 of what was
    captured; `phash` has 16 hex digits; x, y, x2 and y2 are 0 to 1000 of the picture; `start_ms`
    counts from the earliest start.

    Args:
        rows: In order, one a picture: of a step that has several, the first counts.
    """
    steps = list({row.id: row for row in reversed(list(rows))}.values())[::-1]
    starts = _starts_ms([row.started_at for row in steps])
    entries = [_entry(row, start) for row, start in zip(steps, starts, strict=True)]
    columns = zip(*entries, strict=True) if entries else [()] * len(COLUMNS)
    named = {name: list(column) for name, column in zip(COLUMNS, columns, strict=True)}
    return {"task_id": task_id, "count": len(entries), "version": version, **named}


def _entry(row: Row, start_ms: float) -> tuple[Any, ...]:
    """Return the values of a step in the order of `COLUMNS`."""
    action = _action_of(row)
    places = action_places(action, (row.width, row.height))
    (x, y), (x2, y2) = places.start, places.end
    return (
        row.id,
        row.step_number,
        row.step_type,
        row.status,
        row.success,
        row.error_kind,
        start_ms,
        row.duration_ms,
        action_name(action) or row.action_name,
        row.app,
        action_argument(action),
        _picture_name(row.screenshot_path),
        row.width,
        row.height,
        row.sensitive,
        row.black,
        None if row.phash is None else f"{row.phash & _UNSIGNED:016x}",
        x,
        y,
        x2,
        y2,
        row.timings,
    )


def _action_of(row: Row) -> Any:
    """Return the action; former recorders had it among the data of the step."""
    if row.action is not None or not isinstance(row.step_data, Mapping):
        return row.action
    inner = row.step_data.get("action")
    return row.step_data if isinstance(inner, str) else inner


def _picture_name(path: str | None) -> str | None:
    """Return the sha256 that a picture of ours is named by; other recorders had other names."""
    name = path.rpartition("/")[2].partition(".")[0] if path else ""
    return name if is_picture_name(name) else None


def _starts_ms(times: list[str | None]) -> list[float]:
    known = [_time(time) for time in times]
    earliest = min((time for time in known if time), default=None)
    starts: list[float] = []
    for time in known:
        # Without a time of its own a step began when the one before it did, as far as one knows.
        before = starts[-1] if starts else 0.0
        starts.append((time - earliest) / _MILLISECOND if time and earliest else before)
    return starts


def _time(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None  # PostgreSQL knows years that Python does not
