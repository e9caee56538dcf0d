"""
Strips with straight edges: what lies before a film, be it of its colours or half transparent.

Things that move are round or crooked, or have edges everywhere; a toast or a button has one level
edge above another one, and little between them.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from otel_steps.pictures.pixels import contrast_of, quantile, widest

if TYPE_CHECKING:
    from PIL.Image import Image

# Half of the pixels of a sketch that an edge is level for, and how high a strip of it can be: each
# of them is wider than high by as much.
_REACHES: Final = (12, 20, 34, 58)
_RATIO: Final = 1.6
_LEAST_HEIGHT: Final = 6
# Which share of them has the edge: what is behind may have the colour of the strip here and there.
_LEVEL: Final = 255 * 3 // 4
# Levels of 255: what is an edge, and by how much a pixel beside it may be more of one.
_IS_EDGE: Final = [255 * (level >= 14) for level in range(256)]
_IS_PEAK: Final = [255 * (level <= 1) for level in range(256)]
_IS_LEVEL: Final = [255 * (level >= _LEVEL) for level in range(256)]
# A quarter of a strip, at least, is no letters: calmer than what is behind it.
_CALM_SHARE: Final = 0.25
_BEHIND_SHARE: Final = 0.75
_CALMER: Final = 0.3
_CALM: Final = 16
# One place may look like that by chance; a strip has them along its length, every few pixels.
_LEAST_PLACES: Final = 3
_APART: Final = 6, 2


class _Strip(NamedTuple):
    """A part of a strip: the middle of its upper edge, its height, and half of its width."""

    x: int
    y: int
    height: int
    reach: int


def has_banner(before: "Image", after: "Image") -> bool:
    """Tell whether a strip wider than high has come, in one place of two sketches."""
    found = list(_strips(after))
    if not found:
        return False
    were = {(strip.x // 4, strip.y // 4) for strip in _strips(before)}
    contrast = contrast_of(after)
    bound = max(_CALM, _CALMER * quantile(contrast_of(before), None, _BEHIND_SHARE))
    places = {
        (strip.x // _APART[0], strip.y // _APART[1], strip.height)
        for strip in found
        if not _was_there(strip, were) and _calmness(contrast, strip) <= bound
    }
    return len(places) >= _LEAST_PLACES


def _was_there(strip: _Strip, were: set[tuple[int, int]]) -> bool:
    column, row = strip.x // 4, strip.y // 4
    return any((column + x, row + y) in were for x in (-1, 0, 1) for y in (-1, 0, 1))


def _calmness(contrast: "Image", strip: _Strip) -> int:
    x, y, height, reach = strip
    return quantile(contrast.crop((x - reach, y + 3, x + reach, y + height - 2)), None, _CALM_SHARE)


def _strips(image: "Image") -> Iterator[_Strip]:
    """Yield where two level edges lie above each other, one to darker and one to lighter."""
    from PIL import ImageChops

    above, below = ImageChops.offset(image, 0, 1), ImageChops.offset(image, 0, -1)
    falling = _edges(ImageChops.subtract(above, below))
    rising = _edges(ImageChops.subtract(below, above))
    least = _LEAST_HEIGHT
    for reach in _REACHES:
        most = int((2 * reach + 1) / _RATIO)
        falls, rises = _level(falling, reach), _level(rising, reach)
        for tops, bottoms in ((falls, rises), (rises, falls)):
            for at in tops:
                heights = range(least, most + 1)
                height = next((h for h in heights if at + h * image.width in bottoms), None)
                if height is not None:
                    yield _Strip(at % image.width, at // image.width, height, reach)
        least = most


def _edges(slope: "Image") -> "Image":
    """Return a mask of where the colours change most, from one row to the next but one."""
    from PIL import ImageChops

    slope = widest(slope)
    beside = ImageChops.lighter(ImageChops.offset(slope, 0, 1), ImageChops.offset(slope, 0, -1))
    peaks = ImageChops.subtract(beside, slope).point(_IS_PEAK)
    edges = ImageChops.multiply(slope.point(_IS_EDGE), peaks)
    # Of the first and the last row the other side is that of the picture.
    edges.paste(0, (0, 0, edges.width, 1))
    edges.paste(0, (0, edges.height - 1, edges.width, edges.height))
    return edges


def _level(edges: "Image", reach: int) -> set[int]:
    """Return the pixels, by their number, that an edge passes by with no bend, on both sides."""
    from PIL import ImageFilter

    level = edges.filter(ImageFilter.BoxBlur((reach, 0))).point(_IS_LEVEL).tobytes()
    inner = range(reach, edges.width - reach)
    return {at for at, is_level in enumerate(level) if is_level and at % edges.width in inner}
