"""
A picture as an agent captured it: its bytes, and what their first few say.

Runs on the agent's thread, too, so nothing here decodes a picture: a header is parsed and a hash
taken, both bounded by the size of the picture.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

# A screenshot of a phone is 0.1 to 3 MB; a file far above that was named by mistake.
MAX_BYTES: Final = 20 * 2**20

EXTENSIONS: Final[Mapping[str, str]] = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
}

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_JPEG: Final = b"\xff\xd8\xff"
_GIFS: Final = (b"GIF87a", b"GIF89a")
# Also of damaged ones.
_BEGINNING: Final = re.compile(rb"\x89PNG|\xff\xd8\xff|RIFF.{4}WEBP|GIF8[79]a", re.DOTALL)
# `adb` warns in a line or two, a shell greets in a screenful.
_MAX_TEXT_BYTES: Final = 16 * 1024
# What a PNG begins with once something on its way has taken it for a text -> what that was.
_DAMAGED: Final[Mapping[bytes, str]] = {
    b"\x89PNG\r\r": "each LF became CRLF on the way, as in `adb shell`: "
    "take the screenshot with `adb exec-out screencap -p`",
    b"\x89PNG\n\x1a\n": "each CRLF became LF on the way: read it as bytes, not as text",
    b"\xef\xbf\xbdPNG": "it was decoded as text on the way: read it as bytes",
    b"\xc2\x89PNG": "it was encoded as text on the way: write it as bytes",
}
# SOF0 to SOF15 without DHT, JPG and DAC, which share their range.
_JPEG_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Real files have fewer than 30 segments before the frame; a hostile one may have millions.
_MAX_JPEG_SEGMENTS: Final = 1000


class PictureError(ValueError):
    """
    A picture cannot be used; the message says why and holds nothing of its content.

    Attributes:
        given: What was given in its place, where that is known and worth keeping.
    """

    def __init__(self, message: str, *, given: bytes | None = None) -> None:
        super().__init__(message)
        self.given = given


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureInfo:
    """
    What is known of a picture without decoding it.

    Attributes:
        sha256: 64 lower-case hex digits.
        mime_type: `image/png`, `image/jpeg`, `image/webp` or `image/gif`, from the magic bytes.
        width, height: Pixels, at least 1; before EXIF turns it.
        size: Bytes.
    """

    sha256: str
    mime_type: str
    width: int
    height: int
    size: int


def describe(data: bytes) -> PictureInfo:
    """
    Return what the header of *data* says, and its hash.

    Raises:
        PictureError: *data* is no PNG, JPEG, WebP or GIF, or its header is cut off.
    """
    mime_type, width, height = header(data)
    return PictureInfo(
        sha256=hashlib.sha256(data).hexdigest(),
        mime_type=mime_type,
        width=width,
        height=height,
        size=len(data),
    )


def cut_free(data: bytes) -> bytes:
    """Return *data* without the lines of text before the picture, such as a warning of `adb`."""
    found = _BEGINNING.search(data, 0, _MAX_TEXT_BYTES)
    if found is None or found.start() == 0:
        return data
    before = data[: found.start()]
    try:
        before.decode("utf-8")
    except UnicodeDecodeError:
        return data
    return data if b"\0" in before else data[found.start() :]


def whole(data: bytes) -> bytes:
    """
    Return the picture in *data*, cut free.

    Raises:
        PictureError: It is too large; that it is one, `describe` tells.
    """
    if len(data) > MAX_BYTES:
        raise too_large("the picture", len(data))
    return cut_free(data)


def too_large(name: str, size: int) -> PictureError:
    """Return the error for a picture of more than `MAX_BYTES`."""
    return PictureError(f"{name} has {size} bytes; a picture may have {MAX_BYTES}")


def begins_as_picture(data: bytes) -> bool:
    """Tell whether *data* was meant as a picture, whole or not."""
    return _BEGINNING.match(data) is not None or data.startswith(tuple(_DAMAGED))


def header(data: bytes) -> tuple[str, int, int]:
    """
    Return MIME type, width and height.

    Raises:
        PictureError: As `describe` does.
    """
    if data.startswith(_PNG):
        mime_type, size = "image/png", _png_size(data)
    elif data.startswith(_JPEG):
        mime_type, size = "image/jpeg", _jpeg_size(data)
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        mime_type, size = "image/webp", _webp_size(data)
    elif data.startswith(_GIFS):
        mime_type, size = "image/gif", _gif_size(data)
    else:
        raise PictureError(_what_is_wrong(data))
    if size is None or not all(size):
        raise PictureError(f"the {mime_type} of {len(data)} bytes has a cut off or broken header")
    return mime_type, *size


def _what_is_wrong(data: bytes) -> str:
    if not data:
        return "the picture is empty: 0 bytes"
    for beginning, cause in _DAMAGED.items():
        if data.startswith(beginning):
            return f"the PNG of {len(data)} bytes is damaged: {cause}"
    return f"the {len(data)} bytes given are not a PNG, JPEG, WebP or GIF"


def _png_size(data: bytes) -> tuple[int, int] | None:
    if len(data) < 25 or data[12:16] != b"IHDR":
        return None
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


def _gif_size(data: bytes) -> tuple[int, int] | None:
    if len(data) < 10:
        return None
    return int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little")


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    for marker, start in _jpeg_segments(data):
        if marker in _JPEG_FRAMES and len(data) >= start + 7:
            height = int.from_bytes(data[start + 3 : start + 5], "big")
            return int.from_bytes(data[start + 5 : start + 7], "big"), height
    return None


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield marker and offset of its length, up to the first thing that is no such segment."""
    position = 2
    for _ in range(_MAX_JPEG_SEGMENTS):
        if len(data) < position + 4 or data[position] != 0xFF:
            return
        if data[position + 1] == 0xFF:  # a fill byte
            position += 1
            continue
        yield data[position + 1], position + 2
        position += 2 + int.from_bytes(data[position + 2 : position + 4], "big")


def _webp_size(data: bytes) -> tuple[int, int] | None:
    chunk = data[12:16]
    if chunk == b"VP8 " and len(data) >= 30 and data[23:26] == b"\x9d\x01\x2a":
        bits = int.from_bytes(data[26:30], "little")
        return bits & 0x3FFF, bits >> 16 & 0x3FFF
    if chunk == b"VP8L" and len(data) >= 25 and data[20] == 0x2F:
        bits = int.from_bytes(data[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if chunk == b"VP8X" and len(data) >= 30:
        width = int.from_bytes(data[24:27], "little")
        return width + 1, int.from_bytes(data[27:30], "little") + 1
    return None
