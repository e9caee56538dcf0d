"""
What a tap of a phone agent is on, asked of the phone by `uiautomator dump` if that is switched on.

The answer takes the phone a second or two, so that it is asked for while the model thinks, on a
thread of its own; a tap waits for what is left of that, and not for long. What has no answer by
then, or none that can be read, is counted and told, and the step is recorded without.
"""

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any, Final, NamedTuple
from xml.etree import ElementTree

from otel_steps.action.places import NOWHERE, action_places
from otel_steps.emit import side_channel
from otel_steps.emit.content_switch import captures
from otel_steps.process.background import start_thread

PROBLEM: Final = "element"
# Nothing is left on the phone: what would be written to a file is the answer.
_DUMP: Final = ("exec-out", "uiautomator", "dump", "/dev/tty")
# The phone itself waits up to 10 s for a screen that stands still.
_ANSWER_S: Final = 10.0
_WAIT_S: Final = 1.0
_MAX_BYTES: Final = 8 * 2**20
# A phone that cannot tell is not asked for ever.
_MAX_FAILURES: Final = 3
_MAX_TEXT_CHARS: Final = 200
_BOUNDS: Final = re.compile(r"\[(-?\d+),(-?\d+)\]\[(-?\d+),(-?\d+)\]")
# Where the agent has its commands; another module of that name need not have the function.
_ADB: Final = "phone_agent.adb.device"

# By command, how often it has failed in a row; steps of several agents may count at once, and a
# count that is one off does no harm.
_failures: dict[tuple[str, ...], int] = {}


def ask(agent: Any) -> "ScreenElements | None":
    """Begin to ask the phone of *agent* what is on its screen now; None where it is not asked."""
    if not captures("action"):
        return None
    adb = _adb_of(agent)
    if adb is None or _failures.get(adb, 0) >= _MAX_FAILURES:
        return None
    return ScreenElements(adb)


class ScreenElements:
    """
    The elements of one screen, as soon as the phone has told them.

    The thread writes `_answer` and then sets `_is_done`; whoever waits reads in the other order.
    `close` may come before there is a process: then the thread ends it.

    Args:
        adb: What the agent's own commands to its phone begin with.
    """

    def __init__(self, adb: tuple[str, ...]) -> None:
        self._adb = adb
        self._is_done = threading.Event()
        self._is_closed = False
        self._process: subprocess.Popen[bytes] | None = None
        self._answer: bytes | None = None
        start_thread("otel-steps-element", self._ask)

    def target(self, action: Any, size: tuple[Any, Any]) -> dict[str, Any]:
        """
        Return what *action*, which is about to be done, is on, as more of its arguments.

        They are `target`, with what the element says of itself, and `bbox`, in pixels.

        Args:
            action: As the agent has it.
            size: Width and height of the screen in pixels.
        """
        width, height = size
        places = action_places(action, (width, height)) if width and height else None
        # What begins in one place and ends in another is on no element.
        if places is None or places.start == NOWHERE or places.end != NOWHERE:
            return {}
        is_told = self._is_done.wait(_WAIT_S)
        self.close()
        if not is_told:
            self._fail(f"no answer of `uiautomator dump` {_WAIT_S:g} s after the model's reply")
            return {}
        nodes = list(_nodes(self._answer or b""))
        if not nodes:
            self._fail("`adb exec-out uiautomator dump /dev/tty` has told no elements")
            return {}
        _failures[self._adb] = 0
        x, y = places.start[0] * width / 1000, places.start[1] * height / 1000
        hit = [each for each in nodes if each.has(x, y)]
        # Of two that are as large, the inner one, which comes later.
        return min(reversed(hit), key=lambda each: each.area).said() if hit else {}

    def close(self) -> None:
        """Ask no more: the screen will be another one."""
        self._is_closed = True
        process = self._process
        if process is not None:
            process.kill()

    def _ask(self) -> None:
        try:
            with subprocess.Popen(  # noqa: S603 - as the agent itself calls its phone
                [*self._adb, *_DUMP],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            ) as process:
                self._process = process
                if self._is_closed:
                    process.kill()
                try:
                    answer, _ = process.communicate(timeout=_ANSWER_S)
                    self._answer = answer if len(answer) <= _MAX_BYTES else None
                except subprocess.TimeoutExpired:
                    process.kill()
        except Exception:  # noqa: BLE001, S110 - no answer, which whoever waits for it tells
            pass
        finally:
            self._is_done.set()

    def _fail(self, message: str) -> None:
        count = _failures[self._adb] = _failures.get(self._adb, 0) + 1
        is_last = count >= _MAX_FAILURES
        side_channel.report(PROBLEM, message + ("; it is not asked again" if is_last else ""))


def _adb_of(agent: Any) -> tuple[str, ...] | None:
    """Return what commands to the phone of *agent* begin with; None where that is no Android."""
    config = getattr(agent, "agent_config", None)
    prefix = getattr(sys.modules.get(_ADB), "_get_adb_prefix", None)
    factory = getattr(sys.modules.get("phone_agent.device_factory"), "_device_factory", None)
    kind = getattr(getattr(factory, "device_type", None), "value", "adb")
    if config is None or prefix is None or hasattr(config, "wda_url") or kind != "adb":
        return None
    return tuple(map(str, prefix(getattr(config, "device_id", None))))


# --- What the phone has told


class _Node(NamedTuple):
    """An element of the screen and, in pixels, where it is."""

    element: ElementTree.Element
    left: int
    top: int
    right: int
    bottom: int

    @property
    def area(self) -> int:
        return (self.right - self.left) * (self.bottom - self.top)

    def has(self, x: float, y: float) -> bool:
        return self.left <= x < self.right and self.top <= y < self.bottom

    def said(self) -> dict[str, Any]:
        """Return what it says of itself, and its box."""
        facts = self.element.attrib
        target = {
            "text": "" if facts.get("password") == "true" else _text(self.element),
            "description": facts.get("content-desc", "")[:_MAX_TEXT_CHARS],
            "resource_id": facts.get("resource-id"),
            "class": facts.get("class"),
        }
        box = {"left": self.left, "top": self.top}
        box |= {"width": self.right - self.left, "height": self.bottom - self.top}
        return {"target": {key: value for key, value in target.items() if value}, "bbox": box}


def _text(element: ElementTree.Element) -> str:
    """Return the text of *element*, or those of what is in it: a row of a list has none itself."""
    own = element.get("text")
    inner = (_words(each) for each in element.iter("node") if each is not element)
    return (own or " ".join(filter(None, inner)))[:_MAX_TEXT_CHARS]


def _words(element: ElementTree.Element) -> str:
    is_secret = element.get("password") == "true"
    return "" if is_secret else element.get("text") or element.get("content-desc") or ""


def _nodes(answer: bytes) -> Iterator[_Node]:
    """Yield the elements in *answer*, outer ones first; none where it is no dump."""
    begin, end = answer.find(b"<hierarchy"), answer.rfind(b"</hierarchy>")
    if begin < 0 or end < begin:
        return
    try:
        # From the agent's own phone; expat bounds what entities grow to.
        root = ElementTree.fromstring(answer[begin : end + len(b"</hierarchy>")])  # noqa: S314
    except ElementTree.ParseError:
        return
    for element in root.iter("node"):
        found = _BOUNDS.fullmatch(element.get("bounds", ""))
        if found is not None:
            node = _Node(element, *map(int, found.groups()))
            if node.area > 0:
                yield node
