"""
Text in pictures, in whatever script a font of this machine has.

Each character is written in the first font that has it: one that is known to be readable, then the
one that comes with Pillow, then any other. A text with a letter or a digit that no font has is not
written at all, since boxes say nothing; a sign that none has, such as an emoji, is left out.
"""

import os
import sys
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Final

from PIL import ImageDraw, ImageFont

from otel_steps.film.colours import Colour

# Fonts with Chinese first; they have Latin letters, too. Then those without.
_READABLE: Final = (
    *("NotoSansCJK-Regular.ttc", "NotoSansCJKsc-Regular.otf", "NotoSansSC-Regular.otf"),
    *("NotoSansSC-Regular.ttf", "SourceHanSansSC-Regular.otf", "SourceHanSansCN-Regular.otf"),
    *("wqy-microhei.ttc", "wqy-zenhei.ttc", "DroidSansFallbackFull.ttf", "DroidSansFallback.ttf"),
    *("msyh.ttc", "simhei.ttf", "PingFang.ttc", "Hiragino Sans GB.ttc", "STHeiti Light.ttc"),
    *("DejaVuSans.ttf", "LiberationSans-Regular.ttf", "NotoSans-Regular.ttf", "Arial.ttf"),
    *("arial.ttf", "Arial Unicode.ttf"),
)
_SUFFIXES: Final = frozenset({".ttf", ".ttc", ".otf"})
# A machine for design has thousands; no text waits until all of them have been opened.
_MAX_OTHERS: Final = 400
# Fonts of one file that differ in their country.
_CHINESE: Final = "SC"
# No font has it: what is drawn for it is drawn for every character that a font lacks.
_NOBODYS: Final = "\U0010ffff"
_PROBE_SIZE: Final = 16
# From here on scripts break lines between any two characters, but not before these.
_CJK_FROM: Final = "\u2e80"
_DOTS: Final = "..."
_CLOSING: Final = frozenset("，。、；：？！）》」』】〕…”’")


class Writer:
    """
    Writes text; of one film, since it remembers what each font has.

    Args:
        folders: Where fonts are; by default where this system has them.
    """

    def __init__(self, folders: tuple[Path, ...] | None = None) -> None:
        self._files = _ordered(_folders() if folders is None else folders)
        self._faces: list[_Face] = []
        self._face_of: dict[str, _Face | None] = {}

    def lines(self, text: str, size: int, width: float, most: int) -> list[str]:
        """
        Return *text* in at most *most* lines of *width* pixels; what is too long ends in "...".

        Empty where the text is, or where it has letters that cannot be written.
        """
        rest = self._writable(text)
        found: list[str] = []
        while rest and len(found) < most:
            fits = self._fitting(rest, size, width)
            if fits < len(rest) and len(found) == most - 1:
                dots = width - self.width("...", size)
                found.append(
                    rest[: self._fitting(rest, size, dots, anywhere=True)].rstrip() + "..."
                )
                return found
            found.append(rest[:fits].rstrip())
            rest = rest[fits:].lstrip()
        return found

    def width(self, line: str, size: int) -> float:
        """Return how wide a line is, in pixels."""
        return sum(self._face(char).widths(size, char) for char in line)

    def write(
        self, draw: ImageDraw.ImageDraw, at: tuple[float, float], line: str, size: int, to: Colour
    ) -> None:
        """Write a line of `lines` that begins at *at*, on its base line, in the colour *to*."""
        x, y = at
        for face, chars in groupby(line, self._face):
            run = "".join(chars)
            draw.text((x, y), run, fill=to, font=face.at(size), anchor="ls")
            x += face.at(size).getlength(run)

    def _writable(self, text: str) -> str:
        kept = []
        for char in " ".join(text.split()):
            if self._found(char) is not None:
                kept.append(char)
            elif unicodedata.category(char)[0] in "LN":
                return ""
        return " ".join("".join(kept).split())

    def _fitting(self, text: str, size: int, width: float, *, anywhere: bool = False) -> int:
        """Return how many characters of *text* fit, at least one; words stay whole."""
        used, last_break = 0.0, 0
        for at, char in enumerate(text):
            used += self._face(char).widths(size, char)
            if used > width and at:
                return at if anywhere else last_break or at
            if (char == " " or char >= _CJK_FROM) and text[at + 1 : at + 2] not in _CLOSING:
                last_break = at + 1
        return len(text)

    def _face(self, char: str) -> "_Face":
        face = self._found(char)
        if face is None:
            raise ValueError(f"no font has {char!r}; only what `lines` returns can be written")
        return face

    def _found(self, char: str) -> "_Face | None":
        if char not in self._face_of:
            self._face_of[char] = next((face for face in self._all() if face.has(char)), None)
        return self._face_of[char]

    def _all(self) -> Iterator["_Face"]:
        yield from self._faces
        for face in self._files:
            self._faces.append(face)
            yield face


class _Face:
    """A font, in any size; opened when it is first asked for."""

    def __init__(self, path: Path | None, number: int = 0) -> None:
        self._path = path
        self._number = number
        self._sizes: dict[int, ImageFont.FreeTypeFont] = {}
        self._widths: dict[tuple[int, str], float] = {}
        self._lacks = _drawn(self.at(_PROBE_SIZE), _NOBODYS)

    def has(self, char: str) -> bool:
        """Tell whether it has a picture of *char*."""
        return char.isspace() or _drawn(self.at(_PROBE_SIZE), char) not in (self._lacks, b"")

    def widths(self, size: int, char: str) -> float:
        """Return how wide *char* is."""
        key = (size, char)
        if key not in self._widths:
            self._widths[key] = self.at(size).getlength(char)
        return self._widths[key]

    def at(self, size: int) -> ImageFont.FreeTypeFont:
        """Return the font in a size of pixels."""
        if size not in self._sizes:
            self._sizes[size] = self._opened(size)
        return self._sizes[size]

    def _opened(self, size: int) -> ImageFont.FreeTypeFont:
        if self._path is not None:
            return ImageFont.truetype(self._path, size, index=self._number)
        font = ImageFont.load_default(size)
        if not isinstance(font, ImageFont.FreeTypeFont):
            raise OSError("Pillow was built without FreeType, and so it cannot write text")
        return font


def _drawn(font: ImageFont.FreeTypeFont, char: str) -> bytes:
    mask = font.getmask(char)
    return bytes(mask) if all(mask.size) else b""


def _ordered(folders: tuple[Path, ...]) -> Iterator[_Face]:
    files = {path.name: path for path in reversed(_installed(folders))}
    readable = [files.pop(name) for name in _READABLE if name in files]
    yield from filter(None, map(_face, readable))
    yield _Face(None)
    others = sorted(files.values(), key=lambda path: ("regular" not in path.name.lower(), path))
    yield from filter(None, map(_face, others[:_MAX_OTHERS]))


def _face(path: Path) -> _Face | None:
    """Return the font of a file, of several the Chinese one; None where it cannot be read."""
    try:
        if path.suffix.lower() == ".ttc":
            for number in range(16):
                family = ImageFont.truetype(path, _PROBE_SIZE, index=number).getname()[0] or ""
                if _CHINESE in family.split():
                    return _Face(path, number)
    except OSError:
        pass  # no more fonts in it
    try:
        return _Face(path)
    except OSError:
        return None


@lru_cache
def _installed(folders: tuple[Path, ...]) -> tuple[Path, ...]:
    return tuple(
        path
        for folder in folders
        for path in _files_below(folder)
        if path.suffix.lower() in _SUFFIXES
    )


def _files_below(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):  # passes over what may not be read
        folders.sort()
        yield from (Path(root, name) for name in sorted(names))


def _folders() -> tuple[Path, ...]:
    home = Path.home()
    if sys.platform == "win32":
        local = Path(os.environ.get("LOCALAPPDATA", home / "AppData" / "Local"))
        windows = Path(os.environ.get("WINDIR", "C:/Windows"))
        return local / "Microsoft" / "Windows" / "Fonts", windows / "Fonts"
    if sys.platform == "darwin":
        library = Path("/Library/Fonts")
        return home / "Library" / "Fonts", library, Path("/System") / library.relative_to("/")
    shared = os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
    own = os.environ.get("XDG_DATA_HOME") or str(home / ".local" / "share")
    data = (Path(each) / "fonts" for each in (own, *shared.split(":")))
    return (home / ".fonts", *data)
