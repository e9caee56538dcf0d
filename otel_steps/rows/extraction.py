"""
Taking values out of the attributes of a span, each as its column has it. Pure.

An attribute may hold anything. Each function takes one kind of value and never raises; what had to
be changed to fit its column stays among the other attributes as it was.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Final

from otel_steps import semconv
from otel_steps.otlp.span import Span
from otel_steps.rows.column import BOOLEAN, INTEGER, JSON, REAL, TEXT, WORD, Kind
from otel_steps.rows.ids import step_id
from otel_steps.rows.tables import columns_of
from otel_steps.rows.times import iso
from otel_steps.sanitize import from_json, to_json

MAX_INT32: Final = 2**31 - 1
# PostgreSQL indexes no text beyond 2.7 kB, and names and statuses are worth an index.
MAX_WORD_CHARS: Final = 200

_PREFIX: Final = semconv.TIMING_PREFIX
_PREFIX_CHARS: Final = len(_PREFIX)

# Makes of a value what its column takes, None where it does not fit. It is given the value, and the
# other attributes with its key, to put it back where it has to stay.
_Take = Callable[[Any, dict[str, Any], str], Any]
# Name of the column, key of the attribute, and how its value is taken.
Filling = tuple[tuple[str, str, _Take], ...]


def filling(row_class: type[Any]) -> Filling:
    """Return how the columns of *row_class* that attributes fill are filled."""
    return tuple(
        (name, column.said, _TAKE[column.kind])
        for name, column in columns_of(row_class).items()
        if column.said is not None
    )


class Extraction:
    """
    What is taken out of a span; it leaves `rest`, so that nothing is stored twice.

    Attributes:
        rest: The attributes that no column has taken.
        task_id: The task that the span belongs to.
        names_task: False where that is a guess: the trace.
    """

    def __init__(self, span: Span) -> None:
        self.span = span
        self.rest = dict(span.attributes)
        named = _text(self.rest.pop(semconv.TASK_ID, None), self.rest, semconv.TASK_ID)
        self.names_task = bool(named)
        self.task_id = self._fitting_id(named or span.trace_id)
        self.id = step_id(span.trace_id, span.span_id)
        self.started_at = iso(span.start_time_unix_nano)
        self.ended_at = None if span.is_open else iso(span.end_time_unix_nano)

    def _fitting_id(self, text: str) -> str:
        if len(text) <= MAX_WORD_CHARS:
            return text
        self.rest[semconv.TASK_ID] = self.span.attributes[semconv.TASK_ID]
        digest = hashlib.sha256(text.encode()).hexdigest()[:32]
        return f"{text[: MAX_WORD_CHARS // 2]}…{digest}"

    def take(self, columns: Filling) -> dict[str, Any]:
        """Take the values of *columns*; those of which nothing is said are left out."""
        rest = self.rest
        taken = {}
        for name, key, take in columns:
            if key in rest:
                value = take(rest.pop(key), rest, key)
                if value is not None:
                    taken[name] = value
        return taken

    def take_timings(self) -> dict[str, Any] | None:
        """Take all timings that are numbers, by their short names."""
        numbers = {}
        for key in list(self.rest):
            if key.startswith(_PREFIX) and type(self.rest[key]) in (int, float):
                numbers[key[_PREFIX_CHARS:]] = self.rest.pop(key)
        return numbers or None

    def error_message(self, message: str | None, *, is_failed: bool) -> str | None:
        """Return the *message* of the span, or, of a failed one, that of its status."""
        status_message = self.span.status_message
        if not message and is_failed:
            return status_message or None
        if status_message and status_message != message:
            self.rest[semconv.SPAN_STATUS_MESSAGE] = status_message
        return message or None


def _text(value: Any, rest: dict[str, Any], key: str) -> str | None:
    """Return a text; any other value becomes its JSON."""
    return value if value is None or isinstance(value, str) else to_json(value)


def _word(value: Any, rest: dict[str, Any], key: str) -> str | None:
    """Return a text that is short by nature; one that is not stays as a whole."""
    text = _text(value, rest, key)
    if text is None or len(text) <= MAX_WORD_CHARS:
        return text or None
    rest[key] = value
    return text[: MAX_WORD_CHARS - 1] + "…"


def _json(value: Any, rest: dict[str, Any], key: str) -> Any:
    """Return a value that came as JSON text; what cannot be parsed stays a text."""
    if not isinstance(value, str):
        return value
    try:
        parsed, is_changed = from_json(value)
    except (ValueError, RecursionError):
        return value
    if is_changed:
        rest[semconv.STEP_CLEANED] = True
    return parsed


def _flag(value: Any, rest: dict[str, Any], key: str) -> bool | None:
    """Return a boolean; a number or a word is understood, and stays."""
    if isinstance(value, bool):
        return value
    rest[key] = value
    if isinstance(value, int):
        return bool(value)
    return {"true": True, "false": False}.get(str(value).strip().lower())


def _int32(value: Any, rest: dict[str, Any], key: str) -> int | None:
    """Return a number that fits its column; a value that has to be converted for it stays."""
    if type(value) is int and abs(value) <= MAX_INT32:
        return value
    rest[key] = value
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if abs(number) <= MAX_INT32 else None


def _real(value: Any, rest: dict[str, Any], key: str) -> float | None:
    """Return a number; anything else stays."""
    if type(value) in (int, float):
        return float(value)
    rest[key] = value
    return None


_TAKE: Final[Mapping[Kind, _Take]] = {
    TEXT: _text,
    WORD: _word,
    JSON: _json,
    BOOLEAN: _flag,
    INTEGER: _int32,
    REAL: _real,
}


def word_of(attributes: Mapping[str, Any] | None, key: str) -> str | None:
    """Return what *attributes* have under *key*, as a word."""
    value = (attributes or {}).get(key)
    return None if value is None else str(value)[:MAX_WORD_CHARS]


def project_of(resource: Mapping[str, Any] | None) -> str | None:
    """Return the project that *resource* names."""
    return (
        word_of(resource, semconv.PROJECT) or word_of(resource, semconv.SERVICE_NAMESPACE) or None
    )
