"""
What SQLite's errors mean to the caller of a store.
"""

import sqlite3
from pathlib import Path
from typing import Final, Literal

from otel_steps.errors import RowRejected, StoreError, StoreOnHold, StoreUnavailable, disk

Doing = Literal["read", "write"]

_MAKE_READABLE: Final = "let this user read the file and its folder"
_MAKE_WRITABLE: Final = "make the file and its folder writable for this user"
_REPLACE: Final = "move the file away, or put a backup in its place; what waits is stored then"

# Primary result code -> what a person can do. These do not pass by themselves.
_REMEDIES: Final = {
    sqlite3.SQLITE_ERROR: "move the file away: its tables are not those of otel-steps",
    sqlite3.SQLITE_PERM: _MAKE_WRITABLE,
    sqlite3.SQLITE_READONLY: _MAKE_WRITABLE,
    sqlite3.SQLITE_CANTOPEN: _MAKE_WRITABLE,
    sqlite3.SQLITE_AUTH: _MAKE_WRITABLE,
    sqlite3.SQLITE_CORRUPT: _REPLACE,
    sqlite3.SQLITE_NOTADB: _REPLACE,
}
_REJECTED: Final = frozenset(
    {
        sqlite3.SQLITE_CONSTRAINT,
        sqlite3.SQLITE_MISMATCH,
        sqlite3.SQLITE_TOOBIG,
        sqlite3.SQLITE_RANGE,
    }
)


def store_error(error: Exception, path: Path, doing: Doing) -> StoreError:
    """Return what *error*, raised by a call on the database at *path*, is to the caller."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        # The driver refused a value before SQLite saw it; its message may hold that value.
        return RowRejected(f"SQLite cannot hold a value: {type(error).__name__}")
    name = getattr(error, "sqlite_errorname", str(code))
    primary = code & 0xFF
    if primary in _REJECTED:
        return RowRejected(f"SQLite refuses a row: {error}", code=name)
    message = f"the database {path}: {error} ({name})"
    if primary not in _REMEDIES:
        return StoreUnavailable(message)
    remedy = _REMEDIES[primary]
    if remedy == _MAKE_WRITABLE and doing == "read":
        remedy = _MAKE_READABLE
    return StoreOnHold(message, remedy=remedy)


def disk_error(error: OSError, path: Path, doing: Doing) -> StoreError:
    """Return what *error* of the file system, met beside SQLite, is to the caller."""
    if doing == "write":
        return disk.store_error(error, path.parent)
    message = f"the database {path} cannot be read: {error.strerror or error}"
    return StoreOnHold(message, remedy=_MAKE_READABLE)
