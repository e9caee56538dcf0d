"""
The index of a task: what a viewer has to know of all steps before it shows one, in columns. Pure.

Which columns of a step and of its picture stand there as they are, `model` says; the others are
told here from what a store has found. Everything goes by its name.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from otel_steps.action.kinds import action_kind
from otel_steps.action.places import places_of
from otel_steps.action.shapes import told
from otel_steps.action.words import action_name, argument_of
from otel_steps.pictures.names import picture_name_in
from otel_steps.rows.model import ScreenshotRow, StoredStep
from otel_steps.rows.tables import columns_of

# By name; all are of one length.
Columns = Mapping[str, Sequence[Any]]


def _shown(row_class: type[Any]) -> dict[str, str]:
    columns = columns_of(row_class).items()
    return {name: column.index for name, column in columns if column.index is not None}


# Column of the table -> its name in the index.
OF_STEP: Final = _shown(StoredStep)
OF_PICTURE: Final = _shown(ScreenshotRow)

# What a store finds besides, to tell the rest from:
# - started_at, action; where there is no action, step_data and, as action_name, that attribute
# - screenshot_path and phash of the picture, and from its metadata black and role
# - sensitive of the picture, or of a step without one the attribute
TOLD_FROM: Final = (
    *("started_at", "action", "action_name", "step_data"),
    *("screenshot_path", "phash", "black", "role", "sensitive"),
)
_TOLD: Final = (
    *("start_ms", "action", "kind", "label", "picture", "after", "sensitive", "black", "phash"),
    *("x", "y", "x2", "y2", "is_guessed", "after_share", "after_boxes"),
)
COLUMNS: Final = (*OF_STEP.values(), *OF_PICTURE.values(), *_TOLD)

# What flags are told from, and nobody else needs of all steps at once.
INNER: Final = ("change_since", "change_boxes", "after_boxes")

_MILLISECOND: Final = timedelta(milliseconds=1)
_UNSIGNED: Final = 2**64 - 1


def index_of(task_id: str, version: str, found: Columns) -> dict[str, Any]:
    """
    Return `{"task_id", "count", "version"}` and one list for each of `COLUMNS`.

    `action` is the action's name, `kind` what it is whatever its agent calls it (`action.kinds`),
    and `label` its argument; `picture` is the sha256 of what was captured before it, `after` that
    of its own picture after it, where it has one; `phash` has 16 hex digits; x, y, x2 and y2 are 0
    to 1000 of the picture, and `is_guessed` where nothing but their numbers tells what they count
    in; `start_ms` counts from the earliest start.
    `change_share` and `change_boxes` (see `model.ScreenshotRow`) are there where they compare a
    picture with that of the step before; `after_share` and `after_boxes` are those of a step's own
    picture after its action.

    Args:
        found: The columns `OF_STEP`, `OF_PICTURE` and `TOLD_FROM`, JSON decoded, steps in order;
            what is not known, or not there, is None. A step is there once for each of its
            pictures; the first without a role is the one before its action.
    """
    steps, after = _once(found)
    _drop_other_changes(steps)
    as_they_are = {
        index_name: list(steps[name])
        for names in (OF_STEP, OF_PICTURE)
        for name, index_name in names.items()
    }
    told = {name: list(values) for name, values in _told(steps).items()}
    own = [after.get(step_id, _NOTHING) for step_id in steps["id"]]
    for name in _After._fields:
        told[name] = [getattr(each, name) for each in own]
    count = len(steps["id"])
    return {"task_id": task_id, "count": count, "version": version, **as_they_are, **told}


class _After(NamedTuple):
    """A step's own picture after its action, and what has changed since the one before."""

    after: str | None = None
    after_share: float | None = None
    after_boxes: Any = None


_NOTHING: Final = _After()


def _drop_other_changes(steps: dict[str, list[Any]]) -> None:
    """Leave out what has changed since another picture than that of the step before."""
    paths = steps["screenshot_path"]
    for at, since in enumerate(steps["change_since"]):
        if since is None or at == 0 or since != picture_name_in(paths[at - 1]):
            for column in ("change_since", "change_share", "change_boxes"):
                steps[column][at] = None


def _once(found: Columns) -> tuple[dict[str, list[Any]], dict[str, _After]]:
    """Return the columns with each step once, and by its id the picture after it."""
    ids, roles = found["id"], found["role"]
    first: dict[str, int] = {}
    after: dict[str, _After] = {}
    for at, step_id in enumerate(ids):
        known = first.setdefault(step_id, at)
        if roles[known] is not None and roles[at] is None:
            first[step_id] = at
        if roles[at] == "after":
            name = picture_name_in(found["screenshot_path"][at])
            change = found["change_share"][at], found["change_boxes"][at]
            after.setdefault(step_id, _After(name, *change))
    if len(first) == len(ids) and not any(roles):
        return {name: list(values) for name, values in found.items()}, after
    once = {name: [values[at] for at in first.values()] for name, values in found.items()}
    for name in (*OF_PICTURE, "screenshot_path", "phash", "black"):
        # Of a step that has further pictures alone.
        pairs = zip(once[name], once["role"], strict=True)
        once[name] = [None if role is not None else value for value, role in pairs]
    return once, after


def _told(steps: Columns) -> Columns:
    actions = list(map(action_of, steps["action"], steps["step_data"]))
    sizes = zip(steps["width"], steps["height"], strict=True)
    said = list(map(told, actions))
    places = list(map(places_of, said, sizes, steps["coordinates"]))
    known = zip(actions, steps["action_name"], strict=True)
    names = [action_name(action) or name for action, name in known]
    return {
        "start_ms": _starts_ms(steps["started_at"]),
        "action": names,
        "kind": list(map(action_kind, names)),
        "label": list(map(argument_of, said)),
        "picture": list(map(picture_name_in, steps["screenshot_path"])),
        "sensitive": steps["sensitive"],
        "black": steps["black"],
        "phash": list(map(_digits, steps["phash"])),
        "x": [place.start[0] for place in places],
        "y": [place.start[1] for place in places],
        "x2": [place.end[0] for place in places],
        "y2": [place.end[1] for place in places],
        "is_guessed": [place.is_guessed or None for place in places],
    }


def action_of(action: Any, step_data: Any) -> Any:
    """Return the action; former recorders had it among the data of the step."""
    if action is not None or not isinstance(step_data, Mapping):
        return action
    inner = step_data.get("action")
    return step_data if isinstance(inner, str) else inner


def _digits(phash: int | None) -> str | None:
    return None if phash is None else f"{phash & _UNSIGNED:016x}"


def _starts_ms(times: Sequence[str | None]) -> list[float]:
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
