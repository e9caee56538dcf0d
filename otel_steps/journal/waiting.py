"""What waits on disk, in numbers; looks at it and changes nothing."""

import contextlib
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from otel_steps.journal.owner import Owner
from otel_steps.journal.segment import count_lines


@dataclass(frozen=True, slots=True)
class Waiting:
    """
    What waits on disk, over all processes.

    Attributes:
        lines: Ended spans whose rows are not stored.
        size_bytes: Of their lines, without pictures.
        pictures: Those that are not stored; those of steps in flight beside them count as well.
        oldest_at: Unix time in seconds of the oldest file, None where nothing waits.
        unread: What cannot be read, or is not a file of a journal: in words, with its path.
    """

    lines: int
    size_bytes: int
    pictures: int
    oldest_at: float | None
    unread: tuple[str, ...] = ()


# A segment as it was counted: inode, size and time of its last change; and its lines.
_Counted = tuple[tuple[int, int, int], int]


class WaitingCount:
    """
    Counts what waits; any thread may ask.

    Segments only grow: one that is as it was is not read again, so that the backlog's bytes cost
    something once, and its files no more than a look at each.
    """

    def __init__(self) -> None:
        # Of the segments that were there at the last look. Replaced as a whole: threads need no
        # lock.
        self._counted: dict[Path, _Counted] = {}

    def of(self, owners: Iterable[Owner], odd: Sequence[Path]) -> Waiting:
        """Return what waits in the folders of *owners*; *odd* is what cannot be one of them."""
        counted: dict[Path, _Counted] = {}
        each = [self._of_one(owner, counted) for owner in owners]
        self._counted = counted
        return Waiting(
            lines=sum(one.lines for one in each),
            size_bytes=sum(one.size_bytes for one in each),
            pictures=sum(one.pictures for one in each),
            oldest_at=min((at for one in each if (at := one.oldest_at) is not None), default=None),
            unread=(*_odd(odd), *(text for one in each for text in one.unread)),
        )

    def _of_one(self, owner: Owner, counted: dict[Path, _Counted]) -> Waiting:
        lines, size_bytes, pictures = 0, 0, 0
        times: list[float] = []
        unread: list[str] = []
        with _noting(unread):
            unread += _odd(owner.odd())
            for path in owner.segments():
                with _noting(unread):
                    stat = path.stat()
                    counted[path] = self._count(path, stat)
                    lines += counted[path][1]
                    size_bytes += stat.st_size
                    times += [stat.st_mtime] if stat.st_size else []
            times += [path.stat().st_mtime for path in owner.shipped()]
            # Where nothing else waits, they are of steps in flight.
            if times:
                pictures = len(owner.picture_names())
        return Waiting(lines, size_bytes, pictures, min(times, default=None), tuple(unread))

    def _count(self, path: Path, stat: os.stat_result) -> _Counted:
        state = (stat.st_ino, stat.st_size, stat.st_mtime_ns)
        known = self._counted.get(path)
        return known if known is not None and known[0] == state else (state, count_lines(path))


def _odd(paths: Sequence[Path]) -> list[str]:
    return [f"{path} is not a file that a journal writes" for path in paths]


@contextlib.contextmanager
def _noting(unread: list[str]) -> Iterator[None]:
    """Note what cannot be read, with its path; what vanishes meanwhile has been shipped."""
    try:
        yield
    except FileNotFoundError:
        pass
    except OSError as error:
        unread.append(str(error))
