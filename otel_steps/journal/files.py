"""
Files as the journal needs them: private, plain, replaced as a whole, and on the disk when asked.

Nothing here follows a link, waits for a pipe or knows what a file holds.
"""

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

# Windows translates line ends unless told not to; where a flag is missing, it has no meaning.
_PLAIN: Final = getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
_READ: Final = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | _PLAIN

# Flags for a new file, and for one that only grows.
NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _PLAIN
_APPEND: Final = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NONBLOCK", 0) | _PLAIN

# A link, a pipe or a device is `other`.
Kind = Literal["file", "folder", "other"]

# What is being written, and becomes the file of that name when it is whole.
PARTIAL: Final = ".partial"

# File contents and size, without the time of change, where the platform can tell them apart.
datasync = getattr(os, "fdatasync", os.fsync)


def make_private(folder: Path) -> None:
    """Make *folder* and its missing parents, for this user alone."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir(mode=0o700, exist_ok=True)


def open_regular(path: Path) -> int:
    """
    Open a file for reading: no link, no device, no pipe that would keep us waiting.

    Raises:
        OSError: It cannot be opened, or it is no regular file.
    """
    return _open_regular(path, _READ)


def append_regular(path: Path) -> int:
    """
    Open a file that only grows, and make it where it is missing.

    Raises:
        OSError: As `open_regular`.
    """
    return _open_regular(path, _APPEND)


def _open_regular(path: Path, flags: int) -> int:
    descriptor = os.open(path, flags, 0o600)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is not a regular file", str(path))
    return descriptor


def read_regular(path: Path, max_bytes: int) -> bytes:
    """
    Return the content of a regular file.

    Raises:
        OSError: As `open_regular`, or it has more than *max_bytes*.
    """
    with os.fdopen(open_regular(path), "rb") as file:
        data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise OSError(f"{path} has more than {max_bytes} bytes")
    return data


def write_new(path: Path, data: bytes, *, is_synced: bool) -> None:
    """
    Write a file that must not be there yet; a crash may leave half of it.

    Its folder is made, the one above must be there: an owner's folder that has gone must not come
    back by this, the caller has to know.
    """
    try:
        descriptor = os.open(path, NEW, 0o600)
    except FileNotFoundError:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(path, NEW, 0o600)
    try:
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            if file.write(data) != len(data):
                raise OSError(errno.ENOSPC, "the disk took a part of the file", str(path))
            if is_synced:
                datasync(descriptor)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    if is_synced:
        sync_folder(path.parent)


def replace_file(path: Path, data: bytes, *, is_synced: bool) -> None:
    """Write *path* as a whole or not at all; its folder is made, the one above must be there."""
    partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}{PARTIAL}")
    write_new(partial, data, is_synced=is_synced)
    try:
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    if is_synced:
        sync_folder(path.parent)


def sync_file(path: Path) -> None:
    """Wait until the content of *path* has reached the disk; a file that is gone needs no wait."""
    try:
        # Windows flushes only what is open for writing.
        descriptor = os.open(path, os.O_RDWR | _PLAIN)
    except FileNotFoundError:
        return
    try:
        datasync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(path: Path) -> None:
    """Wait until the names in *path* have reached the disk; Windows has no call for that."""
    if os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def size_of(folder: Path) -> int:
    """
    Return the bytes of all files below *folder*.

    What vanishes meanwhile does not count, nor does a folder in it that cannot be looked into.

    Raises:
        OSError: *folder* itself cannot be looked into.
    """
    try:
        return sum(_sizes(folder))
    except FileNotFoundError:
        return 0


def _sizes(folder: Path) -> Iterator[int]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                with contextlib.suppress(OSError):
                    yield from _sizes(Path(entry.path))
            else:
                with contextlib.suppress(FileNotFoundError):
                    yield entry.stat(follow_symlinks=False).st_size


def kinds_in(folder: Path) -> dict[str, Kind]:
    """Return what is in *folder*, by name; nothing where it is not there."""
    try:
        with os.scandir(folder) as entries:
            return {entry.name: _kind(entry) for entry in entries}
    except FileNotFoundError:
        return {}


def _kind(entry: os.DirEntry[str]) -> Kind:
    if entry.is_file(follow_symlinks=False):
        return "file"
    return "folder" if entry.is_dir(follow_symlinks=False) else "other"


def files_in(folder: Path) -> list[str]:
    """Return the names of the regular files in *folder*; none where it is not there."""
    return [name for name, kind in kinds_in(folder).items() if kind == "file"]
