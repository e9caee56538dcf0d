"""
Tasks and their pictures removed from a store: rows first, then the files that no row needs.

Each portion of rows notes, in its own transaction, which pictures it lets go of, and a picture is
noted until its files are gone. So a kill at any point leaves nothing but work for the next one who
removes anything: no file is forgotten, and none goes that a row needs.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from otel_steps.errors import StoreUnavailable
from otel_steps.pictures.store import ScreenshotStore
from otel_steps.stores import Store

# Of tasks, asked for at a time.
_TASKS: Final = 100
# Beside each portion as long as that has taken, so that writers come in between.
_SHORTEST_PAUSE_S: Final = 0.01
_LONGEST_PAUSE_S: Final = 0.2


@dataclass(frozen=True, slots=True)
class Progress:
    """
    How far it has come.

    Attributes:
        removed: Tasks that are gone, or whose pictures are, of those of this call.
        kept: Tasks that stay: they run, or something has happened in them since.
        steps: Rows of steps that have gone; of pictures where only these are to go.
        pictures: Pictures whose files have gone, also those that somebody else has left.
        lost: Of these, pictures that a row has come to need just when they went.
    """

    removed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    steps: int = 0
    pictures: int = 0
    lost: tuple[str, ...] = ()


def remove(
    store: Store,
    pictures: ScreenshotStore,
    task_ids: Sequence[str],
    *,
    pictures_only: bool = False,
    keep_first_last_failed: bool = False,
    before: str | None = None,
    others: Sequence[Store] = (),
) -> Iterator[Progress]:
    """
    Remove tasks, a portion each time it is asked for more; what has gone before stays gone.

    Args:
        pictures_only: Remove their pictures alone.
        keep_first_last_failed: Of these only the spare ones, as `Store.remove` has it.
        before: As `Store.remove` has it: a task in which something has happened since stays.
        others: Stores whose pictures are in the same place; see `neighbours`.

    Yields:
        What has gone so far, at least once; the last one is of all.

    Raises:
        StoreUnavailable, StoreOnHold: Some are not removed; call it again.
    """
    removed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    steps = 0
    left = list(dict.fromkeys(task_ids))
    if not pictures_only:
        for gone in _whole_months(store, left, before):
            steps += gone
            yield Progress(steps=steps)
    while left:
        began = time.monotonic()
        some = store.remove(
            left[:_TASKS],
            pictures_only=pictures_only,
            keep_first_last_failed=keep_first_last_failed,
            before=before,
        )
        spoken_of = {*some.removed, *some.kept}
        left = [task_id for task_id in left if task_id not in spoken_of]
        removed, kept, steps = removed + some.removed, kept + some.kept, steps + some.steps
        yield Progress(removed, kept, steps)
        _pause(began)
    for count, lost in sweep(store, pictures, others):
        yield Progress(removed, kept, steps, count, lost)


def _whole_months(store: Store, task_ids: Sequence[str], before: str | None) -> Iterator[int]:
    """Yield how many steps have gone with each month of which none stays."""
    # Where its table is in use without a pause, its rows go as all others do.
    with suppress(StoreUnavailable):
        while gone := store.remove_months(task_ids, before=before):
            yield gone


def sweep(
    store: Store, pictures: ScreenshotStore, others: Sequence[Store] = ()
) -> Iterator[tuple[int, tuple[str, ...]]]:
    """
    Remove the files of pictures that no row needs any more, whoever has let go of them.

    Yields:
        How many have gone, and which of them a row has come to need just then; at least once.

    Raises:
        StoreUnavailable, StoreOnHold: Some are still there; call it again.
    """
    count = 0
    lost: tuple[str, ...] = ()
    while names := store.unneeded_pictures():
        began = time.monotonic()
        needed = {name for other in others for name in other.needed_pictures(names)}
        pictures.remove([name for name in names if name not in needed])
        lost += tuple(store.forget_pictures(names))
        count += len(names) - len(needed)
        yield count, lost
        _pause(began)
    if not count:
        yield 0, ()


def _pause(began: float) -> None:
    time.sleep(min(max(time.monotonic() - began, _SHORTEST_PAUSE_S), _LONGEST_PAUSE_S))
