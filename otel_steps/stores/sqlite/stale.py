"""
Tasks in SQLite that nobody goes on with, closed as the journal of a dead process closes its own.
"""

import sqlite3
from collections.abc import Iterable
from typing import Final

from otel_steps.rows.interruption import STEP_INTERRUPTED_MESSAGE
from otel_steps.stores.removal import MAX_HOLDINGS
from otel_steps.stores.sqlite import totals


def found(connection: sqlite3.Connection, before: str) -> list[str]:
    """Return tasks that run, and in which nothing has happened since a time."""
    return [task_id for (task_id,) in connection.execute(_FOUND, (before, MAX_HOLDINGS))]


def close(connection: sqlite3.Connection, task_ids: Iterable[str], before: str) -> None:
    """Close those of these tasks, inside the transaction that *connection* has begun."""
    for task_id in task_ids:
        if connection.execute(_CLOSE, (task_id, before)).rowcount:
            connection.execute(_CLOSE_STEPS, (STEP_INTERRUPTED_MESSAGE, task_id))
            totals.count(connection, [task_id])


_FOUND: Final = """
    SELECT task_id FROM tasks WHERE status = 'running' AND last_activity < ?
    ORDER BY task_id LIMIT ?
"""
_CLOSE: Final = """
    UPDATE tasks SET status = 'interrupted', end_time = coalesce(end_time, last_activity)
    WHERE task_id = ? AND status = 'running' AND last_activity < ?
"""
_CLOSE_STEPS: Final = """
    UPDATE task_steps
    SET status = 'interrupted', success = 0, error_kind = 'interrupted',
        error_message = coalesce(error_message, ?)
    WHERE task_id = ? AND status = 'running'
"""
