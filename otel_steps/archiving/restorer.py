"""A task back into the store: pictures first, then rows, and at last the word that it is there."""

from collections.abc import Iterator
from typing import Final

from otel_steps.archiving.hot_rows import PORTION
from otel_steps.archiving.pictures import copy, names_of
from otel_steps.errors import StoreUnavailable
from otel_steps.pictures.store import ScreenshotStore
from otel_steps.stores import Store
from otel_steps.stores.cold import Archive
from otel_steps.stores.json_object import Json

_TABLES: Final = ("task_spans", "step_screenshots", "task_steps")
_TRIES: Final = 3


def restore(store: Store, pictures: ScreenshotStore, cold: Archive, task_id: str) -> bool:
    """
    Put an archived task back, with all its rows as they were; False where it is not archived.

    What has arrived of it meanwhile stays, and is counted with the rest. The files of the archive
    stay as they are.

    Raises:
        RowRejected: A picture, or a row, is not taken.
        StoreUnavailable, StoreOnHold: It is archived as before; calling again goes on.
    """
    for _ in range(_TRIES):
        task = store.task(task_id)
        if task is None or task["archived"] is None:
            return False
        place: str = task["archived"]
        names: dict[str, None] = {}
        for table in _TABLES:
            for row in cold.rows(table, place, task_id):
                names |= dict.fromkeys(names_of(row))
        copy(names, cold.pictures(), pictures)
        steps = 0
        for table in _TABLES:
            for some in _portions(cold.rows(table, place, task_id)):
                store.put_back(task_id, place, {table: some})
                steps += len(some) if table == "task_steps" else 0
        # False where somebody has let go of some of them meanwhile.
        if store.wake(task_id, place, steps=steps):
            # A sweep may have come before the rows that need them.
            copy(names, cold.pictures(), pictures)
            return True
    raise StoreUnavailable(f"somebody else archives {task_id} just now; restore it again")


def _portions(rows: Iterator[Json]) -> Iterator[list[Json]]:
    some: list[Json] = []
    for row in rows:
        some.append(row)
        if len(some) == PORTION:
            yield some
            some = []
    if some:
        yield some
