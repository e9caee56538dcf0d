"""
One moment as a picture: the screen, what is drawn on it, and the words below.

What the moments of a step have in common is drawn once.
"""

from collections.abc import Callable
from typing import Final

from PIL import Image, ImageDraw

from otel_steps.film.colours import BAR, BEHIND, BLACK, EDGE, FAIL, MUTED, OK, TEXT
from otel_steps.film.fonts import Writer
from otel_steps.film.icons import draw_icon
from otel_steps.film.ink import Ink
from otel_steps.film.layout import Box, Layout, fitted, line_height
from otel_steps.film.markers import draw_shape
from otel_steps.film.moments import Caption, Moment, Screen

# Returns how a picture looks, or None where there is none; see `screens`.
Look = Callable[[str], Image.Image | None]

_NO_PICTURE: Final = "no picture"
_BADGE_ICONS: Final = {"sensitive screen": "sensitive"}


class Painter:
    """
    Draws the moments of one film.

    Args:
        look: Gives the pictures of its screens.
    """

    def __init__(self, layout: Layout, writer: Writer, look: Look) -> None:
        self._layout = layout
        self._writer = writer
        self._look = look
        self._ground: tuple[tuple[Screen, Caption], Image.Image, Box] | None = None

    def paint(self, moment: Moment) -> Image.Image:
        """Return what is to be seen: RGB, of the layout's size."""
        ground, box = self._grounded(moment.screen, moment.caption)
        if moment.shape is None:
            return ground
        picture = ground.copy()
        draw_shape(picture, self._layout, box, moment.shape, moment.progress, self._writer)
        # The screen ends where the words begin, whatever is drawn at its edge.
        bar = (0, self._layout.height, *self._layout.size)
        picture.paste(ground.crop(bar), bar)
        return picture

    def _grounded(self, screen: Screen, caption: Caption) -> tuple[Image.Image, Box]:
        if self._ground is None or self._ground[0] != (screen, caption):
            picture = Image.new("RGB", self._layout.size, BEHIND)
            box = self._put(screen, picture)
            self._say(caption, picture)
            self._ground = (screen, caption), picture, box
        return self._ground[1], self._ground[2]

    def _put(self, screen: Screen, picture: Image.Image) -> Box:
        """Put the screen on *picture* and return where it is."""
        layout = self._layout
        shown = self._look(screen.name) if screen.name else None
        badge = screen.badge or (_NO_PICTURE if shown is None else "")
        if shown is None:
            box = Box(0, 0, layout.width, layout.height)
            colour = BEHIND if badge == _NO_PICTURE else BLACK
            picture.paste(colour, (0, 0, layout.width, layout.height))
        else:
            box = fitted(layout, shown.size)
            if shown.size != (box.width, box.height):
                shown = shown.resize((box.width, box.height), Image.Resampling.LANCZOS)
            picture.paste(shown, (box.left, box.top))
        if badge:
            self._badge(badge, picture, box)
        return box

    def _badge(self, badge: str, picture: Image.Image, box: Box) -> None:
        size = self._layout.font
        x, y = box.left + box.width / 2, box.top + box.height / 3
        if icon := _BADGE_ICONS.get(badge):
            large = 2 * size
            ink = Ink(x - large, y - 2 * large, x + large, y)
            draw_icon(ink, icon, (x - large / 2, y - 1.4 * large), large, MUTED)
            ink.onto(picture)
        for line in self._writer.lines(badge, size, box.width, 1):
            at = (x - self._writer.width(line, size) / 2, y + line_height(size))
            self._writer.write(ImageDraw.Draw(picture), at, line, size, MUTED)

    def _say(self, caption: Caption, picture: Image.Image) -> None:
        layout, size = self._layout, self._layout.font
        top, pad, high = layout.height, size * 0.7, line_height(size)
        draw = ImageDraw.Draw(picture)
        draw.rectangle((0, top, layout.width, layout.size[1]), BAR)
        left = pad
        if caption.mark:
            colour, place = OK if caption.mark == "ok" else FAIL, (pad, top + size * 0.62)
            ink = Ink(0, top, left + 2 * size, top + 2 * size)
            draw_icon(ink, caption.mark, place, size * 1.1, colour)
            ink.onto(picture)
            left += size * 1.5
        if caption.mark == "fail":
            draw.rectangle((0, 0, layout.width - 1, top - 1), outline=FAIL, width=max(2, size // 5))
        # A title without a text has all the room: it is the question of the task.
        most = 1 if caption.text else 3
        rows = [(left, line, EDGE) for line in self._lines(caption.title, left + pad, most)]
        colour = FAIL if caption.mark == "fail" else TEXT
        rows += [(pad, line, colour) for line in self._lines(caption.text, 2 * pad, 3 - len(rows))]
        for number, (x, line, colour) in enumerate(rows):
            at = (x, top + size / 2 + high * (number + 0.76))
            self._writer.write(draw, at, line, size, colour)

    def _lines(self, text: str, margins: float, most: int) -> list[str]:
        font = self._layout.font
        return self._writer.lines(text, font, self._layout.width - margins, most) if most else []
