"""
What is made of a captured picture: compressed, with small ones for lists, and the facts.

A picture is decoded here and in exports, far from the agent's thread. Nothing here knows where the
files go.
"""

import hashlib
import io
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from otel_steps.config import ScreenshotFormat
from otel_steps.pictures.captured import describe
from otel_steps.pictures.decoding import (
    CODEC_ERRORS,
    MAX_PIXELS,
    Decoded,
    TooManyPixels,
    decode,
)
from otel_steps.pictures.names import THUMBNAIL_WIDTHS, path_of, thumbnail_path
from otel_steps.pictures.sketch import sketch_of
from otel_steps.pictures.stored import StoredPicture
from otel_steps.process.forks import no_fork

if TYPE_CHECKING:
    from PIL.Image import Image

# Method 2 takes half the time of Pillow's default, 4, and makes files of photographs 3 % larger.
_WEBP: Final[dict[str, Any]] = {"format": "WEBP", "quality": 80, "method": 2}
_JPEG: Final[dict[str, Any]] = {"format": "JPEG", "quality": 80}
_ENCODINGS: Final[dict[str, dict[str, Any]]] = {"image/webp": _WEBP, "image/jpeg": _JPEG}
# Of all frames of an animation together; beyond that its first one is kept.
_MAX_FRAMES_PIXELS: Final = 10 * MAX_PIXELS


@dataclass(frozen=True, slots=True)
class Rendered:
    """
    What is made of a captured picture.

    Attributes:
        picture: The facts.
        files: What to keep, by path.
        sketch: For the comparison with the next one; None where it has not been decoded.
    """

    picture: StoredPicture
    files: dict[str, bytes]
    sketch: "Image | None" = None


def render(sha256: str, data: bytes, picture_format: ScreenshotFormat) -> Rendered:
    """
    Return what to keep of the picture *data* called *sha256*.

    What has more than `MAX_PIXELS` is kept as it is, without small ones and with no `phash`.

    Raises:
        PictureError: It cannot be decoded.
    """
    info = describe(data)
    captured = _facts(sha256, data, info.mime_type)
    try:
        with no_fork():  # Pillow loads itself bit by bit
            decoded = decode(data)
            picture, content = _compress(captured, data, decoded, picture_format)
            files = {picture.path: content} | _thumbnails(sha256, decoded.image)
            phash = _difference_hash(decoded.image)
            sketch = sketch_of(decoded.image)
    except TooManyPixels:
        picture = replace(captured, width=info.width, height=info.height)
        return Rendered(picture, {captured.path: data})
    picture = replace(
        picture,
        width=decoded.image.width,
        height=decoded.image.height,
        phash=phash,
        # What begins in the dark is no failure.
        black=not decoded.is_animated and decoded.image.getbbox() is None,
    )
    return Rendered(picture, files, sketch)


def _compress(
    captured: StoredPicture, data: bytes, decoded: Decoded, picture_format: ScreenshotFormat
) -> tuple[StoredPicture, bytes]:
    """Return what to keep of a picture: the captured one where that looks the same to all."""
    is_gif = captured.mime_type == "image/gif"  # which no place keeps
    mime_type = "image/webp" if is_gif else f"image/{picture_format}"
    # PNG means "as captured": encoding it again would cost time and gain nothing.
    if not is_gif and (picture_format == "png" or decoded.is_animated):
        return captured, data
    if decoded.is_plain and mime_type == captured.mime_type:
        return captured, data
    content = _animation(data) if decoded.is_animated else None
    content = content or _encode(decoded.image, _ENCODINGS[mime_type], is_whole=True)
    is_needless = decoded.is_plain and not is_gif
    # A plain screen: PNG is the smaller one, and loses nothing.
    if content is None or (is_needless and len(content) >= len(data)):
        return captured, data
    return replace(_facts(captured.sha256, content, mime_type), compressed=True), content


def _animation(data: bytes) -> bytes | None:
    """Return the GIF *data* as a WebP that moves, or None where that would take too much."""
    from PIL import Image

    buffer = io.BytesIO()
    try:
        with Image.open(io.BytesIO(data), formats=("GIF",)) as opened:
            frames: int = getattr(opened, "n_frames", 1)
            if frames * opened.width * opened.height > _MAX_FRAMES_PIXELS:
                return None
            opened.save(buffer, save_all=True, **_WEBP)
    except CODEC_ERRORS:
        return None
    return buffer.getvalue()


def _facts(sha256: str, content: bytes, mime_type: str) -> StoredPicture:
    return StoredPicture(
        sha256=sha256,
        path=path_of(sha256, mime_type),
        file_size=len(content),
        file_hash=hashlib.sha256(content).hexdigest(),
        compressed=False,
        mime_type=mime_type,
    )


def _encode(image: "Image", encoding: dict[str, Any], *, is_whole: bool = False) -> bytes | None:
    """Return the picture encoded, with its profile where *is_whole*; None: too long for a WebP."""
    buffer = io.BytesIO()
    profile = image.info.get("icc_profile") if is_whole else None
    try:
        image.save(buffer, icc_profile=profile, **encoding)
    except CODEC_ERRORS:
        return None
    return buffer.getvalue()


def _thumbnails(sha256: str, image: "Image") -> dict[str, bytes]:
    files = {}
    # The largest first: each is made from the one before, which takes a tenth of the time.
    for width in sorted(THUMBNAIL_WIDTHS, reverse=True):
        if width < image.width:
            height = max(1, round(image.height * width / image.width))
            image = image.resize((width, height), reducing_gap=2.0)
            if content := _encode(image, _WEBP):
                files[thumbnail_path(sha256, width)] = content
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
