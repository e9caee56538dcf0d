"""
The checks of a store against itself and against the place where its pictures live.

Each tells what it has found and, where it is told to, mends it: a second time it finds nothing.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol, runtime_checkable

from otel_steps.pictures.store import ScreenshotStore
from otel_steps.retention import sweep
from otel_steps.stores import Store
from otel_steps.stores.removal import MAX_UNNEEDED

# A picture is saved before its row is written; a younger one may still get its own.
GRACE_S: Final = 3_600.0
# A phone may wait long for a person; a process that has died waits for ever.
STALE_S: Final = 86_400.0

# Of names, for people.
_EXAMPLES: Final = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """
    One kind of fault.

    Attributes:
        kind: "damaged", "running", "totals" or "pictures".
        message: What is wrong, in a sentence.
        count: How many are.
        examples: Some of them: ids of tasks, names of pictures, lines of SQLite's.
        remedy: What mends it.
        is_mended: Whether that has been done.
    """

    kind: str
    message: str
    count: int
    examples: tuple[str, ...]
    remedy: str
    is_mended: bool = False


@runtime_checkable
class ChecksItself(Protocol):
    """A store that can look for damage in its own file."""

    def damage(self) -> list[str]:
        """Return what is wrong, in words; nothing where all is well."""


def examine(
    store: Store,
    pictures: ScreenshotStore,
    *,
    others: Sequence[Store] = (),
    repair: bool = False,
    now: float | None = None,
    progress: Callable[[str, int], None] = lambda *_: None,
) -> Iterator[Finding]:
    """
    Yield what is wrong, one kind after the other.

    Args:
        others: Stores whose pictures are in the same place; see `retention.neighbours`.
        repair: Mend what can be.
        now: Seconds since 1970, which the age of files is counted from.
        progress: Hears what is looked at, and how many of it were.

    Raises:
        StoreUnavailable, StoreOnHold: It cannot be looked at, or mended, to its end.
    """
    if isinstance(store, ChecksItself) and (lines := store.damage()):
        yield Finding(
            "damaged",
            "the file of the database is damaged",
            len(lines),
            tuple(lines[:_EXAMPLES]),
            "put a backup in its place, or save what `sqlite3 FILE .recover` can read",
        )
        return  # what is told by such a file is nothing to go by
    now = time.time() if now is None else now
    yield from _running(store, repair, now)
    yield from _totals(store, repair, progress)
    yield from _pictures((store, *others), pictures, repair, now, progress)


def _running(store: Store, repair: bool, now: float) -> Iterator[Finding]:
    before = datetime.fromtimestamp(now - STALE_S, UTC).isoformat(timespec="microseconds")
    found: list[str] = []
    while some := store.close_stale(before, mends=repair):
        found += some
        if not repair:  # the same would be told again
            break
    if found:
        yield Finding(
            "running",
            "tasks are running in which nothing has happened for a day",
            len(found),
            tuple(found[:_EXAMPLES]),
            "they count as interrupted, until more of them arrives",
            is_mended=repair,
        )


def _totals(store: Store, repair: bool, progress: Callable[[str, int], None]) -> Iterator[Finding]:
    wrong: list[str] = []
    after: str | None = ""
    while after is not None:
        some, after = store.recount(after, mends=repair)
        wrong += some
        progress("wrong totals", len(wrong))
    if wrong:
        yield Finding(
            "totals",
            "totals of tasks are not what their steps add up to",
            len(wrong),
            tuple(wrong[:_EXAMPLES]),
            "they are counted anew",
            is_mended=repair,
        )


def _pictures(
    stores: Sequence[Store],
    pictures: ScreenshotStore,
    repair: bool,
    now: float,
    progress: Callable[[str, int], None],
) -> Iterator[Finding]:
    if repair:
        # First: what a removal has left to do is no fault.
        list(sweep(stores[0], pictures, stores[1:]))
    count = 0
    examples: list[str] = []
    for looked_at, unneeded in _unneeded(stores, pictures, now):
        if repair:
            pictures.remove(unneeded)
        count += len(unneeded)
        examples += unneeded[: _EXAMPLES - len(examples)]
        progress("pictures", looked_at)
    if count:
        yield Finding(
            "pictures",
            "no row needs these pictures",
            count,
            tuple(examples),
            "their files are removed",
            is_mended=repair,
        )


def _unneeded(
    stores: Sequence[Store], pictures: ScreenshotStore, now: float
) -> Iterator[tuple[int, list[str]]]:
    """Yield how many pictures were looked at, and which of them no row needs."""
    count = 0
    for saved in pictures.saved():
        old = [name for name, saved_at in saved.items() if saved_at < now - GRACE_S]
        for start in range(0, len(old), MAX_UNNEEDED):
            some = old[start : start + MAX_UNNEEDED]
            needed = {name for store in stores for name in store.needed_pictures(some)}
            yield count + start, [name for name in some if name not in needed]
        count += len(saved)
