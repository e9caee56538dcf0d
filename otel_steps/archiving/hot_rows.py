"""What a store has of a task, a page at a time, and whether the archive has the same."""

import time
from collections.abc import Iterator
from itertools import zip_longest
from typing import Final

from otel_steps.stores import Store
from otel_steps.stores.archived import Keys, keys_of
from otel_steps.stores.cold import Archive
from otel_steps.stores.json_object import Json

_PAGE: Final = 200
# Of rows that a store lets go of, or takes, at once: a writer waits as long.
PORTION: Final = 200
_LONGEST_PAUSE_S: Final = 0.2


def rows_of(store: Store, table: str, task_id: str) -> Iterator[Json]:
    """Yield the rows of a task in a table, as they are stored."""
    match table:
        case "tasks":
            task = store.task(task_id)
            yield from [] if task is None else [task]
        case "task_spans":
            yield from store.spans(task_id)
        case _:
            offset = 0
            while page := store.stored_rows(table, task_id, limit=_PAGE, offset=offset):
                yield from page
                offset += len(page)


def keys_if_equal(store: Store, archive: Archive, task_id: str, place: str) -> list[Keys] | None:
    """
    Return the keys of all rows of a task, in portions; None where the archive has others.

    Steps come last: a task with a step in the store is one that has rows there.
    """
    found: dict[str, list[Json]] = {}
    for table in ("tasks", "task_spans", "step_screenshots", "task_steps"):
        found[table] = []
        hot, cold = rows_of(store, table, task_id), archive.rows(table, place, task_id)
        for one, other in zip_longest(hot, cold):
            if one is None or one != other:
                return None
            found[table].append(_key(one))
    return portions(
        found["task_spans"], screenshots=found["step_screenshots"], steps=found["task_steps"]
    )


def portions(spans: list[Json], *, screenshots: list[Json], steps: list[Json]) -> list[Keys]:
    """Return the keys of rows in portions, at least one: spans, pictures, and steps at last."""
    kinds = (("spans", spans), ("screenshots", screenshots), ("steps", steps))
    rows = [(kind, row) for kind, some in kinds for row in some]
    found: list[Keys] = []
    for start in range(0, len(rows), PORTION):
        some: dict[str, list[Json]] = {}
        for kind, row in rows[start : start + PORTION]:
            some.setdefault(kind, []).append(row)
        found.append(keys_of(**some))
    # One without rows is archived by its first portion, too.
    return found or [Keys()]


def let_go(
    store: Store, task_id: str, place: str, keys: list[Keys], *, seen: str, before: str
) -> bool:
    """Let go of rows, a portion at a time; return whether all have gone."""
    for some in keys:
        began = time.monotonic()
        version = store.let_go(task_id, place, some, seen=seen, before=before)
        if version is None:
            return False
        seen = version
        # Beside each portion as long as that has taken, so that writers come in between.
        time.sleep(min(time.monotonic() - began, _LONGEST_PAUSE_S))
    return True


def _key(row: Json) -> Json:
    return {name: row[name] for name in ("id", "trace_id", "span_id") if name in row}
