"""
A phone that exists in memory: it shows screens and reacts to gestures, as a device behind adb does.
"""

from copy import deepcopy
from dataclasses import dataclass
from typing import Final

from otel_steps.demo.canvas import HEIGHT, WIDTH, Canvas
from otel_steps.demo.screens import draw, scroll_limit
from otel_steps.demo.state import PhoneState
from otel_steps.demo.words import APP_NAMES

DEVICE_ID: Final = "simulated-phone"


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture of the screen: PNG bytes and the size in pixels."""

    png: bytes
    width: int = WIDTH
    height: int = HEIGHT


class Phone:
    """
    A simulated phone with a home screen, settings, a chat app and a camera.

    Attributes:
        state: What the screen shows; gestures change it.
    """

    def __init__(self, lang: str = "en") -> None:
        self.state = PhoneState(lang=lang)
        self._drawn: tuple[PhoneState, Canvas] | None = None

    @property
    def app(self) -> str:
        """The name of the app in front."""
        return self.state.app or "System Home"

    def speak(self, lang: str) -> None:
        """Go to the home screen and show everything in *lang* (`en` or `zh`)."""
        self.home()
        self.state.lang = lang

    def screenshot(self) -> Frame:
        """Return what the screen shows now."""
        return Frame(self._screen().png())

    def launch(self, name: str) -> bool:
        """Open the app called *name* (English or Chinese); False if there is none."""
        english = {chinese: english for english, chinese in APP_NAMES.items()}.get(name, name)
        if english not in APP_NAMES:
            return False
        self.home()
        self.state.app = english
        self.state.minutes += 1
        return True

    def tap(self, x: float, y: float) -> None:
        """Touch the screen at a point; where nothing reacts, nothing happens."""
        targets = reversed(self._screen().targets)
        target = next((each for each in targets if each.covers(x, y)), None)
        if target is not None:
            self._react(target.verb, target.noun)

    def swipe(self, start_y: float, end_y: float) -> None:
        """Drag the screen; only the settings scroll, and no further than to their end."""
        if self.state.app == "Settings":
            wanted = self.state.scroll + round(start_y - end_y)
            self.state.scroll = min(max(wanted, 0), scroll_limit())

    def type(self, text: str) -> None:
        """Put *text* into the field that has the keyboard, in place of what was there."""
        if self.state.keyboard:
            self.state.draft = text

    def back(self) -> None:
        """Close the keyboard, else leave the page, else the app."""
        if self.state.keyboard:
            self.state.keyboard = False
        elif self.state.page:
            self.state.page = ""
        else:
            self.state.app = None

    def home(self) -> None:
        """Show the home screen; apps forget their page."""
        self.state.app = None
        self.state.page = ""
        self.state.keyboard = False
        self.state.draft = ""
        self.state.scroll = 0

    def _screen(self) -> Canvas:
        # Drawing takes a tenth of a second, and an agent both looks at a screen and taps on it.
        if self._drawn is None or self._drawn[0] != self.state:
            self._drawn = deepcopy(self.state), draw(self.state)
        return self._drawn[1]

    def _react(self, verb: str, noun: str) -> None:
        match verb:
            case "launch":
                self.launch(noun)
            case "toggle":
                self.state.switches ^= {noun}
            case "open":
                self.state.page = noun
                self.state.messages = [
                    (False, "It is raining hard here."),
                    (True, "Just got off the metro"),
                    (False, "Are you home yet?"),
                ]
            case "focus":
                self.state.keyboard = True
            case "send":
                self._send()
            case "shutter":
                self.state.photos += 1
            case "photo":
                self.state.page = "photo"
            case "back":
                self.back()

    def _send(self) -> None:
        if self.state.draft:
            self.state.messages.append((True, self.state.draft))
            self.state.messages.append((False, "Great! Have a good rest"))
            self.state.draft = ""
