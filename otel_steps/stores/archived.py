"""Tasks that are archived: what a store tells of them, and what it is told to let go of."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from otel_steps.stores.json_object import Json

# Of tasks, in one answer of `Store.archived`.
MAX_ARCHIVED: Final = 1000


@dataclass(frozen=True, slots=True)
class Archived:
    """
    A task of which the store has its row alone.

    Attributes:
        place: Where in the archive the rest of it is.
        has_rows: Whether steps or pictures of it are in the store as well: somebody was killed who
            let go of them or put them back, or they have arrived since.
    """

    task_id: str
    place: str
    has_rows: bool


@dataclass(frozen=True, slots=True)
class Keys:
    """
    Which rows of a task are meant.

    Attributes:
        steps, screenshots: Their ids.
        spans: The trace and the span id of each.
    """

    steps: tuple[str, ...] = ()
    screenshots: tuple[str, ...] = ()
    spans: tuple[tuple[str, str], ...] = ()


def keys_of(
    *, steps: Iterable[Json] = (), screenshots: Iterable[Json] = (), spans: Iterable[Json] = ()
) -> Keys:
    """Return the keys of rows."""
    return Keys(
        tuple(row["id"] for row in steps),
        tuple(row["id"] for row in screenshots),
        tuple((row["trace_id"], row["span_id"]) for row in spans),
    )
