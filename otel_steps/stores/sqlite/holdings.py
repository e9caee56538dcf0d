"""
What a SQLite file holds of each task, for whoever is to decide what goes.
"""

import json
import sqlite3
import time
from collections.abc import Iterator, Sequence
from typing import Any, Final

from otel_steps.stores.removal import MAX_HOLDINGS, Holding, holding_of


def page(connection: sqlite3.Connection, after: str, only: Sequence[str] | None) -> list[Holding]:
    """Return a page of tasks; see `Store.holdings`."""
    a_step = _bytes_a_step(connection)
    values: dict[str, Any] = {"after": after, "most": MAX_HOLDINGS, "a_step": a_step}
    values["only"] = None if only is None else json.dumps(list(only))
    rows = connection.execute(_PAGE, values)
    names = [name for name, *_ in rows.description]
    return [holding_of(row) for row in _decoded(names, rows)]


def claim(connection: sqlite3.Connection, chore: str, for_s: float) -> bool:
    """Take a chore, inside the transaction that *connection* has begun; see `Store.claim`."""
    values = {"chore": chore, "now": time.time(), "for_s": for_s}
    return connection.execute(_CLAIM, values).rowcount > 0


def _decoded(names: list[str], rows: sqlite3.Cursor) -> Iterator[dict[str, Any]]:
    for values in rows:
        row = dict(zip(names, values, strict=True))
        tags = json.loads(row["tags"]) if row["tags"] else ()
        yield {**row, "tags": tags, "is_annotated": bool(row["is_annotated"])}


def _bytes_a_step(connection: sqlite3.Connection) -> float:
    """Return about what one step takes, with all that is stored because of it."""
    # To look at every row would be to read the whole file.
    pages, free, size, steps = (connection.execute(each).fetchone()[0] for each in _SIZES)
    return float((pages - free) * size / steps) if steps else 0.0


_SIZES: Final = (
    "PRAGMA page_count",
    "PRAGMA freelist_count",
    "PRAGMA page_size",
    "SELECT coalesce(sum(total_steps), 0) FROM tasks WHERE archived IS NULL",
)
_PAGE: Final = """
    WITH page AS MATERIALIZED (
        SELECT * FROM tasks WHERE task_id > :after
            AND (:only IS NULL OR +task_id IN (SELECT value FROM json_each(:only)))
        ORDER BY task_id LIMIT :most
    ), shots AS (
        SELECT shot.task_id, shot.file_size,
            NOT EXISTS (
                SELECT 1 FROM step_screenshots AS later
                WHERE later.screenshot_path = shot.screenshot_path
                    AND (later.created_at, later.id) > (shot.created_at, shot.id)
            ) AS counts,
            -- As `removal` has it: neither of the first step that has one nor of the last.
            step.success IS NOT 0 AND step.id <> first_value(step.id) OVER in_order
                AND step.id <> last_value(step.id) OVER in_order AS is_spare
        FROM page JOIN step_screenshots AS shot USING (task_id)
        LEFT JOIN task_steps AS step ON step.id = shot.step_id
        WINDOW in_order AS (
            PARTITION BY shot.task_id, step.id IS NULL
            ORDER BY step.step_number, step.started_at, step.id
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        )
    ), pictures AS (
        SELECT task_id, count(*) AS pictures,
            sum(file_size) FILTER (WHERE counts) AS picture_bytes,
            count(*) FILTER (WHERE is_spare) AS spare_pictures,
            sum(file_size) FILTER (WHERE counts AND is_spare) AS spare_bytes
        FROM shots GROUP BY task_id
    )
    SELECT page.task_id, status, tags,
        tags IS NOT NULL OR notes IS NOT NULL OR scores IS NOT NULL OR page.task_id IN (
            SELECT task_id FROM task_steps WHERE tags IS NOT NULL
            UNION SELECT task_id FROM task_steps WHERE notes IS NOT NULL
            UNION SELECT task_id FROM task_steps WHERE scores IS NOT NULL
        ) AS is_annotated,
        (
            SELECT max(json_extract(value, '$.value')) FROM json_each(scores)
            WHERE json_type(value, '$.value') IN ('integer', 'real')
        ) AS best_score,
        coalesce(last_activity, created_at, '') AS last_activity,
        coalesce(total_steps, 0) AS steps,
        coalesce(pictures, 0) AS pictures,
        coalesce(picture_bytes, 0) AS picture_bytes,
        coalesce(spare_pictures, 0) AS spare_pictures,
        coalesce(spare_bytes, 0) AS spare_bytes,
        CASE WHEN archived IS NULL
            THEN CAST(coalesce(total_steps, 0) * :a_step AS INTEGER) ELSE 0 END AS row_bytes
    FROM page LEFT JOIN pictures USING (task_id)
    ORDER BY page.task_id
"""
_CLAIM: Final = """
    INSERT INTO chores (name, due_at) VALUES (:chore, :now + :for_s)
    ON CONFLICT (name) DO UPDATE SET due_at = excluded.due_at WHERE due_at <= :now
"""
