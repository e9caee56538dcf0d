"""Copies of a database as one file, which needs no log beside it."""

from contextlib import closing
from pathlib import Path

from otel_steps.stores.sqlite.opening import connect


def compact(path: Path, target: Path) -> None:
    """
    Write the database at *path*, which nobody has open, anew to *target*; the same from the same.

    Raises:
        sqlite3.Error: It cannot be read, or there is no room.
    """
    with closing(connect(str(path))) as connection:
        connection.execute("VACUUM INTO ?", (str(target),))
