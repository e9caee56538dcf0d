"""
What moves by itself: films, balls that jump, arcs that turn.
"""

import math
from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING, Final

from otel_steps.pictures.change import ChangeKind
from otel_steps.pictures.messages import has_message
from otel_steps.pictures.patches import (
    Box,
    Look,
    Patch,
    patch_of,
    points_of,
    resembles,
    thing_in,
)
from otel_steps.pictures.pixels import LEAST, apart
from otel_steps.pictures.spots import Spot, joined

if TYPE_CHECKING:
    from PIL.Image import Image

Size = tuple[int, int]

# A place of less has many colours.
RICH: Final = 0.5
_RICH_PART: Final = 0.75

# Of the longer side.
_FILM_SIDE: Final = 0.05
_FIGURE_LEAST: Final = 0.017
_FIGURE_SIDE: Final = 0.03
# Radius of what turns.
_RING_LEAST: Final = 0.008
_RING_MOST: Final = 0.08
# Of the radius: how far from it the line of a ring may reach.
_RING_WIDTH: Final = 0.25
# Pixels of a sketch: what has moved by less was smoothed anew.
_STIR: Final = 3
# Where more has changed it is not one thing that has moved.
_MOVED_PLACES: Final = 3


def is_motion(look: Look, size: Size) -> bool:
    """Tell whether what a place shows moves by itself; *size* is that of the picture."""
    return _is_film(look, size) or _is_moved(look, size) or _is_ring(look.before, look.after, size)


def _is_film(look: Look, size: Size) -> bool:
    """Tell whether a place is full of colours before and after, and looks much alike."""
    spot, before, after = look
    is_large = min(spot.width, spot.height) >= _FILM_SIDE * max(size)
    is_rich = max(before.dominance, after.dominance) < RICH
    if not is_large or not is_rich or not resembles(before.image, after.image):
        return False
    return not has_message(look, size)


def parts_of_films(looks: list[Look], kinds: list[ChangeKind], size: Size) -> Iterator[int]:
    """Yield places beside a film, in its height, that are as full of colours: they belong to it."""
    films = [look.spot for look, kind in zip(looks, kinds, strict=True) if kind == "motion"]
    films = [spot for spot in films if min(spot.width, spot.height) >= _FILM_SIDE * max(size)]
    for at, look in enumerate(looks):
        middle = (look.spot.top + look.spot.bottom) / 2
        is_beside = any(film.top <= middle <= film.bottom for film in films)
        is_rich = max(look.before.dominance, look.after.dominance) < _RICH_PART
        is_candidate = is_beside and is_rich and kinds[at] in ("surface", "content")
        if is_candidate and not has_message(look, size):
            yield at


def _is_moved(look: Look, size: Size) -> bool:
    """Tell whether one and the same thing is at another point of a place."""
    _, before, after = look
    if before.is_empty or after.is_empty or not _is_of_a_figure(look.spot, size):
        return False
    one, other = thing_in(before), thing_in(after)
    if one is None or other is None or not _is_same_size(one, other):
        return False
    things = before.image.crop(one), after.image.crop(other)
    return apart(one, other) >= _STIR and resembles(*things) and not _is_upright_stroke(one)


def _is_of_a_figure(spot: Spot, size: Size) -> bool:
    """Tell whether a place has the size of a spinner or a ball; a letter is smaller."""
    shorter, longer = sorted((spot.width, spot.height))
    return shorter >= _FIGURE_LEAST * max(size) and longer >= _FIGURE_SIDE * max(size)


def _is_upright_stroke(box: Box) -> bool:
    """Tell whether a thing is a cursor, which goes where the agent taps."""
    return box[3] - box[1] >= 2.5 * (box[2] - box[0])


def _is_same_size(one: Box, other: Box) -> bool:
    return all(abs((one[at + 2] - one[at]) - (other[at + 2] - other[at])) <= 2 for at in (0, 1))


def _is_ring(before: Patch, after: Patch, size: Size) -> bool:
    """Tell whether all there is in a place lies on one circle: an arc that turns."""
    if apart(before.colour, after.colour) >= LEAST:
        return False
    points = [*points_of(before), *points_of(after)]
    circle = _circle(points)
    if circle is None:
        return False
    x, y, radius = circle
    if not _RING_LEAST * max(size) <= radius <= _RING_MOST * max(size):
        return False
    off = (abs(math.hypot(px - x, py - y) - radius) / radius for px, py in points)
    return sum(each <= _RING_WIDTH for each in off) >= 0.95 * len(points)


def _circle(points: list[tuple[int, int]]) -> tuple[float, float, float] | None:
    """Return middle and radius of the circle that is nearest to *points* (Kasa's fit)."""
    count = len(points)
    if count < 8:
        return None
    mean_x, mean_y = (sum(each) / count for each in zip(*points, strict=True))
    around = [(x - mean_x, y - mean_y) for x, y in points]
    xx = sum(x * x for x, _ in around)
    yy = sum(y * y for _, y in around)
    xy = sum(x * y for x, y in around)
    xz = sum(x * (x * x + y * y) for x, y in around) / 2
    yz = sum(y * (x * x + y * y) for x, y in around) / 2
    if abs(scale := xx * yy - xy * xy) < 1e-9:
        return None
    x, y = (xz * yy - yz * xy) / scale, (yz * xx - xz * xy) / scale
    return mean_x + x, mean_y + y, math.sqrt(x * x + y * y + (xx + yy) / count)


def moved_things(
    before: "Image", after: "Image", looks: list[Look], kinds: list[ChangeKind]
) -> Iterator[tuple[int, int]]:
    """Yield pairs of places that one thing has moved between, or that are parts of one ring."""
    if sum(kind != "status" for kind in kinds) > _MOVED_PLACES:
        return
    for one, other in combinations(range(len(looks)), 2):
        if {"surface", "content"}.isdisjoint((kinds[one], kinds[other])):
            continue
        if _is_one_thing(looks[one], looks[other]) or _is_one_ring(
            before, after, looks[one], looks[other]
        ):
            yield one, other


def _is_one_thing(one: Look, other: Look) -> bool:
    come, gone = (one, other) if one.has_come else (other, one)
    return (
        come.has_come
        and gone.has_gone
        and abs(come.spot.width - gone.spot.width) <= 2
        and abs(come.spot.height - gone.spot.height) <= 2
        and resembles(come.after.image, gone.before.image)
    )


def _is_one_ring(before: "Image", after: "Image", one: Look, other: Look) -> bool:
    whole = joined(one.spot, other.spot)
    if max(whole.width, whole.height) > 2.5 * _RING_MOST * max(after.size):
        return False
    return _is_ring(patch_of(before, whole), patch_of(after, whole), after.size)
