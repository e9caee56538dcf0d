"""Screens that look like another one, in SQLite."""

import json
import sqlite3
from itertools import groupby
from typing import Final, NamedTuple

from otel_steps.stores.json_object import Json
from otel_steps.stores.search_text import are_storable
from otel_steps.stores.similar import (
    MAX_HASHES,
    MAX_OF_HASH,
    MOST_BITS,
    differing_bits,
    similar_of,
)

# All hashes stand in an index, which is read from end to end: no index knows what is near in bits.
_NEAR: Final = """
    SELECT DISTINCT phash FROM step_screenshots
    WHERE phash IS NOT NULL AND otel_steps_bits(phash, :phash) <= :most
"""
_FOUND: Final = """
    SELECT shot.task_id AS task_id, task_description, tasks.status AS status,
           step_id, step_number, shot.screenshot_path AS screenshot_path,
           shot.created_at AS created_at, shot.id AS id
    FROM json_each(:hashes) AS wanted JOIN step_screenshots AS shot ON shot.id IN (
        SELECT id FROM step_screenshots
        WHERE phash = wanted.value AND task_id <> :task_id AND sensitive IS NOT 1
            AND json_extract(metadata, '$.role') IS NULL
            AND coalesce(json_extract(metadata, '$.black'), 0) = 0
            AND (:project IS NULL OR EXISTS (
                SELECT 1 FROM tasks AS own
                WHERE own.task_id = step_screenshots.task_id AND own.project = :project
            ))
        ORDER BY created_at DESC, id LIMIT :of_hash
    )
    JOIN task_steps AS step ON step.id = step_id
    LEFT JOIN tasks ON tasks.task_id = shot.task_id
"""
_TOLD: Final = (
    *("task_id", "task_description", "status", "step_id", "step_number", "screenshot_path"),
)


class Wanted(NamedTuple):
    """What is asked for; see `Store.similar`."""

    phash: int
    task_id: str
    project: str | None
    limit: int


def similar(connection: sqlite3.Connection, wanted: Wanted) -> list[Json]:
    """Return the steps of other tasks whose screens look like one; see `Store.similar`."""
    phash = wanted.phash
    if not are_storable([wanted.task_id, wanted.project]):
        return []
    connection.create_function("otel_steps_bits", 2, differing_bits, deterministic=True)
    asked = {"phash": phash, "most": MOST_BITS}
    near = [(differing_bits(each, phash), each) for (each,) in connection.execute(_NEAR, asked)]
    found: dict[str, Json] = {}
    for bits, hashes in groupby(sorted(near)[:MAX_HASHES], key=lambda pair: pair[0]):
        for row in _of_hashes(connection, [each for _, each in hashes], wanted):
            told = {name: row[name] for name in _TOLD}
            found.setdefault(row["task_id"], similar_of({**told, "bits": bits}))
        if len(found) >= wanted.limit:
            break
    return list(found.values())[: wanted.limit]


def _of_hashes(connection: sqlite3.Connection, hashes: list[int], wanted: Wanted) -> list[Json]:
    """Return the newest pictures of each of *hashes*, the newest of all first."""
    asked = {
        "hashes": json.dumps(hashes),
        "task_id": wanted.task_id,
        "project": wanted.project,
        "of_hash": MAX_OF_HASH,
    }
    cursor = connection.execute(_FOUND, asked)
    names = [name for name, *_ in cursor.description]
    rows = [dict(zip(names, row, strict=True)) for row in cursor]
    rows.sort(key=lambda row: row["id"])
    rows.sort(key=lambda row: row["created_at"], reverse=True)
    return rows
