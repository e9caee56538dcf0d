"""
Whatever an agent hands over, made storable: text, numbers, shapes and sizes. Pure.

PostgreSQL takes neither U+0000 nor NaN, UTF-8 no lone surrogate, a 64-bit column no larger number,
and a person who looks at a step no ten megabytes. `clean` settles all of that once, before a value
reaches the disk, so that no store has to refuse a row.
"""

import base64
import dataclasses
import json
import math
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from itertools import islice
from pathlib import PurePath
from typing import Any, Final, TypeGuard
from uuid import UUID

from otel_steps.sanitize.limits import (
    MAX_DEPTH,
    MAX_ITEMS,
    MAX_KEY_BYTES,
    MAX_REPR_BYTES,
    MAX_TEXT_BYTES,
    MAX_VALUE_BYTES,
)
from otel_steps.sanitize.secrets import scrub
from otel_steps.sanitize.text import repaired, shortened

# What a value weighs in an OTLP line apart from its text: `{"key":"","value":{"intValue":""}},`.
# It also bounds the work where few objects refer to each other often.
_ITEM_BYTES: Final = 32
# However little room is left, a text this short stays whole.
_SHORT_BYTES: Final = 256
# Python refuses to write larger numbers in decimal (sys.set_int_max_str_digits, at least 640).
_MAX_DECIMAL_BITS: Final = 2048


def clean(value: object, *, max_bytes: int = MAX_VALUE_BYTES) -> tuple[Any, bool]:
    """
    Return *value* as storable JSON, and whether something of it could not be kept as it was.

    The natural JSON form of a Python value does not count as a change: a tuple or a set becomes a
    list, a dataclass a dict, an Enum its value, a date or a path its text. Everything else does:

    - U+0000 and lone surrogates become U+FFFD
    - NaN and infinity become "NaN", "Infinity", "-Infinity"; a number beyond 64 bit its text
    - bytes become base64
    - a long text keeps its head and its tail, a long container its first items
    - a cycle, a value too deep and an object that cannot be read become a mark like `…[cycle]…`
    - any other object becomes its `repr`, cut and without secrets

    Never raises. Cleaning what is clean already changes nothing, given `MAX_READ_BYTES`.
    """
    cleaner = Cleaner(max_bytes)
    return cleaner.value(value, 0), cleaner.is_changed


class Cleaner:
    """One pass over one value: what is left of its size, and what stands above the current item."""

    __slots__ = ("_above", "_left", "is_changed")

    def __init__(self, size_bytes: int) -> None:
        self._left = size_bytes
        self._above: set[int] = set()
        self.is_changed = False

    def value(self, value: object, depth: int) -> Any:
        """Return *value* cleaned; exact built-in scalars, nearly all there is, leave first."""
        # This runs for each attribute of each span on the agent's thread: at a glance, and without
        # a call, it is told what nearly every text and key is: storable as it stands.
        self._left -= _ITEM_BYTES
        if type(value) is str:
            if len(value) <= _SHORT_BYTES and value.isascii() and "\0" not in value:
                self._left -= len(value)
                return value
            return self._text(value)
        if value is None or type(value) is bool:
            return value
        if type(value) is int:
            return self._int(value)
        if type(value) is float:
            return self._float(value)
        return self._object(value, depth)

    def _text(self, text: str, limit_bytes: int = MAX_TEXT_BYTES) -> str:
        try:
            size = len(text) if text.isascii() else len(text.encode())
            is_storable = "\0" not in text
        except UnicodeEncodeError:
            is_storable = False
        if not is_storable:
            self.is_changed = True
            text = repaired(text)
            size = len(text.encode())
        # Half of what is left at most: a run of huge texts never starves its small siblings.
        if size > _SHORT_BYTES and size > min(limit_bytes, self._left // 2):
            self.is_changed = True
            size = max(min(limit_bytes, self._left // 2), _SHORT_BYTES)
            text = shortened(text, size)
        self._left -= size
        return text

    def _int(self, number: int) -> int | str:
        if -(2**63) <= number < 2**63:
            return number
        self.is_changed = True
        is_short = number.bit_length() <= _MAX_DECIMAL_BITS
        return self._text(str(number) if is_short else hex(number))

    def _float(self, number: float) -> float | str:
        if math.isfinite(number):
            return number
        self.is_changed = True
        return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"

    def _object(self, value: object, depth: int) -> Any:
        if depth > MAX_DEPTH:
            return self._mark(f"{_type_name(value)} below level {MAX_DEPTH}")
        if id(value) in self._above:
            return self._mark("cycle")
        self._above.add(id(value))
        try:
            return self._convert(value, depth)
        except Exception:  # noqa: BLE001 - foreign code (__iter__, __repr__, ...); the mark reports it
            return self._mark(f"unreadable {_type_name(value)}")
        finally:
            self._above.discard(id(value))

    def _mark(self, what: str) -> str:
        self.is_changed = True
        return self._text(f"…[{what}]…")

    def _convert(self, value: object, depth: int) -> Any:
        """Return *value* cleaned by what it is a kind of; foreign code runs here and may raise."""
        if type(value) is dict:  # asking an abstract class costs more than the cleaning
            return self._dict(value, depth)
        if type(value) is list:
            return self._list(value, depth)
        match value:
            case Mapping():
                return self._dict(value, depth)
            case Enum():
                return self.value(value.value, depth + 1)
            case str():
                return self._str_subclass(value)
            case int():
                return self._int(int.__index__(value))
            case float():
                return self._float(float.__float__(value))
            case bytes() | bytearray() | memoryview():
                self.is_changed = True
                return self._text(base64.b64encode(value).decode("ascii"))
            case Sequence() | Set():
                return self._list(value, depth)
        return self._other(value, depth)

    def _dict(self, value: Mapping[Any, Any], depth: int) -> dict[str, Any]:
        # One call takes all items: another thread may be adding some.
        items = list(islice(value.items(), MAX_ITEMS + 1))
        total = max(len(value), len(items))
        result: dict[str, Any] = {}
        for key, item in self._first(items):
            name = key
            if (
                type(key) is str
                and len(key) <= MAX_KEY_BYTES
                and key.isascii()
                and "\0" not in key
                and key not in result
            ):
                self._left -= len(key)
            else:
                name = self._key(key, result)
            result[name] = self.value(item, depth + 1)
        if total > len(result):
            result[self._key("…", result)] = self._mark(f"{total - len(result)} items cut")
        return result

    def _list(self, value: Collection[Any], depth: int) -> list[Any]:
        items = list(islice(value, MAX_ITEMS + 1))
        total = max(len(value), len(items))
        result = [self.value(item, depth + 1) for item in self._first(items)]
        if total > len(result):
            result.append(self._mark(f"{total - len(result)} items cut"))
        return result

    def _first(self, items: Sequence[Any]) -> Iterable[Any]:
        """Yield *items* while there is room; of too many, one fewer than allowed, for the mark."""
        limit = MAX_ITEMS if len(items) <= MAX_ITEMS else MAX_ITEMS - 1
        for item in islice(items, limit):
            if self._left <= 0:
                return
            yield item

    def _key(self, key: object, taken: Mapping[str, Any]) -> str:
        """Return *key* as a text that is not *taken*: two keys never merge into one."""
        if type(key) is not str:
            plain = self.value(key, MAX_DEPTH)
            self.is_changed = self.is_changed or not isinstance(plain, str)
            key = plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)
        text = self._text(key, MAX_KEY_BYTES)
        name, number = text, len(taken)
        while name in taken:
            self.is_changed = True
            name = f"{text} ({number})"
            number += 1
        return name

    def _str_subclass(self, value: str) -> str:
        # By str(), never by content: a secret is a str whose str() does not show it.
        text = str.__str__(str(value))
        self.is_changed = self.is_changed or not str.__eq__(value, text)
        return self._text(text)

    def _other(self, value: object, depth: int) -> Any:
        if isinstance(value, datetime | date | time):
            return self._text(value.isoformat())
        if isinstance(value, Decimal | UUID | PurePath | timedelta):
            return self._text(str(value))
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            names = [field.name for field in dataclasses.fields(value)]
            return self._dict({name: getattr(value, name) for name in names}, depth)
        if _is_small_array(value):
            return self.value(value.tolist(), depth + 1)
        self.is_changed = True
        return self._text(scrub(repr(value)), MAX_REPR_BYTES)


def _is_small_array(value: Any) -> TypeGuard[Any]:
    # numpy and torch, known by their shape alone: importing them to ask would cost a second.
    if not (hasattr(value, "dtype") and hasattr(value, "tolist")):
        return False
    return bool(math.prod(value.shape) <= MAX_ITEMS)


def _type_name(value: object) -> str:
    # The slot of `type`, not of a metaclass that may raise.
    return type.__repr__(type(value)).removeprefix("<class '").removesuffix("'>")[:200]
