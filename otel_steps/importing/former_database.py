"""
The tracker's database: its tables `tasks`, `task_steps` and `step_screenshots` in PostgreSQL.

Rows are read as JSON, whatever columns a copy of the tables happens to have. Those that otel-steps
itself has written into the same tables, which always name their trace, are left where they are.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from otel_steps.errors import StoreOnHold
from otel_steps.importing.former import duration_nano, picture_file, step_item, task_item
from otel_steps.importing.item import Found, Item, Refused, unix_nano
from otel_steps.stores.contract import Store
from otel_steps.stores.postgres.connections import connect, place_of
from otel_steps.stores.postgres.errors import store_error

if TYPE_CHECKING:
    from psycopg import Connection

    Row = tuple[Any, ...]

_FROM: Final = "database"
_ROWS_AT_ONCE: Final = 64

_HAS: Final = "SELECT to_regclass(%s) IS NOT NULL"
_COUNT: Final = "SELECT count(*) FROM {table} AS r WHERE to_jsonb(r) ->> 'trace_id' IS NULL"
_ANY_STEP: Final = """
    SELECT task_id, id::text FROM task_steps AS r
    WHERE to_jsonb(r) ->> 'trace_id' IS NULL
    LIMIT 1
"""
_TASKS: Final = """
    SELECT to_jsonb(r) FROM tasks AS r
    WHERE to_jsonb(r) ->> 'trace_id' IS NULL
    ORDER BY task_id
"""
_STEPS: Final = """
    SELECT to_jsonb(r), NULL FROM task_steps AS r
    WHERE to_jsonb(r) ->> 'trace_id' IS NULL
    ORDER BY task_id, step_number, created_at
"""
_STEPS_WITH_PICTURES: Final = """
    SELECT to_jsonb(r), pictures.paths
    FROM task_steps AS r
    LEFT JOIN (
        SELECT step_id::text, jsonb_agg(screenshot_path ORDER BY created_at) AS paths
        FROM step_screenshots GROUP BY step_id
    ) AS pictures ON pictures.step_id = r.id::text
    WHERE to_jsonb(r) ->> 'trace_id' IS NULL
    ORDER BY task_id, step_number, created_at
"""


class FormerDatabase:
    """
    The tracker's tables in the database at *url*; read only.

    Args:
        url: `postgresql://user:password@host:port/database`.

    Attributes:
        name: Host and database, for messages.

    Raises:
        ConfigError: The URL cannot be read.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self.name = place_of(url)

    def count(self) -> int:
        """
        Return how many rows there are to read.

        Raises:
            StoreUnavailable, StoreOnHold: It cannot be reached, or has no table `task_steps`.
        """
        with self._snapshot() as connection:
            return sum(
                connection.execute(_COUNT.format(table=table).encode()).fetchall()[0][0]
                for table in ("tasks", "task_steps")
                if _has(connection, table)
            )

    def is_shown_by(self, store: Store) -> bool:
        """
        Tell whether *store* lives in this very database, by whatever name and way it got there.

        A step keeps the tracker's own id in this database only. Raises as `count` does.
        """
        with self._snapshot() as connection:
            step = connection.execute(_ANY_STEP.encode()).fetchone()
        return step is not None and any(row["id"] == step[1] for row in store.steps(step[0]))

    def read(self) -> Iterator[Found]:
        """
        Return all tasks and then all steps, as they are at one moment.

        Raises:
            StoreUnavailable, StoreOnHold: As for `count`.
        """
        with self._snapshot() as connection:
            if _has(connection, "tasks"):
                for (task,) in _rows(connection, _TASKS):
                    yield task_item(task, _FROM) or Refused(
                        f"{self.name}, tasks {task.get('task_id')}", "it has no id or no time"
                    )
            has_pictures = _has(connection, "step_screenshots")
            for step, paths in _rows(connection, _STEPS_WITH_PICTURES if has_pictures else _STEPS):
                yield _step(step, paths or []) or Refused(
                    f"{self.name}, task_steps {step.get('id')}", "it has no task or no time"
                )

    @contextmanager
    def _snapshot(self) -> "Iterator[Connection[Row]]":
        import psycopg

        try:
            with connect(self._url) as connection:
                connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
                connection.read_only = True
                with connection.transaction():
                    if not _has(connection, "task_steps"):
                        raise StoreOnHold(
                            f"{self.name} has no table task_steps",
                            remedy="give the URL of the database that the tracker wrote to",
                        )
                    yield connection
        except psycopg.Error as error:
            raise store_error(error, self.name) from error


def _has(connection: "Connection[Row]", table: str) -> bool:
    return bool(connection.execute(_HAS, [table]).fetchall()[0][0])


def _rows(connection: "Connection[Row]", question: str) -> "Iterator[Row]":
    """Return the answer, of which the server hands over a few rows at a time."""
    with connection.cursor(name="otel_steps_import") as cursor:
        cursor.itersize = _ROWS_AT_ONCE
        yield from cursor.execute(question.encode())


def _step(row: Mapping[str, Any], paths: list[Any]) -> Item | None:
    created_at = unix_nano(row.get("created_at"))
    start = unix_nano(row["started_at"]) if row.get("started_at") else created_at
    if not row.get("task_id") or start is None:
        return None
    return step_item(
        row,
        step_id=row.get("id"),
        start=start,
        end=start + duration_nano(row),
        picture=picture_file([row.get("screenshot_path"), *paths], [Path.cwd()]),
        imported_from=_FROM,
    )
