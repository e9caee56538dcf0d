"""
Pairs of screens between which an action did something, however little of it can be seen.
"""

import random
from typing import Final

from PIL import Image, ImageDraw, ImageFilter

from tests.benchmarks.drawn_pair import Draw, Drawn, far_below, tap
from tests.benchmarks.drawn_screen import CONTROLS, THEMES, WORDS, Screen, listed, switch
from tests.benchmarks.still_pairs import ball, film, panning_film, spinner


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
    switch(one, one.width - 40, y, is_on)
    switch(two, two.width - 40, y, not is_on)
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
    return tap(one, two, (x, y), True)


def slider(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    start, end = rng.sample((0.2, 0.4, 0.6, 0.8), 2)
    y = one.height * 0.6
    for screen, share in ((one, start), (two, end)):
        listed(screen)
        screen.bar()
        screen.box(0, y - 30, screen.width, y + 30, screen.theme.page)
        screen.box(20, y - 2, screen.width - 20, y + 2, screen.theme.off)
        screen.disc(20 + (screen.width - 40) * share, y, 9, screen.theme.accent)
    return tap(one, two, (20 + (one.width - 40) * end, y), True)


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
    return tap(one, two, (one.width * rng.uniform(0.1, 0.9), one.height * 0.85), True)


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
    return tap(one, two, (one.width * rng.uniform(0.1, 0.9), one.height * 0.9), True)


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
        return tap(one, two, (x, rows[row][1] + rng.uniform(-20, 20)), True)

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
    return tap(
        one, two, (one.width * rng.uniform(0.1, 0.9), one.height * rng.uniform(0.75, 0.9)), True
    )


def caret_moved(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    top = one.device.bar + 70 + rng.choice((0.0, 128.0))
    first, then = rng.sample(range(30, 150, 12), 2)
    for screen, at in ((one, first), (two, then)):
        listed(screen)
        screen.bar()
        _field(screen, "some words in here", caret=at, top=top)
    return tap(one, two, (then + rng.uniform(-12, 12), top + 24), True)


def caret_came(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    """A tap into a field: its cursor begins to blink."""
    top = one.device.bar + 70
    for screen, at in ((one, None), (two, 30.0)):
        listed(screen)
        screen.bar()
        _field(screen, "", caret=at, top=top)
    return tap(one, two, (one.width * rng.uniform(0.1, 0.8), top + 24), True)


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
    return tap(one, two, (one.width / 2, one.device.bar + 94), True)


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
    return tap(one, two, rng.choice(rows), True)


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
    return tap(one, two, (one.width / 2, one.height - 65), True)


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
    return tap(one, two, far_below(one, rng), True)


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
    return tap(one, two, (one.width * 0.5, one.height * 0.74), True)


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
    return tap(one, two, rng.choice(rows), True)


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
    return tap(one, two, (one.width * 0.2, one.height * 0.9), True)


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
    return tap(one, other, rng.choice(rows), True)


def greys(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    """From the black of one dark theme to the grey of another."""
    for screen, level in ((one, 0), (two, 18)):
        screen.box(0, 0, screen.width, screen.height, (level, level, level))
        screen.words(20, screen.device.bar + 60, "Dark", 20, (200, 200, 200))
    return tap(one, two, (one.width / 2, one.height * 0.8), True)


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
    return tap(one, two, (x, y), True)


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
    return tap(one, two, (one.width / 2, one.height * 0.88), True)


def pane(one: Screen, two: Screen, rng: random.Random) -> Drawn:
    """A column of names beside what belongs to the chosen one, which is not marked."""
    for screen in (one, two):
        listed(screen, seed=rng.randrange(1 << 20))
        screen.bar()
        wide = screen.width * 0.3
        screen.box(0, screen.device.bar, wide, screen.height, screen.theme.card)
        for at in range(5):
            screen.words(12, screen.device.bar + 60 + 40 * at, "Folder", 15)
            screen.words(wide + 20, screen.device.bar + 60 + 40 * at, rng.choice(WORDS), 15)
    return tap(one, two, (one.width * 0.1, one.height * 0.8), True)


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
