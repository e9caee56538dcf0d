"""
What is made of a captured picture: compressed, with small ones for lists, and the facts.

A picture is decoded here and in exports, far from the agent's thread, where a broken or hostile one
costs nothing but its thumbnails. Nothing here knows where the files go.
"""

import hashlib
import io
import struct
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from otel_steps.config import ScreenshotFormat
from otel_steps.pictures.captured import PictureError, describe
from otel_steps.pictures.names import THUMBNAIL_WIDTHS, path_of, thumbnail_path
from otel_steps.pictures.stored import StoredPicture
from otel_steps.process.forks import no_fork

if TYPE_CHECKING:
    from PIL.Image import Image

# A phone has 4 to 6 million pixels. Decoding takes 4 bytes for each, whatever the file's size.
MAX_PIXELS: Final = 50_000_000
# Method 2 takes half the time of Pillow's default, 4, and makes files of photographs 3 % larger.
_WEBP: Final = {"format": "WEBP", "quality": 80, "method": 2}
_JPEG: Final = {"format": "JPEG", "quality": 80}
_ENCODINGS: Final[dict[str, dict[str, Any]]] = {"image/webp": _WEBP, "image/jpeg": _JPEG}
# What Pillow's codecs are known to raise for a broken file, or for one too long for WebP.
CODEC_ERRORS: Final = (
    ArithmeticError,
    EOFError,
    LookupError,
    OSError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)


def render(
    sha256: str, data: bytes, picture_format: ScreenshotFormat
) -> tuple[StoredPicture, dict[str, bytes]]:
    """
    Return the facts and the files, by path, to keep for the picture *data* called *sha256*.

    What cannot be decoded, or has more than `MAX_PIXELS`, is kept as it is.
    """
    original = _as_captured(sha256, data)
    # PNG means "as captured": encoding it again would cost time and gain nothing.
    mime_type = original.mime_type if picture_format == "png" else f"image/{picture_format}"
    try:
        with no_fork():  # Pillow loads itself bit by bit
            image = _decode(original, data)
            picture, content = _compress(original, data, image, mime_type)
            files = {picture.path: content} | _thumbnails(sha256, image)
            phash = _difference_hash(image)
    except CODEC_ERRORS:
        return original, {original.path: data}
    picture = replace(
        picture,
        width=image.width,
        height=image.height,
        phash=phash,
        black=image.getbbox() is None,
    )
    return picture, files


def _compress(
    original: StoredPicture, data: bytes, image: "Image", mime_type: str
) -> tuple[StoredPicture, bytes]:
    if mime_type == original.mime_type:
        return original, data
    content = _encode(image, _ENCODINGS[mime_type])
    if len(content) >= len(data):  # a plain screen: PNG is the smaller one, and loses nothing
        return original, data
    return replace(_facts(original.sha256, content, mime_type), compressed=True), content


def _as_captured(sha256: str, data: bytes) -> StoredPicture:
    try:
        info = describe(data)
    except PictureError:
        return _facts(sha256, data, "application/octet-stream")
    facts = _facts(sha256, data, info.mime_type)
    return replace(facts, width=info.width, height=info.height)


def _facts(sha256: str, content: bytes, mime_type: str) -> StoredPicture:
    return StoredPicture(
        sha256=sha256,
        path=path_of(sha256, mime_type),
        file_size=len(content),
        file_hash=hashlib.sha256(content).hexdigest(),
        compressed=False,
        mime_type=mime_type,
    )


def _decode(original: StoredPicture, data: bytes) -> "Image":
    """Return the picture in RGB: a screen has no transparency."""
    from PIL import Image

    pixels = (original.width or 0) * (original.height or 0)
    if not 0 < pixels <= MAX_PIXELS:
        raise ValueError(f"not decoded: {pixels} pixels")
    with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP")) as image:
        return image.convert("RGB")


def _encode(image: "Image", encoding: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, **encoding)
    return buffer.getvalue()


def _thumbnails(sha256: str, image: "Image") -> dict[str, bytes]:
    files = {}
    # The largest first: each is made from the one before, which takes a tenth of the time.
    for width in sorted(THUMBNAIL_WIDTHS, reverse=True):
        if width < image.width:
            height = max(1, round(image.height * width / image.width))
            image = image.resize((width, height), reducing_gap=2.0)
            files[thumbnail_path(sha256, width)] = _encode(image, _WEBP)
    return files


def _difference_hash(image: "Image") -> int:
    """Return 64 bits, each "brighter than the pixel to its right" in a picture of 9 x 8, signed."""
    from PIL.Image import Resampling

    pixels = image.convert("L").resize((9, 8), Resampling.BOX).tobytes()
    bits = 0
    for row in range(8):
        for column in range(8):
            left = row * 9 + column
            bits = bits << 1 | (pixels[left] > pixels[left + 1])
    # Databases have no unsigned 64-bit integers.
    return bits - 2**64 if bits >= 2**63 else bits
