"""
What the simulated phone shows: each screen draws a `PhoneState` and notes what can be touched.

The layout stands here alone; `phone` reacts to the targets and knows no coordinates.
"""

from collections.abc import Callable
from typing import Final

from otel_steps.demo.canvas import HEIGHT, WIDTH, Canvas
from otel_steps.demo.chat import draw_chat
from otel_steps.demo.icons import draw_icon
from otel_steps.demo.state import DARK, GREEN, NAVIGATION_BAR, PhoneState

ROW: Final = 168
LIST_TOP: Final = 480


# Name, pictogram, colour; the first eight fill the grid, the rest the dock.
APPS: Final = (
    ("Photos", "picture", "#ff8a3d"),
    ("Maps", "pin", "#2fae60"),
    ("Music", "music", "#e8416b"),
    ("Notes", "lines", "#f2b01e"),
    ("Calendar", "calendar", "#e5484d"),
    ("Weather", "sun", "#3c9bf0"),
    ("Clock", "clock", "#4a4f63"),
    ("Settings", "gear", "#6b7280"),
    ("Phone", "handset", "#22b868"),
    ("Chat", "bubble", "#12b76a"),
    ("Browser", "globe", "#2f6bff"),
    ("Camera", "camera", "#30343f"),
)

# Label, pictogram, colour, what stands at the right if it is no switch; None makes a gap.
SETTINGS: Final[tuple[tuple[str, str, str, str | None] | None, ...]] = (
    ("Wi-Fi", "waves", "#2f6bff", None),
    ("Bluetooth", "rune", "#2f6bff", None),
    ("Airplane mode", "plane", "#ff8a3d", None),
    None,
    ("Notifications", "bell", "#e5484d", ">"),
    ("Sound", "music", "#e8416b", "60%"),
    ("Location", "pin", "#2fae60", None),
    ("Privacy", "lock", "#4a4f63", ">"),
    None,
    ("Battery", "battery", "#22b868", "82%"),
    ("Storage", "lines", "#f2b01e", "41 GB"),
    ("Calendar", "calendar", "#e5484d", ">"),
    None,
    ("Brightness", "sun", "#3c9bf0", "45%"),
    ("Dark mode", "moon", "#4a4f9c", None),
    ("Language", "globe", "#2f6bff", ">"),
    None,
    ("About phone", "info", "#6b7280", ">"),
)
GAP: Final = 48


def draw(state: PhoneState) -> Canvas:
    """Return the screen of *state*."""
    canvas = Canvas(state.palette.paper)
    screen = _SCREENS.get(state.app or "", _draw_home)
    is_dark_behind = screen in (_draw_home, _draw_camera) or state.palette is DARK
    screen(canvas, state)
    _draw_bars(canvas, state, "#ffffff" if is_dark_behind else state.palette.ink)
    return canvas


def scroll_limit() -> int:
    """Return how far the settings can be scrolled, in pixels."""
    height = sum(GAP if row is None else ROW for row in SETTINGS)
    return max(0, LIST_TOP + height + 60 - (HEIGHT - NAVIGATION_BAR))


def _draw_bars(canvas: Canvas, state: PhoneState, ink: str) -> None:
    clock = f"{state.minutes // 60:02d}:{state.minutes % 60:02d}"
    canvas.text(56, 52, clock, ink, size=40, bold=True)
    for bar in range(4):
        left = 800 + bar * 17
        canvas.panel((left, 64 - bar * 9, left + 11, 70), ink, radius=3)
    if "Bluetooth" in state.switches:
        draw_icon(canvas, "rune", 765, 52, 20, ink, ink)
    if "Wi-Fi" in state.switches:
        draw_icon(canvas, "waves", 906, 54, 24, ink, ink)
    canvas.frame((954, 34, 1016, 70), ink, radius=9, width=4)
    canvas.panel((961, 41, 1003, 63), ink, radius=4)
    canvas.panel((1018, 44, 1024, 60), ink, radius=2)
    canvas.panel((390, HEIGHT - 40, 690, HEIGHT - 28), ink, radius=6)


def _draw_home(canvas: Canvas, state: PhoneState) -> None:
    top, bottom = ("#0b1030", "#3b1f4f") if state.palette is DARK else ("#2b4c9b", "#e79a7b")
    canvas.gradient((0, 0, WIDTH, HEIGHT), top, bottom)
    for x, y, radius in ((900, 420, 340), (120, 1350, 420), (980, 1900, 260)):
        canvas.disc(x, y, radius, (255, 255, 255, 14))
    clock = f"{state.minutes // 60:02d}:{state.minutes % 60:02d}"
    canvas.text(540, 400, clock, "#ffffff", size=230, anchor="mm")
    canvas.text(540, 560, state.word("Friday, October 24"), "#ffffff", size=50, anchor="mm")
    canvas.panel((40, 2020, 1040, 2300), (255, 255, 255, 46), radius=80)
    for position, (name, icon, colour) in enumerate(APPS):
        x = 170 + position % 4 * 247
        y = 2160 if position >= 8 else 1360 + position // 4 * 300
        _draw_app(canvas, name, icon, colour, x, y, state.word(name) if position < 8 else "")


def _draw_app(
    canvas: Canvas, name: str, icon: str, colour: str, x: float, y: float, label: str
) -> None:
    canvas.panel((x - 84, y - 84, x + 84, y + 84), colour, radius=44)
    draw_icon(canvas, icon, x, y, 46, "#ffffff", colour)
    canvas.text(x, y + 122, label, "#ffffff", size=36, anchor="mm")
    canvas.touch((x - 100, y - 100, x + 100, y + 140), "launch", name)


def _draw_settings(canvas: Canvas, state: PhoneState) -> None:
    y = LIST_TOP - state.scroll
    for rows in _cards():
        height = len(rows) * ROW
        canvas.panel((40, y, 1040, y + height), state.palette.card, radius=48)
        for row in rows:
            _draw_setting(canvas, state, row, y)
            if row is not rows[-1]:
                canvas.line([(200, y + ROW), (1000, y + ROW)], state.palette.line, width=2)
            y += ROW
        y += GAP
    # The head covers what has been scrolled under it.
    canvas.panel((0, 0, WIDTH, 440), state.palette.paper)
    canvas.touch((0, 0, WIDTH, 440), "nothing")
    canvas.text(64, 210, state.word("Settings"), state.palette.ink, size=84, bold=True)
    canvas.panel((40, 310, 1040, 420), state.palette.card, radius=55)
    canvas.ring(110, 360, 20, state.palette.faded, width=5)
    canvas.line([(124, 374), (140, 390)], state.palette.faded, width=5)
    canvas.text(170, 366, state.word("Search settings"), state.palette.faded, size=42)


def _cards() -> list[list[tuple[str, str, str, str | None]]]:
    cards: list[list[tuple[str, str, str, str | None]]] = [[]]
    for row in SETTINGS:
        if row is None:
            cards.append([])
        else:
            cards[-1].append(row)
    return cards


def _draw_setting(
    canvas: Canvas, state: PhoneState, row: tuple[str, str, str, str | None], y: float
) -> None:
    label, icon, colour, value = row
    middle = y + ROW / 2
    canvas.panel((80, middle - 48, 176, middle + 48), colour, radius=28)
    draw_icon(canvas, icon, 128, middle, 27, "#ffffff", colour)
    canvas.text(216, middle, state.word(label), state.palette.ink, size=48)
    if value is not None:
        canvas.text(992, middle, value, state.palette.faded, size=42, anchor="rm")
        return
    is_on = label in state.switches
    canvas.panel(
        (868, middle - 40, 1000, middle + 40), GREEN if is_on else state.palette.line, radius=40
    )
    canvas.disc(960 if is_on else 908, middle, 32, "#ffffff")
    canvas.touch((40, y, 1040, y + ROW), "toggle", label)


def _draw_camera(canvas: Canvas, state: PhoneState) -> None:
    canvas.panel((0, 0, WIDTH, HEIGHT), "#000000")
    if state.page:
        _draw_scene(canvas, (0, 480, WIDTH, 1920))
        canvas.text(540, 200, f"{state.photos} / {state.photos}", "#ffffff", size=44, anchor="mm")
        return
    _draw_scene(canvas, (0, 160, WIDTH, 1760))
    for x in (360, 720):
        canvas.line([(x, 160), (x, 1760)], (255, 255, 255, 60), width=2)
    for y in (693, 1227):
        canvas.line([(0, y), (WIDTH, y)], (255, 255, 255, 60), width=2)
    for x, mode in ((300, "VIDEO"), (540, "PHOTO"), (800, "PORTRAIT")):
        ink = "#ffd54f" if mode == "PHOTO" else "#ffffff"
        canvas.text(x, 1850, state.word(mode), ink, size=40, anchor="mm")
    canvas.disc(540, 2080, 118, "#ffffff")
    canvas.ring(540, 2080, 100, "#000000", width=8)
    canvas.touch((422, 1962, 658, 2198), "shutter")
    canvas.ring(860, 2080, 76, "#8a8f9c", width=6)
    draw_icon(canvas, "flip", 860, 2080, 40, "#ffffff", "#000000")
    _draw_thumbnail(canvas, state)


def _draw_thumbnail(canvas: Canvas, state: PhoneState) -> None:
    box = (144, 2004, 296, 2156)
    canvas.frame((136, 1996, 304, 2164), "#ffffff" if state.photos else "#4a4f63", radius=24)
    if state.photos:
        _draw_scene(canvas, box)
        canvas.touch(box, "photo")


def _draw_scene(canvas: Canvas, box: tuple[float, float, float, float]) -> None:
    left, top, right, bottom = box
    width, height = right - left, bottom - top

    def place(x: float, y: float) -> tuple[float, float]:
        return left + x * width, top + y * height

    canvas.gradient(box, "#5aa7ea", "#fbe3b5")
    canvas.disc(*place(0.72, 0.3), 0.1 * width, "#fff3c4")
    for colour, ridge in _RIDGES:
        points = [place(x, y) for x, y in ridge]
        canvas.shape([place(0, 1), *points, place(1, 1)], colour)
    canvas.shape([place(0.4, 1), place(0.49, 0.78), place(0.53, 0.78), place(0.66, 1)], "#e9d9a8")


_RIDGES: Final = (
    ("#7f9bc4", ((0, 0.5), (0.2, 0.38), (0.38, 0.52), (0.6, 0.36), (0.8, 0.5), (1, 0.42))),
    ("#4f8a6b", ((0, 0.62), (0.3, 0.55), (0.55, 0.66), (0.8, 0.58), (1, 0.66))),
    ("#2f6b46", ((0, 0.74), (0.25, 0.78), (0.5, 0.74), (0.75, 0.8), (1, 0.76))),
)

_SCREENS: Final[dict[str, Callable[[Canvas, PhoneState], None]]] = {
    "": _draw_home,
    "Settings": _draw_settings,
    "Chat": draw_chat,
    "Camera": _draw_camera,
}
