"""
Pairs of screens on which there is hardly anything but what has changed, and faint marks in pages.
"""

import random
from typing import Final

from PIL import Image

from tests.benchmarks.drawn_pair import Draw, Drawn, tap
from tests.benchmarks.drawn_screen import Screen, listed


def focus_ring(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    """An empty field on an empty page, whose thin frame is another colour."""
    y = one.height * rng.uniform(0.3, 0.6)
    for screen, fill in ((one, one.theme.off), (two, two.theme.accent)):
        screen.bar()
        screen.box(16, y, screen.width - 16, y + 44, fill, 6)
        screen.box(17, y + 1, screen.width - 17, y + 43, screen.theme.page, 5)
    return tap(one, two, (one.width / 2, y + 22), True)


def chosen_face(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    """The ring around one of four faces, on an empty page, is around another one."""
    first, then = rng.sample(range(4), 2)
    y = one.device.bar + 80
    for screen, chosen in ((one, first), (two, then)):
        screen.bar()
        for at in range(4):
            if at == chosen:
                screen.disc(50 + at * 70, y, 27, screen.theme.accent)
            screen.disc(50 + at * 70, y, 25, screen.theme.card)
    return tap(one, two, (50 + then * 70, y), True)


def lone_icon(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    """The only icon of a page turns, as an arrow that says in which order things are."""
    start = rng.uniform(0, 90)
    for screen, turned in ((one, 0), (two, 170)):
        screen.bar()
        screen.arc(60, screen.device.bar + 60, 12, start + turned, screen.theme.text, 2.5)
    return tap(one, two, (60, one.device.bar + 64), True)


def marked_words(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    """A word has a pale ground after a long press."""
    _, y = rng.choice(listed(one))
    listed(two)
    one.bar()
    two.bar()
    scale = two.device.scale
    box = tuple(round(edge * scale) for edge in (24, y - 20, 84, y - 2))
    part = two.image.crop(box)
    tint = Image.new("RGB", part.size, two.theme.accent)
    two.image.paste(Image.blend(part, tint, 0.18), box[:2])
    return Drawn(one, two, "long_press", (50, y - 12), True)


def struck_out(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    """A thin line goes through the words that were tapped."""
    _, y = rng.choice(listed(one))
    listed(two)
    one.bar()
    two.bar()
    two.box(24, y - 13, 120, y - 12, two.theme.text)
    return tap(one, two, (30, y), True)


SPARSE: Final[dict[str, Draw]] = {
    "focus ring": focus_ring,
    "chosen face": chosen_face,
    "lone icon": lone_icon,
}
CHANGED_SPARSE: Final[dict[str, Draw]] = {
    **SPARSE,
    "marked words": marked_words,
    "struck out": struck_out,
}
