"""
How one connection to a SQLite file is opened, and its tables made or brought up to date.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from otel_steps.errors import StoreOnHold
from otel_steps.process.private_files import make_private
from otel_steps.stores.sqlite import schema

BUSY_TIMEOUT_S: Final = 5.0
_PAUSE_S: Final = 0.01


def open_writer(path: Path) -> sqlite3.Connection:
    """Open *path* for writing; it is made where it is not there."""
    _create(path)
    connection = connect(str(path))
    try:
        _begin_log(connection)
        # The caller forgets a batch once it is written here, so a power cut must not take it back.
        connection.execute("PRAGMA synchronous = FULL")
        bring_up_to_date(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def open_reader(path: Path, how: str) -> sqlite3.Connection:
    """Open *path* for reading; *how* is a parameter of SQLite's: `mode=ro` or `immutable=1`."""
    connection = connect(f"{path.as_uri()}?{how}")
    try:
        connection.execute("PRAGMA query_only = ON")
        # Only now is the file looked into, and its log.
        is_up_to_date(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def connect(name: str) -> sqlite3.Connection:
    """Open the file of that name, or of that `file:` URI."""
    return sqlite3.connect(
        name,
        timeout=BUSY_TIMEOUT_S,
        isolation_level=None,
        check_same_thread=False,  # a connection has one user at a time, not one thread for life
        uri=name.startswith("file:"),
    )


def bring_up_to_date(connection: sqlite3.Connection, path: Path) -> None:
    """Make the tables of this version from nothing, or from those of an earlier one."""
    if is_up_to_date(connection, path):
        return
    with transaction(connection, "IMMEDIATE"):
        is_up_to_date(connection, path)  # another process may have been faster
        version = _version(connection)
        # First, for an index may be over them; a new file has them all.
        for statement in schema.missing_columns(connection) if version else ():
            connection.execute(statement)
        for script in schema.SCRIPTS[version:]:
            for statement in script:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {schema.VERSION}")


def is_up_to_date(connection: sqlite3.Connection, path: Path) -> bool:
    """
    Tell whether the tables are of this version and have all columns; False where there are none.

    Raises:
        StoreOnHold: They are of a later one.
    """
    version = _version(connection)
    if version > schema.VERSION:
        raise StoreOnHold(
            f"the database {path} has version {version}; this otel-steps knows {schema.VERSION}",
            remedy="upgrade otel-steps: `pip install --upgrade otel-steps`",
        )
    return version == schema.VERSION and not schema.missing_columns(connection)


@contextmanager
def transaction(connection: sqlite3.Connection, kind: str) -> Iterator[None]:
    """Commit where the block ends, roll back where it raises."""
    connection.execute(f"BEGIN {kind}")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # SQLite has already rolled back by itself where the disk is full or broken.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _begin_log(connection: sqlite3.Connection) -> None:
    # Here SQLite waits for nobody, whatever its timeout: of two processes that make one file, one
    # would be turned away.
    deadline = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() >= deadline:
                raise
            time.sleep(_PAUSE_S)
        else:
            return


def _create(path: Path) -> None:
    make_private(path.parent)
    # Only a new file: closing any descriptor of a database drops this process's locks on it.
    if not path.exists():
        path.touch(mode=0o600)


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)
