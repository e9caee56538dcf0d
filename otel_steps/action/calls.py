"""
An action that is written as text, as a name and its arguments.

That is the call of a function, with names for its arguments or without, as
`click(start_box='(500,500)')`, `pyautogui.hotkey('ctrl', 'c')` and `do(action="Tap", element=[1,
2])`; or a word with what it is about beside it, as `CLICK <point>[[500, 500]]</point>` and
`TYPE [hello]`. Pure.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from otel_steps.action.kinds import action_kind

_CALL: Final = re.compile(r"(?:await )?(?:\w+\.)*(\w+)\s*\((.*)\)", re.DOTALL)
_COMMAND: Final = re.compile(r"([A-Za-z]\w*)\s*(?:\[(.*)\]|(<[a-z|_]+>.*>))", re.DOTALL)
_NAMED: Final = re.compile(r"(\w+)\s*=\s*(.*)", re.DOTALL)
_ESCAPED: Final = re.compile(r"\\(['\"\\])")
# Within quotation marks nothing ends an argument; outside of them a comma does, or a bracket. Each
# character is looked at once, also where a mark has no second one.
_PIECE: Final = re.compile(
    r"""'(?:[^'\\]|\\.?)*(?:'|\Z)|"(?:[^"\\]|\\.?)*(?:"|\Z)|[^'"\[\](){},]+|.""", re.DOTALL
)
# What an argument without a name is, by the kind of its action; of texts the last one: what stands
# before it says where.
_TEXTS: Final = {"type": "text", "key": "key", "launch": "app", "wait": "duration"}
_PLACED: Final = frozenset({"tap", "double_tap", "right_click", "long_press", "hover", "swipe"})
_CORNERS: Final = ("x1", "y1", "x2", "y2")
_MAX_KEYS: Final = 8


def call_of(text: str) -> tuple[str, dict[str, Any]] | None:
    """Return the name and the arguments that *text* says, or None where it is no action."""
    text = text.rstrip("; \r\n")
    call = _CALL.fullmatch(text)
    if call is not None:
        named, unnamed = _arguments(call[2])
        return call[1], {**by_name(call[1], unnamed), **named}
    command = _COMMAND.fullmatch(text)
    if command is None or action_kind(command[1]) == "unknown":
        return None
    return command[1], {"text": command[2]} if command[3] is None else {"point": command[3]}


def _arguments(text: str) -> tuple[dict[str, Any], list[Any]]:
    named: dict[str, Any] = {}
    unnamed: list[Any] = []
    for piece in map(str.strip, _pieces(text)):
        found = _NAMED.fullmatch(piece)
        if found is not None:
            named[found[1]] = _value(found[2])
        else:
            unnamed.append(_value(piece))
    return named, unnamed


def _pieces(text: str) -> Iterator[str]:
    """Yield the arguments in *text*, which commas outside of quotation marks and brackets part."""
    depth, piece = 0, ""
    for part in _PIECE.findall(text):
        if part == "," and depth == 0:
            yield piece
            piece = ""
            continue
        depth += (part in "[({") - (part in "])}")
        piece += part
    if piece.strip():
        yield piece


def _value(text: str) -> Any:
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        return _ESCAPED.sub(r"\1", text[1:-1])
    try:
        return json.loads(text.replace("(", "[").replace(")", "]"))
    except (ValueError, RecursionError):
        return text


def by_name(name: str, unnamed: list[Any]) -> Mapping[str, Any]:
    """Return what arguments of *name* without names are: a place, a text, or some keys."""
    if not unnamed:
        return {}
    kind = action_kind(name) or ""
    texts = [each for each in unnamed if isinstance(each, str)]
    if kind in _PLACED:
        return _place(unnamed)
    if kind == "key" and len(texts) > 1:
        return {"keys": texts[:_MAX_KEYS]}
    if kind == "wait" or texts:
        return {_TEXTS.get(kind, "message"): texts[-1] if texts else unnamed[0]}
    return {"arguments": unnamed}


def _place(unnamed: list[Any]) -> Mapping[str, Any]:
    numbers = [each for each in unnamed if isinstance(each, int | float)]
    match unnamed:
        case [[*start], [*end], *_]:
            return {"from": start, "to": end}
        case [[*place], *_]:
            return {"coordinate": place}
        case [str() as text, *_]:
            # In words where, or where itself; both do no harm as the other.
            return {"coordinate": text, "instruction": text}
    if len(numbers) == len(unnamed) == 1:
        return {"index": numbers[0]}  # of an element, which has a number on the picture
    if len(numbers) >= len(_CORNERS):
        return dict(zip(_CORNERS, numbers, strict=False))
    return dict(zip(("x", "y"), numbers, strict=False)) if len(numbers) > 1 else {}
