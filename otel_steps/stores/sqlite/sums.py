"""
What the steps of a task add up to beside its totals, kept so that figures read a row a task.

Kept is what they add up to in a state of a task, by the version that `task_changes` gives to each
change of it: no write of a step pays for it, and whatever writes makes it old without knowing of
it. Who reads believes what is kept of current states, and adds up the steps of all other tasks.
"""

import sqlite3
import time
from typing import Any, Final

from otel_steps import semconv
from otel_steps.stores.sqlite import digests
from otel_steps.stores.sqlite.connections import Connections
from otel_steps.stores.sqlite.schema import HAS_TOKENS, NUMBER_OLD_TASKS

_PORTION_S: Final = 0.1

# What was used is a JSON array: of each model, and of steps of which both counts are known or not,
# the number of steps and their tokens. The names of the apps are a JSON array; the actions a JSON
# object, by their names: steps, successful ones, failed ones, and the milliseconds of those whose
# time is known, with commas.
_MAKE: Final = (
    """
    CREATE TABLE task_sums (
        task_id TEXT PRIMARY KEY NOT NULL,
        version INTEGER NOT NULL,
        input_tokens INTEGER,
        output_tokens INTEGER,
        usage TEXT NOT NULL,
        apps TEXT NOT NULL,
        actions TEXT NOT NULL
    )
    """,
    NUMBER_OLD_TASKS,
)
_IS_THERE: Final = "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'task_sums')"
_HAS_TASKS: Final = "SELECT EXISTS (SELECT 1 FROM task_changes)"

# Of the tasks in `chosen`: what is kept, and those whose steps have to be added up.
_SUMS: Final = """
    WITH chosen AS MATERIALIZED ({chosen}),
    summed AS MATERIALIZED ({summed}),
    unsummed AS MATERIALIZED (
        SELECT task_id FROM chosen WHERE task_id NOT IN (SELECT task_id FROM summed)
    )
"""
# What is kept of an archived task is believed: its steps are not here to be added up.
_SUMMED: Final = """
    SELECT task_sums.* FROM chosen JOIN task_sums USING (task_id)
    JOIN task_changes USING (task_id)
    WHERE task_sums.version = task_changes.version
        OR task_id IN (SELECT task_id FROM tasks WHERE archived IS NOT NULL)
"""
_NOTHING_SUMMED: Final = """
    SELECT NULL AS task_id, NULL AS input_tokens, NULL AS output_tokens, NULL AS usage,
           NULL AS apps, NULL AS actions
    LIMIT 0
"""

# Nearly every action says it itself; others have been told when they were recorded.
_ACTION: Final = f"""
    substr(CASE
        WHEN json_type(action, '$.action') = 'text' AND json_extract(action, '$.action') <> ''
            THEN json_extract(action, '$.action')
        ELSE nullif(json_extract(attributes, '$."{semconv.STEP_ACTION_NAME}"'), '')
    END, 1, 100)
"""
# Of the steps of the tasks in the braces.
_TOKENS: Final = f"""
    SELECT task_id, sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens
    FROM task_steps WHERE {HAS_TOKENS} AND task_id IN ({{}}) GROUP BY task_id
"""  # noqa: S608 - own words
_USAGE: Final = f"""
    SELECT task_id, json_group_array(
        json_array(model, is_whole, steps, input_tokens, output_tokens, cached_tokens)
    ) AS usage
    FROM (
        SELECT task_id, model, input_tokens IS NOT NULL AND output_tokens IS NOT NULL AS is_whole,
               count(*) AS steps, sum(input_tokens) AS input_tokens,
               sum(output_tokens) AS output_tokens, sum(cached_tokens) AS cached_tokens
        FROM task_steps WHERE {HAS_TOKENS} AND task_id IN ({{}}) GROUP BY 1, 2, 3
    ) GROUP BY task_id
"""  # noqa: S608 - own words
_APPS: Final = """
    SELECT task_id, json_group_array(DISTINCT app) AS apps
    FROM task_steps WHERE app IS NOT NULL AND task_id IN ({}) GROUP BY task_id
"""
_ACTIONS: Final = f"""
    SELECT json_group_object(action, json_array(steps, successful, failed, durations_ms)) AS actions
    FROM (
        SELECT action, count(*) AS steps, coalesce(sum(success), 0) AS successful,
               coalesce(sum(NOT success), 0) AS failed, group_concat(duration_ms) AS durations_ms
        FROM (
            SELECT {_ACTION} AS action, success, duration_ms
            FROM task_steps WHERE task_id IN ({{}})
        )
        WHERE action IS NOT NULL GROUP BY action
    )
"""  # noqa: S608 - own words

# What follows `asking`: by task, or of all of them.
TOKENS: Final = f"""
    SELECT task_id, input_tokens, output_tokens FROM summed
    UNION ALL {_TOKENS.format("SELECT task_id FROM unsummed")}
"""  # noqa: S608 - own words
USAGE: Final = f"""
    SELECT task_id, usage FROM summed UNION ALL {_USAGE.format("SELECT task_id FROM unsummed")}
"""  # noqa: S608 - own words
APPS: Final = f"""
    SELECT task_id, apps FROM summed UNION ALL {_APPS.format("SELECT task_id FROM unsummed")}
"""  # noqa: S608 - own words
ACTIONS: Final = f"""
    SELECT actions FROM summed UNION ALL {_ACTIONS.format("SELECT task_id FROM unsummed")}
"""  # noqa: S608 - own words

# One that goes on is added up by whoever asks until it has ended, or has been quiet for an hour:
# each of its steps would make it old again.
_NEXT: Final = """
    SELECT task_id, version FROM task_changes JOIN tasks USING (task_id)
    WHERE version NOT IN (SELECT version FROM task_sums) AND archived IS NULL
        AND (coalesce(status, '') <> 'running'
            OR last_activity < strftime('%Y-%m-%dT%H:%M:%S', 'now', '-1 hour'))
    ORDER BY version LIMIT 1000
"""
# Not of archived tasks: what is kept of these is all that there is.
_KEPT: Final = """
    SELECT task_sums.* FROM task_sums JOIN task_changes USING (task_id, version)
    JOIN tasks USING (task_id)
    WHERE task_id > ? AND archived IS NULL ORDER BY task_id
"""
_KEEP: Final = "INSERT OR REPLACE INTO task_sums VALUES (?, ?, ?, ?, ?, ?, ?)"
_FORGET: Final = "DELETE FROM task_sums WHERE task_id NOT IN (SELECT task_id FROM tasks)"


def asking(connection: sqlite3.Connection, chosen: str, question: str) -> str:
    """Return *question* about the tasks that *chosen* asks for, with `TOKENS` and so on in it."""
    summed = _SUMMED if _number(connection, _IS_THERE) else _NOTHING_SUMMED
    return _SUMS.format(chosen=chosen, summed=summed) + question


def extend(connections: Connections) -> bool:
    """
    Add up the steps of some tasks that have changed; return whether there are more.

    Raises:
        StoreUnavailable, StoreOnHold: Nothing was kept.
    """
    with connections.reading() as reader:
        if not _number(reader, _HAS_TASKS):
            return False  # and no file is made only to be read
        is_there = _number(reader, _IS_THERE)
    if not is_there:
        _make(connections)
    end = time.monotonic() + _PORTION_S
    sums: list[tuple[Any, ...]] = []
    with connections.reading() as reader:
        for task_id, version in reader.execute(_NEXT).fetchall():
            sums.append((task_id, version, *_summed(reader, task_id)))
            if time.monotonic() > end:
                break
    with connections.writing() as writer:
        # What has changed meanwhile has another version by now, so that this is not believed.
        writer.executemany(_KEEP, sums)
        if not sums:
            writer.execute(_FORGET)
            digests.forget_removed(writer)
    return bool(sums)


def wrong(connection: sqlite3.Connection, after: str, most: int) -> list[str]:
    """Return tasks behind an id whose kept sums are of their current state, and not right."""
    if not _number(connection, _IS_THERE):
        return []
    found = []
    for row in connection.execute(_KEPT, (after,)):
        task_id, _, *kept = row
        if tuple(kept) != _summed(connection, task_id):
            found.append(task_id)
            if len(found) == most:
                break
    return found


def _make(connections: Connections) -> None:
    with connections.writing() as writer:
        if not _number(writer, _IS_THERE):
            for statement in _MAKE:
                writer.execute(statement)


def _summed(reader: sqlite3.Connection, task_id: str) -> tuple[Any, ...]:
    _, *tokens = reader.execute(_TOKENS.format("?"), (task_id,)).fetchone() or (task_id, None, None)
    _, usage = reader.execute(_USAGE.format("?"), (task_id,)).fetchone() or (task_id, "[]")
    _, apps = reader.execute(_APPS.format("?"), (task_id,)).fetchone() or (task_id, "[]")
    (actions,) = reader.execute(_ACTIONS.format("?"), (task_id,)).fetchone()
    return *tokens, usage, apps, actions


def _number(connection: sqlite3.Connection, statement: str) -> int:
    (number,) = connection.execute(statement).fetchone()
    return int(number)
