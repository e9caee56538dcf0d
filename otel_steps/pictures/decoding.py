"""
A captured picture decoded: its pixels as a browser shows them on a white page, in sRGB.

A file says more than pixels: which side is up, which colours its numbers mean, what is transparent.
Whoever takes the numbers alone sees another picture than was on the screen. So all of that is
applied here, and what leaves is plain RGB that looks the same everywhere.
"""

import io
import struct
import zlib
from typing import TYPE_CHECKING, Final, NamedTuple

from otel_steps.pictures.captured import PictureError, describe
from otel_steps.process.forks import no_fork

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

# A phone has 4 to 6 million pixels. Decoding takes 4 bytes for each, whatever the file's size.
MAX_PIXELS: Final = 50_000_000
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

_FORMATS: Final = {
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/webp": "WEBP",
    "image/gif": "GIF",
}
_ORIENTATION: Final = 0x0112  # of EXIF
_UPRIGHT: Final = 1
# Of a WebP, Chromium does not look at it.
_TURNED_FORMATS: Final = frozenset({"PNG", "JPEG"})
_BIT_DEPTH_AT: Final = 24  # in a PNG, the bits of a sample
# Where a file of such a mode means something else than its numbers, it has said so otherwise.
_PLAIN_MODES: Final = frozenset({"1", "L", "LA", "P", "PA", "RGB", "RGBA"})
# What a profile of colours can be about.
_PROFILED_MODES: Final = frozenset({"L", "RGB", "CMYK"})


class TooManyPixels(PictureError):
    """To decode the picture would take too much memory; nothing is known to be wrong with it."""


class Decoded(NamedTuple):
    """
    A picture as it looks.

    Attributes:
        image: RGB in sRGB, upright; of an animation its first frame.
        is_plain: Whether the file holds these very pixels: who reads nothing else of it sees the
            same.
        is_animated: Whether there are more frames.
    """

    image: "Image"
    is_plain: bool
    is_animated: bool


@no_fork()  # Pillow loads itself bit by bit
def decode(data: bytes) -> Decoded:
    """
    Return how the picture *data* looks.

    Raises:
        TooManyPixels: It has more than `MAX_PIXELS`, or than Pillow's own limit in this process.
        PictureError: It is no PNG, JPEG, WebP or GIF, or it is broken.
    """
    from PIL import Image

    info = describe(data)
    if info.width * info.height > MAX_PIXELS:
        raise TooManyPixels(f"a picture of {info.width} x {info.height} pixels is not decoded")
    form = _FORMATS[info.mime_type]
    try:
        with Image.open(io.BytesIO(data), formats=(form,)) as opened:
            # A JPEG may hold further pictures, which are no frames of it.
            is_animated = form != "JPEG" and getattr(opened, "is_animated", False)
            if getattr(opened, "default_image", False):
                opened.seek(1)  # the one before it is for who cannot show animated PNGs
            opened.load()
            if form == "PNG":
                _scale_transparency(opened, data[_BIT_DEPTH_AT])
            image, is_plain = _as_shown(opened)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        # The program, whose Pillow it is as well, has set a lower limit.
        raise TooManyPixels(str(error)) from error
    except CODEC_ERRORS as error:
        raise PictureError(
            f"the {info.mime_type} of {len(data)} bytes is cut off or broken: "
            f"{type(error).__name__} after its header"
        ) from error
    return Decoded(image, is_plain, is_animated)


def _as_shown(opened: "ImageFile") -> tuple["Image", bool]:
    """Return the picture, and whether nothing but its pixels had to be looked at."""
    image, alpha = _parted(opened)
    image, is_converted = _in_srgb(image, opened.info.get("icc_profile"))
    if alpha is not None:
        image = _on_white(image, alpha)
    turned = _upright(image, opened) if opened.format in _TURNED_FORMATS else image
    if is_converted:
        # Named, for programs that take untagged colours for those of their screen.
        turned.info["icc_profile"] = _srgb_profile()
    is_plain = (
        opened.mode in _PLAIN_MODES and not is_converted and alpha is None and turned is image
    )
    return turned, is_plain


def _scale_transparency(opened: "ImageFile", bit_depth: int) -> None:
    """Put the one transparent colour of a PNG in terms of 8 bits, as Pillow has the pixels."""
    colour = opened.info.get("transparency")
    if opened.mode not in ("L", "I;16", "RGB") or colour is None:
        return
    most: int = 2**bit_depth - 1

    def scaled(value: int) -> int:
        value &= most
        return value >> 8 if bit_depth == 16 else value * 255 // most

    opened.info["transparency"] = (
        tuple(map(scaled, colour)) if isinstance(colour, tuple) else scaled(colour)
    )


def _parted(opened: "ImageFile") -> tuple["Image", "Image | None"]:
    """Return the colours of a picture, 8 bits each, and how opaque they are; None where fully."""
    from PIL import Image

    image: Image.Image = opened
    if image.mode == "I;16":
        # The upper one of each two bytes; Pillow's own conversion takes all above 255 for white.
        image = Image.frombytes("L", opened.size, opened.tobytes("raw", "I;16B")[::2])
        if (colour := opened.info.get("transparency")) is not None:
            image.info["transparency"] = colour
    if not image.has_transparency_data:
        return image if image.mode in _PROFILED_MODES else image.convert("RGB"), None
    image = image.convert("RGBA")
    alpha = image.getchannel("A")
    # Android's screens have such a channel, and nothing in it.
    return image.convert("RGB"), None if alpha.getextrema() == (255, 255) else alpha


def _in_srgb(image: "Image", profile: bytes | None) -> tuple["Image", bool]:
    """Return the picture in RGB, and whether its colours were others by its profile's word."""
    if profile and image.mode in _PROFILED_MODES:
        from PIL import ImageCms

        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            target = ImageCms.createProfile("sRGB")
            converted = ImageCms.profileToProfile(
                image,
                source,
                target,
                renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
                outputMode="RGB",
            )
        except (ImageCms.PyCMSError, OSError):
            pass  # of no use, or about another kind of colours: browsers ignore it, too
        else:
            return converted or image, True
    return image if image.mode == "RGB" else image.convert("RGB"), False


def _srgb_profile() -> bytes:
    from PIL import ImageCms

    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def _on_white(image: "Image", alpha: "Image") -> "Image":
    from PIL import Image

    page = Image.new("RGB", image.size, "white")
    page.paste(image, mask=alpha)
    return page


def _upright(image: "Image", opened: "ImageFile") -> "Image":
    from PIL.Image import Transpose

    try:
        orientation = opened.getexif().get(_ORIENTATION, _UPRIGHT)
    except CODEC_ERRORS:
        return image  # no EXIF, whatever it calls itself
    turns = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    turn = turns.get(orientation)
    return image if turn is None else image.transpose(turn)
