"""
Which changes of a screen are the effect of an action, and which the screen makes by itself. Pure.

What lies near the target of a tap counts, whatever it is: a switch in the row that was touched, the
ripple of a button. Farther away all counts but what moves or blinks by itself: a clock, a cursor, a
film, a spinner. Where the two look alike, it is an effect: a wrong "no effect" sends people the
wrong way.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

# --- In shares of the longer side of the screen

# Half a row of a list: a switch at its end is turned by a tap on its words.
_ROW: Final = 0.04
_NEAR: Final = 0.08

# --- In shares of the screen

_ALL_OVER: Final = 0.6
_SMALL: Final = 0.01


class Target(NamedTuple):
    """
    Where an action went: a point, or a way from one to another, in 0 to 1000 of the picture.

    Attributes:
        kind: What the action is, see `action.kinds`.
        size: Width and height of the picture, pixels.
    """

    kind: str
    x: float | None
    y: float | None
    x2: float | None
    y2: float | None
    size: tuple[int, int]


class Box(NamedTuple):
    """A place that has changed, see `pictures.change.ChangedBox`."""

    left: float
    top: float
    right: float
    bottom: float
    kind: str


def boxes_of(value: Any) -> list[Box] | None:
    """Return the places that a row speaks of, or None where it does not say."""
    if not isinstance(value, list):
        return None
    boxes = []
    for each in value:
        if not isinstance(each, list) or len(each) != 5 or not isinstance(each[4], str):
            return None
        if not all(isinstance(edge, int | float) for edge in each[:4]):
            return None
        boxes.append(Box(*each))
    return boxes


def effects(target: Target, boxes: Sequence[Box]) -> list[Box]:
    """Return those of *boxes* that an action may have changed."""
    return [box for box in boxes if _is_effect(target, box)]


def _is_effect(target: Target, box: Box) -> bool:
    across, down = _distance(target, box)
    is_near = across * across + down * down <= _NEAR * _NEAR
    if is_near or _area(box) >= _ALL_OVER:
        # The clock beside a button at the top goes on all the same.
        return box.kind != "status" or down == 0
    is_in_row = down <= _ROW
    match box.kind:
        case "surface" | "content":
            return True
        case "caret":
            # An "l" looks like one.
            return is_in_row or target.kind == "type"
        case "line":
            return is_in_row
        case "motion":
            # A cursor that has moved on.
            return _area(box) <= _SMALL and (is_in_row or target.kind == "type")
        case _:
            return False


def _area(box: Box) -> float:
    return (box.right - box.left) * (box.bottom - box.top) / 1_000_000


def _scales(size: tuple[int, int]) -> tuple[float, float]:
    """Return what a thousandth of the width and of the height is of the longer side."""
    longer = max(size)
    return size[0] / longer / 1000, size[1] / longer / 1000


def _distance(target: Target, box: Box) -> tuple[float, float]:
    """Return how far a place is from a target, across and down, in shares of the longer side."""
    if target.x is None or target.y is None:
        return float("inf"), float("inf")
    x2 = target.x if target.x2 is None else target.x2
    y2 = target.y if target.y2 is None else target.y2
    across = _gap(sorted((target.x, x2)), (box.left, box.right))
    down = _gap(sorted((target.y, y2)), (box.top, box.bottom))
    x_scale, y_scale = _scales(target.size)
    return across * x_scale, down * y_scale


def _gap(one: Sequence[float], other: Sequence[float]) -> float:
    """Return how far two stretches are apart; 0 where they touch."""
    return max(one[0] - other[1], other[0] - one[1], 0)
