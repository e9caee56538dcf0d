"""
What the files of a picture are called: by the hash of what was captured, two digits before it.

`ab/<sha256>.webp` is the picture, `ab/<sha256>.120.webp` a small one, `ab/<sha256>.json` the facts.
"""

import re
from typing import Final

from otel_steps.pictures.captured import EXTENSIONS

# Widths in pixels: 120 for a filmstrip, 540 for a step (half of a phone's screen).
THUMBNAIL_WIDTHS: Final = (120, 540)

# What a picture is called that is none, but was captured as one.
_NO_PICTURE: Final = "bin"
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


def is_picture_name(sha256: str) -> bool:
    """Return whether *sha256* is 64 lower-case hex digits."""
    return _SHA256.fullmatch(sha256) is not None


def picture_name_in(path: str | None) -> str | None:
    """Return the sha256 that the file at *path* is named by; other recorders had other names."""
    name = path.rpartition("/")[2].partition(".")[0] if path else ""
    return name if is_picture_name(name) else None


def path_of(sha256: str, mime_type: str) -> str:
    """Return where the picture itself is, if it is of that type."""
    return _path(sha256, EXTENSIONS.get(mime_type, _NO_PICTURE))


def possible_paths(sha256: str) -> list[str]:
    """Return where the picture itself may be, of whatever type it is."""
    return [_path(sha256, each) for each in (*EXTENSIONS.values(), _NO_PICTURE)]


def content_paths(sha256: str) -> list[str]:
    """Return where all files of a picture may be, but for its facts."""
    small = [thumbnail_path(sha256, width) for width in THUMBNAIL_WIDTHS]
    return [*possible_paths(sha256), *small]


def facts_path(sha256: str) -> str:
    """Return where the facts of a picture are, as JSON."""
    return _path(sha256, "json")


def thumbnail_path(sha256: str, width: int) -> str:
    """Return where the thumbnail of *width* pixels is."""
    return _path(sha256, f"{width}.webp")


def thumbnail_paths(sha256: str, width: int | None) -> list[str]:
    """Return where the thumbnails of at least *width* pixels are, the smallest first."""
    if width is None:
        return []
    return [thumbnail_path(sha256, each) for each in THUMBNAIL_WIDTHS if each >= width]


def _path(sha256: str, extension: str) -> str:
    return f"{sha256[:2]}/{sha256}.{extension}"
