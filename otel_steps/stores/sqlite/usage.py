"""What steps have used of their models, in sums: by task and by day."""

import json
import sqlite3
from collections.abc import Sequence
from typing import Final

from otel_steps.stores.json_object import Json
from otel_steps.stores.sqlite import kept
from otel_steps.stores.sqlite.schema import HAS_TOKENS

# Of the steps that are here, and of those that are archived.
_USED: Final = f"""
    SELECT task_id, substr(started_at, 1, 10) AS day, model,
        input_tokens IS NOT NULL AND output_tokens IS NOT NULL AS is_whole, 1 AS steps,
        input_tokens, output_tokens, cached_tokens
    FROM task_steps
    WHERE {HAS_TOKENS} AND task_id NOT IN (SELECT task_id FROM kept_tasks) {{of_steps}}
    UNION ALL {kept.USED} {{of_archived}}
"""  # noqa: S608 - own words
# Behind what the rows are of: which model, and whether both counts of each step are known.
_SUMS: Final = """
    coalesce(used.model, tasks.model) AS model, is_whole, sum(steps) AS steps,
    sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens,
    sum(cached_tokens) AS cached_tokens
"""
_WANTED: Final = "task_id IN (SELECT value FROM json_each(:wanted))"

_BY_TASK: Final = f"""
    SELECT used.task_id AS task_id, {_SUMS}
    FROM ({_USED.format(of_steps=f"AND {_WANTED}", of_archived=f"WHERE kept_tasks.{_WANTED}")})
        AS used LEFT JOIN tasks USING (task_id)
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""  # noqa: S608 - own words

_BY_DAY: Final = f"""
    SELECT day, {_SUMS}
    FROM ({_USED.format(of_steps="", of_archived="")}) AS used LEFT JOIN tasks USING (task_id)
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""  # noqa: S608 - own words


def usage(connection: sqlite3.Connection, task_ids: Sequence[str]) -> dict[str, list[Json]]:
    """Return what the steps of tasks have used; see `Store.usage`."""
    rows: dict[str, list[Json]] = {}
    for row in _rows(connection, _BY_TASK, wanted=json.dumps(task_ids)):
        rows.setdefault(row.pop("task_id"), []).append(row)
    return rows


def usage_by_day(connection: sqlite3.Connection) -> list[Json]:
    """Return what all steps have used; see `Store.usage_by_day`."""
    return _rows(connection, _BY_DAY)


def _rows(connection: sqlite3.Connection, question: str, **values: str) -> list[Json]:
    cursor = connection.execute(question, values)
    names = [name for name, *_ in cursor.description]
    rows = (dict(zip(names, row, strict=True)) for row in cursor)
    return [{**row, "is_whole": bool(row["is_whole"])} for row in rows]
