"""What an action looks like on the picture before it, as SVG: rings, and the way of a swipe."""

from math import atan2, degrees
from xml.etree.ElementTree import Element

from otel_steps.film.colours import EDGE, MARK, OUTSIDE, Colour
from otel_steps.film.shapes import RINGS, Shape
from otel_steps.reporting.elements import el

# The picture is so wide, and as high as it is in proportion.
_WIDE = 1000
_RADIUS = 52


def marks_of(shape: Shape | None, ratio: float) -> Element | None:
    """
    Return what is drawn over a picture, None where the action has no place on it.

    Args:
        ratio: Height of the picture by its width.
    """
    if shape is None or shape.marker not in RINGS | {"swipe"}:
        return None
    high = round(_WIDE * ratio)
    colour = _hex(OUTSIDE if shape.is_outside else MARK)
    x, y = shape.start[0], shape.start[1] * ratio
    drawn = _ring(x, y, shape, colour)
    if shape.marker == "swipe" and shape.end is not None:
        drawn = _swipe((x, y), (shape.end[0], shape.end[1] * ratio), colour)
    attributes = {"viewBox": f"0 0 {_WIDE} {high}", "aria-hidden": "true"}
    return el("svg", *drawn, class_="marks", data_marker=shape.marker, **attributes)


def _hex(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


def _ring(x: float, y: float, shape: Shape, colour: str) -> list[Element]:
    is_unsure = shape.is_outside or shape.is_guessed or shape.marker == "hover"
    line = {"fill": "none", "stroke": colour, "stroke-width": "9"}
    if is_unsure:
        line["stroke-dasharray"] = "24 16"
    rings = [
        _circle(x, y, _RADIUS, {"fill": colour, "fill-opacity": "0.22"}),
        # A light ring below: one is to be seen on any picture.
        _circle(x, y, _RADIUS, {"fill": "none", "stroke": _hex(EDGE), "stroke-width": "19"}),
        _circle(x, y, _RADIUS, line),
    ]
    if shape.marker == "double_tap":
        rings.append(_circle(x, y, _RADIUS + 24, line))
    if shape.marker == "long_press":
        rings.append(_circle(x, y, _RADIUS - 12, {"fill": colour, "fill-opacity": "0.75"}))
    dot = {"fill": colour, "stroke": _hex(EDGE), "stroke-width": "4"}
    return [*rings, _circle(x, y, 10, dot)]


def _circle(x: float, y: float, radius: float, attributes: dict[str, str]) -> Element:
    return el("circle", cx=f"{x:g}", cy=f"{y:g}", r=f"{radius:g}", **attributes)


def _swipe(start: tuple[float, float], end: tuple[float, float], colour: str) -> list[Element]:
    (x, y), (x2, y2) = start, end
    turn = degrees(atan2(y2 - y, x2 - x))
    drawn = []
    # A light arrow below, as with the ring.
    for ink, width, size in ((_hex(EDGE), "24", 1.3), (colour, "12", 1.0)):
        line = {"stroke": ink, "stroke-width": width, "stroke-linecap": "round"}
        drawn += [
            el("line", x1=f"{x:g}", y1=f"{y:g}", x2=f"{x2:g}", y2=f"{y2:g}", **line),
            _circle(x, y, 22 * size, {"fill": ink}),
            el(
                "path",
                d="M12 0 L-48 -30 L-48 30 Z",
                fill=ink,
                transform=f"translate({x2:g} {y2:g}) rotate({turn:.1f}) scale({size:g})",
            ),
        ]
    return drawn
