"""
Connections to one PostgreSQL database: each has one user at a time, and a dead one is replaced.
"""

import encodings.idna  # noqa: F401 - the first address would load it, outside `no_fork`
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from otel_steps.config import PUBLIC
from otel_steps.config.store_url import store_url, unreadable
from otel_steps.errors import StoreOnHold, StoreUnavailable
from otel_steps.process.forks import no_fork
from otel_steps.stores.postgres import errors
from otel_steps.stores.postgres.transactions import (
    STATEMENT_TIMEOUT_S,
    Row,
    Values,
    ask,
)
from otel_steps.stores.shared.ingest import check_version

if TYPE_CHECKING:
    from psycopg import Connection

# A viewer's threads read at once now and then; the server's connections are for everybody.
_MAX_IDLE: Final = 4

# What the URL itself says wins.
_PARAMETERS: Final[Mapping[str, Any]] = {
    "connect_timeout": 3,
    # A network that swallows everything is noticed within the time that a statement may take.
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": STATEMENT_TIMEOUT_S * 1000,
}

_VERSION: Final = 'SELECT "{schema}".otel_steps_schema_version()'


class Connections:
    """
    What one process holds open of one database; any thread may use it.

    Args:
        url: `postgresql://user:password@host:port/database?parameters`.
        schema: The schema that holds our tables and functions.

    Attributes:
        pid: The process that opened it; a forked child needs one of its own.
        place: Host and database, for messages.

    Raises:
        ConfigError: The URL cannot be read.
        StoreUnavailable, StoreOnHold: The database cannot be reached, or has other tables.
    """

    def __init__(self, url: str, schema: str = PUBLIC) -> None:
        self.pid = os.getpid()
        self._url = url
        self._schema = schema
        self.place = place_of(url)
        self._is_closed = False
        self._lock = threading.Lock()
        self._idle: list[Connection[Row]] = [self._connect()]

    def ask(
        self, question: str, values: Values = (), meanwhile: Callable[[], None] | None = None
    ) -> list[Row]:
        """
        Return the answer to *question*, asked in a transaction of its own.

        It may be asked twice, so it must be harmless to repeat; *meanwhile* as well, which is
        called while the server works.

        Raises:
            StoreUnavailable, StoreOnHold, RowRejected: As the database's error means.
        """
        connection = self._take_idle()
        if connection is not None:
            try:
                return self._ask(connection, question, values, meanwhile)
            except StoreUnavailable:
                if not connection.closed:
                    raise
                # It has lain idle; the server went away and took the others with it.
                self._close_idle()
        return self._ask(self._connect(), question, values, meanwhile)

    def close(self) -> None:
        """Close everything; work under way ends first, on its own thread."""
        with self._lock:
            self._is_closed = True
        self._close_idle()

    def _ask(
        self,
        connection: "Connection[Row]",
        question: str,
        values: Values,
        meanwhile: Callable[[], None] | None,
    ) -> list[Row]:
        try:
            with _translated(self.place):
                return ask(connection, question, values, meanwhile)
        finally:
            self._give_back(connection)

    def _connect(self) -> "Connection[Row]":
        connection = connect(self._url)
        try:
            with _translated(self.place):
                answer = ask(connection, _VERSION.format(schema=self._schema))
            check_version(answer[0][0] if answer else None, self.place)
        except BaseException:
            connection.close()
            raise
        return connection

    def _take_idle(self) -> "Connection[Row] | None":
        with self._lock:
            if self._is_closed:
                raise StoreUnavailable(f"the store {self.place} has been closed; open it again")
            return self._idle.pop() if self._idle else None

    def _give_back(self, connection: "Connection[Row]") -> None:
        is_usable = not connection.closed and connection.info.transaction_status.name == "IDLE"
        with self._lock:
            if is_usable and not self._is_closed and len(self._idle) < _MAX_IDLE:
                self._idle.append(connection)
                return
        connection.close()

    def _close_idle(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()


def connect(url: str) -> "Connection[Row]":
    """
    Return a new connection to the database at *url*; a statement is a transaction of its own.

    Raises:
        ConfigError: The URL cannot be read.
        StoreUnavailable, StoreOnHold: The database cannot be reached.
    """
    parameters = parameters_of(url)
    import psycopg

    try:
        # Poolers that hand out a server for one transaction know no prepared statements.
        return psycopg.connect(**parameters, autocommit=True, prepare_threshold=None)
    except psycopg.Error as error:
        raise errors.connect_error(error, place_of(url)) from error


def place_of(url: str) -> str:
    """Return host and database of *url*, for messages; raises as `connect` does."""
    parameters = parameters_of(url)
    host = parameters.get("host") or parameters.get("hostaddr") or "the default host"
    name = parameters.get("dbname")
    return f"PostgreSQL at {host}/{name}" if name else f"PostgreSQL at {host}"


def parameters_of(url: str) -> dict[str, Any]:
    """
    Return the parameters of a connection that *url* and this module name.

    Raises:
        ConfigError: The URL cannot be read.
        StoreOnHold: There is no driver.
    """
    store_url("the URL of the store", url)
    try:
        with no_fork():
            from psycopg.conninfo import conninfo_to_dict
            from psycopg.errors import ProgrammingError
    except ImportError as error:
        raise _without_driver() from error
    try:
        given = conninfo_to_dict(url)
    except ProgrammingError:
        # The driver's words quote the URL, and so the password.
        raise unreadable() from None
    return {**_PARAMETERS, **given}


def check_driver() -> None:
    """
    Check that the driver is installed, without loading it.

    Raises:
        StoreOnHold: It is not.
    """
    if find_spec("psycopg") is None:
        raise _without_driver()


def _without_driver() -> StoreOnHold:
    return StoreOnHold(
        "a postgresql:// store needs the package psycopg, which is not installed",
        remedy="run `pip install 'otel-steps[postgres]'`",
    )


@contextmanager
def _translated(place: str) -> Iterator[None]:
    import psycopg

    try:
        yield
    except (psycopg.Error, OverflowError, UnicodeEncodeError) as error:
        raise errors.store_error(error, place) from error
