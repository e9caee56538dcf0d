"""
The log of the spans in flight: what is known of each, should their process die now.

A file that only grows, since a step changes state several times and making a file for each would
cost the agent more than all the rest. A line is a span id, a blank and an OTLP line; the last one
of a span counts, and a span id alone says that it has ended. Where half of it counts no more it is
written anew, so it stays in proportion to what is in flight, however much that is.
"""

import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, Final

from otel_steps.journal.files import NEW, PARTIAL
from otel_steps.journal.segment import MAX_BAD_LINES, Line, Segment, next_line
from otel_steps.process.private_files import append_regular, open_regular

_SPAN_ID: Final = re.compile(r"[0-9a-f]{16}")
_SPAN_ID_CHARS: Final = 16

# At some kilobytes a state it takes a hundred steps to get there.
REWRITE_BYTES: Final = 2**20


class InFlightLog:
    """The log of this process; every method may raise OSError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = self._open()
        # Of each span in flight, where the line that counts begins and its bytes; and their sum.
        self._places = self._found_places()
        self._open_bytes = sum(size for _, size in self._places.values())

    def _open(self) -> Segment:
        return Segment(self.path, append_regular(self.path))

    def _found_places(self) -> dict[str, tuple[int, int]]:
        with os.fdopen(open_regular(self.path), "rb") as file:
            return {
                span_id: (start, len(line.content))
                for span_id, start, line in _counting(file)
                if _SPAN_ID.fullmatch(span_id)
            }

    @property
    def is_in_place(self) -> bool:
        """True while its name leads to the file that is written."""
        return self._file.is_in_place

    def put(self, span_id: str, line: bytes, *, is_synced: bool) -> int:
        """Add a state, as a whole or not at all, and return its bytes."""
        if not _SPAN_ID.fullmatch(span_id):
            raise ValueError(f"span id {span_id!r} is not 16 lower-case hex digits")
        entry = span_id.encode() + b" " + line
        self._append(entry, is_synced=is_synced)
        self._forget(span_id)
        self._places[span_id] = (self._file.size - len(entry), len(entry))
        self._open_bytes += len(entry)
        return len(entry)

    def drop(self, span_id: str) -> None:
        """Say that a span has ended."""
        self._append(span_id.encode() + b"\n", is_synced=False)
        self._forget(span_id)

    def close(self) -> None:
        """Close the file; it stays."""
        self._file.close()

    def _append(self, entry: bytes, *, is_synced: bool) -> None:
        # Doubled, so that many large states do not have it written anew with every one of them.
        if self._file.size >= max(REWRITE_BYTES, 2 * self._open_bytes):
            self._rewrite()
        self._file.append(entry, is_synced=is_synced)

    def _forget(self, span_id: str) -> None:
        _, size = self._places.pop(span_id, (0, 0))
        self._open_bytes -= size

    def _rewrite(self) -> None:
        partial = self.path.with_name(f"{self.path.name}.{secrets.token_hex(4)}{PARTIAL}")
        try:
            places = self._copy_states(partial)
            self._file.close()  # Windows replaces no open file
            try:
                partial.replace(self.path)
                self._places = places
            finally:
                self._file = self._open()
        except BaseException:
            partial.unlink(missing_ok=True)
            raise

    def _copy_states(self, target: Path) -> dict[str, tuple[int, int]]:
        """Copy the lines that count into a new file, and return their places in that."""
        places = {}
        new = Segment(target, os.open(target, NEW | os.O_APPEND, 0o600))
        try:
            with os.fdopen(open_regular(self.path), "rb") as file:
                for span_id, (start, size) in self._places.items():
                    file.seek(start)
                    entry = file.read(size)
                    if len(entry) == size and entry.startswith(span_id.encode()):
                        places[span_id] = (new.size, size)
                        new.append(entry, is_synced=False)
        finally:
            new.close()
        return places


def read_states(path: Path) -> Iterator[tuple[str | None, Line]]:
    """
    Yield the id and the line of each span that has not ended; nothing where there is no such file.

    Memory holds one line at a time. A last line that a crash has torn is left out: the state before
    it counts. Lines that are no states come as they are, with None; at most one more of them than
    `MAX_BAD_LINES`.

    Raises:
        OSError: The file cannot be read.
    """
    try:
        descriptor = open_regular(path)
    except FileNotFoundError:
        return
    with os.fdopen(descriptor, "rb") as file:
        for span_id, _, line in _counting(file):
            if _SPAN_ID.fullmatch(span_id):
                yield span_id, replace(line, content=_state(line))
            else:
                yield None, line


def _counting(file: BinaryIO) -> Iterator[tuple[str, int, Line]]:
    """Yield each line that counts, and where it begins."""
    for span_id, start in _starts(file).items():
        file.seek(start)
        line = next_line(file)
        if line is None:
            return  # it has been cut short meanwhile
        yield span_id, start, line


def _starts(file: BinaryIO) -> dict[str, int]:
    """Return where the line that counts begins, for each span that has not ended; and bad lines."""
    starts: dict[str, int] = {}
    start = bad_lines = 0
    while line := next_line(file):
        span_id = line.content[:_SPAN_ID_CHARS].decode("ascii", "replace")
        if not line.is_whole:
            break
        if not _SPAN_ID.fullmatch(span_id):
            bad_lines += 1
            if bad_lines <= MAX_BAD_LINES + 1:
                starts[f"bad line {bad_lines}"] = start
        elif _state(line):
            starts[span_id] = start
        else:
            starts.pop(span_id, None)
        start = file.tell()
    return starts


def _state(line: Line) -> bytes:
    return line.content[_SPAN_ID_CHARS + 1 :]
