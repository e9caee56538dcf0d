"""
What people say of tasks and steps, in SQLite. Each call is inside a transaction that writes: what
is compared is what is replaced.
"""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, Final

from otel_steps.rows.tables import JSON_COLUMNS
from otel_steps.stores import json_encoding
from otel_steps.stores.annotation import Annotation, tags_of
from otel_steps.stores.sqlite import kept

_COLUMNS: Final = ("tags", "notes", "scores")


def annotate(
    connection: sqlite3.Connection,
    task_id: str,
    step_id: str | None,
    said: Annotation,
    seen: Annotation | None,
) -> bool:
    """Write what is *said* of a task or its step; False where it is not as it was *seen*."""
    table, where = ("tasks", "task_id = :task_id")
    if step_id is not None:
        table, where = ("task_steps", "id = :step_id AND task_id = :task_id")
    place = {"task_id": task_id, "step_id": step_id}
    if seen is not None:
        question = f"SELECT {', '.join(_COLUMNS)} FROM {table} WHERE {where}"  # noqa: S608 - own names
        for row in connection.execute(question, place):
            known = dict(zip(_COLUMNS, map(_decoded, _COLUMNS, row), strict=True))
            if any(known[name] != value for name, value in seen.columns().items()):
                return False
    changes = said.columns()
    if changes:
        assignments = ", ".join(f"{name} = :{name}" for name in changes)
        statement = f"UPDATE {table} SET {assignments} WHERE {where}"  # noqa: S608 - own names
        with kept.carrying(connection, [task_id]):
            connection.execute(statement, {**place, **_encoded(changes)})
    return True


def tag(
    connection: sqlite3.Connection,
    task_ids: Sequence[str],
    added: Sequence[str],
    removed: Sequence[str],
) -> int:
    """Add and remove tags of tasks; return how many of them are known."""
    question = """
        SELECT task_id, tags FROM tasks WHERE task_id IN (SELECT value FROM json_each(:task_ids))
    """
    rows = connection.execute(question, {"task_ids": json.dumps(list(task_ids))}).fetchall()
    for task_id, text in rows:
        known = _decoded("tags", text) or []
        tags = tags_of([name for name in [*known, *added] if name not in removed])
        if tags != (known or None):
            statement = "UPDATE tasks SET tags = :tags WHERE task_id = :task_id"
            with kept.carrying(connection, [task_id]):
                connection.execute(statement, {"task_id": task_id, **_encoded({"tags": tags})})
    return len(rows)


def _decoded(name: str, value: Any) -> Any:
    return json.loads(value) if value is not None and name in JSON_COLUMNS else value


def _encoded(columns: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: json_encoding.encode(value, name).decode()
        if value is not None and name in JSON_COLUMNS
        else value
        for name, value in columns.items()
    }
