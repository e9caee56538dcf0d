"""
Tasks into the archive: written, read back and compared, and only then let go of.

A bundle of tasks of a day is written first, and nothing knows of it. Then each of its tasks is
compared, through a new connection, with what the store has; and the store lets go of exactly the
rows that were compared, if the task is still of the version that was read. So whatever happens
meanwhile, to the task or to this process, costs no row.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from otel_steps.archiving.hot_rows import keys_if_equal, let_go, rows_of
from otel_steps.archiving.pictures import copy, names_of
from otel_steps.archiving.settling import archived_tasks
from otel_steps.digest.digests import PORTION
from otel_steps.digest.telling import digests_of
from otel_steps.errors import RowRejected
from otel_steps.pictures.store import ScreenshotStore
from otel_steps.retention import sweep
from otel_steps.stores import Store
from otel_steps.stores.cold import Archive
from otel_steps.stores.cold.archive import TaskRows
from otel_steps.stores.json_object import Json

# A longer task is not indexed: what its steps say would not be found any more.
MAX_STEPS: Final = 20_000
# Of a bundle: what is written, read back and compared at once.
_TASKS: Final = 500
_STEPS: Final = 20_000
_TABLES: Final = ("task_steps", "step_screenshots", "task_spans")


@dataclass(frozen=True, slots=True)
class Progress:
    """
    How far it has come.

    Attributes:
        archived: Tasks that are in the archive, of those of this call.
        kept: Those that stay: they run, or something has happened in them meanwhile.
        steps: How many steps have gone with them.
        pictures: How many pictures they need are in the archive.
        refused: What the archive does not take, and why; these stay, too.
    """

    archived: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    steps: int = 0
    pictures: int = 0
    refused: tuple[tuple[str, str], ...] = ()


def archive(
    store: Store,
    pictures: ScreenshotStore,
    cold: Archive,
    task_ids: Sequence[str],
    *,
    before: str,
    others: Sequence[Store] = (),
) -> Iterator[Progress]:
    """
    Archive tasks, a bundle each time it is asked for more, once what is searched for is indexed.

    Args:
        pictures: Those of *store*.
        before: A time as rows have it: a task in which something has happened since stays.
        others: Stores whose pictures are in the same place; see `retention.neighbours`.

    Yields:
        How far it has come, at least once; the last one is of all.

    Raises:
        StoreUnavailable, StoreOnHold: Some are not archived; call it again.
    """
    done = Progress()
    # What is kept of the tasks that go has to be of today; where nobody has searched, that takes
    # minutes for a million steps.
    while store.extend_search() or store.extend_sums():
        yield done
    for day, bundle in _bundles(store, task_ids):
        _keep_digests(store, bundle)
        done = _Bundle(store, pictures, cold, before).archive(day, bundle, done)
        yield done
    for _ in sweep(store, pictures, others):
        yield done


def _bundles(store: Store, task_ids: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield the days of tasks, and which tasks are to go together."""
    by_day: dict[str, list[tuple[str, int]]] = {}
    for task_id in dict.fromkeys(task_ids):
        task = store.task(task_id)
        if task is not None and task["archived"] is None:
            day = str(task["created_at"] or "1970-01-01")[:10]
            by_day.setdefault(day, []).append((task_id, task["total_steps"] or 0))
    for day, tasks in sorted(by_day.items()):
        some: list[str] = []
        steps = 0
        # In one order, so that the rows of a task are found without reading those of all.
        for task_id, count in sorted(tasks):
            some.append(task_id)
            steps += count
            if len(some) >= _TASKS or steps >= _STEPS:
                yield day, some
                some, steps = [], 0
        if some:
            yield day, some


def _keep_digests(store: Store, task_ids: Sequence[str]) -> None:
    """Keep digests of tasks, of those that have none."""
    known = store.digests(task_ids)
    left = [task_id for task_id in task_ids if task_id not in known]
    for start in range(0, len(left), PORTION):
        found = map(store.task, left[start : start + PORTION])
        store.keep_digests(digests_of(store, [task for task in found if task is not None]))


class _Bundle:
    """One bundle on its way."""

    def __init__(self, store: Store, pictures: ScreenshotStore, cold: Archive, before: str) -> None:
        self._store = store
        self._pictures = pictures
        self._cold = cold
        self._before = before
        # Task -> its version when it was read, and the pictures that it needs.
        self._seen: dict[str, str] = {}
        self._needed: dict[str, dict[str, None]] = {}

    def archive(self, day: str, task_ids: Sequence[str], done: Progress) -> Progress:
        """Archive tasks of a day; return *done* with what has come of them."""
        place = self._cold.write(day, self._read(task_ids))
        self._cold.close()  # what is read back comes through a new connection
        is_needed = False
        for task_id in task_ids:
            before = done
            done = self._settle(task_id, place, done)
            is_needed = is_needed or len(done.archived) > len(before.archived)
        if not is_needed and all(each.place != place for each in archived_tasks(self._store)):
            self._cold.remove(place)
        return done

    def _settle(self, task_id: str, place: str, done: Progress) -> Progress:
        if task_id not in self._seen:
            return done  # it has gone
        keys = keys_if_equal(self._store, self._cold, task_id, place)
        if keys is None:
            return replace(done, kept=(*done.kept, task_id))
        try:
            count = copy(self._needed[task_id], self._pictures, self._cold.pictures())
        except RowRejected as error:
            return replace(done, refused=(*done.refused, (task_id, str(error))))
        seen, before = self._seen[task_id], self._before
        if not let_go(self._store, task_id, place, keys, seen=seen, before=before):
            return replace(done, kept=(*done.kept, task_id))
        return replace(
            done,
            archived=(*done.archived, task_id),
            steps=done.steps + sum(len(some.steps) for some in keys),
            pictures=done.pictures + count,
        )

    def _read(self, task_ids: Sequence[str]) -> Iterator[TaskRows]:
        for task_id in task_ids:
            seen = self._store.version(task_id)
            task = list(rows_of(self._store, "tasks", task_id))
            if not task:
                continue
            self._seen[task_id] = seen
            self._needed[task_id] = {}
            rows = {table: self._noted(table, task_id) for table in _TABLES}
            yield {"tasks": task, **rows}

    def _noted(self, table: str, task_id: str) -> Iterator[Json]:
        for row in rows_of(self._store, table, task_id):
            self._needed[task_id] |= dict.fromkeys(names_of(row))
            yield row
