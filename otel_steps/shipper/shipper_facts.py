"""What a shipper tells of itself: how shipping stands, and what one call has done."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipperFacts:
    """
    How shipping stands.

    Attributes:
        shipped: Ended spans that the store has taken, in this process.
        known: Of those, spans that it had already.
        batches: Portions in which they came, in this process.
        batch_seconds: How long these took together.
        waiting: Ended spans that it has not taken, of all processes.
        waiting_bytes: Of their lines, on disk.
        pictures_waiting: Pictures that are not stored, of all processes.
        oldest_at: Unix time in seconds of the oldest of them on disk, or None.
        dead: Dead letters that are spans, or were lines of them, of all processes, with what was
            set aside as nothing of a journal.
        pictures_dead: Dead letters that are pictures.
        unread: What of the journal cannot be read, or is nothing of it: in words, with its path.
        held: Why nothing will pass, or some pictures will not, until a person acts, or None.
        remedy: What that person can do, or None.
        last_error: The last error of the store since it last took something, or None.
    """

    shipped: int
    known: int
    batches: int
    batch_seconds: float
    waiting: int
    waiting_bytes: int
    pictures_waiting: int
    oldest_at: float | None
    dead: int
    pictures_dead: int
    unread: tuple[str, ...]
    held: str | None
    remedy: str | None
    last_error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipped:
    """
    What `ship_all` has done.

    Attributes:
        shipped: Spans that the store has taken.
        known: Of those, spans that it had already.
        dead: Spans that it can never take and lines that cannot be read, now dead letters.
        pictures_dead: Pictures that their place can never take, likewise.
        waiting: Ended spans that are left, also those of processes that live, which ship their own.
        pictures_waiting: Pictures that are left, likewise.
        reason: Why it stopped early, or None.
        remedy: What a person can do about it, or None.
        troubles: What was set aside, or cannot be read or removed: in words, with path and remedy.
    """

    shipped: int
    known: int
    dead: int
    waiting: int
    pictures_waiting: int = 0
    pictures_dead: int = 0
    reason: str | None = None
    remedy: str | None = None
    troubles: tuple[str, ...] = ()
