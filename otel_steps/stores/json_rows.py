"""
Rows as the shared database gives them in JSON, made what every store's readers return.
"""

from datetime import UTC, datetime

from otel_steps.stores.columns import COLUMNS, TIME_COLUMNS
from otel_steps.stores.contract import Json


def row_of(table: str, found: Json) -> Json:
    """Return the columns of ours of a row: a table may have had others before."""
    return decoded({name: found[name] for name in COLUMNS[table]})


def decoded(row: Json) -> Json:
    """Return *row* with its times as ISO 8601 in UTC, with six decimals; see `time_of`."""
    return {name: time_of(value) if name in TIME_COLUMNS else value for name, value in row.items()}


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
