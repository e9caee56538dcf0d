"""Icons of actions: lines on a grid of 24, drawn in one colour."""

from collections.abc import Mapping
from typing import Final

from otel_steps.film.colours import Colour
from otel_steps.film.ink import Ink, Point

Lines = tuple[tuple[Point, ...], ...]

GRID: Final = 24

_KEYBOARD: Final[Lines] = (
    ((3, 6), (21, 6), (21, 18), (3, 18), (3, 6)),
    ((7, 10), (7.1, 10)),
    ((12, 10), (12.1, 10)),
    ((17, 10), (17.1, 10)),
    ((8, 14), (16, 14)),
)
_DOWN: Final[Lines] = (((12, 4), (12, 20)), ((6, 14), (12, 20), (18, 14)))
_ICONS: Final[Mapping[str, Lines]] = {
    "type": _KEYBOARD,
    "key": _KEYBOARD,
    "launch": (((7, 17), (18, 6)), ((9, 6), (18, 6), (18, 15))),
    "back": (((19, 12), (5, 12)), ((11, 6), (5, 12), (11, 18))),
    "home": (((4, 11.5), (12, 4), (20, 11.5)), ((6.5, 10), (6.5, 20), (17.5, 20), (17.5, 10))),
    "wait": (
        ((7, 3), (17, 3)),
        ((7, 21), (17, 21)),
        ((8, 3), (8, 7), (12, 12), (8, 17), (8, 21)),
        ((16, 3), (16, 7), (12, 12), (16, 17), (16, 21)),
    ),
    "scroll": _DOWN,
    "scroll down": _DOWN,
    "scroll up": (((12, 20), (12, 4)), ((6, 10), (12, 4), (18, 10))),
    "scroll left": (((20, 12), (4, 12)), ((10, 6), (4, 12), (10, 18))),
    "scroll right": (((4, 12), (20, 12)), ((14, 6), (20, 12), (14, 18))),
    "take_over": (
        ((12, 4), (15, 7), (12, 10), (9, 7), (12, 4)),
        ((5, 20), (5, 17), (8, 14), (16, 14), (19, 17), (19, 20)),
    ),
    "note": (
        ((5, 4), (19, 4), (19, 20), (5, 20), (5, 4)),
        ((9, 9), (15, 9)),
        ((9, 13), (15, 13)),
    ),
    "finish": (((5, 21), (5, 4)), ((5, 5), (19, 5), (16, 9.5), (19, 14), (5, 14))),
    "sensitive": (
        ((6, 11), (18, 11), (18, 20), (6, 20), (6, 11)),
        ((8.5, 11), (8.5, 7), (10.5, 4.5), (13.5, 4.5), (15.5, 7), (15.5, 11)),
    ),
    "ok": (((5, 12.5), (9.5, 17), (19, 7.5)),),
    "fail": (((6, 6), (18, 18)), ((18, 6), (6, 18))),
}
_OTHER: Final[Lines] = (((9, 6), (15, 12), (9, 18)),)


def draw_icon(ink: Ink, name: str, at: Point, size: float, colour: Colour) -> None:
    """Draw the icon *name*, or that of all others, with its upper left corner at *at*."""
    scale = size / GRID
    for line in _ICONS.get(name, _OTHER):
        points = [(at[0] + x * scale, at[1] + y * scale) for x, y in line]
        ink.line(points, max(1.2, 2.2 * scale), colour)
