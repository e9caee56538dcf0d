"""The drawing of an action on the picture before it."""

from collections.abc import Mapping
from math import atan2, cos, pi, sin
from typing import Final

from PIL import Image, ImageDraw

from otel_steps.film.colours import CHIP, CHIP_ICON, EDGE, MARK, OK, OUTSIDE, TEXT, Colour
from otel_steps.film.fonts import Writer
from otel_steps.film.icons import draw_icon
from otel_steps.film.ink import Ink, Point
from otel_steps.film.layout import Box, Layout, line_height
from otel_steps.film.shapes import RINGS, Place, Shape

# Of a ring, on a picture of 360 x 800.
_RADIUS: Final = 18
_REACH: Final = 40
# Said beside a ring that looks like that of a tap.
_WORDS: Final[Mapping[str, str]] = {"right_click": "right click", "hover": "hover"}
_DIRECTIONS: Final = ("up", "down", "left", "right")
_CHIP_LINES: Final = 3
_CHIP_WIDTH: Final = 0.78


def draw_shape(
    picture: Image.Image, layout: Layout, box: Box, shape: Shape, progress: float, writer: Writer
) -> None:
    """
    Draw *shape* on a film's *picture*.

    Args:
        box: Where the screen is in it.
        progress: How far the movement is, 0 to 1.
    """
    start = _pixel(box, shape.start)
    if shape.marker == "swipe":
        _swipe(picture, layout.unit, (start, _pixel(box, shape.end or shape.start)), progress)
    elif shape.marker in RINGS:
        _ring(picture, layout.unit, start, shape, progress)
        label = shape.text if shape.is_outside else _WORDS.get(shape.marker, "")
        if label:
            gap = (_RADIUS + 6) * layout.unit
            _chip(picture, layout, box, _Chip(label, above=start, gap=gap), writer)
    else:
        _chip(picture, layout, box, _chip_of(shape, start, layout), writer)


def _pixel(box: Box, place: Place) -> Point:
    return box.left + place[0] * box.width / 1000, box.top + place[1] * box.height / 1000


# --- Rings and swipes


def _ring(picture: Image.Image, unit: float, at: Point, shape: Shape, progress: float) -> None:
    reach = _REACH * unit
    ink = Ink(at[0] - reach, at[1] - reach, at[0] + reach, at[1] + reach)
    radius, colour = _RADIUS * unit, OUTSIDE if shape.is_outside else MARK
    if shape.marker == "double_tap":
        _edged(ink, at, radius + 8 * unit, 2 * unit)
        _pulse(ink, at, unit, (2 * progress) % 1 if progress < 1 else 1, colour)
    elif shape.marker in ("tap", "right_click"):
        _pulse(ink, at, unit, progress, colour)
    ink.disc(at, radius, colour, 0.22)
    if shape.marker == "long_press":
        ink.disc(at, radius * progress, colour, 0.75)
    if shape.is_outside or shape.is_guessed or shape.marker == "hover":
        ink.ring(at, radius, 3 * unit, EDGE)
        ink.dashed(at, radius, 3 * unit, colour)
    else:
        _edged(ink, at, radius, 3 * unit)
    ink.disc(at, 4.5 * unit, EDGE)
    ink.disc(at, 3 * unit, colour)
    ink.onto(picture)


def _edged(ink: Ink, at: Point, radius: float, width: float) -> None:
    """Draw a ring that is to be seen on any picture."""
    ink.ring(at, radius + width / 2, 2 * width, EDGE)
    ink.ring(at, radius, width, MARK)


def _pulse(ink: Ink, at: Point, unit: float, progress: float, colour: Colour) -> None:
    radius = (_RADIUS + (_REACH - _RADIUS) * progress) * unit
    if progress < 1:
        ink.ring(at, radius, 2.5 * unit, colour, 1 - progress)


def _swipe(picture: Image.Image, unit: float, ends: tuple[Point, Point], progress: float) -> None:
    (x, y), (x2, y2) = ends
    margin = 24 * unit
    ink = Ink(min(x, x2) - margin, min(y, y2) - margin, max(x, x2) + margin, max(y, y2) + margin)
    turn = atan2(y2 - y, x2 - x)

    def head(length: float, wide: float, back: float) -> list[Point]:
        """Return the corners of an arrow's head; its tip is *back* before the end."""
        tip = (x2 + back * cos(turn), y2 + back * sin(turn))
        sides = (turn + pi - wide, turn + pi + wide)
        return [tip, *((tip[0] + length * cos(a), tip[1] + length * sin(a)) for a in sides)]

    # A light line below: an arrow is to be seen on any picture.
    ink.line([(x, y), (x2, y2)], 8 * unit, EDGE)
    ink.polygon(head(26 * unit, 0.56, 6 * unit), EDGE)
    ink.disc((x, y), 10 * unit, EDGE)
    ink.line([(x, y), (x2, y2)], 4 * unit, MARK)
    ink.polygon(head(19 * unit, 0.54, 2 * unit), MARK)
    ink.disc((x, y), 7 * unit, MARK)
    eased = progress * progress * (3 - 2 * progress)
    finger = (x + (x2 - x) * eased, y + (y2 - y) * eased)
    ink.disc(finger, 14 * unit, EDGE, 0.85)
    ink.ring(finger, 14 * unit, 3 * unit, MARK)
    ink.onto(picture)


# --- Chips: an icon with what is typed, opened or said


class _Chip:
    """What a chip says, and where it goes: in the middle of *at*, or *above* a place by a gap."""

    def __init__(
        self,
        text: str,
        *,
        icon: str | None = None,
        word: str = "",
        at: Point | None = None,
        above: Point = (0, 0),
        gap: float = 0,
    ) -> None:
        self.text = text
        self.word = word
        self.icon = icon
        self.at = at
        self.above = above
        self.gap = gap


def _chip_of(shape: Shape, at: Point, layout: Layout) -> _Chip:
    word = shape.marker.replace("_", " ")
    icon = shape.marker
    if icon == "scroll":
        words = shape.text.lower().split()
        icon = f"scroll {next((way for way in _DIRECTIONS if way in words), 'down')}"
    if shape.marker == "type":  # over the place where the text goes
        return _Chip(shape.text, icon=icon, word=word, above=at, gap=10 * layout.unit)
    return _Chip(shape.text, icon=icon, word=word, at=at)


def _chip(picture: Image.Image, layout: Layout, box: Box, chip: _Chip, writer: Writer) -> None:
    size = layout.font
    room = box.width * _CHIP_WIDTH
    icon = size * 1.2 if chip.icon else 0.0
    pad, gap = size * 0.7, size * 0.5 if chip.icon else 0.0
    inner = room - 2 * pad - icon - gap
    lines = writer.lines(chip.text, size, inner, _CHIP_LINES)
    lines = lines or writer.lines(chip.word, size, inner, 1)
    if not lines and not chip.icon:
        return
    high = max(len(lines), 1) * line_height(size) + pad
    wide = max((writer.width(line, size) for line in lines), default=0) + 2 * pad + icon + gap
    left, top = _corner(box, chip, wide, high)
    ink = Ink(left - 2, top - 2, left + wide + 2, top + high + 2)
    corner = high / 2 if len(lines) < 2 and chip.at is not None else size * 0.6
    ink.pill((left, top, left + wide, top + high), corner, CHIP, EDGE)
    if chip.icon:
        colour = OK if chip.icon == "finish" else CHIP_ICON
        draw_icon(ink, chip.icon, (left + pad, top + (high - icon) / 2), icon, colour)
    ink.onto(picture)
    draw = ImageDraw.Draw(picture)
    for number, line in enumerate(lines):
        base = top + pad / 2 + line_height(size) * (number + 0.76)
        writer.write(draw, (left + pad + icon + gap, base), line, size, TEXT)


def _corner(box: Box, chip: _Chip, wide: float, high: float) -> Point:
    """Return where a chip begins; whole ones are kept off the edges of the screen."""
    if chip.at is not None:
        left, top = chip.at[0] - wide / 2, chip.at[1] - high / 2
    else:
        left, top = chip.above[0] - wide / 2, chip.above[1] - chip.gap - high
        if top < box.top:
            top = chip.above[1] + chip.gap
    margin = 4.0
    left = max(min(left, box.left + box.width - wide - margin), box.left + margin)
    top = max(min(top, box.top + box.height - high - margin), box.top + margin)
    return left, top
