"""
How one place of a picture looks: what colour most of it has, and what else is in it.
"""

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from otel_steps.pictures.pixels import SAME_COLOUR, widest
from otel_steps.pictures.spots import Spot

if TYPE_CHECKING:
    from PIL.Image import Image

Box = tuple[int, int, int, int]
Colour = tuple[int, ...]

_IS_OTHER_COLOUR: Final = [255 * (level > 2 * SAME_COLOUR) for level in range(256)]
# For `Image.point`: a colour as one of 4096.
COARSE: Final = [level & 0xF0 for level in range(256)] * 3
# Levels by which the parts of a film differ from one second to another.
_MOVED_LEVELS: Final = 28
# Of a place with one colour and nothing in it; a codec leaves a little.
_EMPTY: Final = 0.97


class Patch(NamedTuple):
    """
    How one place looks in one picture, with what is around it.

    Attributes:
        colour: The one that most of it has.
        dominance: Which share of it that is, 0 to 1.
    """

    image: "Image"
    colour: Colour
    dominance: float

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing is there but one colour."""
        return self.dominance >= _EMPTY


class Look(NamedTuple):
    """How one place looks before and after."""

    spot: Spot
    before: Patch
    after: Patch

    @property
    def has_come(self) -> bool:
        """Tell whether something is there where nothing was."""
        return self.before.is_empty and not self.after.is_empty

    @property
    def has_gone(self) -> bool:
        """Tell whether nothing is there where something was."""
        return self.after.is_empty and not self.before.is_empty


def patch_of(image: "Image", spot: Spot) -> Patch:
    """Return how *spot* looks in a picture."""
    from PIL import Image, ImageChops

    # With what surrounds it: a letter fills its own box.
    box = (
        max(spot.left - 2, 0),
        max(spot.top - 2, 0),
        min(spot.right + 2, image.width),
        min(spot.bottom + 2, image.height),
    )
    patch = image.crop(box)
    coarse = patch.point(COARSE)
    corner: Any = max(coarse.getcolors(maxcolors=4096) or [(0, (0, 0, 0))])[1]
    colour = tuple(map(_mean_near, corner, patch.split()))
    others = widest(ImageChops.difference(patch, Image.new("RGB", patch.size, colour)))
    near = sum(others.histogram()[: SAME_COLOUR + 1])
    return Patch(patch, colour, near / (patch.width * patch.height))


def _mean_near(corner: int, band: "Image") -> int:
    """Return the mean of the levels of a band that are around *corner* to *corner* + 16."""
    levels = band.histogram()
    near = range(max(corner - 8, 0), min(corner + 24, 256))
    return round(
        sum(level * levels[level] for level in near) / sum(levels[level] for level in near)
    )


def thing_in(patch: Patch) -> Box | None:
    """Return the box of what in a patch is something else than its main colour."""
    return _mask(patch).getbbox()


def _mask(patch: Patch) -> "Image":
    from PIL import Image, ImageChops

    plain = Image.new("RGB", patch.image.size, patch.colour)
    return widest(ImageChops.difference(patch.image, plain)).point(_IS_OTHER_COLOUR)


def points_of(patch: Patch) -> list[tuple[int, int]]:
    """Return where in a patch there is something else than its main colour."""
    mask, width = _mask(patch).tobytes(), patch.image.width
    return [(at % width, at // width) for at, level in enumerate(mask) if level]


def resembles(before: "Image", after: "Image") -> bool:
    """Tell whether the parts of a place are as light as they were, on the whole."""
    from PIL import ImageChops
    from PIL.Image import Resampling

    one, other = (each.resize((6, 6), Resampling.BOX) for each in (before, after))
    levels = ImageChops.difference(one, other).tobytes()
    return sum(levels) / len(levels) <= _MOVED_LEVELS
