"""
The questions that are asked of the tables in SQLite, and their answers as JSON values.
"""

import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from otel_steps import semconv
from otel_steps.rows.step_index import OF_PICTURE, OF_STEP, index_of
from otel_steps.rows.tables import BOOLEAN_COLUMNS, COLUMNS, JSON_COLUMNS
from otel_steps.stores.contract import MAX_TEXTS, TEXTS
from otel_steps.stores.json_object import Json
from otel_steps.stores.report_totals import statistics_of_all
from otel_steps.stores.search_text import are_storable

# The largest number that SQLite takes for LIMIT and OFFSET.
_MAX_INT: Final = 2**63 - 1

# What `step_index` asks for. Of the attributes only what no column has: to read them costs as much
# as all the rest. The pictures of a task lie together, while each of their step's ids leads
# elsewhere in the file; without the LIMIT, SQLite would follow those.
_INDEX: Final = f"""
    SELECT {", ".join(f"step.{name} AS {name}" for name in OF_STEP)},
           {", ".join(f"picture.{name} AS {name}" for name in OF_PICTURE)},
           started_at, action,
           CASE WHEN action IS NULL
               THEN json_extract(attributes, '$."{semconv.STEP_ACTION_NAME}"') END AS action_name,
           CASE WHEN action IS NULL THEN step_data END AS step_data,
           picture.screenshot_path AS screenshot_path, phash,
           json_extract(metadata, '$.black') AS black,
           json_extract(metadata, '$.role') AS role,
           CASE WHEN picture.id IS NULL OR json_extract(metadata, '$.role') IS NOT NULL
               THEN json_extract(attributes, '$."{semconv.SCREENSHOT_SENSITIVE}"')
               ELSE sensitive END AS sensitive
    FROM task_steps AS step LEFT JOIN (
        SELECT {", ".join(OF_PICTURE)}, id, step_id, created_at, screenshot_path, phash, sensitive,
               metadata
        FROM step_screenshots WHERE task_id = :task_id LIMIT -1
    ) AS picture ON picture.step_id = step.id
    WHERE step.task_id = :task_id
    ORDER BY step_number, started_at, step.id, picture.created_at, picture.id
"""  # noqa: S608 - own names


class Reader:
    """
    Asks one connection, inside one transaction: all answers are of the same moment.

    Args:
        screenshots: The folder that `screenshot_path` of a row is relative to; None to tell it as
            it is stored.
    """

    def __init__(self, connection: sqlite3.Connection, screenshots: Path | None) -> None:
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

    def tasks_named(self, task_ids: Sequence[str]) -> list[Json]:
        """Return rows of `tasks` in the order of *task_ids*."""
        wanted = "WHERE task_id IN (SELECT value FROM json_each(:task_ids))"
        rows = self._rows("tasks", wanted, task_ids=json.dumps(task_ids))
        return sorted(rows, key=lambda row: task_ids.index(row["task_id"]))

    def places(self, task_ids: Sequence[str]) -> dict[str, str]:
        """Return where in the archive the steps of tasks are, by the ids of archived ones."""
        wanted = json.dumps([task_id for task_id in task_ids if are_storable([task_id])])
        question = """
            SELECT task_id, archived FROM tasks
            WHERE archived IS NOT NULL AND task_id IN (SELECT value FROM json_each(:wanted))
        """
        return dict(self._ask(question, wanted=wanted))

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
        question = "SELECT count(*) FROM task_steps WHERE task_id = :task_id"
        counts = self._ask(question, task_id=task_id)
        return int(counts[0][0]) if counts else 0

    def step(self, task_id: str, step_id: str) -> Json | None:
        """Return the rows of one step, `{"step", "screenshot"}`, or None."""
        wanted = "WHERE id = :step_id AND task_id = :task_id"
        steps = self._rows("task_steps", wanted, step_id=step_id, task_id=task_id)
        if not steps:
            return None
        first = """
            WHERE step_id = :step_id AND json_extract(metadata, '$.role') IS NULL
            ORDER BY created_at, id LIMIT 1
        """
        screenshots = self._rows("step_screenshots", first, step_id=step_id)
        return {"step": steps[0], "screenshot": screenshots[0] if screenshots else None}

    def index(self, task_id: str) -> Json | None:
        """Return the index of a task, or None where it has neither a row nor a step."""
        if not are_storable([task_id]):
            return None
        cursor = self._connection.execute(_INDEX, {"task_id": task_id})
        rows = cursor.fetchall()
        if not rows and self.task(task_id) is None:
            return None
        names = [name for name, *_ in cursor.description]
        columns = zip(*rows, strict=True) if rows else [()] * len(names)
        found = {
            name: _decoded_column(name, values) for name, values in zip(names, columns, strict=True)
        }
        return index_of(task_id, self.version(task_id), found)

    def texts(self, task_id: str) -> dict[str, Json]:
        """Return what was said in the last steps of a task, by their ids."""
        rows = self._ask(
            f"""
            SELECT id, {", ".join(TEXTS)} FROM task_steps WHERE task_id = :task_id
            ORDER BY step_number DESC, started_at DESC, id DESC LIMIT {MAX_TEXTS}
            """,  # noqa: S608 - own names
            task_id=task_id,
        )
        return {
            step_id: {
                name: self._decode(name, value) for name, value in zip(TEXTS, values, strict=True)
            }
            for step_id, *values in rows
        }

    def version(self, task_id: str | None) -> str:
        """Return a word that changes with a task, or with any task."""
        question = "SELECT max(version) FROM task_changes"
        if task_id is not None:
            question += " WHERE task_id = :task_id"
        answers = self._ask(question, task_id=task_id)
        return str(answers[0][0] or 0) if answers else "0"

    def screenshots(self, task_id: str, limit: int | None = None, offset: int = 0) -> list[Json]:
        """Return rows of `step_screenshots` of a task in the order of their steps."""
        return self._rows(
            "step_screenshots",
            """
            LEFT JOIN (SELECT id AS joined_id, step_number, started_at FROM task_steps)
            ON joined_id = step_id
            WHERE task_id = :task_id
            ORDER BY step_number IS NULL, step_number, started_at, joined_id, created_at, id
            LIMIT :limit OFFSET :offset
            """,
            task_id=task_id,
            **_page(limit, offset),
        )

    def step_places(self, task_id: str) -> list[Json]:
        """Return where the steps of a task stand in their traces."""
        names = ("trace_id", "span_id", "parent_span_id")
        question = f"SELECT {', '.join(names)} FROM task_steps WHERE task_id = :task_id"  # noqa: S608 - own names
        return [dict(zip(names, row, strict=True)) for row in self._ask(question, task_id=task_id)]

    def spans_below(self, task_id: str, step_id: str) -> list[Json]:
        """Return rows of `task_spans` below a step that are of its task, by start time."""
        return self._rows(
            "task_spans",
            """
            WHERE (trace_id, span_id) IN (
                WITH RECURSIVE below (trace_id, span_id) AS (
                    SELECT trace_id, span_id FROM task_steps
                    WHERE id = :step_id AND task_id = :task_id
                    UNION
                    SELECT span.trace_id, span.span_id
                    FROM below JOIN task_spans AS span
                    ON span.trace_id = below.trace_id AND span.parent_span_id = below.span_id
                    WHERE span.task_id IS NULL OR span.task_id = :task_id
                )
                SELECT trace_id, span_id FROM below
            )
            ORDER BY started_at, span_id, trace_id
            """,
            step_id=step_id,
            task_id=task_id,
        )

    def spans_near(self, task_id: str) -> list[Json]:
        """Return rows of `task_spans` of all traces that have to do with a task, by start time."""
        return self._rows(
            "task_spans",
            """
            WHERE trace_id IN (
                SELECT trace_id FROM task_steps WHERE task_id = :task_id
                UNION SELECT trace_id FROM task_spans WHERE task_id = :task_id
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
                   coalesce(sum(failed_steps), 0),
                   (SELECT count(*) FROM step_screenshots) + (
                       SELECT coalesce(sum(pictures - (
                           SELECT count(*) FROM step_screenshots AS shot
                           WHERE shot.task_id = kept_tasks.task_id
                       )), 0) FROM kept_tasks
                   )
            FROM tasks
            """
        ).fetchone()
        return statistics_of_all(
            tasks_by_status,
            steps=steps,
            successful=successful,
            failed=failed,
            screenshots=screenshots,
        )

    def _rows(self, table: str, rest: str, **values: Any) -> list[Json]:
        columns = COLUMNS[table]
        names = ", ".join(f"{table}.{name}" for name in columns)
        question = f"SELECT {names} FROM {table} {rest}"  # noqa: S608 - own names, values are bound
        return [
            {name: self._decode(name, value) for name, value in zip(columns, row, strict=True)}
            for row in self._ask(question, **values)
        ]

    def _ask(self, question: str, **values: Any) -> list[tuple[Any, ...]]:
        if not are_storable(values.values()):
            return []
        return self._connection.execute(question, values).fetchall()

    def _decode(self, name: str, value: Any) -> Any:
        if value is None:
            return None
        if name in JSON_COLUMNS:
            return json.loads(value)
        if name in BOOLEAN_COLUMNS:
            return bool(value)
        if name == "screenshot_path" and self._screenshots is not None:
            return str(self._screenshots / value)
        return value


def _decoded_column(name: str, values: Sequence[Any]) -> Sequence[Any]:
    if name in JSON_COLUMNS:
        # All at once: a task may have ten thousand steps.
        decoded: list[Any] = json.loads(f"[{','.join(value or 'null' for value in values)}]")
        return decoded
    if name in BOOLEAN_COLUMNS or name == "black":
        return [None if value is None else bool(value) for value in values]
    return values


def _page(limit: int | None, offset: int) -> dict[str, int]:
    largest = _MAX_INT if limit is None else limit
    return {
        "limit": min(max(largest, 0), _MAX_INT),
        "offset": min(max(offset, 0), _MAX_INT),
    }
