"""
The questions of `flaws`: which rows have each flaw, and what takes it out of one of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from otel_steps import semconv
from otel_steps.stores.flaws import FlawKind
from otel_steps.stores.sqlite.flaw_cells import wrong_cells
from otel_steps.stores.sqlite.schema import NUMBER_OLD_TASKS


@dataclass(frozen=True, slots=True)
class Question:
    """
    Which rows of a table have a flaw.

    Attributes:
        condition: Over the columns of the table.
        repairs: Statements about such a row, `:key`, while it has the flaw.
        recounts: Whether the totals of its task follow.
        is_let_go: Whether the picture of the row is let go of.
    """

    table: str
    condition: str
    repairs: tuple[str, ...] = ()
    recounts: bool = False
    is_let_go: bool = False


def _cells(table: str) -> Question:
    condition, repairs = wrong_cells(table)
    return Question(table, condition, repairs, recounts=table in ("tasks", "task_steps"))


WITHOUT_PICTURE: Final = f"""
    UPDATE task_steps
    SET screenshot_path = NULL, screenshot_url = NULL, attributes = json_set(
        coalesce(attributes, '{{}}'), '$."{semconv.SCREENSHOT_ERROR}"', :reason
    )
"""  # noqa: S608 - own names
# Half of an archived task is none of their business.
_AT_REST: Final = """
    EXISTS (
        SELECT 1 FROM tasks WHERE tasks.task_id = task_steps.task_id
            AND tasks.status IS NOT 'running' AND tasks.archived IS NULL
            AND last_activity < strftime('%Y-%m-%dT%H:%M:%S', 'now', '-1 hour')
    )
"""
# How many numbers there are between a step and the one before it; and how many it tells of.
_MISSING: Final = """
    max(step_number - 1 - coalesce((
        SELECT max(other.step_number) FROM task_steps AS other
        WHERE other.task_id = task_steps.task_id AND other.step_number < task_steps.step_number
    ), 0), 0)
"""
_TOLD_AT: Final = f"""'$."{semconv.STEP_MISSING}"'"""
_TOLD: Final = f"""
    CASE WHEN json_valid(attributes)
        THEN coalesce(json_extract(attributes, {_TOLD_AT}), 0) ELSE 0 END
"""
# A step moves behind those that began before it, by as much as they are in its way.
_NUMBERED_ANEW: Final = """
    WITH ordered AS (
        SELECT rowid AS step, step_number, row_number() OVER (ORDER BY started_at, id) AS place
        FROM task_steps
        WHERE step_number > 0
            AND (task_id, trace_id) = (SELECT task_id, trace_id FROM task_steps WHERE rowid = :key)
    ), numbered AS (
        SELECT step, place + max(step_number - place) OVER (ORDER BY place) AS number FROM ordered
    )
    UPDATE task_steps SET step_number = (SELECT number FROM numbered WHERE step = task_steps.rowid)
    WHERE rowid IN (SELECT step FROM numbered)
"""
_RANK: Final = "CASE {0}.status WHEN 'running' THEN 1 WHEN 'interrupted' THEN 2 ELSE 3 END"
QUESTIONS: Final[Mapping[FlawKind, Question]] = {
    "running_steps": Question(
        "task_steps",
        f"""
        status = 'running' AND {_AT_REST} AND EXISTS (
            SELECT 1 FROM tasks WHERE tasks.task_id = task_steps.task_id AND status IS NOT NULL
        )
        """,  # noqa: S608 - own words
    ),
    "doubled_steps": Question(
        "task_steps",
        f"""
        EXISTS (
            SELECT 1 FROM task_steps AS other
            WHERE other.trace_id = task_steps.trace_id AND other.span_id = task_steps.span_id
                AND ({_RANK.format("other")}, other.id)
                    > ({_RANK.format("task_steps")}, task_steps.id)
        )
        """,  # noqa: S608 - own names
        (
            """
            INSERT OR IGNORE INTO unneeded_pictures (name)
            SELECT name FROM span_pictures
            WHERE owner = (SELECT id FROM task_steps WHERE rowid = :key)
            """,
            """
            DELETE FROM span_pictures
            WHERE owner = (SELECT id FROM task_steps WHERE rowid = :key)
            """,
            "DELETE FROM task_steps WHERE rowid = :key",
        ),
        recounts=True,
    ),
    "doubled_numbers": Question(
        "task_steps",
        f"""
        step_number > 0 AND {_AT_REST} AND EXISTS (
            SELECT 1 FROM task_steps AS other
            WHERE other.task_id = task_steps.task_id
                AND other.step_number = task_steps.step_number
                AND other.trace_id = task_steps.trace_id AND other.span_id <> task_steps.span_id
                AND (other.started_at, other.id) < (task_steps.started_at, task_steps.id)
        )
        """,  # noqa: S608 - own words
        (_NUMBERED_ANEW,),
        recounts=True,
    ),
    "missing_numbers": Question(
        "task_steps",
        f"{_MISSING} <> {_TOLD} AND {_AT_REST}",
        (
            f"""
            UPDATE task_steps SET attributes = CASE {_MISSING}
                WHEN 0 THEN json_remove(attributes, {_TOLD_AT})
                ELSE json_set(coalesce(attributes, '{{}}'), {_TOLD_AT}, {_MISSING})
            END
            WHERE rowid = :key
            """,  # noqa: S608 - own words
        ),
        recounts=True,
    ),
    "step_times": Question(
        "task_steps",
        "ended_at < started_at OR duration_ms < 0",
        (
            """
            UPDATE task_steps
            SET ended_at = max(ended_at, started_at), duration_ms = max(duration_ms, 0)
            WHERE rowid = :key
            """,
        ),
        recounts=True,
    ),
    "task_times": Question(
        "tasks",
        "end_time < created_at",
        ("UPDATE tasks SET end_time = max(created_at, last_activity) WHERE rowid = :key",),
    ),
    "task_cells": _cells("tasks"),
    "step_cells": _cells("task_steps"),
    "picture_cells": _cells("step_screenshots"),
    "span_cells": _cells("task_spans"),
    "orphan_pictures": Question(
        "step_screenshots",
        "step_id NOT IN (SELECT id FROM task_steps)",
        ("DELETE FROM step_screenshots WHERE rowid = :key",),
        is_let_go=True,
    ),
    "pathless_pictures": Question(
        "task_steps",
        """
        screenshot_path IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM step_screenshots WHERE step_id = task_steps.id
        )
        """,
        (f"{WITHOUT_PICTURE} WHERE rowid = :key",),
    ),
}

_OWNERS: Final = f"""
    SELECT id AS owner, attributes FROM task_steps
    WHERE instr(attributes, '{semconv.SPAN_PICTURES}')
    UNION ALL
    SELECT trace_id || '/' || span_id, attributes FROM task_spans
    WHERE instr(attributes, '{semconv.SPAN_PICTURES}')
"""  # noqa: S608 - own names
_NAMED: Final = f"""
    SELECT owner, value AS name FROM ({_OWNERS}),
        json_each(CASE WHEN json_valid(attributes) THEN attributes ELSE '{{}}' END,
            '$."{semconv.SPAN_PICTURES}"')
    WHERE length(value) = 64
"""  # noqa: S608 - own names
NOTE_NAMES: Final = f"""
    INSERT OR IGNORE INTO span_pictures (owner, name) SELECT owner, name FROM ({_NAMED})
"""  # noqa: S608 - own names
_GONE: Final = """
    owner NOT IN (SELECT id FROM task_steps) AND NOT EXISTS (
        SELECT 1 FROM task_spans
        WHERE trace_id = substr(owner, 1, instr(owner, '/') - 1)
            AND span_id = substr(owner, instr(owner, '/') + 1)
    )
"""
# Of what has no row of its own, or another key than the number of its row.
NAMES: Final[Mapping[FlawKind, str]] = {
    "lost_tasks": """
        SELECT task_id FROM (
            SELECT task_id FROM task_steps UNION
            SELECT task_id FROM task_spans WHERE task_id IS NOT NULL
        )
        WHERE task_id > :after AND task_id NOT IN (SELECT task_id FROM tasks)
        ORDER BY task_id LIMIT :most
    """,
    "orphan_names": f"""
        SELECT DISTINCT owner FROM span_pictures WHERE owner > :after AND {_GONE}
        ORDER BY owner LIMIT :most
    """,  # noqa: S608 - own words
    "unnoted_names": f"""
        SELECT DISTINCT owner FROM ({_NAMED}) AS named WHERE owner > :after AND NOT EXISTS (
            SELECT 1 FROM span_pictures AS noted
            WHERE noted.owner = named.owner AND noted.name = named.name
        )
        ORDER BY owner LIMIT :most
    """,  # noqa: S608 - own words
    "unnumbered_tasks": """
        SELECT task_id FROM tasks
        WHERE task_id > :after AND task_id NOT IN (SELECT task_id FROM task_changes)
        ORDER BY task_id LIMIT :most
    """,
    "let_go": """
        SELECT name FROM unneeded_pictures WHERE name > :after ORDER BY name LIMIT :most
    """,
}
REPAIRS: Final[Mapping[FlawKind, tuple[str, ...]]] = {
    "orphan_names": (
        f"""
        INSERT OR IGNORE INTO unneeded_pictures (name)
        SELECT name FROM span_pictures WHERE owner = :key AND {_GONE}
        """,  # noqa: S608 - own words
        f"DELETE FROM span_pictures WHERE owner = :key AND {_GONE}",  # noqa: S608 - own words
    ),
    "unnoted_names": (f"{NOTE_NAMES} WHERE owner = :key",),
    "unnumbered_tasks": (f"{NUMBER_OLD_TASKS} AND task_id = :key",),
    "kept_sums": (
        """
        DELETE FROM task_sums WHERE task_id = :key
            AND NOT EXISTS (SELECT 1 FROM tasks WHERE task_id = :key AND archived IS NOT NULL)
        """,
    ),
}
