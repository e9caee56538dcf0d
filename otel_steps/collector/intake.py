"""
What the doors of a receiver share: the bodies that are in memory, the threads that read them, and
what becomes of a body that cannot be taken.
"""

from collections.abc import Callable
from typing import Final, TypeVar

from anyio import CapacityLimiter
from anyio.to_thread import run_sync

from otel_steps.collector.answers import Encoding
from otel_steps.collector.receiver import JournalRefused, Receiver, Taken
from otel_steps.pictures.captured import PictureInfo
from otel_steps.rows.judgement import EVALUATION_EVENT
from otel_steps.serving.body import Held, too_many
from otel_steps.serving.guard import Guard
from otel_steps.serving.refusal import Refusal

# A message of 20 MB takes seconds to read. More threads would not be faster and hold more of them.
_WORKERS: Final = 2
# Requests that are whole and wait for these: the last one would wait as long as its sender does.
MAX_WAITING: Final = 64
# As long as the journal leaves a disk alone that has failed.
_DISK_RETRY_S: Final = 5

SPANS_ONLY: Final = (
    "nothing of it is kept: otel-steps keeps traces only, and of logs what others have judged of "
    "them; send logs and metrics elsewhere"
)

T = TypeVar("T")


class Intake:
    """
    Takes bodies, whichever door they come in by; for one event loop.

    Args:
        receiver: Has the journal. Shipping what is in it is the caller's business: give the
            receiver `Shipper.notify` of a shipper for the same journal.
        guard: Who may send.

    Attributes:
        guard: As given.
        held: The bodies that are in memory.
    """

    def __init__(self, receiver: Receiver, guard: Guard) -> None:
        self.guard = guard
        self.held = Held()
        self._receiver = receiver
        self._workers = CapacityLimiter(_WORKERS)

    @property
    def hides_nothing(self) -> bool:
        """True where no text is held back, so that what cannot be read may be kept as it is."""
        return self._receiver.hides_nothing

    async def in_thread(self, work: Callable[[], T]) -> T:
        """
        Return what *work* does, in a thread.

        Raises:
            Refusal: Too many wait for one.
        """
        if self._workers.statistics().tasks_waiting >= MAX_WAITING:
            raise too_many()
        return await run_sync(work, limiter=self._workers)

    def take(self, encoding: Encoding, body: bytes) -> Taken:
        """
        Put the spans of a body into the journal.

        Raises:
            Refusal: None is kept, or the disk does not take them now.
        """
        return _kept(lambda: self._receiver.take(encoding.spans(body)))

    def take_logs(self, encoding: Encoding, body: bytes) -> Taken | None:
        """
        Put what others have judged, in log records of a body, into the journal; None for no such.

        Nothing else is kept of them, so that a body of others is not even read.

        Raises:
            Refusal: None is kept, or the disk does not take them now.
        """
        if EVALUATION_EVENT.encode() not in body:
            return None
        return _kept(lambda: self._receiver.take_verdicts(encoding.events(body)))

    def take_picture(self, sha256: str, body: bytes) -> tuple[PictureInfo, bool]:
        """
        Keep a picture; see `Receiver.take_picture`.

        Raises:
            Refusal: It is none, or the disk does not take it now.
        """
        return _kept(lambda: self._receiver.take_picture(sha256, body))


def _kept(take: Callable[[], T]) -> T:
    try:
        return take()
    except ValueError as error:
        raise Refusal(400, str(error)) from None
    except JournalRefused as error:
        raise Refusal(503, str(error), retry_after_s=_DISK_RETRY_S) from None
