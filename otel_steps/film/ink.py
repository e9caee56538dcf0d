"""Drawing with smooth edges: on a sheet of several times the size, which is then made small."""

from collections.abc import Sequence
from typing import Final

from PIL import Image, ImageDraw

from otel_steps.film.colours import Colour

Point = tuple[float, float]

_TIMES: Final = 4


class Ink:
    """
    A transparent sheet over a part of a picture, in the picture's pixels.

    Args:
        left, top, right, bottom: The part; what is drawn outside of it is cut off.
    """

    def __init__(self, left: float, top: float, right: float, bottom: float) -> None:
        self._at = (int(left), int(top))
        self._size = (max(1, round(right) - int(left)), max(1, round(bottom) - int(top)))
        width, height = self._size
        self._sheet = Image.new("RGBA", (width * _TIMES, height * _TIMES))
        self._draw = ImageDraw.Draw(self._sheet)

    def ring(
        self, centre: Point, radius: float, width: float, colour: Colour, opacity: float = 1
    ) -> None:
        """Draw a circle of which the line's outer edge is at *radius*."""
        self._draw.ellipse(
            self._around(centre, radius),
            outline=_rgba(colour, opacity),
            width=max(1, round(width * _TIMES)),
        )

    def dashed(self, centre: Point, radius: float, width: float, colour: Colour) -> None:
        """Draw the same in eight parts."""
        for start in range(0, 360, 45):
            self._draw.arc(
                self._around(centre, radius),
                start,
                start + 28,
                fill=_rgba(colour, 1),
                width=max(1, round(width * _TIMES)),
            )

    def disc(self, centre: Point, radius: float, colour: Colour, opacity: float = 1) -> None:
        """Draw a filled circle."""
        self._draw.ellipse(self._around(centre, radius), fill=_rgba(colour, opacity))

    def line(self, points: Sequence[Point], width: float, colour: Colour) -> None:
        """Draw a line with round ends."""
        scaled = [self._scaled(point) for point in points]
        thick = max(1, round(width * _TIMES))
        self._draw.line(scaled, fill=_rgba(colour, 1), width=thick, joint="curve")
        for x, y in scaled:
            self._draw.ellipse(
                (x - thick / 2, y - thick / 2, x + thick / 2, y + thick / 2), _rgba(colour, 1)
            )

    def polygon(self, points: Sequence[Point], colour: Colour) -> None:
        """Draw a filled shape."""
        self._draw.polygon([self._scaled(point) for point in points], fill=_rgba(colour, 1))

    def pill(
        self,
        box: tuple[float, float, float, float],
        radius: float,
        colour: Colour,
        edge: Colour | None = None,
        opacity: float = 1,
    ) -> None:
        """Draw a filled box with round corners."""
        (left, top), (right, bottom) = self._scaled(box[:2]), self._scaled(box[2:])
        self._draw.rounded_rectangle(
            (left, top, right, bottom),
            radius * _TIMES,
            fill=_rgba(colour, opacity),
            outline=_rgba(edge, 1) if edge else None,
            width=round(1.5 * _TIMES),
        )

    def onto(self, picture: Image.Image) -> None:
        """Put what was drawn on *picture*."""
        small = self._sheet.reduce(_TIMES)
        picture.paste(small, self._at, small)

    def _around(self, centre: Point, radius: float) -> tuple[float, float, float, float]:
        x, y = self._scaled(centre)
        radius *= _TIMES
        return x - radius, y - radius, x + radius, y + radius

    def _scaled(self, point: Point) -> Point:
        return (point[0] - self._at[0]) * _TIMES, (point[1] - self._at[1]) * _TIMES


def _rgba(colour: Colour, opacity: float) -> tuple[int, int, int, int]:
    return (*colour, round(255 * opacity))
