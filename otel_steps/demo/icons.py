"""The pictograms of the simulated phone: each fits a square of two *size* around a point."""

from collections.abc import Callable
from typing import Final

from otel_steps.demo.canvas import Canvas, Colour

Pictogram = Callable[[Canvas, float, float, float, Colour, Colour], None]


def draw_icon(
    canvas: Canvas, name: str, x: float, y: float, size: float, ink: Colour, paper: Colour
) -> None:
    """Draw the pictogram *name* in *ink*; *paper* is the colour behind it."""
    _PICTOGRAMS[name](canvas, x, y, size, ink, paper)


def _bubble(c: Canvas, x: float, y: float, s: float, ink: Colour, paper: Colour) -> None:
    c.panel((x - s, y - 0.8 * s, x + s, y + 0.55 * s), ink, radius=0.5 * s)
    c.shape([(x - 0.6 * s, y + 0.4 * s), (x - 0.7 * s, y + s), (x, y + 0.5 * s)], ink)
    for offset in (-0.45, 0, 0.45):
        c.disc(x + offset * s, y - 0.1 * s, 0.12 * s, paper)


def _gear(c: Canvas, x: float, y: float, s: float, ink: Colour, paper: Colour) -> None:
    for dx, dy in ((1, 0), (0, 1), (0.707, 0.707), (0.707, -0.707)):
        ends = [(x - dx * s, y - dy * s), (x + dx * s, y + dy * s)]
        c.line(ends, ink, width=0.38 * s)
    c.disc(x, y, 0.75 * s, ink)
    c.disc(x, y, 0.32 * s, paper)


def _camera(c: Canvas, x: float, y: float, s: float, ink: Colour, paper: Colour) -> None:
    c.panel((x - 0.4 * s, y - 0.85 * s, x + 0.4 * s, y), ink, radius=0.15 * s)
    c.panel((x - s, y - 0.6 * s, x + s, y + 0.8 * s), ink, radius=0.25 * s)
    c.disc(x, y + 0.1 * s, 0.45 * s, paper)
    c.disc(x, y + 0.1 * s, 0.28 * s, ink)


def _picture(c: Canvas, x: float, y: float, s: float, ink: Colour, paper: Colour) -> None:
    c.panel((x - s, y - 0.8 * s, x + s, y + 0.8 * s), ink, radius=0.2 * s)
    c.disc(x + 0.45 * s, y - 0.3 * s, 0.2 * s, paper)
    peaks = [(-0.8, 0.6), (-0.25, -0.3), (0.15, 0.3), (0.4, 0.0), (0.8, 0.6)]
    c.shape([(x + dx * s, y + dy * s) for dx, dy in peaks], paper)


def _pin(c: Canvas, x: float, y: float, s: float, ink: Colour, paper: Colour) -> None:
    c.shape([(x - 0.62 * s, y - 0.1 * s), (x + 0.62 * s, y - 0.1 * s), (x, y + s)], ink)
    c.disc(x, y - 0.3 * s, 0.66 * s, ink)
    c.disc(x, y - 0.3 * s, 0.27 * s, paper)


def _note(c: Canvas, x: float, y: float, s: float, ink: Colour, paper: Colour) -> None:
    stems = [(x - 0.4 * s, y + 0.6 * s), (x - 0.4 * s, y - 0.8 * s)]
    c.line([*stems, (x + 0.7 * s, y - 0.95 * s), (x + 0.7 * s, y + 0.45 * s)], ink, width=0.2 * s)
    c.disc(x - 0.62 * s, y + 0.65 * s, 0.32 * s, ink)
    c.disc(x + 0.48 * s, y + 0.5 * s, 0.32 * s, ink)


def _lines(c: Canvas, x: float, y: float, s: float, ink: Colour, paper: Colour) -> None:
    c.panel((x - 0.75 * s, y - 0.95 * s, x + 0.75 * s, y + 0.95 * s), ink, radius=0.2 * s)
    for row, end in ((-0.45, 0.45), (0.0, 0.45), (0.45, 0.1)):
        c.line([(x - 0.45 * s, y + row * s), (x + end * s, y + row * s)], paper, width=0.16 * s)


def _calendar(c: Canvas, x: float, y: float, s: float, ink: Colour, paper: Colour) -> None:
    c.panel((x - 0.9 * s, y - 0.8 * s, x + 0.9 * s, y + 0.9 * s), ink, radius=0.2 * s)
    c.panel((x - 0.7 * s, y - 0.3 * s, x + 0.7 * s, y + 0.7 * s), paper, radius=0.08 * s)
    c.text(x, y + 0.2 * s, "24", ink, size=0.75 * s, anchor="mm", bold=True)


def _sun(c: Canvas, x: float, y: float, s: float, ink: Colour, paper: Colour) -> None:
    c.disc(x + 0.2 * s, y - 0.3 * s, 0.55 * s, "#ffd54f")
    for dx, dy, radius in ((-0.45, 0.35, 0.42), (0.05, 0.15, 0.5), (0.5, 0.4, 0.38)):
        c.disc(x + dx * s, y + dy * s, radius * s, ink)


def _clock(c: Canvas, x: float, y: float, s: float, ink: Colour, paper: Colour) -> None:
    c.disc(x, y, s, ink)
    c.line([(x, y - 0.6 * s), (x, y), (x + 0.45 * s, y + 0.2 * s)], paper, width=0.16 * s)


def _handset(c: Canvas, x: float, y: float, s: float, ink: Colour, paper: Colour) -> None:
    curve = [(-0.75, -0.75), (-0.7, -0.1), (-0.1, 0.6), (0.7, 0.75)]
    c.line([(x + dx * s, y + dy * s) for dx, dy in curve], ink, width=0.36 * s)
    c.disc(x - 0.62 * s, y - 0.6 * s, 0.32 * s, ink)
    c.disc(x + 0.6 * s, y + 0.62 * s, 0.32 * s, ink)


def _globe(c: Canvas, x: float, y: float, s: float, ink: Colour, paper: Colour) -> None:
    c.disc(x, y, s, ink)
    c.ring(x, y, 0.52 * s, paper, width=0.12 * s)
    c.line([(x - s, y), (x + s, y)], paper, width=0.12 * s)
    c.line([(x, y - s), (x, y + s)], paper, width=0.12 * s)


def _waves(c: Canvas, x: float, y: float, s: float, ink: Colour, paper: Colour) -> None:
    c.shape([(x - s, y - 0.35 * s), (x, y - 0.8 * s), (x + s, y - 0.35 * s), (x, y + 0.8 * s)], ink)


def _rune(c: Canvas, x: float, y: float, s: float, ink: Colour, paper: Colour) -> None:
    rune = [(-0.45, -0.4), (0.45, 0.4), (0, 0.9), (0, -0.9), (0.45, -0.4), (-0.45, 0.4)]
    c.line([(x + dx * s, y + dy * s) for dx, dy in rune], ink, width=0.18 * s)


def _plane(c: Canvas, x: float, y: float, s: float, ink: Colour, paper: Colour) -> None:
    c.line([(x - 0.9 * s, y), (x + 0.9 * s, y)], ink, width=0.24 * s)
    c.shape([(x + 0.3 * s, y), (x - 0.35 * s, y - s), (x - 0.1 * s, y), (x - 0.35 * s, y + s)], ink)


def _moon(c: Canvas, x: float, y: float, s: float, ink: Colour, paper: Colour) -> None:
    c.disc(x, y, 0.85 * s, ink)
    c.disc(x + 0.4 * s, y - 0.3 * s, 0.72 * s, paper)


def _battery(c: Canvas, x: float, y: float, s: float, ink: Colour, paper: Colour) -> None:
    c.panel((x - 0.2 * s, y - s, x + 0.2 * s, y - 0.7 * s), ink, radius=0.05 * s)
    c.panel((x - 0.5 * s, y - 0.85 * s, x + 0.5 * s, y + 0.9 * s), ink, radius=0.15 * s)
    c.panel((x - 0.3 * s, y - 0.6 * s, x + 0.3 * s, y - 0.15 * s), paper, radius=0.05 * s)


def _bell(c: Canvas, x: float, y: float, s: float, ink: Colour, paper: Colour) -> None:
    c.disc(x, y - 0.25 * s, 0.6 * s, ink)
    c.panel((x - 0.6 * s, y - 0.25 * s, x + 0.6 * s, y + 0.5 * s), ink)
    c.line([(x - 0.85 * s, y + 0.5 * s), (x + 0.85 * s, y + 0.5 * s)], ink, width=0.2 * s)
    c.disc(x, y + 0.78 * s, 0.18 * s, ink)


def _lock(c: Canvas, x: float, y: float, s: float, ink: Colour, paper: Colour) -> None:
    c.ring(x, y - 0.3 * s, 0.5 * s, ink, width=0.18 * s)
    c.panel((x - 0.75 * s, y - 0.2 * s, x + 0.75 * s, y + 0.85 * s), ink, radius=0.15 * s)


def _info(c: Canvas, x: float, y: float, s: float, ink: Colour, paper: Colour) -> None:
    c.disc(x, y, 0.95 * s, ink)
    c.text(x, y, "i", paper, size=1.3 * s, anchor="mm", bold=True)


def _flip(c: Canvas, x: float, y: float, s: float, ink: Colour, paper: Colour) -> None:
    c.ring(x, y, 0.8 * s, ink, width=0.18 * s)
    for side in (-1, 1):
        left, right = sorted((x + side * 0.45 * s, x + side * 1.0 * s))
        c.panel((left, y - 0.22 * s, right, y + 0.22 * s), paper)
        tip = [(0.42, side * 0.2), (1.16, side * 0.2), (0.79, side * -0.32)]
        c.shape([(x + side * dx * s, y + dy * s) for dx, dy in tip], ink)


_PICTOGRAMS: Final[dict[str, Pictogram]] = {
    "battery": _battery,
    "bell": _bell,
    "bubble": _bubble,
    "calendar": _calendar,
    "camera": _camera,
    "clock": _clock,
    "flip": _flip,
    "gear": _gear,
    "globe": _globe,
    "handset": _handset,
    "info": _info,
    "lines": _lines,
    "lock": _lock,
    "moon": _moon,
    "music": _note,
    "picture": _picture,
    "pin": _pin,
    "plane": _plane,
    "rune": _rune,
    "sun": _sun,
    "waves": _waves,
}
