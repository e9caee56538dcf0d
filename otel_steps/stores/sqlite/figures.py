"""Figures over many tasks in SQLite: by group, and by action."""

import sqlite3
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from otel_steps import semconv
from otel_steps.stores.contract import Json
from otel_steps.stores.figures import MAX_GROUPS, action_figures_of, task_figures_of
from otel_steps.stores.sqlite.schema import HAS_TOKENS
from otel_steps.stores.sqlite.search import Search
from otel_steps.stores.task_query import TaskQuery


class _Grouping(NamedTuple):
    """The group of a task, and where it is in several, what has them."""

    group: str
    members: str = ""


_GROUPINGS: Final[Mapping[str, _Grouping]] = {
    "all": _Grouping("NULL"),
    "day": _Grouping("substr(tasks.created_at, 1, 10)"),
    # All apps of all tasks, whichever are chosen: as they stand in their index, that is fastest.
    "app": _Grouping(
        "app",
        """
        LEFT JOIN (SELECT DISTINCT app, task_id FROM task_steps WHERE app IS NOT NULL)
        USING (task_id)
        """,
    ),
    "model": _Grouping("tasks.model"),
    "device": _Grouping("device_id"),
    "agent": _Grouping("agent"),
    "version": _Grouping("CAST(json_extract(resource, '$.\"service.version\"') AS TEXT)"),
    "task": _Grouping("task_description"),
    "tag": _Grouping(
        "tag",
        """
        LEFT JOIN (
            SELECT DISTINCT tagged.task_id, value AS tag
            FROM tasks AS tagged, json_each(tagged.tags) WHERE tagged.tags IS NOT NULL
        ) USING (task_id)
        """,
    ),
}

# The rank of the nearest rank, in whole numbers: a share of 0.95 is none in a float.
_MEDIAN: Final = "(count * 50 + 99) / 100"
_P95: Final = "(count * 95 + 99) / 100"

_TASKS: Final = """
    WITH chosen AS MATERIALIZED ({chosen}),
    used AS MATERIALIZED (
        SELECT task_id, sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens
        FROM task_steps AS step
        WHERE {has_tokens} AND task_id IN (SELECT task_id FROM chosen)
        GROUP BY task_id
    ), member AS (
        SELECT {group} AS "group", coalesce(status, 'unknown') AS status, total_steps,
               successful_steps, failed_steps, total_duration_ms, input_tokens, output_tokens
        FROM chosen JOIN tasks USING (task_id) {members} LEFT JOIN used USING (task_id)
    ), ranked AS (
        SELECT *, count(*) OVER (PARTITION BY "group") AS count,
               row_number() OVER (PARTITION BY "group" ORDER BY total_steps) AS steps_rank,
               row_number() OVER (PARTITION BY "group" ORDER BY total_duration_ms) AS duration_rank
        FROM member
    )
    SELECT "group", status, count(*) AS tasks, sum(total_steps) AS steps,
           sum(successful_steps) AS successful_steps, sum(failed_steps) AS failed_steps,
           sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens,
           max(CASE WHEN steps_rank = {median} THEN total_steps END) AS steps_median,
           max(CASE WHEN steps_rank = {p95} THEN total_steps END) AS steps_p95,
           max(CASE WHEN duration_rank = {median} THEN total_duration_ms END) AS duration_ms_median,
           max(CASE WHEN duration_rank = {p95} THEN total_duration_ms END) AS duration_ms_p95
    FROM ranked GROUP BY "group", status
"""

# Nearly every action says it itself; others have been told when they were recorded.
_ACTION: Final = f"""
    substr(CASE
        WHEN json_type(action, '$.action') = 'text' AND json_extract(action, '$.action') <> ''
            THEN json_extract(action, '$.action')
        ELSE nullif(json_extract(attributes, '$."{semconv.STEP_ACTION_NAME}"'), '')
    END, 1, 100)
"""
# What the steps of each task have used, and of each group: its tokens by the task, nearest rank.
_USAGE: Final = """
    WITH chosen AS MATERIALIZED ({chosen}),
    used AS MATERIALIZED (
        SELECT task_id, step.model AS model,
               input_tokens IS NOT NULL AND output_tokens IS NOT NULL AS is_whole,
               count(*) AS steps, sum(input_tokens) AS input_tokens,
               sum(output_tokens) AS output_tokens, sum(cached_tokens) AS cached_tokens
        FROM task_steps AS step
        WHERE {has_tokens} AND task_id IN (SELECT task_id FROM chosen)
        GROUP BY 1, 2, 3
    ), member AS MATERIALIZED (
        SELECT {group} AS "group", used.*, coalesce(used.model, tasks.model) AS model_used
        FROM used JOIN tasks USING (task_id) {members}
    ), task AS (
        SELECT "group", sum(coalesce(input_tokens, 0) + coalesce(output_tokens, 0)) AS tokens
        FROM member GROUP BY "group", task_id
    ), ranked AS (
        SELECT *, count(*) OVER (PARTITION BY "group") AS count,
               row_number() OVER (PARTITION BY "group" ORDER BY tokens) AS rank
        FROM task
    ), whole AS MATERIALIZED (
        SELECT "group", max(CASE WHEN rank = {median} THEN tokens END) AS tokens_median,
               max(CASE WHEN rank = {p95} THEN tokens END) AS tokens_p95
        FROM ranked GROUP BY "group" ORDER BY count(*) DESC, "group" LIMIT {most}
    )
    SELECT member."group", model_used AS model, is_whole, sum(steps) AS steps,
           sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens,
           sum(cached_tokens) AS cached_tokens, tokens_median, tokens_p95
    FROM member JOIN whole ON member."group" IS whole."group"
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""

_ACTIONS: Final = """
    WITH chosen AS MATERIALIZED ({chosen}),
    named AS MATERIALIZED (
        SELECT {action} AS action, success, duration_ms
        FROM task_steps WHERE task_id IN (SELECT task_id FROM chosen)
    ), ranked AS (
        SELECT *, count(duration_ms) OVER (PARTITION BY action) AS count,
               row_number() OVER (PARTITION BY action ORDER BY duration_ms NULLS LAST) AS rank
        FROM named WHERE action IS NOT NULL
    )
    SELECT action, count(*) AS steps, coalesce(sum(success), 0) AS successful_steps,
           coalesce(sum(NOT success), 0) AS failed_steps,
           max(CASE WHEN rank = {median} THEN duration_ms END) AS duration_ms_median,
           max(CASE WHEN rank = {p95} THEN duration_ms END) AS duration_ms_p95
    FROM ranked GROUP BY action ORDER BY steps DESC, action LIMIT {most}
"""


def of_tasks(connection: sqlite3.Connection, query: TaskQuery, by: str) -> list[Json]:
    """Return figures of the tasks that *query* chooses; see `Store.task_figures`."""
    return task_figures_of(
        _rows(connection, query, _TASKS, has_tokens=HAS_TOKENS, **_GROUPINGS[by]._asdict()), by
    )


def of_actions(connection: sqlite3.Connection, query: TaskQuery) -> list[Json]:
    """Return figures of the actions of these tasks; see `Store.action_figures`."""
    return action_figures_of(_rows(connection, query, _ACTIONS, action=_ACTION, most=MAX_GROUPS))


def of_usage(connection: sqlite3.Connection, query: TaskQuery, by: str) -> list[Json]:
    """Return what the steps of these tasks have used; see `Store.usage_figures`."""
    words = {"has_tokens": HAS_TOKENS, "most": MAX_GROUPS, **_GROUPINGS[by]._asdict()}
    rows = _rows(connection, query, _USAGE, **words)
    return [{**row, "is_whole": bool(row["is_whole"])} for row in rows]


def _rows(
    connection: sqlite3.Connection, query: TaskQuery, question: str, **words: Any
) -> list[Json]:
    asked = Search(connection).chosen(query)
    if asked is None:
        return []
    chosen, values = asked
    cursor = connection.execute(
        question.format(chosen=chosen, median=_MEDIAN, p95=_P95, **words), values
    )
    names = [name for name, *_ in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]
