"""
The kind of an action, whatever its agent calls it: the word that markers, icons and flags go by.

Names come in any case, in snake_case, kebab-case, camelCase or as words. Pure.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

UNKNOWN: Final = "unknown"

# Kind -> what agents call it: AutoGLM, UI-TARS, Claude, OpenAI, browser-use, mobilerun, Midscene,
# Android World and Android in the Wild, Qwen-VL.
NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "tap": (
        *("tap", "click", "left click", "click at", "tap at", "tap by index", "click by index"),
        *("click element", "click element by index", "click area", "single click", "left single"),
    ),
    "double_tap": ("double tap", "double click", "triple click", "left double"),
    "right_click": ("right click", "right single", "middle click", "context click"),
    "long_press": ("long press", "long click", "long press at", "left press"),
    "hover": ("hover", "mouse move", "move", "move to"),
    "swipe": ("swipe", "drag", "left click drag", "drag to", "drag and drop", "fling"),
    "scroll": ("scroll", "scroll down", "scroll up", "scroll at", "scroll to text", "scroll page"),
    "type": (
        *("type", "type name", "type text", "input", "input text", "send keys", "fill", "write"),
        *("type keys", "fill form"),
    ),
    "key": (
        *("key", "hotkey", "press", "press key", "keypress", "hold key"),
        *("keyboard press", "key combination", "press button", "press keys", "press hotkey"),
        *("enter", "press enter", "shortcut"),
    ),
    "launch": (
        *("launch", "open app", "start app", "open", "navigate", "go to url", "goto", "new tab"),
        *("open tab", "search", "launch app", "open web browser", "open url", "visit", "go to"),
    ),
    "back": ("back", "go back", "press back", "navigate back", "navigate to back"),
    "home": ("home", "go home", "press home", "navigate home"),
    "wait": ("wait", "sleep"),
    "take_over": ("take over", "call user", "ask user", "human help"),
    "note": ("note", "remember", "memorize"),
    "call_api": ("call api",),
    "interact": ("interact",),
    "finish": (
        "finish",
        "finished",
        "done",
        "complete",
        "answer",
        "status",
        "terminate",
        "final answer",
    ),
}

_KINDS: Final = {name: kind for kind, names in NAMES.items() for name in names}
_WORDS: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[^\W_A-Za-z]+")

# Where or on what something is done, around the word for it: `browser_click`, `scroll_at`,
# `mobile_swipe_on_screen`, `wait_5_seconds`.
_WHERE: Final = re.compile(
    r"^(?:(?:browser|mobile|mouse|keyboard|device|android|phone|screen|gui|ui) )+"
    r"| (?:at|on|xy|text at|by \w+|(?:on|at) .*|\d+ (?:seconds|s|ms)|up|down|left|right)$"
)


def action_kind(name: Any) -> str | None:
    """Return the kind of the action *name*, `UNKNOWN` for any other, None where there is none."""
    if not name or not isinstance(name, str):
        return None
    return _kind_of(name)


# A task says the same few words again and again.
@lru_cache(maxsize=1024)
def _kind_of(name: str) -> str:
    words = " ".join(_WORDS.findall(name)).lower()
    return _KINDS.get(words) or _KINDS.get(_WHERE.sub("", words), UNKNOWN)
