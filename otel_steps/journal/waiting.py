"""What waits on disk, in numbers; looks at it and changes nothing."""

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from otel_steps.journal.folder_memo import FolderMemo
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

    lines: int = 0
    size_bytes: int = 0
    pictures: int = 0
    oldest_at: float | None = None
    unread: tuple[str, ...] = ()

    @classmethod
    def sum(cls, parts: Iterable["Waiting"]) -> "Waiting":
        """Return what waits in all *parts* together."""
        each = list(parts)
        return cls(
            lines=sum(one.lines for one in each),
            size_bytes=sum(one.size_bytes for one in each),
            pictures=sum(one.pictures for one in each),
            oldest_at=min((at for one in each if (at := one.oldest_at) is not None), default=None),
            unread=tuple(text for one in each for text in one.unread),
        )


# A segment as it was counted: inode, size and time of its last change; and its lines.
_Counted = tuple[tuple[int, int, int], int]


@dataclass(frozen=True, slots=True)
class _Folder:
    """
    What waits in the folder of a process, but for its pictures.

    Attributes:
        waiting: Of all files but `growing`.
        growing: The segment that may be written to, if one may.
        is_whole: False where something could not be read.
    """

    waiting: Waiting
    growing: Path | None
    is_whole: bool


class WaitingCount:
    """
    Counts what waits; any thread may ask.

    The folder of a process costs the same however much waits in it. Which files it has changes only
    with the folder (`FolderMemo`), and of these only the last segment grows (`owner`): that one is
    looked at each time, all else after a change of the folder. A segment that is as it was is not
    read again even then.
    """

    def __init__(self) -> None:
        # Of each folder. Entries are replaced as a whole, and one that is lost costs a reading:
        # threads need no lock.
        self._counted: dict[Path, dict[Path, _Counted]] = {}
        self._folders: FolderMemo[_Folder] = FolderMemo()
        self._pictures: FolderMemo[Waiting] = FolderMemo()

    def of(self, owners: Sequence[Owner], odd: Sequence[Path]) -> Waiting:
        """Return what waits in the folders of *owners*; *odd* is what cannot be one of them."""
        found = Waiting.sum([Waiting(unread=_odd(odd)), *map(self._of_one, owners)])
        counted = self._counted
        self._counted = {o.path: counted[o.path] for o in owners if o.path in counted}
        self._folders.keep_only(owner.path for owner in owners)
        self._pictures.keep_only(owner.pictures for owner in owners)
        return found

    def _of_one(self, owner: Owner) -> Waiting:
        folder = self._folders.of(
            owner.path, lambda: self._look(owner), keeps=lambda found: found.is_whole
        )
        unread: list[str] = []
        pictures = Waiting()
        with _noting(unread):
            pictures = self._pictures.of(owner.pictures, lambda: _pictures_of(owner))
        counted = self._counted.setdefault(owner.path, {})
        growing = filter(None, [folder.growing])
        parts = [folder.waiting, *self._of_segments(growing, counted, unread)]
        found = Waiting.sum([*parts, pictures, Waiting(unread=tuple(unread))])
        # Where nothing else waits, they are of steps in flight.
        return replace(found, pictures=0) if found.oldest_at is None else found

    def _look(self, owner: Owner) -> _Folder:
        unread: list[str] = []
        parts: list[Waiting] = []
        growing: Path | None = None
        counted: dict[Path, _Counted] = {}
        with _noting(unread):
            parts.append(Waiting(unread=_odd(sorted(owner.odd_files()))))
            segments = owner.segments()
            growing = owner.growing(segments)
            full = [path for path in segments if path != growing]
            known = self._counted.get(owner.path, {})
            counted |= {path: known[path] for path in segments if path in known}
            parts += self._of_segments(full, counted, unread)
            parts += [Waiting(oldest_at=path.stat().st_mtime) for path in owner.shipped()]
        self._counted[owner.path] = counted
        parts.append(Waiting(unread=tuple(unread)))
        return _Folder(Waiting.sum(parts), growing, is_whole=not unread)

    def _of_segments(
        self, segments: Iterable[Path], counted: dict[Path, _Counted], unread: list[str]
    ) -> list[Waiting]:
        """Return what waits in each of *segments*, and keep that in *counted*."""
        parts = []
        for path in segments:
            with _noting(unread):
                stat = path.stat()
                state = (stat.st_ino, stat.st_size, stat.st_mtime_ns)
                known = counted.get(path)
                if known is None or known[0] != state:
                    known = counted[path] = (state, count_lines(path))
                at = stat.st_mtime if stat.st_size else None
                parts.append(Waiting(known[1], stat.st_size, oldest_at=at))
        return parts


def _pictures_of(owner: Owner) -> Waiting:
    return Waiting(pictures=len(owner.picture_names()), unread=_odd(sorted(owner.odd_pictures())))


def _odd(paths: Sequence[Path]) -> tuple[str, ...]:
    return tuple(f"{path} is not a file that a journal writes" for path in paths)


@contextlib.contextmanager
def _noting(unread: list[str]) -> Iterator[None]:
    """Note what cannot be read, with its path; what vanishes meanwhile has been shipped."""
    try:
        yield
    except FileNotFoundError:
        pass
    except OSError as error:
        unread.append(str(error))
