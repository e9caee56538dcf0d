"""
Where an action touches the screen, whatever its agent counts in: pixels, thousandths or parts of 1.

What the step says of it holds (`otel_steps.step.coordinates`). Where it says nothing, the shape of
the action tells the agent's family, and so the unit; where its numbers cannot be in that unit, the
one that they can be in is taken, and the answer says that it is a guess. Pure.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from otel_steps.action.shapes import Told, told

PERMILLE: Final = "permille"
PIXEL: Final = "pixel"
UNIT: Final = "unit"
COORDINATES: Final = (PERMILLE, PIXEL, UNIT)

_FAR: Final = 1_000_000
_MAX_TEXT_CHARS: Final = 400

# A place on the screen, 0 to 1000 of its width and height.
Point = tuple[float | None, float | None]
NOWHERE: Final[Point] = (None, None)
Size = tuple[int | None, int | None]

_Pair = tuple[float, float]


class Places(NamedTuple):
    """
    Where an action begins on the screen, and where it ends.

    Attributes:
        start, end: 0 to 1000 of the picture's width and height; beside it where the agent was.
        coordinates: What the action counts in, one of `COORDINATES`; None without a place.
        is_guessed: Neither the step nor the shape of its action says so: its numbers do.
    """

    start: Point = NOWHERE
    end: Point = NOWHERE
    coordinates: str | None = None
    is_guessed: bool = False


def action_places(action: Any, size: Size = (None, None), coordinates: Any = None) -> Places:
    """
    Return where *action* touches a picture of *size*, width and height in pixels.

    Pixels are no place on a picture whose size nobody knows.

    Args:
        coordinates: What the step says its action counts in, one of `COORDINATES`; anything else
            says nothing.
    """
    return places_of(told(action), size, coordinates)


def places_of(said: Told, size: Size = (None, None), coordinates: Any = None) -> Places:
    """Return the same of what an action says."""
    arguments = said.arguments
    found = next(_found(arguments, _STARTS), None)
    if found is None:
        return Places()
    start, usual = found
    end, _ = next(_found(arguments, _ENDS), (None, usual))
    given = [start] if end is None else [start, end]
    known = coordinates if coordinates in COORDINATES else None
    if known is None and "_metadata" in arguments:  # AutoGLM's own mark
        known = PERMILLE
    unit = known or _unit_of(given, usual, size)
    points = [_permille(each, unit, size) for each in given]
    if NOWHERE in points:
        return Places()
    ends_at = points[1] if len(points) > 1 else NOWHERE
    return Places(points[0], ends_at, unit, known is None and unit != usual)


def _unit_of(pairs: list[_Pair], usual: str, size: Size) -> str:
    values = [value for pair in pairs for value in pair]
    if all(0 <= value <= 1 for value in values) and any(value % 1 for value in values):
        return UNIT
    if usual == PERMILLE and max(values) > 1000 and _are_on(pairs, size):
        return PIXEL
    if usual == PIXEL and max(values) <= 1000 and all(size) and not _are_on(pairs, size):
        return PERMILLE
    return usual


def _are_on(pairs: list[_Pair], size: Size) -> bool:
    width, height = size
    return bool(width and height) and all(
        0 <= x <= (width or 0) and 0 <= y <= (height or 0) for x, y in pairs
    )


def _permille(pair: _Pair, unit: str, size: Size) -> Point:
    x, y = pair
    if unit == PERMILLE:
        return x, y
    if unit == UNIT:
        return round(x * 1000, 1), round(y * 1000, 1)
    width, height = size
    return (
        (round(x / width * 1000, 1), round(y / height * 1000, 1)) if width and height else NOWHERE
    )


# --- What may stand for a place


def _pair(value: Any) -> _Pair | None:
    """Return the first two of some numbers, as the agents themselves read them."""
    match value:
        case [int() | float() as x, int() | float() as y, *_]:
            return (x, y) if _is_number(x) and _is_number(y) else None
        case {"x": int() | float() as x, "y": int() | float() as y}:
            return (x, y) if _is_number(x) and _is_number(y) else None
    return None


def _spot(value: Any) -> _Pair | None:
    """Return the same of what a model has written, who may put numbers into quotation marks."""
    if isinstance(value, str):
        return _pair(_numbers(value)) if _PLACE.fullmatch(value[:_MAX_TEXT_CHARS]) else None
    match value:
        case [x, y, *_] | {"x": x, "y": y}:
            return _pair([_number(x), _number(y)])
    return None


def _box(value: Any) -> _Pair | None:
    """Return the middle of a box, which is what is meant by one; of two numbers, those."""
    if isinstance(value, str):
        value = _numbers(value)
    match value:
        case [[*inner]]:
            return _box(inner)
        case [a, b, c, d] | {"x1": a, "y1": b, "x2": c, "y2": d}:
            return _middle(_spot([a, b]), _spot([c, d]))
        case {"left": a, "top": b, "right": c, "bottom": d}:
            return _middle(_spot([a, b]), _spot([c, d]))
        case {"left": x, "top": y, "width": width, "height": height}:
            return _inside(_spot([x, y]), _spot([width, height]))
        case {"x": x, "y": y, "width": width, "height": height}:
            return _inside(_spot([x, y]), _spot([width, height]))
    return _spot(value)


def _middle(one: _Pair | None, other: _Pair | None) -> _Pair | None:
    return ((one[0] + other[0]) / 2, (one[1] + other[1]) / 2) if one and other else None


def _inside(corner: _Pair | None, extent: _Pair | None) -> _Pair | None:
    return (corner[0] + extent[0] / 2, corner[1] + extent[1] / 2) if corner and extent else None


def _touched(value: Any) -> _Pair | None:
    """Return x and y of a height and a width; both are -1 where nothing was touched."""
    pair = _pair(value)
    return (pair[1], pair[0]) if pair and min(pair) >= 0 else None


def _located(value: Any) -> _Pair | None:
    """Return a place that is told as one, or as that of an element; in words it is none."""
    if isinstance(value, Mapping):
        found = (_box(value.get(key)) for key in ("center", "bbox", "bounds", "rect"))
        return next((pair for pair in found if pair), None) or _box(value)
    is_text = isinstance(value, str)
    return None if is_text and not _PLACE.fullmatch(value[:_MAX_TEXT_CHARS]) else _box(value)


def _first(value: Any) -> _Pair | None:
    return _spot(value[0]) if isinstance(value, list | tuple) and value else None


def _last(value: Any) -> _Pair | None:
    return _spot(value[-1]) if isinstance(value, list | tuple) and value else None


_NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?")
_TAG: Final = re.compile(r"<[^<>]*>")
# Text that is a place and nothing else: "Page 2 of 3" has two numbers as well.
_PLACE: Final = re.compile(r"(?:<[^<>]*>|[\s\d.,;:()\[\]{}xy=+-])+")


def _numbers(text: str) -> list[float]:
    """Return the numbers in `(1, 2)`, `[1,2,3,4]`, `<point>1 2</point>` or between box tokens."""
    return [float(each) for each in _NUMBER.findall(_TAG.sub(" ", text[:_MAX_TEXT_CHARS]))[:4]]


def _number(value: Any) -> Any:
    """Return the number that stands in a text; anything else as it is."""
    is_one = isinstance(value, str) and _NUMBER.fullmatch(value.strip()[:_MAX_TEXT_CHARS])
    return float(value) if is_one else value


def _is_number(value: float) -> bool:
    # Nothing else is a place on any screen: no boolean, NaN or infinity, no number without end.
    return not isinstance(value, bool) and -_FAR < value < _FAR


class _Form(NamedTuple):
    """One way to write a place: under which keys, how to read it, and what it is counted in."""

    keys: tuple[str, ...]
    read: Callable[[Any], _Pair | None]
    usual: str


_STARTS: Final = (
    _Form(("element",), _pair, PERMILLE),  # AutoGLM
    _Form(("start",), _spot, PERMILLE),
    _Form(("touch_yx",), _touched, UNIT),  # Android in the Wild
    _Form(("start_box",), _box, PERMILLE),  # UI-TARS
    _Form(("point",), _box, PERMILLE),
    _Form(("start_point",), _box, PERMILLE),
    _Form(("start_coordinate",), _spot, PIXEL),  # a drag of Claude's, before where it ends
    _Form(("coordinate",), _located, PIXEL),  # Claude, Qwen-VL
    _Form(("coordinates",), _located, PIXEL),
    _Form(("locate",), _located, PIXEL),  # Midscene
    _Form(("path",), _first, PIXEL),  # a drag of OpenAI's
    *(_Form((key,), _located, PIXEL) for key in ("bbox", "box", "bounds", "bounding_box", "rect")),
    *(_Form((key,), _located, PIXEL) for key in ("position", "location", "center", "target")),
    *(_Form((key,), _located, PIXEL) for key in ("coords", "pos", "from_coord", "from")),
    _Form(("x", "y", "destination_x"), _spot, PERMILLE),  # Gemini
    _Form(("x", "y"), _spot, PIXEL),
    _Form(("start_x", "start_y"), _spot, PIXEL),
    _Form(("startX", "startY"), _spot, PIXEL),
    _Form(("from_x", "from_y"), _spot, PIXEL),
    _Form(("x1", "y1"), _spot, PIXEL),
)
_ENDS: Final = (
    _Form(("end",), _spot, PERMILLE),
    _Form(("lift_yx",), _touched, UNIT),
    _Form(("end_box",), _box, PERMILLE),
    _Form(("end_point",), _box, PERMILLE),
    _Form(("end_coordinate",), _spot, PIXEL),
    _Form(("coordinate2",), _spot, PIXEL),  # a swipe of Qwen-VL's
    _Form(("start_coordinate", "coordinate"), lambda value: _spot(value[1]), PIXEL),
    _Form(("path",), _last, PIXEL),
    _Form(("to_coord",), _located, PIXEL),
    _Form(("to",), _located, PIXEL),
    _Form(("destination_x", "destination_y"), _spot, PERMILLE),
    _Form(("end_x", "end_y"), _spot, PIXEL),
    _Form(("endX", "endY"), _spot, PIXEL),
    _Form(("to_x", "to_y"), _spot, PIXEL),
    _Form(("x2", "y2"), _spot, PIXEL),
)


def _found(arguments: Mapping[str, Any], forms: tuple[_Form, ...]) -> Iterator[tuple[_Pair, str]]:
    for keys, read, usual in forms:
        if keys[0] in arguments and (len(keys) == 1 or all(key in arguments for key in keys)):
            value = [arguments[key] for key in keys] if len(keys) > 1 else arguments[keys[0]]
            if (pair := read(value)) is not None:
                yield pair, usual
