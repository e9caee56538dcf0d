"""
An OTLP message into the journal: read, told as ours, kept from saying too much, written down.

Runs on threads that may wait for the disk, never on that of an event loop. Senders are foreign and
may be hostile: nothing that they send raises anything but what is documented here.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from otel_steps.admit import Admission, Redact, picture_names
from otel_steps.config import Settings
from otel_steps.foreign_spans.evaluations import evaluations
from otel_steps.foreign_spans.traces import Traces
from otel_steps.health.problems import Problems
from otel_steps.journal import Journal
from otel_steps.journal.segment import MAX_LINE_BYTES, SEGMENT_BYTES, SEGMENT_LINES
from otel_steps.journal.uploads import Uploads
from otel_steps.otlp import to_line
from otel_steps.otlp.raw import RawSpan, all_cleaned
from otel_steps.otlp.span import Span
from otel_steps.pictures.captured import PictureInfo, describe
from otel_steps.pictures.inline import Pictures
from otel_steps.sanitize import MAX_VALUE_BYTES

MAX_SPANS: Final = 16_384
# One resource may stand for thousands of spans, and each line repeats it.
MAX_WRITTEN_BYTES: Final = 256 * 2**20
# Of the pictures that are in memory together, beside those of the message itself.
_MAX_PICTURE_BYTES: Final = 32 * 2**20
_SWEEP_S: Final = 3600.0


class JournalRefused(Exception):
    """The disk does not take it now; the same may work later."""


@dataclass(slots=True)
class Taken:
    """
    What became of a message: its spans are in the journal, but for some perhaps.

    Attributes:
        rejected: Spans that will never be.
        reason: Why the first of these was rejected.
    """

    rejected: int = 0
    reason: str = ""

    def reject(self, error: ValueError) -> None:
        """Count a span that cannot be taken."""
        self.rejected += 1
        self.reason = self.reason or str(error)


class Receiver:
    """
    Takes messages and pictures; thread-safe.

    Args:
        settings: What may be recorded of what comes in.
        journal: Where it goes; a shipper of the caller's carries it on.
        on_kept: Called with the number of spans that are new in the journal: `Shipper.notify`.
        problems: Hears of what went wrong on our side.
        redact: Sees each text of a span before it is written; see `admit.redaction`.
    """

    def __init__(
        self,
        settings: Settings,
        journal: Journal,
        *,
        on_kept: Callable[[int], None],
        problems: Problems,
        redact: Redact | None = None,
    ) -> None:
        self._journal = journal
        self._on_kept = on_kept
        self._problems = problems
        self._admit = Admission(settings, problems=problems, redact=redact)
        self._traces = Traces()
        self._uploads = Uploads(settings.backup_dir)
        self._lock = threading.Lock()
        self._swept_at = float("-inf")

    @property
    def hides_nothing(self) -> bool:
        """True where no text is held back, so that what came in may be kept as it is."""
        return self._admit.hides_nothing

    def take(self, raws: Iterable[RawSpan | ValueError]) -> Taken:
        """
        Put the spans of a message into the journal; what returns is on disk.

        Args:
            raws: What the message says of each span, or why that cannot be read.

        Raises:
            ValueError: It is no message of spans; nothing is kept.
            JournalRefused: Some may be kept; send all of them again.
        """
        taken, pictures = Taken(), self._admit.pictures()
        spans = self._traces.told(self._cleaned(raws, pictures, taken))
        self._keep((self._admit(each, is_own=is_own) for each, is_own in spans), pictures, taken)
        return taken

    def take_verdicts(self, events: Iterable[RawSpan | ValueError]) -> Taken:
        """
        Put what others have judged of spans into the journal; what returns is on disk.

        Args:
            events: Among log records, each as a span that has nothing but its event.

        Raises:
            ValueError, JournalRefused: As `take`.
        """
        taken, pictures = Taken(), self._admit.pictures()
        spans = self._cleaned(events, pictures, taken)
        verdicts = (verdict for each in spans for verdict in evaluations(each))
        self._keep((self._admit(each, is_own=False) for each in verdicts), pictures, taken)
        return taken

    def _keep(self, spans: Iterable[Span], pictures: Pictures, taken: Taken) -> None:
        """Write *spans* down, and report those that cannot be kept."""
        for portion in self._portions(spans, pictures, taken):
            if not self._journal.append_all(portion.lines, pictures=list(portion.pictures.items())):
                raise JournalRefused("the journal cannot be written; send again later")
            self._forget(portion.uploaded)
            self._on_kept(len(portion.lines))
        if taken.rejected:
            # The reason quotes what was sent: its sender may read it, a log perhaps not.
            reason = taken.reason if self.hides_nothing else "its sender was told why"
            report = f"{taken.rejected} spans that were sent are not kept: {reason}"
            self._problems.report("receiver", report, count=taken.rejected)

    def take_picture(self, sha256: str, data: bytes) -> tuple[PictureInfo, bool]:
        """
        Keep a picture until a span names it; what returns is on disk.

        Returns:
            What its header says, and whether it is kept now and was not before.

        Raises:
            ValueError: *data* is no picture, or *sha256* not its name.
            JournalRefused: It is not kept.
        """
        info = describe(data)
        if info.sha256 != sha256:
            raise ValueError(f"the body has the sha256 {info.sha256}; use that as its name")
        is_known = self._uploaded(sha256) is not None
        is_wanted = self._admit.keeps_pictures
        if is_wanted and not is_known and not self._journal.put_picture((sha256, data)):
            raise JournalRefused("the picture cannot be written; send it again later")
        self._sweep()
        return info, is_wanted and not is_known

    # --- What a message says

    def _cleaned(
        self, raws: Iterable[RawSpan | ValueError], pictures: Pictures, taken: Taken
    ) -> list[Span]:
        """Return what can be read, its pictures taken out."""
        spans: list[Span] = []
        try:
            for span in all_cleaned(
                raws,
                max_bytes=MAX_VALUE_BYTES,
                prepare=pictures.take_out,
                on_bad=taken.reject,
            ):
                if span.is_open:
                    taken.reject(ValueError("endTimeUnixNano is missing or 0; send what has ended"))
                elif len(spans) >= MAX_SPANS:
                    taken.reject(ValueError(f"a request may have {MAX_SPANS} spans; send fewer"))
                else:
                    spans.append(span)
        except RecursionError:
            raise ValueError("the message is nested too deep") from None
        return spans

    # --- Into the journal

    def _portions(
        self, spans: Iterable[Span], pictures: Pictures, taken: Taken
    ) -> Iterator["_Portion"]:
        """Yield lines and pictures to write together: a segment's worth, or what memory holds."""
        portion, written = _Portion(), 0
        for span in spans:
            line = to_line(span)
            written += len(line)
            if len(line) > MAX_LINE_BYTES or written > MAX_WRITTEN_BYTES:
                taken.reject(ValueError(f"a span takes {len(line)} bytes; send less at once"))
                continue
            portion.lines.append(line)
            portion.size += len(line)
            for sha256 in picture_names(span):
                portion.add_picture(sha256, pictures, self._uploaded)
            if portion.is_full:
                yield portion
                portion = _Portion()
        if portion.lines:
            yield portion

    def _uploaded(self, sha256: str) -> bytes | None:
        """Return a picture that was sent before; one that cannot be read never costs its span."""
        with self._reporting(f"picture {sha256} cannot be read"):
            return self._uploads.read(sha256)
        return None

    def _forget(self, uploaded: Mapping[str, int]) -> None:
        for sha256, size in uploaded.items():
            with self._reporting(f"picture {sha256} cannot be removed"):
                self._uploads.remove(sha256)
                self._journal.freed(size)

    def _sweep(self) -> None:
        with self._lock:
            if time.monotonic() < self._swept_at + _SWEEP_S:
                return
            self._swept_at = time.monotonic()
        with self._reporting("old pictures cannot be removed"):
            self._journal.freed(self._uploads.sweep())

    @contextmanager
    def _reporting(self, failure: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self._problems.report("journal", f"{failure}: {error}")


@dataclass(slots=True)
class _Portion:
    lines: list[bytes] = field(default_factory=list)
    size: int = 0
    pictures: dict[str, bytes] = field(default_factory=dict)
    uploaded: dict[str, int] = field(default_factory=dict)

    @property
    def is_full(self) -> bool:
        held = sum(len(data) for data in self.pictures.values())
        return (
            len(self.lines) >= SEGMENT_LINES
            or self.size >= SEGMENT_BYTES
            or held >= _MAX_PICTURE_BYTES
        )

    def add_picture(
        self, sha256: str, sent: Mapping[str, bytes], uploaded: Callable[[str], bytes | None]
    ) -> None:
        """Bring the picture of that name, if its sender has sent it with the message or before."""
        if sha256 in self.pictures:
            return
        if sha256 in sent:
            self.pictures[sha256] = sent[sha256]
        elif (data := uploaded(sha256)) is not None:
            self.pictures[sha256] = data
            self.uploaded[sha256] = len(data)
