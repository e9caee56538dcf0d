"""
How a batch becomes rows of SQLite: which row wins.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any, Final

from otel_steps.pictures.names import picture_name_in
from otel_steps.rows.model import Batch, ScreenshotRow, StepRow, TaskRow
from otel_steps.rows.tables import JSON_COLUMNS, ROW_COLUMNS
from otel_steps.stores import json_encoding
from otel_steps.stores.contract import Written
from otel_steps.stores.sqlite import unneeded
from otel_steps.stores.sqlite.totals import Totals

# Values of one row, in the order of its columns.
_Values = Sequence[Any]


class EncodedBatch:
    """
    A batch as SQLite takes it: made before the transaction, so that no lock is held meanwhile.

    Raises:
        RowRejected: A value is no JSON.
    """

    def __init__(self, batch: Batch) -> None:
        spoken_for = [task for task in batch.tasks if task.status is not None]
        implicit = [task for task in batch.tasks if task.status is None]
        # `created_at` becomes the earliest time that is known; this one stays that of the span.
        self.tasks = [
            (*values, task.created_at)
            for values, task in zip(_encode("tasks", spoken_for), spoken_for, strict=True)
        ]
        self.implicit_tasks = _encode("tasks", implicit)
        self.lifetimes = [_lifetime(task) for task in batch.tasks]
        self.steps = _encode("task_steps", batch.steps)
        self.screenshots = _encode("step_screenshots", batch.screenshots)
        self.spans = _encode("task_spans", batch.spans)
        self.span_pictures = [
            *(
                each
                for step in batch.steps
                for each in unneeded.pictures_of(step.id, step.attributes)
            ),
            *(
                each
                for span in batch.spans
                for each in unneeded.pictures_of(
                    unneeded.owner(span.trace_id, span.span_id), span.attributes
                )
            ),
        ]
        self.task_ids = {row.task_id for rows in (batch.tasks, batch.steps) for row in rows}
        self.step_ids = [step.id for step in batch.steps]


class EncodedPictures:
    """
    Pictures of stored steps as SQLite takes them.

    Raises:
        RowRejected: A value is no JSON.
    """

    def __init__(self, steps: Sequence[StepRow], screenshots: Sequence[ScreenshotRow]) -> None:
        self.steps = [
            (
                step.screenshot_path,
                step.screenshot_url,
                None if step.attributes is None else _json("attributes", step.attributes),
                step.id,
                step.status,
            )
            for step in steps
        ]
        self.paths = [(shot.step_id, shot.screenshot_path) for shot in screenshots]
        self.screenshots = [
            (*values, shot.step_id)
            for values, shot in zip(
                _encode("step_screenshots", screenshots), screenshots, strict=True
            )
        ]


def write(connection: sqlite3.Connection, batch: EncodedBatch) -> Written:
    """Store *batch* inside the transaction that *connection* has begun."""
    totals = Totals(connection, batch.task_ids, batch.step_ids)
    stored = _run(connection, _UPSERT_TASK, batch.tasks)
    _run(connection, _COMPLETE_TASK, batch.tasks)
    _run(connection, _INSERT_IMPLICIT_TASK, batch.implicit_tasks)
    _run(connection, _EXTEND_LIFETIME, batch.lifetimes)
    stored += _run(connection, _UPSERT_STEP, batch.steps)
    stored += _run(connection, _UPSERT_SPAN, batch.spans)
    _run(connection, _UPSERT_SCREENSHOT, batch.screenshots)
    _run(connection, _INSERT_SPAN_PICTURE, batch.span_pictures)
    totals.update()
    spans = len(batch.tasks) + len(batch.steps) + len(batch.spans)
    return Written(stored=stored, known=spans - stored)


def attach(connection: sqlite3.Connection, pictures: EncodedPictures) -> None:
    """Give stored steps their *pictures*, inside the transaction that *connection* has begun."""
    _run(connection, _ATTACH, pictures.steps)
    _run(connection, _ATTACH_SCREENSHOT, pictures.screenshots)
    # Those of steps that have been removed meanwhile.
    unneeded.note(connection, _strays(connection, pictures.paths))


def _strays(connection: sqlite3.Connection, paths: Sequence[tuple[str, str]]) -> list[str | None]:
    return [
        picture_name_in(path)
        for step_id, path in paths
        if connection.execute(_HAS_STEP, (step_id,)).fetchone() is None
    ]


def _run(connection: sqlite3.Connection, statement: str, rows: Sequence[_Values]) -> int:
    """Return how many rows changed."""
    return connection.executemany(statement, rows).rowcount if rows else 0


def _lifetime(task: TaskRow) -> _Values:
    return task.created_at, task.last_activity, task.task_id


def _encode(table: str, rows: Iterable[object]) -> list[_Values]:
    values_of, places = _ENCODERS[table]
    # Rows of one process share their resource: it is encoded once. By identity, which holds for
    # as long as the rows are here.
    resources: dict[int, str] = {}
    encoded: list[_Values] = []
    for row in rows:
        values = list(values_of(row))
        for place, name in places:
            value = values[place]
            if value is None:
                continue
            if name != "resource":
                values[place] = _json(name, value)
            elif id(value) in resources:
                values[place] = resources[id(value)]
            else:
                values[place] = resources[id(value)] = _json(name, value)
        encoded.append(values)
    return encoded


def _json(name: str, value: Any) -> str:
    return json_encoding.encode(value, name).decode()


# Table -> what takes the values out of a row, and the places and names of those that are JSON.
_ENCODERS: Final[dict[str, tuple[Callable[[object], _Values], list[tuple[int, str]]]]] = {
    table: (
        attrgetter(*columns),
        [(place, name) for place, name in enumerate(columns) if name in JSON_COLUMNS],
    )
    for table, columns in ROW_COLUMNS.items()
}


def _upsert(table: str, columns: Sequence[str], *, key: str, update: str) -> str:
    marks = ", ".join("?" * len(columns))
    return f"""
        INSERT INTO {table} ({", ".join(columns)}) VALUES ({marks})
        ON CONFLICT ({key}) DO {update}
    """  # noqa: S608 - names are our own, values are bound


def _update(columns: Iterable[str], *, where: str) -> str:
    assignments = ", ".join(f"{name} = excluded.{name}" for name in columns)
    return f"UPDATE SET {assignments} WHERE {where}"


def _completion(columns: Sequence[str]) -> str:
    """Return what fills *columns* of a finished task from its own span, given as `_TASK` has it."""
    place = {name: f"?{number}" for number, name in enumerate(_TASK, start=1)}
    assignments = ", ".join(f"{name} = coalesce({place[name]}, {name})" for name in columns)
    changes = " OR ".join(
        f"({place[name]} IS NOT NULL AND {place[name]} IS NOT {name})" for name in columns
    )
    return f"""
        UPDATE tasks SET {assignments}
        WHERE task_id = {place["task_id"]} AND trace_id IS {place["trace_id"]}
            AND started_at = {place["started_at"]} AND status = {place["status"]}
            AND end_time IS {place["end_time"]} AND ({changes})
    """  # noqa: S608 - names are our own, values are bound


def _without(columns: Iterable[str], *names: str) -> list[str]:
    return [name for name in columns if name not in names]


def _rank(table: str) -> str:
    return (
        f"CASE WHEN {table}.status IS NULL THEN 0 WHEN {table}.status = 'running' THEN 1 "
        f"WHEN {table}.status = 'interrupted' THEN 2 ELSE 3 END"
    )


def _moves_forward(table: str) -> str:
    new, old = _rank("excluded"), _rank(table)
    # Running after running: the span has been enriched and knows more.
    return f"(({new}) > ({old}) OR (({new}) = 1 AND ({old}) = 1))"


def _has_called(table: str) -> str:
    new, old = _rank("excluded"), _rank(table)
    return f"(({new}) >= 2 AND ({new}) >= ({old}) AND excluded.started_at < {table}.started_at)"


_TASK: Final = (*ROW_COLUMNS["tasks"], "started_at")
_STEP: Final = ROW_COLUMNS["task_steps"]
_SCREENSHOT: Final = ROW_COLUMNS["step_screenshots"]
_SPAN: Final = ROW_COLUMNS["task_spans"]

_UPSERT_TASK: Final = _upsert(
    "tasks",
    _TASK,
    key="task_id",
    update=_update(
        _without(_TASK, "task_id", "created_at", "last_activity"),
        # In another trace, a later span with this task's id starts the task anew, whatever the
        # earlier one said. In the same, the one that began first has called the other.
        where=f"""
            tasks.status IS NULL
            OR (excluded.trace_id IS tasks.trace_id
                AND ({_moves_forward("tasks")} OR {_has_called("tasks")}))
            OR (excluded.trace_id IS NOT tasks.trace_id
                AND excluded.started_at > tasks.started_at)
        """,
    ),
)

# What a span that is here already says when it is told again, with what was heard since.
_HEARD_LATER: Final = ("task_description", "result", "agent", "model")
_COMPLETE_TASK: Final = _completion(_HEARD_LATER)

_INSERT_IMPLICIT_TASK: Final = _upsert(
    "tasks",
    ROW_COLUMNS["tasks"],
    key="task_id",
    update=_update(
        ["task_description"],
        where="""
            tasks.status IS NULL AND tasks.task_description IS NULL
            AND excluded.task_description IS NOT NULL
        """,
    ),
)

_UPSERT_STEP: Final = _upsert(
    "task_steps",
    _STEP,
    key="id",
    update=_update(_without(_STEP, "id"), where=_moves_forward("task_steps")),
)

_UPSERT_SPAN: Final = _upsert(
    "task_spans",
    _SPAN,
    key="trace_id, span_id",
    update=_update(
        _without(_SPAN, "trace_id", "span_id"),
        where="task_spans.ended_at IS NULL",
    ),
)

_INSERT_SPAN_PICTURE: Final = "INSERT OR IGNORE INTO span_pictures (owner, name) VALUES (?, ?)"

# The same picture of the same step; it may have been uploaded since.
_FILL_ADDRESS: Final = _update(["remote_url"], where="step_screenshots.remote_url IS NULL")

_UPSERT_SCREENSHOT: Final = _upsert("step_screenshots", _SCREENSHOT, key="id", update=_FILL_ADDRESS)

_HAS_STEP: Final = "SELECT 1 FROM task_steps WHERE id = ?"

_ATTACH: Final = """
    UPDATE task_steps SET screenshot_path = ?, screenshot_url = ?, attributes = ?
    WHERE id = ? AND status IS ? AND screenshot_path IS NULL
"""

_ATTACH_SCREENSHOT: Final = f"""
    INSERT INTO step_screenshots ({", ".join(_SCREENSHOT)})
    SELECT {", ".join("?" * len(_SCREENSHOT))}
    WHERE EXISTS (SELECT 1 FROM task_steps WHERE id = ?)
    ON CONFLICT (id) DO {_FILL_ADDRESS}
"""  # noqa: S608 - names are our own, values are bound

_EXTEND_LIFETIME: Final = """
    UPDATE tasks SET created_at = min(created_at, ?1), last_activity = max(last_activity, ?2)
    WHERE task_id = ?3 AND (created_at > ?1 OR last_activity < ?2)
"""
