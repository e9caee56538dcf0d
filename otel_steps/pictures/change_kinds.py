"""
Of what kind a change is, from how the place looks before and after.
"""

from typing import TYPE_CHECKING, Final

from otel_steps.pictures.change import ChangeKind
from otel_steps.pictures.motion import RICH, is_motion, moved_things, parts_of_films
from otel_steps.pictures.patches import Look, Patch, patch_of, thing_in
from otel_steps.pictures.pixels import LEAST, apart
from otel_steps.pictures.spots import Spot

if TYPE_CHECKING:
    from PIL.Image import Image

# Pixels of a sketch.
_CARET_WIDTH: Final = 4
_LINE_HEIGHT: Final = 3
# Of the longer side.
_CARET_LEAST: Final = 0.008
# Without a text beside it an "l" looks the same.
_LONE_CARET_LEAST: Final = 0.018
_CARET_MOST: Final = 0.07
# A cursor reaches below the line on which letters stand, by this share of its height.
_BELOW_TEXT: Final = 0.1
# Of the height, by the shape of the screen.
_STATUS_BAR: Final = {"phone": 0.05, "tablet": 0.032, "lying phone": 0.067, "wide": 0.028}
_TASK_BAR: Final = 0.955
# Of the width: what stands in such a bar is short.
_STATUS_WIDTH: Final = 0.4


def kinds_of(before: "Image", after: "Image", spots: list[Spot]) -> list[ChangeKind]:
    """Return of what kind each of *spots* is that have changed from one sketch to another."""
    looks = [Look(spot, patch_of(before, spot), patch_of(after, spot)) for spot in spots]
    kinds = [_kind(look, after) for look in looks]
    for one, other in moved_things(before, after, looks, kinds):
        kinds[one] = kinds[other] = "motion"
    for at in parts_of_films(looks, kinds, after.size):
        kinds[at] = "motion"
    return kinds


def _kind(look: Look, whole: "Image") -> ChangeKind:
    """Return of what kind a place is, of the picture *whole* (after)."""
    spot, before, after = look
    size = whole.size
    if _is_status(spot, size):
        return "status"
    has_come_or_gone = look.has_come or look.has_gone
    if has_come_or_gone and _is_caret(look, whole):
        return "caret"
    if spot.height <= _LINE_HEIGHT and spot.width >= 5 * spot.height:
        return "line"
    if is_motion(look, size):
        return "motion"
    return "surface" if has_come_or_gone or _is_other_surface(before, after) else "content"


def _is_status(spot: Spot, size: tuple[int, int]) -> bool:
    width, height = size
    if spot.width > _STATUS_WIDTH * width:
        return False
    shape = "phone" if height >= 1.7 * width else "tablet"
    if width > height:
        shape = "lying phone" if width >= 1.9 * height else "wide"
        if spot.top >= _TASK_BAR * height and spot.left >= 0.75 * width:
            return True
    return spot.bottom <= _STATUS_BAR[shape] * height + 1


def _is_caret(look: Look, whole: "Image") -> bool:
    spot, side = look.spot, max(whole.size)
    if spot.width > _CARET_WIDTH or spot.height < 2 * spot.width:
        return False
    if not _CARET_LEAST * side <= spot.height <= _CARET_MOST * side:
        return False
    below = _below_text(spot, whole)
    if below is None:
        return spot.height >= _LONE_CARET_LEAST * side
    return below >= max(1.0, _BELOW_TEXT * spot.height)


def _below_text(spot: Spot, whole: "Image") -> float | None:
    """Return by how much a stroke reaches below the text before it, or None where there is none."""
    left = max(spot.left - 2 * spot.height, 0)
    if spot.left - 1 <= left:
        return None
    beside = spot._replace(
        left=left + 2, right=spot.left - 3, top=spot.top + 2, bottom=spot.bottom - 2
    )
    text = thing_in(patch_of(whole, beside))
    return None if text is None else spot.height - text[3]


def _is_other_surface(before: Patch, after: Patch) -> bool:
    """Tell whether most of the place has another colour than most of it had."""
    is_other = apart(before.colour, after.colour) >= LEAST
    return is_other and max(before.dominance, after.dominance) >= RICH
