"""
Pairs of screens between which an action did nothing: what changes there changes by itself.
"""

import random
from collections.abc import Callable
from typing import Final

from PIL import Image, ImageDraw, ImageFilter

from tests.benchmarks.drawn_pair import Draw, Drawn, far_below, tap
from tests.benchmarks.drawn_screen import Screen, listed


def nothing(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    rows = listed(one)
    listed(two)
    one.bar()
    two.bar()
    return tap(one, two, rng.choice(rows), False)


def clock(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    rows = listed(one)
    listed(two)
    minute = rng.randrange(10, 58)
    one.bar(f"9:{minute}")
    two.bar(f"9:{minute + 1}")
    return tap(one, two, rng.choice(rows), False)


def hour(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    rows = listed(one)
    listed(two)
    one.bar("9:59", 21, 2)
    two.bar("10:00", 20, 3)
    return tap(one, two, rng.choice(rows), False)


def battery(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    rows = listed(one)
    listed(two)
    level = rng.randrange(22, 95)
    one.bar(battery=level)
    two.bar(battery=level - rng.choice((1, 5, 10)))
    return tap(one, two, rng.choice(rows), False)


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
    return tap(one, two, rng.choice(rows[3:]), False)


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
    where = far_below(one, rng) if upright else (one.width * 0.8, one.height * 0.9)
    return tap(one, two, where, False)


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
    return tap(one, two, far_below(one, rng), False)


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
    return tap(one, two, far_below(one, rng), False)


def progress(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    """A thin bar that grows."""
    share = rng.uniform(0.1, 0.6)
    for screen, filled in ((one, share), (two, share + rng.uniform(0.05, 0.35))):
        listed(screen)
        screen.bar()
        y = screen.device.bar + 52
        screen.box(0, y, screen.width, y + 3, screen.theme.off)
        screen.box(0, y, screen.width * filled, y + 3, screen.theme.accent)
    return tap(one, two, far_below(one, rng), False)


def smoothed(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    """The same words, smoothed anew: a third of a pixel to the right."""
    rows = listed(one)
    listed(two, shift=rng.uniform(0.2, 0.6))
    one.bar("9:41")
    two.bar("9:42")
    return tap(one, two, rng.choice(rows), False)


def softened(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    """The same screen through a scaler that softens it a little."""
    rows = listed(one, on=1)
    listed(two, on=1)
    one.bar("9:41")
    two.bar("9:42")
    two.image = two.image.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 0.7)))
    return tap(one, two, rng.choice(rows), False)


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
