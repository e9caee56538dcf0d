"""
Pairs of screens, before an action and after it, drawn from parameters: what changed is known.

Each kind of change is drawn on phones, a tablet, a phone that lies and a browser, light and dark,
and comes as a PNG, as JPEGs or as WebPs of several qualities.
"""

import io
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from PIL import Image, ImageDraw, ImageFilter

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


_WORDS: Final = (
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
    names = [rng.choice(_WORDS) + " " + rng.choice(_WORDS).lower() for _ in range(60)]
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


def _switch(screen: Screen, x: float, y: float, is_on: bool) -> None:
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
    "switch": _switch,
    "small switch": _small_switch,
    "checkbox": _checkbox,
    "radio": _radio,
    "figure": _figure,
    "heart": _heart,
}


# --- Pairs


class Pair(NamedTuple):
    """
    Two screens and the action between them.

    Attributes:
        action: What it is, see `action.kinds`.
        places: x, y, x2, y2 in 0 to 1000 of the screen; None where it has none.
        has_effect: Whether it did anything.
    """

    kind: str
    device: Device
    theme: str
    codec: str
    before: bytes
    after: bytes
    action: str
    places: tuple[float | None, float | None, float | None, float | None]
    has_effect: bool


class Drawn(NamedTuple):
    """Two screens, what the agent did (in units) and whether it had an effect."""

    before: Screen
    after: Screen
    action: str
    at: tuple[float, float] | None
    has_effect: bool
    to: tuple[float, float] | None = None


Draw = Callable[[Screen, Screen, random.Random], Drawn]


def _tap(before: Screen, after: Screen, at: tuple[float, float], has_effect: bool) -> Drawn:
    return Drawn(before, after, "tap", at, has_effect)


# Nothing but what screens do by themselves


def nothing(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    rows = listed(one)
    listed(two)
    one.bar()
    two.bar()
    return _tap(one, two, rng.choice(rows), False)


def clock(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    rows = listed(one)
    listed(two)
    minute = rng.randrange(10, 58)
    one.bar(f"9:{minute}")
    two.bar(f"9:{minute + 1}")
    return _tap(one, two, rng.choice(rows), False)


def hour(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    rows = listed(one)
    listed(two)
    one.bar("9:59", 21, 2)
    two.bar("10:00", 20, 3)
    return _tap(one, two, rng.choice(rows), False)


def battery(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    rows = listed(one)
    listed(two)
    level = rng.randrange(22, 95)
    one.bar(battery=level)
    two.bar(battery=level - rng.choice((1, 5, 10)))
    return _tap(one, two, rng.choice(rows), False)


def cursor(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    """A cursor that blinks in the field at the top while the agent taps far below."""
    wide = rng.choice((1 / one.device.scale, 1.0, 2.0))
    is_there_first = rng.random() < 0.5
    for screen, is_there in ((one, is_there_first), (two, not is_there_first)):
        rows = listed(screen)
        screen.box(
            16,
            screen.device.bar + 8,
            screen.width - 16,
            screen.device.bar + 52,
            screen.theme.card,
            8,
        )
        screen.words(28, screen.device.bar + 20, "search words", 16)
        screen.bar()
        if is_there:
            screen.box(
                140, screen.device.bar + 18, 140 + wide, screen.device.bar + 42, screen.theme.accent
            )
    return _tap(one, two, rng.choice(rows[3:]), False)


def _far_below(screen: Screen, rng: random.Random) -> tuple[float, float]:
    return screen.width * rng.uniform(0.2, 0.8), screen.height * rng.uniform(0.78, 0.95)


def _player(
    one: Screen,
    two: Screen,
    rng: random.Random,
    frames: Callable[[int, random.Random], Image.Image],
) -> Drawn:
    seed = rng.randrange(1 << 30)
    upright = one.height > one.width
    for at, screen in enumerate((one, two)):
        listed(screen)
        screen.bar()
        wide = screen.width if upright else screen.width * 0.45
        top = screen.device.bar + 56
        high = min(wide * 9 / 16, screen.height * 0.45)
        screen.paste(frames(at, random.Random(seed)), 0, top, wide, top + high)
    where = _far_below(one, rng) if upright else (one.width * 0.8, one.height * 0.9)
    return _tap(one, two, where, False)


def film(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    """A film of soft shapes that move."""

    def frames(at: int, dice: random.Random) -> Image.Image:
        image = Image.new("RGB", (320, 180))
        pen = ImageDraw.Draw(image)
        for y in range(180):
            pen.line((0, y, 320, y), (40 + y // 2, 70 + y // 3, 120 - y // 3))
        for _ in range(14):
            x, y, r = dice.uniform(0, 320), dice.uniform(0, 180), dice.uniform(10, 40)
            dx, dy = dice.uniform(-30, 30), dice.uniform(-12, 12)
            colour = tuple(dice.randrange(30, 220) for _ in range(3))
            pen.ellipse(
                (x + dx * at - r, y + dy * at - r, x + dx * at + r, y + dy * at + r), colour
            )
        return image.filter(ImageFilter.GaussianBlur(3))

    return _player(one, two, rng, frames)


def noise_film(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    """A film of many details, each frame another."""

    def frames(at: int, dice: random.Random) -> Image.Image:
        noise = Image.effect_noise((160, 90), 80)
        other = Image.effect_noise((160, 90), 60)
        return Image.merge("RGB", (noise, other, noise))

    return _player(one, two, rng, frames)


def panning_film(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    """A film whose camera moves on a little."""

    def frames(at: int, dice: random.Random) -> Image.Image:
        image = Image.new("RGB", (400, 220), (90, 110, 90))
        pen = ImageDraw.Draw(image)
        for _ in range(260):
            x, y, r = dice.uniform(0, 400), dice.uniform(0, 220), dice.uniform(3, 22)
            pen.ellipse(
                (x - r, y - r, x + r, y + r), tuple(dice.randrange(20, 235) for _ in range(3))
            )
        step = round(dice.uniform(4, 14)) * at
        return image.crop((step, step // 2, step + 320, step // 2 + 180))

    return _player(one, two, rng, frames)


def spinner(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    """What turns to show that something is loading, since before the tap."""
    radius = rng.choice((14.0, 20.0, 28.0))
    start = rng.uniform(0, 360)
    for screen, angle in ((one, start), (two, start + rng.uniform(60, 300))):
        screen.bar()
        screen.words(16, screen.device.bar + 16, "Loading", 22)
        screen.arc(screen.width / 2, screen.height * 0.35, radius, angle, screen.theme.accent)
    return _tap(one, two, _far_below(one, rng), False)


def ball(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    """A ball that jumps up and down."""
    radius = rng.choice((8.0, 14.0))
    jump = rng.uniform(20, 90)
    for screen, up in ((one, 0.0), (two, jump)):
        listed(screen)
        screen.bar()
        screen.box(
            0, screen.height * 0.2, screen.width, screen.height * 0.2 + 150, screen.theme.page
        )
        screen.disc(screen.width * 0.4, screen.height * 0.2 + 130 - up, radius, screen.theme.accent)
    return _tap(one, two, _far_below(one, rng), False)


def progress(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    """A thin bar that grows."""
    share = rng.uniform(0.1, 0.6)
    for screen, filled in ((one, share), (two, share + rng.uniform(0.05, 0.35))):
        listed(screen)
        screen.bar()
        y = screen.device.bar + 52
        screen.box(0, y, screen.width, y + 3, screen.theme.off)
        screen.box(0, y, screen.width * filled, y + 3, screen.theme.accent)
    return _tap(one, two, _far_below(one, rng), False)


def smoothed(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    """The same words, smoothed anew: a third of a pixel to the right."""
    rows = listed(one)
    listed(two, shift=rng.uniform(0.2, 0.6))
    one.bar("9:41")
    two.bar("9:42")
    return _tap(one, two, rng.choice(rows), False)


def softened(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    """The same screen through a scaler that softens it a little."""
    rows = listed(one, on=1)
    listed(two, on=1)
    one.bar("9:41")
    two.bar("9:42")
    two.image = two.image.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 0.7)))
    return _tap(one, two, rng.choice(rows), False)


def small_film(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    """A film in a corner."""
    drawn = panning_film(one, two, rng)
    for screen in (one, two):
        film = screen.image.crop(
            (
                0,
                round((screen.device.bar + 56) * screen.device.scale),
                screen.device.width // 3,
                round(screen.height * 0.4 * screen.device.scale),
            )
        )
        screen.box(0, 0, screen.width, screen.height, screen.theme.page)
        listed(screen)
        screen.bar()
        screen.paste(
            film,
            screen.width * 0.55,
            screen.height * 0.1,
            screen.width * 0.95,
            screen.height * 0.1 + screen.width * 0.4 * 9 / 16,
        )
    return drawn._replace(at=(one.width * 0.3, one.height * 0.9))


def type_nothing(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    drawn = clock(one, two, rng)
    return drawn._replace(action="type", at=None)


def back_nothing(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    drawn = rng.choice((clock, battery, film, spinner))(one, two, rng)
    return drawn._replace(action=rng.choice(("back", "launch", "home")), at=None)


def swipe_at_the_end(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    drawn = rng.choice((clock, battery, nothing))(one, two, rng)
    return drawn._replace(
        action="swipe", at=(one.width / 2, one.height * 0.7), to=(one.width / 2, one.height * 0.3)
    )


# What a person would call an effect


def toast_over_film(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    drawn = rng.choice((film, panning_film))(one, two, rng)
    x, y = two.width * (0.5 if two.height > two.width else 0.22), two.device.bar + 100
    two.box(x - 80, y, x + 80, y + 36, (40, 40, 44), 18)
    two.words(x - 60, y + 10, "Link copied", 14, (255, 255, 255))
    return drawn._replace(has_effect=True)


def switch_and_film(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    drawn = rng.choice((film, spinner, ball))(one, two, rng)
    _, y = drawn.at or (0, 0)
    is_on = rng.random() < 0.5
    _switch(one, one.width - 40, y, is_on)
    _switch(two, two.width - 40, y, not is_on)
    return drawn._replace(has_effect=True)


def chosen_row(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    """A row that becomes a little lighter or darker."""
    rows = listed(one)
    listed(two)
    x, y = rng.choice(rows)
    scale = two.device.scale
    box = tuple(round(edge * scale) for edge in (8, y - 30, two.width - 8, y + 30))
    veil = Image.new("RGB", two.image.size, two.theme.accent)
    two.image.paste(Image.blend(two.image, veil, 0.12).crop(box), box)
    return _tap(one, two, (x, y), True)


def slider(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    start, end = rng.sample((0.2, 0.4, 0.6, 0.8), 2)
    y = one.height * 0.6
    for screen, share in ((one, start), (two, end)):
        listed(screen)
        screen.bar()
        screen.box(0, y - 30, screen.width, y + 30, screen.theme.page)
        screen.box(20, y - 2, screen.width - 20, y + 2, screen.theme.off)
        screen.disc(20 + (screen.width - 40) * share, y, 9, screen.theme.accent)
    return _tap(one, two, (20 + (one.width - 40) * end, y), True)


def password_dot(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    count = rng.randrange(0, 6)
    top = one.device.bar + 150
    for screen, dots in ((one, count), (two, count + 1)):
        screen.bar()
        _field(screen, "", caret=None, top=top)
        for at in range(dots):
            screen.disc(34 + 11 * at, top + 24, 3.5, screen.theme.text)
        keyboard(screen)
    if rng.random() < 0.5:
        return Drawn(one, two, "type", None, True)
    return _tap(one, two, (one.width * rng.uniform(0.1, 0.9), one.height * 0.85), True)


def centred_letter(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    """A letter more in words that stay in the middle."""
    text = rng.choice(("a", "hello", "13", "Il"))
    for screen, words in ((one, text), (two, text + rng.choice("ao1.il"))):
        screen.bar()
        keyboard(screen)
        length = (
            screen.pen.textlength(words, font_size=18 * screen.device.scale) / screen.device.scale
        )
        screen.words(screen.width / 2 - length / 2, screen.device.bar + 110, words, 18)
    return _tap(one, two, (one.width * rng.uniform(0.1, 0.9), one.height * 0.9), True)


def _control(name: str) -> Draw:
    def draw(one: Screen, two: Screen, rng: random.Random) -> Drawn:
        is_on = rng.random() < 0.5
        count = int((one.height - one.device.bar - 64) // 64)
        row = rng.randrange(count)
        rows = listed(one, on=row, control=name, is_on=is_on)
        listed(two, on=row, control=name, is_on=not is_on)
        one.bar("9:41")
        two.bar(rng.choice(("9:41", "9:42")))
        x = rng.choice((one.width - 56, one.width * 0.25, one.width * 0.5))
        return _tap(one, two, (x, rows[row][1] + rng.uniform(-20, 20)), True)

    return draw


def _field(screen: Screen, text: str, *, caret: float | None, top: float) -> None:
    screen.box(16, top, screen.width - 16, top + 48, screen.theme.card, 8)
    screen.words(28, top + 14, text, 16)
    if caret is not None:
        screen.box(caret, top + 12, caret + 2, top + 36, screen.theme.accent)


def letter(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    """One letter more in a field, by typing it or by a tap on its key."""
    text = rng.choice(("a", "hello", "search wor", "13"))
    more = rng.choice("aesil1.I")
    top = one.device.bar + 70
    for screen, words in ((one, text), (two, text + more)):
        listed(screen)
        screen.bar()
        _field(screen, words, caret=None, top=top)
        keyboard(screen)
    if rng.random() < 0.5:
        return Drawn(one, two, "type", None, True)
    return _tap(
        one, two, (one.width * rng.uniform(0.1, 0.9), one.height * rng.uniform(0.75, 0.9)), True
    )


def caret_moved(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    top = one.device.bar + 70 + rng.choice((0.0, 128.0))
    first, then = rng.sample(range(30, 150, 12), 2)
    for screen, at in ((one, first), (two, then)):
        listed(screen)
        screen.bar()
        _field(screen, "some words in here", caret=at, top=top)
    return _tap(one, two, (then + rng.uniform(-12, 12), top + 24), True)


def caret_came(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    """A tap into a field: its cursor begins to blink."""
    top = one.device.bar + 70
    for screen, at in ((one, None), (two, 30.0)):
        listed(screen)
        screen.bar()
        _field(screen, "", caret=at, top=top)
    return _tap(one, two, (one.width * rng.uniform(0.1, 0.8), top + 24), True)


def keyboard(screen: Screen) -> None:
    """Draw a keyboard over the lower part."""
    high = min(280.0, screen.height * 0.5)
    top = screen.height - high
    screen.box(0, top, screen.width, screen.height, screen.theme.off)
    key = screen.width / 10
    for row in range(4):
        y = top + 12 + row * (high - 20) / 4
        for at in range(10):
            screen.box(
                at * key + 3, y, at * key + key - 3, y + (high - 20) / 4 - 8, screen.theme.card, 5
            )
            screen.words(
                at * key + key / 2 - 5,
                y + 8,
                "qwertyuiopasdfghjklzxcvbnm.,?!1234567890"[row * 10 + at],
                16,
            )


def keyboard_came(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    screens = [one, two] if rng.random() < 0.7 else [two, one]
    for at, screen in enumerate(screens):
        listed(screen)
        screen.bar()
        _field(screen, "", caret=None, top=screen.device.bar + 70)
        if at:
            keyboard(screen)
    if screens[0] is two:
        return Drawn(one, two, "back", None, True)
    return _tap(one, two, (one.width / 2, one.device.bar + 94), True)


def toast(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    rows = listed(one)
    listed(two)
    one.bar()
    two.bar()
    wide = rng.choice((90.0, 180.0, 280.0))
    y = two.height * rng.choice((0.85, 0.5, 0.12))
    left = two.width / 2 - wide / 2
    fill = rng.choice(((50, 50, 50), (48, 49, 54), (236, 236, 236), (70, 72, 76)))
    if max(abs(a - b) for a, b in zip(fill, two.theme.card, strict=True)) < 10:
        fill = (90, 90, 90)
    two.box(left, y, left + wide, y + 40, fill, 20)
    two.words(
        left + 16,
        y + 11,
        "Copied to the clipboard"[: int(wide / 9)],
        14,
        (255, 255, 255) if fill[0] < 128 else (20, 20, 20),
    )
    return _tap(one, two, rng.choice(rows), True)


def bare_message(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    """A line in red below a field, far from the button that was tapped."""
    for at, screen in enumerate((one, two)):
        screen.bar()
        screen.words(24, screen.device.bar + 60, "Sign in", 28)
        _field(screen, "me@example.org", caret=None, top=screen.device.bar + 120)
        screen.box(
            24, screen.height - 90, screen.width - 24, screen.height - 40, screen.theme.accent, 25
        )
        if at:
            screen.words(28, screen.device.bar + 174, "Wrong password", 12, (220, 60, 60))
    return _tap(one, two, (one.width / 2, one.height - 65), True)


def badge(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    """A number in the corner of the page, far from the button."""
    for count, screen in ((rng.choice((0, 1)), one), (2, two)):
        listed(screen)
        screen.bar()
        x, y = screen.width - 36, screen.device.bar + 34
        screen.disc(x - 10, y + 6, 12, screen.theme.hint)
        if count:
            screen.disc(x, y, 8, (220, 40, 40))
            screen.words(x - 3, y - 7, str(count), 11, (255, 255, 255))
    return _tap(one, two, _far_below(one, rng), True)


def calculator(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    """A figure at the top, for a key at the bottom."""
    text = str(rng.randrange(1, 9999))
    digit = str(rng.randrange(1, 10))
    first, then = rng.choice(((text, text + digit), ("0", digit)))
    for screen, words in ((one, first), (two, then)):
        screen.bar()
        size = 48.0
        screen.words(
            screen.width - 24 - len(words) * size * 0.56, screen.device.bar + 70, words, size
        )
        for at in range(12):
            x, y = screen.width * (0.2 + 0.3 * (at % 3)), screen.height * (0.5 + 0.12 * (at // 3))
            screen.disc(x, y, min(30.0, screen.height * 0.05), screen.theme.card)
    return _tap(one, two, (one.width * 0.5, one.height * 0.74), True)


def dialog(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    rows = listed(one)
    listed(two)
    one.bar()
    two.bar()
    if rng.random() < 0.5:
        two.image.paste(Image.blend(two.image, Image.new("RGB", two.image.size), 0.4))
    x, y = two.width / 2, two.height / 2
    wide, high = min(280.0, two.width * 0.8), min(180.0, two.height * 0.6)
    two.box(x - wide / 2, y - high / 2, x + wide / 2, y + high / 2, two.theme.off, 16)
    two.words(x - wide / 2 + 20, y - high / 2 + 20, "Delete this?", 18)
    return _tap(one, two, rng.choice(rows), True)


def faint_menu(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    """A menu whose grey is nearly that of the page, and without a frame."""
    for at, screen in enumerate((one, two)):
        screen.bar()
        screen.words(16, screen.device.bar + 16, "Notes", 22)
        if at:
            grey = tuple(
                max(0, level - 13) if level > 128 else level + 13 for level in screen.theme.page
            )
            screen.box(
                screen.width - 200,
                screen.height * 0.4,
                screen.width - 12,
                screen.height * 0.4 + 150,
                grey,
                8,
            )
    return _tap(one, two, (one.width * 0.2, one.height * 0.9), True)


def scrolled(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    listed(one)
    listed(two, first=rng.randrange(1, 9))
    one.bar()
    two.bar()
    start, end = (one.width / 2, one.height * 0.7), (one.width / 2, one.height * 0.3)
    return Drawn(one, two, rng.choice(("swipe", "scroll")), start, True, end)


def page_changed(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    rows = listed(one)
    listed(two, seed=rng.randrange(1 << 20))
    one.bar()
    two.bar()
    action = rng.choice(("tap", "back", "launch"))
    return Drawn(one, two, action, rng.choice(rows) if action == "tap" else None, True)


def dark_mode(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    other = Screen(two.device, THEMES[1] if two.theme is THEMES[0] else THEMES[0], two.seed)
    rows = listed(one)
    listed(other)
    one.bar()
    other.bar()
    return _tap(one, other, rng.choice(rows), True)


def greys(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    """From the black of one dark theme to the grey of another."""
    for screen, level in ((one, 0), (two, 18)):
        screen.box(0, 0, screen.width, screen.height, (level, level, level))
        screen.words(20, screen.device.bar + 60, "Dark", 20, (200, 200, 200))
    return _tap(one, two, (one.width / 2, one.height * 0.8), True)


def ripple(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    """The ring of a touch around the place that was tapped."""
    rows = listed(one)
    listed(two)
    one.bar()
    two.bar()
    x, y = rng.choice(rows)
    veil = Image.new("RGB", two.image.size, two.theme.text)
    mask = Image.new("L", two.image.size)
    scale = two.device.scale
    ImageDraw.Draw(mask).ellipse(
        ((x - 28) * scale, (y - 28) * scale, (x + 28) * scale, (y + 28) * scale),
        rng.choice((22, 30, 44)),
    )
    two.image.paste(veil, mask=mask)
    return _tap(one, two, (x, y), True)


def next_photo(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    """Another photograph, for a button below it."""
    for screen in (one, two):
        screen.bar()
        base = [rng.randrange(30, 225) for _ in range(6)]
        image = Image.linear_gradient("L").resize((200, 200))
        bands = [
            image.point([low + (high - low) * level // 255 for level in range(256)])
            for low, high in zip(base[:3], base[3:], strict=True)
        ]
        photo = Image.merge("RGB", bands)
        pen = ImageDraw.Draw(photo)
        for _ in range(30):
            x, y, r = rng.uniform(0, 200), rng.uniform(0, 200), rng.uniform(5, 40)
            pen.ellipse(
                (x - r, y - r, x + r, y + r), tuple(rng.randrange(20, 235) for _ in range(3))
            )
        screen.paste(
            photo.filter(ImageFilter.GaussianBlur(1)),
            0,
            screen.height * 0.12,
            screen.width,
            screen.height * 0.55,
        )
        screen.box(
            screen.width / 2 - 40,
            screen.height * 0.85,
            screen.width / 2 + 40,
            screen.height * 0.92,
            screen.theme.accent,
            8,
        )
    return _tap(one, two, (one.width / 2, one.height * 0.88), True)


def pane(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    """A column of names beside what belongs to the chosen one, which is not marked."""
    for screen in (one, two):
        listed(screen, seed=rng.randrange(1 << 20))
        screen.bar()
        wide = screen.width * 0.3
        screen.box(0, screen.device.bar, wide, screen.height, screen.theme.card)
        for at in range(5):
            screen.words(12, screen.device.bar + 60 + 40 * at, "Folder", 15)
            screen.words(wide + 20, screen.device.bar + 60 + 40 * at, rng.choice(_WORDS), 15)
    return _tap(one, two, (one.width * 0.1, one.height * 0.8), True)


STILL: Final[dict[str, Draw]] = {
    "nothing": nothing,
    "clock": clock,
    "hour": hour,
    "battery": battery,
    "cursor elsewhere": cursor,
    "film": film,
    "noise film": noise_film,
    "panning film": panning_film,
    "spinner": spinner,
    "softened": softened,
    "small film": small_film,
    "ball": ball,
    "progress": progress,
    "smoothed": smoothed,
    "type nothing": type_nothing,
    "back nothing": back_nothing,
    "swipe at the end": swipe_at_the_end,
}
CHANGED: Final[dict[str, Draw]] = {
    **{name: _control(name) for name in CONTROLS},
    "letter": letter,
    "caret moved": caret_moved,
    "caret came": caret_came,
    "keyboard": keyboard_came,
    "toast": toast,
    "bare message": bare_message,
    "badge": badge,
    "calculator": calculator,
    "dialog": dialog,
    "faint menu": faint_menu,
    "scrolled": scrolled,
    "page": page_changed,
    "dark mode": dark_mode,
    "greys": greys,
    "ripple": ripple,
    "next photo": next_photo,
    "pane": pane,
    "toast over film": toast_over_film,
    "switch and film": switch_and_film,
    "chosen row": chosen_row,
    "slider": slider,
    "password dot": password_dot,
    "centred letter": centred_letter,
}
_NO_BAR: Final = frozenset({"clock", "hour", "battery"})
CODECS: Final = ("png", "jpeg 90", "jpeg 75", "jpeg 85/75", "webp 80", "webp 90/75", "sensor")


def pairs(count: int, seed: int = 1) -> Iterator[Pair]:
    """Yield *count* pairs, each kind equally often; the same ones for one seed."""
    kinds = [*STILL.items(), *CHANGED.items()]
    for at in range(count):
        name, draw = kinds[at % len(kinds)]
        rng = random.Random(f"{seed} {at}")
        devices = [each for each in DEVICES if each.bar or name not in _NO_BAR]
        device, theme, codec = rng.choice(devices), rng.choice(THEMES), rng.choice(CODECS)
        yield drawn(name, draw, device, theme, codec, rng)


def drawn(
    name: str, draw: Draw, device: Device, theme: Theme, codec: str, rng: random.Random
) -> Pair:
    """Return one pair."""
    seed = rng.randrange(1 << 30)
    found = draw(Screen(device, theme, seed), Screen(device, theme, seed), rng)
    before, after = (
        _encoded(screen.image, codec, first)
        for screen, first in ((found.before, True), (found.after, False))
    )
    places: list[float | None] = []
    for point in (found.at, found.to):
        places += (
            [None, None]
            if point is None
            else [point[0] / found.before.width * 1000, point[1] / found.before.height * 1000]
        )
    return Pair(
        name,
        device,
        theme.name,
        codec,
        before,
        after,
        found.action,
        tuple(places),
        found.has_effect,
    )  # type: ignore[arg-type]


def _encoded(image: Image.Image, codec: str, is_first: bool) -> bytes:
    buffer = io.BytesIO()
    form, _, qualities = codec.partition(" ")
    if form == "sensor":  # a capture through a camera or a video stream
        noise = Image.effect_noise(image.size, 3)
        noisy = [
            Image.blend(band, Image.composite(band, noise, Image.new("L", image.size, 250)), 1.0)
            for band in image.split()
        ]
        Image.merge("RGB", noisy).save(buffer, "PNG", compress_level=1)
    elif form == "png":
        image.save(buffer, "PNG", compress_level=1)
    else:
        first, _, second = qualities.partition("/")
        quality = int(first if is_first or not second else second)
        image.save(
            buffer, form.upper(), quality=quality, **({"method": 0} if form == "webp" else {})
        )
    return buffer.getvalue()
