"""
What the store can never take, set aside with the reason; nothing here is ever deleted by itself.

    dead/<trace_id>-<span_id>.jsonl   an OTLP line with one more field, which OTLP readers ignore:
                                      "otelSteps": {"reason", "code", "at"}
    dead/<why>-<sha256>.raw           the head of a line that could not be read

A picture needs no place here: it goes to the store of pictures, whatever becomes of its row.
"""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

from otel_steps import otlp
from otel_steps.journal.files import (
    make_private,
    read_regular,
    replace_file,
    sync_file,
    sync_folder,
)
from otel_steps.journal.owner import Owner
from otel_steps.journal.segment import BAD_HEAD_BYTES, MAX_LINE_BYTES, Segment
from otel_steps.model import Span
from otel_steps.sanitize import scrub

Unreadable = Literal["torn", "unreadable", "too_long"]

_FIELD: Final = "otelSteps"


class DeadLetters:
    """The dead letters of a journal folder; every method may raise OSError."""

    def __init__(self, folder: Path) -> None:
        self._journal = folder
        self._folder = folder / "dead"

    def add(self, span: Span, *, reason: str, code: str | None) -> None:
        """Set *span* aside; a second time replaces the first."""
        letter = json.loads(otlp.to_line(span))
        verdict = {"reason": scrub(reason), "code": code, "at": datetime.now(UTC).isoformat()}
        letter[_FIELD] = letter.get(_FIELD, {}) | verdict
        text = json.dumps(letter, ensure_ascii=False, separators=(",", ":")) + "\n"
        self._write(f"{span.trace_id}-{span.span_id}.jsonl", text.encode())

    def add_unreadable(self, data: bytes, *, reason: Unreadable) -> None:
        """Set the head of a line aside; the same bytes a second time change nothing."""
        head = data[:BAD_HEAD_BYTES]
        self._write(f"{reason}-{hashlib.sha256(head).hexdigest()}.raw", head)

    def count(self) -> int:
        """Return how many there are."""
        return len(self._letters("*.jsonl")) + len(self._letters("*.raw"))

    def retry(self) -> int:
        """
        Move the letters that are spans back to where a shipper finds them; return their number.

        A crash in between may leave a letter in both places, which does no harm.
        """
        lines = {path: line for path in self._letters("*.jsonl") if (line := _readable(path))}
        if not lines:
            return 0
        owner = Owner.create(self._journal)
        segment = Segment(*owner.new_segment())
        for line in lines.values():
            if segment.is_full:
                segment.close()
                segment = Segment(*owner.new_segment())
            segment.append(line, is_synced=False)
        segment.close()
        for path in owner.segments():
            sync_file(path)
        sync_folder(owner.path)
        owner.unlock()
        for path in lines:
            path.unlink(missing_ok=True)
        return len(lines)

    def _letters(self, pattern: str) -> list[Path]:
        return sorted(self._folder.glob(pattern))

    def _write(self, name: str, data: bytes) -> None:
        make_private(self._folder)
        replace_file(self._folder / name, data, is_synced=True)


def _readable(path: Path) -> bytes | None:
    try:
        line = read_regular(path, MAX_LINE_BYTES)
        otlp.from_line(line)
    except (OSError, ValueError):
        return None
    return line
