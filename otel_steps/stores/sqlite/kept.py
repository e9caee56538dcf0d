"""
What is kept of the steps of archived tasks, for what is asked of many tasks at once.

It is made from them in the moment in which a task is archived, and says what lists and figures
would have asked them for. From then on steps that are still here count nowhere: they are among
those, or have come late and count once the task is restored.

What else is kept of a task, by its version, is that of its steps, too (`sums`, `search_index`,
`digests`): `carrying` gives it the version of each change of the row.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from otel_steps.stores.sqlite.schema import HAS_TOKENS

_KEEP: Final = (
    f"""
    INSERT OR REPLACE INTO kept_tasks (task_id, pictures, days) SELECT
        :task_id,
        (SELECT count(*) FROM step_screenshots WHERE task_id = :task_id),
        (SELECT json_group_array(json_array(
            day, model, is_whole, steps, input_tokens, output_tokens, cached_tokens
        )) FROM (
            SELECT substr(started_at, 1, 10) AS day, model,
                input_tokens IS NOT NULL AND output_tokens IS NOT NULL AS is_whole,
                count(*) AS steps, sum(input_tokens) AS input_tokens,
                sum(output_tokens) AS output_tokens, sum(cached_tokens) AS cached_tokens
            FROM task_steps WHERE {HAS_TOKENS} AND task_id = :task_id GROUP BY 1, 2, 3
        ))
    """,  # noqa: S608 - own words
    """
    INSERT OR IGNORE INTO kept_words (kind, word, task_id)
    SELECT 'app', app, task_id FROM task_steps WHERE task_id = :task_id AND app IS NOT NULL
    UNION
    SELECT 'error_kind', error_kind, task_id FROM task_steps
    WHERE task_id = :task_id AND error_kind IS NOT NULL
    UNION
    SELECT 'step_tag', value, task_id FROM task_steps, json_each(task_steps.tags)
    WHERE task_id = :task_id AND tags IS NOT NULL
    UNION
    SELECT 'judged', '', task_id FROM task_steps WHERE task_id = :task_id AND scores IS NOT NULL
    """,
)
FORGET: Final = tuple(
    f"DELETE FROM {table} WHERE task_id = :task_id"  # noqa: S608 - own names
    for table in ("kept_tasks", "kept_words")
)
# What `days` says, by task.
USED: Final = """
    SELECT kept_tasks.task_id AS task_id, json_extract(value, '$[0]') AS day,
        json_extract(value, '$[1]') AS model, json_extract(value, '$[2]') AS is_whole,
        json_extract(value, '$[3]') AS steps, json_extract(value, '$[4]') AS input_tokens,
        json_extract(value, '$[5]') AS output_tokens, json_extract(value, '$[6]') AS cached_tokens
    FROM kept_tasks, json_each(days)
"""

_VERSIONS: Final = """
    SELECT task_id, version FROM tasks JOIN task_changes USING (task_id)
    WHERE archived IS NOT NULL AND task_id IN (SELECT value FROM json_each(?))
"""
_KEPT_BY_VERSION: Final = (
    *("task_sums", "search_versions", "search_documents", "task_digests", "task_flags"),
)
# Tables that are made when somebody asks for them need not be there.
_LACKING: Final = {
    "kept_tasks": "task_id NOT IN (SELECT task_id FROM kept_tasks)",
    "task_sums": "task_id NOT IN (SELECT task_id FROM task_sums)",
    "search_versions": "coalesce(version NOT IN (SELECT version FROM search_versions), 1)",
}
_ARE_THERE: Final = "SELECT name FROM sqlite_master WHERE name IN (SELECT value FROM json_each(?))"


def keep(connection: sqlite3.Connection, task_id: str) -> None:
    """Keep what is asked of the steps of a task that is archived now, all of which are here."""
    for statement in (*FORGET, *_KEEP):
        connection.execute(statement, {"task_id": task_id})


def forget(connection: sqlite3.Connection, task_id: str) -> None:
    """Forget what is kept of a task: it is here again, or gone."""
    for statement in FORGET:
        connection.execute(statement, {"task_id": task_id})


def lacking(connection: sqlite3.Connection, after: str, most: int) -> list[str]:
    """Return archived tasks behind an id of which not all is kept that was before they went."""
    asked = (json.dumps(list(_LACKING)),)
    there = [name for (name,) in connection.execute(_ARE_THERE, asked)]
    lacks = " OR ".join(_LACKING[name] for name in there)
    rows = connection.execute(
        f"""
        SELECT task_id FROM tasks LEFT JOIN task_changes USING (task_id)
        WHERE archived IS NOT NULL AND task_id > ? AND ({lacks}) ORDER BY task_id LIMIT ?
        """,  # noqa: S608 - own words
        (after, most),
    )
    return [task_id for (task_id,) in rows]


@contextmanager
def carrying(connection: sqlite3.Connection, task_ids: Iterable[str]) -> Iterator[None]:
    """Let what is kept of archived tasks stay theirs, though the block changes their rows."""
    asked = (json.dumps(list(task_ids)),)
    before = dict(connection.execute(_VERSIONS, asked).fetchall())
    yield
    if not before:
        return
    tables = connection.execute(_ARE_THERE, (json.dumps(_KEPT_BY_VERSION),)).fetchall()
    for task_id, version in connection.execute(_VERSIONS, asked).fetchall():
        if version != before.get(task_id, version):
            for (table,) in tables:
                connection.execute(
                    f"UPDATE {table} SET version = ? WHERE version = ?",  # noqa: S608 - own names
                    (version, before[task_id]),
                )
