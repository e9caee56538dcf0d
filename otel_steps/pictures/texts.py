"""A picture as text: base64 in all the ways in which it is written, and `data:` URLs."""

import re
from typing import Final

import pybase64

from otel_steps.pictures.captured import MAX_BYTES, PictureError, header, too_large, whole

# What base64 of a PNG, a JPEG, a WebP and a GIF begins with, its URL-safe alphabet included.
BASE64_STARTS: Final = ("iVBORw0KGgo", "/9j/", "_9j_", "UklGR", "R0lGOD")

_BEGINNING_CHARS: Final = 64
_HEADER_CHARS: Final = 4096  # a multiple of four, as what is decoded must have
# No path begins with so many of these, and no dot among them.
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_\s-]{200}")
# How bytes look that somebody has made text of.
_PRINTED: Final = ("b'", 'b"')


def holds_picture(text: str) -> bool:
    """Tell by its beginning whether *text* is a picture and not the path of one."""
    beginning = text[:_BEGINNING_CHARS].lstrip()
    return beginning.startswith((*BASE64_STARTS, *_PRINTED)) or beginning[:5].lower() == "data:"


def may_be_base64(text: str) -> bool:
    """Tell whether *text*, if it is no path, may be base64 of what its beginning does not tell."""
    return _BASE64.match(text) is not None


def size_of(text: str) -> tuple[int, int] | None:
    """
    Return width and height, in pixels, of the picture that base64 *text* begins with.

    None where that is not among its first kilobytes, as in a JPEG with a thumbnail, or no picture.
    """
    try:
        return header(pybase64.b64decode(text[:_HEADER_CHARS]))[1:]
    except ValueError:
        return None


def from_text(text: str) -> bytes:
    """
    Return what *text* holds: base64, a `data:` URL, or bytes printed.

    Raises:
        PictureError: It is no base64, or too large.
    """
    text = text.strip()
    if text.startswith(_PRINTED):
        text = text[2:-1]
    if text[:5].lower() == "data:":
        head, _, text = text.partition(",")
        if not head[:200].lower().endswith(";base64"):
            message = "the picture is a data URL without base64; send data:image/...;base64,"
            raise PictureError(message)
    return from_base64(text)


def from_base64(text: str) -> bytes:
    """
    Return what *text* encodes; `describe` says whether it is a picture.

    Raises:
        PictureError: It is no base64, or too large.
    """
    if len(text) > MAX_BYTES * 3 // 2:
        raise too_large("the picture", len(text) * 3 // 4)
    try:
        data = pybase64.b64decode(text, validate=True)
    except ValueError:
        data = _from_odd_base64(text)
    return whole(data)


def _from_odd_base64(text: str) -> bytes:
    # Mail wraps its lines, JavaScript drops the padding, an address has letters of its own.
    joined = "".join(text.split()).rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return pybase64.b64decode(joined + "=" * (-len(joined) % 4), validate=True)
    except ValueError as error:
        message = f"the picture is not base64: {len(text)} characters, {type(error).__name__}"
        given = text.encode("utf-8", "replace")
        raise PictureError(message, given=given) from error
