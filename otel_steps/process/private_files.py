"""
Files and folders for this user alone, whatever the umask; and reading that follows no link.

Nothing here waits for a pipe or knows what a file holds.
"""

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

# Windows translates line ends unless told not to; where a flag is missing, it has no meaning.
PLAIN: Final = getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
_READ: Final = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | PLAIN
_WRITE: Final = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | PLAIN
_APPEND: Final = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NONBLOCK", 0) | PLAIN
_FOLDER: Final = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0)

# What opening answers for a link, a socket, and a device that is not there.
_NOT_REGULAR: Final = frozenset({errno.ELOOP, errno.ENXIO, errno.ENODEV})


class NotRegular(OSError):
    """There is something other than a file: a link, a folder, a pipe, a device."""


def make_private(folder: Path) -> None:
    """Make *folder* and its missing parents, for this user alone."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir(mode=0o700, exist_ok=True)


def write_private(path: Path, data: bytes) -> None:
    """Write *path*, in place; a new file is for this user alone."""
    with os.fdopen(os.open(path, _WRITE, 0o600), "wb") as file:
        file.write(data)


def sync_folder(path: Path) -> None:
    """Wait until the names in *path* have reached the disk; Windows has no call for that."""
    if os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def open_regular(path: Path) -> int:
    """
    Open a file for reading: no link, no device, no pipe that would keep us waiting.

    Raises:
        NotRegular: It is no regular file.
        OSError: It cannot be opened.
    """
    return _opened(path, None)


def append_regular(path: Path) -> int:
    """
    Open a file that only grows, and make it where it is missing, for this user alone.

    Raises:
        NotRegular, OSError: As `open_regular`.
    """
    return _opened(path, None, _APPEND)


def open_below(root: Path, *names: str) -> int:
    """
    Open a file for reading, of which nothing below *root* is a link, neither it nor its folders.

    Raises:
        NotRegular, NotADirectoryError: There is a link on the way, or something else.
        OSError: It cannot be opened.
    """
    if os.open not in os.supports_dir_fd:  # Windows, where only an administrator makes links
        return open_regular(root.joinpath(*names))
    folder = _folder_below(root, *names[:-1])
    try:
        return _opened(Path(names[-1]), folder)
    finally:
        os.close(folder)


def read_regular(path: Path, max_bytes: int) -> bytes:
    """
    Return the content of a regular file.

    Raises:
        OSError: As `open_regular`, or it has more than *max_bytes*.
    """
    return _content(open_regular(path), path, max_bytes)


def read_below(root: Path, *names: str, max_bytes: int) -> bytes:
    """
    Return the content of a regular file below *root*.

    Raises:
        OSError: As `open_below`, or it has more than *max_bytes*.
    """
    return _content(open_below(root, *names), root.joinpath(*names), max_bytes)


def unlink_below(root: Path, *names: str) -> None:
    """
    Remove a file below *root*, through no link, if it is there: a link as such, and no folder.

    Raises:
        OSError: It cannot be removed.
    """
    with suppress(FileNotFoundError, NotADirectoryError):
        if os.unlink not in os.supports_dir_fd:  # as in `open_below`
            root.joinpath(*names).unlink()
            return
        folder = _folder_below(root, *names[:-1])
        try:
            os.unlink(names[-1], dir_fd=folder)
        finally:
            os.close(folder)


def is_open_to_others(path: Path) -> bool:
    """Tell whether others than the owner may do anything with *path*; False where it is not."""
    try:
        return os.name == "posix" and bool(stat.S_IMODE(path.stat().st_mode) & 0o077)
    except OSError:
        return False


def _folder_below(root: Path, *names: str) -> int:
    # Each folder is opened in the one before: what a name leads to cannot change in between.
    folder = os.open(root, _FOLDER)
    for name in names:
        try:
            inner = os.open(name, _FOLDER | PLAIN, dir_fd=folder)
        finally:
            os.close(folder)
        folder = inner
    return folder


def _opened(path: Path, folder: int | None, flags: int = _READ) -> int:
    try:
        descriptor = os.open(path, flags, 0o600, dir_fd=folder)
    except OSError as error:
        if error.errno in _NOT_REGULAR:
            raise _not_regular(path) from error
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _not_regular(path)
    return descriptor


def _not_regular(path: Path) -> NotRegular:
    return NotRegular(errno.EINVAL, "not a regular file", str(path))


def _content(descriptor: int, path: Path, max_bytes: int) -> bytes:
    with os.fdopen(descriptor, "rb") as file:
        data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise OSError(errno.EFBIG, f"more than {max_bytes} bytes", str(path))
    return data
