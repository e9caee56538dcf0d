"""
Values that are none of their column: which cells of a row have one, and what is put there.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from otel_steps.rows.column import BIGINT, BOOLEAN, INTEGER, JSON, REAL, TIME, Kind
from otel_steps.rows.tables import TABLES

# JSON that is a list, and JSON of any kind; all other is an object.
_LISTS: Final = frozenset({"tags", "scores", "change_boxes", "events", "links"})
_ANY: Final = frozenset({"step_data", "action", "action_result"})
_ITEMS: Final = {
    "tags": "type <> 'text'",
    "scores": "type <> 'object' OR coalesce(json_type(value, '$.name'), '') <> 'text'",
}
_NUMBERS: Final[Mapping[Kind, str]] = {
    INTEGER: "'integer', 'null'",
    BIGINT: "'integer', 'null'",
    REAL: "'real', 'integer', 'null'",
}
# As `rows.times` writes times: what sorts as text.
_ISO: Final = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9]*"
# Functions that a connection has while it is asked; see `flaws`.
ARE_UTF8: Final = "otel_steps_are_utf8"
TO_TEXT: Final = "otel_steps_to_text"


def wrong_cells(table: str) -> tuple[str, tuple[str, str]]:
    """Return what holds of a row with such a value, and the statements about one, `:key`."""
    columns = TABLES[table].columns
    wrong = {
        name: (condition, _emptied(table, name, column.kind))
        for name, column in columns.items()
        if (condition := _cell(name, column.kind))
    }
    emptied = ", ".join(
        f"{name} = CASE WHEN {condition} THEN {empty} ELSE {name} END"
        for name, (condition, empty) in wrong.items()
    )
    texts = [name for name, column in columns.items() if column.kind.sqlite == "TEXT"]
    as_text = ", ".join(
        f"{name} = CASE WHEN {_no_text([name])} THEN {TO_TEXT}(CAST({name} AS BLOB)) "
        f"ELSE {name} END"
        for name in texts
    )
    condition = " OR ".join((*(each for each, _ in wrong.values()), _no_text(texts)))
    return condition, (
        # A key that is another row's when it can be read stays as it is.
        f"UPDATE OR IGNORE {table} SET {as_text} WHERE rowid = :key",  # noqa: S608 - own names
        f"UPDATE {table} SET {emptied} WHERE rowid = :key",  # noqa: S608 - own names
    )


def _cell(name: str, kind: Kind) -> str | None:
    """Return what holds where a cell is none of its column, None where any text can be there."""
    if kind in _NUMBERS:
        return f"typeof({name}) NOT IN ({_NUMBERS[kind]})"
    if kind is BOOLEAN:
        return f"({name} IS NOT NULL AND {name} NOT IN (0, 1))"
    if kind is TIME:
        return f"({name} IS NOT NULL AND {name} NOT GLOB '{_ISO}')"
    if kind is not JSON:
        return None
    is_other = "0" if name in _ANY else f"json_type({name}) <> '{_shape(name)}'"
    if name in _ITEMS:
        is_other += f" OR EXISTS (SELECT 1 FROM json_each({name}) WHERE {_ITEMS[name]})"  # noqa: S608 - own names
    return f"({name} IS NOT NULL AND CASE WHEN json_valid({name}) THEN {is_other} ELSE 1 END)"


def _shape(name: str) -> str:
    return "array" if name in _LISTS else "object"


def _emptied(table: str, name: str, kind: Kind) -> str:
    known = TABLES[table]
    if name in known.defaults:
        return str(known.defaults[name])
    if name not in known.required:
        return "NULL"
    if kind is TIME:  # another time of the row is near it
        others = [each for each, column in known.columns.items() if column.kind is TIME]
        near = (f"CASE WHEN {each} GLOB '{_ISO}' THEN {each} END" for each in others)
        return f"coalesce({', '.join(near)}, '1970-01-01T00:00:00.000000+00:00')"
    return "'{}'" if kind is JSON else "0"


def _no_text(names: Iterable[str]) -> str:
    """Return what holds where a cell that is to be text is none: bytes, or no UTF-8."""
    names = list(names)
    are_bytes = " OR ".join(f"typeof({name}) = 'blob'" for name in names)
    cells = ", ".join(f"CAST({name} AS BLOB)" for name in names)
    return f"({are_bytes} OR NOT {ARE_UTF8}({cells}))"
