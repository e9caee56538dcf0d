"""A segment of the journal: lines appended by one process, read back by whoever ships them."""

import contextlib
import errno
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from otel_steps.journal.files import datasync
from otel_steps.process.private_files import open_regular

# A sealed segment is shipped and removed as a whole, so it must not grow without end.
SEGMENT_BYTES: Final = 4 * 2**20
SEGMENT_LINES: Final = 256

# No span that was cleaned comes near it; of a longer line only the head is looked at.
MAX_LINE_BYTES: Final = 16 * 2**20
BAD_HEAD_BYTES: Final = 64 * 2**10

# A file with more lines that cannot be read is no damaged one: no journal has written it.
MAX_BAD_LINES: Final = SEGMENT_LINES


class Segment:
    """
    An open file of lines: it holds whole ones only, whatever happens in the middle of one.

    Attributes:
        path: Its name.
        size: Bytes in it.
    """

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._name = os.fspath(path)
        self._descriptor = descriptor
        self._lines = 0
        status = os.fstat(descriptor)
        self._identity = (status.st_dev, status.st_ino)
        self.size = status.st_size

    @property
    def is_in_place(self) -> bool:
        """True while its name leads to this file; after `rm` or `mv` writes would go nowhere."""
        if self._descriptor < 0:
            return False
        try:
            found = os.stat(self._name)  # noqa: PTH116 - on the agent's thread, where it is three times faster
        except (FileNotFoundError, NotADirectoryError):
            return False
        return (found.st_dev, found.st_ino) == self._identity

    @property
    def is_full(self) -> bool:
        """True where the next line belongs into another segment."""
        return self._lines >= SEGMENT_LINES or self.size >= SEGMENT_BYTES

    def append(self, line: bytes, *, is_synced: bool) -> None:
        """
        Write *line*, or several that follow each other, as a whole or not at all.

        Raises:
            OSError: It is not in the file, or (a sync that failed) perhaps not on the disk.
        """
        start = self.size  # nobody else writes to it
        try:
            if os.write(self._descriptor, line) != len(line):
                raise OSError(errno.ENOSPC, "the disk took half a line", str(self.path))
        except BaseException:
            # Also after Ctrl-C. Cutting works on a full disk, too.
            if os.fstat(self._descriptor).st_size != start + len(line):
                os.ftruncate(self._descriptor, start)
            raise
        self._lines += line.count(b"\n")
        self.size = start + len(line)
        if is_synced:
            datasync(self._descriptor)

    def close(self) -> None:
        """Seal the segment; a second time changes nothing."""
        descriptor, self._descriptor = self._descriptor, -1
        # An error of close is one of an earlier write, which fsync reports, if anything does.
        with contextlib.suppress(OSError):
            os.close(descriptor)


@dataclass(frozen=True, slots=True)
class Line:
    """
    A line as it was read.

    Attributes:
        content: All of it, or the head of a line that is too long.
        is_whole: False for a line without a line feed: the last one, torn by a crash.
        is_too_long: True where it has more than `MAX_LINE_BYTES`.
    """

    content: bytes
    is_whole: bool = True
    is_too_long: bool = False


def read_lines(path: Path) -> Iterator[Line]:
    """
    Yield the lines of a segment; memory holds one at a time, and of a huge one its head.

    Raises:
        OSError: The file cannot be read.
    """
    with os.fdopen(open_regular(path), "rb") as file:
        while line := next_line(file):
            yield line


def next_line(file: BinaryIO) -> Line | None:
    """Return the next line of a file, or None at its end."""
    content = file.readline(MAX_LINE_BYTES)
    if not content:
        return None
    if content.endswith(b"\n") or len(content) < MAX_LINE_BYTES:
        return Line(content, is_whole=content.endswith(b"\n"))
    head = content[:BAD_HEAD_BYTES]
    while (content := file.readline(BAD_HEAD_BYTES)) and not content.endswith(b"\n"):
        pass
    return Line(head, is_too_long=True)


def count_lines(path: Path) -> int:
    """
    Return how many lines a segment has.

    Raises:
        OSError: The file cannot be read.
    """
    with os.fdopen(open_regular(path), "rb") as file:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(2**20), b""))
