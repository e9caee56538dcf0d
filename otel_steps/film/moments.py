"""
What a film shows, moment by moment. Pure: which screen, what is drawn on it, what is said below.

A step is its screen, the action on it, and what came of it: its own picture after, else that of the
next step. Nobody waits for a model: a step lasts as long as it took, within narrow bounds.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

from otel_steps.film.shapes import RINGS, Shape, shape_of

Mark = Literal["", "ok", "fail"]

# The task's own words come before its first step, and how it ended after its last one.
TITLE_MS: Final = 1000
ENDING_MS: Final = 2000
SHORTEST_MS: Final = 800
LONGEST_MS: Final = 1200
# What went wrong takes longer to read.
FAILED_MS: Final = 600

# Of a step's time: the screen as it was, and the action on it. The rest is what came of it.
_BEFORE: Final = 0.2
_ACTION: Final = 0.5
_ANIMATED: Final = RINGS | {"swipe"}
_MAX_TEXT_CHARS: Final = 600


class Screen(NamedTuple):
    """
    What is on the screen.

    Attributes:
        name: Of the picture, None where there is none to be shown.
        badge: What is said in its place, or on it, "" for nothing.
    """

    name: str | None
    badge: str = ""


class Caption(NamedTuple):
    """
    What stands below the screen.

    Attributes:
        title: Number and action.
        text: A thought, or what went wrong.
        mark: How the step or the task went, "" while that is not shown.
    """

    title: str
    text: str = ""
    mark: Mark = ""


class Moment(NamedTuple):
    """
    What is to be seen for a while.

    Attributes:
        at: Which step it belongs to, from 0.
        ms: How long.
        shape: What is drawn on the screen.
        progress: Of the drawing, 0 to 1.
    """

    at: int
    screen: Screen
    caption: Caption
    ms: int
    shape: Shape | None = None
    progress: float = 1.0


def moments(
    task: Mapping[str, Any],
    index: Mapping[str, Any],
    steps: Iterable[Mapping[str, Any]],
    *,
    sensitive: Collection[str],
    frame_ms: int,
) -> Iterator[Moment]:
    """
    Yield what the film of a task shows; there is always something.

    Args:
        index: As `Store.index` returns it.
        steps: The rows of its steps, in its order; a row may be empty.
        sensitive: Names of pictures that must not be shown.
        frame_ms: How long a picture of a movement is shown; every moment is a multiple of it.
    """
    screens = _screens(index, sensitive)
    title = Caption(_one_line(task["task_description"]) or task["task_id"])
    yield Moment(0, screens[0] if screens else Screen(None, "no steps"), title, TITLE_MS)
    for at, (screen, step) in enumerate(zip(screens, steps, strict=False)):
        yield from _step(at, index, step, (screen, _after(at, index, screens, sensitive)), frame_ms)
    last = len(screens) - 1
    ending = _after(last, index, screens, sensitive) if screens else Screen(None, "no steps")
    yield Moment(max(last, 0), ending, _ending(task), ENDING_MS)


def _step(
    at: int,
    index: Mapping[str, Any],
    step: Mapping[str, Any],
    screens: tuple[Screen, Screen],
    frame_ms: int,
) -> Iterator[Moment]:
    before, after = screens
    caption = Caption(_title(index, at), _one_line(step.get("thinking")))
    shape = shape_of(index, at)
    frames = _lasts_ms(index, at) // frame_ms
    still, moving = round(frames * _BEFORE), round(frames * _ACTION)
    if shape is None or shape.marker not in _ANIMATED:
        # A notice is read; it need not come to its place.
        yield Moment(at, before, caption, (still + moving) * frame_ms, shape)
    else:
        yield Moment(at, before, caption, still * frame_ms)
        for number in range(1, moving + 1):
            yield Moment(at, before, caption, frame_ms, shape, number / moving)
    rest = (frames - still - moving) * frame_ms
    if index["success"][at] is False:
        error = _one_line(step.get("error_message")) or str(index["error_kind"][at] or "failed")
        told = caption._replace(text=error, mark="fail")
        yield Moment(at, after, told, rest + FAILED_MS)
    else:
        yield Moment(at, after, caption._replace(mark="ok"), rest)


def _lasts_ms(index: Mapping[str, Any], at: int) -> int:
    starts = index["start_ms"]
    until = starts[at + 1] - starts[at] if at + 1 < len(starts) else index["duration_ms"][at]
    return round(min(max(until or 0, SHORTEST_MS), LONGEST_MS))


def _screens(index: Mapping[str, Any], sensitive: Collection[str]) -> list[Screen]:
    """Return what is on the screen before each step."""
    found: list[Screen] = []
    for at, name in enumerate(index["picture"]):
        if index["sensitive"][at] is True or name in sensitive:
            found.append(Screen(None, "sensitive screen"))
        elif name is not None:
            found.append(Screen(name, "black screen" if index["black"][at] is True else ""))
        elif found and index["x"][at] is None:
            found.append(found[-1])  # it thought, or noted something down
        else:
            found.append(Screen(None, "no picture"))
    return found


def _after(
    at: int, index: Mapping[str, Any], screens: Sequence[Screen], sensitive: Collection[str]
) -> Screen:
    own = index["after"][at]
    if own is not None:
        return Screen(None, "sensitive screen") if own in sensitive else Screen(own)
    return screens[min(at + 1, len(screens) - 1)]


def _title(index: Mapping[str, Any], at: int) -> str:
    name = index["action"][at] or index["type"][at]
    parts = (f"{index['number'][at]}/{index['number'][-1]}", name, index["app"][at])
    return " · ".join(_one_line(part) for part in parts if part)


def _ending(task: Mapping[str, Any]) -> Caption:
    status = task["status"] or "unknown"
    mark: Mark = "ok" if status == "completed" else "" if status == "running" else "fail"
    text = _one_line(task["error_message"]) or _one_line(task["result"])
    return Caption(status.replace("_", " "), text, mark)


def _one_line(text: Any) -> str:
    return " ".join(str(text)[:_MAX_TEXT_CHARS].split()) if text else ""
