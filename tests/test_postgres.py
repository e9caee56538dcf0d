"""The store in PostgreSQL: the contract, and what only a server can suffer."""

import itertools
import json
import multiprocessing
import os
import random
import re
import socket
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from otel_steps.config import ConfigError, resolve
from otel_steps.migrations import runner
from otel_steps.pictures.location import folder_of
from otel_steps.rows.model import Batch, ScreenshotRow, SpanRow, StepRow, TaskRow
from otel_steps.rows.tables import COLUMNS
from otel_steps.stores import (
    RowRejected,
    Store,
    StoreOnHold,
    StoreUnavailable,
    TaskQuery,
    open_database,
)
from otel_steps.stores.contract import Overlapping, Written
from otel_steps.stores.postgres import transactions
from otel_steps.stores.postgres.errors import connect_error, store_error
from otel_steps.stores.postgres.store import PostgresStore
from otel_steps.stores.shared import ingest
from tests.archiving_contract import ArchivingContract
from tests.commands import command
from tests.patience import PATIENCE_S
from tests.removal_contract import RemovalContract
from tests.store_contract import (
    SHA,
    StoreContract,
    a_running_step,
    a_screenshot,
    a_span,
    a_step,
    a_task,
    an_implicit_task,
    at,
    known_task,
)
from tests.supabase.postgres import Postgres
from tests.view_contract import ViewContract

pytest_plugins = ["tests.supabase.fixtures"]

posix = pytest.mark.skipif(os.name != "posix", reason="POSIX file modes, fork or open files")
_fresh_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def migrated(postgres_server: Postgres) -> Iterator[str]:
    """Give the URL of a database with our tables."""
    with postgres_server.empty_database() as url:
        runner.apply(url)
        yield url


@pytest.fixture
def database(migrated: str) -> str:
    """Return the URL of a database whose tables are empty."""
    run(migrated, f"TRUNCATE {', '.join(COLUMNS)}, otel_steps_span_pictures")
    return migrated


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    """Open an empty store."""
    store = open_database(database)
    yield store
    store.close()


def run(url: str, sql: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.encode())


def cut_connections(url: str) -> None:
    """End every connection to the database, as a restart of the server would."""
    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    run(url, f"SELECT pg_terminate_backend(pid, 5000) {others}")


class TestPostgresStore(StoreContract):
    """PostgreSQL keeps what every store promises."""


def test_something_else_is_done_while_the_database_works(database: str, store: Store) -> None:
    """`work` comes between the batch and the answer: here it lets the transaction go on."""
    assert isinstance(store, Overlapping)
    batch = _batch([a_step(1)])
    with psycopg.connect(database) as other:
        other.execute("LOCK TABLE task_steps")

        written = store.write_meanwhile(batch, other.commit)

    assert written == Written(stored=1, known=0)
    assert store.count_steps("t1") == 1


class TestPostgresArchiving(ArchivingContract):
    """PostgreSQL archives as every store does."""


class TestPostgresRemoval(RemovalContract):
    """PostgreSQL removes as every store does."""

    @pytest.fixture(autouse=True)
    def _database(self, database: str) -> None:
        self.url = database

    def spoil_totals(self, store: Store, task_ids: Sequence[str]) -> None:
        """Make the totals of tasks wrong."""
        names = ", ".join(f"'{task_id}'" for task_id in task_ids)
        run(self.url, f"UPDATE tasks SET total_steps = 7 WHERE task_id IN ({names})")


class TestPostgresViews(ViewContract):
    """PostgreSQL answers a viewer as every store does."""


# --- The same rows as SQLite's

_words = st.sampled_from(["想", "a", "", "\u202e\n", None])
_statuses = st.sampled_from(["running", "interrupted", "completed", "failed", "max_steps"])
_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(-1e6, 1e6)
    | st.sampled_from(["x", "中"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab中"), inner, max_size=3),
    max_leaves=5,
)


@st.composite
def batches(draw: st.DrawFn) -> list[Batch]:
    """Return rows about few tasks, steps and spans, in batches of any cut and order."""
    number = next(_fresh_numbers)
    rows = draw(st.lists(_row(number), min_size=1, max_size=12))
    random.Random(draw(st.integers(0, 99))).shuffle(rows)
    size = draw(st.integers(1, len(rows)))
    parts = [rows[start : start + size] for start in range(0, len(rows), size)]
    return [_batch(part) for part in (*parts, *draw(st.permutations(parts)))]


@st.composite
def _row(draw: st.DrawFn, number: int) -> TaskRow | StepRow | ScreenshotRow | SpanRow:
    task_id = f"{number}-{draw(st.integers(1, 2))}"
    trace_id = f"{number:030x}0{draw(st.integers(1, 2))}"
    start = draw(st.integers(0, 4))
    kind = draw(st.sampled_from(["task", "implicit", "step", "screenshot", "span"]))
    if kind == "task":
        times = {"created_at": at(start), "last_activity": at(draw(st.integers(start, 9)))}
        words = {"result": draw(_words), "config": draw(st.none() | st.just({"a": 1}))}
        return a_task(task_id, status=draw(_statuses), trace_id=trace_id, **times, **words)
    if kind == "implicit":
        return an_implicit_task(task_id, created_at=at(start), trace_id=trace_id)
    step = a_step(
        draw(st.integers(1, 3)),
        task_id,
        trace_id=trace_id,
        status=draw(_statuses | st.none()),
        success=draw(st.sampled_from([True, False, None])),
        duration_ms=draw(st.none() | st.integers(0, 999)),
        started_at=at(start),
        ended_at=draw(st.sampled_from([None, at(7)])),
        thinking=draw(_words),
        action=draw(_json),
        attributes=draw(st.none() | st.just({"b": [1, 2.5]})),
        model=draw(st.sampled_from([None, "m"])),
        input_tokens=draw(st.none() | st.integers(0, 9)),
        output_tokens=draw(st.none() | st.integers(0, 9)),
    )
    if kind == "step":
        return step
    if kind == "screenshot":
        return a_screenshot(step, remote_url=draw(st.sampled_from([None, "s3://b/k"])))
    span = a_span(draw(st.integers(4, 6)), draw(st.integers(0, 6)), trace_id=trace_id)
    named, ended_at = draw(st.sampled_from([None, task_id])), draw(st.sampled_from([None, at(8)]))
    return replace(span, task_id=named, ended_at=ended_at)


def _batch(rows: list[Any]) -> Batch:
    def of(kind: type, *key: str) -> list[Any]:
        own = [row for row in rows if isinstance(row, kind)]
        # A batch has each row once.
        return list({tuple(getattr(row, name) for name in key): row for row in own}.values())

    return Batch(
        tasks=of(TaskRow, "task_id"),
        steps=of(StepRow, "id"),
        screenshots=of(ScreenshotRow, "id"),
        spans=of(SpanRow, "trace_id", "span_id"),
    )


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(batches=batches())
def test_rows_are_those_of_the_embedded_store(store: Store, batches: list[Batch]) -> None:
    """Whatever arrives, in any order and as often as may be, both stores say the same."""
    sqlite = open_database(settings=resolve())
    tasks = {row.task_id for batch in batches for row in batch.tasks}
    tasks |= {row.task_id for batch in batches for row in batch.steps}

    for batch in batches:
        assert store.write(batch) == sqlite.write(batch)

    for task_id in tasks:
        assert store.report(task_id) == sqlite.report(task_id)
        assert store.spans(task_id) == sqlite.spans(task_id)
        assert store.screenshots(task_id) == sqlite.screenshots(task_id)
        assert store.steps(task_id, limit=2, offset=1) == sqlite.steps(task_id, limit=2, offset=1)
    assert store.tasks(limit=10**6) == sqlite.tasks(limit=10**6)
    assert store.statistics() == sqlite.statistics()
    assert store.usage(sorted(tasks)) == sqlite.usage(sorted(tasks))
    assert store.usage_by_day() == sqlite.usage_by_day()
    sqlite.close()


def test_spans_of_one_moment_are_in_the_order_of_their_traces(store: Store) -> None:
    """Two traces of a task may have spans of the same id and time; their order is no accident."""
    sqlite = open_database(settings=resolve())
    traces = ["02" * 16, "01" * 16, "03" * 16]

    for each in (store, sqlite):
        for trace_id in traces:
            each.write(Batch(spans=[a_span(7, None, task_id="t1", trace_id=trace_id)]))
        assert [span["trace_id"] for span in each.spans("t1")] == sorted(traces)

    sqlite.close()


def ask(connection: psycopg.Connection[Any], batch: Batch) -> None:
    """Store *batch* in the transaction of *connection*."""
    connection.execute("SELECT otel_steps_ingest(%s::jsonb)", [ingest.encode(batch).decode()])


def test_a_batch_may_come_as_a_json_string(database: str, store: Store) -> None:
    """A client that encodes twice is understood."""
    text = ingest.encode(Batch(tasks=[a_task()], steps=[a_step()])).decode()
    with psycopg.connect(database) as connection:
        answer = connection.execute("SELECT otel_steps_ingest(%s)", [Jsonb(text)]).fetchone()

    assert answer == ({"stored": 2, "known": 0},)
    assert known_task(store)["total_steps"] == 1


@pytest.mark.parametrize("batch", ["[]", "null", "7", '"[]"'])
def test_what_is_no_batch_is_refused(database: str, batch: str) -> None:
    """The function stores nothing rather than guess."""
    with psycopg.connect(database) as connection, pytest.raises(psycopg.DataError):
        connection.execute("SELECT otel_steps_ingest(%s::jsonb)", [batch])


@pytest.mark.parametrize("are_named", [True, False])
def test_a_column_more_needs_no_new_function(postgres_server: Postgres, are_named: bool) -> None:
    """What a batch names is stored; what it leaves out keeps its default, and its value later."""
    with postgres_server.empty_database() as url:
        runner.apply(url)
        run(url, "ALTER TABLE task_steps ADD COLUMN battery INTEGER, ADD mine INTEGER DEFAULT 7")
        for step in (a_running_step(), a_step()):
            batch = json.loads(ingest.encode(Batch(tasks=[a_task()], steps=[step])))
            batch["columns"]["task_steps"].append("battery")
            batch["task_steps"][0]["battery"] = 83
            if not are_named:
                del batch["columns"]
            with psycopg.connect(url) as connection:
                connection.execute("SELECT otel_steps_ingest(%s)", [Jsonb(batch)])
                connection.execute("UPDATE task_steps SET mine = mine + 1")

        with psycopg.connect(url) as connection:
            rows = connection.execute("SELECT status, battery, mine FROM task_steps").fetchall()
        assert rows == [("completed", 83, 9)]


def test_a_column_that_the_database_lacks_waits_for_migrate(postgres_server: Postgres) -> None:
    """No value is dropped silently: the batch is held, and the remedy is named."""
    with postgres_server.empty_database() as url:
        runner.apply(url)
        run(url, "ALTER TABLE task_steps DROP COLUMN timings")
        store = open_database(url)
        with pytest.raises(StoreOnHold) as held:
            store.write(Batch(tasks=[a_task()], steps=[a_step(timings={"model_ms": 1})]))
        store.close()

    assert "otel-steps migrate" in held.value.remedy


def test_an_endless_total_refuses_no_step(store: Store) -> None:
    """A sum that is too long for its column stays at the largest that fits."""
    steps = [a_step(number, duration_ms=2**31 - 1) for number in (1, 2)]

    store.write(Batch(tasks=[a_task()], steps=steps))

    assert known_task(store)["total_duration_ms"] == 2**31 - 1


def test_a_batch_costs_the_same_however_long_its_task_is(store: Store, database: str) -> None:
    """It reads rows of its own: not the other steps, nor a whole table by a plan made long ago."""
    read = []
    with psycopg.connect(database) as connection:
        for number in range(1, 300):
            steps = [a_step(number), a_running_step(number + 1)]
            task = a_task(status="running", last_activity=at(number))
            counts = counted(connection, Batch(tasks=[task], steps=steps))
            read.append(counts["read"])

    assert known_task(store)["total_steps"] == 300
    assert read[-1] <= max(read[1:20])  # by then its plans are those that stay


def test_what_goes_on_writes_no_index(database: str) -> None:
    """The next version of a row lies beside the last: nothing that changes is in an index."""
    counts: Counter[str] = Counter()
    with psycopg.connect(database) as connection:
        for number in range(1, 60):
            for step in (a_running_step(number), a_step(number)):
                task = a_task(status="running", last_activity=at(number))
                counts += counted(connection, Batch(tasks=[task], steps=[step]))
        counts += counted(connection, Batch(tasks=[a_task()]))

    assert counts["updated"] > 100
    assert counts["hot"] / counts["updated"] > 0.9


def counted(connection: psycopg.Connection[Any], batch: Batch) -> Counter[str]:
    """Store *batch* and count what that has done to rows of tasks and steps."""
    ask(connection, batch)
    (counts,) = connection.execute(
        "SELECT jsonb_build_object('read', sum(seq_tup_read + idx_tup_fetch), "
        "'updated', sum(n_tup_upd), 'hot', sum(n_tup_hot_upd)) "
        "FROM pg_stat_xact_user_tables WHERE relname IN ('tasks', 'task_steps')"
    ).fetchone() or ({},)
    # Else the next transaction of this session would count on from there.
    connection.execute("SELECT pg_stat_force_next_flush()")
    connection.commit()
    return Counter(counts)


def test_a_persons_words_are_never_touched(database: str, store: Store) -> None:
    """Tags and notes stay, whatever is written to their task."""
    store.write(Batch(tasks=[a_task()]))
    run(database, """UPDATE tasks SET tags = '["红"]', notes = 'mine'""")

    store.write(Batch(tasks=[a_task(status="completed")], steps=[a_step()]))

    task = known_task(store)
    assert (task["tags"], task["notes"], task["status"]) == (["红"], "mine", "completed")


def test_a_screenshot_is_named_by_the_file_to_open(store: Store) -> None:
    """A path is stored relative to the folder of pictures and read absolute."""
    store.write(Batch(steps=[a_step(screenshot_path="01/x.webp")]))

    expected = str(resolve().dir / "screenshots" / "01" / "x.webp")
    assert store.steps("t1")[0]["screenshot_path"] == expected


def test_times_are_utc_whatever_the_server_thinks(database: str) -> None:
    """The time zone of a session does not show."""
    store = open_database(f"{database}?options=-c%20timezone%3DAsia/Shanghai")
    store.write(Batch(tasks=[a_task()]))

    assert known_task(store)["created_at"] == at(0)
    store.close()


@pytest.mark.parametrize("time", ["infinity", "-infinity", "0044-03-15 BC", "20000-01-01"])
def test_a_time_that_no_calendar_has_takes_nothing_down(
    database: str, store: Store, time: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is None, and every reader still answers: lists, reports, indexes, exports, commands."""
    step = a_step()
    store.write(Batch(tasks=[a_task(), a_task("t2")], steps=[step], spans=[a_span(7, 1)]))
    run(
        database,
        f"UPDATE tasks SET created_at = '{time}', last_activity = '{time}', end_time = '{time}',"
        f" last_step_at = '{time}' WHERE task_id = 't1';"
        f"UPDATE task_steps SET created_at = '{time}', started_at = '{time}', ended_at = '{time}';"
        f"UPDATE task_spans SET started_at = '{time}', ended_at = '{time}'",
    )

    assert {task["task_id"] for task in store.tasks()} == {"t1", "t2"}
    assert store.find_tasks(TaskQuery()).total == 2
    assert known_task(store)["created_at"] is None
    assert store.steps("t1")[0]["started_at"] is None
    assert store.index("t1") is not None
    assert len(store.spans("t1")) == 1
    assert store.report("t1") is not None
    monkeypatch.setenv("OTEL_STEPS_STORE", database)
    for words in (("tasks",), ("tasks", "--json"), ("report", "t1")):
        assert command(*words).status == 0
    for kind in ("html", "json", "otlp"):
        assert command("export", "t1", "--format", kind, "--output", "-").status == 0


def answers(store: Store) -> list[object]:
    """Return what a store has to say that may be more than a page."""
    task_ids = [task["task_id"] for task in store.tasks()]
    return [task_ids, store.steps("t1"), store.screenshots("t1"), store.spans("t1")]


@pytest.mark.parametrize("page_rows", [1, 2, 7])
def test_pages_make_up_the_whole(
    store: Store, monkeypatch: pytest.MonkeyPatch, page_rows: int
) -> None:
    """However long a page is: the same rows in the same order."""
    steps = [a_step(number) for number in range(1, 8)]
    store.write(
        Batch(
            tasks=[a_task(f"t{number}") for number in range(1, 8)],
            steps=steps,
            screenshots=[a_screenshot(step) for step in steps],
            spans=[a_span(50 + number, number) for number in range(1, 8)],
        )
    )
    whole, report = answers(store), store.report("t1")
    assert [len(answer) for answer in whole if isinstance(answer, list)] == [7, 7, 7, 7]

    monkeypatch.setattr(PostgresStore, "page_rows", page_rows)

    assert answers(store) == whole
    assert store.report("t1") == report
    assert store.steps("t1", limit=3, offset=2) == store.steps("t1")[2:5]


def test_no_row_is_twice_where_one_arrives_between_pages(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What arrives before the rows that were read moves the last of them to the next page."""
    store = open_database(database)
    store.write(Batch(tasks=[a_task()], steps=[a_step(number) for number in range(10, 15)]))
    late = Batch(tasks=[an_implicit_task()], steps=[a_step(1)])
    ask = PostgresStore._ask

    def ask_amid_writers(self: PostgresStore, function: str, arguments: dict[str, Any]) -> Any:
        answer = ask(self, function, arguments)
        self.write(late)
        return answer

    monkeypatch.setattr(PostgresStore, "page_rows", 2)
    monkeypatch.setattr(PostgresStore, "_ask", ask_amid_writers)

    numbers = [step["step_number"] for step in store.steps("t1")]

    assert numbers == [10, 11, 12, 13, 14]
    store.close()


def test_many_writers_of_one_task_count_each_others_steps(store: Store, database: str) -> None:
    """Totals are right after every write, also where writers meet; readers see whole batches."""
    start = threading.Barrier(7)
    stores = [open_database(database) for _ in range(3)]

    def write(part: int) -> None:
        start.wait(PATIENCE_S)
        for number in range(10):
            steps = [a_step(part * 100 + number * 10 + each) for each in (1, 2)]
            stores[part % 3].write(Batch(tasks=[an_implicit_task()], steps=steps))

    def read() -> list[int]:
        start.wait(PATIENCE_S)
        return [len(store.steps("t1")) for _ in range(20)]

    with ThreadPoolExecutor(7) as pool:
        writing = [pool.submit(write, part) for part in range(6)]
        reading = pool.submit(read)
        for each in writing:
            each.result(60)
        seen = reading.result(60)

    assert known_task(store)["total_steps"] == store.count_steps("t1") == 120
    assert seen == sorted(seen)
    assert all(count % 2 == 0 for count in seen)
    for opened in stores:
        opened.close()


def test_a_writer_counts_what_it_has_waited_for(store: Store, database: str) -> None:
    """Two writers of one task take turns, and the second one counts the steps of the first."""
    store.write(Batch(tasks=[a_task()]))
    # Without a row for the task: such a row would make the second one wait in any case.
    first, second = (Batch(steps=[a_step(number)]) for number in (1, 2))
    with psycopg.connect(database) as other, ThreadPoolExecutor() as pool:
        ask(other, first)
        writing = pool.submit(store.write, second)
        _wait_until(other, "SELECT count(*) > 0 FROM pg_locks WHERE NOT granted")
        other.commit()
        writing.result(10)

    assert known_task(store)["total_steps"] == 2


# --- A server that goes away


def test_a_cut_connection_is_replaced_at_once(store: Store, database: str) -> None:
    """After a restart of the server neither a write nor a read fails."""
    store.write(Batch(steps=[a_step(1)]))
    cut_connections(database)
    assert store.write(Batch(steps=[a_step(2)])).stored == 1

    cut_connections(database)
    assert store.count_steps("t1") == 2


def test_a_stopped_server_is_waited_for(postgres_server: Postgres, database: str) -> None:
    """While it is down a call fails as one that may work later; then the same store works."""
    store = open_database(database)
    postgres_server.stop(immediate=True)
    try:
        for _ in range(2):
            with pytest.raises(StoreUnavailable, match=r"127\.0\.0\.1"):
                store.write(Batch(steps=[a_step()]))
        with pytest.raises(StoreUnavailable, match="Connection refused"):
            open_database(database)
    finally:
        postgres_server.start()

    assert store.write(Batch(steps=[a_step()])).stored == 1
    store.close()


def test_a_slow_write_is_cut_short(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A statement that takes too long is given up, and a smaller batch is suggested."""
    store = open_database(database)
    with psycopg.connect(database) as in_the_way, monkeypatch.context() as patch:
        in_the_way.execute("LOCK TABLE task_steps")
        patch.setattr(transactions, "STATEMENT_TIMEOUT_S", 0.1)

        with pytest.raises(StoreUnavailable, match="57014") as cut:
            store.write(Batch(steps=[a_step()]))

    assert cut.value.halve
    assert store.write(Batch(steps=[a_step()])).stored == 1
    store.close()


def test_connections_do_not_pile_up(database: str) -> None:
    """However many read at once, few connections stay open, and none after closing."""
    store = open_database(database)
    with psycopg.connect(database, autocommit=True) as watch, ThreadPoolExecutor(9) as pool:
        watch.execute("BEGIN; LOCK TABLE tasks")
        reading = [pool.submit(store.tasks) for _ in range(9)]
        _wait_until(watch, "SELECT count(*) = 9 FROM pg_locks WHERE NOT granted")
        watch.execute("COMMIT")
        assert [each.result(10) for each in reading] == [[]] * 9
        ours = (
            "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        _wait_until(watch, f"SELECT count(*) = 4 {ours}")
        store.close()
        _wait_until(watch, f"SELECT count(*) = 0 {ours}")


def test_who_works_is_told_and_who_waits_is_not(database: str) -> None:
    """The server names who holds a lock; the name that the URL gives wins."""
    names = {database: "otel-steps", f"{database}?application_name=mine": "mine"}
    for url, name in names.items():
        store = open_database(url)
        ask = store._connections.ask  # type: ignore[attr-defined]
        assert ask("SELECT current_setting('application_name')") == [(name,)]
        store.close()


@pytest.mark.skipif(sys.platform != "linux", reason="libpq traces on Linux only")
def test_a_call_is_one_round_trip(store: Store, tmp_path: Path) -> None:
    """Its transaction and its limits cost no wait, and nothing goes out after its end."""
    calls: list[Callable[[], object]] = [
        lambda: store.write(Batch(tasks=[a_task()], steps=[a_step()])),
        store.tasks,
        store.facets,
        store.statistics,
        lambda: store.usage(["t1"]),
        store.version,
        lambda: store.report("t1"),
    ]
    for call in calls:
        messages = _messages(store, call, tmp_path / "trace")
        directions = [key for key, _ in itertools.groupby(messages, lambda each: each[0])]
        assert directions == ["F", "B"]
        # A pool may take a server's connection for it, and keep it.
        assert ("F", "Flush") not in messages


def _messages(store: Store, call: Callable[[], object], file: Path) -> list[tuple[str, str]]:
    """Return who has said what on the wire, F(rontend) or B(ackend), during *call*."""
    connection = store._connections._idle[0]  # type: ignore[attr-defined]
    with file.open("wb") as trace:
        connection.pgconn.trace(trace.fileno())
        call()
        connection.pgconn.untrace()
    return re.findall(r"^\S+ \S+\t([FB])\t\d+\t(\w+)", file.read_text("utf-8"), re.MULTILINE)


def _wait_until(connection: psycopg.Connection[Any], question: str) -> None:
    for _ in range(500):
        if connection.execute(question.encode()).fetchone() == (True,):
            return
        threading.Event().wait(0.02)
    raise AssertionError(question)


def test_a_closed_store_says_so(store: Store) -> None:
    """What comes after closing may work with the next store."""
    store.close()

    with pytest.raises(StoreUnavailable, match="closed"):
        store.write(Batch(steps=[a_step()]))


def test_work_under_way_ends_after_closing(database: str) -> None:
    """Closing waits for nobody, and a read that has begun still answers."""
    store = open_database(database)
    with psycopg.connect(database, autocommit=True) as watch, ThreadPoolExecutor() as pool:
        watch.execute("BEGIN; LOCK TABLE tasks")
        reading = pool.submit(store.tasks)
        _wait_until(watch, "SELECT count(*) = 1 FROM pg_locks WHERE NOT granted")
        store.close()
        watch.execute("COMMIT")
        assert reading.result(10) == []


@posix
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_child_uses_connections_of_its_own(store: Store) -> None:
    """Parent and child write to one store, and the child's end does not cut the parent off."""
    store.write(Batch(tasks=[a_task()], steps=[a_step(1)]))
    pid = _backend(store)
    context = multiprocessing.get_context("fork")
    for target in (_write_and_close, _close):
        child = context.Process(target=target, args=(store, pid))
        child.start()
        child.join(PATIENCE_S)
        assert child.exitcode == 0

    assert store.write(Batch(steps=[a_step(3)])).stored == 1
    assert [step["step_number"] for step in store.steps("t1")] == [1, 2, 3]
    assert _backend(store) == pid


def _write_and_close(store: Store, parent_pid: int) -> None:
    store.write(Batch(steps=[a_step(2)]))
    assert _backend(store) != parent_pid
    store.close()


def _close(store: Store, parent_pid: int) -> None:
    store.close()


def _backend(store: Store) -> int:
    """Return the process that serves *store*'s idle connection."""
    ((pid,),) = store._connections.ask("SELECT pg_backend_pid()")  # type: ignore[attr-defined]
    return int(pid)


# --- A database that is not ours


def test_a_database_without_tables_is_on_hold(postgres_server: Postgres) -> None:
    """The message names the database, the remedy the command."""
    with (
        postgres_server.empty_database() as url,
        pytest.raises(StoreOnHold, match=r"42883|3F000") as held,
    ):
        open_database(url)

    assert "otel-steps migrate" in held.value.remedy


def test_an_older_database_is_on_hold(postgres_server: Postgres) -> None:
    """Tables of an earlier version are for a person to migrate, before any row is lost."""
    with postgres_server.empty_database() as url:
        runner.apply(url)
        run(
            url,
            "CREATE OR REPLACE FUNCTION otel_steps_schema_version() RETURNS INTEGER "
            "LANGUAGE sql AS 'SELECT 0'",
        )
        with pytest.raises(StoreOnHold, match="version 0") as held:
            open_database(url)

    assert "otel-steps migrate" in held.value.remedy


@pytest.mark.parametrize(
    "damage", ["ALTER TABLE task_steps DROP COLUMN app", "DROP TABLE task_steps CASCADE"]
)
def test_tables_that_are_lost_later_are_on_hold(postgres_server: Postgres, damage: str) -> None:
    """A table or a column that disappears costs no row: all waits for a person."""
    with postgres_server.empty_database() as url:
        runner.apply(url)
        store = open_database(url)
        run(url, damage)
        with pytest.raises(StoreOnHold, match=r"\(42[0-9P]+\)") as held:
            store.write(Batch(steps=[a_step()]))
        store.close()

    assert "otel-steps migrate" in held.value.remedy


def test_a_rule_of_the_table_is_named_and_the_row_is_not(database: str, store: Store) -> None:
    """A refusal names SQLSTATE and constraint, and nothing of the row."""
    run(database, "ALTER TABLE task_steps ADD CONSTRAINT no_secrets CHECK (thinking <> 'hunter2')")
    try:
        with pytest.raises(RowRejected, match=r"no_secrets.*23514") as refused:
            store.write(Batch(steps=[a_step(thinking="hunter2")]))
    finally:
        run(database, "ALTER TABLE task_steps DROP CONSTRAINT no_secrets")

    assert refused.value.code == "23514"
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"thinking": "\0"}, "22P05"),
        ({"id": "no-uuid"}, "22P02"),
        ({"started_at": "yesterday or so"}, "22007"),
        ({"duration_ms": 2**40}, "22003"),
        ({"step_data": None}, "23502"),
        ({"task_id": "".join(chr(33 + n * 7919 % 20000) for n in range(20_000))}, "54000"),
    ],
)
def test_a_row_that_cannot_be_held_is_refused(store: Store, row: dict[str, Any], code: str) -> None:
    """Each has its code, for the dead letter; the batch is not stored."""
    with pytest.raises(RowRejected) as refused:
        store.write(Batch(tasks=[a_task()], steps=[a_step(**row)]))

    assert refused.value.code == code
    assert store.tasks() == []


@pytest.mark.parametrize("value", [float("nan"), "\ud83d", 10**5000], ids=type)
def test_a_value_that_is_no_json_names_no_value(store: Store, value: Any) -> None:
    """What the encoder refuses is the row's fault."""
    with pytest.raises(RowRejected):
        store.write(Batch(steps=[a_step(attributes={"key": value})]))


@pytest.mark.parametrize(
    ("code", "kind", "halve"),
    [
        ("08006", StoreUnavailable, False),
        ("25006", StoreUnavailable, False),
        ("40001", StoreUnavailable, False),
        ("40P01", StoreUnavailable, False),
        ("53100", StoreUnavailable, False),
        ("53200", StoreUnavailable, True),
        ("55P03", StoreUnavailable, False),
        ("57014", StoreUnavailable, True),
        ("57P03", StoreUnavailable, False),
        ("58030", StoreUnavailable, False),
        ("XX000", StoreUnavailable, False),
        ("28P01", StoreOnHold, None),
        ("3D000", StoreOnHold, None),
        ("3F000", StoreOnHold, None),
        ("42501", StoreOnHold, None),
        ("42P01", StoreOnHold, None),
        ("42703", StoreOnHold, None),
        ("42883", StoreOnHold, None),
        ("21000", RowRejected, None),
        ("22P05", RowRejected, None),
        ("23505", RowRejected, None),
        ("54000", RowRejected, None),
        ("P0001", RowRejected, None),
    ],
)
def test_every_code_means_one_thing(code: str, kind: type[Exception], halve: bool | None) -> None:
    """Wait, ask a person, or set the row aside: the code decides, and it is told."""
    for translate in (store_error, connect_error):
        error = translate(psycopg.errors.lookup(code)("hunter2"), "PostgreSQL at h/d")

        assert type(error) is kind
        assert code in str(error)
        assert "hunter2" not in str(error)
        assert getattr(error, "halve", None) == halve


# --- Opening


@pytest.mark.parametrize("part", ["nobody@", "postgres@"])
def test_a_user_or_database_that_is_not_there_is_on_hold(
    postgres_server: Postgres, part: str
) -> None:
    """What is misspelt is for a person to put right."""
    url = postgres_server.dsn.replace("postgres@", part)
    url = url if part == "nobody@" else f"{url}_nowhere"

    with pytest.raises(StoreOnHold, match="does not exist") as held:
        open_database(url)

    assert "OTEL_STEPS_STORE" in held.value.remedy


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        ('FATAL:  password authentication failed for user "me"', "password"),
        ("FATAL:  Tenant or user not found", "dashboard of Supabase"),
    ],
)
def test_a_login_that_is_refused_is_on_hold(words: str, remedy: str) -> None:
    """The words of a refusal decide: a refused connection has no code."""
    error = connect_error(psycopg.OperationalError(f"connection failed: {words}"), "h/d")

    assert isinstance(error, StoreOnHold)
    assert words in str(error)
    assert remedy in error.remedy


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://me:hunter2@127.0.0.1:1", r"127\.0\.0\.1 .*refused; is the server running"),
        ("postgresql://me:hunter2@nobody.invalid/d", r"nobody\.invalid/d .*; .*paused or deleted"),
        ("postgresql://me:hunter2@/d?host=/nowhere", "No such file.*; is the server running"),
        ("postgres:///?port=1&host=&connect_timeout=2", "the default host cannot be reached"),
    ],
)
def test_a_server_that_is_not_there_is_waited_for(url: str, words: str) -> None:
    """Nobody listens yet: it may come. What has happened is named, and what to look at."""
    with pytest.raises(StoreUnavailable, match=f"(?s)PostgreSQL at .*{words}") as failed:
        open_database(url)

    assert "hunter2" not in str(failed.value)


def test_a_server_that_takes_no_connection_is_given_up() -> None:
    """It accepts, and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(StoreUnavailable, match="timeout expired; is a firewall in the way"):
            open_database(f"postgresql://me@127.0.0.1:{port}/d?connect_timeout=2")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:hun@ter2@h/d",
        "postgresql://me:hunter2/@h/d",
        "postgresql://me:hunter2@h/d?no_such=1",
        "postgresql://me:hunter2@h:many/d",
        "postgresql://me:hunter2%zz@h/d",
    ],
)
def test_a_url_that_cannot_be_read_is_not_shown(url: str) -> None:
    """A special character may have put the password anywhere, so nothing is quoted."""
    with pytest.raises(ConfigError, match="percent-encoded") as refused:
        open_database(url)

    assert "ter2" not in str(refused.value)
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


def test_several_hosts_are_one_place() -> None:
    """A URL may name a primary and its standby."""
    with pytest.raises(StoreUnavailable, match=r"127\.0\.0\.1,127\.0\.0\.1/d"):
        open_database("postgresql://127.0.0.1:1,127.0.0.1:2/d")


def test_a_missing_driver_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever lacks the package is told the command."""
    for name in [name for name in sys.modules if name.split(".")[0] == "psycopg"]:
        monkeypatch.setitem(sys.modules, name, None)

    with pytest.raises(StoreOnHold, match="psycopg") as held:
        open_database("postgresql://h/d")

    assert "pip install 'otel-steps[postgres]'" in held.value.remedy


@pytest.mark.parametrize(
    "answer", [None, {}, {"stored": 1}, {"stored": 1, "known": 1}, [], "<html>", {"stored": "1"}]
)
def test_only_a_full_confirmation_counts(answer: Any) -> None:
    """Any other answer than the counts of all rows means that they are sent again."""
    with pytest.raises(StoreUnavailable, match="does not confirm 1"):
        ingest.written(answer, Batch(steps=[a_running_step()]))


# --- The folder of pictures


def test_pictures_lie_where_the_settings_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the data folder, or in the folder that a path or a file URL names."""
    monkeypatch.chdir(tmp_path)

    assert folder_of(resolve()) == resolve().dir / "screenshots"
    assert folder_of(resolve(screenshot_url="pictures")) == tmp_path / "pictures"
    for url in ((tmp_path / "中 x").as_uri(), f"file://localhost{(tmp_path / '中 x').as_posix()}"):
        assert folder_of(resolve(screenshot_url=url)) == tmp_path / "中 x"


@pytest.mark.parametrize("url", ["nowhere://key:hunter2@bucket/x", "file://elsewhere/x", "file:"])
def test_pictures_elsewhere_are_refused(url: str) -> None:
    """What is no folder is a mistake, told without a secret."""
    with pytest.raises(ConfigError, match="OTEL_STEPS_SCREENSHOT_URL") as refused:
        folder_of(resolve(screenshot_url=url))

    assert "hunter2" not in str(refused.value)


def test_pictures_of_the_store_are_in_that_folder(database: str, tmp_path: Path) -> None:
    """The store reads paths as below the folder that the settings name."""
    chosen = resolve(store=database, screenshot_url=str(tmp_path / "pictures"))
    store = open_database(settings=chosen)
    step = a_step()
    store.write(Batch(steps=[step], screenshots=[a_screenshot(step)]))

    (picture,) = store.screenshots("t1")
    store.close()
    assert picture["screenshot_path"] == str(tmp_path / "pictures" / "01" / f"{SHA}.webp")
