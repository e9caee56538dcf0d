"""
Pictures in a folder of this machine: for this user alone, and read through no link.
"""

import errno
import os
import secrets
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from otel_steps.errors.disk import store_error
from otel_steps.process.private_files import (
    PLAIN,
    NotRegular,
    make_private,
    open_below,
    read_below,
    sync_folder,
    unlink_below,
)

# More than the journal hands over for one picture.
MAX_FILE_BYTES: Final = 64 * 2**20

_PARTIAL: Final = ".tmp"
_NOT_OURS: Final = (FileNotFoundError, NotADirectoryError, NotRegular)


class PictureFolder:
    """
    A `Place` on this machine.

    Nothing is ever changed in place: a file appears whole. What a link leads to is none of ours, as
    what is not there.

    Args:
        waits: Wait until each file is on the disk. Whoever writes many and can write them again
            may wait for all at once, by `os.sync`.
    """

    facts_first = True

    def __init__(self, root: Path, *, waits: bool = True) -> None:
        self._root = root
        self._waits = waits

    def get(self, path: str) -> bytes | None:
        """Return the content of a file, or None; see `Place.get`."""
        with self._translated():
            try:
                return read_below(self._root, *path.split("/"), max_bytes=MAX_FILE_BYTES)
            except _NOT_OURS:
                return None

    def put(self, files: Mapping[str, bytes]) -> None:
        """Write *files*; see `Place.put`."""
        folders = {(self._root / path).parent for path in files}
        with self._translated():
            for folder in folders:
                _make_folder(folder)
            for path, content in files.items():
                _write(self._root / path, content, waits=self._waits)
            for folder in folders if self._waits else ():
                sync_folder(folder)

    def remove(self, paths: Collection[str]) -> None:
        """Remove files; see `Place.remove`."""
        with self._translated():
            for path in paths:
                unlink_below(self._root, *path.split("/"))

    def files(self, folder: str) -> Iterator[tuple[str, float]]:
        """Yield the files of a folder; see `Place.files`."""
        place = self._root / folder
        with self._translated():
            if place.is_symlink() or not place.is_dir():
                return
            for entry in os.scandir(place):
                # What is being written is not there yet.
                if entry.is_file(follow_symlinks=False) and not entry.name.endswith(_PARTIAL):
                    yield entry.name, entry.stat(follow_symlinks=False).st_mtime

    def is_gone(self, path: str) -> bool:
        """Tell whether a file is gone; see `Place.is_gone`."""
        with self._translated():
            try:
                os.close(open_below(self._root, *path.split("/")))
            except _NOT_OURS:
                return True
            return False

    def address(self, path: str) -> None:
        """Return None: the file is on this machine."""

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise store_error(error, self._root) from error


def _make_folder(folder: Path) -> None:
    if folder.is_symlink():  # whoever made it would say where our pictures go
        raise OSError(errno.ELOOP, f"{folder} is a link")
    make_private(folder)


def _write(path: Path, content: bytes, *, waits: bool) -> None:
    """Make *content* appear at *path*, whole, and where it *waits* stay there over a power cut."""
    partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}{_PARTIAL}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | PLAIN, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            if waits:
                os.fsync(descriptor)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
