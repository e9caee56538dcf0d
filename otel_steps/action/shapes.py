"""
The shapes in which agents write an action, made one: a name, and arguments by name.

An action is whatever a model has written. It may be an object that has its name under one of many
keys and its arguments beside it or one level down, an object whose only key is the name, or text:
JSON, or the call of a function; see `calls` and `compact`.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from otel_steps.action.calls import by_name, call_of
from otel_steps.action.compact import compact
from otel_steps.action.kinds import UNKNOWN, action_kind

# Longer text is no action; what would be read of it is not looked at.
_MAX_TEXT_CHARS: Final = 8_000
_MAX_DEPTH: Final = 3

# In the order in which they say most: AutoGLM has its own name beside `_metadata`, and OpenAI's
# `type` may stand beside the name of a tool.
_NAMES: Final = ("action", "name", "action_type", "function", "type", "_metadata")
# One level down, as an object or as its JSON.
_ARGUMENTS: Final = (
    *("arguments", "action_inputs", "action_input", "input"),
    *("params", "param", "parameters", "args", "kwargs"),
)
_ARGUMENT_KEYS: Final = frozenset(_ARGUMENTS)

# Android in the Wild numbers its actions; 4 is a touch that ends where it began, or elsewhere.
_TOUCH: Final = 4
_NUMBERED: Final = {3: "type", 5: "back", 6: "home", 7: "enter", 10: "finish", 11: "impossible"}
# Of the screen, as the data set's own evaluation has it.
_SAME_PLACE: Final = 0.04

# In the name of an action that is the call of one.
CALL_MARK: Final = "("
# How models fence what is to be read by a program.
_FENCE: Final = "```"
_TAG: Final = re.compile(r"<(\w+)>")
# Of a tool that is told an action, this is the name.
_TOOL_NAMES: Final = frozenset({"name", "function"})


class Told(NamedTuple):
    """
    What an action says.

    Attributes:
        name: As the agent calls it, or None.
        arguments: By name, of any type; those that stand beside the name as well.
    """

    name: str | None
    arguments: Mapping[str, Any]


NOTHING: Final = Told(None, {})


def told(action: Any) -> Told:
    """Return what *action* says, in whatever shape; an action without a name has none."""
    return _told(action, 0)


def _told(action: Any, depth: int) -> Told:
    if depth > _MAX_DEPTH:
        return NOTHING
    # What comes from JSON is a dict, and a page of the list tells a thousand of them: to ask
    # whether something is a mapping takes longer than all the rest.
    if type(action) is dict or isinstance(action, Mapping):
        return _of_object(action, depth)
    if isinstance(action, str):
        return _of_text(action, depth)
    if isinstance(action, list) and action and isinstance(action[0], Mapping):
        return _told(action[0], depth + 1)  # of several at once, the first
    return NOTHING


def _of_text(text: str, depth: int) -> Told:
    text = _unfenced(text[:_MAX_TEXT_CHARS].strip())
    if text.startswith(("{", "[{")):
        parsed = _parsed(text)
        return Told(text, {}) if parsed is None else _told(parsed, depth + 1)
    # A model that thinks aloud says so before.
    call = call_of(text.rpartition("Action:")[2].strip())
    if call is None:
        return Told(text or None, {})
    name, arguments = call
    inner = arguments.get("action")  # as AutoGLM writes it: do(action="Tap", ...)
    return Told(inner if isinstance(inner, str) and inner else name, arguments)


def _unfenced(text: str) -> str:
    if text.startswith(_FENCE):
        language, _, inner = text.removeprefix(_FENCE).partition("\n")
        return (inner or language).removesuffix(_FENCE).strip()
    tag = _TAG.match(text)
    return text if tag is None else text[tag.end() :].removesuffix(f"</{tag[1]}>").strip()


def _of_object(action: Mapping[Any, Any], depth: int) -> Told:
    if "touch_yx" in action:
        return Told(_numbered(action), action)
    for key in _NAMES:
        value = action.get(key)
        if isinstance(value, Mapping) or _has_objects(value):
            # The action itself, or a function with its arguments.
            inner = _told(value, depth + 1)
            return Told(inner.name, {**action, **inner.arguments})
        if value and isinstance(value, str | int | float | list):
            return _named(key, str(value), action)
    return _told(action["actions"], depth) if "actions" in action else _only(action)


def _has_objects(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], Mapping)


def _named(key: str, name: str, action: Mapping[Any, Any]) -> Told:
    arguments = _with_inner(action)
    inner = arguments.get("action") if key in _TOOL_NAMES else None
    name = inner if isinstance(inner, str) and inner else name
    if CALL_MARK not in name or (call := call_of(name[:_MAX_TEXT_CHARS].strip())) is None:
        return Told(name, arguments)
    return Told(call[0], {**arguments, **call[1]})


def _with_inner(action: Mapping[Any, Any]) -> Mapping[Any, Any]:
    if _ARGUMENT_KEYS.isdisjoint(action):
        return action
    return {**action, **_inner(action)}


def _inner(action: Mapping[Any, Any]) -> Mapping[Any, Any]:
    for key in _ARGUMENTS:
        value = action.get(key)
        parsed = _parsed(value) if isinstance(value, str) else value
        if isinstance(parsed, Mapping):
            return parsed
    return {}


def _only(action: Mapping[Any, Any]) -> Told:
    """Return an action whose only key is its name, as browser-use has them: {"click": {...}}."""
    key, value = next(iter(action.items()), (None, None))
    is_alone = len(action) == 1
    if is_alone and isinstance(value, Mapping):
        return Told(str(key) or None, value)
    name, arguments = compact(action)
    if name is None and is_alone and isinstance(key, str) and _is_known(key):
        return Told(key, {} if value is None else by_name(key, [value]))
    return Told(name, arguments)


def _is_known(name: str) -> bool:
    return action_kind(name) not in (None, UNKNOWN)


def _numbered(action: Mapping[Any, Any]) -> str | None:
    number = action.get("action_type")
    if number != _TOUCH:
        return _NUMBERED.get(number) if isinstance(number, int) else None
    match action.get("touch_yx"), action.get("lift_yx"):
        case [int() | float() as y, int() | float() as x], [
            int() | float() as y2,
            int() | float() as x2,
        ]:
            return "tap" if max(abs(y - y2), abs(x - x2)) <= _SAME_PLACE else "swipe"
    return "tap"


def _parsed(text: str) -> Any:
    """Return what JSON *text* says, or None."""
    try:
        return json.loads(text[:_MAX_TEXT_CHARS])
    except (ValueError, RecursionError):
        return None
