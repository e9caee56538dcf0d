"""
Messages that come before a film, or go: a toast, a button that has faded in.
"""

from typing import TYPE_CHECKING, Any, Final

from otel_steps.pictures.banners import has_banner
from otel_steps.pictures.patches import COARSE, Colour, Look
from otel_steps.pictures.pixels import contrast_of, quantile, widest
from otel_steps.pictures.spots import spots_of

if TYPE_CHECKING:
    from PIL.Image import Image

# Of a screen, what a message covers at least; by how much it is wider than high, and how much of it
# is no letters.
_LEAST: Final = 0.0008
# Of its width: a message that has come before a smaller film reaches beyond it, and is seen there.
_WIDE: Final = 0.42
_RATIO: Final = 1.8
_DENSITY: Final = 0.5
_COLOURS: Final = 6
# Levels of 255.
_IS_NEW: Final = [255 * (level >= 14) for level in range(256)]
_IS_FLAT: Final = [255 * (level <= 8) for level in range(256)]
_IS_NEAR: Final = [255 * (level <= 20) for level in range(256)]
# Contrast of a pixel with those around it, that nearly all of a film out of focus is below; and by
# how much that of a message is above it.
_SOFT: Final = 30
_SOFT_QUANTILE: Final = 0.95
_SHARPER: Final = 1.5
_LEAST_SHARP: Final = 30
# Pixels of a sketch: at the edge of a film it is the page that is sharp.
_MARGIN: Final = 5
_LEAST_SIDE: Final = 4


def has_message(look: Look, size: tuple[int, int]) -> bool:
    """Tell whether before a film, of a picture of that *size*, a message has come or gone."""
    least = _LEAST * size[0] * size[1]
    pair = look.before.image, look.after.image
    is_wide = look.spot.width >= _WIDE * size[0]
    if is_wide and any(has_banner(*each) for each in (pair, pair[::-1])):
        return True
    softness = min(quantile(contrast_of(each), None, _SOFT_QUANTILE) for each in pair)
    if softness <= _SOFT:
        # Each band of its colours is flat; and a message half transparent is of no one colour.
        return any(_has_sharp(*each, least, softness) for each in (pair, pair[::-1]))
    return any(_has_panel(*each, least) for each in (pair, pair[::-1]))


def _has_sharp(before: "Image", after: "Image", least: float, softness: int) -> bool:
    """Tell whether something has edges that nothing near it had."""
    from PIL import ImageChops, ImageFilter

    bound = max(round(_SHARPER * softness), _LEAST_SHARP)
    is_sharp = [255 * (level >= bound) for level in range(256)]
    was_sharp = contrast_of(before).point(is_sharp).filter(ImageFilter.MaxFilter(5))
    mask = ImageChops.subtract(contrast_of(after).point(is_sharp), was_sharp)
    inner = (_MARGIN, _MARGIN, mask.width - _MARGIN, mask.height - _MARGIN)
    return any(
        min(spot.width, spot.height) >= _LEAST_SIDE and spot.width * spot.height >= least
        for spot in spots_of(mask.crop(inner))
    )


def _has_panel(before: "Image", after: "Image", least: float) -> bool:
    """Tell whether something wide, flat and of one colour has come."""
    from PIL import Image, ImageChops

    is_new = widest(ImageChops.difference(before, after)).point(_IS_NEW)
    mask = ImageChops.multiply(is_new, contrast_of(after).point(_IS_FLAT))
    coarse = Image.composite(after.point(COARSE), Image.new("RGB", after.size), mask)
    counts: Any = sorted(coarse.getcolors(maxcolors=4096) or (), reverse=True)
    # Black is what is not flat; a message in black is found as something that has gone.
    large = [colour for count, colour in counts if count >= least and any(colour)]
    return any(_is_panel(after, mask, colour, least) for colour in large[:_COLOURS])


def _is_panel(image: "Image", mask: "Image", corner: Colour, least: float) -> bool:
    """Tell whether what has a colour, of the pixels of *mask*, is one thing wider than high."""
    from PIL import Image, ImageChops

    colour = tuple(level + 8 for level in corner)
    others = widest(ImageChops.difference(image, Image.new("RGB", image.size, colour)))
    return any(
        spot.pixels >= max(least, _DENSITY * spot.width * spot.height)
        and spot.width >= _RATIO * spot.height
        for spot in spots_of(ImageChops.multiply(mask, others.point(_IS_NEAR)))
    )
