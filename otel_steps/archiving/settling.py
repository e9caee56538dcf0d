"""
Archived tasks of which the store has rows as well, made whole on one side.

Somebody was killed who let go of them or put them back, or something has arrived since. Where all
that is here is in the archive too, it goes; else the task comes back, and goes again when it is
due.
"""

from collections.abc import Iterator

from otel_steps.archiving.hot_rows import let_go, portions, rows_of
from otel_steps.archiving.restorer import restore
from otel_steps.pictures.store import ScreenshotStore
from otel_steps.stores import Store
from otel_steps.stores.archived import Archived
from otel_steps.stores.cold import Archive
from otel_steps.stores.json_object import Json


def archived_tasks(store: Store) -> Iterator[Archived]:
    """Yield all archived tasks of a store."""
    after = ""
    while page := store.archived(after):
        yield from page
        after = page[-1].task_id


def unsettled(store: Store) -> list[Archived]:
    """Return the archived tasks of which the store has rows as well."""
    return [each for each in archived_tasks(store) if each.has_rows]


def settle(
    store: Store, pictures: ScreenshotStore, cold: Archive, task: Archived, *, before: str
) -> bool:
    """
    Make *task* whole on one side; return whether it is in the archive.

    Args:
        before: A time as rows have it: where something has happened in it since, it comes back.

    Raises:
        RowRejected, StoreUnavailable, StoreOnHold: It is as it was.
    """
    seen = store.version(task.task_id)
    spans = [
        row for row in rows_of(store, "task_spans", task.task_id) if row["ended_at"] is not None
    ]
    shots = list(rows_of(store, "step_screenshots", task.task_id))
    steps = list(rows_of(store, "task_steps", task.task_id))
    is_known = all(
        _are_in(rows, cold, table, task)
        for table, rows in (("step_screenshots", shots), ("task_steps", steps))
    )
    known_spans = {_key(row) for row in cold.rows("task_spans", task.place, task.task_id)}
    spans = [row for row in spans if _key(row) in known_spans]
    if is_known:
        keys = portions(spans, screenshots=shots, steps=steps)
        if let_go(store, task.task_id, task.place, keys, seen=seen, before=before):
            return True
    restore(store, pictures, cold, task.task_id)
    return False


def _are_in(rows: list[Json], cold: Archive, table: str, task: Archived) -> bool:
    wanted = {row["id"]: row for row in rows}
    if wanted:
        for row in cold.rows(table, task.place, task.task_id):
            if row["id"] in wanted and wanted[row["id"]] == row:
                del wanted[row["id"]]
    return not wanted


def _key(row: Json) -> tuple[str, str]:
    return row["trace_id"], row["span_id"]
