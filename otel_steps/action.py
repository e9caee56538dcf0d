"""
What an agent's action says, in any of the shapes that agents use: its name, argument and points.

Pure, and never surprised: an action is whatever a model has written.
"""

from collections.abc import Mapping
from typing import Any, Final

_MAX_NAME_CHARS: Final = 100
_MAX_ARGUMENT_CHARS: Final = 80
# In the order in which they say most; a duration is the argument of a wait.
_ARGUMENTS: Final = ("text", "app", "message", "instruction", "duration")

_FAR: Final = 1_000_000

# A place on the screen, 0 to 1000 of its width and height.
Point = tuple[float | None, float | None]
_NOWHERE: Final[Point] = (None, None)


def action_name(action: Any) -> str | None:
    """Return the name of an action, or None."""
    if isinstance(action, str):
        return action[:_MAX_NAME_CHARS] or None
    if not isinstance(action, Mapping):
        return None
    name = action.get("action") or action.get("name") or action.get("_metadata")
    return str(name)[:_MAX_NAME_CHARS] if name else None


def action_argument(action: Any) -> str | None:
    """Return what an action types, opens or says, on one line and in short, or None."""
    if not isinstance(action, Mapping):
        return None
    for name in _ARGUMENTS:
        if isinstance(value := action.get(name), str | int | float):
            return _short(str(value))
    return None


def _short(text: str) -> str | None:
    line = " ".join(text[: 4 * _MAX_ARGUMENT_CHARS].split())
    if len(line) > _MAX_ARGUMENT_CHARS:
        return line[: _MAX_ARGUMENT_CHARS - 1] + "…"
    return line or None


def action_points(action: Any) -> tuple[Point, Point]:
    """Return where an action touches the screen, and where a swipe ends."""
    if not isinstance(action, Mapping):
        return _NOWHERE, _NOWHERE
    start = _point(action.get("element"))
    if start == _NOWHERE:
        start = _point(action.get("start"))
    return start, _point(action.get("end"))


def _point(value: Any) -> Point:
    # More than two numbers are read as the agents read them: the first two count.
    match value:
        case [int() | float() as x, int() | float() as y, *_]:
            return (x, y) if _is_number(x) and _is_number(y) else _NOWHERE
    return _NOWHERE


def _is_number(value: float) -> bool:
    # Nothing else is a place on any screen: no boolean, NaN or infinity, no number without end.
    return not isinstance(value, bool) and -_FAR < value < _FAR
