"""
Removing what was recorded: what a store tells of its tasks before, and of a removal after it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

# Of tasks, in one answer of `Store.holdings`.
MAX_HOLDINGS: Final = 1000
# Of pictures, in one answer of `Store.unneeded_pictures`.
MAX_UNNEEDED: Final = 200

# Stands in a step whose picture was removed, as `semconv.SCREENSHOT_ERROR`.
PICTURE_REMOVED: Final = "the picture was removed to save space"


@dataclass(frozen=True, slots=True)
class Holding:
    """
    What a store holds of a task, as far as it matters for removing it.

    Attributes:
        status: As in its row: None where nobody has spoken for it.
        is_annotated: It, or a step of it, has tags, notes or scores.
        tags: The tags.
        best_score: The highest of its scores; None where it has none.
        last_activity: When something of it happened last, a time as rows have it; "" if unknown.
        steps: How many it has.
        pictures: How many pictures its steps have.
        picture_bytes: Of its pictures as saved; one that a later task has as well counts there.
        spare_pictures: Of the pictures, those of steps that have not failed, between the first and
            the last step that has one.
        spare_bytes: Of these, counted as `picture_bytes`.
        row_bytes: About what its rows take.
    """

    task_id: str
    status: str | None
    is_annotated: bool
    tags: tuple[str, ...]
    best_score: float | None
    last_activity: str
    steps: int
    pictures: int
    picture_bytes: int
    spare_pictures: int
    spare_bytes: int
    row_bytes: int


@dataclass(frozen=True, slots=True)
class Removal:
    """
    What one call of `Store.remove` has come to.

    Attributes:
        removed: The tasks that are gone, or whose pictures are.
        kept: Those that stay: they run, or something has happened in them since.
        steps: How many rows of steps have gone; of pictures where only these were to go.
    """

    removed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    steps: int = 0


def holding_of(found: Mapping[str, Any]) -> Holding:
    """Return what a database tells of a task, its tags as a list."""
    return Holding(**{**found, "tags": tuple(found["tags"] or ())})
