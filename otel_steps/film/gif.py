"""
A film as GIF: written picture by picture, of each only what has changed.

A GIF has 256 colours a picture. Each new screen has colours of its own, beside those of what is
drawn on it; nothing is dithered, since lines of text would be, too.
"""

import struct
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from PIL import GifImagePlugin, Image, ImageChops

from otel_steps.film import colours
from otel_steps.film.colours import Colour, between
from otel_steps.film.shot import Shot

# For 30 steps 5 MB, which any chat takes.
MAX_BYTES_A_STEP: Final = 160_000

# A new screen, if as much of the picture has changed.
_NEW_SCREEN: Final = 0.04
_CLEAR: Final = 255
_END: Final = b";"
_LOOP_FOR_EVER: Final = b"!\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00"
_KEEP: Final = 1  # what is there stays below the next picture


class _Level(NamedTuple):
    """
    How well a picture is kept.

    Attributes:
        colours: Of a new screen.
        tolerance: What a pixel may differ by and stay as it is.
        is_whole: Whether all of a new screen is written: what stays of the one before has colours
            of that one.
    """

    colours: int
    tolerance: int
    is_whole: bool = False


_LEVELS: Final = (
    *(_Level(208, 0, is_whole=True), _Level(128, 4), _Level(64, 8)),
    *(_Level(32, 12), _Level(12, 16), _Level(4, 24)),
)


def encoded(
    shots: Iterable[Shot], size: tuple[int, int], *, step_bytes: int = MAX_BYTES_A_STEP
) -> Iterator[bytes]:
    """Yield the file, at most *step_bytes* for each step so far where that can be."""
    # No table of colours for all; each picture has its own.
    yield b"GIF89a" + struct.pack("<HHBBB", *size, 0x70, 0, 0) + _LOOP_FOR_EVER
    written, drawing = 0, _Drawing(size)
    waiting, ms = b"", 0
    for shot in shots:
        change = drawing.draw(shot.picture, step_bytes * (shot.at + 1) - written)
        if change:
            if waiting:
                yield _shown_for(ms) + waiting
            waiting, ms = change, 0
            written += len(change)
        ms += shot.ms
    if waiting:
        yield _shown_for(ms) + waiting
    yield _END


def _shown_for(ms: int) -> bytes:
    flags = _KEEP << 2 | 1  # one colour is clear
    return b"!\xf9\x04" + struct.pack("<BHBB", flags, round(ms / 10), 0, 0)


class _Drawing:
    """What a reader of the file sees, as far as it is written."""

    def __init__(self, size: tuple[int, int]) -> None:
        # Of each pixel what it was when it was last written: what has changed little since stays.
        self._seen = Image.new("RGB", size)
        self._is_empty = True
        self._palette = Image.new("P", (1, 1))

    def draw(self, picture: Image.Image, allowance: int) -> bytes:
        """Return what makes the last picture this one, b"" where nothing has changed."""
        for level in _LEVELS:
            changed = self._changed(picture, level.tolerance)
            box = changed.getbbox()
            if box is None:
                return b""
            if _share(changed) > _NEW_SCREEN:
                self._palette = _palette(picture, level.colours)
                if level.is_whole:
                    changed, box = Image.new("L", picture.size, 255), (0, 0, *picture.size)
            data = _image(picture.crop(box), changed.crop(box), box[:2], self._palette)
            if len(data) <= allowance or level is _LEVELS[-1]:
                break
        self._seen.paste(picture, mask=changed)
        self._is_empty = False
        return data

    def _changed(self, picture: Image.Image, tolerance: int) -> Image.Image:
        """Return a mask of the pixels to be written."""
        if self._is_empty:
            return Image.new("L", picture.size, 255)
        red, green, blue = ImageChops.difference(picture, self._seen).split()
        most = ImageChops.lighter(ImageChops.lighter(red, green), blue)
        return most.point([0] * (tolerance + 1) + [255] * (255 - tolerance))


def _share(mask: Image.Image) -> float:
    return mask.histogram()[255] / (mask.width * mask.height)


def _image(
    part: Image.Image, changed: Image.Image, at: tuple[int, int], palette: Image.Image
) -> bytes:
    """Return the block of a picture: colour 0 is clear, the others are those that it has."""
    numbers = part.quantize(palette=palette, dither=Image.Dither.NONE)
    numbers.paste(_CLEAR, mask=ImageChops.invert(changed))
    used = [number for number, count in enumerate(numbers.histogram()) if count]
    small = numbers.remap_palette([_CLEAR, *(number for number in used if number != _CLEAR)])
    return b"".join(GifImagePlugin.getdata(small, at, include_color_table=True))


def _palette(picture: Image.Image, count: int) -> Image.Image:
    """Return a picture with *count* colours of *picture* and those that are drawn on it."""
    own = picture.quantize(count, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    values = (own.getpalette() or [])[: 3 * count]
    drawn = _DRAWN if count > len(_DRAWN) else _PLAIN
    values += [value for colour in drawn for value in colour]
    palette = Image.new("P", (1, 1))
    # What is left over repeats a colour: black would be a colour of its own.
    palette.putpalette(values + values[-3:] * (256 - len(values) // 3))
    return palette


def _drawn() -> Iterator[Colour]:
    """Yield the colours of markers and words, and those of their smooth edges."""
    for one, other in (
        *((colours.BAR, each) for each in (colours.TEXT, colours.EDGE, colours.FAIL, colours.OK)),
        *((colours.MARK, colours.EDGE), (colours.CHIP, colours.EDGE), (colours.BAR, colours.MUTED)),
        (colours.CHIP, colours.CHIP_ICON),
    ):
        yield from (between(one, other, step / 4) for step in range(5))
    yield colours.OUTSIDE


_DRAWN: Final = tuple(dict.fromkeys(_drawn()))
_PLAIN: Final = (colours.MARK, colours.EDGE, colours.BAR, colours.FAIL)
