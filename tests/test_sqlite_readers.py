"""Whatever lies beside a database, reading it gives all that was committed and leaves no trace."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from otel_steps.rows.model import Batch
from otel_steps.stores import StoreOnHold, open_database
from otel_steps.stores.sqlite import schema
from otel_steps.stores.sqlite.store import SqliteStore
from tests.full_disk import full_disk
from tests.read_only import as_a_reader, contents, read_only
from tests.store_contract import a_step, a_task

posix = pytest.mark.skipif(os.name != "posix", reason="POSIX file modes, fork or open files")

_WRITE: Final = """
import os, sys
from otel_steps.rows.model import Batch
from otel_steps.stores import open_database
from tests.store_contract import a_step, a_task
store = open_database("sqlite:///" + sys.argv[1])
store.write(Batch(tasks=[a_task()], steps=[a_step(1)]))
store.write(Batch(steps=[a_step(2)]))
os._exit(0)
"""
_READ: Final = """
import json, sys
from otel_steps.stores import open_database
store = open_database("sqlite:///" + sys.argv[1])
print(json.dumps([[step["step_number"] for step in store.steps("t1")], store.damage()]))
store.close()
"""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Return the path of a database that is not there yet."""
    return tmp_path / "data" / "steps.db"


def _killed(database: Path) -> None:
    """The log and its index are left by a writer that is gone."""
    subprocess.run([sys.executable, "-c", _WRITE, str(database)], check=True)
    assert database.with_name("steps.db-wal").stat().st_size > 0


def _without_index(database: Path) -> None:
    """Whoever packed the folder up left out what looked like a lock."""
    _killed(database)
    database.with_name("steps.db-shm").unlink()


def _closed(database: Path) -> None:
    """A writer that ended well leaves one file."""
    _killed(database)
    with closing(open_database(f"sqlite:///{database}")) as store:
        store.write(Batch(steps=[a_step(2)]))
    assert [path.name for path in database.parent.iterdir()] == ["steps.db"]


def _earlier(database: Path) -> None:
    """The tables are of the first version."""
    database.parent.mkdir()
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        for statement in schema.SCRIPTS[0]:
            connection.execute(statement)
        connection.execute("PRAGMA user_version = 1")
        for number in (1, 2):
            connection.execute(
                "INSERT INTO task_steps (id, task_id, step_number, step_type, step_data, trace_id,"
                "span_id, created_at, started_at) VALUES (?, 't1', ?, 'a', '{}', '', '', '', '')",
                (str(number), number),
            )


def _rolled_back(database: Path) -> None:
    """A writer without a log of pages to come has died, and left one of pages as they were."""
    _closed(database)
    program = (
        "import os, sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "c.execute('PRAGMA journal_mode = DELETE'); c.execute('PRAGMA cache_size = 1')\n"
        "c.execute('BEGIN IMMEDIATE'); c.execute('DELETE FROM task_steps')\n"
        "c.execute('CREATE TABLE t AS SELECT randomblob(90000)'); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", program, str(database)], check=True)
    assert database.with_name("steps.db-journal").stat().st_size > 0


@posix
@pytest.mark.parametrize("user", ["its owner", "another"])
@pytest.mark.parametrize("left", [_closed, _killed, _without_index, _earlier, _rolled_back])
def test_reading_leaves_no_trace(database: Path, left: Callable[[Path], None], user: str) -> None:
    """All that was committed is read, in a folder of one's own and in one that is read-only."""
    left(database)
    if user == "its owner":
        before = contents(database.parent)
        with closing(SqliteStore(database, screenshots=database.parent)) as store:
            answer = [[step["step_number"] for step in store.steps("t1")], store.damage()]
        assert contents(database.parent) == before
    else:
        with read_only(database.parent):
            before = contents(database.parent)
            done = as_a_reader("-c", _READ, database)
            assert done.returncode == 0, done.stderr
            answer = json.loads(done.stdout)
            assert contents(database.parent) == before
    assert answer == [[1, 2], []]


@posix
def test_a_live_recording_is_read_by_another_user(database: Path) -> None:
    """What a writer commits is seen at once, by its log, where nothing may be written."""
    with closing(open_database(f"sqlite:///{database}")) as store:
        store.write(Batch(tasks=[a_task()], steps=[a_step(1)]))
        with read_only(database.parent):
            store.write(Batch(steps=[a_step(2)]))
            done = as_a_reader("-c", _READ, database)

    assert (done.stderr, json.loads(done.stdout)) == ("", [[1, 2], []])


@pytest.mark.parametrize("is_live", [False, True])
def test_a_full_disk_is_read(database: Path, is_live: bool) -> None:
    """Reading needs no room, neither beside a writer nor after it."""
    _closed(database)
    with closing(open_database(f"sqlite:///{database}")) as writer:
        if is_live:
            writer.write(Batch(steps=[a_step(2)]))
        with full_disk(), closing(open_database(f"sqlite:///{database}")) as store:
            assert store.count_steps("t1") == 2


@pytest.mark.parametrize("left", [_killed, _without_index])
def test_no_room_for_a_copy_is_said(database: Path, left: Callable[[Path], None]) -> None:
    """Where a log is to be read and there is no room for its index, the error says what helps."""
    left(database)

    with full_disk(), pytest.raises(StoreOnHold, match="from a copy only") as held:
        open_database(f"sqlite:///{database}")
    assert "TMPDIR" in held.value.remedy


def test_a_read_that_a_writer_came_into_is_made_again(database: Path) -> None:
    """The file is read without locks; pages that were merged into it meanwhile count as torn."""
    _closed(database)
    counts = []

    def count(connection: sqlite3.Connection) -> int:
        (number,) = connection.execute("SELECT count(*) FROM task_steps").fetchone()
        if not counts:
            with closing(open_database(f"sqlite:///{database}")) as other:
                other.write(Batch(steps=[a_step(3)]))
        counts.append(number)
        return int(number)

    with closing(SqliteStore(database, screenshots=database.parent)) as store:
        assert store._read(count) == 3
    assert counts == [2, 3]


def test_what_is_not_there_is_not_made(database: Path) -> None:
    """A URL that names no file is an error at the first question; a place of settings is empty."""
    with closing(open_database(f"sqlite:///{database}")) as store:
        with pytest.raises(StoreOnHold, match=r"there is no database .*steps\.db"):
            store.tasks()
        assert not database.parent.exists()
        store.write(Batch(tasks=[a_task()]))
        assert [task["task_id"] for task in store.tasks()] == ["t1"]

    with closing(open_database()) as store:
        assert (store.tasks(), store.report("t1"), store.statistics()["tasks"]) == ([], None, 0)


@posix
def test_what_may_not_be_read_is_said(database: Path) -> None:
    """The remedy of a reader is not to make the file writable."""
    _closed(database)
    with read_only(database.parent):
        database.chmod(0)
        done = as_a_reader("-c", _READ, database)

    assert done.returncode == 1
    assert "StoreOnHold" in done.stderr
    assert str(database) in done.stderr
