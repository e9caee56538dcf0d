"""
Screens of phones, tablets and browsers, drawn from parameters, with what can be on them.
"""

import random
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from PIL import Image, ImageDraw

Colour = tuple[int, int, int]


class Device(NamedTuple):
    """A screen: its pixels, how many of them a unit has, and the height of its status bar."""

    name: str
    width: int
    height: int
    scale: float
    bar: int  # units; 0: none


DEVICES: Final = (
    Device("phone", 1080, 2400, 2.625, 24),
    Device("large phone", 1440, 3120, 3.5, 36),
    Device("small capture", 393, 873, 1.0, 24),
    Device("iphone", 1170, 2532, 3.0, 47),
    Device("tablet", 1600, 2560, 2.0, 24),
    Device("lying phone", 2400, 1080, 2.625, 24),
    Device("browser", 1280, 720, 1.0, 0),
    Device("wide browser", 1920, 1080, 1.0, 0),
)


@dataclass(frozen=True)
class Theme:
    """The colours of a screen."""

    name: str
    page: Colour
    card: Colour
    text: Colour
    hint: Colour
    accent: Colour
    off: Colour


THEMES: Final = (
    Theme(
        "light",
        (255, 255, 255),
        (242, 242, 247),
        (28, 27, 31),
        (117, 117, 117),
        (26, 115, 232),
        (200, 200, 204),
    ),
    Theme(
        "dark",
        (18, 18, 18),
        (32, 33, 36),
        (227, 227, 227),
        (154, 160, 166),
        (138, 180, 248),
        (60, 64, 67),
    ),
    Theme(
        "grey",
        (40, 42, 46),
        (54, 56, 61),
        (200, 200, 205),
        (130, 132, 138),
        (120, 160, 130),
        (90, 92, 96),
    ),
)


@dataclass
class Screen:
    """A screen to draw on, in units; what is drawn alike for one seed."""

    device: Device
    theme: Theme
    seed: int
    image: Image.Image = field(init=False)

    def __post_init__(self) -> None:
        self.image = Image.new("RGB", (self.device.width, self.device.height), self.theme.page)
        self.pen = ImageDraw.Draw(self.image)
        self.width = self.device.width / self.device.scale
        self.height = self.device.height / self.device.scale

    def box(
        self, left: float, top: float, right: float, bottom: float, fill: Colour, radius: float = 0
    ) -> None:
        """Fill a rectangle, with round corners."""
        scale = self.device.scale
        self.pen.rounded_rectangle(
            (left * scale, top * scale, right * scale - 1, bottom * scale - 1), radius * scale, fill
        )

    def disc(self, x: float, y: float, radius: float, fill: Colour) -> None:
        """Fill a circle."""
        scale = self.device.scale
        self.pen.ellipse(
            (
                (x - radius) * scale,
                (y - radius) * scale,
                (x + radius) * scale,
                (y + radius) * scale,
            ),
            fill,
        )

    def arc(
        self,
        x: float,
        y: float,
        radius: float,
        start: float,
        fill: Colour,
        width: float = 4,
        sweep: float = 110,
    ) -> None:
        """Draw a part of a circle."""
        scale = self.device.scale
        box = (
            (x - radius) * scale,
            (y - radius) * scale,
            (x + radius) * scale,
            (y + radius) * scale,
        )
        self.pen.arc(box, start, start + sweep, fill, max(1, round(width * scale)))

    def words(
        self,
        x: float,
        y: float,
        text: str,
        size: float = 16,
        fill: Colour | None = None,
        shift: float = 0,
    ) -> None:
        """Write a line; *shift* pixels to the right, as a smoother font would have it."""
        scale = self.device.scale
        self.pen.text(
            (x * scale + shift, y * scale), text, fill or self.theme.text, font_size=size * scale
        )

    def paste(
        self, image: Image.Image, left: float, top: float, right: float, bottom: float
    ) -> None:
        """Put a picture into a rectangle."""
        scale = self.device.scale
        size = (max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale)))
        self.image.paste(image.resize(size), (round(left * scale), round(top * scale)))

    def bar(self, clock: str = "9:41", battery: int = 80, icons: int = 2) -> None:
        """Draw the status bar, where there is one."""
        if not (high := self.device.bar):
            return
        middle = high / 2 - 7 if high < 40 else high - 22
        self.words(16, middle, clock, 13)
        self.box(self.width - 36, middle + 2, self.width - 14, middle + 12, self.theme.off, 2)
        full = self.theme.text if battery > 20 else (220, 50, 40)
        self.box(
            self.width - 36, middle + 2, self.width - 36 + 22 * battery / 100, middle + 12, full, 2
        )
        for at in range(icons):
            self.disc(self.width - 50 - 16 * at, middle + 7, 5, self.theme.text)


WORDS: Final = (
    *("Wi-Fi", "Bluetooth", "Notifications", "Display", "Sound", "Storage", "Privacy", "Location"),
    *("Security", "Accounts", "Accessibility", "System", "About", "Battery", "Apps", "Wallpaper"),
    *("Language", "Backup", "Gestures", "Network"),
)


def listed(
    screen: Screen,
    *,
    first: int = 0,
    seed: int | None = None,
    shift: float = 0,
    on: int | None = None,
    control: str = "switch",
    is_on: bool = False,
) -> list[tuple[float, float]]:
    """Draw a page of settings; return the middles of its rows. *on*: the row that has a control."""
    rng = random.Random(screen.seed if seed is None else seed)
    names = [rng.choice(WORDS) + " " + rng.choice(WORDS).lower() for _ in range(60)]
    top = screen.device.bar + 56
    screen.words(16, screen.device.bar + 16, "Settings", 22, shift=shift)
    rows = []
    row = 64.0
    count = int((screen.height - top - 8) // row)
    for at in range(count):
        y = top + at * row
        rows.append((screen.width / 2, y + row / 2))
        screen.box(8, y + 2, screen.width - 8, y + row - 2, screen.theme.card, 8)
        screen.words(24, y + 12, names[first + at], 16, shift=shift)
        screen.words(
            24,
            y + 36,
            "Tap to change " + names[first + at + 7].lower(),
            12,
            screen.theme.hint,
            shift=shift,
        )
        if at == on:
            CONTROLS[control](screen, screen.width - 56, y + row / 2, is_on)
    return rows


def switch(screen: Screen, x: float, y: float, is_on: bool) -> None:
    screen.box(
        x - 18, y - 10, x + 18, y + 10, screen.theme.accent if is_on else screen.theme.off, 10
    )
    screen.disc(x + (8 if is_on else -8), y, 8, (255, 255, 255) if is_on else screen.theme.hint)


def _small_switch(screen: Screen, x: float, y: float, is_on: bool) -> None:
    screen.box(x - 12, y - 6, x + 12, y + 6, screen.theme.off, 6)
    screen.disc(x + (6 if is_on else -6), y, 5, screen.theme.hint)


def _checkbox(screen: Screen, x: float, y: float, is_on: bool) -> None:
    screen.box(x - 8, y - 8, x + 8, y + 8, screen.theme.accent if is_on else screen.theme.hint, 2)
    if not is_on:
        screen.box(x - 6.5, y - 6.5, x + 6.5, y + 6.5, screen.theme.card, 1)


def _radio(screen: Screen, x: float, y: float, is_on: bool) -> None:
    screen.disc(x, y, 9, screen.theme.hint)
    screen.disc(x, y, 7.5, screen.theme.card)
    if is_on:
        screen.disc(x, y, 4.5, screen.theme.accent)


def _figure(screen: Screen, x: float, y: float, is_on: bool) -> None:
    screen.words(x - 4, y - 9, "2" if is_on else "1", 16)


def _heart(screen: Screen, x: float, y: float, is_on: bool) -> None:
    screen.disc(x, y, 9, (230, 60, 80) if is_on else screen.theme.hint)
    if not is_on:
        screen.disc(x, y, 7.5, screen.theme.card)


CONTROLS: Final = {
    "switch": switch,
    "small switch": _small_switch,
    "checkbox": _checkbox,
    "radio": _radio,
    "figure": _figure,
    "heart": _heart,
}
