"""
A phone whose agent is told what to do, recorded as any other by `otel_steps.task` and `step`.

The screens are those of the demo's phone and of the tests' own, with what may go wrong drawn on
them; what a step does to the phone happens when it is over.
"""

import io
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from PIL import Image, ImageDraw

import otel_steps
from otel_steps import semconv
from otel_steps.demo.phone import Phone
from otel_steps.demo.words import APP_NAMES
from tests.fakes.phone import draw_screen

SIZE: Final = (540, 1200)
HOME: Final = "System Home"
_DRAWN: dict[str, Image.Image] = {}


class Stage:
    """
    One run on its phone.

    Args:
        task: What `otel_steps.task` has yielded.
        lang: Of the phone.
        has_pictures: Whether steps are recorded with their screen.

    Attributes:
        app: What is in front, where it is not the phone's own idea.
        page: The number of a screen of another app, drawn in place of the phone's own.
        dialog: The words of a dialog in front, which keeps all touches.
        hidden: "black", or "protected" as by a secure window.
        is_frozen: Whether the phone answers at all.
        fields: What stands in the fields of a form, by their places down the screen in thousandths.
        falls: Whether the next touch throws the app back to the home screen.
    """

    def __init__(self, task: Any, lang: str, *, has_pictures: bool = True) -> None:
        self.task = task
        self.phone = Phone(lang)
        self.has_pictures = has_pictures
        self.app: str | None = None
        self.page: int | None = None
        self.dialog = ""
        self.hidden = ""
        self.is_frozen = self.falls = False
        self.fields: dict[int, str] = {}

    @property
    def front(self) -> str:
        """The app in front, as the agent is told."""
        return self.app or self.phone.app

    def act(
        self,
        name: str,
        thinking: str = "",
        *,
        result: str | None = None,
        error: str | None = None,
        kind: semconv.ErrorKind = "action_error",
        **arguments: Any,
    ) -> None:
        """Take a step: look, think, act; with *error* it fails."""
        action = {"_metadata": "do", "action": name, **arguments}
        with self._step(thinking, action) as step:
            step.set(action_result={"success": error is None, "message": error or result})
            if error is not None:
                step.fail(error, error_kind=kind)
        if error is None:
            self._happen(name, arguments)

    def fail(self, error: str, kind: semconv.ErrorKind, thinking: str = "") -> None:
        """Take a step that comes to no action."""
        with self._step(thinking, None) as step:
            step.fail(error, error_kind=kind)

    def finish(self, message: str, thinking: str = "") -> None:
        """Take the step that says that the task is over."""
        with self._step(thinking, {"_metadata": "finish", "message": message}) as step:
            step.set(finished=True)

    def tap(self, x: int, y: int, thinking: str = "", **more: Any) -> None:
        """Tap, in thousandths of the screen."""
        self.act("Tap", thinking, element=[x, y], **more)

    def launch(self, app: str, thinking: str = "", **more: Any) -> None:
        """Open an app."""
        self.act("Launch", thinking, app=app, **more)

    def type(self, text: str, thinking: str = "", **more: Any) -> None:
        """Type."""
        self.act("Type", thinking, text=text, **more)

    def swipe(self, start: int, end: int, thinking: str = "", **more: Any) -> None:
        """Swipe up or down in the middle."""
        self.act("Swipe", thinking, start=[500, start], end=[500, end], **more)

    def other(self, app: str, page: int = 1) -> None:
        """Have another app in front than those of the phone."""
        self.app, self.page = app, page

    def _step(self, thinking: str, action: Any) -> Any:
        attributes = {semconv.SCREENSHOT_SENSITIVE: True} if self.hidden == "protected" else None
        block = otel_steps.step(
            thinking=thinking or None,
            action=action,
            app=self.front,
            screenshot=self.shot() if self.has_pictures else None,
        )
        return _With(block, attributes)

    def shot(self) -> bytes:
        """Return what the screen shows."""
        if self.hidden:
            return _encoded(Image.new("RGB", SIZE))
        image = self._drawn() if self.page is None else _listed(self.page, self.front)
        if self.fields:
            image = _with_fields(image, self.fields)
        return _encoded(_with_dialog(image, self.dialog) if self.dialog else image)

    def _drawn(self) -> Image.Image:
        # Drawing takes a tenth of a second, and most runs begin on the same screens.
        state = repr(self.phone.state)
        if state not in _DRAWN:
            png = self.phone.screenshot().png
            _DRAWN[state] = Image.open(io.BytesIO(png)).reduce(2)
        return _DRAWN[state]

    def _happen(self, name: str, arguments: Mapping[str, Any]) -> None:
        if self.is_frozen or (self.dialog and name not in ("Home", "Launch")):
            return
        if self.falls and name == "Tap":
            self.falls = False
            self.app = self.page = None
            self.phone.home()
            return
        if self.page is not None and name in ("Tap", "Swipe"):
            self.page += 1
            return
        match name, arguments:
            case "Tap", {"element": [x, y]}:
                self.phone.tap(x * 1.08, y * 2.4)
            case "Launch", {"app": app} if app in (*APP_NAMES, *APP_NAMES.values()):
                self.app = self.page = None
                self.phone.launch(app)
            case "Swipe", {"start": [_, start], "end": [_, end]}:
                self.phone.swipe(start * 2.4, end * 2.4)
            case "Type", {"text": text}:
                self.phone.type(text)
            case "Back", _:
                self.phone.back()
            case "Home", _:
                self.app = self.page = None
                self.phone.home()


class _With:
    """A step, with attributes that only an instrumentation knows."""

    def __init__(self, block: Any, attributes: Mapping[str, Any] | None) -> None:
        self._block, self._attributes = block, attributes

    def __enter__(self) -> Any:
        step = self._block.__enter__()
        if self._attributes:
            step.set(attributes=self._attributes)
        return step

    def __exit__(self, *error: Any) -> None:
        self._block.__exit__(*error)


@lru_cache(maxsize=64)
def _listed(number: int, app: str) -> Image.Image:
    seed = 7 * number + sum(map(ord, app))
    image = draw_screen(seed % 12).convert("RGB").resize(SIZE)
    draw = ImageDraw.Draw(image)
    for part in range(3):
        left, top = (seed * (part + 3)) % 5 * 100, (seed * (part + 5)) % 9 * 120 + 60
        draw.rectangle((left, top, left + 240, top + 200), ("teal", "navy", "orange")[part])
    return image


def _with_fields(image: Image.Image, fields: Mapping[int, str]) -> Image.Image:
    image = image.copy()
    draw = ImageDraw.Draw(image)
    for place, text in fields.items():
        y = place * SIZE[1] // 1000
        draw.rectangle((40, y - 30, 500, y + 30), fill="white", outline="black")
        draw.text((60, y - 14), text, fill="black", font_size=26)
    return image


def _with_dialog(image: Image.Image, words: str) -> Image.Image:
    image = Image.blend(image, Image.new("RGB", image.size), 0.5)
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((50, 440, 490, 760), 30, fill="white")
    draw.text((80, 480), words, fill="black", font_size=22)
    for row, word in enumerate(("While using the app", "Only this time", "Don't allow")):
        draw.text((180, 590 + row * 50), word, fill="blue", font_size=22)
    return image


@lru_cache(maxsize=64)
def _png(pixels: bytes) -> bytes:
    buffer = io.BytesIO()
    Image.frombytes("RGB", SIZE, pixels).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def _encoded(image: Image.Image) -> bytes:
    return _png(image.convert("RGB").tobytes())
