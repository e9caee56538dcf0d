"""The store in Supabase: the contract, and what only a project behind a network can suffer."""

import hashlib
import logging
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from otel_steps import semconv
from otel_steps.config import Secret, Settings, resolve
from otel_steps.pictures.folder import PictureFolder
from otel_steps.pictures.store import ScreenshotStore
from otel_steps.rows.model import Batch
from otel_steps.rows.tables import COLUMNS
from otel_steps.stores import (
    RowRejected,
    Store,
    StoreError,
    StoreOnHold,
    StoreUnavailable,
    open_database,
)
from otel_steps.stores.supabase import bucket as supabase_bucket
from otel_steps.stores.supabase.bucket import SupabaseBucket
from otel_steps.stores.supabase.errors import (
    Blocked,
    KeyRefused,
    NotFound,
    ObjectMissing,
    TooLarge,
    error_of,
)
from otel_steps.stores.supabase.store import MAX_BYTES, SupabaseStore
from otel_steps.stores.supabase.transport import HttpClient
from tests.archiving_contract import ArchivingContract
from tests.patience import PATIENCE_S
from tests.pictures import huge_gif, png
from tests.removal_contract import RemovalContract
from tests.store_contract import (
    StoreContract,
    a_screenshot,
    a_span,
    a_step,
    a_task,
    an_implicit_task,
    known_task,
)
from tests.supabase.databases import run
from tests.supabase.line import Line, numbers_in, sql
from tests.supabase.stack import SupabaseStack
from tests.view_contract import ViewContract

pytest_plugins = ["tests.supabase.fixtures"]

posix = pytest.mark.skipif(os.name != "posix", reason="POSIX file modes, fork or open files")
INGEST = "/rest/v1/rpc/otel_steps_ingest"
TASK = "task"
PICTURE = png(640, 1280)
SHA256 = hashlib.sha256(PICTURE).hexdigest()


@pytest.fixture
def project(supabase_stack: SupabaseStack, tmp_path: Path) -> Settings:
    """Return the settings that name an empty project."""
    key = supabase_stack.secret_key
    return resolve(supabase_url=supabase_stack.url, supabase_key=key, dir=tmp_path / "data")


@pytest.fixture
def store(project: Settings) -> Iterator[Store]:
    """Open an empty store."""
    store = open_database(settings=project)
    yield store
    store.close()


@pytest.fixture
def bucket(store: SupabaseStore) -> ScreenshotStore:
    """Give the empty bucket of the project."""
    return ScreenshotStore(SupabaseBucket(store._client))


class TestSupabaseStore(StoreContract):
    """Supabase keeps what every store promises."""


class TestSupabaseArchiving(ArchivingContract):
    """Supabase archives as every store does."""


class TestSupabaseRemoval(RemovalContract):
    """Supabase removes as every store does."""

    @pytest.fixture(autouse=True)
    def _database(self, supabase_stack: SupabaseStack) -> None:
        self.url = supabase_stack.dsn

    def spoil_totals(self, store: Store, task_ids: Sequence[str]) -> None:
        """Make the totals of tasks wrong."""
        names = ", ".join(f"'{task_id}'" for task_id in task_ids)
        run(self.url, f"UPDATE tasks SET total_steps = 7 WHERE task_id IN ({names})")


class TestSupabaseViews(ViewContract):
    """Supabase answers a viewer as every store does."""


class TestRequests:
    """What goes over the network, and how often."""

    def test_a_batch_is_one_request(self, supabase_stack: SupabaseStack, store: Store) -> None:
        """Fifty steps with their screenshots and their task go at once."""
        steps = [a_step(number) for number in range(1, 51)]
        supabase_stack.gateway.requests.clear()

        written = store.write(
            Batch(tasks=[a_task()], steps=steps, screenshots=[a_screenshot(each) for each in steps])
        )

        assert written.stored == 51
        assert [each.path for each in supabase_stack.gateway.requests] == [
            f"{INGEST}?columns=batch"
        ]

    def test_more_rows_than_a_page_are_read_whole(
        self, supabase_stack: SupabaseStack, store: Store
    ) -> None:
        """The API gives 1,000 rows at once; a reader gets all, in order, or the page it wants."""
        for start in range(1, 1402, 350):
            steps = [a_step(number) for number in range(start, min(1402, start + 350))]
            shots = [a_screenshot(step) for step in steps]
            store.write(Batch(tasks=[an_implicit_task()], steps=steps, screenshots=shots))

        numbers = [step["step_number"] for step in store.steps("t1")]

        assert numbers == list(range(1, 1402))
        assert store.count_steps("t1") == 1401
        assert len(store.screenshots("t1")) == 1401
        report = store.report("t1")
        assert report is not None
        assert [step["step_number"] for step in report["steps"]] == numbers
        assert len(report["screenshots"]) == 1401
        assert len(store.steps("t1", limit=1001, offset=300)) == 1001
        assert store.steps("t1", offset=1401) == []
        assert store.steps("t1", offset=9999) == []

    def test_a_question_is_one_request(self, supabase_stack: SupabaseStack, store: Store) -> None:
        """However many tasks there are: they are counted and put together where they are."""
        store.write(Batch(tasks=[a_task(f"t{number}") for number in range(1, 1202)]))
        steps = [a_step(number, "t1") for number in range(1, 51)]
        shots = [a_screenshot(step) for step in steps]
        store.write(Batch(tasks=[an_implicit_task("t1")], steps=steps, screenshots=shots))
        questions: list[Callable[[], object]] = [
            store.statistics,
            store.version,
            lambda: store.report("t1"),
            lambda: store.tasks(limit=1000),
        ]

        for question in questions:
            supabase_stack.gateway.requests.clear()
            question()
            paths = [each.path for each in supabase_stack.gateway.requests]
            assert len([path for path in paths if path.startswith("/rest/")]) == 1

    def test_spans_of_many_traces_are_found(self, store: Store) -> None:
        """A task may run over more traces than fit into one question."""
        traces = [f"{number:032x}" for number in range(1, 121)]
        steps = [a_step(n, trace_id=trace) for n, trace in enumerate(traces, 1)]
        spans = [a_span(500 + n, n, trace_id=trace) for n, trace in enumerate(traces, 1)]
        store.write(Batch(tasks=[an_implicit_task()], steps=steps, spans=spans))

        assert len(store.spans("t1")) == 120

    def test_a_large_batch_is_to_be_halved(self, store: Store) -> None:
        """More than a megabyte does not even set out, unless it is one span."""
        steps = [a_step(number, thinking="想" * (MAX_BYTES // 4)) for number in (1, 2)]

        with pytest.raises(StoreUnavailable, match="too large") as refused:
            store.write(Batch(tasks=[an_implicit_task()], steps=steps))

        assert refused.value.halve
        large = replace(steps[0], thinking="想" * (MAX_BYTES // 2))
        assert store.write(Batch(tasks=[an_implicit_task()], steps=[large])).stored == 1

    def test_requests_say_who_asks(self, supabase_stack: SupabaseStack, store: Store) -> None:
        """A secret key is refused to a browser; the name tells that this is none."""
        seen: list[str] = []

        def look(client: Any) -> None:
            client.options.httpx_client.event_hooks["request"] = [
                lambda request: seen.append(request.headers["user-agent"])
            ]

        store._client.run(look)  # type: ignore[attr-defined]
        store.tasks()
        ScreenshotStore(SupabaseBucket(store._client)).find(SHA256)  # type: ignore[attr-defined]

        assert len(seen) == 2
        assert all(name.startswith("otel-steps/") for name in seen)

    def test_no_log_has_the_key(
        self, supabase_stack: SupabaseStack, project: Settings, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Even where everything is logged, the key is not; nor in a representation."""
        caplog.set_level(logging.DEBUG)
        store = open_database(settings=project)
        store.write(Batch(steps=[a_step()]))
        ScreenshotStore(SupabaseBucket(store._client)).save(SHA256, PICTURE)  # type: ignore[attr-defined]
        with (
            supabase_stack.gateway.fault("401 json", times=None),
            pytest.raises(StoreOnHold) as held,
        ):
            store.tasks()
        store.close()

        said = caplog.text + str(held.value) + held.value.remedy + repr(vars(store))
        assert "POST" in caplog.text
        assert supabase_stack.secret_key not in said


# Fault -> the kind of error, what the message says, whether to halve, what the server asked for.
FAULTS: dict[str, tuple[type[StoreError], str, bool, float | None]] = {
    "200 broken json": (StoreUnavailable, "broken answer", False, None),
    "200 html": (StoreUnavailable, "something other than", False, None),
    "401 json": (KeyRefused, "401", False, None),
    "413 html": (StoreUnavailable, "413", True, None),
    "429": (StoreUnavailable, "429", False, 1.0),
    "500 54000": (RowRejected, "54000", False, None),
    "500 57014": (StoreUnavailable, "57014", True, None),
    "500 html": (StoreUnavailable, "500", False, None),
    "503 empty": (StoreUnavailable, "503", False, None),
    "503 json": (StoreUnavailable, "503", False, None),
    "503 pgrst002": (StoreUnavailable, "PGRST002", False, None),
    "520": (StoreUnavailable, "520", False, None),
    "540": (StoreOnHold, "paused", False, None),
    "close": (StoreUnavailable, "RemoteProtocolError", False, None),
    "reset": (StoreUnavailable, "ReadError", False, None),
}


class TestFaults:
    """Each says whether to wait, to ask a person or to set a row aside; the next call works."""

    @pytest.mark.parametrize("after_commit", [False, True])
    @pytest.mark.parametrize("name", FAULTS)
    def test_a_write_that_fails(
        self, supabase_stack: SupabaseStack, store: Store, name: str, after_commit: bool
    ) -> None:
        """A fault has one meaning, and the batch may be sent again, stored or not."""
        kind, words, halve, retry_after_s = FAULTS[name]
        batch = Batch(tasks=[a_task(status="completed")], steps=[a_step()])
        supabase_stack.gateway.fault(name, path="ingest", after_commit=after_commit)

        with pytest.raises(kind, match=words) as failed:
            store.write(batch)

        assert getattr(failed.value, "halve", False) is halve
        assert getattr(failed.value, "retry_after_s", None) == retry_after_s
        again = store.write(batch)
        assert (again.stored, again.known) == ((0, 2) if after_commit else (2, 0))
        assert sql(supabase_stack, "SELECT count(*) FROM task_steps") == [(1,)]

    @pytest.mark.parametrize("name", [name for name in FAULTS if name != "500 54000"])
    def test_a_read_that_fails(
        self, supabase_stack: SupabaseStack, store: Store, name: str
    ) -> None:
        """A reader raises, too; it never takes a page of HTML for an empty answer."""
        supabase_stack.gateway.fault(name, path="rpc/otel_steps_task")

        with pytest.raises((StoreUnavailable, StoreOnHold)):
            store.task("t1")

        assert store.task("t1") is None

    def test_a_reply_that_drips_is_given_up(self, supabase_stack: SupabaseStack) -> None:
        """A server that is never silent for long, and never done, is abandoned."""
        with (
            supabase_stack.gateway.fault("drip"),
            HttpClient("Supabase at h", httpx.Timeout(10), reply_s=0.2) as client,
            pytest.raises(StoreUnavailable, match=r"Supabase at h has not finished.* in 0\.2 s"),
        ):
            client.get(f"{supabase_stack.url}/rest/v1/tasks")

    def test_a_server_that_says_nothing_is_given_up(
        self, supabase_stack: SupabaseStack, project: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Silence ends the wait."""
        monkeypatch.setattr("otel_steps.stores.supabase.client.TIMEOUT_S", 5.0)
        store = open_database(settings=project)
        with (
            supabase_stack.gateway.fault("hang"),
            pytest.raises(StoreUnavailable, match=r"no answer within 5 s"),
        ):
            store.write(Batch(steps=[a_step()]))
        assert store.write(Batch(steps=[a_step()])).stored == 1
        store.close()

    def test_a_server_that_is_away_is_waited_for(
        self, supabase_stack: SupabaseStack, store: Store, project: Settings
    ) -> None:
        """Refused connections pass, for an open store and for one that is to be opened."""
        with supabase_stack.gateway.refusing():
            with pytest.raises(StoreUnavailable, match="the connection is refused"):
                store.write(Batch(steps=[a_step()]))
            with pytest.raises(StoreUnavailable, match="cannot be reached"):
                open_database(settings=project)

        assert store.write(Batch(steps=[a_step()])).stored == 1

    def test_a_connection_that_a_crash_has_cut_is_stepped_over(self, store: Store) -> None:
        """The API meets each of its cut connections once; a caller does not notice."""
        cut = iter(range(3))

        def work(client: Any) -> str:
            if next(cut, None) is not None:
                raise error_of(reply(400, {"code": ""}), "/rest/v1/x", "Supabase at h")
            return "done"

        assert store._client.run(work) == "done"  # type: ignore[attr-defined]

    @pytest.mark.parametrize("name", ["200 broken json", "200 html"])
    def test_a_broken_answer_of_storage_is_waited_for(
        self, supabase_stack: SupabaseStack, bucket: ScreenshotStore, name: str
    ) -> None:
        """An upload that is not confirmed has not happened."""
        supabase_stack.gateway.fault(name, method="POST", path="/storage/v1/object/")
        with pytest.raises(StoreUnavailable):
            bucket.save(SHA256, PICTURE)

        assert bucket.save(SHA256, PICTURE) == bucket.find(SHA256)

    def test_a_time_that_no_calendar_has_is_none(
        self, supabase_stack: SupabaseStack, store: Store
    ) -> None:
        """Somebody else's row must not hide all others."""
        store.write(Batch(tasks=[a_task("t2")]))
        sql(supabase_stack, "INSERT INTO tasks (task_id, created_at) VALUES ('t1', 'infinity')")

        assert [task["task_id"] for task in store.tasks()] == ["t1", "t2"]
        assert known_task(store)["created_at"] is None

    def test_one_row_that_is_too_large_for_a_proxy_is_held(
        self, supabase_stack: SupabaseStack, store: Store
    ) -> None:
        """Halving ends with one row; the way is too narrow for it, and the database never asked."""
        with supabase_stack.gateway.fault("413 html", times=None, path="ingest"):
            with pytest.raises(StoreUnavailable):
                store.write(Batch(steps=[a_step(1), a_step(2)]))
            with pytest.raises(StoreOnHold, match=r"something between here .* 413") as held:
                store.write(Batch(tasks=[an_implicit_task()], steps=[a_step()]))

        assert "client_max_body_size" in held.value.remedy

    def test_a_crash_of_the_database_costs_no_call(
        self, supabase_stack: SupabaseStack, store: Store
    ) -> None:
        """The API's cut connections are met once each, and stepped over."""
        store.write(Batch(steps=[a_step(1)]))
        supabase_stack.stop_postgres(immediate=True)
        with pytest.raises(StoreUnavailable):
            store.write(Batch(steps=[a_step(2)]))
        supabase_stack.start_postgres()
        supabase_stack.settle()

        assert store.write(Batch(steps=[a_step(2)])).stored == 1
        assert store.count_steps("t1") == 2

    @pytest.mark.parametrize(
        ("row", "code"),
        [
            ({"thinking": "\0"}, "22P05"),
            ({"id": "no-uuid"}, "22P02"),
            ({"started_at": "yesterday or so"}, "22007"),
            ({"duration_ms": 2**40}, "22003"),
            ({"step_data": None}, "23502"),
        ],
    )
    def test_a_row_that_cannot_be_held_is_refused(
        self, store: Store, row: dict[str, Any], code: str
    ) -> None:
        """Each has its code, for the dead letter, and none its content."""
        with pytest.raises(RowRejected, match=code) as refused:
            store.write(Batch(steps=[a_step(**row)]))

        assert refused.value.code == code


def reply(status: int, body: Any = None, **headers: str) -> httpx.Response:
    """Return a reply as a server gives it."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return httpx.Response(status, json=body, headers=named)


class TestMeaning:
    """What each reply means."""

    @pytest.mark.parametrize(
        ("status", "code", "kind", "halve"),
        [
            (400, "", StoreUnavailable, False),
            (400, "22P05", RowRejected, None),
            (409, "23505", RowRejected, None),
            (400, "P0001", RowRejected, None),
            (400, "21000", RowRejected, None),
            (500, "54000", RowRejected, None),
            (500, "57014", StoreUnavailable, True),
            (500, "53200", StoreUnavailable, True),
            (503, "53300", StoreUnavailable, False),
            (500, "40P01", StoreUnavailable, False),
            (405, "25006", StoreUnavailable, False),
            (503, "57P01", StoreUnavailable, False),
            (503, "PGRST000", StoreUnavailable, False),
            (504, "PGRST003", StoreUnavailable, False),
            (401, "42501", KeyRefused, None),
            (403, "42501", StoreOnHold, None),
            (404, "42P01", StoreOnHold, None),
            (404, "42883", StoreOnHold, None),
            (400, "42703", StoreOnHold, None),
            (406, "PGRST106", StoreOnHold, None),
            (404, "PGRST202", StoreOnHold, None),
            (400, "PGRST204", StoreOnHold, None),
            (404, "PGRST205", StoreOnHold, None),
            (401, "PGRST301", KeyRefused, None),
            (400, "odd", StoreError, None),
        ],
    )
    def test_of_the_database(
        self, status: int, code: str, kind: type[StoreError], halve: bool | None
    ) -> None:
        """The code in the body decides, and the message has no word of the server."""
        body = {"code": code, "message": "hunter2", "details": "hunter2", "hint": "hunter2"}

        error = error_of(reply(status, body), "/rest/v1/rpc/x", "Supabase at h")

        assert isinstance(error, kind)
        assert kind is not StoreError or type(error) is StoreError
        assert getattr(error, "halve", None) == halve
        assert "hunter2" not in f"{error}{getattr(error, 'remedy', '')}"

    @pytest.mark.parametrize(
        ("status", "kind", "remedy"),
        [
            (302, StoreUnavailable, ""),
            (400, Blocked, "a proxy"),
            (401, KeyRefused, "SUPABASE_SECRET_KEY"),
            (402, StoreOnHold, "Billing"),
            (403, StoreOnHold, "SUPABASE_SECRET_KEY"),
            (404, NotFound, "SUPABASE_URL"),
            (405, Blocked, "a proxy"),
            (408, StoreUnavailable, ""),
            (409, Blocked, "a proxy"),
            (413, TooLarge, ""),
            (418, Blocked, "a proxy"),
            (422, Blocked, "a proxy"),
            (429, StoreUnavailable, ""),
            (451, Blocked, "a proxy"),
            (502, StoreUnavailable, ""),
            (540, StoreOnHold, "restore the project"),
            (544, StoreUnavailable, ""),
        ],
    )
    @pytest.mark.parametrize("path", ["/rest/v1/tasks", "/storage/v1/object/b/k"])
    def test_of_whoever_has_no_code(
        self, path: str, status: int, kind: type[StoreError], remedy: str
    ) -> None:
        """The front door of the project blames neither a row nor a picture: its status decides."""
        for body in (None, [], {}, {"message": "hunter2"}, {"code": "23505", "msg": "hunter2"}):
            error = error_of(reply(status, body), path, "Supabase at h")
            assert isinstance(error, kind)
            assert not isinstance(error, ObjectMissing)
            assert remedy in getattr(error, "remedy", "")

    @pytest.mark.parametrize("status", [400, 402, 403, 429, 500])
    @pytest.mark.parametrize("path", ["/rest/v1/tasks", "/storage/v1/object/b/k"])
    def test_of_a_plan_that_is_used_up(self, path: str, status: int) -> None:
        """The violation is named, wherever in the body it stands, and the remedy is about money."""
        words = "restricted due to the following violations: exceed_egress_quota."
        for body in (
            {"message": words},
            {"code": "exceed_egress_quota", "message": "hunter2"},
            {"statusCode": "400", "error": "exceed_egress_quota", "message": "hunter2"},
        ):
            error = error_of(reply(status, body), path, "Supabase at h")
            assert isinstance(error, StoreOnHold)
            assert str(error).endswith(", exceed_egress_quota)")
            assert "Billing" in error.remedy

    @pytest.mark.parametrize(
        ("code", "status", "kind"),
        [
            ("NoSuchBucket", "404", NotFound),
            ("KeyAlreadyExists", "409", RowRejected),
            ("EntityTooLarge", "413", RowRejected),
            ("InvalidMimeType", "415", RowRejected),
            ("InvalidKey", "400", RowRejected),
            ("AccessDenied", "403", StoreOnHold),
            ("InvalidJWT", "400", StoreOnHold),
            ("TenantNotFound", "400", StoreOnHold),
            ("NoSuchKey", "404", ObjectMissing),
            ("ResourceLocked", "423", StoreUnavailable),
            ("InvalidRequest", "400", StoreError),
            ("InternalError", "500", StoreUnavailable),
            ("SlowDown", "503", StoreUnavailable),
        ],
    )
    def test_of_storage(self, code: str, status: str, kind: type[StoreError]) -> None:
        """Storage says 400, and the truth in its body."""
        body = {"statusCode": status, "error": code, "code": code, "message": "hunter2"}

        error = error_of(reply(400, body), "/storage/v1/object/b/k", "Supabase at h")

        assert isinstance(error, kind)
        assert isinstance(error, ObjectMissing) is (code == "NoSuchKey")
        assert "hunter2" not in str(error)

    @pytest.mark.parametrize(
        ("status", "kind"),
        [(status, Blocked) for status in (400, 401, 402, 403, 404, 405, 407, 409, 415, 422, 451)]
        + [(status, StoreUnavailable) for status in (302, 408, 413, 429, 500, 502, 503, 520)],
    )
    @pytest.mark.parametrize("path", ["/rest/v1/x", "/storage/v1/object/b/k"])
    @pytest.mark.parametrize("body", [b"<h1>no</h1>", b"no", b"\xff\xfe", b'{"code": "23505"'])
    def test_of_a_page_in_the_way(
        self, body: bytes, path: str, status: int, kind: type[StoreError]
    ) -> None:
        """What is no JSON is of a proxy: nothing of ours is to blame, whatever the status."""
        error = error_of(httpx.Response(status, content=body), path, "Supabase at h")

        assert type(error) is (TooLarge if status == 413 else kind)
        assert str(error).startswith(f"something between here and Supabase at h answers {status}")

    @pytest.mark.parametrize(
        ("text", "least", "most"),
        [
            ("7", 7, 7),
            ("0.5", 0.5, 0.5),
            ("-3", 0, 0),
            ("in an hour", 3000, 3600),
            (format_datetime(datetime(2001, 1, 1, tzinfo=UTC)), 0, 0),
            ("Mon, 01 Jan 2001 00:00:00 -0000", 0, 0),
        ],
    )
    def test_of_retry_after(self, text: str, least: float, most: float) -> None:
        """Seconds or a date; what has passed is now."""
        if text == "in an hour":  # from now on, not from when the tests were collected
            text = format_datetime(datetime.now(UTC) + timedelta(hours=1))
        error = error_of(reply(503, retry_after=text), "/rest/v1/x", "h")

        assert isinstance(error, StoreUnavailable)
        assert error.retry_after_s is not None
        assert least <= error.retry_after_s <= most

    def test_of_a_retry_after_that_is_none(self) -> None:
        """What cannot be read was not said."""
        error = error_of(reply(503, retry_after="soon"), "/rest/v1/x", "h")

        assert isinstance(error, StoreUnavailable)
        assert error.retry_after_s is None


# --- From the journal to the project


@pytest.fixture
def line(project: Settings) -> Iterator[Line]:
    """Give the way from an empty journal to an empty project."""
    line = Line(project)
    yield line
    line.shipper.shutdown(PATIENCE_S)


class TestShipping:
    """Steps wait in the journal, and each arrives once."""

    @pytest.mark.parametrize("immediate", [False, True], ids=["stopped", "crashed"])
    def test_an_outage_costs_no_step(
        self, supabase_stack: SupabaseStack, line: Line, immediate: bool
    ) -> None:
        """A thousand steps with the database away in the middle: a thousand rows."""
        line.record(*range(1, 401))
        assert line.shipper.flush(PATIENCE_S)
        line.record(*range(401, 501))
        supabase_stack.stop_postgres(immediate=immediate)
        line.record(*range(501, 801))
        assert supabase_stack.gateway.wait_for(
            lambda requests: requests[-1].status in (500, 503), PATIENCE_S
        )
        supabase_stack.start_postgres()
        line.record(*range(801, 1001))

        assert line.shipper.flush(PATIENCE_S)
        assert numbers_in(supabase_stack) == list(range(1, 1001))
        assert line.letters == []
        assert line.shipper.facts().waiting == 0

    @pytest.mark.parametrize("name", ["close", "reset", "500 html", "200 html"])
    def test_a_lost_reply_doubles_no_row(
        self, supabase_stack: SupabaseStack, line: Line, name: str
    ) -> None:
        """What was stored and not confirmed is sent again, and known."""
        supabase_stack.gateway.fault(name, times=3, path="ingest", after_commit=True)
        line.record(*range(1, 201))

        assert line.shipper.flush(PATIENCE_S)
        assert numbers_in(supabase_stack) == list(range(1, 201))
        assert line.shipper.facts().known > 0

    def test_a_key_may_be_rotated(
        self, supabase_stack: SupabaseStack, line: Line, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Steps are held while the key is refused, and go with the key that replaces it."""
        line.record(1)
        assert line.shipper.flush(PATIENCE_S)
        new = supabase_stack.rotate_secret_key()
        line.record(*range(2, 51))
        assert not line.shipper.flush(PATIENCE_S)
        facts = line.shipper.facts()
        assert "401" in str(facts.held)
        assert "SUPABASE_SECRET_KEY" in str(facts.remedy)
        assert facts.waiting == 49

        monkeypatch.setenv("SUPABASE_SECRET_KEY", f"{new}\n")

        assert line.shipper.flush(PATIENCE_S)
        assert numbers_in(supabase_stack) == list(range(1, 51))
        assert line.letters == []

    def test_a_batch_that_is_too_large_is_halved(
        self, supabase_stack: SupabaseStack, line: Line
    ) -> None:
        """A limit on the way costs requests, and no step."""
        supabase_stack.gateway.fault("413 html", times=None, path="ingest", larger_than=20_000)
        line.record(*range(1, 101))

        assert line.shipper.flush(PATIENCE_S)
        assert numbers_in(supabase_stack) == list(range(1, 101))
        assert {each.status for each in supabase_stack.gateway.requests} == {200, 413}
        assert line.letters == []

    def test_a_time_limit_halves_the_batch(self, supabase_stack: SupabaseStack, line: Line) -> None:
        """What the database cancels is tried in parts."""
        supabase_stack.gateway.fault("500 57014", times=2, path="ingest")
        line.record(*range(1, 51))

        assert line.shipper.flush(PATIENCE_S)
        assert numbers_in(supabase_stack) == list(range(1, 51))
        assert line.letters == []

    def test_a_row_that_breaks_a_limit_is_found(
        self, supabase_stack: SupabaseStack, line: Line
    ) -> None:
        """A limit of the database, told as a fault of the server, is not tried for ever."""
        supabase_stack.gateway.fault("500 54000", times=1, path="ingest")
        line.record(*range(1, 51))

        assert line.shipper.flush(PATIENCE_S)
        assert numbers_in(supabase_stack) == list(range(1, 51))

    def test_one_bad_row_of_fifty(self, supabase_stack: SupabaseStack, line: Line) -> None:
        """Forty-nine rows, and one dead letter that names the code."""
        sql(supabase_stack, "ALTER TABLE task_steps ADD CONSTRAINT odd CHECK (step_number <> 7)")
        try:
            line.record(*range(1, 51))
            assert not line.shipper.flush(PATIENCE_S)
        finally:
            sql(supabase_stack, "ALTER TABLE task_steps DROP CONSTRAINT odd")

        assert numbers_in(supabase_stack) == [number for number in range(1, 51) if number != 7]
        (letter,) = {path.stem.split(".")[0] for path in line.letters}
        assert "23514" in "".join(path.read_text("utf-8") for path in line.letters)
        assert letter
        assert len(supabase_stack.gateway.requests) <= 16

    def test_missing_tables_are_held(
        self, supabase_stack: SupabaseStack, line: Line, project: Settings
    ) -> None:
        """A table or column that is lost costs no step: `migrate` is named, and then all go."""
        sql(supabase_stack, "ALTER TABLE task_steps RENAME COLUMN app TO gone")
        try:
            line.record(*range(1, 11))
            assert not line.shipper.flush(PATIENCE_S)
            assert "otel-steps migrate" in str(line.shipper.facts().remedy)
        finally:
            sql(supabase_stack, "ALTER TABLE task_steps RENAME COLUMN gone TO app")

        assert line.shipper.flush(PATIENCE_S)
        assert numbers_in(supabase_stack) == list(range(1, 11))
        assert line.letters == []


class TestPictures:
    """Pictures in the bucket."""

    def test_the_same_as_in_a_folder(
        self,
        supabase_stack: SupabaseStack,
        project: Settings,
        line: Line,
        store: Store,
        tmp_path: Path,
    ) -> None:
        """The same spans give the same rows and bytes as in SQLite; each picture goes once."""
        local = resolve(dir=tmp_path / "local")
        other = Line(local)
        small = png(80, 160, (1, 2, 3))
        for each in (line, other):
            each.record(1, 2, picture=PICTURE)
            each.record(3, picture=small)
            each.record(4)
            assert each.shipper.flush(PATIENCE_S)
        other.shipper.shutdown(PATIENCE_S)

        with httpx.Client(timeout=PATIENCE_S) as browser:
            sqlite = open_database(settings=local)
            here, there = sqlite.report(TASK), store.report(TASK)
            assert here is not None
            assert there is not None
            for mine, theirs in zip(here["screenshots"], there["screenshots"], strict=True):
                page = browser.get(theirs["remote_url"])
                assert page.content == Path(mine["screenshot_path"]).read_bytes()
                assert page.headers["content-type"] == mine["mime_type"]
            assert [without_places(row) for row in rows_of(there)] == [
                without_places(row) for row in rows_of(here)
            ]
            sqlite.close()
        assert [row["screenshot_url"] is not None for row in there["steps"]] == [True] * 3 + [False]
        assert len(there["screenshots"]) == 3
        uploads = [each.path for each in supabase_stack.gateway.requests if is_upload(each)]
        assert len(uploads) == len(set(uploads)) == 4 + 2
        assert line.leftovers == []

    def test_rows_hold_the_stable_address(
        self, supabase_stack: SupabaseStack, line: Line, store: Store
    ) -> None:
        """A signed address is for the reader, and stored nowhere; the stored one needs a key."""
        line.record(1, picture=PICTURE)
        assert line.shipper.flush(PATIENCE_S)

        ((remote_url, url),) = sql(
            supabase_stack,
            "SELECT remote_url, screenshot_url FROM step_screenshots JOIN task_steps "
            "ON task_steps.id = step_id",
        )
        assert remote_url == url
        assert url.startswith(f"{supabase_stack.url}/storage/v1/object/authenticated/otel-steps/")
        assert "token" not in url
        assert httpx.get(url, timeout=PATIENCE_S).status_code in (400, 401)
        (step,) = store.steps(TASK)
        assert "token=" in step["screenshot_url"]

    def test_rows_are_shown_without_storage(
        self, supabase_stack: SupabaseStack, line: Line, store: Store
    ) -> None:
        """While Storage is away, and where an object is missing, readers get the stable address."""
        line.record(1, picture=PICTURE)
        assert line.shipper.flush(PATIENCE_S)

        with supabase_stack.gateway.fault("503 empty", times=None, path="/storage/"):
            (step,) = store.steps(TASK)
        assert step["screenshot_url"].endswith(".webp") or step["screenshot_url"].endswith(".png")
        sql(supabase_stack, "DELETE FROM storage.objects")
        (step,) = store.steps(TASK)
        assert "token=" not in step["screenshot_url"]

    def test_what_was_saved_is_found(
        self, supabase_stack: SupabaseStack, bucket: ScreenshotStore, tmp_path: Path
    ) -> None:
        """Facts are those of the folder, but for the address; unknown names are not there."""
        assert bucket.find(SHA256) is None
        assert bucket.find("no name") is None

        saved = bucket.save(SHA256, PICTURE)

        assert bucket.find(SHA256) == saved
        folder = ScreenshotStore(PictureFolder(tmp_path / "pictures"))
        assert replace(saved, remote_url=None) == folder.save(SHA256, PICTURE)
        before = len(supabase_stack.gateway.requests)
        assert bucket.save(SHA256, PICTURE) == saved
        assert len(supabase_stack.gateway.requests) == before + 1

    def test_a_picture_is_read_in_the_size_that_is_wanted(
        self, supabase_stack: SupabaseStack, bucket: ScreenshotStore, tmp_path: Path
    ) -> None:
        """The files are those of the folder, a thumbnail is one request; unknown names are none."""
        folder = ScreenshotStore(PictureFolder(tmp_path / "pictures"))
        folder.save(SHA256, PICTURE)
        bucket.save(SHA256, PICTURE)
        supabase_stack.gateway.requests.clear()

        assert bucket.read(SHA256, 120) == folder.read(SHA256, 120)
        assert len(supabase_stack.gateway.requests) == 1
        assert bucket.read(SHA256, 121) == folder.read(SHA256, 121)
        assert bucket.read(SHA256) == bucket.read(SHA256, 541) == folder.read(SHA256)
        assert bucket.read("a" * 64, 120) is bucket.read("no name") is None

    def test_a_broken_upload_is_made_good(
        self, supabase_stack: SupabaseStack, bucket: ScreenshotStore
    ) -> None:
        """A picture without its facts has not been saved; the next upload takes its place."""
        supabase_stack.gateway.fault("reset", method="POST", path=f"{SHA256}.json")
        with pytest.raises(StoreUnavailable):
            bucket.save(SHA256, PICTURE)
        assert bucket.find(SHA256) is None

        assert bucket.save(SHA256, PICTURE) == bucket.find(SHA256)

    def test_facts_that_cannot_be_read_are_replaced(
        self, store: SupabaseStore, bucket: ScreenshotStore
    ) -> None:
        """Another version may have written them."""
        saved = bucket.save(SHA256, PICTURE)
        SupabaseBucket(store._client).put({f"{SHA256[:2]}/{SHA256}.json": b'{"other": 1}'})
        assert bucket.find(SHA256) is None

        assert bucket.save(SHA256, PICTURE) == saved == bucket.find(SHA256)

    def test_an_upload_that_meets_another_is_done(
        self, store: SupabaseStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Under one name there is one content: who comes second has nothing left to do."""
        monkeypatch.setitem(supabase_bucket._OPTIONS, "upsert", "false")
        bucket = SupabaseBucket(store._client)
        bucket.put({"ab/x.webp": b"1"})

        bucket.put({"ab/x.webp": b"1"})

    def test_what_the_bucket_does_not_take_costs_its_picture_only(
        self, supabase_stack: SupabaseStack, line: Line, store: Store
    ) -> None:
        """What is of no type that it takes is refused for good; its step is stored and says so."""
        line.record(1, picture=huge_gif())

        assert line.shipper.flush(PATIENCE_S)
        (step,) = store.steps(TASK)
        assert step["screenshot_path"] is None
        error = step["attributes"][semconv.SCREENSHOT_ERROR]
        assert error == "the picture cannot be stored: Storage refuses an object (415)"
        assert {problem.kind for problem in line.problems.all()} == {"screenshot"}

    @pytest.mark.parametrize("name", ["503 empty", "reset", "401 json", "500 html", "200 html"])
    def test_storage_that_fails_is_tried_again(
        self, supabase_stack: SupabaseStack, line: Line, store: Store, name: str
    ) -> None:
        """The row points at its picture once that is there."""
        supabase_stack.gateway.fault(name, path="/storage/v1/object/otel-steps/")
        line.record(1, picture=PICTURE)
        line.shipper.flush(PATIENCE_S)

        assert line.shipper.flush(PATIENCE_S)
        (step,) = store.steps(TASK)
        assert "token=" in step["screenshot_url"]

    @pytest.mark.parametrize("name", ["503 empty", "hang", "401 json", "500 html"])
    def test_rows_do_not_wait_for_storage(
        self, supabase_stack: SupabaseStack, line: Line, store: Store, name: str
    ) -> None:
        """While Storage alone is away rows come at once; their pictures follow, each once."""
        pictures = [png(40, 80, (number, 2, 3)) for number in range(6)]
        with supabase_stack.gateway.fault(name, times=None, path="/storage/") as away:
            for number, picture in enumerate(pictures, start=1):
                line.record(number, picture=picture)
            assert not line.shipper.flush(1.5)
            assert away.met.is_set()
            assert numbers_in(supabase_stack) == list(range(1, 7))
            assert sql(supabase_stack, "SELECT count(*) FROM step_screenshots") == [(0,)]
            facts = line.shipper.facts()
            assert (facts.waiting, facts.pictures_waiting) == (0, 6)

        while not line.shipper.flush(PATIENCE_S):
            pass
        steps = store.steps(TASK)
        assert all("token=" in step["screenshot_url"] for step in steps)
        assert len(store.screenshots(TASK)) == 6
        assert line.leftovers == []
        assert line.shipper.facts().pictures_waiting == 0
        ((rows, objects),) = sql(
            supabase_stack,
            "SELECT count(*), count(objects.name) FROM step_screenshots LEFT JOIN storage.objects "
            "ON name = screenshot_path",
        )
        assert rows == objects == 6

    def test_pictures_wait_for_the_next_process(
        self, supabase_stack: SupabaseStack, project: Settings, store: Store
    ) -> None:
        """A process that ends while Storage is away leaves its pictures to the next one."""
        first = Line(project)
        first.record(1, 2, picture=PICTURE, is_shipped=False)
        first.journal.close()
        with supabase_stack.gateway.fault("503 empty", times=None, path="/storage/"):
            report = Line(project).shipper.ship_all()
        assert (report.shipped, report.waiting, report.pictures_waiting) == (2, 0, 1)
        assert "503" in str(report.reason)
        assert numbers_in(supabase_stack) == [1, 2]

        report = Line(project).shipper.ship_all()

        assert (report.reason, report.shipped, report.pictures_waiting) == (None, 0, 0)
        assert all("token=" in step["screenshot_url"] for step in store.steps(TASK))
        assert list(project.backup_dir.iterdir()) == []

    @pytest.mark.parametrize("name", ["close", "200 html"])
    def test_a_lost_reply_gives_no_picture_twice(
        self, supabase_stack: SupabaseStack, line: Line, store: Store, name: str
    ) -> None:
        """What was given to its row and not confirmed is given again, and is there once."""
        away = supabase_stack.gateway.fault("503 empty", times=None, path="/storage/")
        supabase_stack.gateway.fault(name, times=2, path="attach", after_commit=True)
        line.record(*range(1, 11), picture=PICTURE)
        assert not line.shipper.flush(1.0)
        away.lift()

        assert line.shipper.flush(PATIENCE_S)
        assert len(store.screenshots(TASK)) == 10
        assert line.letters == []

    def test_a_missing_bucket_is_held(
        self, supabase_stack: SupabaseStack, bucket: ScreenshotStore, line: Line
    ) -> None:
        """The remedy names the command that makes it."""
        sql(supabase_stack, "UPDATE storage.buckets SET id = 'away', name = 'away'")
        try:
            with pytest.raises(StoreOnHold, match="no such bucket") as held:
                bucket.save(SHA256, PICTURE)
        finally:
            sql(supabase_stack, "UPDATE storage.buckets SET id = 'otel-steps', name = 'otel-steps'")

        assert "otel-steps migrate" in held.value.remedy

    def test_pictures_may_live_in_a_folder(
        self, supabase_stack: SupabaseStack, project: Settings, tmp_path: Path
    ) -> None:
        """Where the settings name a folder, the project holds the rows only."""
        chosen = replace(project, screenshot_url=str(tmp_path / "pictures"))
        line = Line(chosen)
        line.record(1, picture=PICTURE)
        assert line.shipper.flush(PATIENCE_S)
        line.shipper.shutdown(PATIENCE_S)

        store = open_database(settings=chosen)
        (step,) = store.steps(TASK)
        store.close()
        assert Path(step["screenshot_path"]).is_file()
        assert step["screenshot_url"] is None
        assert not any(is_upload(each) for each in supabase_stack.gateway.requests)


def is_upload(request: Any) -> bool:
    return request.method == "POST" and "/storage/v1/object/otel-steps/" in request.path


def rows_of(report: dict[str, Any]) -> list[dict[str, Any]]:
    return [report["task"], *report["steps"], *report["screenshots"], report["statistics"]]


def without_places(row: dict[str, Any]) -> dict[str, Any]:
    """Return *row* without what says where a picture is."""
    places = {"screenshot_url", "remote_url", "screenshot_path"}
    return {name: value for name, value in row.items() if name not in places}


class TestOpening:
    """Address and key."""

    @pytest.mark.parametrize("kind", ["secret_key", "service_role_key"])
    def test_both_kinds_of_key_open(
        self, supabase_stack: SupabaseStack, project: Settings, kind: str
    ) -> None:
        """The new kind and the old one, from the environment as well."""
        key = Secret(getattr(supabase_stack, kind))
        store = open_database(settings=replace(project, supabase_key=key))
        assert store.tasks() == []
        store.close()

    def test_the_environment_alone_names_the_project(
        self, supabase_stack: SupabaseStack, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Two variables are all it takes."""
        monkeypatch.setenv("SUPABASE_URL", f"{supabase_stack.url}/")
        monkeypatch.setenv("SUPABASE_SERVICE_ROLE_KEY", supabase_stack.service_role_key)
        store = open_database()
        assert store.name == "supabase"
        assert store.tasks() == []
        store.close()

    @pytest.mark.parametrize("kind", ["publishable_key", "anon_key"])
    def test_a_public_key_is_on_hold(
        self, supabase_stack: SupabaseStack, project: Settings, kind: str
    ) -> None:
        """The remedy says which key it takes."""
        key = Secret(getattr(supabase_stack, kind))
        with pytest.raises(StoreOnHold, match="42501") as held:
            open_database(settings=replace(project, supabase_key=key))

        assert "secret key" in held.value.remedy

    def test_an_unknown_key_is_on_hold(self, project: Settings) -> None:
        """A wrong key is not shown."""
        with pytest.raises(StoreOnHold, match="does not know the key") as held:
            open_database(settings=replace(project, supabase_key=Secret("sb_secret_hunter2")))

        assert "hunter2" not in f"{held.value}{held.value.remedy}"

    def test_a_missing_key_is_on_hold(self, project: Settings) -> None:
        """The remedy names the variable."""
        with pytest.raises(StoreOnHold, match="needs a key") as held:
            open_database(settings=replace(project, supabase_key=Secret(" ")))

        assert "SUPABASE_SECRET_KEY" in held.value.remedy

    @pytest.mark.parametrize(
        "url", ["hunter2", "https://", "https://k:hunter2@h", "https://h/rest?k=hunter2", "ftp://h"]
    )
    def test_an_address_that_is_none_is_not_shown(self, project: Settings, url: str) -> None:
        """A key may have been put where the address belongs."""
        with pytest.raises(StoreOnHold, match="not the address") as held:
            open_database(settings=replace(project, supabase_url=url))

        assert "hunter2" not in f"{held.value}{held.value.remedy}"

    def test_an_older_database_is_on_hold(
        self, supabase_stack: SupabaseStack, project: Settings
    ) -> None:
        """Tables of an earlier version are for a person to migrate, before any row is lost."""
        version = "CREATE OR REPLACE FUNCTION public.otel_steps_schema_version() RETURNS INTEGER "
        version += "LANGUAGE sql STABLE SECURITY INVOKER SET search_path = '' AS "
        ((now,),) = sql(supabase_stack, "SELECT otel_steps_schema_version()")
        sql(supabase_stack, f"{version} $$ SELECT 0 $$")
        try:
            with pytest.raises(StoreOnHold, match="version 0") as held:
                open_database(settings=project)
        finally:
            sql(supabase_stack, f"{version} $$ SELECT {now} $$")

        assert "otel-steps migrate" in held.value.remedy

    def test_a_closed_store_says_so(self, store: Store) -> None:
        """What comes after closing may work with the next store."""
        store.close()

        with pytest.raises(StoreUnavailable, match="closed"):
            store.write(Batch(steps=[a_step()]))

    def test_many_threads_share_a_store(self, store: Store) -> None:
        """Threads lose nothing to each other."""
        with ThreadPoolExecutor(8) as pool:
            batches = [Batch(steps=[a_step(n, f"t{n % 8}")]) for n in range(1, 81)]
            assert [each.stored for each in pool.map(store.write, batches)] == [1] * 80
            assert sum(pool.map(store.count_steps, [f"t{n}" for n in range(8)])) == 80

    @posix
    @pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
    def test_a_forked_child_uses_connections_of_its_own(self, store: Store) -> None:
        """Parent and child write to one project, and the child's end costs the parent nothing."""
        store.write(Batch(tasks=[a_task()], steps=[a_step(1)]))
        context = multiprocessing.get_context("fork")
        for target in (_write_and_close, _close):
            child = context.Process(target=target, args=(store,))
            child.start()
            child.join(PATIENCE_S)
            assert child.exitcode == 0

        assert store.write(Batch(steps=[a_step(3)])).stored == 1
        assert [step["step_number"] for step in store.steps("t1")] == [1, 2, 3]


def _write_and_close(store: Store) -> None:
    store.write(Batch(steps=[a_step(2)]))
    store.close()


def _close(store: Store) -> None:
    store.close()


# --- What the public may not do


class TestPublic:
    """With a key that everybody may have, nothing is read and nothing is written."""

    @pytest.mark.parametrize("kind", ["publishable_key", "anon_key", "user"])
    def test_nothing_is_open(
        self, supabase_stack: SupabaseStack, store: Store, bucket: ScreenshotStore, kind: str
    ) -> None:
        """Every table, function and picture is tried in every way; each is refused."""
        step = a_step()
        shots, spans = [a_screenshot(step)], [a_span(7, 1, task_id="t1")]
        store.write(Batch(tasks=[a_task()], steps=[step], screenshots=shots, spans=spans))
        picture = bucket.save(SHA256, PICTURE)
        before = _dump(supabase_stack)

        headers = _headers(supabase_stack, kind)
        with httpx.Client(base_url=supabase_stack.url, headers=headers, timeout=PATIENCE_S) as c:
            for method, path, body in _attempts(supabase_stack, picture.path):
                answer = c.request(method, path, json=body)
                # Row security lets them through to no row, where the project grants them the table.
                is_empty = answer.is_success and answer.content in (b"", b"[]")
                assert is_empty or answer.status_code in (400, 401, 403, 404), (
                    method,
                    path,
                    answer,
                )
                assert "打开相机" not in answer.text
                assert PICTURE not in answer.content

        assert _dump(supabase_stack) == before


def _headers(stack: SupabaseStack, kind: str) -> dict[str, str]:
    if kind == "user":
        token = stack.user_token()
        return {"apikey": stack.publishable_key, "authorization": f"Bearer {token}"}
    key = getattr(stack, kind)
    return {"apikey": key, "authorization": f"Bearer {key}"}


def _attempts(stack: SupabaseStack, path: str) -> Iterator[tuple[str, str, Any]]:
    for table, column in _tables(stack):
        yield "GET", f"/rest/v1/{table}?select=*", None
        yield "POST", f"/rest/v1/{table}", {column: "evil"}
        yield "PATCH", f"/rest/v1/{table}?{column}=not.is.null", {column: "evil"}
        yield "DELETE", f"/rest/v1/{table}?{column}=not.is.null", None
    for name, arguments in _functions(stack):
        yield "POST", f"/rest/v1/rpc/{name}", dict.fromkeys(arguments)
    evil = {"tasks": [{"task_id": "evil", "status": "running"}], "task_steps": []}
    yield "POST", "/rest/v1/rpc/otel_steps_ingest", {"batch": evil}
    yield "POST", "/rest/v1/rpc/otel_steps_attach", {"batch": evil}
    objects = "/storage/v1/object"
    yield "GET", f"{objects}/otel-steps/{path}", None
    yield "GET", f"{objects}/authenticated/otel-steps/{path}", None
    yield "GET", f"{objects}/public/otel-steps/{path}", None
    yield "GET", f"{objects}/info/otel-steps/{path}", None
    yield "POST", f"{objects}/sign/otel-steps/{path}", {"expiresIn": 60}
    yield "POST", f"{objects}/list/otel-steps", {"prefix": path[:2], "limit": 10, "offset": 0}
    yield "POST", f"{objects}/otel-steps/evil.json", {"evil": True}
    yield "PUT", f"{objects}/otel-steps/{path}", {"evil": True}
    yield "DELETE", f"{objects}/otel-steps", {"prefixes": [path]}
    yield "DELETE", "/storage/v1/bucket/otel-steps", None
    yield "PUT", "/storage/v1/bucket/otel-steps", {"public": True}


def _dump(stack: SupabaseStack) -> list[list[tuple[Any, ...]]]:
    tables = [*COLUMNS, "storage.buckets"]
    rows = [sql(stack, f"SELECT * FROM {table} ORDER BY 1") for table in tables]
    return [*rows, sql(stack, "SELECT bucket_id, name, version FROM storage.objects ORDER BY 2")]


def _tables(stack: SupabaseStack) -> list[tuple[str, str]]:
    """Return each table, view and sequence of ours with its first column."""
    return sql(
        stack,
        "SELECT relname, attname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid "
        "WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S') "
        "AND attnum = 1",
    )


def _functions(stack: SupabaseStack) -> list[tuple[str, list[str]]]:
    """Return each function of ours with the names of its arguments."""
    return sql(
        stack,
        "SELECT proname, coalesce(proargnames[:pronargs], '{}') FROM pg_proc "
        "WHERE pronamespace = 'public'::regnamespace",
    )


def test_all_that_there_is_is_tried(supabase_stack: SupabaseStack) -> None:
    """What is tried is read from the catalogue: a table or function that is added is covered."""
    assert set(COLUMNS) <= {table for table, _ in _tables(supabase_stack)}
    functions = {name for name, _ in _functions(supabase_stack)}
    assert {"otel_steps_ingest", "otel_steps_attach", "otel_steps_count"} <= functions


@pytest.mark.parametrize("role", ["anon", "authenticated"])
def test_the_catalogue_grants_the_public_nothing(supabase_stack: SupabaseStack, role: str) -> None:
    """No right on any table, column, sequence or function, and row security on every table."""
    granted = sql(
        supabase_stack,
        f"""
        SELECT relname::text FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND CASE
            WHEN relkind = 'S'
            THEN has_sequence_privilege('{role}', oid, 'USAGE, SELECT, UPDATE')
            WHEN relkind IN ('r', 'p', 'v', 'm', 'f')
            THEN has_any_column_privilege('{role}', oid, 'SELECT, INSERT, UPDATE, REFERENCES')
                OR has_table_privilege('{role}', oid, 'DELETE, TRUNCATE, TRIGGER')
                OR (relkind IN ('r', 'p') AND NOT relrowsecurity)
            ELSE false
        END
        UNION ALL
        SELECT proname::text FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace
            AND has_function_privilege('{role}', oid, 'EXECUTE')
        """,
    )

    assert granted == []
