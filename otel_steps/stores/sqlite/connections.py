"""
Connections to one SQLite file: a writer that commits to disk, and readers that never wait for it.

Nothing is made before the first write, and who only reads changes nothing.
"""

import os
import sqlite3
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from otel_steps.errors import StoreUnavailable
from otel_steps.process.forks import no_fork
from otel_steps.stores.sqlite import errors
from otel_steps.stores.sqlite.opening import open_writer, transaction
from otel_steps.stores.sqlite.readers import OpenReader, Readers

# Device and inode of the database and of its write-ahead log, None for what is not there.
_Files = tuple[tuple[int, int] | None, ...]


class Connections:
    """
    What one process holds open of one database; any thread may use it.

    A forked child needs one of its own, which closes what the child has inherited: SQLite keeps one
    account of locks for a file in a process, and would count those of the parent as the child's.

    Args:
        path: The database; the first write makes it where it is not there.
        missing_ok: Let one that is not there read as one without rows.

    Attributes:
        pid: The process that opened it.

    Raises:
        StoreUnavailable, StoreOnHold: There is something that cannot be read.
    """

    def __init__(self, path: Path, *, missing_ok: bool) -> None:
        self.pid = os.getpid()
        self._path = path
        self._is_closed = False
        self._write_lock = threading.Lock()  # guards the writer and `_files`
        self._writer: sqlite3.Connection | None = None
        self._files: _Files = ()
        self._readers = Readers(path, missing_ok=missing_ok)
        self._idle_readers: list[OpenReader] = []
        self._busy_readers: set[sqlite3.Connection] = set()
        with no_fork():
            for opened in list(_opened):
                opened._leave_to_parent()
            if path.exists():
                with self._translated("read"):
                    self._idle_readers.append(self._readers.open())
        _opened.add(self)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """
        Give the writer's connection inside a transaction, which is on disk when the block is left.

        Raises:
            StoreUnavailable, StoreOnHold, RowRejected: Nothing was written.
        """
        with no_fork(), self._write_lock, self._translated("write"):
            self._check_open()
            if self._writer is None:
                self._writer, self._files = open_writer(self._path), _files(self._path)
            with transaction(self._writer, "IMMEDIATE"):
                yield self._writer

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """
        Give a connection that sees the database as it is now, whatever is written meanwhile.

        Raises:
            StoreUnavailable, StoreOnHold: It cannot be read.
            Changed: What was read may be torn: ask again.
        """
        with no_fork(), self._translated("read"):
            self._check_open()
            reader = self._borrow_reader()
            self._busy_readers.add(reader.connection)
            try:
                with transaction(reader.connection, "DEFERRED"):
                    yield reader.connection
            finally:
                self._busy_readers.discard(reader.connection)
                self._idle_readers.append(reader)
                if self._is_closed:
                    self._close_readers()
                # Also where it raised: a torn page may look like a damaged one.
                self._readers.check(reader)

    def is_current(self) -> bool:
        """
        Tell whether the writer writes to the files that now have the database's names.

        SQLite itself does not notice when its files are deleted or replaced: every commit goes on
        to succeed, into nowhere.
        """
        return self._writer is None or self._files == _files(self._path)

    def let_go(self) -> None:
        """Let go of files that have been deleted or replaced; the next use opens what is there."""
        with no_fork(), self._write_lock:
            # Readers first: SQLite shares what it knows of the log among those of one process.
            self._close_readers()
            self._close_writer()

    def close(self) -> None:
        """Close everything; a read under way ends first, on its own thread."""
        with no_fork(), self._write_lock:
            self._is_closed = True
            # The writer last: the last one of all takes the log away, and a reader may not.
            self._close_readers()
            self._close_writer()
            self._readers.close()

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
        self._close_writer()
        self._close_readers()
        _opened.discard(self)

    def _borrow_reader(self) -> OpenReader:
        while self._idle_readers:
            reader = self._idle_readers.pop()
            if self._readers.is_current(reader):
                return reader
            reader.connection.close()
        return self._readers.open()

    def _close_readers(self) -> None:
        while self._idle_readers:
            self._idle_readers.pop().connection.close()

    def _close_writer(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _check_open(self) -> None:
        if self._is_closed:
            raise StoreUnavailable(f"the store {self._path} has been closed; open it again")

    @contextmanager
    def _translated(self, doing: errors.Doing) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OverflowError, UnicodeEncodeError) as error:
            raise errors.store_error(error, self._path, doing) from error
        except OSError as error:
            raise errors.disk_error(error, self._path, doing) from error


# All that is open in this process, and in a forked child what it has inherited.
_opened: Final[weakref.WeakSet[Connections]] = weakref.WeakSet()


def _files(path: Path) -> _Files:
    return _inode(path), _inode(path.with_name(f"{path.name}-wal"))


def _inode(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino
