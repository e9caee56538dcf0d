"""What steps have used of their models, in sums: by task and by day."""

import json
import sqlite3
from collections.abc import Sequence
from typing import Final

from otel_steps.stores.json_object import Json
from otel_steps.stores.sqlite.schema import HAS_TOKENS

# Behind what the rows are of: which model, and whether both counts of each step are known.
_SUMS: Final = """
    coalesce(step.model, tasks.model) AS model,
    input_tokens IS NOT NULL AND output_tokens IS NOT NULL AS is_whole,
    count(*) AS steps, sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens,
    sum(cached_tokens) AS cached_tokens
    FROM task_steps AS step LEFT JOIN tasks USING (task_id)
"""

_BY_TASK: Final = f"""
    SELECT task_id, {_SUMS}
    WHERE {HAS_TOKENS} AND task_id IN (SELECT value FROM json_each(?))
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""  # noqa: S608 - own words

_BY_DAY: Final = f"""
    SELECT substr(step.started_at, 1, 10) AS day, {_SUMS}
    WHERE {HAS_TOKENS} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""


def usage(connection: sqlite3.Connection, task_ids: Sequence[str]) -> dict[str, list[Json]]:
    """Return what the steps of tasks have used; see `Store.usage`."""
    rows: dict[str, list[Json]] = {}
    for row in _rows(connection, _BY_TASK, json.dumps(task_ids)):
        rows.setdefault(row.pop("task_id"), []).append(row)
    return rows


def usage_by_day(connection: sqlite3.Connection) -> list[Json]:
    """Return what all steps have used; see `Store.usage_by_day`."""
    return _rows(connection, _BY_DAY)


def _rows(connection: sqlite3.Connection, question: str, *values: str) -> list[Json]:
    cursor = connection.execute(question, values)
    names = [name for name, *_ in cursor.description]
    rows = (dict(zip(names, row, strict=True)) for row in cursor)
    return [{**row, "is_whole": bool(row["is_whole"])} for row in rows]
