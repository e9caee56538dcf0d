"""
The questions that are asked of the tables in SQLite, and their answers as JSON values.
"""

import json
import sqlite3
from pathlib import Path
from typing import Any, Final

from otel_steps.stores.columns import BOOLEAN_COLUMNS, COLUMNS, JSON_COLUMNS
from otel_steps.stores.contract import Json

# The largest number that SQLite takes for LIMIT and OFFSET.
_MAX_INT: Final = 2**63 - 1


class Reader:
    """
    Asks one connection, inside one transaction: all answers are of the same moment.

    Args:
        screenshots: The folder that `screenshot_path` of a row is relative to.
    """

    def __init__(self, connection: sqlite3.Connection, screenshots: Path) -> None:
        self._connection = connection
        self._screenshots = screenshots

    def tasks(self, status: str | None, limit: int, offset: int) -> list[Json]:
        """Return rows of `tasks`, the newest first."""
        order = "ORDER BY created_at DESC, task_id LIMIT :limit OFFSET :offset"
        condition = "" if status is None else "WHERE status = :status"
        page = _page(limit, offset)
        return self._rows("tasks", f"{condition} {order}", status=status, **page)

    def task(self, task_id: str) -> Json | None:
        """Return one row of `tasks`, or None."""
        rows = self._rows("tasks", "WHERE task_id = :task_id", task_id=task_id)
        return rows[0] if rows else None

    def steps(self, task_id: str, limit: int | None = None, offset: int = 0) -> list[Json]:
        """Return rows of `task_steps` of a task in their order."""
        return self._rows(
            "task_steps",
            """
            WHERE task_id = :task_id ORDER BY step_number, started_at, id
            LIMIT :limit OFFSET :offset
            """,
            task_id=task_id,
            **_page(limit, offset),
        )

    def count_steps(self, task_id: str) -> int:
        """Return how many steps a task has."""
        question = "SELECT count(*) FROM task_steps WHERE task_id = ?"
        (count,) = self._connection.execute(question, (task_id,)).fetchone()
        return int(count)

    def screenshots(self, task_id: str) -> list[Json]:
        """Return rows of `step_screenshots` of a task in the order of their steps."""
        return self._rows(
            "step_screenshots",
            """
            LEFT JOIN (SELECT id AS joined_id, step_number, started_at FROM task_steps)
            ON joined_id = step_id
            WHERE task_id = :task_id
            ORDER BY step_number IS NULL, step_number, started_at, created_at, id
            """,
            task_id=task_id,
        )

    def spans_near(self, task_id: str) -> list[Json]:
        """Return rows of `task_spans` that name a task or share a trace with it, by start time."""
        return self._rows(
            "task_spans",
            """
            WHERE task_id = :task_id OR trace_id IN (
                SELECT trace_id FROM task_steps WHERE task_id = :task_id
            )
            ORDER BY started_at, span_id, trace_id
            """,
            task_id=task_id,
        )

    def statistics(self) -> Json:
        """Return counts over all tasks."""
        by_status = "SELECT coalesce(status, 'unknown'), count(*) FROM tasks GROUP BY status"
        tasks_by_status = dict(self._connection.execute(by_status).fetchall())
        # From the totals: reading every step would take seconds in a large database.
        steps, successful, failed, screenshots = self._connection.execute(
            """
            SELECT coalesce(sum(total_steps), 0), coalesce(sum(successful_steps), 0),
                   coalesce(sum(failed_steps), 0), (SELECT count(*) FROM step_screenshots)
            FROM tasks
            """
        ).fetchone()
        ended = successful + failed
        return {
            "tasks": sum(tasks_by_status.values()),
            "steps": steps,
            "screenshots": screenshots,
            "tasks_by_status": tasks_by_status,
            "success_rate": successful / ended if ended else 0.0,
        }

    def _rows(self, table: str, rest: str, **values: Any) -> list[Json]:
        columns = COLUMNS[table]
        names = ", ".join(f"{table}.{name}" for name in columns)
        question = f"SELECT {names} FROM {table} {rest}"  # noqa: S608 - own names, values are bound
        return [
            {name: self._decode(name, value) for name, value in zip(columns, row, strict=True)}
            for row in self._connection.execute(question, values)
        ]

    def _decode(self, name: str, value: Any) -> Any:
        if value is None:
            return None
        if name in JSON_COLUMNS:
            return json.loads(value)
        if name in BOOLEAN_COLUMNS:
            return bool(value)
        return str(self._screenshots / value) if name == "screenshot_path" else value


def _page(limit: int | None, offset: int) -> dict[str, int]:
    largest = _MAX_INT if limit is None else limit
    return {
        "limit": min(max(largest, 0), _MAX_INT),
        "offset": min(max(offset, 0), _MAX_INT),
    }
