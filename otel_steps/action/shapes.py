"""
The shapes in which agents write an action, made one: a name, and arguments by name.

An action is whatever a model has written. It may be an object that has its name under one of many
keys and its arguments beside it or one level down, an object whose only key is the name, or text:
JSON, or the call of a function as `click(start_box='(500,500)')`.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

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

_CALL: Final = re.compile(r"(?:\w+\.)*(\w+)\s*\((.*)\)\s*$", re.DOTALL)
_KEYWORD: Final = re.compile(
    r"""(\w+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|(\[[^\[\]]*\]|\([^()]*\)|[^,\s]+))"""
)
_ESCAPED: Final = re.compile(r"\\(['\"\\])")


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
    return NOTHING


def _of_text(text: str, depth: int) -> Told:
    text = text[:_MAX_TEXT_CHARS].strip()
    if text.startswith("{"):
        parsed = _parsed(text)
        return _told(parsed, depth + 1) if isinstance(parsed, Mapping) else Told(text, {})
    # A model that thinks aloud says so before.
    call = _CALL.match(text.rpartition("Action:")[2].strip())
    if call is None:
        return Told(text or None, {})
    arguments = dict(_keywords(call[2]))
    inner = arguments.get("action")  # as AutoGLM writes it: do(action="Tap", ...)
    return Told(inner if isinstance(inner, str) and inner else call[1], arguments)


def _keywords(text: str) -> Iterator[tuple[str, Any]]:
    for name, single, double, bare in _KEYWORD.findall(text):
        if bare:
            parsed = _parsed(bare.replace("(", "[").replace(")", "]"))
            yield name, bare if parsed is None else parsed
        else:
            yield name, _ESCAPED.sub(r"\1", single or double)


def _of_object(action: Mapping[Any, Any], depth: int) -> Told:
    if "touch_yx" in action:
        return Told(_numbered(action), action)
    for key in _NAMES:
        value = action.get(key)
        if value and isinstance(value, str | int | float | list):
            return Told(str(value), _with_inner(action))
        if isinstance(value, Mapping):  # the action itself, or a function with its arguments
            inner = _told(value, depth + 1)
            return Told(inner.name, {**action, **inner.arguments})
    return _only(action)


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
    named = [(key, value) for key, value in action.items() if isinstance(value, Mapping)]
    if len(action) == len(named) == 1:
        return Told(str(named[0][0]) or None, named[0][1])
    return Told(None, action)


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
