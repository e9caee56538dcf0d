"""
What a task's steps add up to, kept right by what a batch changes: its cost is that of the batch.

Inside one transaction: look at the rows that the batch has before it writes them, and again after
that; the difference goes to the totals. A task whose row is new is counted as a whole, since steps
of it may have been there before, and so is one whose latest step has become an earlier one.

The totals of an archived task stay: its other steps are not here to be counted with those that
arrive, which may be among them. Whoever puts it back counts.
"""

import json
import sqlite3
from collections.abc import Iterable
from typing import Any, Final

# Of one task: steps, successful, failed, their milliseconds, and the time of the latest.
_Sum = tuple[int, int, int, int, str | None]

_NOTHING: Final[_Sum] = (0, 0, 0, 0, None)


class Totals:
    """
    The totals of the tasks that a batch touches.

    Args:
        connection: In a transaction that writes, before the batch has written anything.
        task_ids: Of all its rows.
        step_ids: Of the steps that it may change.
    """

    def __init__(
        self, connection: sqlite3.Connection, task_ids: Iterable[str], step_ids: Iterable[str]
    ) -> None:
        self._connection = connection
        self._step_ids = json.dumps(list(step_ids))
        task_ids = set(task_ids)
        known = connection.execute(_KNOWN, (json.dumps(list(task_ids)),))
        self._new = task_ids - {task_id for (task_id,) in known}
        self._before = self._sums()

    def update(self) -> None:
        """Add to the totals what has changed since this was made."""
        after = self._sums()
        added: list[tuple[Any, ...]] = []
        counted = set(self._new)
        for task_id in self._before.keys() | after.keys():
            old, new = self._before.get(task_id, _NOTHING), after.get(task_id, _NOTHING)
            if (old[4] or "") > (new[4] or ""):
                counted.add(task_id)
            elif old != new and task_id not in counted:
                change = (now - before for now, before in zip(new[:4], old[:4], strict=True))
                added.append((*change, new[4], task_id))
        self._connection.executemany(_ADD, added)
        self._connection.executemany(_COUNT, [(task_id,) for task_id in counted])

    def _sums(self) -> dict[str, _Sum]:
        rows = self._connection.execute(_SUMS, (self._step_ids,))
        return {task_id: tuple(values) for task_id, *values in rows}


def wrong(connection: sqlite3.Connection, after: str) -> tuple[list[str], str | None]:
    """Return whose totals are wrong, of some tasks; see `Store.recount`."""
    rows = connection.execute(_COMPARED, (after,)).fetchall()
    return [task_id for task_id, is_wrong in rows if is_wrong], rows[-1][0] if rows else None


def count(connection: sqlite3.Connection, task_ids: Iterable[str]) -> None:
    """Count tasks anew, inside the transaction that *connection* has begun."""
    connection.executemany(_COUNT, [(task_id,) for task_id in task_ids])


_KNOWN: Final = "SELECT task_id FROM tasks WHERE task_id IN (SELECT value FROM json_each(?))"

_SUM: Final = """
    count(*), count(*) FILTER (WHERE success = 1), count(*) FILTER (WHERE success = 0),
    coalesce(sum(duration_ms), 0), max(coalesce(ended_at, started_at))
"""

_SUMS: Final = f"""
    SELECT task_id, {_SUM} FROM task_steps
    WHERE id IN (SELECT value FROM json_each(?)) GROUP BY task_id
"""  # noqa: S608 - own words

_ADD: Final = """
    UPDATE tasks SET
        total_steps = total_steps + ?1,
        successful_steps = successful_steps + ?2,
        failed_steps = failed_steps + ?3,
        total_duration_ms = total_duration_ms + ?4,
        last_step_at = coalesce(max(last_step_at, ?5), ?5),
        has_detailed_steps = total_steps + ?1 > 0,
        last_activity = max(last_activity, ?5)
    WHERE task_id = ?6 AND archived IS NULL
"""

_COUNT: Final = f"""
    UPDATE tasks
    SET (total_steps, successful_steps, failed_steps, total_duration_ms, last_step_at) = (
            SELECT {_SUM} FROM task_steps WHERE task_steps.task_id = tasks.task_id
        ),
        has_detailed_steps = EXISTS (
            SELECT 1 FROM task_steps WHERE task_steps.task_id = tasks.task_id
        ),
        last_activity = max(last_activity, coalesce(
            (SELECT max(coalesce(ended_at, started_at)) FROM task_steps
             WHERE task_steps.task_id = tasks.task_id),
            last_activity
        ))
    WHERE task_id = ? AND archived IS NULL
"""  # noqa: S608 - own words

_COMPARED: Final = """
    SELECT task_id, archived IS NULL AND (
        SELECT (count(*), count(*) FILTER (WHERE success = 1), count(*) FILTER (WHERE success = 0),
            coalesce(sum(duration_ms), 0), count(*) > 0)
            IS NOT (total_steps, successful_steps, failed_steps, total_duration_ms,
                has_detailed_steps)
        FROM task_steps WHERE task_steps.task_id = tasks.task_id
    )
    FROM tasks WHERE task_id > ? ORDER BY task_id LIMIT 500
"""
