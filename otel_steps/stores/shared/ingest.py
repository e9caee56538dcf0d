"""
What every client of the shared database says to its functions, and what they answer.

The rules of which row wins are in the database, in `otel_steps_ingest` (see `migrations/`); here is
no driver, only the values that go in and come out.
"""

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any, Final

from otel_steps.errors import StoreOnHold, StoreUnavailable
from otel_steps.rows.model import Batch, ScreenshotRow, StepRow
from otel_steps.rows.tables import ROW_COLUMNS
from otel_steps.stores import json_encoding
from otel_steps.stores.contract import Written
from otel_steps.stores.json_object import Json

# The least that this version can work with; a newer database only has more.
SCHEMA_VERSION: Final = 11

MIGRATE: Final = "run `otel-steps migrate`: the database lacks tables or functions of this version"


def check_version(found: object, place: str) -> None:
    """
    Check the answer of `otel_steps_schema_version`.

    Raises:
        StoreOnHold: The database was last migrated by an older version.
    """
    if not isinstance(found, int) or found < SCHEMA_VERSION:
        raise StoreOnHold(
            f"{place} has tables of version {found}; this otel-steps needs {SCHEMA_VERSION}",
            remedy=MIGRATE,
        )


# What `otel_steps_attach` needs of a step.
_ATTACHED: Final = (
    "id",
    "task_id",
    "status",
    "screenshot_path",
    "screenshot_url",
    "attributes",
)

_VALUES: Final[dict[str, Callable[[object], tuple[Any, ...]]]] = {
    table: attrgetter(*columns) for table, columns in ROW_COLUMNS.items()
}


def encode(batch: Batch) -> bytes:
    """
    Return *batch* as the JSON that `otel_steps_ingest` takes: table -> rows, column -> value.

    It names the columns as well: a row may lack what is empty, and is to be empty there.

    Raises:
        RowRejected: A value is no JSON, or text that has no encoding.
    """
    rows = {
        "columns": ROW_COLUMNS,
        "tasks": _rows("tasks", batch.tasks),
        "task_steps": _rows("task_steps", batch.steps),
        "step_screenshots": _rows("step_screenshots", batch.screenshots),
        "task_spans": _rows("task_spans", batch.spans),
    }
    return json_encoding.encode(rows, "a value")


def encode_pictures(steps: Sequence[StepRow], screenshots: Sequence[ScreenshotRow]) -> bytes:
    """
    Return the JSON that `otel_steps_attach` takes.

    Raises:
        RowRejected: As `encode`.
    """
    rows = {
        "columns": ROW_COLUMNS,
        "task_steps": [{name: getattr(step, name) for name in _ATTACHED} for step in steps],
        "step_screenshots": _rows("step_screenshots", screenshots),
    }
    return json_encoding.encode(rows, "a value")


def _rows(table: str, rows: Iterable[object]) -> list[Json]:
    """Return *rows* without what is empty: the server would read names and nulls for nothing."""
    columns, values_of = ROW_COLUMNS[table], _VALUES[table]
    return [
        {n: value for n, value in zip(columns, values_of(row), strict=True) if value is not None}
        for row in rows
    ]


def check_attached(answer: Any, steps: Sequence[StepRow]) -> None:
    """
    Check what `otel_steps_attach` says it was given.

    Raises:
        StoreUnavailable: Something else has answered; whether anything is stored is unknown.
    """
    if answer != len(steps):
        raise StoreUnavailable(
            f"the database does not confirm the pictures of {len(steps)} steps; they are sent again"
        )


def written(answer: Any, batch: Batch) -> Written:
    """
    Return what `otel_steps_ingest` says it did with *batch*.

    Raises:
        StoreUnavailable: Something else has answered; whether anything is stored is unknown.
    """
    # A task without a status is no span; it only has a row to be listed by.
    tasks = sum(task.status is not None for task in batch.tasks)
    expected = tasks + len(batch.steps) + len(batch.spans)
    match answer:
        case {"stored": int(stored), "known": int(known)} if stored + known == expected:
            return Written(stored=stored, known=known)
    raise StoreUnavailable(f"the database does not confirm {expected} spans; they are sent again")
