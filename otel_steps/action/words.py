"""An action in words: its name, and what it types, opens or says. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from otel_steps.action.shapes import CALL_MARK, Told, told

_MAX_NAME_CHARS: Final = 100
_MAX_ARGUMENT_CHARS: Final = 80
# In the order in which they say most; a duration is the argument of a wait, a number that of a
# click on an element of a page.
_ARGUMENTS: Final = (
    *("text", "content", "value", "app", "app_name", "url", "query", "message", "instruction"),
    *("key", "keys", "scroll_direction", "direction", "answer", "duration", "time", "index"),
)
_ARGUMENT_NAMES: Final = frozenset((*_ARGUMENTS, "target"))


def action_name(action: Any) -> str | None:
    """Return the name of an action, or None."""
    # As nearly every action has it, on the agent's thread: told without a look at the rest.
    plain = action.get("action") if type(action) is dict and "touch_yx" not in action else None
    is_plain = type(plain) is str and plain and CALL_MARK not in plain
    name = plain if is_plain else told(action).name
    return name[:_MAX_NAME_CHARS] if name else None


def action_argument(action: Any) -> str | None:
    """Return what an action types, opens or says, on one line and in short, or None."""
    return argument_of(told(action))


def argument_of(said: Told) -> str | None:
    """Return the same of what an action says."""
    arguments = said.arguments
    if _ARGUMENT_NAMES.isdisjoint(arguments):
        return None
    for name in _ARGUMENTS:
        value = arguments.get(name)
        if name == "index" and isinstance(element := arguments.get("element"), Mapping):
            value = element.get("text") or value  # says more than its number
        if isinstance(value, str | int | float):
            return _short(str(value))
        if name == "keys" and isinstance(value, list | tuple):
            return _short("+".join(str(key) for key in value[:8]))
    target = arguments.get("target")  # what a tap is on, where the phone was asked
    return _said_by(target) if isinstance(target, Mapping) else None


def _said_by(target: Mapping[Any, Any]) -> str | None:
    found = (target.get(name) for name in ("text", "description", "resource_id"))
    return next((_short(each) for each in found if isinstance(each, str) and each), None)


def _short(text: str) -> str | None:
    line = " ".join(text[: 4 * _MAX_ARGUMENT_CHARS].split())
    if len(line) > _MAX_ARGUMENT_CHARS:
        return line[: _MAX_ARGUMENT_CHARS - 1] + "…"
    return line or None
