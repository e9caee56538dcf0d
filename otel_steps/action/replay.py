"""
An action as what `adb shell` runs on the phone. Pure.

Every word of a command is made here of letters, digits and a few signs that mean nothing to a
shell: what a model has typed is in base64, and an app that is not named by its package is none.
"""

import base64
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from otel_steps.action.kinds import action_kind
from otel_steps.action.places import NOWHERE, Places, Point, Size, action_places
from otel_steps.action.shapes import told

# The words after `adb shell`; `PAUSE` and seconds is no command of the phone's.
Command = tuple[str, ...]
PAUSE: Final = "sleep"

_LONG_PRESS_MS: Final = 3000
# As the agent swipes: the farther, the longer, so that nothing is flung.
_SWIPE_MS: Final = (1000, 2000)
_MAX_WAIT_S: Final = 3600.0
_PACKAGE: Final = re.compile(r"[A-Za-z]\w*(\.[A-Za-z]\w*)+", re.ASCII)
_NUMBER: Final = re.compile(r"\d+(\.\d+)?")
_KEYCODE: Final = re.compile(r"KEYCODE_[A-Z0-9_]+")
_KEYS: Final = {
    "enter": "ENTER",
    "return": "ENTER",
    "backspace": "DEL",
    "delete": "DEL",
    "tab": "TAB",
    "escape": "ESCAPE",
    "esc": "ESCAPE",
    "space": "SPACE",
    "menu": "MENU",
    "search": "SEARCH",
    "up": "DPAD_UP",
    "down": "DPAD_DOWN",
    "left": "DPAD_LEFT",
    "right": "DPAD_RIGHT",
    "back": "BACK",
    "home": "HOME",
    "power": "POWER",
    "recent": "APP_SWITCH",
    "volume up": "VOLUME_UP",
    "volume down": "VOLUME_DOWN",
}


def replay(action: Any, size: Size, coordinates: Any = None) -> list[Command]:
    """
    Return what does the same as *action* on a screen of *size*, nothing where that is not known.

    Args:
        size: Width and height of the picture that the agent saw, in pixels.
        coordinates: What the step says its action counts in; see `action_places`.
    """
    name, arguments = told(action)
    write = _WRITERS.get(action_kind(name) or "")
    if write is None:
        return []
    return write(arguments, _Screen(action_places(action, size, coordinates), size), name or "")


def is_typed(commands: list[Command]) -> bool:
    """Whether *commands* need the keyboard that takes text over adb."""
    return any(command[:2] == ("am", "broadcast") for command in commands)


class _Screen:
    """Where an action is, in pixels as two words; None where it is nowhere."""

    def __init__(self, places: Places, size: Size) -> None:
        self.start = _pixels(places.start, size)
        self.end = _pixels(places.end, size)


def _pixels(point: Point, size: Size) -> tuple[int, int] | None:
    (x, y), (width, height) = point, size
    if point == NOWHERE or x is None or y is None or not width or not height:
        return None
    return int(x / 1000 * width), int(y / 1000 * height)


_Writer = Callable[[Mapping[str, Any], _Screen, str], list[Command]]


def _tap(_: Mapping[str, Any], screen: _Screen, __: str) -> list[Command]:
    return [] if screen.start is None else [("input", "tap", *map(str, screen.start))]


def _double_tap(arguments: Mapping[str, Any], screen: _Screen, name: str) -> list[Command]:
    return _tap(arguments, screen, name) * 2


def _long_press(_: Mapping[str, Any], screen: _Screen, __: str) -> list[Command]:
    return [] if screen.start is None else [_drag(screen.start, screen.start, _LONG_PRESS_MS)]


def _swipe(_: Mapping[str, Any], screen: _Screen, __: str) -> list[Command]:
    if screen.start is None or screen.end is None:
        return []
    (x, y), (x2, y2) = screen.start, screen.end
    least, most = _SWIPE_MS
    return [
        _drag(
            screen.start, screen.end, max(least, min(((x2 - x) ** 2 + (y2 - y) ** 2) // 1000, most))
        )
    ]


def _drag(start: tuple[int, int], end: tuple[int, int], ms: int) -> Command:
    return ("input", "swipe", *map(str, (*start, *end, ms)))


def _type(arguments: Mapping[str, Any], _: _Screen, __: str) -> list[Command]:
    """Return the text for ADB Keyboard: `input text` knows ASCII only."""
    text = _first(arguments, "text", "content", "value")
    if not isinstance(text, str):
        return []
    encoded = base64.b64encode(text.encode(errors="replace")).decode()
    # AutoGLM's agents empty the field before they type.
    clear = [("am", "broadcast", "-a", "ADB_CLEAR_TEXT")] if "_metadata" in arguments else []
    return [*clear, ("am", "broadcast", "-a", "ADB_INPUT_B64", "--es", "msg", encoded)]


def _key(arguments: Mapping[str, Any], _: _Screen, name: str) -> list[Command]:
    key = _first(arguments, "key", "keys", "button", "text")
    if isinstance(key, list) and len(key) == 1:
        key = key[0]
    code = _keycode(str(name if key is None else key))
    return [("input", "keyevent", code)] if code else []


def _keycode(key: str) -> str | None:
    if _KEYCODE.fullmatch(key):
        return key
    words = re.sub(r"[\s_-]+", " ", key.lower()).removeprefix("arrow").strip()
    return f"KEYCODE_{_KEYS[words]}" if words in _KEYS else None


def _launch(arguments: Mapping[str, Any], _: _Screen, __: str) -> list[Command]:
    package = _first(arguments, "package", "package_name", "app", "app_name")
    if not isinstance(package, str) or not _PACKAGE.fullmatch(package):
        return []
    return [("monkey", "-p", package, "-c", "android.intent.category.LAUNCHER", "1")]


def _wait(arguments: Mapping[str, Any], _: _Screen, __: str) -> list[Command]:
    found = _NUMBER.match(str(_first(arguments, "duration", "time", "seconds")))
    return [(PAUSE, f"{min(float(found[0]), _MAX_WAIT_S):g}")] if found else []


def _first(arguments: Mapping[str, Any], *names: str) -> Any:
    return next((arguments[name] for name in names if arguments.get(name) is not None), None)


_WRITERS: Final[Mapping[str, _Writer]] = {
    "tap": _tap,
    "double_tap": _double_tap,
    "long_press": _long_press,
    "swipe": _swipe,
    "type": _type,
    "key": _key,
    "launch": _launch,
    "wait": _wait,
    "back": lambda *_: [("input", "keyevent", "KEYCODE_BACK")],
    "home": lambda *_: [("input", "keyevent", "KEYCODE_HOME")],
}
