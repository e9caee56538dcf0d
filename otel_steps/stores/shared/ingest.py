"""
What every client of the shared database says to its functions, and what they answer.

The rules of which row wins are in the database, in `otel_steps_ingest` (see `migrations/`); here is
no driver, only the values that go in and come out.
"""

import json
from collections.abc import Sequence
from typing import Any, Final

from otel_steps.errors import RowRejected, StoreOnHold, StoreUnavailable
from otel_steps.rows.model import Batch, ScreenshotRow, StepRow
from otel_steps.rows.tables import ROW_COLUMNS
from otel_steps.stores.contract import Json, Written

# The least that this version can work with; a newer database only has more.
SCHEMA_VERSION: Final = 3

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


def rows_of(batch: Batch) -> dict[str, list[Json]]:
    """Return *batch* as `otel_steps_ingest` takes it: table -> rows, column -> value."""
    rows = {
        "tasks": batch.tasks,
        "task_steps": batch.steps,
        "step_screenshots": batch.screenshots,
        "task_spans": batch.spans,
    }
    return {
        table: [{name: getattr(row, name) for name in ROW_COLUMNS[table]} for row in rows[table]]
        for table in rows
    }


def encode(batch: Batch) -> str:
    """
    Return *batch* as the JSON text that `otel_steps_ingest` takes.

    Raises:
        RowRejected: A value is no JSON, or text that has no encoding.
    """
    return _encode(rows_of(batch))


def encode_pictures(steps: Sequence[StepRow], screenshots: Sequence[ScreenshotRow]) -> str:
    """
    Return the JSON text that `otel_steps_attach` takes.

    Raises:
        RowRejected: As `encode`.
    """
    rows = rows_of(Batch(screenshots=screenshots))
    known = [{name: getattr(step, name) for name in _ATTACHED} for step in steps]
    return _encode({"task_steps": known, "step_screenshots": rows["step_screenshots"]})


def _encode(rows: dict[str, list[Json]]) -> str:
    try:
        text = json.dumps(rows, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        text.encode()  # half a character passes as JSON
    except (TypeError, ValueError, RecursionError) as error:
        # Without the driver's words: they may quote the value.
        raise RowRejected(f"a value is no JSON: {type(error).__name__}") from error
    return text


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
