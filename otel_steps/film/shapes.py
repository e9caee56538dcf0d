"""
What an action looks like on the picture before it. Pure, and by the same rules as the viewer.

Places are those of the index: 0 to 1000 of the picture's width and height, whatever its size.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from otel_steps.action.kinds import UNKNOWN

# 0 to 1000 of width and height.
Place = tuple[float, float]

RINGS: Final = frozenset({"tap", "double_tap", "long_press", "right_click", "hover"})
# Where a phone has these keys, and where a notice does not hide what it speaks of.
_PLACES: Final[Mapping[str, Place]] = {
    "back": (250, 975),
    "home": (500, 975),
    "launch": (500, 470),
    "type": (500, 900),
    "finish": (500, 120),
}
_MIDDLE: Final[Place] = (500, 500)


class Shape(NamedTuple):
    """
    What is drawn for an action.

    Attributes:
        marker: The kind of the action.
        start, end: Always on the picture; *end* is that of a swipe.
        text: What it types, opens, says or waits for; of a ring the agent's own point.
        is_outside: The agent's point is not on the picture, *start* is the nearest that is.
        is_guessed: Only its numbers tell what they count in.
    """

    marker: str
    start: Place
    end: Place | None = None
    text: str = ""
    is_outside: bool = False
    is_guessed: bool = False


def shape_of(index: Mapping[str, Sequence[Any]], at: int) -> Shape | None:
    """
    Return what is drawn for the step at *at*, None where its action is none or has no place.

    Args:
        index: As `Store.index` returns it.
    """
    marker = index["kind"][at]
    if marker is None:
        return None
    x, y = index["x"][at], index["y"][at]
    start = _on_picture(x, y)
    is_guessed = index["is_guessed"][at] is True
    text = index["label"][at] or (index["action"][at] if marker == UNKNOWN else "")
    if marker == "swipe":
        if start is None:
            return None
        x2, y2 = index["x2"][at], index["y2"][at]
        end = _on_picture(x2, y2) or start
        is_outside = start != (x, y) or (x2 is not None and end != (x2, y2))
        return Shape(marker, start, end, is_outside=is_outside, is_guessed=is_guessed)
    if marker in RINGS:
        if start is None:
            return None
        return Shape(
            marker,
            start,
            text=f"{x:g}, {y:g}",
            is_outside=start != (x, y),
            is_guessed=is_guessed,
        )
    return Shape(marker, start or _place_of(marker, index, at), text=text)


def _on_picture(x: float | None, y: float | None) -> Place | None:
    if x is None or y is None:
        return None
    return min(max(x, 0), 1000), min(max(y, 0), 1000)


def _place_of(marker: str, index: Mapping[str, Sequence[Any]], at: int) -> Place:
    focus = _last_tap(index, at) if marker == "type" else None
    return focus or _PLACES.get(marker, _MIDDLE)


def _last_tap(index: Mapping[str, Sequence[Any]], at: int) -> Place | None:
    """Text goes where the last tap set the cursor, unless something else came in between."""
    for before in reversed(range(at)):
        marker = index["kind"][before]
        if marker in ("tap", "double_tap"):
            return _on_picture(index["x"][before], index["y"][before])
        if marker not in ("type", "wait", None):
            return None
    return None
