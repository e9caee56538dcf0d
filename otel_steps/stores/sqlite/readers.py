"""
Reads a SQLite file without a trace: nothing is made beside it, and nothing of it is changed.

What was committed last lies in the log beside the file (`-wal`), which SQLite reads by an index in
shared memory (`-shm`). SQLite makes both where they are missing, and one that may only read leaves
them there. So how the file is read depends on what lies beside it:

=============  =========  ========================================================================
log            index      way
=============  =========  ========================================================================
none or empty  either     `WHOLE`: the file has everything; no lock is needed
with pages     there      `LOCKED`: somebody may be writing, and SQLite's locks keep both apart
with pages     missing    `COPIED`: nobody has it open; the index is made beside a private copy
=============  =========  ========================================================================

A copy is also the way where the index may not be used, and where the tables are of an earlier
version: the copy is brought up to date.
"""

import os
import shutil
import sqlite3
import tempfile
import threading
import weakref
from contextlib import closing
from enum import Enum
from pathlib import Path
from typing import Final, NamedTuple

from otel_steps.errors import StoreOnHold, StoreUnavailable
from otel_steps.stores.sqlite.opening import bring_up_to_date, connect, is_up_to_date, open_reader

# Device, inode, size in bytes and time of the last change in ns; None for what is not there.
_Stat = tuple[int, int, int, int] | None

# What SQLite says where it may not make, lock or enlarge what it needs beside the file.
_NEEDS_MORE: Final = frozenset(
    {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR}
)
_NO_ROOM: Final = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR})
# A file that a process writes to through another mount may change while it is copied.
_COPY_TRIES: Final = 5
_COPIED_ENDINGS: Final = ("", "-wal", "-journal")


class Changed(Exception):
    """The file was written to while it was read without a lock: what was read may be torn."""


class Way(Enum):
    """How a file is read."""

    WHOLE = "immutable=1"
    LOCKED = "mode=ro"
    COPIED = "a copy"


class Look(NamedTuple):
    """What lies there: the file, its log, the index that is shared, and a log to roll back with."""

    file: _Stat
    log: _Stat
    shared: _Stat
    rollback: _Stat

    @classmethod
    def at(cls, path: Path) -> "Look":
        """Look at *path* and at what lies beside it; opens nothing."""
        endings = ("", "-wal", "-shm", "-journal")
        return cls(*(_stat(path.with_name(path.name + ending)) for ending in endings))

    @property
    def way(self) -> Way:
        """The way to read it."""
        if _has_content(self.log) and self.shared is None:
            return Way.COPIED
        return Way.LOCKED if _has_content(self.log) or _has_content(self.rollback) else Way.WHOLE

    def told(self, way: Way) -> tuple[object, ...]:
        """Return what must stay as it is for a connection that was opened in that way."""
        if way is Way.LOCKED:
            return tuple(each and each[:2] for each in self[:3])
        return (self.file, self.log, self.shared is None, self.rollback)


class OpenReader(NamedTuple):
    """A connection, how it reads, and what the file looked like when it was opened."""

    connection: sqlite3.Connection
    way: Way
    look: Look


class Readers:
    """
    Opens connections that read one file; any thread may ask.

    Args:
        path: The file.
        missing_ok: Let a file that is not there read as one without rows.
    """

    def __init__(self, path: Path, *, missing_ok: bool) -> None:
        self._path = path
        self._missing_ok = missing_ok
        self._lock = threading.Lock()  # guards the copy
        self._copy: _Copy | None = None

    def open(self) -> OpenReader:
        """
        Open a connection that sees the file as it is now.

        Raises:
            StoreUnavailable, StoreOnHold, sqlite3.Error, OSError: It cannot be read.
        """
        look = Look.at(self._path)
        if look.file is None:
            return OpenReader(self._empty(), Way.COPIED, look)
        if look.way is not Way.COPIED:
            try:
                connection = open_reader(self._path, look.way.value)
            except sqlite3.OperationalError as error:
                if look.way is Way.WHOLE or _code(error) not in _NEEDS_MORE:
                    raise
            else:
                if is_up_to_date(connection, self._path):
                    return OpenReader(connection, look.way, look)
                with closing(connection):
                    return self._open_copy(look, connection)
        return self._open_copy(look, None)

    def is_current(self, reader: OpenReader) -> bool:
        """Tell whether *reader* sees what was committed last."""
        return Look.at(self._path).told(reader.way) == reader.look.told(reader.way)

    def check(self, reader: OpenReader) -> None:
        """
        Check, after a read, that what was read is of one moment.

        Raises:
            Changed: It may not be.
        """
        # What is committed goes to the log first; only when that is merged is there a danger.
        if reader.way is Way.WHOLE and Look.at(self._path).file != reader.look.file:
            raise Changed

    def close(self) -> None:
        """Remove the copy."""
        with self._lock:
            if self._copy is not None:
                self._copy.remove()
                self._copy = None

    def _empty(self) -> sqlite3.Connection:
        if not self._missing_ok:
            raise StoreOnHold(
                f"there is no database {self._path}",
                remedy="check the path; the first step that is recorded there makes it",
            )
        connection = connect(":memory:")
        bring_up_to_date(connection, self._path)
        connection.execute("PRAGMA query_only = ON")
        return connection

    def _open_copy(self, look: Look, source: sqlite3.Connection | None) -> OpenReader:
        with self._lock:
            if self._copy is None or self._copy.look != look:
                former, self._copy = self._copy, _Copy(self._path, look, source)
                if former is not None:
                    former.remove()
            connection = open_reader(self._copy.path, Way.WHOLE.value)
            return OpenReader(connection, Way.COPIED, self._copy.look)


class _Copy:
    """
    A copy in a folder of this user alone, which goes with it.

    Args:
        original: The file.
        look: At the original.
        source: A connection to it; None where there is none, and the files are copied.

    Attributes:
        path: The copy.
        look: At the original when it was copied.
    """

    def __init__(self, original: Path, look: Look, source: sqlite3.Connection | None) -> None:
        self.look = look
        try:
            folder = tempfile.mkdtemp(prefix="otel-steps-")
            self.remove = weakref.finalize(self, _remove, folder, os.getpid())
            self.path = Path(folder, original.name)
            self._fill(original, source)
        except (OSError, sqlite3.Error) as error:
            if isinstance(error, sqlite3.Error) and _code(error) not in _NO_ROOM:
                raise
            raise StoreOnHold(
                f"the database {original} can be read from a copy only, which cannot be made: "
                f"{error}",
                remedy="set TMPDIR to a folder with room for it",
            ) from error

    def _fill(self, original: Path, source: sqlite3.Connection | None) -> None:
        if source is None:
            self._copy_files(original)
        with closing(connect(str(self.path))) as connection:
            if source is not None:
                source.backup(connection)
            # The log is read here, and merged into the file when this is closed.
            bring_up_to_date(connection, original)

    def _copy_files(self, original: Path) -> None:
        # Closing a file drops all locks of this process on it. There are none: without an index
        # that can be used, nobody here has the database open, unless to read it whole.
        for _ in range(_COPY_TRIES):
            for ending in _COPIED_ENDINGS:
                source = original.with_name(original.name + ending)
                if source.exists():
                    shutil.copyfile(source, self.path.with_name(source.name))
            look, self.look = self.look, Look.at(original)
            if look == self.look:
                return
        raise StoreUnavailable(f"the database {original} is written to while it is copied")


def _remove(folder: str, pid: int) -> None:
    if os.getpid() == pid:  # a forked child leaves it to its parent
        shutil.rmtree(folder, ignore_errors=True)


def _code(error: sqlite3.Error) -> int:
    return error.sqlite_errorcode & 0xFF


def _stat(path: Path) -> _Stat:
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _has_content(stat: _Stat) -> bool:
    return stat is not None and stat[2] > 0
