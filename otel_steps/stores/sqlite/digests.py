"""
Digests of tasks in SQLite; see `Store.keep_digests`.

One is of a state of a task, by the version that `task_changes` gives to each change of it: whatever
writes makes it old without knowing of it. That of an archived task is believed: its steps are not
here to be told from. The tables are made by the first that is kept.
"""

import json
import sqlite3
from collections.abc import Sequence
from typing import Final

from otel_steps.stores import json_encoding
from otel_steps.stores.digest import RULES, Digest
from otel_steps.stores.json_object import Json
from otel_steps.stores.sqlite.connections import Connections
from otel_steps.stores.sqlite.schema import NUMBER_OLD_TASKS

_MAKE: Final = (
    # The id grows with each digest that is kept.
    """
    CREATE TABLE task_digests (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        task_id TEXT NOT NULL UNIQUE,
        version INTEGER NOT NULL,
        rules INTEGER NOT NULL,
        card TEXT NOT NULL
    )
    """,
    # Which states are digested is asked of all tasks, and their cards are long.
    "CREATE INDEX task_digests_states ON task_digests (task_id, version, rules)",
    """
    CREATE TABLE task_flags (
        flag TEXT NOT NULL, task_id TEXT NOT NULL, version INTEGER NOT NULL,
        PRIMARY KEY (flag, task_id)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX task_flags_task_id ON task_flags (task_id)",
    NUMBER_OLD_TASKS,
)
_IS_THERE: Final = "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'task_digests')"

# Of a statement over `tasks`, where the tables are there.
IS_FLAGGED: Final = """
    +task_id IN (
        SELECT task_flags.task_id FROM task_flags JOIN task_changes USING (task_id)
        WHERE flag = :flag AND (task_flags.version = task_changes.version
            OR task_flags.task_id IN (SELECT task_id FROM tasks WHERE archived IS NOT NULL))
    )
"""
_CARDS: Final = """
    SELECT task_id, card
    FROM task_digests AS known JOIN task_changes USING (task_id) JOIN tasks USING (task_id)
    WHERE rules = :rules AND task_id IN (SELECT value FROM json_each(:task_ids))
        AND (known.version = task_changes.version OR archived IS NOT NULL)
"""
_UNDIGESTED: Final = """
    FROM tasks LEFT JOIN task_changes USING (task_id)
    WHERE (:project IS NULL OR +project = :project)
        AND (NOT :is_at_rest OR version IS NOT NULL AND archived IS NULL AND (
            coalesce(status, '') <> 'running'
            OR last_activity < strftime('%Y-%m-%dT%H:%M:%S', 'now', '-1 hour')))
"""
_NOT_KEPT: Final = """
    AND NOT EXISTS (
        SELECT 1 FROM task_digests AS known
        WHERE known.task_id = tasks.task_id AND known.rules >= :rules
            AND (known.version = task_changes.version OR archived IS NOT NULL)
    )
"""
_NEWEST: Final = "ORDER BY created_at DESC, tasks.task_id LIMIT :most"

_KEEP: Final = """
    INSERT OR REPLACE INTO task_digests (task_id, version, rules, card)
    SELECT task_id, version, :rules, :card FROM task_changes
    WHERE task_id = :task_id AND version = CAST(:version AS INTEGER) AND NOT EXISTS (
        SELECT 1 FROM task_digests JOIN task_changes USING (task_id, version)
        WHERE task_id = :task_id AND rules >= :rules
    )
"""
_DROP_FLAGS: Final = "DELETE FROM task_flags WHERE task_id = :task_id"
_KEEP_FLAGS: Final = """
    INSERT OR IGNORE INTO task_flags (flag, task_id, version)
    SELECT value, :task_id, CAST(:version AS INTEGER) FROM json_each(:flags)
"""
_FORGET: Final = tuple(
    f"DELETE FROM {table} WHERE task_id NOT IN (SELECT task_id FROM tasks)"  # noqa: S608 - own names
    for table in ("task_digests", "task_flags")
)


def are_there(connection: sqlite3.Connection) -> bool:
    """Return whether any digest has been kept."""
    return bool(connection.execute(_IS_THERE).fetchone()[0])


def newest(connection: sqlite3.Connection) -> int:
    """Return a number that grows with each digest that is kept."""
    if not are_there(connection):
        return 0
    (number,) = connection.execute("SELECT max(id) FROM task_digests").fetchone()
    return int(number or 0)


def cards(connection: sqlite3.Connection, task_ids: Sequence[str]) -> dict[str, Json]:
    """Return the cards kept of tasks; see `Store.digests`."""
    if not are_there(connection):
        return {}
    values = {"rules": RULES, "task_ids": json.dumps(list(task_ids))}
    return {task_id: json.loads(card) for task_id, card in connection.execute(_CARDS, values)}


def undigested(
    connection: sqlite3.Connection, most: int, project: str | None, *, is_at_rest: bool
) -> tuple[list[str], int]:
    """Return ids of the newest tasks without a digest, and how many there are in all."""
    source = _UNDIGESTED + (_NOT_KEPT if are_there(connection) else "")
    values = {"rules": RULES, "project": project, "is_at_rest": is_at_rest, "most": most}
    (count,) = connection.execute(f"SELECT count(*) {source}", values).fetchone()
    if not count:  # as nearly always; the next question looks at all tasks as well
        return [], 0
    rows = connection.execute(f"SELECT tasks.task_id {source} {_NEWEST}", values)
    return [task_id for (task_id,) in rows], count


def keep(connections: Connections, digests: Sequence[Digest]) -> int:
    """Keep digests; return how many; see `Store.keep_digests`."""
    kept = 0
    with connections.writing() as writer:
        if not are_there(writer):
            for statement in _MAKE:
                writer.execute(statement)
        for digest in digests:
            values = {
                "task_id": digest.task_id,
                "version": digest.version,
                "rules": digest.rules,
                "card": json_encoding.encode(digest.card, "card").decode(),
                "flags": json.dumps(list(digest.flags)),
            }
            if writer.execute(_KEEP, values).rowcount > 0:
                writer.execute(_DROP_FLAGS, values)
                writer.execute(_KEEP_FLAGS, values)
                kept += 1
    return kept


def forget_removed(writer: sqlite3.Connection) -> None:
    """Remove what is kept of tasks that are not there any more."""
    if are_there(writer):
        for statement in _FORGET:
            writer.execute(statement)
