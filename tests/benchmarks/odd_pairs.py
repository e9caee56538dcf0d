"""
More pairs of screens: what moves softly, what is thin, and what covers all of the screen a little.
"""

import random
from typing import Final

from PIL import Image, ImageDraw, ImageFilter

from tests.benchmarks.drawn_pair import Draw, Drawn, far_below, tap
from tests.benchmarks.drawn_screen import Screen, listed
from tests.benchmarks.still_pairs import film, panning_film


def _film_box(screen: Screen) -> tuple[int, int, int, int]:
    """Return where `still_pairs` has its film, in pixels."""
    wide = screen.width if screen.height > screen.width else screen.width * 0.45
    top, scale = screen.device.bar + 56, screen.device.scale
    high = min(wide * 9 / 16, screen.height * 0.45)
    return 0, round(top * scale), round(wide * scale), round((top + high) * scale)


def soft_film(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    """A film out of focus, as behind a sheet of frosted glass."""
    drawn = rng.choice((film, panning_film))(one, two, rng)
    radius = rng.uniform(4, 14) * one.device.scale
    for screen in (one, two):
        box = _film_box(screen)
        soft = screen.image.crop(box).filter(ImageFilter.GaussianBlur(radius))
        screen.image.paste(soft, box[:2])
    return drawn


def toast_over_soft_film(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    """A message, dark, light or half transparent, before such a film."""
    drawn = soft_film(one, two, rng)
    left, top, right, bottom = _film_box(two)
    scale = two.device.scale
    wide, high = min(rng.choice((120, 200)) * scale, (right - left) * 0.8), 34 * scale
    x, y = (left + right - wide) / 2, top + (bottom - top) * rng.choice((0.2, 0.5, 0.75)) - high / 2
    veil = two.image.copy()
    fill = rng.choice(((40, 40, 44), (60, 62, 66), (240, 240, 240)))
    pen = ImageDraw.Draw(veil)
    pen.rounded_rectangle((x, y, x + wide, y + high), high / 2, fill)
    two.image.paste(Image.blend(two.image, veil, rng.choice((0.75, 0.9, 1.0))))
    words = (255, 255, 255) if fill[0] < 128 else (20, 20, 20)
    ImageDraw.Draw(two.image).text(
        (x + high / 2, y + high / 4), "Saved", words, font_size=14 * scale
    )
    return drawn._replace(has_effect=True)


def dimmed(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    """All of the screen a little darker: what a menu or a setting of the light does."""
    rows = listed(one)
    listed(two)
    one.bar()
    two.bar()
    black = Image.new("RGB", two.image.size)
    two.image.paste(Image.blend(two.image, black, rng.choice((0.12, 0.25, 0.5))))
    return tap(one, two, rng.choice(rows), True)


def tab(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    """The thin line below the chosen one of four words; the page below is empty in both."""
    first, then = rng.sample(range(4), 2)
    y = one.device.bar + 96
    wide = one.width / 4
    for screen, at in ((one, first), (two, then)):
        screen.bar()
        for each in range(4):
            screen.words(each * wide + 12, y - 26, ("All", "Open", "Done", "Mine")[each], 14)
        screen.box(at * wide, y, at * wide + wide, y + 2, screen.theme.accent)
    return tap(one, two, (then * wide + wide / 2, y - 18), True)


def divider(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    """A line of one pixel below the row that was tapped, as one that is opened has."""
    rows = listed(one)
    listed(two)
    one.bar()
    two.bar()
    x, y = rng.choice(rows)
    pixel = 1 / two.device.scale
    two.box(16, y + 26, two.width - 16, y + 26 + pixel, two.theme.text)
    return tap(one, two, (x, y), True)


def _photo(rng: random.Random) -> Image.Image:
    image = Image.new("RGB", (320, 200), tuple(rng.randrange(60, 200) for _ in range(3)))
    pen = ImageDraw.Draw(image)
    for _ in range(24):
        x, y, r = rng.uniform(0, 320), rng.uniform(0, 200), rng.uniform(6, 50)
        pen.ellipse((x - r, y - r, x + r, y + r), tuple(rng.randrange(20, 235) for _ in range(3)))
    return image.filter(ImageFilter.GaussianBlur(1))


def carousel(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    """Swiped on from one card to the next, with the dots below."""
    high = min(180.0, one.height * 0.4)
    top = one.device.bar + 60
    for at, screen in enumerate((one, two)):
        listed(screen)
        screen.bar()
        screen.box(0, top - 4, screen.width, top + high + 24, screen.theme.page)
        screen.paste(_photo(rng), 16, top, screen.width - 16, top + high)
        for dot in range(4):
            fill = screen.theme.accent if dot == at else screen.theme.off
            screen.disc(screen.width / 2 - 24 + 16 * dot, top + high + 12, 4, fill)
    start, end = (one.width * 0.8, top + high / 2), (one.width * 0.2, top + high / 2)
    return Drawn(one, two, "swipe", start, True, end)


def map_dragged(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    """Streets on a pale ground, moved on by a finger."""
    image = Image.new("RGB", (900, 900), (232, 234, 228))
    pen = ImageDraw.Draw(image)
    for _ in range(160):
        x, y = rng.uniform(0, 900), rng.uniform(0, 900)
        across = rng.random() < 0.5
        end = (x + 500, y + rng.uniform(-90, 90)) if across else (x + rng.uniform(-90, 90), y + 500)
        pen.line((x, y, *end), (255, 255, 255), rng.choice((3, 6, 10)))
    dx, dy = rng.uniform(-60, 60), rng.choice((-1, 1)) * rng.uniform(20, 90)
    for at, screen in enumerate((one, two)):
        left, top = 200 + dx * at, 200 + dy * at
        share = min(1.0, screen.width / screen.height)
        part = image.crop((round(left), round(top), round(left + 500 * share), round(top + 500)))
        screen.paste(part, 0, 0, screen.width, screen.height)
        screen.box(
            12,
            screen.device.bar + 8,
            screen.width - 12,
            screen.device.bar + 48,
            (255, 255, 255),
            20,
        )
        screen.bar()
    start = (one.width / 2, one.height * 0.5)
    end = (start[0] - dx / 2, start[1] - dy / 2)
    return Drawn(one, two, "swipe", start, True, end)


def thin_progress(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    """A bar of one or two units at the top of a page that loads, with a light that runs along."""
    high = rng.choice((1.0, 2.0, 4.0))
    y = one.device.bar + 50
    start = rng.uniform(0, 0.5)
    for screen, left in ((one, start), (two, start + rng.uniform(0.1, 0.3))):
        listed(screen)
        screen.bar()
        screen.box(0, y, screen.width, y + high, screen.theme.off)
        screen.box(
            screen.width * left, y, screen.width * (left + 0.2), y + high, screen.theme.accent
        )
    return tap(one, two, far_below(one, rng), False)


def blinking(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    """A cursor in a field in the middle, with a keyboard below, for a key of the phone."""
    top = one.height * 0.3
    for screen, is_there in zip((one, two), rng.sample((True, False), 2), strict=True):
        screen.bar()
        screen.box(16, top, screen.width - 16, top + 48, screen.theme.card, 8)
        screen.words(28, top + 14, "to whom it may concern", 16)
        if is_there:
            screen.box(210, top + 12, 212, top + 36, screen.theme.accent)
    return Drawn(one, two, rng.choice(("back", "wait", "home")), None, False)


def charging(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    """The battery fuller, and a sign more beside it."""
    rows = listed(one)
    listed(two)
    one.bar(battery=40)
    two.bar(battery=41 + rng.randrange(20), icons=3)
    return tap(one, two, rng.choice(rows), False)


STILL_ODD: Final[dict[str, Draw]] = {
    "soft film": soft_film,
    "thin progress": thin_progress,
    "blinking": blinking,
    "charging": charging,
}
CHANGED_ODD: Final[dict[str, Draw]] = {
    "toast over soft film": toast_over_soft_film,
    "dimmed": dimmed,
    "tab": tab,
    "divider": divider,
    "carousel": carousel,
    "map dragged": map_dragged,
}
