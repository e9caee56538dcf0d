"""A pgbouncer in front of a PostgreSQL server: all share one connection to each database."""

import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from tests.supabase.postgres import unprivileged
from tests.supabase.processes import Processes, UnavailableError, wait_until_ready

# One server connection for everybody: what one client leaves on it, the next one finds.
_CONFIG = """
[databases]
* = host=127.0.0.1 port={server_port} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 1
# Who keeps the connection is found out, rather than waited for.
query_wait_timeout = 30
"""


class Pgbouncer:
    """Pools in transaction mode, with a pool of one, the connections to the server at *dsn*."""

    def __init__(self, folder: Path, processes: Processes, dsn: str) -> None:
        self._folder = folder
        self._processes = processes
        self._server_port = urlsplit(dsn).port
        self._port = processes.free_port()

    def start(self) -> None:
        """
        Start it, and return when it takes connections.

        Raises:
            UnavailableError: It cannot be had on this machine.
        """
        program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
        if program is None:
            raise UnavailableError("no pgbouncer: its Debian package is `pgbouncer`")
        config = self._folder / "pgbouncer.ini"
        config.write_text(_CONFIG.format(server_port=self._server_port, port=self._port), "utf-8")
        log = self._folder / "pgbouncer.log"
        process: subprocess.Popen[bytes] = self._processes.start(
            unprivileged([program, str(config)]), log=log
        )
        wait_until_ready(self._answers, process, log=log)

    def url_of(self, url: str) -> str:
        """Return the URL by which the database at *url* is reached through the pool."""
        parts = urlsplit(url)
        return f"postgresql://{parts.username}@127.0.0.1:{self._port}{parts.path}"

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url_of("postgresql://postgres@h/postgres")).close()
        except psycopg.OperationalError:
            return False
        return True
