"""
The journal, reader's side: what waits on disk, of this process and of dead ones.

Lines come out as spans in portions of bounded size. A file is removed once nothing of it is left
to ship: that is the whole acknowledgement, so a crash repeats one portion and loses nothing. One
whose rows are stored before its pictures are is renamed, and removed after those.

Nothing that lies in a folder holds up what lies beside it, or another folder: what no journal has
written is set aside (`odd_files`); what cannot be read or removed now stays, and is told.
"""

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from otel_steps import otlp
from otel_steps.health.problems import Problems
from otel_steps.journal.dead_letters import DeadLetters, Unreadable
from otel_steps.journal.files import sync_file
from otel_steps.journal.folder_memo import FolderMemo
from otel_steps.journal.in_flight import read_states
from otel_steps.journal.odd_files import OddFiles
from otel_steps.journal.owner import Owner, mark_shipped
from otel_steps.journal.segment import MAX_BAD_LINES, Line, read_lines
from otel_steps.journal.waiting import Waiting, WaitingCount
from otel_steps.otlp.span import Span
from otel_steps.rows.interruption import interrupted

# Large enough that a transaction or a request costs little beside its rows.
PORTION_SPANS: Final = 500
PORTION_BYTES: Final = 2**20

_REMEDY: Final = (
    "free disk space, or let this user read it and write there; `otel-steps sync` tries again"
)


@dataclass(slots=True)
class Portion:
    """
    Spans to ship together.

    Attributes:
        spans: The oldest first; may be empty.
        done: Files of which nothing is left once these spans are shipped.
        size: Bytes of the lines.
    """

    spans: list[Span] = field(default_factory=list)
    done: list[Path] = field(default_factory=list)
    size: int = 0


class Backlog:
    """
    Reads what waits below a journal folder, and removes what was shipped.

    Args:
        folder: Holds one folder per writing process.
        problems: Hears of lines and files that cannot be read.
        on_freed: Called with the bytes of each file removed.

    Attributes:
        dead_letters: Has the lines that could not be read.
        dead_lines: How many of them were sent there.
        unread: Files and folders that could not be read, adopted or removed at the last try: why.

    `waiting` may be called on any thread; all else, and all state, belongs to the one that ships.
    """

    def __init__(
        self,
        folder: Path,
        *,
        problems: Problems,
        on_freed: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._folder = folder
        self._problems = problems
        self._on_freed = on_freed
        self.dead_letters = DeadLetters(folder)
        self.dead_lines = 0
        self.unread: dict[Path, str] = {}
        self._shipped: set[Path] = set()  # what could not be removed: not to be shipped again
        self._foreign: set[Path] = set()  # too much of it cannot be read: to be set aside
        self._odd_files = OddFiles(folder, problems)
        self._waiting_count = WaitingCount()
        # For `waiting`: the folders of all processes, and what cannot be one of them.
        self._listed: FolderMemo[tuple[list[Owner], list[Path]]] = FolderMemo()

    @property
    def troubles(self) -> tuple[str, ...]:
        """What was set aside so far, and what is `unread`: in words, with paths and remedies."""
        unread = (f"{message}; {_REMEDY}" for message in self.unread.values())
        return (*self._odd_files.told.values(), *unread)

    def unread_of(self, owner: Owner) -> set[Path]:
        """Return the files of *owner* that wait because they could not be read."""
        paths = (path for path in self.unread if path.parent == owner.path)
        return {path for path in paths if path not in self._shipped and os.path.lexists(path)}

    def clear_shared(self) -> None:
        """Set aside what stands where the folders belong that all processes share."""
        self._odd_files.clear(self._odd_files.shared_folders())

    def others(self, own: Owner | None) -> list[Owner]:
        """
        Return the folders of all processes but *own*, the oldest first.

        What has the name of one and is none is set aside.
        """
        self.clear_shared()
        with self._telling(self._folder, "cannot be listed"):
            self._odd_files.clear(self._odd_files.owners())
        return [each for each in self._owners() if own is None or each.path != own.path]

    @contextlib.contextmanager
    def adopted(self, owner: Owner) -> Iterator[bool]:
        """
        Own the folder of a dead process for a while; False where somebody else owns it.

        An OSError meanwhile is told and goes no further: the next folder is to be served.
        Afterwards the folder is removed, if nothing is left to ship.
        """
        if not self._try_lock(owner):
            yield False
            return
        try:
            with self._telling(owner.path, "cannot be listed"):
                self._odd_files.clear(owner.odd())
            with self._telling(owner.path, "cannot be shipped and stays"):
                yield True
        finally:
            self._leave(owner)

    def portions(
        self, segments: Iterable[Path], max_spans: Callable[[], int] = lambda: PORTION_SPANS
    ) -> Iterator[Portion]:
        """Yield what *segments* hold; lines that cannot be read go to the dead letters."""
        left = [path for path in segments if not self._is_shipped(path)]
        return self._pack(((path, self._read(path)) for path in left), max_spans)

    def interrupted(
        self, owner: Owner, max_spans: Callable[[], int] = lambda: PORTION_SPANS
    ) -> Iterator[Portion]:
        """Yield the spans that were in flight when a dead process ended, closed as interrupted."""
        logs = [log for log in (owner.in_flight,) if log.exists() and not self._is_shipped(log)]
        return self._pack(((log, self._read_in_flight(log)) for log in logs), max_spans)

    def spans_of(self, line: Line) -> list[Span]:
        """Return the spans of a line; a line that has none that can be read is a dead letter."""
        reason: Unreadable = "unreadable" if line.is_whole else "torn"
        if line.is_too_long:
            reason = "too_long"
        else:
            try:
                return otlp.from_line(line.content)
            except (ValueError, RecursionError) as error:
                message = f"a journal line is {reason}: {error}"
                self._problems.report("dead_letter", message)
        self.dead_lines += self.dead_letters.add_unreadable(line.content, reason=reason)
        return []

    def remove(self, paths: Iterable[Path]) -> None:
        """Remove files whose content has been shipped; one that stays is not shipped again."""
        for path in self._own(paths):
            self._shipped.add(path)
            self._is_shipped(path)

    def _own(self, paths: Iterable[Path]) -> Iterator[Path]:
        """Yield those of *paths* that a journal has written; set the others aside."""
        for path in paths:
            if path not in self._foreign:
                yield path
            else:
                self._foreign.remove(path)
                self._odd_files.clear([path])

    def _is_shipped(self, path: Path) -> bool:
        """Tell whether a file was shipped and only could not be removed; try that again."""
        if path not in self._shipped:
            return False
        with self._telling(path, "has been shipped and cannot be removed"):
            size = path.stat().st_size
            path.unlink()
            self._on_freed(size)
        if path not in self.unread:
            self._shipped.remove(path)
        return True

    def keep_for_pictures(self, paths: Iterable[Path]) -> None:
        """Keep files whose rows have been stored until their pictures are, too."""
        for path in self._own(paths):
            with self._telling(path, "cannot be renamed, and is shipped again"):
                sync_file(path)  # nobody does so later: it has another name from here on
                mark_shipped(path)

    def kept_for_pictures(self, owner: Owner) -> Iterator[tuple[Path, list[Span]]]:
        """Yield each file that `keep_for_pictures` has kept, and its spans as they were shipped."""
        for path in owner.shipped():
            if self._is_shipped(path):
                continue
            with self._telling(path, "cannot be read and stays"):
                if path.stem == owner.in_flight.name:
                    yield path, self._read_interrupted(path)
                else:
                    lines = (line.content for line in read_lines(path))
                    yield path, [span for line in lines for span in _readable(line)]

    def waiting(self) -> Waiting:
        """Return what waits, over all processes; changes nothing, however much waits in each."""
        owners, odd = self._listed.of(self._folder, self._listing)
        return self._waiting_count.of(owners, [*self._odd_files.shared_folders(), *odd])

    def _listing(self) -> tuple[list[Owner], list[Path]]:
        odd: list[Path] = []
        with contextlib.suppress(OSError):  # told by `_owners`
            odd = self._odd_files.owners()
        return self._owners(), odd

    def _owners(self) -> list[Owner]:
        try:
            return Owner.all(self._folder)
        except OSError as error:
            self._problems.report("journal", f"{self._folder} cannot be listed: {error}")
            return []

    def _try_lock(self, owner: Owner) -> bool:
        with self._telling(owner.path, "cannot be adopted"):
            if owner.has_odd_lock:
                self._odd_files.clear([owner.lock])
            return owner.try_lock()
        return False

    def _leave(self, owner: Owner) -> None:
        try:
            if owner.is_empty:
                owner.remove()
        except OSError as error:
            self._tell(owner.path, f"{owner.path} cannot be removed: {error}")
        finally:
            owner.unlock()

    @contextlib.contextmanager
    def _telling(self, path: Path, failure: str) -> Iterator[None]:
        """Go on after an OSError, which is told as `unread`; what is gone has been shipped."""
        self.unread.pop(path, None)
        try:
            yield
        except FileNotFoundError:
            pass
        except OSError as error:
            self._tell(path, f"{path} {failure}: {error}")

    def _tell(self, path: Path, message: str) -> None:
        self.unread[path] = message
        self._problems.report("journal", message, remedy=_REMEDY)

    def _pack(
        self,
        files: Iterable[tuple[Path, Iterator[tuple[Span, int]]]],
        max_spans: Callable[[], int],
    ) -> Iterator[Portion]:
        portion = Portion()
        for path, spans in files:
            with self._telling(path, "cannot be read and stays"):
                for span, size in spans:
                    is_large = portion.size + size > PORTION_BYTES
                    if portion.spans and (is_large or len(portion.spans) >= max_spans()):
                        yield portion
                        portion = Portion()
                    portion.spans.append(span)
                    portion.size += size
                portion.done.append(path)
        if portion.spans or portion.done:
            yield portion

    def _read(self, path: Path) -> Iterator[tuple[Span, int]]:
        return self._spans_in(path, read_lines(path))

    def _read_in_flight(self, path: Path) -> Iterator[tuple[Span, int]]:
        for span, size in self._spans_in(path, (line for _, line in read_states(path))):
            # The last time that its process was seen alive.
            yield interrupted(span, path.stat().st_mtime_ns), size

    def _spans_in(self, path: Path, lines: Iterable[Line]) -> Iterator[tuple[Span, int]]:
        bad_lines = 0
        for line in lines:
            size = len(line.content)
            spans = self.spans_of(line)
            bad_lines += not spans
            if bad_lines > MAX_BAD_LINES:
                self._foreign.add(path)
                return
            for span in spans:
                yield span, size
                size = 0

    def _read_interrupted(self, path: Path) -> list[Span]:
        at_unix_nano = path.stat().st_mtime_ns
        spans = [span for _, line in read_states(path) for span in _readable(line.content)]
        return [interrupted(span, at_unix_nano) for span in spans]


def _readable(line: bytes) -> list[Span]:
    """Return the spans of a line; one that cannot be read is among the dead letters already."""
    try:
        return otlp.from_line(line)
    except (ValueError, RecursionError):
        return []
