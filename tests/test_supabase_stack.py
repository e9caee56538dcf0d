"""The stack of the Supabase tests: it must speak, refuse and fail as Supabase does."""

import json
import os
import socket
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import postgrest
import psycopg
import pytest
import storage3.exceptions
import supabase

from otel_steps.migrations import runner
from tests.patience import PATIENCE_S
from tests.supabase.exchange import Call, Reply
from tests.supabase.faults import REPLIES
from tests.supabase.postgres import Postgres
from tests.supabase.stack import SupabaseStack
from tests.supabase.storage_repairs import repaired

pytest_plugins = ("tests.supabase.fixtures",)

ROOT = Path(__file__).parent.parent
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
TABLES = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"
# What the API says while the database is away; the second one on a connection that a crash has cut.
AWAY = {(503, "PGRST000"), (400, ""), (503, "57P01"), (503, "PGRST001"), (503, "PGRST002")}

Connect = Callable[[str], supabase.Client]


@pytest.fixture
def connect(supabase_stack: SupabaseStack) -> Iterator[Connect]:
    """Give a function that returns a client for a key."""
    http = httpx.Client(http2=False, timeout=PATIENCE_S)
    options = supabase.ClientOptions(httpx_client=http, postgrest_client_retry=False)
    with http:
        yield lambda key: supabase.create_client(supabase_stack.url, key, options)


@pytest.fixture
def service(supabase_stack: SupabaseStack, connect: Connect) -> supabase.Client:
    """Give a client that may do everything."""
    return connect(supabase_stack.secret_key)


def ask(stack: SupabaseStack, path: str = "/rest/v1/tasks", **options: Any) -> httpx.Response:
    """Send one request over a connection of its own."""
    key = {"apikey": stack.secret_key}
    timeout = options.pop("timeout", PATIENCE_S)
    return httpx.get(stack.url + path, headers=key | options, timeout=timeout)


def insert(client: supabase.Client, task_id: str) -> None:
    """Write one task."""
    client.table("tasks").insert({"task_id": task_id}).execute()


def task_ids(stack: SupabaseStack) -> list[str]:
    """Read the tasks past the API."""
    with psycopg.connect(stack.dsn) as connection:
        return [row[0] for row in connection.execute("SELECT task_id FROM tasks ORDER BY 1")]


class TestKeys:
    """What a key opens."""

    @pytest.mark.parametrize("kind", ["secret_key", "service_role_key"])
    def test_a_service_key_reads_and_writes(
        self, supabase_stack: SupabaseStack, connect: Connect, kind: str
    ) -> None:
        """Both kinds of service key reach the migrated tables."""
        client = connect(getattr(supabase_stack, kind))

        insert(client, "t1")

        assert client.table("tasks").select("task_id").execute().data == [{"task_id": "t1"}]

    @pytest.mark.parametrize("kind", ["publishable_key", "anon_key"])
    def test_a_public_key_is_refused(
        self, supabase_stack: SupabaseStack, connect: Connect, kind: str
    ) -> None:
        """Both kinds of public key meet the database's own refusal."""
        client = connect(getattr(supabase_stack, kind))

        with pytest.raises(postgrest.APIError) as caught:
            client.table("tasks").select("*").execute()

        assert caught.value.code == "42501"

    def test_a_user_keeps_a_role_of_his_own(self, supabase_stack: SupabaseStack) -> None:
        """The token of a user who has signed in counts, not the key beside it."""
        bearer = f"Bearer {supabase_stack.user_token()}"

        reply = ask(supabase_stack, Authorization=bearer)

        assert (reply.status_code, reply.json()["code"]) == (403, "42501")

    def test_new_tables_are_granted_to_nobody(
        self, supabase_stack: SupabaseStack, service: supabase.Client
    ) -> None:
        """A table whose migration forgot the grant is closed even to the service."""
        with psycopg.connect(supabase_stack.dsn, autocommit=True) as connection:
            connection.execute("CREATE TABLE forgotten (id INTEGER)")
            try:
                with pytest.raises(postgrest.APIError) as caught:
                    service.table("forgotten").select("*").execute()
            finally:
                connection.execute("DROP TABLE forgotten")

        assert caught.value.code == "42501"

    @pytest.mark.parametrize("headers", [{"apikey": "sb_secret_wrong"}, {"apikey": ""}])
    @pytest.mark.parametrize("path", ["/rest/v1/tasks", "/storage/v1/bucket"])
    def test_an_unknown_key_is_refused_at_the_door(
        self, supabase_stack: SupabaseStack, path: str, headers: dict[str, str]
    ) -> None:
        """A wrong or missing key gets 401 with a hint, and no code."""
        reply = ask(supabase_stack, path, **headers)

        assert reply.status_code == 401
        assert set(reply.json()) == {"message", "hint"}

    def test_a_rotated_key_is_unknown(
        self, supabase_stack: SupabaseStack, service: supabase.Client, connect: Connect
    ) -> None:
        """After a rotation the old key is refused and the new one works, for Storage too."""
        new = connect(supabase_stack.rotate_secret_key())

        insert(new, "t1")

        assert new.storage.list_buckets() is not None
        with pytest.raises(postgrest.APIError, match="Invalid API key"):
            insert(service, "t2")

    def test_other_paths_are_unknown(self, supabase_stack: SupabaseStack) -> None:
        """The gateway leads to the API and to Storage, nowhere else."""
        assert ask(supabase_stack, "/auth/v1/user").status_code == 404


class TestStorage:
    """Storage as `supabase-py` uses it."""

    @pytest.fixture
    def bucket(self, service: supabase.Client) -> Any:
        """Give a private bucket for small PNG files."""
        service.storage.create_bucket(
            "shots", options={"allowed_mime_types": ["image/png"], "file_size_limit": 1000}
        )
        return service.storage.from_("shots")

    @staticmethod
    def put(bucket: Any, path: str, data: bytes = PNG, **options: str) -> None:
        bucket.upload(path, data, {"content-type": "image/png", **options})

    def test_a_picture_comes_back(self, bucket: Any) -> None:
        """What was uploaded is downloaded, and may be uploaded again."""
        self.put(bucket, "a/b.png", b"first")
        self.put(bucket, "a/b.png", upsert="true")

        assert bucket.download("a/b.png") == PNG
        assert bucket.exists("a/b.png")
        assert not bucket.exists("a/none.png")

    @pytest.mark.parametrize(
        ("path", "data", "options", "status"),
        [
            ("once.png", PNG, {}, "409"),
            ("big.png", bytes(2000), {}, "413"),
            ("a.txt", b"text", {"content-type": "text/plain"}, "415"),
            ("中文.png", PNG, {}, "400"),
        ],
    )
    def test_refusals_carry_their_status_in_the_body(
        self, bucket: Any, path: str, data: bytes, options: dict[str, str], status: str
    ) -> None:
        """A duplicate, a file too large, another type and a name in Chinese are refused."""
        self.put(bucket, "once.png")

        with pytest.raises(storage3.exceptions.StorageApiError) as caught:
            self.put(bucket, path, data, **options)

        assert caught.value.status == status

    def test_the_public_sees_no_picture(
        self, supabase_stack: SupabaseStack, bucket: Any, connect: Connect
    ) -> None:
        """With the publishable key a private bucket gives nothing and takes nothing."""
        self.put(bucket, "a.png")
        public = connect(supabase_stack.publishable_key).storage.from_("shots")

        assert public.list() == []
        with pytest.raises(storage3.exceptions.StorageApiError):
            public.download("a.png")
        with pytest.raises(storage3.exceptions.StorageApiError):
            self.put(public, "b.png")

    def test_a_signed_url_needs_no_key(self, bucket: Any) -> None:
        """Signed URLs open their object, one by one and in a batch that misses some."""
        self.put(bucket, "a/b.png")

        one = bucket.create_signed_url("a/b.png", 60)["signedURL"]
        found, missing = bucket.create_signed_urls(["a/b.png", "none.png"], 60)

        assert [
            httpx.get(url, timeout=PATIENCE_S).content for url in (one, found["signedURL"])
        ] == [PNG, PNG]
        assert (missing["path"], missing["signedURL"]) == ("none.png", None)
        assert missing["error"]

    def test_a_forged_url_is_refused(self, bucket: Any) -> None:
        """A token that nobody has signed opens nothing."""
        self.put(bucket, "a.png")
        url = bucket.create_signed_url("a.png", 60)["signedURL"]

        reply = httpx.get(url + "x", timeout=PATIENCE_S)

        assert (reply.status_code, reply.json()["error"]) == (400, "InvalidJWT")

    def test_an_upload_can_be_signed(self, bucket: Any) -> None:
        """A signed upload URL is understood by the client."""
        signed = bucket.create_signed_upload_url("new.png")

        assert signed["path"] == "new.png"
        assert signed["token"] in signed["signed_url"]

    def test_a_folder_is_listed_by_name(self, bucket: Any) -> None:
        """A list holds the names in one folder, folders among them, page by page."""
        for path in ("a/1.png", "a/2.png", "a/deep/3.png", "ab/4.png"):
            self.put(bucket, path)

        assert [entry["name"] for entry in bucket.list("a")] == ["1.png", "2.png", "deep"]
        assert [entry["id"] is None for entry in bucket.list()] == [True, True]
        page = bucket.list("a", {"limit": 1, "offset": 1})
        assert [entry["name"] for entry in page] == ["2.png"]

    def test_a_list_that_fails_stays_an_error(self, service: supabase.Client) -> None:
        """A bucket that does not exist is said so."""
        with pytest.raises(storage3.exceptions.StorageApiError):
            service.storage.from_("none").list()

    def test_buckets_have_times(self, service: supabase.Client, bucket: Any) -> None:
        """Times arrive in a form that the client can read."""
        assert service.storage.get_bucket("shots").created_at.tzinfo is not None

    def test_removed_is_gone(self, bucket: Any) -> None:
        """What was removed is no longer there."""
        self.put(bucket, "a.png")

        bucket.remove(["a.png"])

        assert not bucket.exists("a.png")

    def test_only_json_is_repaired(self) -> None:
        """A picture that looks like an answer passes as it is."""
        picture = Reply(200, b'"2026-11-24 03:13:12+00"', {"content-type": "image/png"})

        call = Call("GET", "/storage/v1/object/shots/a.png", {})

        assert repaired(call, lambda _: picture) == picture


class TestFaults:
    """What the gateway lets go wrong."""

    @pytest.mark.parametrize("name", REPLIES)
    def test_a_reply_takes_the_place_of_the_real_one(
        self, supabase_stack: SupabaseStack, name: str
    ) -> None:
        """Every canned reply arrives as it is, once, and the request does not."""
        headers = {"apikey": supabase_stack.secret_key}
        url = f"{supabase_stack.url}/rest/v1/tasks"
        supabase_stack.gateway.fault(name)

        replies = [
            httpx.post(url, json={"task_id": "t1"}, headers=headers, timeout=PATIENCE_S)
            for _ in range(2)
        ]

        expected = REPLIES[name]
        assert [reply.status_code for reply in replies] == [expected.status, 201]
        assert replies[0].content == expected.body
        assert replies[0].headers.get("retry-after") == expected.headers.get("retry-after")

    @pytest.mark.parametrize(
        ("name", "error"), [("close", httpx.RemoteProtocolError), ("reset", httpx.ReadError)]
    )
    def test_a_connection_breaks(
        self, supabase_stack: SupabaseStack, name: str, error: type[Exception]
    ) -> None:
        """A connection that is closed or reset has no reply."""
        supabase_stack.gateway.fault(name)

        with pytest.raises(error):
            ask(supabase_stack)

        assert ask(supabase_stack).status_code == 200

    def test_a_request_hangs_until_it_is_released(self, supabase_stack: SupabaseStack) -> None:
        """A client without patience gives up; one with it is let go when the fault is lifted."""
        with supabase_stack.gateway.fault("hang") as fault:
            with pytest.raises(httpx.ReadTimeout):
                ask(supabase_stack, timeout=httpx.Timeout(PATIENCE_S, read=0.2))
            assert fault.met.wait(PATIENCE_S)

        assert ask(supabase_stack).status_code == 200

    def test_a_reply_drips(self, supabase_stack: SupabaseStack) -> None:
        """A reply that comes byte by byte outlives the time-out between two bytes."""
        key = {"apikey": supabase_stack.secret_key}
        url = f"{supabase_stack.url}/rest/v1/tasks"
        with (
            supabase_stack.gateway.fault("drip"),
            httpx.stream("GET", url, headers=key, timeout=PATIENCE_S) as reply,
        ):
            pieces = reply.iter_raw()
            assert [next(pieces) for _ in range(3)] == [b" "] * 3

    @pytest.mark.parametrize("name", ["close", "reset", "500 html", "503 empty", "200 html"])
    def test_a_reply_is_lost_after_the_commit(
        self, supabase_stack: SupabaseStack, service: supabase.Client, name: str
    ) -> None:
        """A fault after the commit hides that the row was written."""
        supabase_stack.gateway.fault(name, after_commit=True)
        url = f"{supabase_stack.url}/rest/v1/tasks"
        key = {"apikey": supabase_stack.secret_key}
        try:
            reply = httpx.post(url, json={"task_id": "t1"}, headers=key, timeout=PATIENCE_S)
            assert reply.content == REPLIES[name].body
        except httpx.TransportError:
            assert name not in REPLIES

        assert task_ids(supabase_stack) == ["t1"]

    def test_a_fault_chooses_its_requests(
        self, supabase_stack: SupabaseStack, service: supabase.Client
    ) -> None:
        """Method, path and size decide which requests a fault meets, until it is lifted."""
        conditions = {"method": "POST", "path": "/tasks", "larger_than": 100, "times": None}
        with supabase_stack.gateway.fault("413 html", **conditions):
            insert(service, "short")
            service.table("tasks").select("*").execute()
            for _ in range(2):
                with pytest.raises(postgrest.APIError, match="413"):
                    insert(service, "long" * 100)
        insert(service, "x" * 100)

        assert task_ids(supabase_stack) == ["short", "x" * 100]

    def test_an_unknown_fault_is_refused(self, supabase_stack: SupabaseStack) -> None:
        """A typing error in a fault's name is no test that passes."""
        with pytest.raises(ValueError, match="unknown fault '418'"):
            supabase_stack.gateway.fault("418")

    def test_the_network_is_slow(self, supabase_stack: SupabaseStack) -> None:
        """A delay holds up each round trip."""
        supabase_stack.gateway.delay_s = 0.5

        with pytest.raises(httpx.ReadTimeout):
            ask(supabase_stack, timeout=httpx.Timeout(PATIENCE_S, read=0.1))

        assert ask(supabase_stack).status_code == 200

    def test_connections_are_refused(self, supabase_stack: SupabaseStack) -> None:
        """While the gateway is away, nothing listens and open connections are closed."""
        key = {"apikey": supabase_stack.secret_key}
        with httpx.Client(base_url=supabase_stack.url, headers=key, timeout=PATIENCE_S) as client:
            client.get("/rest/v1/tasks")
            with supabase_stack.gateway.refusing(), pytest.raises(httpx.TransportError):
                client.get("/rest/v1/tasks")
            with supabase_stack.gateway.refusing(), pytest.raises(httpx.ConnectError):
                client.get("/rest/v1/tasks")

            assert client.get("/rest/v1/tasks").status_code == 200


class TestRecords:
    """What the gateway remembers."""

    def test_every_request_is_recorded(
        self, supabase_stack: SupabaseStack, service: supabase.Client
    ) -> None:
        """A record tells who asked for what, how large it was, and what came of it."""
        supabase_stack.gateway.fault("close", method="GET")
        insert(service, "t1")
        with pytest.raises(httpx.TransportError):
            ask(supabase_stack, "/rest/v1/tasks?limit=1", apikey="wrong")

        written, lost = supabase_stack.gateway.requests
        assert (written.method, written.path, written.role) == (
            *("POST", "/rest/v1/tasks"),
            "service_role",
        )
        assert written.size == len(json.dumps({"task_id": "t1"}, separators=(",", ":")))
        assert (written.status, written.fault) == (201, None)
        assert (lost.path, lost.role) == ("/rest/v1/tasks?limit=1", None)
        assert (lost.status, lost.fault) == (None, "close")

    def test_a_test_waits_for_requests(self, supabase_stack: SupabaseStack) -> None:
        """Waiting ends when the condition holds, or fails at its limit."""
        gateway = supabase_stack.gateway
        ask(supabase_stack)

        assert gateway.wait_for(lambda requests: requests[0].status == 200)
        assert not gateway.wait_for(lambda requests: len(requests) > 1, timeout_s=0.01)


class TestDatabase:
    """The database behind it all."""

    @pytest.mark.parametrize("immediate", [False, True])
    def test_the_database_comes_back(
        self, supabase_stack: SupabaseStack, service: supabase.Client, immediate: bool
    ) -> None:
        """While it is away the API says so; afterwards all is there, without any other restart."""
        insert(service, "t1")
        service.storage.create_bucket("shots")
        service.storage.from_("shots").upload("a.png", PNG)

        supabase_stack.stop_postgres(immediate=immediate)
        away = ask(supabase_stack)
        supabase_stack.start_postgres()
        supabase_stack.settle()

        assert (away.status_code, away.json()["code"]) in AWAY
        assert service.table("tasks").select("task_id").execute().data == [{"task_id": "t1"}]
        assert service.storage.from_("shots").download("a.png") == PNG

    def test_a_reset_stack_is_empty_and_well(
        self, supabase_stack: SupabaseStack, service: supabase.Client
    ) -> None:
        """Nothing of one test is left for the next, not even an outage."""
        buckets = {bucket.id for bucket in service.storage.list_buckets()}
        insert(service, "t1")
        service.storage.create_bucket("shots")
        service.storage.from_("shots").upload("a.png", PNG)
        supabase_stack.gateway.fault("500 html", times=None)
        supabase_stack.gateway.delay_s = 60
        supabase_stack.stop_postgres()

        supabase_stack.reset()

        assert supabase_stack.gateway.requests == []
        assert service.table("tasks").select("*").execute().data == []
        assert {bucket.id for bucket in service.storage.list_buckets()} == buckets

    def test_an_empty_database_has_roles_and_no_table(self, supabase_stack: SupabaseStack) -> None:
        """A new database is as a new project's, takes the migrations, and goes away."""
        with supabase_stack.empty_database() as dsn:
            with psycopg.connect(dsn) as connection:
                before = connection.execute(TABLES).fetchone()
            runner.apply(dsn)
            with psycopg.connect(dsn) as connection:
                after = connection.execute(TABLES).fetchone()

        assert before == (0,)
        assert after is not None
        assert after > (3,)
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(dsn)

    def test_a_plain_server_knows_no_supabase(self, postgres_server: Postgres) -> None:
        """A server of one's own has none of Supabase's roles, and is migrated as well."""
        with postgres_server.empty_database() as dsn:
            runner.apply(dsn)
            with psycopg.connect(dsn) as connection:
                roles = connection.execute("SELECT FROM pg_roles WHERE rolname = 'anon'").fetchall()
                version = connection.info.server_version

        assert roles == []
        assert version >= 160_000


class TestTheEnd:
    """What a run leaves behind: nothing."""

    def test_programs_end_with_a_killed_run(self, tmp_path: Path) -> None:
        """A run that is killed takes its programs with it."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(PATIENCE_S)
            program = (
                f"import socket; s = socket.create_connection({listener.getsockname()!r}); "
                "s.recv(1)"
            )
            run = (
                "import sys\n"
                "from pathlib import Path\n"
                "from tests.supabase.processes import Processes\n"
                f"command = [sys.executable, '-c', {program!r}]\n"
                "Processes().start(command, log=Path('program.log'))\n"
                "sys.stdin.read()\n"
            )
            killed = subprocess.Popen(
                [sys.executable, "-c", run],
                stdin=subprocess.PIPE,
                cwd=tmp_path,
                env={**os.environ, "PYTHONPATH": _python_path()},
            )
            connection, _ = listener.accept()
            with connection, killed:
                connection.settimeout(PATIENCE_S)
                killed.kill()

                assert connection.recv(1) == b""

    @pytest.mark.full
    def test_an_interrupted_run_stops_in_order(self, tmp_path: Path) -> None:
        """Ctrl-C ends the tests, and with them the database."""
        (tmp_path / "test_it.py").write_text(
            "import os, signal\n"
            "pytest_plugins = ('tests.supabase.fixtures',)\n"
            "def test_it(postgres_server):\n"
            "    print('dsn:', postgres_server.dsn)\n"
            "    os.kill(os.getpid(), signal.SIGINT)\n"
        )

        done = _run_pytest(tmp_path, "-s")

        dsn = done.stdout.split("dsn: ")[1].split()[0]
        assert done.returncode == pytest.ExitCode.INTERRUPTED
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(dsn)

    @pytest.mark.parametrize(
        ("env", "outcome"),
        [
            pytest.param({}, "1 skipped", marks=pytest.mark.full),
            pytest.param({"OTEL_STEPS_REQUIRE_SUPABASE": "1"}, "1 error", marks=pytest.mark.full),
            ({"CI": "1"}, "1 error"),
        ],
    )
    def test_a_missing_part_is_never_unseen(
        self, tmp_path: Path, env: dict[str, str], outcome: str
    ) -> None:
        """Where the packages cannot be fetched, tests skip with the reason, but fail on demand."""
        (tmp_path / "test_it.py").write_text(
            "pytest_plugins = ('tests.supabase.fixtures',)\ndef test_it(supabase_stack): pass\n"
        )
        offline = {
            "XDG_CACHE_HOME": str(tmp_path / "cache"),
            "npm_config_registry": "http://127.0.0.1:1",
            "npm_config_fetch_retries": "0",
        }

        done = _run_pytest(tmp_path, "-rs", **offline, **env)

        assert outcome in done.stdout
        assert "what the test needs cannot be had: npm ci failed" in done.stdout


def _run_pytest(folder: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the tests of *folder* in a process of their own."""
    surroundings = {name: value for name, value in os.environ.items() if name != "CI"}
    options = ["-p", "no:cacheprovider", f"--basetemp={folder / uuid.uuid4().hex}"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *options, *arguments, "test_it.py"],
        cwd=folder,
        env={**surroundings, "PYTHONPATH": _python_path(), **env},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )


def _python_path() -> str:
    """Return a PYTHONPATH with the project in front."""
    return os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
