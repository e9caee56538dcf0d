"""
The log of the spans in flight: what is known of each, should their process die now.

A file that only grows, since a step changes state several times and making a file for each would
cost the agent more than all the rest. A line is a span id, a blank and an OTLP line; the last one
of a span counts, and a span id alone says that it has ended. Now and then it is written anew.
"""

import os
import re
from pathlib import Path
from typing import Final

from otel_steps.journal.files import APPEND, read_regular, replace_file
from otel_steps.journal.segment import MAX_LINE_BYTES, Segment

_SPAN_ID: Final = re.compile(r"[0-9a-f]{16}")
_SPAN_ID_CHARS: Final = 16

# At some kilobytes a state it takes a hundred steps to get there.
REWRITE_BYTES: Final = 2**20
_MAX_BYTES: Final = 16 * REWRITE_BYTES + MAX_LINE_BYTES


class InFlightLog:
    """The log of this process; every method may raise OSError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._rewrite_at = REWRITE_BYTES
        self._file = self._open()

    def _open(self) -> Segment:
        return Segment(self.path, os.open(self.path, APPEND, 0o600))

    @property
    def is_in_place(self) -> bool:
        """True while its name leads to the file that is written."""
        return self._file.is_in_place

    def put(self, span_id: str, line: bytes, *, is_synced: bool) -> int:
        """Add a state, as a whole or not at all, and return its bytes."""
        if not _SPAN_ID.fullmatch(span_id):
            raise ValueError(f"span id {span_id!r} is not 16 lower-case hex digits")
        if self._file.size >= self._rewrite_at:
            self._rewrite()
        entry = span_id.encode() + b" " + line
        self._file.append(entry, is_synced=is_synced)
        return len(entry)

    def drop(self, span_id: str) -> None:
        """Say that a span has ended."""
        self._file.append(span_id.encode() + b"\n", is_synced=False)

    def close(self) -> None:
        """Close the file; it stays."""
        self._file.close()

    def _rewrite(self) -> None:
        states = read_states(self.path)
        entries = (span_id.encode() + b" " + line for span_id, line in states.items())
        replace_file(self.path, b"".join(entries), is_synced=False)
        self._file.close()
        self._file = self._open()
        # Many long-lived states must not have it written anew with every one of them.
        self._rewrite_at = max(REWRITE_BYTES, 2 * self._file.size)


def read_states(path: Path) -> dict[str, bytes]:
    """
    Return the line of each span that has not ended; none where there is no such file.

    A last line that a crash has torn is left out: the state before it counts.

    Raises:
        OSError: The file cannot be read.
    """
    states: dict[str, bytes] = {}
    try:
        data = read_regular(path, _MAX_BYTES)
    except FileNotFoundError:
        return states
    for entry in data.splitlines(keepends=True):
        span_id = entry[:_SPAN_ID_CHARS].decode("ascii", "replace")
        line = entry[_SPAN_ID_CHARS + 1 :]
        if not entry.endswith(b"\n") or not _SPAN_ID.fullmatch(span_id):
            continue
        if line:
            states[span_id] = line
        else:
            states.pop(span_id, None)
    return states
