"""
The columns of the tables, from the row classes: what every backend that speaks SQL needs to know.
"""

from collections.abc import Mapping
from dataclasses import fields
from typing import Final

from otel_steps.model import ScreenshotRow, SpanRow, StepRow, TaskRow

# Table -> columns that a row class fills, in its order.
ROW_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "tasks": tuple(field.name for field in fields(TaskRow)),
    "task_steps": tuple(field.name for field in fields(StepRow)),
    "step_screenshots": tuple(field.name for field in fields(ScreenshotRow)),
    "task_spans": tuple(field.name for field in fields(SpanRow)),
}

# Columns of `tasks` that the store counts from the steps it holds.
TOTALS: Final = (
    "total_steps",
    "successful_steps",
    "failed_steps",
    "total_duration_ms",
    "last_step_at",
    "has_detailed_steps",
)

# Columns of `tasks` that no row carries: `started_at` is the start of the task span whose word
# counts (a task id may be used again), `tags` and `notes` are a person's.
OWN_TASK_COLUMNS: Final = ("started_at", *TOTALS, "tags", "notes")

# Table -> all columns, as readers return them.
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    **ROW_COLUMNS,
    "tasks": ROW_COLUMNS["tasks"] + OWN_TASK_COLUMNS,
}

# A name has one kind in all tables.
JSON_COLUMNS: Final = frozenset(
    {
        "action",
        "action_result",
        "attributes",
        "config",
        "events",
        "links",
        "metadata",
        "resource",
        "step_data",
        "tags",
        "timings",
    }
)
BOOLEAN_COLUMNS: Final = frozenset({"compressed", "has_detailed_steps", "sensitive", "success"})
TIME_COLUMNS: Final = frozenset(
    {"created_at", "started_at", "ended_at", "end_time", "last_activity", "last_step_at"}
)
