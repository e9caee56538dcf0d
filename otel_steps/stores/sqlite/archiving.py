"""
How the rows of an archived task leave a SQLite file, and how they come back.

To let go of them changes nothing that anybody reads of the task. So its version stays, and with it
what is kept by that: what its steps add up to, and what is indexed of what they say.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, Final

from otel_steps.pictures.names import picture_name_in
from otel_steps.rows.tables import COLUMNS, JSON_COLUMNS
from otel_steps.stores import json_encoding
from otel_steps.stores.archived import MAX_ARCHIVED, Archived, Keys
from otel_steps.stores.json_object import Json
from otel_steps.stores.sqlite import kept, totals, unneeded


def let_go(
    connection: sqlite3.Connection, task_id: str, place: str, keys: Keys, seen: str, before: str
) -> str | None:
    """Delete rows, inside the transaction that *connection* has begun; see `Store.let_go`."""
    values = {"task_id": task_id, "place": place, "before": before}
    found = connection.execute(_STANDING, values).fetchone()
    if found is None or str(found[0]) != seen:
        return None
    if connection.execute(_MARK, values).rowcount:
        kept.keep(connection, task_id)  # all of its steps are still here
    spans = [
        span for span in keys.spans if connection.execute(_DELETE_SPAN, (*span, task_id)).rowcount
    ]
    owners = [unneeded.owner(*span) for span in spans]
    paths = [
        path
        for shot_id in keys.screenshots
        for (path,) in connection.execute(_PATH, (shot_id, task_id)).fetchall()
    ]
    unneeded.note(connection, map(picture_name_in, paths))
    unneeded.note_of(connection, [*owners, *keys.steps])
    for statement, ids in ((_DELETE_SHOT, keys.screenshots), (_DELETE_STEP, keys.steps)):
        connection.executemany(statement, [(each, task_id) for each in ids])
    connection.execute(_KEEP_VERSION, (found[0], task_id))
    return seen


def put_back(
    connection: sqlite3.Connection,
    task_id: str,
    place: str,
    rows: Mapping[str, Sequence[Sequence[Any]]],
    span_pictures: Sequence[tuple[str, str]],
) -> bool:
    """Insert rows, inside the transaction that *connection* has begun; see `Store.put_back`."""
    if connection.execute(_IS_AT, (task_id, place)).fetchone() is None:
        return False
    with kept.carrying(connection, [task_id]):
        for table, values in rows.items():
            connection.executemany(_INSERT[table], values)
    connection.executemany(_INSERT_SPAN_PICTURE, span_pictures)
    return True


def wake(connection: sqlite3.Connection, task_id: str, place: str, steps: int) -> bool:
    """Say that a task is whole again, inside a transaction; see `Store.wake`."""
    if not connection.execute(_WAKE, (task_id, place, steps)).rowcount:
        return False
    kept.forget(connection, task_id)
    totals.count(connection, [task_id])
    return True


def page(connection: sqlite3.Connection, after: str) -> list[Archived]:
    """Return a page of archived tasks; see `Store.archived`."""
    rows = connection.execute(_PAGE, (after, MAX_ARCHIVED))
    return [Archived(task_id, place, bool(has_rows)) for task_id, place, has_rows in rows]


def encoded(table: str, rows: Sequence[Json]) -> list[list[Any]]:
    """
    Return *rows* as SQLite takes them.

    Raises:
        RowRejected: A value is no JSON.
    """
    return [
        [
            json_encoding.encode(row[name], name).decode()
            if name in JSON_COLUMNS and row[name] is not None
            else row[name]
            for name in COLUMNS[table]
        ]
        for row in rows
    ]


def named_pictures(rows: Mapping[str, Sequence[Json]]) -> list[tuple[str, str]]:
    """Return the pictures that the attributes of *rows* name, by their owners."""
    owned = [(row["id"], row["attributes"]) for row in rows.get("task_steps", ())]
    owned += [
        (unneeded.owner(row["trace_id"], row["span_id"]), row["attributes"])
        for row in rows.get("task_spans", ())
    ]
    return [each for owner, said in owned for each in unneeded.pictures_of(owner, said)]


_STANDING: Final = """
    SELECT version FROM tasks JOIN task_changes USING (task_id)
    WHERE task_id = :task_id AND coalesce(status, '') <> 'running'
        AND coalesce(last_activity, created_at) < :before
        AND coalesce(archived, :place) = :place
"""
# One that goes on may say more; what is in a trace with another task may be that one's.
_DELETE_SPAN: Final = """
    DELETE FROM task_spans WHERE trace_id = ?1 AND span_id = ?2 AND ended_at IS NOT NULL
        AND (task_id = ?3 OR task_id IS NULL AND NOT EXISTS (
            SELECT 1 FROM tasks WHERE tasks.trace_id = ?1 AND tasks.task_id <> ?3
        ))
"""
_PATH: Final = "SELECT screenshot_path FROM step_screenshots WHERE id = ? AND task_id = ?"
_DELETE_SHOT: Final = "DELETE FROM step_screenshots WHERE id = ? AND task_id = ?"
_DELETE_STEP: Final = "DELETE FROM task_steps WHERE id = ? AND task_id = ?"
_MARK: Final = """
    UPDATE tasks SET archived = :place WHERE task_id = :task_id AND archived IS NULL
"""
_KEEP_VERSION: Final = "UPDATE task_changes SET version = ? WHERE task_id = ?"
_IS_AT: Final = "SELECT 1 FROM tasks WHERE task_id = ? AND archived = ?"
_INSERT: Final = {
    table: f"""
        INSERT OR IGNORE INTO {table} ({", ".join(columns)})
        VALUES ({", ".join("?" * len(columns))})
    """  # noqa: S608 - own names, values are bound
    for table, columns in COLUMNS.items()
}
_INSERT_SPAN_PICTURE: Final = "INSERT OR IGNORE INTO span_pictures (owner, name) VALUES (?, ?)"
_WAKE: Final = """
    UPDATE tasks SET archived = NULL WHERE task_id = ?1 AND archived = ?2
        AND (SELECT count(*) FROM task_steps WHERE task_steps.task_id = ?1) >= ?3
"""
_PAGE: Final = """
    SELECT task_id, archived,
        EXISTS (SELECT 1 FROM task_steps WHERE task_steps.task_id = tasks.task_id)
        OR EXISTS (SELECT 1 FROM step_screenshots WHERE step_screenshots.task_id = tasks.task_id)
    FROM tasks WHERE archived IS NOT NULL AND task_id > ? ORDER BY task_id LIMIT ?
"""
