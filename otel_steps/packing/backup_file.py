"""
The file of a backup: a plain tar of everything in the embedded store, and how it is checked.

==================  ==============================================================================
`backup.json`       what made it, and how many tasks and steps are in it
`steps.db`          the database, as it was at one moment
`screenshots/ab/…`  the files of the pictures, by name
`SHA256SUMS`        of all of these, as `sha256sum -c` takes it; last, so that whatever lacks it
                    has been cut off
==================  ==============================================================================

Names are in order, so that no memory is needed to know that none comes twice.
"""

import hashlib
import json
import tarfile
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final

from otel_steps.stores.pack.manifest import DATABASE, is_file_name
from otel_steps.version import __version__

ABOUT: Final = "backup.json"
SUMS: Final = "SHA256SUMS"
FORMAT: Final = "otel-steps backup"
VERSION: Final = 1

# Names and contents, in their order.
Entries = Generator[tuple[str, BinaryIO], None, None]

_CHUNK_BYTES: Final = 2**20
_MAX_ABOUT_BYTES: Final = 2**16


class BadBackup(ValueError):
    """A file is no backup that can be restored; the message says why."""


class BackupWriter:
    """
    Writes a backup to *file*, one entry behind the other, with nothing of them in memory.

    Raises:
        OSError: It cannot be written.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._tar = tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT)  # noqa: SIM115 - closed in `finish`
        self._sums = tempfile.TemporaryFile()  # noqa: SIM115 - closed in `finish`

    def begin(self, **facts: Any) -> None:
        """Say what the backup is."""
        about = {
            "format": FORMAT,
            "version": VERSION,
            "made_by": f"otel-steps {__version__}",
            **facts,
        }
        self.add(ABOUT, json.dumps(about, indent=1).encode() + b"\n")

    def add(self, name: str, content: bytes) -> None:
        """Add a small file."""
        with tempfile.SpooledTemporaryFile(max_size=2 * len(content) + 1) as file:
            file.write(content)
            file.seek(0)
            self.add_file(name, file, len(content))

    def add_file(self, name: str, file: Any, size: int) -> None:
        """Add *size* bytes of a file that is open."""
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = size, 0o600
        hashed = _Hashed(file)
        self._tar.addfile(entry, hashed)
        # What it would keep of each entry is only for whoever asks for them.
        self._tar.members.clear()  # type: ignore[attr-defined] # typeshed has it not
        self._sums.write(_line(name, hashed.digest.hexdigest()))

    def finish(self) -> None:
        """Add the sums, and let go of everything but the file."""
        size = self._sums.tell()
        self._sums.seek(0)
        entry = tarfile.TarInfo(SUMS)
        entry.size, entry.mode = size, 0o600
        self._tar.addfile(entry, self._sums)
        self._tar.close()
        self.close()

    def close(self) -> None:
        """Let go of what only this needs."""
        self._sums.close()


class _Hashed:
    """A file that is hashed while it is read."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data: bytes = self._file.read(size)
        self.digest.update(data)
        return data


def entries(file: BinaryIO) -> Entries:
    """
    Yield the names and the contents of a backup in their order; the sums come last.

    Raises:
        BadBackup: There is something that no backup has, or it is cut off.
        OSError: It cannot be read.
    """
    with _translated(), tarfile.open(fileobj=file, mode="r:") as tar:
        yield from _entries(tar)


@contextmanager
def _translated() -> Iterator[None]:
    """Around whatever reads a tar: its contents, too, are read only when they are asked for."""
    try:
        yield
    except BadBackup:
        raise
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise BadBackup(f"it is no tar, or is cut off: {error}") from error


def _entries(tar: tarfile.TarFile) -> Entries:
    former = ""
    for place, entry in enumerate(tar):
        tar.members.clear()  # type: ignore[attr-defined] # typeshed has it not
        name = entry.name
        is_in_place = name == (ABOUT, DATABASE)[place] if place < 2 else name > former
        is_last = name == SUMS and place >= 2
        is_known = name in (ABOUT, SUMS) or is_file_name(name)
        is_plain = entry.isreg() and not entry.issparse()
        content = tar.extractfile(entry) if is_plain else None
        if former == SUMS or not (is_in_place or is_last) or not is_known or content is None:
            raise BadBackup(f"it has {name[:80]!r}, or that in a place, as no backup has")
        yield name, content  # type: ignore[misc] # a reader of bytes, whatever it is called
        former = "" if place < 2 else name
    if former != SUMS:
        raise BadBackup(f"it has no {SUMS}: it is cut off")


def check(file: BinaryIO, progress: Callable[[int], None] = lambda _: None) -> dict[str, Any]:
    """
    Read all of a backup and compare it with its sums; return what it says of itself.

    Args:
        progress: Hears of so many bytes more.

    Raises:
        BadBackup: Something is not as it was written; the message says what.
        OSError: It cannot be read.
    """
    about: dict[str, Any] = {}
    file.seek(0)
    with _translated(), tempfile.TemporaryFile() as sums, closing(entries(file)) as found:
        for name, content in found:
            if name == SUMS:
                sums.seek(0)
                _compare(content, sums)
                break
            if name == ABOUT:
                data = content.read(_MAX_ABOUT_BYTES)
                about = _about(data)
                sums.write(_line(name, hashlib.sha256(data).hexdigest()))
                continue
            digest = hashlib.sha256()
            while chunk := content.read(_CHUNK_BYTES):
                digest.update(chunk)
                progress(len(chunk))
            sums.write(_line(name, digest.hexdigest()))
        else:
            raise BadBackup("it is cut off")
    return about


def _compare(said: BinaryIO, found: BinaryIO) -> None:
    while line := found.readline():
        if said.readline(len(line)) != line:
            name = line.decode().partition("  ")[2].strip()
            raise BadBackup(f"{name!r} is not what its {SUMS} says")
    if said.read(1):
        raise BadBackup(f"its {SUMS} names more than there is")


def _about(data: bytes) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        value = None
    match value:
        case {"format": str(form), "version": int(version)} if form == FORMAT:
            if version == VERSION:
                return dict(value)
            raise BadBackup(
                f"it is of version {version} and this otel-steps reads {VERSION}: use the "
                f"otel-steps that made it, {str(value.get('made_by'))[:80]!r}"
            )
    raise BadBackup(f"its {ABOUT} is not that of a backup")


def _line(name: str, digest: str) -> bytes:
    return f"{digest}  {name}\n".encode()


def is_backup(path: Path) -> bool:
    """Tell whether the file at *path* begins as a backup does."""
    try:
        with path.open("rb") as file, closing(entries(file)) as found:
            return next(found)[0] == ABOUT
    except (BadBackup, OSError, StopIteration):
        return False
