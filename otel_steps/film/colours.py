"""The colours that a film adds to its pictures."""

from typing import Final

Colour = tuple[int, int, int]

# As in the viewer.
MARK: Final[Colour] = (255, 59, 107)
OUTSIDE: Final[Colour] = (255, 176, 32)
EDGE: Final[Colour] = (255, 255, 255)
BAR: Final[Colour] = (16, 18, 24)
CHIP: Final[Colour] = (14, 16, 22)
CHIP_ICON: Final[Colour] = (255, 125, 156)
TEXT: Final[Colour] = (240, 242, 246)
MUTED: Final[Colour] = (168, 174, 186)
FAIL: Final[Colour] = (255, 92, 92)
OK: Final[Colour] = (94, 227, 154)
# Around screens of another shape, and in place of those that are not shown.
BEHIND: Final[Colour] = (38, 41, 50)
BLACK: Final[Colour] = (0, 0, 0)


def between(one: Colour, other: Colour, share: float) -> Colour:
    """Return the colour at *share* of the way from *one* to *other*."""
    r, g, b = (round(a + (z - a) * share) for a, z in zip(one, other, strict=True))
    return r, g, b
