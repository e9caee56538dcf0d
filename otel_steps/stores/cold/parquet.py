"""
Rows as Parquet and back, by DuckDB.

A column is what its kind says (`rows.column`): numbers and booleans as they are, all else as text;
JSON as the text of it, so that nothing in it is changed. The spans have one column more, `of_task`:
a span need not name the task that it belongs to.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from otel_steps.errors import StoreOnHold, StoreUnavailable
from otel_steps.process.forks import no_fork
from otel_steps.rows.column import BIGINT, BOOLEAN, INTEGER, REAL, Kind
from otel_steps.rows.tables import COLUMNS, JSON_COLUMNS, TABLES
from otel_steps.stores.json_object import Json

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

OF_TASK: Final = "of_task"
# Table -> the column that says whose a row is.
OWNERS: Final[Mapping[str, str]] = {
    name: OF_TASK if name == "task_spans" else "task_id" for name in TABLES
}

_TYPES: Final[Mapping[Kind, str]] = {
    INTEGER: "BIGINT",
    BIGINT: "BIGINT",
    REAL: "DOUBLE",
    BOOLEAN: "BOOLEAN",
}
# Rows that are read at once to find those of one task.
_GROUP_ROWS: Final = 8192
# What the reader of JSON takes at least for a line, in bytes.
_LINE_BYTES: Final = 2**24
_LINE: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


class RowsFile:
    """The rows of one table on their way into a Parquet file; a row at a time in memory."""

    def __init__(self, table: str, folder: Path) -> None:
        self.path = folder / f"{table}.parquet"
        self._table = table
        self._lines_path = folder / f"{table}.ndjson"
        self._lines = self._lines_path.open("wb")
        self._longest = 0

    def add(self, task_id: str, rows: Iterable[Json]) -> None:
        """Add rows of a task."""
        for row in rows:
            line = _LINE.encode(_encoded(self._table, task_id, row)).encode() + b"\n"
            self._longest = max(self._longest, len(line))
            self._lines.write(line)

    def finish(self, connection: "DuckDBPyConnection") -> Path:
        """Write the Parquet file; return its path."""
        self._lines.close()
        columns = ", ".join(f"{name}: '{kind}'" for name, kind in _types(self._table).items())
        size = max(self._longest + 1, _LINE_BYTES)
        connection.execute(
            f"""
            COPY (
                SELECT * FROM read_json(
                    {_quoted(self._lines_path)}, format = 'newline_delimited',
                    columns = {{{columns}}}, maximum_object_size = {size}
                )
            ) TO {_quoted(self.path)} (
                FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {_GROUP_ROWS}
            )
            """  # noqa: S608 - own names
        )
        self._lines_path.unlink()
        return self.path


def connect(folder: Path | None = None) -> "DuckDBPyConnection":
    """
    Return a connection to no database: what it asks is in files.

    Args:
        folder: Where it may put what does not fit into memory.

    Raises:
        StoreOnHold: DuckDB is not installed.
    """
    try:
        with no_fork():
            import duckdb
    except ImportError as error:
        raise StoreOnHold(
            "an archive is read and written by DuckDB, which is not installed",
            remedy="run `pip install 'otel-steps[archive]'`",
        ) from error
    return duckdb.connect(
        config={
            # What comes over the network is ours to ask for.
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "memory_limit": "512MB",
            "threads": "2",
            "temp_directory": "" if folder is None else str(folder),
        }
    )


@contextmanager
def translated(shown: str) -> Iterator[None]:
    """Raise what DuckDB raises as a store of rows does."""
    import duckdb

    try:
        yield
    except (duckdb.OutOfMemoryException, duckdb.InterruptException) as error:
        # Without its words, here and below: they may quote a row.
        kind = type(error).__name__
        raise StoreUnavailable(f"the archive {shown} cannot be read: {kind}") from error
    except duckdb.Error as error:
        raise StoreOnHold(
            f"the archive {shown} lacks a file, or one cannot be read",
            remedy="run `otel-steps fsck`; take the file from a copy of the archive",
        ) from error


def rows_in(
    connection: "DuckDBPyConnection", table: str, address: str, task_id: str | None = None
) -> Iterator[Json]:
    """
    Yield the rows of a file, of one task or of all, as they were written.

    A column that the file does not know is None.
    """
    where = "" if task_id is None else f"WHERE {OWNERS[table]} = $task_id"
    values = {"address": address} if task_id is None else {"address": address, "task_id": task_id}
    cursor = connection.cursor()
    cursor.execute(f"SELECT * FROM read_parquet($address) {where}", values)  # noqa: S608 - own names
    names = [name for name, *_ in cursor.description or ()]
    while some := cursor.fetchmany(1000):
        for found in some:
            yield _decoded(table, dict(zip(names, found, strict=True)))


def _types(table: str) -> dict[str, str]:
    types = {name: _TYPES.get(each.kind, "VARCHAR") for name, each in TABLES[table].columns.items()}
    return {OF_TASK: "VARCHAR", **types} if table == "task_spans" else types


def _encoded(table: str, task_id: str, row: Json) -> Json:
    found = {
        name: _LINE.encode(row[name])
        if name in JSON_COLUMNS and row[name] is not None
        else row[name]
        for name in COLUMNS[table]
    }
    return {OF_TASK: task_id, **found} if table == "task_spans" else found


def _decoded(table: str, found: Mapping[str, Any]) -> Json:
    row = {name: found.get(name) for name in COLUMNS[table]}
    for name in JSON_COLUMNS & row.keys():
        if (text := row[name]) is not None:
            row[name] = json.loads(text)
    return row


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
