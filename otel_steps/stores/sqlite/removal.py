"""
How tasks leave a SQLite file: a portion at a time, so that no writer waits long.

A step goes with its pictures and with the spans below it; the totals of its task follow. The row of
the task is the last one, so what was cut off in the middle is found again.
"""

import json
import sqlite3
import time
from collections.abc import Sequence
from typing import Any, Final

from otel_steps import semconv
from otel_steps.pictures.names import picture_name_in
from otel_steps.stores.removal import PICTURE_REMOVED, Removal
from otel_steps.stores.sqlite import kept, unneeded

# How long one transaction may go on: a writer waits as long, and for the disk.
_PORTION_S: Final = 0.03
_STEPS: Final = 50
_ROWS: Final = 500

# Takes the place of all that was noted of tasks that are gone: the newest change stays the newest.
_GONE: Final = ""


def remove(
    connection: sqlite3.Connection,
    task_ids: Sequence[str],
    *,
    pictures_only: bool,
    keep_first_last_failed: bool,
    before: str | None,
) -> Removal:
    """Remove what can be in one transaction, which *connection* has begun; see `Store.remove`."""
    end = time.monotonic() + _PORTION_S
    work: _Work
    removed, kept, steps = [], [], 0
    for task_id in task_ids:
        if _stays(connection, task_id, before):
            kept.append(task_id)
            continue
        if pictures_only:
            work = _Pictures(connection, task_id, spare_only=keep_first_last_failed)
        else:
            work = _Rows(connection, task_id)
        has_more = True
        while has_more and time.monotonic() < end:
            has_more = work.remove_some()
        steps += work.steps
        if has_more:
            break
        removed.append(task_id)
    return Removal(tuple(removed), tuple(kept), steps)


def _stays(connection: sqlite3.Connection, task_id: str, before: str | None) -> bool:
    found = connection.execute(_STANDING, (task_id,)).fetchone()
    if found is None:
        return False
    status, last_activity = found
    return status == "running" or (before is not None and (last_activity or "") >= before)


class _Work:
    """What is to go of one task. Asks, inside one transaction; `remove_some` does a little."""

    def __init__(self, connection: sqlite3.Connection, task_id: str) -> None:
        self.steps = 0
        self._connection = connection
        self._task_id = task_id

    def remove_some(self) -> bool:
        """Remove a portion; return whether there may be more."""
        raise NotImplementedError

    def _ask(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        values = {"task_id": self._task_id, "rows": _ROWS, **values}
        return self._connection.execute(statement, values).fetchall()

    def _take_pictures(self, shots: Sequence[tuple[str, str]]) -> None:
        """Delete rows of pictures, (id, path) of each."""
        self._connection.executemany(_DELETE_SHOT, [(shot_id,) for shot_id, _ in shots])
        unneeded.note(self._connection, (picture_name_in(path) for _, path in shots))


class _Rows(_Work):
    """All rows of a task."""

    def remove_some(self) -> bool:
        steps = self._ask(_SOME_STEPS, most=_STEPS)
        return self._remove_steps(steps) if steps else self._remove_rest()

    def _remove_steps(self, steps: list[tuple[Any, ...]]) -> bool:
        ids = json.dumps([step_id for step_id, *_ in steps])
        spans = self._ask(_SPANS_BELOW, ids=ids)
        self._remove_spans(spans)
        if len(spans) >= _ROWS:
            return True
        self._take_pictures(self._ask(_SHOTS_OF_STEPS, ids=ids))
        unneeded.note_of(self._connection, [step_id for step_id, *_ in steps])
        self._ask(_SUBTRACT, ids=ids)
        self._connection.executemany(_DELETE_STEP, [(step_id,) for step_id, *_ in steps])
        self.steps += len(steps)
        for trace_id in {trace_id for _, trace_id in steps}:
            if not self._ask(_HAS_STEPS_IN, trace_id=trace_id):
                self._remove_spans(self._ask(_SPANS_LEFT, trace_id=trace_id))
        return True

    def _remove_rest(self) -> bool:
        shots = self._ask(_SHOTS_LEFT)
        self._take_pictures(shots)
        spans = self._ask(_SPANS_NAMING)
        for (trace_id,) in self._ask(_TRACE):
            spans += self._ask(_SPANS_LEFT, trace_id=trace_id)
        self._remove_spans(spans)
        if shots or spans:
            return True
        for statement in _DELETE_TASK:
            self._ask(statement)
        self._ask(_NOTE_CHANGE, gone=_GONE)
        return False

    def _remove_spans(self, spans: list[tuple[Any, ...]]) -> None:
        self._connection.executemany(_DELETE_SPAN, spans)
        unneeded.note_of(self._connection, [unneeded.owner(*span) for span in spans])


class _Pictures(_Work):
    """The pictures of a task alone; where *spare_only*, those that `Holding` calls spare."""

    def __init__(self, connection: sqlite3.Connection, task_id: str, *, spare_only: bool) -> None:
        super().__init__(connection, task_id)
        self._spare_only = spare_only

    def remove_some(self) -> bool:
        shots = self._ask(_SPARE_SHOTS if self._spare_only else _SHOTS_WITH_STEPS)
        if not shots:
            return self._remove_from_spans()
        self._take_pictures([(shot_id, path) for shot_id, path, _ in shots])
        steps = json.dumps(sorted({step_id for _, _, step_id in shots}))
        self._ask(_EMPTY_STEPS, ids=steps, reason=PICTURE_REMOVED)
        self.steps += len(shots)
        return True

    def _remove_from_spans(self) -> bool:
        if self._spare_only:
            owners = self._ask(_SPARE_SPANS) + self._ask(_SPARE_STEPS)
        else:
            owners = self._ask(_SPANS_WITH_PICTURES) + self._ask(_STEPS_WITH_PICTURES)
        for owner, table, row in owners:
            unneeded.note_of(self._connection, [owner])
            self._connection.execute(_WITHOUT_PICTURES[table], (row,))
        return len(owners) > 0


_STANDING: Final = "SELECT status, last_activity FROM tasks WHERE task_id = ?"
_SOME_STEPS: Final = """
    SELECT id, trace_id FROM task_steps WHERE task_id = :task_id
    ORDER BY step_number, started_at LIMIT :most
"""
_SPANS_BELOW: Final = """
    WITH RECURSIVE below (trace_id, span_id) AS (
        SELECT trace_id, span_id FROM task_steps WHERE id IN (SELECT value FROM json_each(:ids))
        UNION
        SELECT span.trace_id, span.span_id
        FROM below JOIN task_spans AS span
        ON span.trace_id = below.trace_id AND span.parent_span_id = below.span_id
        WHERE span.task_id IS NULL OR span.task_id = :task_id
    )
    SELECT trace_id, span_id FROM below JOIN task_spans USING (trace_id, span_id) LIMIT :rows
"""
_SPANS_NAMING: Final = """
    SELECT trace_id, span_id FROM task_spans WHERE task_id = :task_id LIMIT :rows
"""
# Of a trace in which no other task is: whatever has been below the task's own span.
_SPANS_LEFT: Final = """
    SELECT trace_id, span_id FROM task_spans
    WHERE trace_id = :trace_id AND (task_id IS NULL OR task_id = :task_id) AND NOT EXISTS (
        SELECT 1 FROM tasks WHERE trace_id = :trace_id AND task_id <> :task_id
    )
    LIMIT :rows
"""
_HAS_STEPS_IN: Final = """
    SELECT 1 FROM task_steps WHERE task_id = :task_id AND trace_id = :trace_id LIMIT 1
"""
_TRACE: Final = "SELECT trace_id FROM tasks WHERE task_id = :task_id AND trace_id IS NOT NULL"
_SHOTS_OF_STEPS: Final = """
    SELECT id, screenshot_path FROM step_screenshots
    WHERE step_id IN (SELECT value FROM json_each(:ids))
"""
_SHOTS_LEFT: Final = """
    SELECT id, screenshot_path FROM step_screenshots WHERE task_id = :task_id LIMIT :rows
"""
_SHOTS_WITH_STEPS: Final = """
    SELECT id, screenshot_path, step_id FROM step_screenshots WHERE task_id = :task_id LIMIT 100
"""
# Those of steps that have failed stay, and of the first and the last step that has one: in a row of
# `step_screenshots`, or named in its attributes.
_IS_SHOWN: Final = """
    (EXISTS (SELECT 1 FROM step_screenshots WHERE step_id = shown.id)
        OR EXISTS (SELECT 1 FROM span_pictures WHERE owner = shown.id))
"""
_SPARE: Final = f"""
    SELECT step.id FROM task_steps AS step
    WHERE step.task_id = :task_id AND step.success IS NOT 0 AND step.id NOT IN (
        SELECT first_value(shown.id) OVER from_the_start FROM task_steps AS shown
        WHERE shown.task_id = :task_id AND {_IS_SHOWN}
        WINDOW from_the_start AS (ORDER BY shown.step_number, shown.started_at, shown.id)
        UNION
        SELECT first_value(shown.id) OVER from_the_end FROM task_steps AS shown
        WHERE shown.task_id = :task_id AND {_IS_SHOWN}
        WINDOW from_the_end AS (
            ORDER BY shown.step_number DESC, shown.started_at DESC, shown.id DESC
        )
    )
"""  # noqa: S608 - own names
_SPARE_SHOTS: Final = f"""
    SELECT id, screenshot_path, step_id FROM step_screenshots
    WHERE task_id = :task_id AND step_id IN ({_SPARE}) LIMIT 100
"""  # noqa: S608 - own names
_SPARE_STEPS: Final = f"""
    SELECT DISTINCT owner, 'task_steps', task_steps.rowid
    FROM task_steps JOIN span_pictures ON owner = id
    WHERE task_id = :task_id AND id IN ({_SPARE}) LIMIT 100
"""  # noqa: S608 - own names
_SPARE_SPANS: Final = f"""
    WITH RECURSIVE below (trace_id, span_id) AS (
        SELECT trace_id, span_id FROM task_steps WHERE id IN ({_SPARE})
        UNION
        SELECT span.trace_id, span.span_id
        FROM below JOIN task_spans AS span
        ON span.trace_id = below.trace_id AND span.parent_span_id = below.span_id
        WHERE span.task_id IS NULL OR span.task_id = :task_id
    )
    SELECT DISTINCT owner, 'task_spans', task_spans.rowid
    FROM below JOIN task_spans USING (trace_id, span_id)
    JOIN span_pictures ON owner = trace_id || '/' || span_id
    LIMIT 100
"""  # noqa: S608 - own names
_DELETE_SHOT: Final = "DELETE FROM step_screenshots WHERE id = ?"
_DELETE_STEP: Final = "DELETE FROM task_steps WHERE id = ?"
_DELETE_SPAN: Final = "DELETE FROM task_spans WHERE trace_id = ? AND span_id = ?"
_DELETE_TASK: Final = (
    "DELETE FROM tasks WHERE task_id = :task_id",
    "DELETE FROM task_changes WHERE task_id = :task_id",
    *kept.FORGET,
)
_NOTE_CHANGE: Final = "INSERT OR REPLACE INTO task_changes (task_id) VALUES (:gone)"
_SUBTRACT: Final = """
    UPDATE tasks
    SET (total_steps, successful_steps, failed_steps, total_duration_ms) = (
        SELECT max(0, total_steps - count(*)),
            max(0, successful_steps - count(*) FILTER (WHERE success = 1)),
            max(0, failed_steps - count(*) FILTER (WHERE success = 0)),
            max(0, total_duration_ms - coalesce(sum(duration_ms), 0))
        FROM task_steps WHERE id IN (SELECT value FROM json_each(:ids))
    )
    WHERE task_id = :task_id
"""
_EMPTY_STEPS: Final = f"""
    UPDATE task_steps
    SET screenshot_path = NULL, screenshot_url = NULL, attributes = json_set(
        coalesce(attributes, '{{}}'), '$."{semconv.SCREENSHOT_ERROR}"', :reason
    )
    WHERE id IN (SELECT value FROM json_each(:ids)) AND screenshot_path IS NOT NULL
"""  # noqa: S608 - own names
_SPANS_WITH_PICTURES: Final = """
    SELECT DISTINCT owner, 'task_spans', task_spans.rowid
    FROM task_spans JOIN span_pictures ON owner = trace_id || '/' || span_id
    WHERE trace_id IN (SELECT trace_id FROM task_steps WHERE task_id = :task_id)
        AND (task_spans.task_id IS NULL OR task_spans.task_id = :task_id)
        AND NOT EXISTS (
            SELECT 1 FROM tasks
            WHERE tasks.trace_id = task_spans.trace_id AND tasks.task_id <> :task_id
        )
    LIMIT 100
"""
_STEPS_WITH_PICTURES: Final = """
    SELECT DISTINCT owner, 'task_steps', task_steps.rowid
    FROM task_steps JOIN span_pictures ON owner = id WHERE task_id = :task_id LIMIT 100
"""
_WITHOUT_PICTURES: Final = {
    table: f"""
        UPDATE {table} SET attributes = json_remove(attributes, '$."{semconv.SPAN_PICTURES}"')
        WHERE rowid = ?
    """  # noqa: S608 - own names
    for table in ("task_spans", "task_steps")
}
