"""
The journal, reader's side: what waits on disk, of this process and of dead ones.

Lines come out as spans in portions of bounded size. A file is removed once nothing of it is left
to ship: that is the whole acknowledgement, so a crash repeats one portion and loses nothing. One
whose rows are stored before its pictures are is renamed, and removed after those.
"""

import contextlib
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from otel_steps import mapping, otlp
from otel_steps.journal.dead_letters import DeadLetters, Unreadable
from otel_steps.journal.files import read_regular, sync_file
from otel_steps.journal.in_flight import read_states
from otel_steps.journal.owner import MAX_PICTURE_BYTES, Owner, mark_shipped
from otel_steps.journal.segment import Line, count_lines, read_lines
from otel_steps.model import Span
from otel_steps.problems import Problems

PORTION_SPANS: Final = 64
PORTION_BYTES: Final = 2 * 2**20


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Waiting:
    """
    What waits on disk, over all processes.

    Attributes:
        lines: Ended spans whose rows are not stored.
        size_bytes: Of their lines, without pictures.
        pictures: Those that are not stored; those of steps in flight beside them count as well.
        oldest_at: Unix time in seconds of the oldest file, None where nothing waits.
    """

    lines: int
    size_bytes: int
    pictures: int
    oldest_at: float | None


class Backlog:
    """
    Reads what waits below a journal folder, and removes what was shipped.

    Args:
        folder: Holds one folder per writing process.
        problems: Hears of lines and files that cannot be read.
        on_freed: Called with the bytes of each file removed.
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

    def others(self, own: Owner | None) -> list[Owner]:
        """Return the folders of all processes but *own*, the oldest first."""
        return [each for each in self._owners() if own is None or each.path != own.path]

    @contextlib.contextmanager
    def adopted(self, owner: Owner) -> Iterator[bool]:
        """
        Own the folder of a dead process for a while; False where somebody else owns it.

        Afterwards the folder is removed, if nothing is left to ship.
        """
        if not self._try_lock(owner):
            yield False
            return
        try:
            yield True
        finally:
            if owner.is_empty:
                owner.remove()
            else:
                owner.unlock()

    def portions(
        self, segments: Iterable[Path], max_spans: Callable[[], int] = lambda: PORTION_SPANS
    ) -> Iterator[Portion]:
        """Yield what *segments* hold; lines that cannot be read go to the dead letters."""
        return self._pack(((path, self._read(path)) for path in segments), max_spans)

    def interrupted(
        self, owner: Owner, max_spans: Callable[[], int] = lambda: PORTION_SPANS
    ) -> Iterator[Portion]:
        """Yield the spans that were in flight when a dead process ended, closed as interrupted."""
        logs = [owner.in_flight] if owner.in_flight.exists() else []
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
        self.dead_letters.add_unreadable(line.content, reason=reason)
        return []

    def remove(self, paths: Iterable[Path]) -> None:
        """Remove files whose content has been shipped."""
        for path in paths:
            with contextlib.suppress(FileNotFoundError):
                size = path.stat().st_size
                path.unlink()
                self._on_freed(size)

    def keep_for_pictures(self, paths: Iterable[Path]) -> None:
        """Keep files whose rows have been stored until their pictures are, too."""
        for path in paths:
            sync_file(path)  # nobody does so later: it has another name from here on
            with contextlib.suppress(FileNotFoundError):
                mark_shipped(path)

    def kept_for_pictures(self, owner: Owner) -> Iterator[tuple[Path, list[Span]]]:
        """Yield each file that `keep_for_pictures` has kept, and its spans as they were shipped."""
        for path in owner.shipped():
            try:
                if path.stem == owner.in_flight.name:
                    yield path, self._read_interrupted(path)
                else:
                    lines = (line.content for line in read_lines(path))
                    yield path, [span for line in lines for span in _readable(line)]
            except FileNotFoundError:
                continue  # another process has seen to its pictures
            except OSError as error:
                self._problems.report("journal", f"{path} cannot be read and stays: {error}")

    def waiting(self) -> Waiting:
        """Return what waits, over all processes."""
        each = [self._waiting_of(owner) for owner in self._owners()]
        return Waiting(
            lines=sum(one.lines for one in each),
            size_bytes=sum(one.size_bytes for one in each),
            pictures=sum(one.pictures for one in each),
            oldest_at=min((one.oldest_at for one in each if one.oldest_at), default=None),
        )

    def _waiting_of(self, owner: Owner) -> Waiting:
        lines, size_bytes, pictures, times = 0, 0, 0, []
        # What vanishes meanwhile has been shipped; what is odd is reported when it is read.
        for path in owner.segments():
            with contextlib.suppress(OSError):
                stat = path.stat()
                lines += count_lines(path)
                size_bytes += stat.st_size
                times += [stat.st_mtime] if stat.st_size else []
        with contextlib.suppress(OSError):
            times += [path.stat().st_mtime for path in owner.shipped()]
        # Where nothing else waits, they are of steps in flight.
        if times:
            pictures = len(owner.picture_names())
        return Waiting(lines, size_bytes, pictures, min(times, default=None))

    def _owners(self) -> list[Owner]:
        try:
            return Owner.all(self._folder)
        except OSError as error:
            self._problems.report("journal", f"{self._folder} cannot be listed: {error}")
            return []

    def _try_lock(self, owner: Owner) -> bool:
        try:
            return owner.try_lock()
        except OSError as error:
            self._problems.report("journal", f"{owner.path} cannot be adopted: {error}")
            return False

    def _pack(
        self,
        files: Iterable[tuple[Path, Iterator[tuple[Span, int]]]],
        max_spans: Callable[[], int],
    ) -> Iterator[Portion]:
        portion = Portion()
        for path, spans in files:
            try:
                for span, size in spans:
                    is_large = portion.size + size > PORTION_BYTES
                    if portion.spans and (is_large or len(portion.spans) >= max_spans()):
                        yield portion
                        portion = Portion()
                    portion.spans.append(span)
                    portion = Portion(portion.spans, portion.done, portion.size + size)
            except FileNotFoundError:
                continue  # another process has shipped it
            except OSError as error:
                self._problems.report("journal", f"{path} cannot be read and stays: {error}")
                continue
            portion.done.append(path)
        if portion.spans or portion.done:
            yield portion

    def _read(self, path: Path) -> Iterator[tuple[Span, int]]:
        for line in read_lines(path):
            size = len(line.content)
            for span in self.spans_of(line):
                yield span, size
                size = 0

    def _read_in_flight(self, path: Path) -> Iterator[tuple[Span, int]]:
        for line in read_states(path).values():
            # The last time that its process was seen alive.
            at_unix_nano = path.stat().st_mtime_ns
            for span in self.spans_of(Line(line)):
                yield mapping.interrupted(span, at_unix_nano), len(line)

    def _read_interrupted(self, path: Path) -> list[Span]:
        at_unix_nano = path.stat().st_mtime_ns
        spans = [span for line in read_states(path).values() for span in _readable(line)]
        return [mapping.interrupted(span, at_unix_nano) for span in spans]


def _readable(line: bytes) -> list[Span]:
    """Return the spans of a line; one that cannot be read is among the dead letters already."""
    try:
        return otlp.from_line(line)
    except (ValueError, RecursionError):
        return []


class Pictures:
    """
    The pictures of a process's spans: files in its folder, or bytes that no file holds.

    Args:
        owner: The folder, if there is one.
        in_memory: Pictures by their sha256.
    """

    def __init__(
        self,
        owner: Owner | None,
        backlog: Backlog,
        problems: Problems,
        in_memory: Mapping[str, bytes] | None = None,
    ) -> None:
        self._owner = owner
        self._backlog = backlog
        self._problems = problems
        self._in_memory = in_memory or {}

    def read(self, sha256: str) -> bytes | None:
        """Return a picture as it was captured, or None: it is not here, or not whole."""
        if sha256 in self._in_memory:
            return self._in_memory[sha256]
        path = self._owner.picture(sha256) if self._owner else None
        if path is None:
            return None
        try:
            data = read_regular(path, MAX_PICTURE_BYTES)
        except OSError as error:
            self._problems.report("screenshot", f"picture {path} cannot be read: {error}")
            return None
        # A power cut leaves files with the right name and size, and nothing in them.
        if hashlib.sha256(data).hexdigest() != sha256:
            self._problems.report("screenshot", f"picture {path} is damaged")
            return None
        return data

    def set_aside(
        self, sha256: str, spans: Iterable[Span], *, reason: str, code: str | None
    ) -> bool:
        """
        Move a picture that its store refuses to the dead letters, with the *spans* that name it.

        Returns:
            True where it was not there before.

        Raises:
            OSError: It is where it was.
        """
        path = self._owner.picture(sha256) if self._owner else None
        picture = path or self._in_memory.get(sha256)
        return self._backlog.dead_letters.add_picture(
            sha256, picture, spans, reason=reason, code=code
        )

    def remove(self, sha256: str) -> None:
        """Remove the file of a picture: from now on its store has it."""
        path = self._owner.picture(sha256) if self._owner else None
        if path is not None:
            self._backlog.remove([path])
