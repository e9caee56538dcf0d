"""
Whether the database of a pack is one that the embedded store could have written.

Its readers take that for granted: what a stranger has put there must not reach them.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from otel_steps.rows.column import JSON, Column
from otel_steps.rows.tables import TABLES
from otel_steps.stores.sqlite.opening import bring_up_to_date, connect, is_up_to_date

_NAMES: Final = "SELECT name FROM sqlite_master WHERE type = 'table'"
_FOREIGN: Final = """
    SELECT name FROM sqlite_master
    WHERE type = 'view' OR (type = 'table' AND upper(sql) NOT LIKE 'CREATE TABLE%')
"""
_COMPUTED: Final = "SELECT name FROM pragma_table_xinfo(?) WHERE hidden <> 0"
# Below the folder of pictures, whatever the system.
_BEYOND: Final = " OR ".join(
    f"screenshot_path GLOB '{pattern}'" for pattern in ("*..*", "/*", r"*[:\]*")
)
_TYPES: Final = {"TEXT": "'text'", "INTEGER": "'integer'", "REAL": "'real', 'integer'"}


def fault_of(path: Path) -> str | None:
    """
    Return what is wrong with the database at *path*, None where nothing is.

    Raises:
        StoreOnHold: A later version has made it.
    """
    try:
        with closing(connect(f"{path.as_uri()}?immutable=1")) as connection:
            connection.execute("PRAGMA query_only = ON")
            connection.execute("PRAGMA trusted_schema = OFF")
            is_up_to_date(connection, path)
            return next(_faults(connection), None)
    except sqlite3.Error as error:
        return f"its database is damaged: {error}"


def _faults(connection: sqlite3.Connection) -> Iterator[str]:
    known = _own_tables()
    there = {name for (name,) in connection.execute(_NAMES)}
    foreign = {name for (name,) in connection.execute(_FOREIGN)} - {"sqlite_sequence"}
    for name in sorted((there - known) | foreign | (set(TABLES) - there)):
        yield f"its database has another {name[:80]!r} than the embedded store"
    for table in TABLES:
        if connection.execute(_COMPUTED, (table,)).fetchone():
            yield f"its table {table} has computed columns"
        present = {name for _, name, *_ in connection.execute(f"PRAGMA table_info({table})")}
        columns = {
            name: column for name, column in TABLES[table].columns.items() if name in present
        }
        odd = " OR ".join(f"NOT ({_fits(table, name, column)})" for name, column in columns.items())
        paths = f" OR {_BEYOND}" if "screenshot_path" in columns else ""
        question = f"SELECT EXISTS (SELECT 1 FROM {table} WHERE {odd}{paths})"  # noqa: S608 - own names
        if connection.execute(question).fetchone()[0]:
            yield f"its table {table} has a value that no row has"


def _own_tables() -> set[str]:
    with closing(connect(":memory:")) as fresh:
        bring_up_to_date(fresh, Path(":memory:"))
        return {name for (name,) in fresh.execute(_NAMES)}


def _fits(table: str, name: str, column: Column) -> str:
    types = _TYPES[column.kind.sqlite]
    if name not in TABLES[table].required:
        types += ", 'null'"
    valid = f" AND ({name} IS NULL OR json_valid({name}))" if column.kind is JSON else ""
    return f"typeof({name}) IN ({types}){valid}"
