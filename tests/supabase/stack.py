"""
Supabase for the tests, on free ports of this machine: its database, its API, its Storage.

PostgreSQL and PostgREST are the real ones; Storage is Supabase's own small server, behind a gateway
that repairs where it differs and lets anything go wrong on request.
"""

import secrets
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import jwt
import psycopg

from tests.supabase import packages
from tests.supabase.exchange import Call, send
from tests.supabase.gateway import Gateway, Route
from tests.supabase.postgres import Postgres
from tests.supabase.processes import Processes, wait_until_ready
from tests.supabase.storage_repairs import repaired

_BOOTSTRAP = Path(__file__).parent / "bootstrap.sql"
_ROLES = ("anon", "authenticated", "service_role")
_TOKEN_LIFE_S = 24 * 60 * 60
# Connections that PostgREST and Storage each keep to the database.
_POOL_SIZE = 10

_LITE_CONFIG = """
[api]
port = {port}
[db]
driver = "postgres"
url = "{dsn}"
[auth]
enabled = true
jwt_secret = "{jwt_secret}"
publishable_key = "{publishable_key}"
secret_key = "{secret_key}"
[storage]
enabled = true
file_size_limit = "50MiB"
"""


class SupabaseStack:
    """
    A Supabase project in *folder*, migrated; stopped until `start()`.

    Attributes:
        dsn: Of the database, as its superuser.
        url: Of the project, what SUPABASE_URL would be.
        gateway: Records requests and injects faults.
        publishable_key, anon_key: Of the role `anon`, new kind and old kind.
        secret_key, service_role_key: Of the role `service_role`, new kind and old kind.
    """

    def __init__(
        self, folder: Path, processes: Processes, migrate: Callable[[str], object]
    ) -> None:
        """
        Args:
            folder: Empty; belongs to the stack from now on.
            processes: Ends the stack's programs with the test run.
            migrate: Migrates the database whose URL it gets.
        """
        self._folder = folder
        self._processes = processes
        self._migrate = migrate
        self._jwt_secret = secrets.token_hex(32)
        self._postgres = Postgres(folder, processes, bootstrap=_BOOTSTRAP.read_text("utf-8"))
        self._tokens = {role: self._token(role) for role in _ROLES}
        self._buckets: list[str] = []
        self._servers: list[tuple[subprocess.Popen[bytes], Path]] = []
        self._was_away = False
        self.publishable_key = f"sb_publishable_{secrets.token_hex(16)}"
        self.secret_key = f"sb_secret_{secrets.token_hex(16)}"
        self.anon_key = self._tokens["anon"]
        self.service_role_key = self._tokens["service_role"]
        self._rest_port = processes.free_port()
        self._storage_port = processes.free_port()
        # Storage keeps the keys of its start, whatever becomes of those at the front door.
        self._lite_keys = {"anon": self.publishable_key, "service_role": self.secret_key}
        self.gateway = self._gateway()
        self.dsn = self._postgres.dsn
        self.url = self.gateway.url

    def start(self) -> None:
        """
        Start all of it, and return when it takes requests.

        Raises:
            UnavailableError: A part of it cannot be had on this machine.
        """
        postgrest = packages.postgrest()
        self._postgres.start()
        # Storage makes its tables first: on hosted Supabase a migration finds them there.
        self._start_lite()
        self._migrate(self.dsn)
        with psycopg.connect(self.dsn) as connection:
            self._buckets = [row[0] for row in connection.execute("SELECT id FROM storage.buckets")]
        self._start_postgrest(postgrest)
        # Used first, Storage grants itself what it needs, and refuses who comes meanwhile.
        self.settle()
        self.gateway.start()

    def stop(self) -> None:
        """Close the gateway; the programs end with `Processes`."""
        self.gateway.stop()

    def reset(self) -> None:
        """Make the stack as it was after its start, but for the keys."""
        self.gateway.reset()
        if not self._postgres.is_running:
            self.start_postgres()
        if self._was_away:
            self.settle()
        self._take_back_grants()
        self.truncate()

    def _take_back_grants(self) -> None:
        # Once its Storage is used, the lightweight server opens `public` to every role; Supabase
        # itself has stopped to do so.
        with psycopg.connect(self.dsn) as connection:
            for kind in ("TABLES", "SEQUENCES", "FUNCTIONS"):
                connection.execute(
                    f"REVOKE ALL ON ALL {kind} IN SCHEMA public FROM anon, authenticated;"
                    f"ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON {kind} "
                    "FROM anon, authenticated, service_role".encode()
                )

    def truncate(self) -> None:
        """Empty every table that the API shows, and Storage; what migrations have made stays."""
        with psycopg.connect(self.dsn) as connection:
            tables = connection.execute(
                "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname "
                "IN ('public', 'otel_steps') AND tablename <> 'otel_steps_migrations'"
            ).fetchall()
            if tables:
                connection.execute(f"TRUNCATE {', '.join(row[0] for row in tables)}".encode())
            connection.execute("DELETE FROM storage.objects")
            connection.execute("DELETE FROM storage.buckets WHERE id <> ALL(%s)", [self._buckets])

    def stop_postgres(self, *, immediate: bool = False) -> None:
        """Stop the database in order, or as a crash would (*immediate*); the rest goes on."""
        self._was_away = True
        self._postgres.stop(immediate=immediate)

    def start_postgres(self) -> None:
        """
        Start the database again, and return when it takes connections.

        As on hosted Supabase, a request may still meet what is left of the outage: 503 with 57P01,
        PGRST001 or PGRST002, after a crash 400 with an empty code. `settle()` waits for its end.
        """
        self._postgres.start()

    def settle(self) -> None:
        """Wait until the API and Storage have found the database again."""
        for process, log in self._servers:
            wait_until_ready(self._is_settled, process, log=log)
        self._was_away = False

    @contextmanager
    def empty_database(self) -> Iterator[str]:
        """Give the URL of a new database with Supabase's roles and nothing else, for a block."""
        with self._postgres.empty_database() as dsn:
            yield dsn

    def rotate_secret_key(self) -> str:
        """Replace `secret_key` by a new one and return it; the old one is unknown from now on."""
        del self.gateway.keys[self.secret_key]
        self.secret_key = f"sb_secret_{secrets.token_hex(16)}"
        self.gateway.keys[self.secret_key] = "service_role"
        return self.secret_key

    def user_token(self) -> str:
        """Return the token of a user who has signed in, the role `authenticated`."""
        return self._tokens["authenticated"]

    def _is_settled(self) -> bool:
        bearer = {"authorization": f"Bearer {self.service_role_key}"}
        key = self._lite_keys["service_role"]
        lite_key = {"apikey": key, "authorization": f"Bearer {key}"}
        pages = (
            (self._rest_port, Call("GET", "/tasks?limit=0", bearer)),
            (self._storage_port, Call("GET", "/storage/v1/bucket", lite_key)),
        )
        # Both take their connections in turn: one round of answers has met them all.
        return all(
            send(port, call).status == 200 for port, call in pages for _ in range(_POOL_SIZE)
        )

    def _token(self, role: str) -> str:
        now = int(time.time())
        claims = {"role": role, "iat": now, "exp": now + _TOKEN_LIFE_S}
        return jwt.encode(claims, self._jwt_secret, algorithm="HS256")

    def _gateway(self) -> Gateway:
        rest, storage = self._rest_port, self._storage_port
        routes = (
            Route(prefix="/rest/v1", port=rest, bearers=self._tokens, is_stripped=True),
            Route(prefix="/storage/v1", port=storage, bearers=self._lite_keys, repair=repaired),
        )
        keys = dict.fromkeys((self.publishable_key, self.anon_key), "anon")
        keys |= dict.fromkeys((self.secret_key, self.service_role_key), "service_role")
        return Gateway(self._processes.free_port(), routes, keys)

    def _start_lite(self) -> None:
        folder = self._folder / "lite"
        (folder / "supabase" / ".temp").mkdir(parents=True)
        config = _LITE_CONFIG.format(
            port=self._storage_port,
            dsn=self.dsn,
            jwt_secret=self._jwt_secret,
            publishable_key=self._lite_keys["anon"],
            secret_key=self._lite_keys["service_role"],
        )
        (folder / "supabase" / "config.toml").write_text(config, encoding="utf-8")
        # Without --no-admin it takes whoever brings no key for the service.
        command = [str(packages.node()), str(packages.lite()), "start", "--no-admin"]
        env = {
            "EXPERIMENTAL_STORAGE": "1",
            # It reports its use unless it is told not to, and keeps notes at home.
            "DO_NOT_TRACK": "1",
            "LITE_TELEMETRY": "0",
            "HOME": str(folder),
            **packages.NODE_ENV,
        }
        log = self._folder / "lite.log"
        process = self._processes.start(command, log=log, cwd=folder, env=env)
        self._wait_for_page(self._storage_port, "/storage/v1/status", process, log)

    def _start_postgrest(self, program: Path) -> None:
        admin_port = self._processes.free_port()
        env = {
            "PGRST_DB_URI": self._postgres.dsn_of("postgres", user="authenticator"),
            "PGRST_DB_SCHEMAS": "public,otel_steps",
            "PGRST_DB_ANON_ROLE": "anon",
            "PGRST_DB_MAX_ROWS": "1000",
            "PGRST_DB_POOL": str(_POOL_SIZE),
            "PGRST_JWT_SECRET": self._jwt_secret,
            "PGRST_SERVER_HOST": "127.0.0.1",
            "PGRST_SERVER_PORT": str(self._rest_port),
            "PGRST_ADMIN_SERVER_PORT": str(admin_port),
            "PGRST_LOG_LEVEL": "error",
        }
        log = self._folder / "postgrest.log"
        process = self._processes.start([str(program)], log=log, env=env)
        self._wait_for_page(admin_port, "/ready", process, log)

    def _wait_for_page(
        self, port: int, path: str, process: subprocess.Popen[bytes], log: Path
    ) -> None:
        page = Call("GET", path, {})
        wait_until_ready(lambda: send(port, page).status == 200, process, log=log)
        self._servers.append((process, log))
