"""Copies of a database as one file, which needs no log beside it."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

from otel_steps.stores.sqlite.opening import connect

# 16 MiB of the usual size: so often is told how far a copy is.
_PAGES: Final = 4096
_CHECK: Final = "PRAGMA quick_check(1)"


def compact(path: Path, target: Path) -> None:
    """
    Write the database at *path*, which nobody has open, anew to *target*; the same from the same.

    Raises:
        sqlite3.Error: It cannot be read, or there is no room.
    """
    with closing(connect(str(path))) as connection:
        connection.execute("VACUUM INTO ?", (str(target),))


def copy(
    connection: sqlite3.Connection, target: Path, progress: Callable[[int, int], None]
) -> None:
    """
    Copy the database of *connection*, which is in a transaction, to *target*; writers do not wait.

    Args:
        progress: Hears how many pages of how many are copied.

    Raises:
        sqlite3.Error: It cannot be read, or there is no room.
    """
    target.unlink(missing_ok=True)
    # The transaction sees one moment from here on. Without it, each write of somebody else would
    # make the copy begin again.
    connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    with closing(connect(str(target))) as copied:
        connection.backup(
            copied,
            pages=_PAGES,
            progress=lambda _, left, total: progress(total - left, total),
        )


def damage(path: Path) -> str | None:
    """Return what is wrong with the database at *path*, which nobody has open, or None."""
    try:
        with closing(connect(f"{path.as_uri()}?immutable=1")) as connection:
            (found,) = connection.execute(_CHECK).fetchone()
    except sqlite3.Error as error:
        return str(error)
    return None if found == "ok" else str(found)


def merge_log(path: Path) -> None:
    """
    Merge the log beside the database at *path* into it, as far as nobody else has it open.

    Raises:
        sqlite3.Error: It cannot be read or written.
    """
    with closing(connect(str(path))) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
