"""The chat app of the simulated phone: a list of conversations, a conversation, a keyboard."""

from typing import Final

from otel_steps.demo.canvas import HEIGHT, WIDTH, Canvas
from otel_steps.demo.state import ACCENT, GREEN, NAVIGATION_BAR, PhoneState

KEYBOARD_TOP: Final = 1560

# Name, last message, time, colour of the picture.
CHATS: Final = (
    ("Rain", "Are you home yet?", "10:05", "#5b8def"),
    ("Mum", "Dinner on Sunday?", "09:41", "#ef7b9c"),
    ("Hiking group", "Sunrise at 6:12, meet at 5", "08:30", "#3fae8a"),
    ("Delivery", "Your order has arrived", "Thu", "#f0a13a"),
    ("Dad", "The router works again", "Wed", "#8a6fdf"),
    ("Work", "Slides are in the folder", "Tue", "#566077"),
)


def draw_chat(canvas: Canvas, state: PhoneState) -> None:
    """Draw the conversation that is open, else the list of them."""
    if state.page:
        _draw_conversation(canvas, state)
        return
    canvas.text(64, 210, state.word("Chat"), state.palette.ink, size=84, bold=True)
    for position, (name, message, time, colour) in enumerate(CHATS):
        y = 330 + position * 220
        word = state.word(name)
        canvas.disc(140, y + 110, 72, colour)
        canvas.text(140, y + 110, word[0], "#ffffff", size=64, anchor="mm")
        canvas.text(248, y + 80, word, state.palette.ink, size=50, bold=True)
        canvas.text(248, y + 146, state.word(message), state.palette.faded, size=40)
        canvas.text(1020, y + 80, time, state.palette.faded, size=36, anchor="rm")
        canvas.line([(248, y + 220), (1040, y + 220)], state.palette.line, width=2)
        canvas.touch((0, y, WIDTH, y + 220), "open", name)


def _draw_conversation(canvas: Canvas, state: PhoneState) -> None:
    canvas.panel((0, 0, WIDTH, 260), state.palette.card)
    canvas.line([(80, 150), (50, 182), (80, 214)], state.palette.ink, width=8)
    canvas.touch((0, 120, 130, 250), "back")
    canvas.text(
        540, 182, state.word(state.page), state.palette.ink, size=54, anchor="mm", bold=True
    )
    canvas.text(540, 320, state.word("Today"), state.palette.faded, size=34, anchor="mm")
    y = 400.0
    for mine, text in state.messages:
        y = _draw_bubble(canvas, state, mine, text, y)
    bottom = KEYBOARD_TOP if state.keyboard else HEIGHT - NAVIGATION_BAR
    _draw_input(canvas, state, bottom)
    if state.keyboard:
        _draw_keyboard(canvas, state)


def _draw_bubble(canvas: Canvas, state: PhoneState, mine: bool, text: str, y: float) -> float:
    word = state.word(text)
    width = canvas.text_width(word, size=46) + 88
    left = WIDTH - 48 - width if mine else 160
    if not mine:
        canvas.disc(90, y + 55, 48, "#5b8def")
        name = state.word(state.page)
        canvas.text(90, y + 55, name[0], "#ffffff", size=44, anchor="mm")
    canvas.panel((left, y, left + width, y + 112), GREEN if mine else state.palette.card, radius=44)
    ink = "#ffffff" if mine else state.palette.ink
    canvas.text(left + 44, y + 56, word, ink, size=46)
    return y + 160


def _draw_input(canvas: Canvas, state: PhoneState, bottom: float) -> None:
    canvas.panel((0, bottom - 170, WIDTH, bottom), state.palette.card)
    field_box = (40, bottom - 138, 820, bottom - 32)
    canvas.panel(field_box, state.palette.paper, radius=53)
    draft = state.word(state.draft)
    shade = state.palette.ink if draft else state.palette.faded
    canvas.text(90, bottom - 84, draft or state.word("Message"), shade, size=44)
    if state.keyboard:
        x = 90 + canvas.text_width(draft, size=44) + 6
        canvas.line([(x, bottom - 114), (x, bottom - 56)], ACCENT, width=5)
    canvas.touch(field_box, "focus")
    send_box = (850, bottom - 138, 1040, bottom - 32)
    canvas.panel(send_box, GREEN if draft else state.palette.line, radius=53)
    ink = "#ffffff" if draft else state.palette.faded
    canvas.text(945, bottom - 84, state.word("Send"), ink, size=42, anchor="mm")
    canvas.touch(send_box, "send")


def _draw_keyboard(canvas: Canvas, state: PhoneState) -> None:
    canvas.panel((0, KEYBOARD_TOP, WIDTH, HEIGHT), state.palette.line)
    canvas.touch((0, KEYBOARD_TOP, WIDTH, HEIGHT), "nothing")
    for row, letters in enumerate(("qwertyuiop", "asdfghjkl", "zxcvbnm")):
        left = (WIDTH - len(letters) * 104) / 2
        for column, letter in enumerate(letters):
            x, y = left + column * 104, KEYBOARD_TOP + 40 + row * 165
            canvas.panel((x + 7, y, x + 97, y + 138), state.palette.card, radius=20)
            canvas.text(x + 52, y + 66, letter, state.palette.ink, size=56, anchor="mm")
    y = KEYBOARD_TOP + 40 + 3 * 165
    for left, right, label in ((20, 190, "123"), (210, 870, ""), (890, 1060, "OK")):
        canvas.panel((left, y, right, y + 138), state.palette.card, radius=20)
        canvas.text((left + right) / 2, y + 68, label, state.palette.ink, size=44, anchor="mm")
