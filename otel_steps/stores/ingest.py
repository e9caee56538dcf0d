"""
What every client of the shared database says to its functions, and what they answer.

The rules of which row wins are in the database, in `otel_steps_ingest` (see `migrations/`); here is
no driver, only the values that go in and come out.
"""

import json
from typing import Any, Final

from otel_steps.model import Batch
from otel_steps.stores.columns import ROW_COLUMNS
from otel_steps.stores.contract import Json, RowRejected, StoreOnHold, StoreUnavailable, Written

# The least that this version can work with; a newer database only has more.
SCHEMA_VERSION: Final = 1

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
    try:
        text = json.dumps(
            rows_of(batch), ensure_ascii=False, separators=(",", ":"), allow_nan=False
        )
        text.encode()  # half a character passes as JSON
    except (TypeError, ValueError, RecursionError) as error:
        # Without the driver's words: they may quote the value.
        raise RowRejected(f"a value is no JSON: {type(error).__name__}") from error
    return text


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
