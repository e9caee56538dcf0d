"""
What of the archive no task needs any more: it was put back, removed, or never noted.

A bundle goes as a whole. Where others of its tasks are archived still, these come back, and go
again with a bundle of their own.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from otel_steps.archiving.archiver import archive
from otel_steps.archiving.pictures import names_of
from otel_steps.archiving.restorer import restore
from otel_steps.archiving.settling import archived_tasks
from otel_steps.pictures.store import ScreenshotStore
from otel_steps.pictures.upkeep import PictureUpkeep
from otel_steps.rows.times import iso
from otel_steps.stores import Store
from otel_steps.stores.cold import Archive

# Somebody who archives just now has written a bundle, or a picture, before any task says so.
GRACE_S: Final = 3_600.0


@dataclass(frozen=True, slots=True)
class Unneeded:
    """
    A bundle of which some is not needed.

    Attributes:
        place: Where it is.
        tasks: How many of its tasks are not archived there any more.
        needed: Those that are, of which there may be none.
    """

    place: str
    tasks: int
    needed: tuple[str, ...]


def unneeded(
    stores: Sequence[Store], cold: Archive, *, now: float | None = None
) -> Iterator[Unneeded]:
    """
    Yield the bundles of which the tasks of *stores* do not need all.

    Args:
        now: Seconds since 1970, which the age of files is counted from: what is younger than
            `GRACE_S` is not looked at.

    Raises:
        StoreUnavailable, StoreOnHold: It cannot be told.
    """
    now = time.time() if now is None else now
    # The archive first: what is noted after that is not among these.
    old = [place for place in cold.places() if cold.written_at(place) < now - GRACE_S]
    at: dict[str, set[str]] = {}
    for store in stores:
        for task in archived_tasks(store):
            at.setdefault(task.place, set()).add(task.task_id)
    for place in old:
        known = [row["task_id"] for row in cold.tasks(place)]
        needed = tuple(task_id for task_id in known if task_id in at.get(place, ()))
        if len(needed) < len(known) or not known:
            yield Unneeded(place, len(known) - len(needed), needed)
    # Where tasks are archived in one of these, it was finished, and has lost a file since.
    broken = cold.broken_places(before=now - GRACE_S)
    yield from (Unneeded(place, 0, ()) for place in broken if place not in at)


def clean(
    store: Store,
    pictures: ScreenshotStore,
    cold: Archive,
    bundles: Sequence[Unneeded],
    *,
    others: Sequence[Store] = (),
    now: float | None = None,
) -> Iterator[Unneeded]:
    """
    Remove bundles, and then the pictures that none of the others needs.

    Yields:
        Each that is gone. One with tasks of another store stays: they cannot be moved here.

    Raises:
        RowRejected, StoreUnavailable, StoreOnHold: Some are still there; call it again.
    """
    now = time.time() if now is None else now
    before = iso(int(now * 1e9))
    for each in bundles:
        for task_id in each.needed:
            restore(store, pictures, cold, task_id)
        for _ in archive(store, pictures, cold, each.needed, before=before, others=others):
            pass
        if all(
            task.place != each.place for one in (store, *others) for task in archived_tasks(one)
        ):
            cold.remove(each.place)
            yield each
    _remove_pictures(cold, now)


def _remove_pictures(cold: Archive, now: float) -> None:
    needed = {
        name
        for place in cold.places()
        for table in ("task_steps", "step_screenshots", "task_spans")
        for row in cold.rows(table, place)
        for name in names_of(row)
    }
    pictures = cold.pictures()
    for found in PictureUpkeep(pictures).saved():
        pictures.remove(
            [name for name, each in found.items() if name not in needed and each.at < now - GRACE_S]
        )
