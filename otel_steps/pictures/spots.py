"""
The places of a picture that have changed.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from otel_steps.pictures.pixels import LEAST, is_changed

if TYPE_CHECKING:
    from PIL.Image import Image

# Pixels. Changes are gathered in cells of so many, and those this many cells apart belong together.
_CELL: Final = 4
_REACH: Final = 2
# A faint change counts where it is an area.
_FAINT_PIXELS: Final = 24
_FAINT_DENSITY: Final = 0.4

# Levels of 255. What a codec leaves beside an edge is fainter than this, or there is little of it.
_CLEAR: Final = 24
_CLEAR_SUM: Final = 60
_HALO: Final = 16


class Spot(NamedTuple):
    """A place of changes that lie together, in pixels of the sketch."""

    left: int
    top: int
    right: int
    bottom: int
    pixels: int

    @property
    def width(self) -> int:
        """Return how many pixels it is wide."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Return how many pixels it is high."""
        return self.bottom - self.top


def joined(one: Spot, other: Spot) -> Spot:
    """Return the place that has both in it."""
    return Spot(
        min(one.left, other.left),
        min(one.top, other.top),
        max(one.right, other.right),
        max(one.bottom, other.bottom),
        one.pixels + other.pixels,
    )


def spots_of(levels: "Image") -> Iterator[Spot]:
    """Yield the places that have changed, see `pixels.changed_levels`, but for noise."""
    changed = is_changed(levels)
    columns = -(-changed.width // _CELL)
    touched = changed.reduce(_CELL).tobytes()
    left = {at for at, level in enumerate(touched) if level}
    while left:
        cells = _connected(left, columns)
        rows = [at // columns for at in cells]
        places = [at % columns for at in cells]
        edges = (
            min(places) * _CELL,
            min(rows) * _CELL,
            min((max(places) + 1) * _CELL, changed.width),
            min((max(rows) + 1) * _CELL, changed.height),
        )
        spot = _spot(levels.crop(edges), edges)
        if spot is not None:
            yield spot


def _connected(left: set[int], columns: int) -> list[int]:
    """Take from *left*, cells by their number, those that lie together, and return them."""
    found = [left.pop()]
    for at in found:
        column = at % columns
        for x in range(max(column - _REACH, 0), min(column + _REACH + 1, columns)):
            for y in range(-_REACH, _REACH + 1):
                beside = at + y * columns + x - column
                if beside in left:
                    left.remove(beside)
                    found.append(beside)
    return found


def _spot(patch: "Image", edges: tuple[int, int, int, int]) -> Spot | None:
    """Return the place within *edges*, or None where nothing but noise is there."""
    levels = patch.histogram()
    pixels = sum(levels[LEAST:])
    total = sum(level * levels[level] for level in range(LEAST, 256))
    # What a codec has left around it is not part of it.
    most = max(level for level, count in enumerate(levels) if count)
    least = max(min(most // 4, _HALO), LEAST)
    box = patch.point([255 * (level >= least) for level in range(256)]).getbbox()
    if box is None:
        return None
    area = (box[2] - box[0]) * (box[3] - box[1])
    is_clear = sum(levels[_CLEAR:]) > 0 and total >= _CLEAR_SUM
    is_area = pixels >= _FAINT_PIXELS and pixels >= _FAINT_DENSITY * area
    if not is_clear and not is_area:
        return None
    left, top = edges[:2]
    return Spot(left + box[0], top + box[1], left + box[2], top + box[3], pixels)
