"""
Rows as the shared database gives them in JSON, made what every store's readers return.
"""

from datetime import UTC, datetime
from typing import Any, Final

from otel_steps.stores.columns import COLUMNS
from otel_steps.stores.contract import Json

_TIMES: Final = frozenset(
    {"created_at", "started_at", "ended_at", "end_time", "last_activity", "last_step_at"}
)


def row_of(table: str, found: Json) -> Json:
    """Return the columns of ours of a row: a table may have had others before."""
    return decoded({name: found[name] for name in COLUMNS[table]})


def decoded(row: Json) -> Json:
    """Return *row* with its times as ISO 8601 in UTC, with six decimals."""
    return {name: _time(value) if name in _TIMES else value for name, value in row.items()}


def _time(value: Any) -> Any:
    if value is None:
        return None
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return value  # PostgreSQL knows years that Python does not
    return at.astimezone(UTC).isoformat(timespec="microseconds")
