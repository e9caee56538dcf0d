"""What a source finds: a span with the file of its picture, or the reason why there is none."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Protocol

from otel_steps.otlp.span import Span
from otel_steps.pictures.sources import Source
from otel_steps.sanitize import clean
from otel_steps.version import __version__

# string, the kind of source that a span was imported from, among the resource of its rows
IMPORTED_FROM: Final = "otel_steps.imported.from"
# string, what the source calls it: the id of its row or the number of its event
IMPORTED_ID: Final = "otel_steps.imported.id"

STATUS_OK: Final = 1
STATUS_ERROR: Final = 2

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class PictureFile:
    """
    Where the picture of a step should be.

    Attributes:
        paths: The first that is a picture is taken.
        sha256: What it must be, where the source knows that.
    """

    paths: Sequence[Path]
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class PictureHeld:
    """
    The picture of a step as the source has it.

    Attributes:
        source: Whatever `pictures.sources` reads.
    """

    source: Source


class NamedPictures(Protocol):
    """Where the pictures are that spans name."""

    def find(self, sha256: str) -> bytes | None:
        """
        Return a picture, or None where it is not here.

        Raises:
            PictureError: It is here and cannot be read.
        """


@dataclass(frozen=True, slots=True)
class Message:
    """
    Ended spans as somebody's exporter has written them: to be told as ours where they are not.

    Attributes:
        spans: Cleaned, their pictures taken out.
        pictures: Where these are.
    """

    spans: Sequence[Span]
    pictures: NamedPictures


@dataclass(frozen=True, slots=True)
class Item:
    """
    An ended span, and the picture that it does not name yet.

    Attributes:
        results: Those of its attributes that hold a result here, whatever they hold elsewhere.
        said: What people say of it, by the columns of a row; see `rows.judgement`.
    """

    span: Span
    picture: PictureFile | PictureHeld | None = None
    results: frozenset[str] = frozenset()
    said: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refused:
    """
    Something that cannot be imported; the rest of its source can.

    Attributes:
        source: The file, with the line if there is one, or the table.
        reason: Why, and nothing of its content.
    """

    source: str
    reason: str


Found = Item | Message | Refused


def trace_id_of(*names: object) -> str:
    """Return 32 hex digits that belong to *names* for good."""
    return _digest(names)[:32]


def span_id_of(*names: object) -> str:
    """Return 16 hex digits that belong to *names* for good."""
    return _digest(names)[:16]


def _digest(names: Sequence[object]) -> str:
    # With a separator that no name has: ("a", "bc") is not ("ab", "c").
    text = "\0".join(str(name) for name in names)
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


def unix_nano(time: object) -> int | None:
    """
    Return a time, as a `datetime` or in ISO 8601, in nanoseconds; None where it is none.

    One without a zone is local time here: its writer wrote down what the clock on the wall said.
    """
    try:
        moment = time if isinstance(time, datetime) else datetime.fromisoformat(str(time))
        micros = (moment.astimezone(UTC) - _EPOCH) // timedelta(microseconds=1)
    except (ValueError, OverflowError, OSError):
        return None
    # 1 at least: an end of 0 would leave a span open.
    return max(1, micros * 1000)


def milliseconds(value: object) -> float | None:
    """Return a duration, or None where *value* is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # A month; NaN fails both comparisons.
    return float(value) if 0 <= value <= 2_678_400_000 else None


def span_of(
    *,
    name: str,
    trace_id: str,
    span_id: str,
    parent_span_id: str | None,
    start: int,
    end: int,
    imported_from: str,
    attributes: Mapping[str, Any],
    is_failed: bool = False,
    status_message: str | None = None,
) -> Span:
    """Return an ended span as a recording would have had it; attributes that are None are not."""
    present = {key: value for key, value in attributes.items() if value is not None}
    return Span(
        trace_id=trace_id,
        span_id=span_id,
        parent_span_id=parent_span_id,
        name=name,
        start_time_unix_nano=start,
        end_time_unix_nano=max(start, end),
        attributes=clean(present)[0],
        status_code=STATUS_ERROR if is_failed else STATUS_OK,
        status_message=status_message or "",
        resource={IMPORTED_FROM: imported_from},
        scope_name="otel_steps",
        scope_version=__version__,
    )
