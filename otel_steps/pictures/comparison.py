"""
Compares two sketches of a screen: how much has changed, where, and of what kind.
"""

from functools import reduce
from typing import TYPE_CHECKING, Final

from otel_steps.pictures.change import EVERYTHING, NO_CHANGE, Change, ChangedBox, ChangeKind
from otel_steps.pictures.change_kinds import kinds_of
from otel_steps.pictures.pixels import changed_levels, is_changed
from otel_steps.pictures.spots import Spot, joined, spots_of
from otel_steps.process.forks import no_fork

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_BOXES: Final = 16
# Of a picture: then it is another screen.
_ALL_OVER: Final = 0.6


@no_fork()  # Pillow loads itself bit by bit
def change_between(before: "Image", after: "Image") -> Change:
    """Return what has changed between two sketches, see `sketch.sketch_of`."""
    if _is_turned(before, after):
        return EVERYTHING
    if before.size != after.size:
        before = before.resize(after.size)
    levels = changed_levels(before, after)
    if levels is None:
        return NO_CHANGE
    whole = after.width * after.height
    share = is_changed(levels).histogram()[255] / whole
    if share >= _ALL_OVER:
        return Change(_rounded(share), EVERYTHING.boxes)
    spots = list(spots_of(levels))
    if len(spots) > MAX_BOXES:
        spots = [reduce(joined, spots)]
    kinds = kinds_of(before, after, spots)
    boxes = (_box(spot, kind, after.size) for spot, kind in zip(spots, kinds, strict=True))
    return Change(_rounded(sum(spot.pixels for spot in spots) / whole), tuple(boxes))


def _rounded(share: float) -> float:
    return float(f"{share:.3g}")


def _is_turned(before: "Image", after: "Image") -> bool:
    """Tell whether the two have different shapes; the same picture of another size has not."""
    ratio = before.width * after.height / (before.height * after.width)
    return not 0.98 < ratio < 1.02


def _box(spot: Spot, kind: ChangeKind, size: tuple[int, int]) -> ChangedBox:
    width, height = size
    return ChangedBox(
        spot.left * 1000 // width,
        spot.top * 1000 // height,
        -(-spot.right * 1000 // width),
        -(-spot.bottom * 1000 // height),
        kind,
    )
