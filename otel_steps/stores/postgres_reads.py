"""
The questions that are asked of the tables in PostgreSQL, and their answers as JSON values.
"""

from pathlib import Path
from typing import Any, Final
from uuid import UUID

from otel_steps.stores.columns import COLUMNS, TIME_COLUMNS
from otel_steps.stores.contract import Json
from otel_steps.stores.json_rows import time_of
from otel_steps.stores.postgres_transactions import Ask
from otel_steps.stores.search_text import are_storable

# The largest number that PostgreSQL takes for LIMIT and OFFSET.
_MAX_INT: Final = 2**63 - 1


class Reader:
    """
    Asks a database.

    Args:
        ask: Each question, or all of one moment.
        screenshots: The folder that `screenshot_path` of a row is relative to.
        schema: The schema that holds the tables.
    """

    def __init__(self, ask: Ask, screenshots: Path, schema: str) -> None:
        self._ask_database = ask
        self._screenshots = screenshots
        self._schema = f'"{schema}"'

    def tasks(self, status: str | None, limit: int, offset: int) -> list[Json]:
        """Return rows of `tasks`, the newest first."""
        condition = "" if status is None else "WHERE status = %(status)s"
        # Text in the order of its code points, whatever the language of the database.
        order = """
            ORDER BY created_at DESC NULLS LAST, task_id COLLATE "C"
            LIMIT %(limit)s OFFSET %(offset)s
        """
        page = _page(limit, offset)
        return self._rows("tasks", f"{condition} {order}", status=status, **page)

    def task(self, task_id: str) -> Json | None:
        """Return one row of `tasks`, or None."""
        rows = self._rows("tasks", "WHERE task_id = %(task_id)s", task_id=task_id)
        return rows[0] if rows else None

    def steps(self, task_id: str, limit: int | None = None, offset: int = 0) -> list[Json]:
        """Return rows of `task_steps` of a task in their order."""
        return self._rows(
            "task_steps",
            """
            WHERE task_id = %(task_id)s ORDER BY step_number, started_at, id
            LIMIT %(limit)s OFFSET %(offset)s
            """,
            task_id=task_id,
            **_page(limit, offset),
        )

    def count_steps(self, task_id: str) -> int:
        """Return how many steps a task has."""
        question = f"SELECT count(*) FROM {self._schema}.task_steps WHERE task_id = %(task_id)s"  # noqa: S608 - own names, values are bound
        counts = self._ask(question, task_id=task_id)
        return int(counts[0][0]) if counts else 0

    def step_places(self, task_id: str) -> list[Json]:
        """Return where the steps of a task stand in their traces, as far as they are in one."""
        names = ("trace_id", "span_id", "parent_span_id")
        question = f"""
            SELECT {", ".join(names)} FROM {self._schema}.task_steps
            WHERE task_id = %(task_id)s AND trace_id IS NOT NULL
        """  # noqa: S608 - own names, values are bound
        return [dict(zip(names, row, strict=True)) for row in self._ask(question, task_id=task_id)]

    def screenshots(self, task_id: str) -> list[Json]:
        """Return rows of `step_screenshots` of a task in the order of their steps."""
        return self._rows(
            "step_screenshots",
            f"""
            LEFT JOIN {self._schema}.task_steps AS step ON step.id = step_id
            WHERE step_screenshots.task_id = %(task_id)s
            ORDER BY step.step_number, step.started_at, step_screenshots.created_at,
                     step_screenshots.id
            """,
            task_id=task_id,
        )

    def spans_near(self, task_id: str) -> list[Json]:
        """Return rows of `task_spans` that name a task or share a trace with it, by start time."""
        return self._rows(
            "task_spans",
            # An array, not a subquery: with that, OR would read the whole table.
            f"""
            WHERE task_id = %(task_id)s OR trace_id = ANY (ARRAY(
                SELECT DISTINCT trace_id FROM {self._schema}.task_steps
                WHERE task_id = %(task_id)s AND trace_id IS NOT NULL
            ))
            ORDER BY started_at, span_id COLLATE "C", trace_id COLLATE "C"
            """,  # noqa: S608 - own names, values are bound
            task_id=task_id,
        )

    def statistics(self) -> Json:
        """Return counts over all tasks."""
        # From the totals: reading every step would take seconds in a large database.
        ((by_status, steps, successful, failed, screenshots),) = self._ask(
            f"""
            SELECT coalesce(jsonb_object_agg(status, tasks), '{{}}'),
                   coalesce(sum(steps), 0), coalesce(sum(successful), 0),
                   coalesce(sum(failed), 0), (SELECT count(*) FROM {self._schema}.step_screenshots)
            FROM (
                SELECT coalesce(status, 'unknown') AS status, count(*) AS tasks,
                       sum(total_steps) AS steps, sum(successful_steps) AS successful,
                       sum(failed_steps) AS failed
                FROM {self._schema}.tasks GROUP BY 1
            ) AS counts
            """  # noqa: S608 - own names
        )
        ended = int(successful) + int(failed)
        return {
            "tasks": sum(by_status.values()),
            "steps": int(steps),
            "screenshots": screenshots,
            "tasks_by_status": by_status,
            "success_rate": int(successful) / ended if ended else 0.0,
        }

    def _rows(self, table: str, rest: str, **values: Any) -> list[Json]:
        columns = COLUMNS[table]
        names = ", ".join(_selected(table, name) for name in columns)
        question = f"SELECT {names} FROM {self._schema}.{table} {rest}"  # noqa: S608 - own names, values are bound
        return [
            {name: self._decode(name, value) for name, value in zip(columns, row, strict=True)}
            for row in self._ask(question, **values)
        ]

    def _ask(self, question: str, **values: Any) -> list[tuple[Any, ...]]:
        if not are_storable(values.values()):
            return []
        return self._ask_database(question, values)

    def _decode(self, name: str, value: Any) -> Any:
        if name in TIME_COLUMNS:
            return time_of(value)
        if isinstance(value, UUID):
            return str(value)
        if name == "screenshot_path" and value is not None:
            return str(self._screenshots / value)
        return value


def _selected(table: str, name: str) -> str:
    # As JSON: the driver has no value for every time of PostgreSQL's, such as `infinity`.
    return f"to_jsonb({table}.{name})" if name in TIME_COLUMNS else f"{table}.{name}"


def _page(limit: int | None, offset: int) -> dict[str, int]:
    largest = _MAX_INT if limit is None else limit
    return {
        "limit": min(max(largest, 0), _MAX_INT),
        "offset": min(max(offset, 0), _MAX_INT),
    }
