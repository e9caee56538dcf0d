"""A pgbouncer in front of a PostgreSQL server: all share one connection to each database."""

import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import trustme

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
client_tls_sslmode = allow
client_tls_cert_file = {folder}/server.pem
client_tls_key_file = {folder}/key.pem
"""


class Pgbouncer:
    """
    Pools in transaction mode, with a pool of one, the connections to the server at *dsn*.

    Attributes:
        ca_file: Of the CA that has signed its certificate, which is for the name `localhost`.
    """

    def __init__(self, folder: Path, processes: Processes, dsn: str) -> None:
        self.ca_file = folder / "ca.pem"
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
        self._certify()
        config = self._folder / "pgbouncer.ini"
        ports = {"server_port": self._server_port, "port": self._port}
        config.write_text(_CONFIG.format(folder=self._folder, **ports), "utf-8")
        log = self._folder / "pgbouncer.log"
        process: subprocess.Popen[bytes] = self._processes.start(
            unprivileged([program, str(config)]), log=log
        )
        wait_until_ready(self._answers, process, log=log)

    def url_of(self, url: str) -> str:
        """Return the URL by which the database at *url* is reached through the pool."""
        parts = urlsplit(url)
        return f"postgresql://{parts.username}@127.0.0.1:{self._port}{parts.path}"

    def _certify(self) -> None:
        authority = trustme.CA()
        authority.cert_pem.write_to_path(self.ca_file)
        certificate = authority.issue_cert("localhost")
        certificate.private_key_pem.write_to_path(self._folder / "key.pem")
        certificate.cert_chain_pems[0].write_to_path(self._folder / "server.pem")

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url_of("postgresql://postgres@h/postgres")).close()
        except psycopg.OperationalError:
            return False
        return True
