"""
The tables in SQLite's dialect: those of `migrations/`, with JSON as text and booleans as 0 and 1.
"""

import sqlite3
from contextlib import closing
from typing import Final

from otel_steps.rows.tables import COLUMNS, TABLES
from otel_steps.semconv import SPAN_PICTURES

_OBJECTS: Final = "SELECT type, name FROM sqlite_master WHERE name NOT LIKE 'sqlite@_%' ESCAPE '@'"

_MADE_WHEN_ASKED: Final = ("task_sums", "task_digests", "task_flags", "search_")

# Of a step; a question that says it in these words goes by the index.
HAS_TOKENS: Final = "(input_tokens IS NOT NULL OR output_tokens IS NOT NULL)"

# What was recorded before changes were noted has to have a version, too.
NUMBER_OLD_TASKS: Final = """
    INSERT INTO task_changes (task_id)
    SELECT task_id FROM tasks WHERE task_id NOT IN (SELECT task_id FROM task_changes)
"""


def missing_columns(connection: sqlite3.Connection) -> list[str]:
    """
    Return the statements that add the columns which the tables of a file lack.

    A column more changes no version: whoever does not know it does not miss it.
    """
    return [
        f"ALTER TABLE {table} ADD COLUMN {_definition(table, name)}"
        for table, names in COLUMNS.items()
        for name in sorted(set(names) - _present(connection, table), key=names.index)
    ]


def out_of_order(connection: sqlite3.Connection) -> list[str]:
    """
    Return which tables, indexes and triggers of its version a file lacks, and has too early.

    Nothing of a file of a later version, and of one with tables that are not ours.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    there = set(connection.execute(_OBJECTS))
    expected, known = _objects_of(version), _objects_of(VERSION)
    tables = {name for kind, name in there if kind == "table"}
    ours = {name for kind, name in known if kind == "table"}
    is_ours = "task_steps" in tables and all(
        name in ours or name.startswith(_MADE_WHEN_ASKED) for name in tables
    )
    if version > VERSION or not is_ours:
        return []
    lacking = sorted(expected - there)
    early = sorted((known - expected) & there)
    return [f"it lacks the {kind} {name}" for kind, name in lacking] + [
        f"it has the {kind} {name}, and calls itself version {version}" for kind, name in early
    ]


def _objects_of(version: int) -> set[tuple[str, str]]:
    with closing(sqlite3.connect(":memory:")) as connection:
        for script in SCRIPTS[:version]:
            for statement in script:
                connection.execute(statement)
        return set(connection.execute(_OBJECTS))


def _present(connection: sqlite3.Connection, table: str) -> set[str]:
    return {name for _, name, *_ in connection.execute(f"PRAGMA table_info({table})")}


def _create(table: str) -> str:
    columns = ", ".join(_definition(table, name) for name in TABLES[table].columns)
    return f"CREATE TABLE {table} ({columns}, PRIMARY KEY ({', '.join(TABLES[table].key)}))"


def _definition(table: str, name: str) -> str:
    known = TABLES[table]
    words = [name, known.columns[name].kind.sqlite]
    if name in known.required:
        words.append("NOT NULL")
    if name in known.defaults:
        words.append(f"DEFAULT {known.defaults[name]}")
    return " ".join(words)


# With all columns of today: an older file gets those that it lacks by `missing_columns`.
_V1: Final = (
    *map(_create, TABLES),
    "CREATE INDEX tasks_created_at ON tasks (created_at DESC)",
    "CREATE INDEX tasks_status_created_at ON tasks (status, created_at)",
    "CREATE INDEX task_steps_order ON task_steps (task_id, step_number, started_at)",
    "CREATE INDEX task_steps_trace_id ON task_steps (trace_id)",
    # Covers the totals: without it each write reads every step of its task, thinking and all.
    """
    CREATE INDEX task_steps_totals
    ON task_steps (task_id, success, duration_ms, started_at, ended_at)
    """,
    "CREATE INDEX step_screenshots_task_id ON step_screenshots (task_id)",
    "CREATE INDEX step_screenshots_step_id ON step_screenshots (step_id)",
    # Spans of a trace need no index of their own: the primary key begins with it.
    "CREATE INDEX task_spans_task_id ON task_spans (task_id)",
)

# What a viewer asks for. The wide indexes hold all that their questions need, so that no row with
# its long texts is read only to be counted, sorted or passed over.
_V2: Final = (
    """
    CREATE INDEX tasks_list ON tasks (
        created_at, last_activity, total_steps, successful_steps, failed_steps, total_duration_ms,
        status, model, device_id, task_id
    )
    """,
    "CREATE INDEX tasks_model ON tasks (model)",
    "CREATE INDEX tasks_device_id ON tasks (device_id)",
    "CREATE INDEX tasks_tags ON tasks (tags) WHERE tags IS NOT NULL",
    "CREATE INDEX task_steps_app ON task_steps (app, task_id) WHERE app IS NOT NULL",
    "CREATE INDEX task_spans_parent ON task_spans (trace_id, parent_span_id)",
    # The latest change of each task, numbered through all tasks.
    """
    CREATE TABLE task_changes (
        version INTEGER PRIMARY KEY AUTOINCREMENT,
        task_id TEXT NOT NULL UNIQUE
    )
    """,
    *(
        f"""
        CREATE TRIGGER {table}_{event.lower()} AFTER {event} ON {table} BEGIN
            DELETE FROM task_changes WHERE task_id = {row}.task_id;
            INSERT INTO task_changes (task_id) VALUES ({row}.task_id);
        END
        """  # noqa: S608 - own names
        for table in ("tasks", "task_steps", "step_screenshots")
        for event, row in (("INSERT", "new"), ("UPDATE", "new"), ("DELETE", "old"))
    ),
)

# Whatever writes a step changes the totals of its task, and that is a change of the task already:
# two statements for each step said the same. Nobody counts the steps of a whole task any more.
_V3: Final = ("DROP TRIGGER task_steps_insert", "DROP INDEX task_steps_totals")

# Holds all that is asked of what steps have used: their rows have long texts before it.
_V4: Final = (
    f"""
    CREATE INDEX task_steps_usage ON task_steps (
        task_id, model, started_at, input_tokens, output_tokens, cached_tokens
    ) WHERE {HAS_TOKENS}
    """,
    "CREATE INDEX tasks_session ON tasks (session) WHERE session IS NOT NULL",
)

# The list is narrowed down to a project, too, which may have half of all tasks.
_V5: Final = (
    "DROP INDEX tasks_list",
    """
    CREATE INDEX tasks_list ON tasks (
        created_at, last_activity, total_steps, successful_steps, failed_steps, total_duration_ms,
        status, model, device_id, project, task_id
    )
    """,
    "CREATE INDEX tasks_project ON tasks (project) WHERE project IS NOT NULL",
    # What can be removed: which rows need a picture, and what else is of a trace.
    "CREATE INDEX step_screenshots_path ON step_screenshots (screenshot_path)",
    "CREATE INDEX tasks_trace_id ON tasks (trace_id)",
    # Pictures that attributes name, by their owner: the id of a step, or trace and id of a span.
    """
    CREATE TABLE span_pictures (
        owner TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (owner, name)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX span_pictures_name ON span_pictures (name)",
    *(
        f"""
        INSERT OR IGNORE INTO span_pictures (owner, name)
        SELECT {owner}, value FROM {table}, json_each(attributes, '$."{SPAN_PICTURES}"')
        WHERE instr(attributes, '{SPAN_PICTURES}') AND value IS NOT NULL
        """  # noqa: S608 - own names
        for table, owner in (
            ("task_spans", "trace_id || '/' || span_id"),
            ("task_steps", "task_steps.id"),
        )
    ),
    # Rows have let go of them, and their files may still be there.
    "CREATE TABLE unneeded_pictures (name TEXT PRIMARY KEY NOT NULL) WITHOUT ROWID",
    # What one process does for all now and then, and when it is due again, in seconds since 1970.
    "CREATE TABLE chores (name TEXT PRIMARY KEY NOT NULL, due_at REAL NOT NULL) WITHOUT ROWID",
    # What screens look like: read from end to end for those that are near another one.
    """
    CREATE INDEX step_screenshots_phash ON step_screenshots (phash, created_at)
    WHERE phash IS NOT NULL
    """,
    # What people have said, and which steps went wrong how: few of many.
    "CREATE INDEX tasks_scores ON tasks (task_id) WHERE scores IS NOT NULL",
    "CREATE INDEX task_steps_tags ON task_steps (task_id, tags) WHERE tags IS NOT NULL",
    "CREATE INDEX task_steps_notes ON task_steps (task_id) WHERE notes IS NOT NULL",
    "CREATE INDEX task_steps_scores ON task_steps (task_id) WHERE scores IS NOT NULL",
    """
    CREATE INDEX task_steps_error_kind ON task_steps (error_kind, task_id)
    WHERE error_kind IS NOT NULL
    """,
)

_V6: Final = (
    # Archived tasks are few of many to look for.
    "CREATE INDEX tasks_archived ON tasks (task_id) WHERE archived IS NOT NULL",
    # What is asked of the steps of archived tasks; see `kept`. `days` is a JSON array of [day,
    # model, is_whole, steps, input, output and cached tokens]; a word is of the kind "app",
    # "error_kind", "step_tag", or of the kind "judged", where it is empty.
    """
    CREATE TABLE kept_tasks (
        task_id TEXT PRIMARY KEY NOT NULL, pictures INTEGER NOT NULL, days TEXT NOT NULL
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE kept_words (
        kind TEXT NOT NULL, word TEXT NOT NULL, task_id TEXT NOT NULL,
        PRIMARY KEY (kind, word, task_id)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX kept_words_task_id ON kept_words (task_id)",
)

# Each script takes a database one version further; never change one that has been released.
SCRIPTS: Final = (_V1, _V2, _V3, _V4, _V5, _V6)
VERSION: Final = len(SCRIPTS)
