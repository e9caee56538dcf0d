"""The embedded store: the contract, and what only a file can suffer."""

import contextlib
import itertools
import multiprocessing
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import hypothesis
import pytest
from hypothesis import strategies as st

from otel_steps.config import ConfigError, resolve
from otel_steps.process import forks
from otel_steps.rows.model import Batch, StepRow
from otel_steps.rows.tables import TABLES
from otel_steps.stores import RowRejected, Store, StoreOnHold, StoreUnavailable, open_database
from otel_steps.stores.sqlite import opening
from tests.archiving_contract import ArchivingContract
from tests.patience import PATIENCE_S
from tests.removal_contract import RemovalContract
from tests.store_contract import (
    StoreContract,
    a_running_step,
    a_screenshot,
    a_span,
    a_step,
    a_task,
    at,
    known_task,
)
from tests.view_contract import ViewContract

posix = pytest.mark.skipif(os.name != "posix", reason="POSIX file modes, fork or open files")


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Return the path of the database of `store`."""
    return tmp_path / "data" / "steps.db"


@pytest.fixture
def store(database: Path) -> Iterator[Store]:
    """Open an empty store."""
    store = open_database(f"sqlite:///{database.as_posix()}")
    store.write(Batch())
    yield store
    store.close()


class TestSqliteStore(StoreContract):
    """SQLite keeps what every store promises."""


class TestSqliteArchiving(ArchivingContract):
    """SQLite archives as every store does."""


class TestSqliteRemoval(RemovalContract):
    """SQLite removes as every store does."""

    def spoil_totals(self, store: Store, task_ids: Sequence[str]) -> None:
        """Make the totals of tasks wrong."""
        with contextlib.closing(sqlite3.connect(store._path)) as connection:  # type: ignore[attr-defined]
            for task_id in task_ids:
                connection.execute("UPDATE tasks SET total_steps = 7 WHERE task_id = ?", [task_id])
            connection.commit()


class TestSqliteViews(ViewContract):
    """SQLite answers a viewer as every store does."""


def test_a_screenshot_is_named_by_the_file_to_open(store: Store, database: Path) -> None:
    """A path is stored relative to the screenshots folder and read absolute."""
    step = a_step(screenshot_path="01/x.webp")
    store.write(Batch(steps=[step], screenshots=[a_screenshot(step, screenshot_path="01/x.webp")]))

    expected = str(database.parent / "screenshots" / "01" / "x.webp")
    assert store.steps("t1")[0]["screenshot_path"] == expected
    assert store.screenshots("t1")[0]["screenshot_path"] == expected
    with sqlite3.connect(database) as connection:
        paths = connection.execute("SELECT screenshot_path FROM task_steps").fetchall()
    connection.close()
    assert paths == [("01/x.webp",)]


def test_a_persons_words_are_never_touched(store: Store, database: Path) -> None:
    """Tags and notes stay, whatever is written to their task."""
    store.write(Batch(tasks=[a_task()]))
    with sqlite3.connect(database) as connection:
        connection.execute("""UPDATE tasks SET tags = '["红"]', notes = 'mine'""")
    connection.close()

    store.write(Batch(tasks=[a_task(status="completed")], steps=[a_step()]))

    task = known_task(store)
    assert (task["status"], task["tags"], task["notes"]) == ("completed", ["红"], "mine")


def test_what_was_written_is_there_after_reopening(database: Path) -> None:
    """A second store on the file reads what the first has written."""
    first = open_database(f"sqlite:///{database.as_posix()}")
    first.write(Batch(tasks=[a_task()], steps=[a_step()]))
    first.close()

    second = open_database(f"sqlite:///{database.as_posix()}")

    assert second.count_steps("t1") == 1
    assert second.write(Batch(steps=[a_step()])).known == 1
    second.close()


def test_readers_do_not_wait_for_a_writer(store: Store, database: Path) -> None:
    """While another process is in the middle of a write, reading goes on."""
    store.write(Batch(tasks=[a_task()]))
    other = sqlite3.connect(database, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")

    assert known_task(store)["status"] == "running"
    other.execute("ROLLBACK")
    other.close()


def test_two_that_make_one_file_wait_for_each_other(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite itself turns one of them away at once."""
    database.parent.mkdir(parents=True)
    other = sqlite3.connect(database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    monkeypatch.setattr(opening.time, "sleep", lambda _: other.rollback())

    with contextlib.closing(open_database(f"sqlite:///{database.as_posix()}")) as store:
        store.write(Batch(tasks=[a_task()]))
        assert len(store.tasks()) == 1
    other.close()


def test_a_locked_database_is_unavailable(
    store: Store, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where another process keeps the write lock, the same call may work later."""
    monkeypatch.setattr(opening, "BUSY_TIMEOUT_S", 0.01)
    hasty = open_database(f"sqlite:///{database.as_posix()}")
    other = sqlite3.connect(database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(StoreUnavailable, match="locked"):
        hasty.write(Batch(steps=[a_step()]))
    other.execute("ROLLBACK")
    other.close()

    assert hasty.write(Batch(steps=[a_step()])).stored == 1
    hasty.close()


def test_a_full_disk_is_unavailable_and_leaves_the_store_as_it_was(store: Store) -> None:
    """Where there is no room, nothing of the batch is stored and reading goes on."""
    store.write(Batch(steps=[a_step(1)]))
    connections = store._connections  # type: ignore[attr-defined]
    with connections.writing() as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")

    with pytest.raises(StoreUnavailable, match="full"):
        store.write(Batch(tasks=[a_task()], steps=[a_step(2, thinking="x" * 100_000)]))

    assert (store.count_steps("t1"), store.task("t1")) == (1, None)


@pytest.mark.parametrize("value", [2**70, b"bytes", object()])
def test_a_value_that_sqlite_cannot_hold_is_refused(store: Store, value: object) -> None:
    """A number beyond 64 bits, and what is no value of a column at all, is the row's fault."""
    with pytest.raises(RowRejected):
        store.write(
            Batch(
                steps=[
                    a_step(step_data=None if isinstance(value, bytes) else {}, duration_ms=value)
                ]
            )
        )


def test_a_newer_database_asks_for_an_upgrade(store: Store, database: Path) -> None:
    """What a later version has made is left alone."""
    store.close()
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()

    with pytest.raises(StoreOnHold, match="version 99") as held:
        open_database(f"sqlite:///{database.as_posix()}")
    assert "upgrade" in held.value.remedy


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    """Somebody else's file is named, not overwritten."""
    path = tmp_path / "notes.txt"
    path.write_text("my notes, " * 500)

    with pytest.raises(StoreOnHold, match=r"notes\.txt"):
        open_database(f"sqlite:///{path.as_posix()}")
    assert path.read_text() == "my notes, " * 500


def test_a_damaged_database_waits_for_a_person(store: Store, database: Path) -> None:
    """A database with a broken page is on hold, and says which file it is."""
    with sqlite3.connect(database) as connection:
        (schema_bytes,) = connection.execute(
            "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
        ).fetchone()
    connection.close()
    for start in range(0, 200, 50):
        store.write(Batch(steps=[a_step(start + n, thinking="x" * 500) for n in range(50)]))
    store.close()
    data = bytearray(database.read_bytes())
    data[schema_bytes:] = b"\xff" * (len(data) - schema_bytes)
    database.write_bytes(data)

    broken = open_database(f"sqlite:///{database.as_posix()}")
    with pytest.raises(StoreOnHold, match=r"steps\.db"):
        broken.write(Batch(tasks=[a_task()], steps=[a_step()]))
    with pytest.raises(StoreOnHold, match=r"steps\.db"):
        broken.steps("t1")
    broken.close()


def test_a_database_of_another_program_waits_for_a_person(store: Store, database: Path) -> None:
    """A missing table or column is nothing that waiting could cure."""
    with sqlite3.connect(database) as connection:
        connection.execute("DROP TABLE task_steps")
    connection.close()

    with pytest.raises(StoreOnHold, match="no such table"):
        store.write(Batch(steps=[a_step()]))


def test_a_folder_in_place_of_the_database_is_on_hold(tmp_path: Path) -> None:
    """What cannot be opened is for a person to settle."""
    (tmp_path / "steps.db").mkdir()

    with pytest.raises(StoreOnHold, match=r"steps\.db"):
        open_database(f"sqlite:///{(tmp_path / 'steps.db').as_posix()}")


def test_a_file_in_place_of_the_folder_is_on_hold(tmp_path: Path) -> None:
    """Where the data folder is a file, the remedy names it."""
    (tmp_path / "data").write_text("")

    store = open_database(f"sqlite:///{(tmp_path / 'data' / 'steps.db').as_posix()}")
    with pytest.raises(StoreOnHold) as held:
        store.write(Batch())
    assert str(tmp_path / "data") in held.value.remedy
    store.close()


@posix
@pytest.mark.parametrize("victim", ["steps.db", "folder", "steps.db-wal"])
def test_a_write_is_not_acknowledged_into_a_deleted_file(
    store: Store, database: Path, victim: str
) -> None:
    """Where the database has been deleted, a new one is made and takes the batch."""
    store.write(Batch(steps=[a_step(1)]))
    assert store.count_steps("t1") == 1
    if victim == "folder":
        shutil.rmtree(database.parent)
    else:
        (database.parent / victim).unlink()

    written = store.write(Batch(steps=[a_step(2)]))

    assert written.stored + written.known == 1
    with_own_eyes = sqlite3.connect(database)
    rows = with_own_eyes.execute("SELECT step_number FROM task_steps").fetchall()
    with_own_eyes.close()
    assert (2,) in rows
    assert store.count_steps("t1") == len(rows)


@posix
def test_a_reader_sees_the_database_that_took_the_place_of_its_own(
    store: Store, database: Path
) -> None:
    """A viewer that is left open shows what is there, not what has been deleted."""
    store.write(Batch(tasks=[a_task("old")]))
    assert known_task(store, "old")["status"] == "running"
    shutil.rmtree(database.parent)
    other = open_database(f"sqlite:///{database.as_posix()}")
    other.write(Batch(tasks=[a_task("new")]))

    assert [task["task_id"] for task in store.tasks()] == ["new"]
    other.close()


@posix
def test_a_database_that_vanishes_again_and_again_is_unavailable(
    store: Store, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the new file goes the way of the old one, the batch counts as not stored."""
    connections = store._connections  # type: ignore[attr-defined]
    monkeypatch.setattr(connections, "is_current", lambda: False)

    with pytest.raises(StoreUnavailable, match="replaced"):
        store.write(Batch(steps=[a_step()]))


@posix
def test_only_the_user_may_read_it(store: Store, database: Path) -> None:
    """The folder is 0700, the database and what belongs to it 0600."""
    store.write(Batch(steps=[a_step()]))

    assert stat.S_IMODE(database.parent.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in database.parent.iterdir()} == {0o600}


def test_commits_are_on_disk_for_good(store: Store) -> None:
    """A power cut does not take back what the journal has let go of."""
    connections = store._connections  # type: ignore[attr-defined]
    with connections.writing() as connection:
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_reader_cannot_write(store: Store) -> None:
    """A question that would change the database is refused."""
    connections = store._connections  # type: ignore[attr-defined]
    with pytest.raises(StoreOnHold, match="readonly"), connections.reading() as connection:
        connection.execute("DELETE FROM tasks")


def test_many_threads_read_and_write(store: Store) -> None:
    """Threads share a store: every write arrives, every reader sees whole batches."""
    errors: list[BaseException] = []

    def write(first: int) -> None:
        for number in range(first, first + 10):
            task = f"t{number}"
            store.write(Batch(tasks=[a_task(task)], steps=[a_step(number, task)]))

    def read() -> None:
        for _ in range(20):
            for task in store.tasks():
                assert task["total_steps"] == store.count_steps(task["task_id"])

    def run(work: object, *arguments: int) -> None:
        try:
            work(*arguments)  # type: ignore[operator]
        except BaseException as error:  # noqa: BLE001 - shown by the assertion below
            errors.append(error)

    threads = [threading.Thread(target=run, args=(write, first)) for first in (0, 10)]
    threads += [threading.Thread(target=run, args=(read,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)

    assert errors == []
    assert store.statistics()["steps"] == 20


def test_a_closed_store_says_so(store: Store) -> None:
    """A thread that comes too late gets an answer, not a crash of the driver."""
    store.close()

    with pytest.raises(StoreUnavailable, match="closed"):
        store.write(Batch(steps=[a_step()]))
    with pytest.raises(StoreUnavailable, match="closed"):
        store.tasks()


def test_closing_lets_a_read_end(store: Store) -> None:
    """A read that is under way while the store is closed still ends well."""
    connections = store._connections  # type: ignore[attr-defined]
    with connections.reading() as connection:
        store.close()
        assert connection.execute("SELECT count(*) FROM tasks").fetchone() == (0,)

    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connection.execute("SELECT 1")


def test_several_processes_open_a_new_database_at_once(database: Path) -> None:
    """Whoever comes first makes the tables; nobody stumbles over it."""
    program = (
        "import sys; from otel_steps.stores import open_database\n"
        "from otel_steps.rows.model import Batch\n"
        "from tests.store_contract import a_step\n"
        "store = open_database(sys.argv[1]); store.write(Batch(steps=[a_step(int(sys.argv[2]))]))\n"
    )
    url = f"sqlite:///{database.as_posix()}"
    root = Path(__file__).parent.parent
    processes = [
        subprocess.Popen([sys.executable, "-c", program, url, str(number)], cwd=root)
        for number in range(3)
    ]

    assert [process.wait(PATIENCE_S) for process in processes] == [0, 0, 0]
    store = open_database(url)
    assert store.count_steps("t1") == 3
    store.close()


@posix
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_child_uses_connections_of_its_own(store: Store) -> None:
    """Parent and child write to one store, during and after the child's life."""
    store.write(Batch(tasks=[a_task()], steps=[a_step(1)]))
    store.tasks()
    context = multiprocessing.get_context("fork")
    child = context.Process(target=_write_and_close, args=(store,))
    child.start()
    child.join(PATIENCE_S)

    assert child.exitcode == 0
    assert store.write(Batch(steps=[a_step(3)])).stored == 1
    assert [step["step_number"] for step in store.steps("t1")] == [1, 2, 3]


def _write_and_close(store: Store) -> None:
    assert store.count_steps("t1") == 1
    assert store.write(Batch(steps=[a_step(2)])).stored == 1
    assert store.count_steps("t1") == 2
    store.close()


@posix
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_child_outlives_the_store_of_its_parent(store: Store, database: Path) -> None:
    """What the child writes after the parent has closed the store, is there."""
    store.write(Batch(steps=[a_step(1)]))
    context = multiprocessing.get_context("fork")
    opened, closed = context.Event(), context.Event()
    child = context.Process(target=_write_after, args=(store, opened, closed))
    child.start()
    assert opened.wait(PATIENCE_S)
    store.close()
    closed.set()
    child.join(PATIENCE_S)

    assert child.exitcode == 0
    again = open_database(f"sqlite:///{database.as_posix()}")
    assert [step["step_number"] for step in again.steps("t1")] == [1, 2, 3]
    again.close()


def _write_after(store: Store, opened: threading.Event, closed: threading.Event) -> None:
    store.write(Batch(steps=[a_step(2)]))
    opened.set()
    assert closed.wait(PATIENCE_S)
    store.write(Batch(steps=[a_step(3)]))
    os._exit(0)


@posix
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
@pytest.mark.parametrize("kind", ["reading", "writing"])
def test_a_child_leaves_alone_what_was_in_use(store: Store, database: Path, kind: str) -> None:
    """A child forked in the middle of a transaction keeps off, and the transaction goes on."""
    context = multiprocessing.get_context("fork")
    connections = store._connections  # type: ignore[attr-defined]
    with getattr(connections, kind)() as connection:
        if kind == "writing":
            connection.execute(
                "INSERT INTO tasks (task_id, created_at, last_activity) VALUES ('mid', '', '')"
            )
        child = context.Process(target=_find_it_in_use, args=(database,))
        child.start()
        child.join(PATIENCE_S)

    assert child.exitcode == 0
    assert (store.task("mid") is not None) == (kind == "writing")


@posix
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
@pytest.mark.parametrize("kind", ["reading", "writing"])
def test_a_fork_waits_for_the_transaction_of_another_thread(store: Store, kind: str) -> None:
    """So its child can use the store at once."""
    store.write(Batch(tasks=[a_task()], steps=[a_step(1)]))
    connections = store._connections  # type: ignore[attr-defined]
    inside = threading.Event()

    def work() -> None:
        with getattr(connections, kind)():
            inside.set()
            while not forks._forking:
                time.sleep(0.001)

    thread = threading.Thread(target=work)
    thread.start()
    assert inside.wait(PATIENCE_S)
    child = multiprocessing.get_context("fork").Process(target=_write_and_close, args=(store,))
    child.start()
    child.join(PATIENCE_S)
    thread.join(PATIENCE_S)

    assert child.exitcode == 0
    assert [step["step_number"] for step in store.steps("t1")] == [1, 2]


def _find_it_in_use(database: Path) -> None:
    with pytest.raises(StoreUnavailable, match="forked"):
        open_database(f"sqlite:///{database.as_posix()}")
    os._exit(0)


@posix
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_child_that_closes_leaves_the_store_to_its_parent(store: Store) -> None:
    """Closing in a child that has not used the store touches nothing of the parent's."""
    context = multiprocessing.get_context("fork")
    child = context.Process(target=store.close)
    child.start()
    child.join(PATIENCE_S)

    assert child.exitcode == 0
    assert store.write(Batch(steps=[a_running_step()], spans=[a_span(7, 1)])).stored == 2


def test_a_url_names_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three slashes and a relative path, four and an absolute one."""
    monkeypatch.chdir(tmp_path)
    for url in ("sqlite:///sub/a.db", f"sqlite:///{(tmp_path / 'b c%20.db').as_posix()}"):
        with contextlib.closing(open_database(url)) as store:
            store.write(Batch())

    assert sorted(path.name for path in tmp_path.rglob("*.db")) == ["a.db", "b c%20.db"]


def test_without_a_url_the_settings_decide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The data folder holds database and pictures; a given URL moves the database only."""
    monkeypatch.setenv("OTEL_STEPS_DIR", str(tmp_path / "environment"))
    stores = [
        open_database(),
        open_database(settings=resolve(dir=tmp_path / "given")),
        open_database(
            f"sqlite:///{(tmp_path / 'x.db').as_posix()}", settings=resolve(dir=tmp_path / "third")
        ),
    ]

    folders = []
    for store in stores:
        store.write(Batch(steps=[a_step(screenshot_path="p.webp")]))
        folders.append(Path(store.steps("t1")[0]["screenshot_path"]).parent)
        store.close()

    names = ("environment", "given", "third")
    assert folders == [tmp_path / name / "screenshots" for name in names]
    assert sorted(path.name for path in tmp_path.rglob("*.db")) == ["steps.db", "steps.db", "x.db"]


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite:x.db"])
def test_a_url_without_a_file_is_refused(url: str) -> None:
    """A store that would forget everything is a mistake."""
    with pytest.raises(ConfigError, match="names no file"):
        open_database(url)


def test_an_unknown_store_is_refused_without_its_password() -> None:
    """The message names the URL and the schemes that there are, and no secret."""
    with pytest.raises(ConfigError, match="supabase") as refused:
        open_database("mysql://user:hunter2@db.example/x")
    assert "hunter2" not in str(refused.value)


def test_supabase_without_a_project_is_on_hold() -> None:
    """What lacks an address is kept until a person acts."""
    with pytest.raises(StoreOnHold, match="needs an address"):
        open_database("supabase")


def test_opening_the_package_loads_no_driver() -> None:
    """Who only needs the names does not pay for SQLite."""
    program = "import sys, otel_steps.stores; assert 'otel_steps.stores.sqlite' not in sys.modules"
    root = Path(__file__).parent.parent
    assert subprocess.run([sys.executable, "-c", program], cwd=root).returncode == 0


def _tables(database: Path) -> dict[str, dict[str, str]]:
    """Return table -> column -> type."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        return {
            table: {
                name: kind
                for _, name, kind, *_ in connection.execute(f"PRAGMA table_info({table})")
            }
            for table in TABLES
        }


def test_tables_are_those_of_the_row_classes(store: Store, database: Path) -> None:
    """Columns, their order and their types."""
    wanted = {
        name: {column: what.kind.sqlite for column, what in table.columns.items()}
        for name, table in TABLES.items()
    }

    assert _tables(database) == wanted


def test_an_older_file_gets_the_columns_that_it_lacks(database: Path) -> None:
    """What it has stays, new rows fill them, and only the first opening changes the file."""
    url = f"sqlite:///{database.as_posix()}"
    with contextlib.closing(open_database(url)) as store:
        store.write(Batch(tasks=[a_task()], steps=[a_step(1, timings={"model_ms": 1})]))
        wanted = {table: set(columns) for table, columns in _tables(database).items()}
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute("ALTER TABLE task_steps DROP COLUMN timings")
        connection.execute("ALTER TABLE tasks DROP COLUMN notes")
        connection.execute("ALTER TABLE tasks DROP COLUMN has_detailed_steps")

    for number in (2, 3):
        with contextlib.closing(open_database(url)) as store:
            store.write(Batch(steps=[a_step(number, timings={"model_ms": number})]))
            steps = store.steps("t1")

    assert {table: set(columns) for table, columns in _tables(database).items()} == wanted
    assert [step["timings"] for step in steps] == [None, {"model_ms": 2}, {"model_ms": 3}]


_SUMS = """
    SELECT task_id, count(*), coalesce(sum(success = 1), 0), coalesce(sum(success = 0), 0),
           coalesce(sum(duration_ms), 0), max(coalesce(ended_at, started_at)), count(*) > 0
    FROM task_steps GROUP BY task_id ORDER BY task_id
"""

_TOTALS = (
    *("total_steps", "successful_steps", "failed_steps", "total_duration_ms", "last_step_at"),
    "has_detailed_steps",
)

_STATES = st.builds(
    lambda number, task, state, end: (number, f"t{task}", state, end),
    st.integers(1, 6),
    st.integers(1, 2),
    st.sampled_from(["running", "interrupted", "completed", "failed"]),
    st.integers(7, 20),
)


def _state(number: int, task_id: str, status: str, end: int) -> StepRow:
    if status == "running":
        return a_running_step(number, task_id)
    return a_step(
        number,
        task_id,
        status=status,
        success=status == "completed",
        duration_ms=(end - number) * 1000,
        ended_at=at(end),
    )


@hypothesis.settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture],
)
@hypothesis.given(batches=st.lists(st.tuples(st.booleans(), st.lists(_STATES, max_size=4))))
def test_totals_are_what_the_steps_add_up_to(
    tmp_path: Path, batches: list[tuple[bool, list[tuple[int, str, str, int]]]]
) -> None:
    """After every write, whatever came: again, later, in another task, before its task's row."""
    database = Path(tempfile.mkdtemp(dir=tmp_path)) / "steps.db"
    with (
        contextlib.closing(open_database(f"sqlite:///{database.as_posix()}")) as store,
        contextlib.closing(sqlite3.connect(database)) as connection,
    ):
        for has_tasks, states in batches:
            steps = list({state[0]: _state(*state) for state in states}.values())
            tasks = [a_task(name) for name in ("t1", "t2")] if has_tasks else []
            store.write(Batch(tasks=tasks, steps=steps))

            counted = {name: tuple(values) for name, *values in connection.execute(_SUMS)}
            for task in store.tasks():
                expected = counted.get(task["task_id"], (0, 0, 0, 0, None, 0))
                assert tuple(task[name] for name in _TOTALS) == expected


def test_a_batch_costs_the_same_however_long_its_task_is(store: Store, database: Path) -> None:
    """SQLite does as much work for the last steps of a long task as for those before them."""

    def work_of(first: int) -> int:
        steps = [a_step(number) for number in range(first, first + 50)]
        connection = store._own_connections()._writer  # type: ignore[attr-defined]
        work = itertools.count()
        connection.set_progress_handler(lambda: next(work) * 0, 10)
        store.write(Batch(tasks=[a_task()], steps=steps))
        connection.set_progress_handler(None, 0)
        return next(work)

    work_of(1)
    early = work_of(51)
    store.write(Batch(tasks=[a_task()], steps=[a_step(number) for number in range(101, 4000)]))

    assert work_of(4001) < early * 1.2
