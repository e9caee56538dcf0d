"""
A phone screen to draw on, in pixels of the phone; what can be touched is noted while drawing.

Fonts: Pillow's own covers Latin only. Chinese is drawn where the system has one of the usual
Chinese fonts; `has_chinese_font` tells, so that the caller can fall back to English.
"""

import io
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from PIL import Image, ImageDraw, ImageFont, ImageOps

WIDTH: Final = 1080
HEIGHT: Final = 2400
# Shapes are drawn twice as large and then reduced: Pillow does not smooth their edges.
_SCALE: Final = 2

Colour = str | tuple[int, int, int] | tuple[int, int, int, int]
Box = tuple[float, float, float, float]
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

# Pillow looks these names up in the font folders of the system.
_CHINESE_FONTS: Final = (
    "NotoSansCJK-Regular.ttc",
    "NotoSansCJKsc-Regular.otf",
    "NotoSansSC-Regular.otf",
    "SourceHanSansSC-Regular.otf",
    "wqy-microhei.ttc",
    "wqy-zenhei.ttc",
    "DroidSansFallbackFull.ttf",
    "PingFang.ttc",
    "Hiragino Sans GB.ttc",
    "STHeiti Light.ttc",
    "Arial Unicode.ttf",
    "msyh.ttc",
    "simhei.ttf",
)


@dataclass(frozen=True, slots=True)
class Target:
    """Something that reacts to a touch: *verb* says what happens, *noun* to what."""

    box: Box
    verb: str
    noun: str = ""

    def covers(self, x: float, y: float) -> bool:
        """Tell whether the point lies on it."""
        left, top, right, bottom = self.box
        return left <= x < right and top <= y < bottom


class Canvas:
    """
    One frame of the screen.

    Attributes:
        targets: What can be touched, the topmost last.
    """

    def __init__(self, background: Colour) -> None:
        self._image = Image.new("RGB", (WIDTH * _SCALE, HEIGHT * _SCALE), background)
        self._draw = ImageDraw.Draw(self._image, "RGBA")
        self._png: bytes | None = None
        self.targets: list[Target] = []

    def png(self) -> bytes:
        """Return the frame as a PNG of 1080x2400; from then on it stays as it is."""
        if self._png is None:
            self._png = self._encoded()
        return self._png

    def _encoded(self) -> bytes:
        buffer = io.BytesIO()
        # The fastest level: a demo should not spend its time in zlib.
        self._image.reduce(_SCALE).save(buffer, "PNG", compress_level=1)
        return buffer.getvalue()

    def touch(self, box: Box, verb: str, noun: str = "") -> None:
        """Note that *box* reacts to a touch."""
        self.targets.append(Target(box, verb, noun))

    def gradient(self, box: Box, top: str, bottom: str) -> None:
        """Fill *box* with colours that run from *top* to *bottom*."""
        left, upper, right, lower = (round(edge * _SCALE) for edge in box)
        shades = Image.linear_gradient("L").crop((0, 0, 1, 256)).resize((1, lower - upper))
        column = ImageOps.colorize(shades, top, bottom)
        self._image.paste(column.resize((right - left, lower - upper)), (left, upper))

    def panel(self, box: Box, fill: Colour, *, radius: float = 0) -> None:
        """Draw a rectangle with round corners."""
        self._draw.rounded_rectangle(_scaled(box), radius * _SCALE, fill)

    def frame(self, box: Box, outline: Colour, *, radius: float = 0, width: float = 4) -> None:
        """Draw the outline of a rectangle with round corners."""
        self._draw.rounded_rectangle(
            _scaled(box), radius * _SCALE, outline=outline, width=round(width * _SCALE)
        )

    def disc(self, x: float, y: float, radius: float, fill: Colour) -> None:
        """Draw a filled circle around a point."""
        self._draw.ellipse(_scaled((x - radius, y - radius, x + radius, y + radius)), fill)

    def ring(self, x: float, y: float, radius: float, outline: Colour, *, width: float = 6) -> None:
        """Draw a circle around a point."""
        box = (x - radius, y - radius, x + radius, y + radius)
        self._draw.ellipse(_scaled(box), outline=outline, width=round(width * _SCALE))

    def line(self, points: list[tuple[float, float]], fill: Colour, *, width: float = 6) -> None:
        """Draw a line through *points*."""
        scaled = [(x * _SCALE, y * _SCALE) for x, y in points]
        self._draw.line(scaled, fill, round(width * _SCALE), joint="curve")

    def shape(self, points: list[tuple[float, float]], fill: Colour) -> None:
        """Draw a filled polygon."""
        self._draw.polygon([(x * _SCALE, y * _SCALE) for x, y in points], fill)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        fill: Colour,
        *,
        size: float = 44,
        anchor: str = "lm",
        bold: bool = False,
    ) -> None:
        """Write one line; *anchor* as Pillow has it (`lm` left middle, `mm` centred ...)."""
        self._draw.text(
            (x * _SCALE, y * _SCALE),
            text,
            fill,
            font=_font(size * _SCALE, is_latin(text)),
            anchor=anchor,
            # The one face there is has no bold sister.
            stroke_width=round(size * _SCALE / 40) if bold else 0,
        )

    def text_width(self, text: str, *, size: float = 44) -> float:
        """Return how wide one line of text is."""
        return _font(size * _SCALE, is_latin(text)).getlength(text) / _SCALE


def is_latin(text: str) -> bool:
    """Tell whether Pillow's own font has every character of *text*."""
    return all(ord(character) < 0x250 or character in "–—‘’“”•…" for character in text)


@lru_cache(maxsize=1)
def has_chinese_font() -> bool:
    """Tell whether the system has a font that Chinese can be drawn with."""
    return _chinese_font_name() is not None


@lru_cache(maxsize=1)
def _chinese_font_name() -> str | None:
    for name in _CHINESE_FONTS:
        try:
            ImageFont.truetype(name, 20)
        except OSError:
            continue
        return name
    return None


@lru_cache(maxsize=64)
def _font(size: float, latin: bool) -> Font:
    name = None if latin else _chinese_font_name()
    return ImageFont.truetype(name, size) if name else ImageFont.load_default(size)


def _scaled(box: Box) -> Box:
    left, top, right, bottom = box
    # Pillow counts the last pixel in.
    return left * _SCALE, top * _SCALE, right * _SCALE - 1, bottom * _SCALE - 1
