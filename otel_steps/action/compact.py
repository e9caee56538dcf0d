"""
Actions without a name, whose keys say what is done: `{"POINT": [500, 500], "to": "up"}`, as
AgentCPM-GUI writes them to spare words. Pure.
"""

from collections.abc import Mapping
from typing import Any, Final

# In the order in which they say most: a status stands beside any other.
_POINT, _PRESS, _TYPE, _CLEAR, _STATUS = "POINT", "PRESS", "TYPE", "CLEAR", "STATUS"
_LONG_MS: Final = 500
_GOES_ON: Final = ("continue", "start")


def compact(action: Mapping[Any, Any]) -> tuple[str | None, Mapping[Any, Any]]:
    """Return the name of *action* as others call it, or None, and its arguments."""
    if _POINT in action:
        to = action.get("to")
        direction = {"direction": to} if isinstance(to, str) else {"end": to} if to else {}
        return _touch(action), {**action, "point": action[_POINT], **direction}
    if isinstance(key := action.get(_PRESS), str):
        return f"press {key.lower()}", action
    if _TYPE in action:
        return "type", {**action, "text": action[_TYPE]}
    if _CLEAR in action:
        return "clear", action
    status = action.get(_STATUS)
    if isinstance(status, str) and status not in _GOES_ON:
        return status or None, action
    return ("wait" if "duration" in action and status else None), action


def _touch(action: Mapping[Any, Any]) -> str:
    if action.get("to"):
        return "swipe"
    held = action.get("duration")
    return "long_press" if isinstance(held, int | float) and held > _LONG_MS else "tap"
