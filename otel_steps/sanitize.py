"""
Whatever an agent hands over, made storable: text, numbers, shapes and sizes. Pure.

PostgreSQL takes neither U+0000 nor NaN, UTF-8 no lone surrogate, a 64-bit column no larger number,
and a person who looks at a step no ten megabytes. `clean` settles all of that once, before a value
reaches the disk, so that no store has to refuse a row. `scrub` does the other half, for messages:
it masks what looks like a secret.
"""

import base64
import dataclasses
import json
import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from itertools import islice
from pathlib import PurePath
from typing import Any, Final, TypeGuard
from uuid import UUID

import orjson

# Bytes of UTF-8. A whole value may have this size, one text a quarter of it.
MAX_VALUE_BYTES: Final = 4 * 2**20
# For reading what was cleaned once: with its marks it may be a little larger than the limit.
MAX_READ_BYTES: Final = 2 * MAX_VALUE_BYTES
MAX_TEXT_BYTES: Final = 2**20
MAX_KEY_BYTES: Final = 512
MAX_REPR_BYTES: Final = 1024
MAX_ITEMS: Final = 10_000
MAX_DEPTH: Final = 32
MAX_MESSAGE_CHARS: Final = 2_000

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

REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"

# What a value weighs in an OTLP line apart from its text: `{"key":"","value":{"intValue":""}},`.
# It also bounds the work where few objects refer to each other often.
_ITEM_BYTES: Final = 32
# However little room is left, a text this short stays whole.
_SHORT_BYTES: Final = 256
_CUT_MARK_BYTES: Final = 48
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
    cleaner = _Cleaner(max_bytes)
    return cleaner.value(value, 0), cleaner.is_changed


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
        cleaned = _Cleaner(room - 2 * _CUT_MARK_BYTES * MAX_DEPTH).value(value, 0)
        text = json.dumps(cleaned, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        if len(text) * 4 <= MAX_TEXT_BYTES or len(text.encode()) <= MAX_TEXT_BYTES:
            break
    return text


def _plain_json(value: object) -> str | None:
    """Return the JSON of a small value of built-in classes, as nearly every action is, or None."""
    try:
        data = orjson.dumps(value, option=_BUILT_IN_ONLY)
        if not _is_small_and_clean(data):
            return None
        if b"null" in data:
            _check_numbers(value)  # the encoder writes null for NaN, too
    except (TypeError, ValueError):
        return None
    return data.decode()


def _is_small_and_clean(data: bytes) -> bool:
    """Tell whether nothing in that JSON is too long, too deep or too many, or needs cleaning."""
    return (
        len(data) <= MAX_KEY_BYTES
        and data.count(b"[") + data.count(b"{") <= MAX_DEPTH
        and not _NEEDS_CLEANING.search(data)
    )


_check_numbers: Final = json.JSONEncoder(check_circular=False, allow_nan=False).encode


def _repaired(text: str) -> str:
    """Return *text* without U+0000 and lone surrogates; two halves that belong together join."""
    data = text.encode("utf-16-le", "surrogatepass")
    return data.decode("utf-16-le", "replace").replace("\0", REPLACEMENT)


def _shortened(text: str, limit_bytes: int) -> str:
    """Return head and tail of *text* with a mark between them, together at most the limit."""
    data = text.encode()
    half = max(0, limit_bytes - _CUT_MARK_BYTES) // 2
    head = data[:half].decode("utf-8", "ignore")
    tail = data[len(data) - half :].decode("utf-8", "ignore")
    cut = len(data) - len(head.encode()) - len(tail.encode())
    return f"{head}…[{cut} bytes cut]…{tail}"


class _Cleaner:
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
            text = _repaired(text)
            size = len(text.encode())
        # Half of what is left at most: a run of huge texts never starves its small siblings.
        if size > _SHORT_BYTES and size > min(limit_bytes, self._left // 2):
            self.is_changed = True
            size = max(min(limit_bytes, self._left // 2), _SHORT_BYTES)
            text = _shortened(text, size)
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


_QUOTED_OR_WORD: Final = r"""(?:\\?"[^"\r\n]*"?|\\?'[^'\r\n]*'?|[^\s"',;&)\]}]+)"""

# Each pattern keeps its group and masks the rest. No repetition can match the same text in two
# ways, so that a hostile message costs no more than its length.
_SECRETS: Final[Sequence[tuple[re.Pattern[str], str]]] = (
    (
        re.compile(
            r"(?i)\b((?:proxy-)?authorization|(?:set-)?cookie)\b[\\\"']{0,2}\s{0,8}[:=][^\r\n]*"
        ),
        r"\1: ***",
    ),
    (
        re.compile(
            r"(?i)((?:api|secret|access|role|private|service)[-_ ]?key|apikey|password|passwd|pwd"
            r"|passphrase|secret|token)([\\\"']{0,2}\s{0,8}[:=]\s{0,8})" + _QUOTED_OR_WORD
        ),
        r"\1\2***",
    ),
    (re.compile(r"(?i)\b(bearer)\s{1,8}[^\s\"',;]+"), r"\1 ***"),
    (re.compile(r"(://[^\s:/@\"']{0,256}:)(?!\d{1,5}(?:[/?#\s]|$))[^\s\"'<>]{1,512}@"), r"\1***@"),
    (re.compile(r"\b(sb_secret_|sk-|ghp_|github_pat_|hf_|xox[abp]-|AIza)[\w-]{6,}"), r"\1***"),
    (re.compile(r"\b(eyJ)[\w-]{6,}(?:\.[\w-]*){0,4}"), r"\1***"),
    # Zhipu BigModel and ModelScope, where most phone agents have their key from.
    (re.compile(r"()\b[0-9a-f]{32}\.[A-Za-z0-9]{12,64}\b"), r"\1***"),
    (re.compile(r"\b(ms-)[0-9a-f]{8}-[0-9a-f-]{27}"), r"\1***"),
)


def scrub(text: str) -> str:
    """
    Return *text* fit for a message: secrets masked, storable, at most 2,000 characters.

    Masked are keys and tokens by their look (`sb_secret_…`, `sk-…`, JWTs), by their name
    (`apikey: …`, `password=…`, `Bearer …`) and by their place (`user:…@host`).
    """
    text = masked(text)
    if len(text) > MAX_MESSAGE_CHARS:
        text = text[: MAX_MESSAGE_CHARS - 1] + "…"
    return text


def masked(text: str) -> str:
    """Return *text* as `scrub` does, for one that is worth more room: a stack trace."""
    # Far more than a message has, so that no secret is cut in two where a reader could see it.
    text = _repaired(str(text)[: 32 * MAX_MESSAGE_CHARS])
    for pattern, mask in _SECRETS:
        text = pattern.sub(mask, text)
    return text
