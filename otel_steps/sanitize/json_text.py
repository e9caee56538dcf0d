"""Values as JSON text and back; and those that need no cleaning, told at the speed of C. Pure."""

import json
import math
import re
from collections.abc import Iterable
from typing import Any, Final

import orjson

from otel_steps.sanitize.cleaning import Cleaner, clean
from otel_steps.sanitize.limits import MAX_DEPTH, MAX_KEY_BYTES, MAX_TEXT_BYTES
from otel_steps.sanitize.text import CUT_MARK_BYTES

# Of attributes that take no more, as JSON, none is too long, and there are not too many.
_SURELY_WHOLE_BYTES: Final = 2**16
_SHORT_KEY_CHARS: Final = MAX_KEY_BYTES // 4
_BUILT_IN_ONLY: Final = (
    orjson.OPT_PASSTHROUGH_SUBCLASS
    | orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_PASSTHROUGH_DATETIME
)

# In JSON text: U+0000, and numbers that may have more than 64 bits.
_NEEDS_CLEANING: Final = re.compile(rb"\\u0000|[0-9]{18}")

_NO_FLOATS: Final = frozenset({str, int, bool, type(None)})


def is_clean(attributes: object, texts: Iterable[object]) -> bool:
    """
    Tell at the speed of C whether *attributes* are a dict that `clean` leaves as it is, and *texts*
    are texts; False where that takes a closer look.
    """
    if type(attributes) is not dict:
        return False
    # The encoder refuses half a character, and what is of no class that is built in; but it writes
    # null for NaN, and takes more than 64 bits.
    try:
        data = orjson.dumps([attributes, *texts], option=_BUILT_IN_ONLY)
    except TypeError:
        return False
    if len(data) > _SURELY_WHOLE_BYTES or b"\\u0000" in data:
        return False
    for text in texts:
        if type(text) is not str:
            return False
    for key, value in attributes.items():
        if type(key) is not str or len(key) > _SHORT_KEY_CHARS:
            return False
        kind = type(value)
        if kind is str or kind is bool or value is None or _is_plain_number(value):
            continue
        return False
    return True


def _is_plain_number(value: object) -> bool:
    if type(value) is int:
        return -(2**63) <= value < 2**63
    return type(value) is float and math.isfinite(value)


def from_json(text: str) -> tuple[Any, bool]:
    """
    Return what JSON *text* says, cleaned, and whether something of it could not be kept.

    Escapes hide from the cleaning of a text what they turn into: U+0000, 1e999, any depth.

    Raises:
        ValueError: It is no JSON.
        RecursionError: It is nested too deep.
    """
    data = text.encode(errors="surrogatepass")
    if _is_small_and_clean(data):
        # What orjson does not take (NaN, half a character) may be JSON to Python.
        try:
            return orjson.loads(data), False
        except orjson.JSONDecodeError:
            pass
    return clean(json.loads(text))


def to_json(value: object) -> str:
    """Return *value*, cleaned, as JSON text of at most `MAX_TEXT_BYTES`; never raises."""
    if (plain := _plain_json(value)) is not None:
        return plain
    text = ""
    # Quotes and control characters grow up to six times in JSON, and text that is cut afterwards
    # is no JSON any more: the second attempt leaves room for that.
    for room in (MAX_TEXT_BYTES, MAX_TEXT_BYTES // 8):
        cleaned = Cleaner(room - 2 * CUT_MARK_BYTES * MAX_DEPTH).value(value, 0)
        text = json.dumps(cleaned, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        if len(text) * 4 <= MAX_TEXT_BYTES or len(text.encode()) <= MAX_TEXT_BYTES:
            break
    return text


def _plain_json(value: object) -> str | None:
    """Return the JSON of a small value of built-in classes, as nearly every action is, or None."""
    try:
        data = orjson.dumps(value, option=_BUILT_IN_ONLY)
    except TypeError:
        return None
    # The encoder writes null for NaN, too.
    is_whole = _is_small_and_clean(data) and (b"null" not in data or is_finite(value))
    return data.decode() if is_whole else None


def _is_small_and_clean(data: bytes) -> bool:
    """Tell whether nothing in that JSON is too long, too deep or too many, or needs cleaning."""
    return (
        len(data) <= MAX_KEY_BYTES
        and data.count(b"[") + data.count(b"{") <= MAX_DEPTH
        and not _NEEDS_CLEANING.search(data)
    )


def is_finite(value: Any) -> bool:
    """
    Tell whether every number in *value*, which the encoder has taken, is one that JSON has.

    False where it holds what is none of JSON's own kinds: a number may hide in that.
    """
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, dict):
        # In one step: another thread may be adding some.
        value = list(value.values())
    elif not isinstance(value, list | tuple):
        return value is None or isinstance(value, str | int)
    # A loop: a generator would cost more than what it looks at.
    for each in value:  # noqa: SIM110
        if type(each) not in _NO_FLOATS and not is_finite(each):
            return False
    return True
