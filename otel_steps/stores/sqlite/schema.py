"""
The tables in SQLite's dialect: those of `migrations/`, with JSON as text and booleans as 0 and 1.
"""

from typing import Final

_V1: Final = (
    """
    CREATE TABLE tasks (
        task_id TEXT PRIMARY KEY NOT NULL,
        task_description TEXT,
        status TEXT,
        created_at TEXT NOT NULL,
        last_activity TEXT NOT NULL,
        end_time TEXT,
        result TEXT,
        error_message TEXT,
        config TEXT,
        agent TEXT,
        model TEXT,
        device_id TEXT,
        trace_id TEXT,
        resource TEXT,
        started_at TEXT,
        total_steps INTEGER NOT NULL DEFAULT 0,
        successful_steps INTEGER NOT NULL DEFAULT 0,
        failed_steps INTEGER NOT NULL DEFAULT 0,
        total_duration_ms INTEGER NOT NULL DEFAULT 0,
        last_step_at TEXT,
        has_detailed_steps INTEGER NOT NULL DEFAULT 0,
        tags TEXT,
        notes TEXT
    )
    """,
    """
    CREATE TABLE task_steps (
        id TEXT PRIMARY KEY NOT NULL,
        task_id TEXT NOT NULL,
        step_number INTEGER NOT NULL,
        step_type TEXT NOT NULL,
        step_data TEXT NOT NULL,
        thinking TEXT,
        action_result TEXT,
        screenshot_path TEXT,
        duration_ms INTEGER,
        success INTEGER,
        error_message TEXT,
        created_at TEXT NOT NULL,
        screenshot_url TEXT,
        status TEXT,
        error_kind TEXT,
        app TEXT,
        action TEXT,
        started_at TEXT NOT NULL,
        ended_at TEXT,
        trace_id TEXT NOT NULL,
        span_id TEXT NOT NULL,
        parent_span_id TEXT,
        timings TEXT,
        attributes TEXT,
        resource TEXT
    )
    """,
    """
    CREATE TABLE step_screenshots (
        id TEXT PRIMARY KEY NOT NULL,
        task_id TEXT NOT NULL,
        step_id TEXT NOT NULL,
        screenshot_path TEXT NOT NULL,
        file_size INTEGER,
        file_hash TEXT,
        compressed INTEGER NOT NULL DEFAULT 0,
        metadata TEXT,
        created_at TEXT NOT NULL,
        remote_url TEXT,
        width INTEGER,
        height INTEGER,
        mime_type TEXT,
        phash INTEGER,
        sensitive INTEGER
    )
    """,
    """
    CREATE TABLE task_spans (
        trace_id TEXT NOT NULL,
        span_id TEXT NOT NULL,
        parent_span_id TEXT,
        task_id TEXT,
        name TEXT NOT NULL,
        kind INTEGER NOT NULL,
        started_at TEXT NOT NULL,
        ended_at TEXT,
        duration_ms REAL,
        status_code INTEGER NOT NULL,
        status_message TEXT,
        attributes TEXT,
        events TEXT,
        links TEXT,
        scope TEXT,
        PRIMARY KEY (trace_id, span_id)
    )
    """,
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

# Each script takes a database one version further; never change one that has been released.
SCRIPTS: Final = (_V1, _V2, _V3)
VERSION: Final = len(SCRIPTS)
