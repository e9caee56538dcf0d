"""
Files as the journal writes them: private, replaced as a whole, and on the disk when asked.

Nothing here follows a link or knows what a file holds.
"""

import contextlib
import errno
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

from otel_steps.process.private_files import PLAIN, sync_folder

# Flags for a new file.
NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | PLAIN

# A link, a pipe or a device is `other`.
Kind = Literal["file", "folder", "other"]

# What is being written, and becomes the file of that name when it is whole.
PARTIAL: Final = ".partial"

# File contents and size, without the time of change, where the platform can tell them apart.
datasync = getattr(os, "fdatasync", os.fsync)


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
        descriptor = os.open(path, os.O_RDWR | PLAIN)
    except FileNotFoundError:
        return
    try:
        datasync(descriptor)
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
