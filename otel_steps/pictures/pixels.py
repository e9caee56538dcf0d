"""
By how much each pixel differs between two pictures.

Two captures of one screen are not equal to the bit where a codec or a font has smoothed them anew.
Where that shows at the edges of all that is drawn, a pixel has changed only if its colour is not
found beside it in the other picture either.
"""

from functools import reduce
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from PIL.Image import Image

# Levels of 255. A pixel that differs by less has not changed.
LEAST: Final = 7
# Two colours nearer than that are one to the eye.
SAME_COLOUR: Final = 12

# Contrast of a pixel with those around it.
_EDGE: Final = 40
_NOISE_QUANTILE: Final = 0.75
_MOST_NOISE: Final = 24
# No codec and no font goes beyond, and each makes as much of an edge lighter as it makes darker.
_LOUDEST: Final = 40
_BALANCE: Final = 0.4
# No codec changes a fifth of all plain pixels by so many levels.
_MOVED_QUANTILE: Final = 0.8
_MOVED: Final = 16
_IS_EDGE: Final = [255 * (level >= _EDGE) for level in range(256)]
_IS_PLAIN: Final = [255 * (level < _EDGE) for level in range(256)]
_IS_CHANGED: Final = [255 * (level >= LEAST) for level in range(256)]


def changed_levels(before: "Image", after: "Image") -> "Image | None":
    """Return by how many levels each pixel has changed, beyond noise, or None where none has."""
    from PIL import ImageChops

    raw = ImageChops.difference(before, after)
    if max(band.getextrema()[1] for band in raw.split()) < LEAST:  # type: ignore[operator]
        return None
    noise = _noise(before, after)
    if noise >= 1:
        slack = min(noise / _MOST_NOISE, 1.0)
        raw = ImageChops.lighter(_beyond(before, after, slack), _beyond(after, before, slack))
    return widest(raw).point([max(level - noise, 0) for level in range(256)])


def is_changed(levels: "Image") -> "Image":
    """Return a mask of the pixels that have changed by `LEAST`."""
    return levels.point(_IS_CHANGED)


def widest(difference: "Image") -> "Image":
    """Return the most that each pixel differs by, of all its colours."""
    from PIL import ImageChops

    return reduce(ImageChops.lighter, difference.split())


def contrast_of(image: "Image") -> "Image":
    """Return by how much each pixel and its eight neighbours differ, at most, of all colours."""
    from PIL import ImageChops

    return widest(ImageChops.subtract(_around(image, darkest=False), _around(image, darkest=True)))


def apart(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    """Return by how many levels two colours differ."""
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


def _noise(before: "Image", after: "Image") -> int:
    """
    Return by how many levels the edges of what is drawn differ, nearly everywhere.

    0 where two captures are equal but for what has changed; a codec, or other smoothing of a font,
    shows at all edges, and hardly beside them. Where that has changed as well it is no noise, nor
    where there are hardly other edges than those that have changed: on an empty page.
    """
    from PIL import ImageChops

    one, other = before.convert("L"), after.convert("L")
    contrast = contrast_of(one)
    darker, lighter = ImageChops.subtract(one, other), ImageChops.subtract(other, one)
    difference = ImageChops.lighter(darker, lighter)
    plain = contrast.point(_IS_PLAIN)
    # Lines that have moved over a ground of one colour: a map.
    has_moved = quantile(difference, plain, _MOVED_QUANTILE) >= _MOVED
    if has_moved or quantile(difference, plain, 0.5) >= LEAST // 2:
        return 0
    # What was drawn and is not any more has changed; what stayed differs both ways, or has another
    # colour.
    edges = ImageChops.darker(contrast, contrast_of(other)).point(_IS_EDGE)
    ways = sorted(_sum(levels, edges) for levels in (darker, lighter))
    if ways[0] < _BALANCE * ways[1]:
        return 0
    return min(quantile(difference, edges, _NOISE_QUANTILE), _LOUDEST)


def _sum(levels_of: "Image", mask: "Image") -> int:
    return sum(level * pixels for level, pixels in enumerate(levels_of.histogram(mask)))


def quantile(levels_of: "Image", mask: "Image | None", share: float) -> int:
    """Return the level that *share* of the pixels, those of *mask* if there is one, are within."""
    levels = levels_of.histogram(mask)
    left = sum(levels) * share
    for level, pixels in enumerate(levels):
        left -= pixels
        if left < 0:
            return level
    return 0


def _beyond(one: "Image", other: "Image", slack: float) -> "Image":
    """Return how far the colours of *one* are from all those around that place in *other*."""
    from PIL import Image, ImageChops

    lowest, highest = _around(other, darkest=True), _around(other, darkest=False)
    # A thin stroke is fainter where it lies across two pixels.
    contrast = ImageChops.subtract(highest, lowest)
    more = contrast.point([round(level * slack / 2) for level in range(256)] * 3)
    top = ImageChops.add(Image.blend(other, highest, slack), more)
    bottom = ImageChops.subtract(Image.blend(other, lowest, slack), more)
    return ImageChops.lighter(ImageChops.subtract(one, top), ImageChops.subtract(bottom, one))


def _around(image: "Image", *, darkest: bool) -> "Image":
    """Return the darkest or the lightest of each pixel and its eight neighbours, by colour."""
    from PIL import ImageChops

    choose = ImageChops.darker if darkest else ImageChops.lighter
    for x, y in ((1, 0), (0, 1)):
        before, after = ImageChops.offset(image, x, y), ImageChops.offset(image, -x, -y)
        image = choose(image, choose(before, after))
    return image
