"""
What a span says, column by column: the part of the mapping that converts values. Pure.

An attribute may hold anything. Each method takes one kind of value out of it and never raises; what
had to be changed to fit its column stays among the other attributes as it was.
"""

import hashlib
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from otel_steps import semconv
from otel_steps.model import Span, step_id
from otel_steps.sanitize import from_json, to_json

MAX_INT32: Final = 2**31 - 1
# PostgreSQL indexes no text beyond 2.7 kB, and names and statuses are worth an index.
MAX_WORD_CHARS: Final = 200

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_MIN_MICROS: Final = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
_MAX_MICROS: Final = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND

_PREFIX: Final = semconv.TIMING_PREFIX
_PREFIX_CHARS: Final = len(_PREFIX)
_TOKENS: Final = {
    semconv.GEN_AI_USAGE_INPUT_TOKENS: "input_tokens",
    semconv.GEN_AI_USAGE_OUTPUT_TOKENS: "output_tokens",
}


class Facts:
    """
    What a span says; a value that a column takes leaves `rest`, so that none is stored twice.

    Attributes:
        rest: The attributes that no column has taken.
        task_id: The task that the span belongs to.
        names_task: False where that is a guess: the trace.
    """

    def __init__(self, span: Span) -> None:
        self.span = span
        self.rest = dict(span.attributes)
        named = self.text(semconv.TASK_ID)
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

    def text(self, key: str) -> str | None:
        """Take a text; any other value becomes its JSON."""
        value = self.rest.pop(key, None)
        return value if value is None or isinstance(value, str) else to_json(value)

    def word(self, key: str) -> str | None:
        """Take a text that is short by nature; one that is not stays in `rest` as a whole."""
        text = self.text(key)
        if text is None or len(text) <= MAX_WORD_CHARS:
            return text or None
        self.rest[key] = self.span.attributes[key]
        return text[: MAX_WORD_CHARS - 1] + "…"

    def json(self, key: str) -> Any:
        """Take a value that came as JSON text; what cannot be parsed stays a text."""
        value = self.rest.pop(key, None)
        if not isinstance(value, str):
            return value
        try:
            parsed, is_changed = from_json(value)
        except (ValueError, RecursionError):
            return value
        if is_changed:
            self.rest[semconv.STEP_CLEANED] = True
        return parsed

    def flag(self, key: str) -> bool | None:
        """Take a boolean; a number or a word is understood, and stays in `rest`."""
        value = self.rest.get(key)
        if isinstance(value, bool):
            return bool(self.rest.pop(key))
        if isinstance(value, int):
            return bool(value)
        return {"true": True, "false": False}.get(str(value).strip().lower())

    def int32(self, key: str) -> int | None:
        """Return a number that fits its column; a value that had to be converted stays, too."""
        value = self.rest.get(key)
        try:
            number = int(value)  # type: ignore[arg-type] # the TypeError is caught
        except (TypeError, ValueError, OverflowError):
            return None
        if abs(number) > MAX_INT32:
            return None
        if type(value) is int:
            del self.rest[key]
        return number

    def timings(self) -> dict[str, Any] | None:
        """Take all timings that are numbers, and the tokens, by their short names."""
        numbers = {}
        for key in list(self.rest):
            name = key[_PREFIX_CHARS:] if key.startswith(_PREFIX) else _TOKENS.get(key)
            if name is not None and type(self.rest[key]) in (int, float):
                numbers[name] = self.rest.pop(key)
        return numbers or None

    def error_message(self, key: str, *, is_failed: bool) -> str | None:
        """Take the message of the span, or, of a failed one, that of its status."""
        message = self.text(key)
        status_message = self.span.status_message
        if not message and is_failed:
            return status_message or None
        if status_message and status_message != message:
            self.rest[semconv.SPAN_STATUS_MESSAGE] = status_message
        return message or None


def iso(unix_nano: int) -> str:
    """Return the time as the rows have it; a clock gone mad ends where `datetime` does."""
    micros = max(_MIN_MICROS, min(unix_nano // 1000, _MAX_MICROS))
    seconds, micros = divmod(micros, 1_000_000)
    day, seconds = divmod(seconds, 86_400)
    # Three times as fast as `datetime.isoformat`, and each span has two of them.
    return "%sT%02d:%02d:%02d.%06d+00:00" % (  # noqa: UP031 - the fastest
        _iso_day(day),
        seconds // 3600,
        seconds // 60 % 60,
        seconds % 60,
        micros,
    )


@lru_cache(64)
def _iso_day(day: int) -> str:
    return (_EPOCH + timedelta(days=day)).date().isoformat()
