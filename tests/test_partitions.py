"""Steps kept apart by month (`migrate --with monthly-partitions`): all else stays as it was."""

import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from otel_steps.config import resolve
from otel_steps.migrations import runner
from otel_steps.retention import remove
from otel_steps.rows.ids import step_id
from otel_steps.rows.model import Batch, StepRow
from otel_steps.rows.tables import COLUMNS
from otel_steps.stores import Store, open_database
from otel_steps.stores.pictures import open_screenshots
from tests.archiving_contract import ArchivingContract
from tests.removal_contract import RemovalContract, a_shot, pictured, unneeded, write
from tests.store_contract import StoreContract, a_running_step, a_step, a_task, known_task
from tests.supabase.databases import as_role, rows, run
from tests.supabase.postgres import Postgres
from tests.view_contract import ViewContract

pytest_plugins = ["tests.supabase.fixtures"]

NOW = datetime.now(UTC)
PARTITIONS = "SELECT inhrelid::REGCLASS::TEXT FROM pg_inherits WHERE inhparent = '{}'::REGCLASS"


def partition(url: str, schema: str = "public") -> None:
    """Do as `otel-steps migrate --with monthly-partitions`."""
    runner.apply(url, schema=schema, extras=[runner.optional()["monthly-partitions"]])


def months(url: str, table: str = "task_steps") -> list[str]:
    """Return the partitions."""
    found = (name for (name,) in rows(url, PARTITIONS.format(table)))
    return sorted(name.rpartition("task_steps_")[2] for name in found)


def ago(months: int) -> datetime:
    """Return a moment in the middle of a month."""
    at = NOW.replace(day=15)
    for _ in range(months):
        at = (at.replace(day=1) - timedelta(days=1)).replace(day=15)
    return at


def month(months: int) -> str:
    """Return the name of its partition."""
    return f"{ago(months):%Y_%m}"


def taken(number: int, task_id: str, months: int, **values: object) -> StepRow:
    """Return a step of its own trace that was taken some months ago."""
    at = ago(months).isoformat(timespec="microseconds")
    trace = uuid.uuid5(uuid.NAMESPACE_OID, task_id).hex
    when = {"created_at": at, "started_at": at, "ended_at": at}
    own = {"id": step_id(trace, f"{number:016x}"), "trace_id": trace, **when}
    return pictured(number, f"{task_id} {number}", task_id, **(own | values))


@pytest.fixture(scope="module")
def migrated(postgres_server: Postgres) -> Iterator[str]:
    """Give the URL of a database with a table by months."""
    with postgres_server.empty_database() as url:
        partition(url)
        yield url


@pytest.fixture
def parted(migrated: str) -> str:
    """Return its URL; the tables are empty."""
    run(
        migrated,
        f"TRUNCATE {', '.join(COLUMNS)}, otel_steps_span_pictures, otel_steps_unneeded, "
        "otel_steps_step_months",
    )
    return migrated


@pytest.fixture
def store(parted: str) -> Iterator[Store]:
    """Open the store."""
    with closing(open_database(parted)) as store:
        yield store


@pytest.mark.full
class TestStore(StoreContract):
    """Whatever every store promises."""


@pytest.mark.full
class TestArchiving(ArchivingContract):
    """What is put back comes into its month, and is there once."""


@pytest.mark.full
class TestRemoval(RemovalContract):
    """Also when tasks are to go."""

    @pytest.fixture(autouse=True)
    def _database(self, parted: str) -> None:
        self.url = parted

    def spoil_totals(self, store: Store, task_ids: Sequence[str]) -> None:
        """Make the totals of tasks wrong."""
        names = ", ".join(f"'{task_id}'" for task_id in task_ids)
        run(self.url, f"UPDATE tasks SET total_steps = 7 WHERE task_id IN ({names})")


@pytest.mark.full
class TestViews(ViewContract):
    """And what a viewer asks."""


def test_a_step_is_one_row_whatever_is_told_of_its_start(parted: str, store: Store) -> None:
    """It stays in the month that it came into; a wrong clock makes no partition."""
    before = months(parted)
    moments = (None, ago(1), ago(0), datetime(1970, 1, 1, tzinfo=UTC))
    for first in moments:
        for second in moments:
            run(parted, "TRUNCATE tasks, task_steps, otel_steps_step_months")
            for told, start in (
                (a_running_step(1), first),
                (a_step(1), second),
                (a_step(1), first),
            ):
                start_text = None if start is None else start.isoformat()
                step = replace(told, started_at=start_text)
                store.write(Batch(tasks=[a_task()], steps=[step]))
            (kept,) = store.steps("t1")
            assert (kept["status"], known_task(store)["total_steps"]) == ("completed", 1)
            assert kept["started_at"] == (
                None if second is None else second.isoformat(timespec="microseconds")
            )
    assert set(months(parted)) == {*before, "other", month(1), month(0)}


def test_two_writers_of_a_month_and_of_a_step(parted: str) -> None:
    """One makes the partition, one the row; nobody fails."""
    run(parted, f"DROP TABLE IF EXISTS task_steps_{month(7)}")
    gate = threading.Barrier(4)
    errors: list[BaseException] = []

    def work(number: int) -> None:
        with closing(open_database(parted)) as store:
            store.tasks()
            gate.wait(30)
            steps = [replace(taken(n, "same", 7), task_id=f"t{number}") for n in range(20)]
            try:
                store.write(Batch(tasks=[a_task(f"t{number}")], steps=steps))
            except BaseException as error:  # noqa: BLE001 - told below
                errors.append(error)

    threads = [threading.Thread(target=work, args=[n]) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert rows(parted, "SELECT count(*) FROM task_steps") == [(20,)]
    assert month(7) in months(parted)


@pytest.mark.parametrize("schema", ["public", "otel_steps"])
def test_what_is_there_already_stays(roles: str, schema: str) -> None:
    """Rows, rights and policies; the service, which owns nothing, goes on, and months come."""
    runner.apply(roles, schema=schema)
    runner.apply(roles, schema=schema, extras=[runner.optional()["project-readers"]])
    settings = resolve({}, store=as_role(roles, "service_role"), schema=schema)
    before = rows(roles, f"SELECT relacl FROM pg_class WHERE oid = '{schema}.task_steps'::REGCLASS")
    with closing(open_database(settings=settings)) as store:
        store.write(Batch(tasks=[a_task()], steps=[a_running_step(1), taken(2, "t1", 2)]))
        for _ in range(2):
            partition(roles, schema)
        assert runner.plan(roles, schema=schema).migrations == []
        assert store.faults() == []
        assert runner.plan(roles, schema=schema).faults == []

        store.write(Batch(tasks=[a_task()], steps=[a_step(1), taken(2, "t1", 2), a_step(3)]))

        assert [step["status"] for step in store.steps("t1")] == ["completed"] * 3
        assert known_task(store)["total_steps"] == 3
    in_schema = f"{schema}.task_steps"
    assert rows(roles, f"SELECT count(*) FROM {in_schema}_other") == [(2,)]
    assert before == rows(roles, f"SELECT relacl FROM pg_class WHERE oid = '{in_schema}'::REGCLASS")
    policies = f"SELECT count(*) FROM pg_policies WHERE schemaname = '{schema}' AND tablename = "
    assert rows(roles, f"{policies} 'task_steps'") == [(1,)]
    for name in months(roles, in_schema):
        for role in ("anon", "authenticated"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                rows(as_role(roles, role), f"SELECT * FROM {in_schema}_{name}")
            if name == "other":
                break


def test_a_month_goes_at_once(parted: str, store: Store, tmp_path: Path) -> None:
    """Where nothing of it stays; tasks, pictures and totals go and stay as ever."""
    whole = [taken(n, "t1", 3) for n in range(1, 4)]
    # One that goes on into a month of which something stays.
    long = [taken(1, "t2", 3, success=False), taken(2, "t2", 2)]
    stays = [taken(1, "t3", 2)]
    for steps in (whole, long, stays):
        write(store, *steps)
        store.write(Batch(screenshots=[a_shot(step, step.id) for step in steps]))
    old = datetime(2000, 1, 1, tzinfo=UTC).isoformat()
    assert store.remove_months(["t1", "t2"], before=old) == 0
    assert store.remove_months(["t1", "t3"]) == 0

    assert store.remove_months(["t1", "t2"]) == 4
    assert month(3) not in months(parted)
    task = known_task(store, "t2")
    assert (task["total_steps"], task["failed_steps"], task["successful_steps"]) == (1, 0, 1)
    assert known_task(store)["total_steps"] == 0
    assert store.recount()[0] == []

    pictures = open_screenshots(resolve({}, dir=tmp_path), store)
    *_, done = remove(store, pictures, ["t1", "t2"])
    assert (done.removed, done.steps, done.pictures) == (("t1", "t2"), 1, 5)
    assert [held.task_id for held in store.holdings()] == ["t3"]
    assert store.screenshots("t3") != []
    assert unneeded(store) == []
    assert len(rows(parted, "SELECT * FROM otel_steps_step_months")) == 1
    # What comes late of a month that is gone is a task anew, and makes it anew.
    write(store, whole[0])
    assert month(3) in months(parted)
    assert store.remove_months(["t1"]) == 1


@pytest.mark.parametrize("how", ["shares its trace", "has another trace", "runs", "of now"])
def test_a_month_that_does_not_go_whole_goes_by_rows(
    parted: str, store: Store, how: str, tmp_path: Path
) -> None:
    """Where something is found by its steps alone, or stays."""
    one = taken(1, "t1", 0 if how == "of now" else 4)
    status = "running" if how == "runs" else "completed"
    write(store, one, status=status)
    if how == "shares its trace":
        write(store, taken(2, "t2", 2, trace_id=one.trace_id))
    if how == "has another trace":
        write(store, taken(2, "t1", 4, trace_id="ab" * 16))
        run(parted, f"UPDATE tasks SET trace_id = '{one.trace_id}'")
    assert store.remove_months(["t1", "t2"]) == 0
    pictures = open_screenshots(resolve({}, dir=tmp_path), store)
    *_, done = remove(store, pictures, ["t1"])
    assert done.removed == (() if how == "runs" else ("t1",))


def test_nobody_waits_while_a_month_is_read(parted: str, store: Store) -> None:
    """Who reads a month keeps it from going; the store goes on, and its rows go one by one."""
    write(store, taken(1, "t1", 5))
    write(store, taken(1, "t2", 1))
    with psycopg.connect(parted) as reader:
        reader.execute("SELECT * FROM task_steps")
        failed: list[BaseException] = []

        def drop() -> None:
            try:
                with closing(open_database(parted)) as other:
                    other.remove_months(["t1"])
            except BaseException as error:  # noqa: BLE001 - told below
                failed.append(error)

        gone = threading.Thread(target=drop)
        gone.start()
        write(store, taken(2, "t2", 1))
        gone.join()
    assert [type(error).__name__ for error in failed] == ["StoreUnavailable"]
    assert month(5) in months(parted)
    assert store.count_steps("t1") == 1
