"""A picture as a file that somebody has named: read at once, and never waited for."""

import os
import stat
from pathlib import Path
from typing import Final

from otel_steps.pictures.captured import (
    MAX_BYTES,
    PictureError,
    begins_as_picture,
    header,
    too_large,
    whole,
)

MAX_PATH_CHARS: Final = 4096

# Of a path in a message; what is longer may be something else, and is shown in part.
_MAX_SHOWN_CHARS: Final = 200
_SHOWN_CHARS: Final = 40
_OPEN_FLAGS: Final = (
    os.O_RDONLY
    | getattr(os, "O_BINARY", 0)  # Windows would translate line ends
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOFOLLOW", 0)  # a link may name a file that is nobody's screenshot
    | getattr(os, "O_NONBLOCK", 0)  # a FIFO would wait for its writer
)


def from_file(path: str) -> bytes:
    """
    Return the picture in the file at *path*, which must be a regular one and no link.

    Raises:
        PictureError: There is none, or it is too large.
    """
    if not 0 < len(path) <= MAX_PATH_CHARS:
        raise PictureError(
            f"the picture is text of {len(path)} characters: neither base64 of a PNG, JPEG, WebP "
            "or GIF nor a path"
        )
    shown = path if len(path) <= _MAX_SHOWN_CHARS else f"{path[:_SHOWN_CHARS]}…"
    name = f"the file {shown!r}"
    descriptor = _open(path, name)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise PictureError(f"{name} is no regular file; name a PNG, JPEG, WebP or GIF file")
        if status.st_size > MAX_BYTES:
            raise too_large(name, status.st_size)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            # The file may grow while it is read.
            data = whole(file.read(MAX_BYTES + 1))
    except OSError as error:
        raise PictureError(f"{name} cannot be read: {error.strerror}") from error
    finally:
        os.close(descriptor)
    if not begins_as_picture(data):
        header(data)  # raises: what is none is where it was, and nobody has to keep it
    return data


def _open(path: str, name: str) -> int:
    try:
        # Where there is no O_NOFOLLOW, this is what refuses a link.
        is_link = Path(path).is_symlink()
        descriptor = -1 if is_link else os.open(path, _OPEN_FLAGS)
    except OSError as error:
        raise PictureError(f"{name} cannot be opened: {error.strerror}") from error
    except ValueError as error:  # a NUL or half a surrogate pair in the name
        raise PictureError(f"{name} cannot exist: {type(error).__name__}") from error
    if is_link:
        raise PictureError(f"{name} is a link; name the picture itself")
    return descriptor
