"""
What the store can never take, set aside with the reason; nothing here is ever deleted by itself.

    dead/<trace_id>-<span_id>.jsonl   an OTLP line with one more field, which OTLP readers ignore:
                                      "otelSteps": {"reason", "code", "at"}
    dead/<why>-<sha256>.raw           the head of a line that could not be read
    dead/message-<sha256>.raw         a message of a queue that could not be read, whole; where text
                                      is held back, the words for where it is
    dead/<sha256>.png, .jpg ...       a picture that its place refuses, as it was captured
    dead/<sha256>.<span_id>.jsonl     a span that names it, as above, with the picture's reason
    dead/<name>.unreadable            what no journal has written: `odd_files`

The row of that span is stored and says why it has no picture. The picture of a span that is here is
none of these: it goes to the place of pictures, whatever becomes of its row.
"""

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

from otel_steps import otlp
from otel_steps.journal.files import Kind, kinds_in, replace_file, sync_file
from otel_steps.journal.folder_memo import FolderMemo
from otel_steps.journal.odd_files import UNREADABLE
from otel_steps.journal.owner import SHA256, Owner, picture_file_name, picture_in
from otel_steps.journal.segment import BAD_HEAD_BYTES, MAX_LINE_BYTES, Segment
from otel_steps.otlp.span import Span
from otel_steps.process.private_files import make_private, read_regular, sync_folder
from otel_steps.sanitize import scrub

Unreadable = Literal["torn", "unreadable", "too_long"]

_FIELD: Final = "otelSteps"


class DeadLetters:
    """The dead letters of a journal folder; every method may raise OSError."""

    def __init__(self, folder: Path) -> None:
        self._journal = folder
        self._folder = folder / "dead"
        self._names: FolderMemo[_Names] = FolderMemo()

    def add(self, span: Span, *, reason: str, code: str | None) -> None:
        """Set *span* aside; a second time replaces the first."""
        self._write(f"{span.trace_id}-{span.span_id}.jsonl", _letter(span, reason, code))

    def add_picture(
        self,
        sha256: str,
        picture: Path | bytes | None,
        spans: Iterable[Span],
        *,
        reason: str,
        code: str | None,
    ) -> bool:
        """
        Set a picture aside, with the *spans* that name it; more of them may follow.

        Args:
            picture: Its file, which moves here, or its bytes; None where neither is there any more.

        Returns:
            True where the picture was not here before.
        """
        is_new = picture_in(self._folder, sha256) is None
        if is_new and picture is None:
            return False
        # Before the picture: a crash in between leaves that where the next try finds it.
        for span in spans:
            self._write(f"{sha256}.{span.span_id}.jsonl", _letter(span, reason, code))
        if isinstance(picture, bytes):
            self._write(picture_file_name(sha256, picture), picture)
        elif picture is not None:
            # In one go, also on a full disk; its bytes count as they did.
            make_private(self._folder)
            picture.replace(self._folder / picture.name)
            sync_folder(self._folder)
        return is_new

    def picture_reason(self, sha256: str) -> str | None:
        """Return why a picture is here, or None where it is not."""
        if picture_in(self._folder, sha256) is None:
            return None
        reasons = (reason_of(path) for path in self._letters(f"{sha256}.*.jsonl"))
        return next((reason for reason in reasons if reason), None)

    def add_unreadable(self, data: bytes, *, reason: Unreadable) -> bool:
        """Set the head of a line aside; False where the same bytes are there already."""
        head = data[:BAD_HEAD_BYTES]
        name = f"{reason}-{hashlib.sha256(head).hexdigest()}.raw"
        is_new = not (self._folder / name).exists()
        self._write(name, head)
        return is_new

    def add_message(self, data: bytes) -> None:
        """Set a message aside, whole; the same a second time is the same letter."""
        self._write(f"message-{hashlib.sha256(data).hexdigest()}.raw", data)

    def count(self) -> int:
        """Return how many there are, without pictures; any thread may ask, often."""
        top = self._names_in(self._journal)
        folders = [self._journal / name for name in top.folders]
        self._names.keep_only((self._journal, *folders))
        odd = top.odd + sum(self._names_in(folder).odd for folder in folders)
        return odd + self._names_in(self._folder).letters

    def count_pictures(self) -> int:
        """Return how many pictures there are, likewise."""
        return self._names_in(self._folder).pictures

    def _names_in(self, folder: Path) -> "_Names":
        try:
            return self._names.of(folder, lambda: _Names.of(kinds_in(folder)))
        except OSError:
            return _Names()

    def all(self) -> list[Path]:
        """Return them all, with what could be set aside only in its place."""
        odd = [path for where in ("*", "*/*") for path in self._journal.glob(where + UNREADABLE)]
        return [*self._letters("*.jsonl"), *self._letters("*.raw"), *sorted(odd)]

    def unreadable(self) -> list[Path]:
        """Return the letters about spans that nobody can send again."""
        return [path for path in self._letters("*.jsonl") if _readable(path) is None]

    def retry(self) -> int:
        """
        Move spans and pictures back to where a shipper finds them; return their number.

        A crash in between may leave a letter in both places, which does no harm.
        """
        lines = {path: line for path in self._letters("*.jsonl") if (line := _readable(path))}
        named = {picture_of(path) for path in lines}
        # A picture that no span names would be removed with the folder.
        pictures = [path for path in self._pictures() if path.stem in named]
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
        for path in pictures:
            owner.take_picture(path)
        sync_folder(owner.path)
        owner.unlock()
        for path in lines:
            path.unlink(missing_ok=True)
        return sum(picture_of(path) is None for path in lines) + len(pictures)

    def _pictures(self) -> list[Path]:
        return [path for path in self._letters("*") if path.stem == picture_of(path)]

    def _letters(self, pattern: str) -> list[Path]:
        return sorted(self._folder.glob(pattern))

    def _write(self, name: str, data: bytes) -> None:
        make_private(self._folder)
        path = self._folder / name
        if path.is_dir():  # a file, or anything else, is replaced
            path = path.with_name(f"{path.stem}.{secrets.token_hex(4)}{path.suffix}")
        replace_file(path, data, is_synced=True)


@dataclass(frozen=True, slots=True)
class _Names:
    """
    The names in a folder, as `count` needs them.

    Attributes:
        folders: Those of folders, and of links that may lead to some.
        odd: How many are of what was set aside in its place.
        letters: How many are of letters, as far as they are not about pictures.
        pictures: How many are of pictures.
    """

    folders: tuple[str, ...] = ()
    odd: int = 0
    letters: int = 0
    pictures: int = 0

    @classmethod
    def of(cls, kinds: Mapping[str, Kind]) -> "_Names":
        paths = [Path(name) for name in kinds]
        return cls(
            folders=tuple(name for name, kind in kinds.items() if kind != "file"),
            odd=sum(path.name.endswith(UNREADABLE) for path in paths),
            letters=sum(p.suffix in {".jsonl", ".raw"} and picture_of(p) is None for p in paths),
            pictures=sum(path.stem == picture_of(path) for path in paths),
        )


def reason_of(path: Path) -> str | None:
    """Return why a letter is here, or None where it does not say so."""
    try:
        reason = json.loads(read_regular(path, MAX_LINE_BYTES))[_FIELD]["reason"]
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return reason if isinstance(reason, str) else None


def picture_of(path: Path) -> str | None:
    """Return the picture that a letter is about; None for one about a span."""
    name = path.name.partition(".")[0]
    return name if SHA256.fullmatch(name) else None


def _letter(span: Span, reason: str, code: str | None) -> bytes:
    letter = json.loads(otlp.to_line(span))
    verdict = {"reason": scrub(reason), "code": code, "at": datetime.now(UTC).isoformat()}
    letter[_FIELD] = letter.get(_FIELD, {}) | verdict
    return (json.dumps(letter, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def _readable(path: Path) -> bytes | None:
    try:
        line = read_regular(path, MAX_LINE_BYTES)
        otlp.from_line(line)
    except (OSError, ValueError, RecursionError):
        return None
    return line
