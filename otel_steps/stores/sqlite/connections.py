"""
Connections to one SQLite file: a writer that commits to disk, and readers that never wait for it.
"""

import os
import sqlite3
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from otel_steps.errors import StoreOnHold, StoreUnavailable, disk
from otel_steps.process.forks import no_fork
from otel_steps.process.private_files import make_private
from otel_steps.stores.sqlite import errors, schema

BUSY_TIMEOUT_S: Final = 5.0

# Device and inode of the database and of its write-ahead log, None for what is not there.
_Files = tuple[tuple[int, int] | None, ...]


class Connections:
    """
    What one process holds open of one database; any thread may use it.

    A forked child needs one of its own, which closes what the child has inherited: SQLite keeps one
    account of locks for a file in a process, and would count those of the parent as the child's.

    Attributes:
        pid: The process that opened it.
    """

    def __init__(self, path: Path) -> None:
        self.pid = os.getpid()
        self._path = path
        self._is_closed = False
        self._write_lock = threading.Lock()
        self._idle_readers: list[tuple[_Files, sqlite3.Connection]] = []
        self._busy_readers: set[sqlite3.Connection] = set()
        with no_fork(), self._translated():
            for opened in list(_opened):
                opened._leave_to_parent()
            self._writer = _open_writer(path)
        self._files = _files(path)
        _opened.add(self)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """
        Give the writer's connection inside a transaction, which is on disk when the block is left.

        Raises:
            StoreUnavailable, StoreOnHold, RowRejected: Nothing was written.
        """
        with no_fork(), self._write_lock, self._translated():
            self._check_open()
            with _transaction(self._writer, "IMMEDIATE"):
                yield self._writer

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """
        Give a connection that sees the database as it is now, whatever is written meanwhile.

        Raises:
            StoreUnavailable, StoreOnHold: It cannot be read.
        """
        with no_fork(), self._translated():
            self._check_open()
            files, connection = self._borrow_reader()
            self._busy_readers.add(connection)
            try:
                with _transaction(connection, "DEFERRED"):
                    yield connection
            finally:
                self._busy_readers.discard(connection)
                self._idle_readers.append((files, connection))
                if self._is_closed:
                    self._close_readers()

    def is_current(self) -> bool:
        """
        Tell whether the writer writes to the files that now have the database's names.

        SQLite itself does not notice when its files are deleted or replaced: every commit goes on
        to succeed, into nowhere.
        """
        return self._files == _files(self._path)

    def reopen(self) -> None:
        """Let go of files that have been deleted or replaced, and open those that are there."""
        with no_fork(), self._write_lock, self._translated():
            self._check_open()
            # Readers first: SQLite shares what it knows of the log among those of one process.
            self._close_readers()
            self._writer.close()
            self._writer = _open_writer(self._path)
            self._files = _files(self._path)

    def close(self) -> None:
        """Close everything; a read under way ends first, on its own thread."""
        with no_fork(), self._write_lock:
            self._is_closed = True
            self._writer.close()
            self._close_readers()

    def _leave_to_parent(self) -> None:
        """
        Close, in a forked child, what the parent has opened; the parent's own is not touched.

        Raises:
            StoreUnavailable: A thread was using it when the process was forked. To close that
                would end a transaction of the parent's; what the child has to store must wait for
                another process.
        """
        if self.pid == os.getpid():
            return
        if self._write_lock.locked() or self._busy_readers:
            raise StoreUnavailable(
                f"the store {self._path} was in use when this process was forked; "
                "another process will store what waits"
            )
        self._writer.close()
        self._close_readers()
        _opened.discard(self)

    def _borrow_reader(self) -> tuple[_Files, sqlite3.Connection]:
        files = _files(self._path)
        while self._idle_readers:
            opened_files, connection = self._idle_readers.pop()
            if opened_files == files:
                return files, connection
            connection.close()
        return files, _open_reader(self._path)

    def _close_readers(self) -> None:
        while self._idle_readers:
            self._idle_readers.pop()[1].close()

    def _check_open(self) -> None:
        if self._is_closed:
            raise StoreUnavailable(f"the store {self._path} has been closed; open it again")

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OverflowError, UnicodeEncodeError) as error:
            raise errors.store_error(error, self._path) from error
        except OSError as error:
            raise disk.store_error(error, self._path.parent) from error


# All that is open in this process, and in a forked child what it has inherited.
_opened: Final[weakref.WeakSet[Connections]] = weakref.WeakSet()


def _open_writer(path: Path) -> sqlite3.Connection:
    _create(path)
    connection = _connect(str(path))
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        # The caller forgets a batch once it is written here, so a power cut must not take it back.
        connection.execute("PRAGMA synchronous = FULL")
        _migrate(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _open_reader(path: Path) -> sqlite3.Connection:
    connection = _connect(f"{path.as_uri()}?mode=ro")
    connection.execute("PRAGMA query_only = ON")
    return connection


def _connect(name: str) -> sqlite3.Connection:
    return sqlite3.connect(
        name,
        timeout=BUSY_TIMEOUT_S,
        isolation_level=None,
        check_same_thread=False,  # a connection has one user at a time, not one thread for life
        uri=name.startswith("file:"),
    )


def _create(path: Path) -> None:
    make_private(path.parent)
    # Only a new file: closing any descriptor of a database drops this process's locks on it.
    if not path.exists():
        path.touch(mode=0o600)


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    if _version(connection) == schema.VERSION and not schema.missing_columns(connection):
        return
    with _transaction(connection, "IMMEDIATE"):
        version = _version(connection)
        if version > schema.VERSION:
            raise StoreOnHold(
                f"the database {path} has version {version}; this otel-steps knows "
                f"{schema.VERSION}",
                remedy="upgrade otel-steps: `pip install --upgrade otel-steps`",
            )
        for script in schema.SCRIPTS[version:]:
            for statement in script:
                connection.execute(statement)
        for statement in schema.missing_columns(connection):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {schema.VERSION}")


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


@contextmanager
def _transaction(connection: sqlite3.Connection, kind: str) -> Iterator[None]:
    connection.execute(f"BEGIN {kind}")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # SQLite has already rolled back by itself where the disk is full or broken.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _files(path: Path) -> _Files:
    return _inode(path), _inode(path.with_name(f"{path.name}-wal"))


def _inode(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino
