"""
A picture as an agent captured it: its bytes, and what their first few say.

Runs on the agent's thread, too, so nothing here decodes a picture, waits for a device or follows a
link: a header is parsed and a hash taken, both bounded by the size of the picture.
"""

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pybase64

# A screenshot of a phone is 0.1 to 3 MB; a file far above that was named by mistake.
MAX_BYTES: Final = 20 * 2**20

EXTENSIONS: Final[Mapping[str, str]] = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
}

# What base64 of a PNG, a JPEG and a WebP begins with: this is how such text is told from a path.
BASE64_STARTS: Final = ("iVBORw0KGgo", "/9j/", "UklGR")
_MAX_PATH_CHARS: Final = 4096
_MAX_SHOWN_CHARS: Final = 200

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_JPEG: Final = b"\xff\xd8\xff"
# SOF0 to SOF15 without DHT, JPG and DAC, which share their range.
_JPEG_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Real files have fewer than 30 segments before the frame; a hostile one may have millions.
_MAX_JPEG_SEGMENTS: Final = 1000

_OPEN_FLAGS: Final = (
    os.O_RDONLY
    | getattr(os, "O_BINARY", 0)  # Windows would translate line ends
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOFOLLOW", 0)  # a link may name a file that is nobody's screenshot
    | getattr(os, "O_NONBLOCK", 0)  # a FIFO would wait for its writer
)


class PictureError(ValueError):
    """A picture cannot be used; the message says why and holds nothing of its content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureInfo:
    """
    What is known of a picture without decoding it.

    Attributes:
        sha256: 64 lower-case hex digits.
        mime_type: `image/png`, `image/jpeg` or `image/webp`, from the magic bytes.
        width, height: Pixels, at least 1.
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
        PictureError: *data* is no PNG, JPEG or WebP, or its header is cut off.
    """
    mime_type, width, height = _header(data)
    return PictureInfo(
        sha256=hashlib.sha256(data).hexdigest(),
        mime_type=mime_type,
        width=width,
        height=height,
        size=len(data),
    )


def read(source: bytes | bytearray | memoryview | str | os.PathLike[str]) -> bytes:
    """
    Return the bytes of the picture that *source* holds or names.

    Args:
        source: The bytes; or text: base64, a `data:` URL or a path; or a path. A path must name a
            regular file itself, not by way of a link.

    Raises:
        PictureError: There is no such picture, it is larger than `MAX_BYTES`, or it is no PNG,
            JPEG or WebP.
    """
    if isinstance(source, bytes | bytearray | memoryview):
        data = bytes(source)
    elif isinstance(source, str) and source[:5].lower() == "data:":
        data = _from_data_url(source)
    elif isinstance(source, str) and source.startswith(BASE64_STARTS):
        data = from_base64(source)
    elif isinstance(source, str | os.PathLike):
        data = _from_file(source)
    else:
        raise PictureError(f"a picture is bytes, base64 or a path, not {type(source).__name__}")
    if len(data) > MAX_BYTES:
        raise _too_large("the picture", len(data))
    _header(data)
    return data


def _from_data_url(url: str) -> bytes:
    head, _, text = url.partition(",")
    if not head[:200].lower().endswith(";base64"):
        raise PictureError("the picture is a data URL without base64; send data:image/...;base64,")
    return from_base64(text)


def from_base64(text: str) -> bytes:
    """
    Return what *text* encodes; `describe` says whether it is a picture.

    Raises:
        PictureError: It is no base64, or too large.
    """
    if len(text) > MAX_BYTES * 3 // 2:
        raise _too_large("the picture", len(text) * 3 // 4)
    try:
        return pybase64.b64decode(text, validate=True)
    except ValueError:
        # Mail wraps its lines and JavaScript drops the padding; both are common and harmless.
        text = "".join(text.split()).rstrip("=")
    try:
        return pybase64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError as error:
        message = f"the picture is not base64: {len(text)} characters, {error}"
        raise PictureError(message) from error


def _from_file(source: str | os.PathLike[str]) -> bytes:
    path = os.fspath(source)
    if not 0 < len(path) <= _MAX_PATH_CHARS:
        raise PictureError(
            f"the picture is text of {len(path)} characters: neither base64 of a PNG, JPEG or "
            "WebP nor a path"
        )
    name = f"the file {path[:_MAX_SHOWN_CHARS]!r}"
    descriptor = _open(path, name)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise PictureError(f"{name} is no regular file; name a PNG, JPEG or WebP file")
        if status.st_size > MAX_BYTES:
            raise _too_large(name, status.st_size)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            # The file may grow while it is read.
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise PictureError(f"{name} cannot be read: {error.strerror}") from error
    finally:
        os.close(descriptor)


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


def _too_large(name: str, size: int) -> PictureError:
    return PictureError(f"{name} has {size} bytes; a picture may have {MAX_BYTES}")


def _header(data: bytes) -> tuple[str, int, int]:
    """Return MIME type, width and height."""
    if data.startswith(_PNG):
        mime_type, size = "image/png", _png_size(data)
    elif data.startswith(_JPEG):
        mime_type, size = "image/jpeg", _jpeg_size(data)
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        mime_type, size = "image/webp", _webp_size(data)
    elif data:
        raise PictureError(f"the {len(data)} bytes given are no PNG, JPEG or WebP")
    else:
        raise PictureError("the picture is empty: 0 bytes")
    if size is None or not all(size):
        raise PictureError(f"the {mime_type} of {len(data)} bytes has a cut off or broken header")
    return mime_type, *size


def _png_size(data: bytes) -> tuple[int, int] | None:
    if len(data) < 24 or data[12:16] != b"IHDR":
        return None
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


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
