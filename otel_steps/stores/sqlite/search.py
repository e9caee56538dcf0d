"""
Searching tasks and steps in SQLite: what a list is narrowed down to, sorted by and found for.
"""

import json
import sqlite3
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Final

from otel_steps.stores.search_text import (
    ESCAPE,
    SEARCHED_JSON,
    SEARCHED_TEXT,
    are_storable,
    patterns_of,
)
from otel_steps.stores.sqlite import digests, search_index
from otel_steps.stores.sqlite.counts import ByStatus
from otel_steps.stores.task_query import MAX_FACETS, TaskQuery

# Where a query narrows the list down: its field -> the condition. The sign keeps SQLite from going
# by another index and reading rows whole: it is to go over `tasks_list`, which has it all. Whether
# a task was in an app is asked task by task: a page ends early, and an app may be in half of all
# steps.
_CONDITIONS: Final[Mapping[str, str]] = {
    "app": """
        (EXISTS (SELECT 1 FROM task_steps WHERE app = :app AND task_steps.task_id = tasks.task_id)
        OR +task_id IN (
            SELECT task_id FROM kept_words WHERE kind = 'app' AND word = :app
        ))
    """,
    "model": "+model = :model",
    "device": "+device_id = :device",
    "project": "+project = :project",
    "session": "session = :session",
    "agent": "agent = :agent",
    "version": """
        CAST(json_extract(resource, '$."service.version"') AS TEXT) = :version
    """,
    "description": "task_description = :description",
    "tag": """
        +task_id IN (
            SELECT tagged.task_id FROM tasks AS tagged, json_each(tagged.tags)
            WHERE tagged.tags IS NOT NULL AND value = :tag
        )
    """,
    "step_tag": """
        +task_id IN (
            SELECT tagged.task_id FROM task_steps AS tagged, json_each(tagged.tags)
            WHERE tagged.tags IS NOT NULL AND value = :step_tag
            UNION ALL
            SELECT task_id FROM kept_words WHERE kind = 'step_tag' AND word = :step_tag
        )
    """,
    "flag": """
        (:flag = 'failed' AND failed_steps > 0 OR +task_id IN (
            SELECT task_id FROM kept_words WHERE kind = 'error_kind' AND word = :flag
        ) OR EXISTS (
            SELECT 1 FROM task_steps
            WHERE error_kind = :flag AND error_kind IS NOT NULL
                AND task_steps.task_id = tasks.task_id
        ) OR +task_id IN (SELECT value FROM json_each(:flagged)){kept})
    """,
    "judged": """
        :judged = (task_id IN (
            SELECT task_id FROM tasks WHERE scores IS NOT NULL
            UNION SELECT task_id FROM task_steps WHERE scores IS NOT NULL
            UNION SELECT task_id FROM kept_words WHERE kind = 'judged'
        ))
    """,
    "min_score": """
        +task_id IN (
            SELECT scored.task_id FROM tasks AS scored, json_each(scored.scores)
            WHERE scored.scores IS NOT NULL AND json_extract(value, '$.value') >= :min_score
        )
    """,
    "since": "created_at >= :since",
    "until": "created_at < :until",
}
# Apart: what is found of the other statuses is counted as well.
_STATUS: Final = "coalesce(status, 'unknown') IN (SELECT value FROM json_each(:status))"
_BY_STATUS: Final = "coalesce(status, 'unknown'), count(*), coalesce(sum(total_steps), 0)"


def _like(table: str, columns: Sequence[str], pattern: str) -> str:
    return " OR ".join(f"{table}.{name} LIKE :{pattern} ESCAPE '{ESCAPE}'" for name in columns)


_STEP_HAS_TEXT: Final = "({} OR {})".format(
    _like("task_steps", SEARCHED_TEXT, "pattern"),
    _like("task_steps", SEARCHED_JSON, "json_pattern"),
)
_TASK_COLUMNS: Final = ("task_description", "task_id", "result", "error_message", "notes")
_TASK_HAS_TEXT: Final = _like("tasks", _TASK_COLUMNS, "pattern")
# Some tasks: their steps, up to the first that has it. All tasks: all steps, as they lie on disk,
# which takes a third of the time.
_SOME_STEP_HAS_TEXT: Final = f"""
    EXISTS (SELECT 1 FROM task_steps WHERE task_steps.task_id = tasks.task_id AND {_STEP_HAS_TEXT})
"""  # noqa: S608 - own names, values are bound
_ANY_STEP_HAS_TEXT: Final = f"""
    +task_id IN (SELECT task_id FROM task_steps WHERE {_STEP_HAS_TEXT})
"""  # noqa: S608 - own names, values are bound
# With an index: what it has found, and what is not in it. CROSS JOIN is in this order.
_UNINDEXED_HAS_TEXT: Final = f"""
    +task_id IN (SELECT task_id FROM unindexed) AND {_SOME_STEP_HAS_TEXT}
"""  # noqa: S608 - own names, values are bound
_CANDIDATE: Final = "+task_id IN (SELECT task_id FROM candidate)"
# Of an archived task the index is believed: its steps are not here.
_CANDIDATE_HAS_TEXT: Final = f"""
    (archived IS NOT NULL AND {_CANDIDATE}) OR EXISTS (
        SELECT 1 FROM candidate CROSS JOIN task_steps
            ON task_steps.task_id = candidate.task_id
            AND task_steps.step_number BETWEEN first_step AND last_step
        WHERE candidate.task_id = tasks.task_id AND {_STEP_HAS_TEXT}
    )
"""  # noqa: S608 - own names, values are bound

# From one value of an index to the next: there are few of them in many rows.
_VALUES: Final = """
    WITH RECURSIVE found (value) AS (
        SELECT min({column}) FROM {table} WHERE {column} IS NOT NULL {more}
        UNION ALL
        SELECT (SELECT min({column}) FROM {table} WHERE {column} > found.value {more})
        FROM found WHERE found.value IS NOT NULL
        LIMIT :most
    )
    SELECT value FROM found WHERE value IS NOT NULL
"""
_OF_ARCHIVED: Final = _VALUES.format(column="word", table="kept_words", more="AND kind = :kind")
_TAGS: Final = """
    SELECT DISTINCT value FROM {table}, json_each({table}.tags) WHERE tags IS NOT NULL
    ORDER BY value LIMIT :most
"""


class Search:
    """Asks one connection, inside one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def counted_from(self, query: TaskQuery) -> Hashable:
        """Return what `TaskPage.by_status` depends on: the newest change, and the filters."""
        # With its task: the file may be another one tomorrow, and count its changes anew.
        newest = "SELECT version, task_id FROM task_changes ORDER BY version DESC LIMIT 1"
        filters = (getattr(query, name) for name in (*_CONDITIONS, "text"))
        digested = digests.newest(self._connection) if query.flag else 0
        return (*self._rows(newest, {}), *filters, digested, tuple(query.flagged))

    def tasks(self, query: TaskQuery, known: ByStatus | None = None) -> tuple[list[str], ByStatus]:
        """
        Return the ids of the page that *query* asks for, and `TaskPage.by_status`.

        Args:
            known: The latter, where it is known.
        """
        conditions, values = self._narrowed(query)
        by_status = self._by_status(conditions, values) if known is None else known
        conditions += _of_status(query)
        page = f"{_select(conditions)} {_order(query)} LIMIT :limit OFFSET :offset"
        return self._column(page, values), by_status

    def _by_status(self, conditions: Sequence[str], values: Mapping[str, Any]) -> ByStatus:
        rows = self._rows(f"{_select(conditions, _BY_STATUS)} GROUP BY 1", values)
        return {status: {"tasks": tasks, "steps": steps} for status, tasks, steps in rows}

    def chosen(self, query: TaskQuery) -> tuple[str, dict[str, Any]] | None:
        """
        Return the question for the ids of all tasks that *query* chooses, with its values.

        None where it chooses none, since no row can hold what it asks for.
        """
        conditions, values = self._narrowed(query)
        conditions += _of_status(query)
        return (_select(conditions), values) if are_storable(values.values()) else None

    def _narrowed(self, query: TaskQuery) -> tuple[list[str], dict[str, Any]]:
        """Return conditions for all of *query* but the status, and their values."""
        values = _values(query)
        conditions = [each for name, each in _CONDITIONS.items() if values[name] not in (None, "")]
        if query.flag:
            kept = f" OR {digests.IS_FLAGGED}" if digests.are_there(self._connection) else ""
            conditions = [each.replace("{kept}", kept) for each in conditions]
        if query.text:
            # Once, not for each use of it: this reads what the steps say.
            found = self._with_text(query.text, conditions, values)
            conditions = ["task_id IN (SELECT value FROM json_each(:found))"]
            values["found"] = json.dumps(found)
        return conditions, values

    def _with_text(
        self, text: str, conditions: Sequence[str], values: Mapping[str, Any]
    ) -> list[str]:
        question = search_index.question(self._connection, text)
        if question is None:
            steps = _SOME_STEP_HAS_TEXT if conditions else _ANY_STEP_HAS_TEXT
            has_text = f"({_TASK_HAS_TEXT} OR {steps})"
            return self._column(_select([*conditions, has_text]), values)
        indexed = _CANDIDATE if question.is_answered else _CANDIDATE_HAS_TEXT
        has_text = f"({_TASK_HAS_TEXT} OR {indexed} OR {_UNINDEXED_HAS_TEXT})"
        selected = f"{search_index.FOUND} {_select([*conditions, has_text])}"
        return self._column(selected, {**values, "grams": question.grams})

    def hits(self, task_ids: Sequence[str], text: str) -> dict[str, int]:
        """Return the number of the first step that has *text*, for those tasks that have one."""
        question = f"""
            SELECT task_id, min(step_number) FROM task_steps
            WHERE task_id IN (SELECT value FROM json_each(:task_ids)) AND {_STEP_HAS_TEXT}
            GROUP BY task_id
        """  # noqa: S608 - own names, values are bound
        values = {"task_ids": json.dumps(task_ids), **patterns_of(text)}
        return dict(self._rows(question, values))

    def steps(self, task_id: str, text: str) -> list[str]:
        """Return the ids of the steps of a task that have *text*, in order."""
        question = f"""
            SELECT id FROM task_steps WHERE task_id = :task_id AND {_STEP_HAS_TEXT}
            ORDER BY step_number, started_at, id
        """  # noqa: S608 - own names, values are bound
        return self._column(question, {"task_id": task_id, **patterns_of(text)})

    def facets(self) -> dict[str, list[str]]:
        """Return the values that a list can be narrowed down to."""
        questions = {
            "apps": _VALUES.format(column="app", table="task_steps", more=""),
            "models": _VALUES.format(column="model", table="tasks", more=""),
            "devices": _VALUES.format(column="device_id", table="tasks", more=""),
            "projects": _VALUES.format(column="project", table="tasks", more=""),
            "sessions": _VALUES.format(column="session", table="tasks", more=""),
            "tags": _TAGS.format(table="tasks"),
            "step_tags": _TAGS.format(table="task_steps"),
        }
        most = {"most": MAX_FACETS}
        facets = {name: self._column(question, most) for name, question in questions.items()}
        for name, kind in (("apps", "app"), ("step_tags", "step_tag")):
            archived = self._column(_OF_ARCHIVED, {"kind": kind, **most})
            facets[name] = sorted({*facets[name], *archived})[:MAX_FACETS]
        return facets

    def _column(self, question: str, values: Mapping[str, Any]) -> list[Any]:
        return [row[0] for row in self._rows(question, values)]

    def _rows(self, question: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        if not are_storable(values.values()):
            return []
        return self._connection.execute(question, values).fetchall()


def _of_status(query: TaskQuery) -> list[str]:
    return [_STATUS] if query.status else []


def _select(conditions: Sequence[str], what: str = "task_id") -> str:
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"SELECT {what} FROM tasks{where}"  # noqa: S608 - own names, values are bound


def _order(query: TaskQuery) -> str:
    direction = "DESC" if query.descending else "ASC"
    # These two are never NULL, and their index gives the order.
    last = "" if query.sort in ("created_at", "last_activity") else f"{query.sort} IS NULL, "
    return f"ORDER BY {last}{query.sort} {direction}, task_id"


def _values(query: TaskQuery) -> dict[str, Any]:
    values = {name: getattr(query, name) for name in _CONDITIONS}
    return {
        **values,
        **patterns_of(query.text or ""),
        "flagged": json.dumps(list(query.flagged)),
        "status": json.dumps(list(query.status)) if query.status else None,
        "limit": query.limit,
        "offset": query.offset,
    }
