"""
Where things stand in a film: the screen, and the words below it. Pure.

Screens of other sizes than most are put into its middle, whole and in their own shape.
"""

from collections import Counter
from collections.abc import Mapping
from math import sqrt
from typing import Any, Final, NamedTuple

MIN_WIDTH: Final = 120
MAX_WIDTH: Final = 2160

# A phone at which sizes of markers were chosen.
_USUAL: Final = (360, 800)
_LINES: Final = 3
# Of the words: as many to a line of a phone, no larger on a wide screen, and still to be read.
_CHARS: Final = 24
_LARGEST: Final = 18
_SMALLEST: Final = 11
_MOST_HIGH: Final = 3  # times the width


class Layout(NamedTuple):
    """
    Sizes in pixels, all even, as codecs want them.

    Attributes:
        width: Of the film and of the room for the screen.
        height: Of the room for the screen.
        bar: Of the words, below.
        font: Of the words.
    """

    width: int
    height: int
    bar: int
    font: int

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the film."""
        return self.width, self.height + self.bar

    @property
    def unit(self) -> float:
        """How large markers are, 1 on a picture of 360 x 800."""
        return _unit(self.width, self.height)


class Box(NamedTuple):
    """Where a picture is in a film, in pixels."""

    left: int
    top: int
    width: int
    height: int


def layout_of(index: Mapping[str, Any], *, pixels: int, width: int | None = None) -> Layout:
    """
    Return the layout for the size that most pictures of a task have.

    Args:
        pixels: How many the screen may have; it is never larger than the pictures themselves.
        width: Of the screen instead, between `MIN_WIDTH` and `MAX_WIDTH`.
    """
    sizes = Counter((w, h) for w, h in zip(index["width"], index["height"], strict=True) if w and h)
    wide, high = sizes.most_common(1)[0][0] if sizes else _USUAL
    if width is None:
        width = max(round(wide * min(sqrt(pixels / (wide * high)), 1)), MIN_WIDTH)
    # A page of the web may be any height, but nobody can see one that is ten times its width.
    inner = _even(width), _even(width * min(high / wide, _MOST_HIGH))
    font = round(max(min(inner[0] / _CHARS, _LARGEST * _unit(*inner)), _SMALLEST))
    return Layout(*inner, bar=_even(_LINES * line_height(font) + font), font=font)


def line_height(font: int) -> int:
    """Return how far lines of *font* pixels are apart."""
    return round(font * 1.4)


def fitted(layout: Layout, size: tuple[int, int]) -> Box:
    """Return where a picture of *size* goes: as large as there is room, in the middle."""
    width, height = size
    scale = min(layout.width / width, layout.height / height)
    inner = max(1, round(width * scale)), max(1, round(height * scale))
    return Box((layout.width - inner[0]) // 2, (layout.height - inner[1]) // 2, *inner)


def _unit(width: int, height: int) -> float:
    return sqrt(width * height / (_USUAL[0] * _USUAL[1]))


def _even(value: float) -> int:
    return max(2, round(value / 2) * 2)
