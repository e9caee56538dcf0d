"""
Rows as the shared database gives them in JSON, made what every store's readers return.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from otel_steps.rows.tables import COLUMNS, TABLES, TIME_COLUMNS
from otel_steps.stores.json_object import Json


def rows_of(table: str, found: Iterable[Json]) -> list[Json]:
    """
    Return what `row_of` does for each row, and each row once.

    Where others arrive between one page and the next, the end of the one is the start of the other.
    """
    rows = (row_of(table, row) for row in found)
    return list({tuple(row[name] for name in TABLES[table].key): row for row in rows}.values())


def row_of(table: str, found: Json) -> Json:
    """
    Return the columns of ours of a row: a table may have had others before.

    Times are ISO 8601 in UTC, with six decimals; see `time_of`.
    """
    return {
        name: time_of(found[name]) if name in TIME_COLUMNS else found[name]
        for name in COLUMNS[table]
    }


def time_of(text: str | None) -> str | None:
    """
    Return a time of PostgreSQL's as ISO 8601 in UTC, with six decimals.

    PostgreSQL knows `infinity` and years that no calendar here has: these are None, as a time that
    nobody knows is, so that one such row does not take the others down.
    """
    try:
        at = datetime.fromisoformat(text or "").astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return at.isoformat(timespec="microseconds")
