"""How SQLite answers a viewer: by its indexes, so that a million steps cost what a thousand do."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from otel_steps.rows.model import Batch
from otel_steps.stores import TaskQuery, open_store
from otel_steps.stores.sqlite import schema
from otel_steps.stores.sqlite.reads import Reader
from otel_steps.stores.sqlite.search import Search
from otel_steps.stores.task_query import SORTS
from tests.benchmarks.million import STEPS, million
from tests.store_contract import a_screenshot, a_step, a_task

# Virtual tables, and what a query has found itself.
HARMLESS = ("json_each", "found", "below", "CONSTANT ROW", "SUBQUERY")


class Explaining:
    """A connection that writes down how it goes about each question."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.plan: list[str] = []

    def execute(self, question: str, values: Any = ()) -> sqlite3.Cursor:
        plan = self._connection.execute(f"EXPLAIN QUERY PLAN {question}", values)
        self.plan += [row[3] for row in plan]
        return self._connection.execute(question, values)

    @property
    def readings(self) -> list[str]:
        """Return the steps of the plans that read a table."""
        read = [step for step in self.plan if step.startswith(("SCAN", "SEARCH"))]
        return [step for step in read if not any(name in step for name in HARMLESS)]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Return a database with a task and its steps."""
    path = tmp_path / "steps.db"
    store = open_store(f"sqlite:///{path.as_posix()}")
    steps = [a_step(n, app="X", action={"action": "Tap"}) for n in range(1, 4)]
    store.write(Batch(tasks=[a_task()], steps=steps, screenshots=[a_screenshot(steps[0])]))
    store.close()
    return path


@pytest.fixture
def explaining(database: Path) -> Iterator[Any]:
    """Give a connection to it that explains itself."""
    connection = sqlite3.connect(database)
    yield Explaining(connection)
    connection.close()


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize(
    "query",
    [
        {},
        {"status": ["failed"]},
        {"model": "m"},
        {"device": "d"},
        {"app": "X"},
        {"since": "2026-01-01"},
        {"until": "2026-01-01"},
        {"app": "X", "status": ["failed"], "model": "m", "device": "d", "since": "2026-01-01"},
    ],
    ids=lambda query: "+".join(query) or "all",
)
def test_a_list_reads_no_row_but_those_it_shows(
    explaining: Any, sort: str, query: dict[str, Any]
) -> None:
    """To filter, count and sort, an index has all that it takes."""
    Search(explaining).tasks(TaskQuery(sort=sort, **query))

    assert explaining.readings
    assert _of_rows(explaining.readings) == []


def test_words_to_narrow_a_list_down_come_from_indexes(explaining: Any) -> None:
    """From one word to the next, not over all rows; only tasks that have tags are read for them."""
    Search(explaining).facets()

    tags, others = [], []
    for step in explaining.readings:
        (tags if "tasks_tags" in step else others).append(step)
    assert len(tags) == 1
    assert others
    assert _of_rows(others) == []


def test_questions_about_a_task_read_its_rows_only(explaining: Any, tmp_path: Path) -> None:
    """No question about one task or step goes over a table."""
    reader = Reader(explaining, tmp_path)
    step_id = a_step(1).id

    assert reader.index("t1") is not None
    assert reader.step("t1", step_id) is not None
    reader.spans_below("t1", step_id)
    reader.step_places("t1")
    reader.tasks_named(["t1"])
    reader.version("t1")
    Search(explaining).steps("t1", "x")
    Search(explaining).hits(["t1"], "x")

    assert len(explaining.readings) > 8
    assert [step for step in explaining.readings if step.startswith("SCAN")] == []


def test_a_search_is_narrowed_down_first(explaining: Any) -> None:
    """
    With a filter only the steps of the tasks that pass are read; without, all as they lie.

    A status is no such filter: what is found of the others is counted as well.
    """
    Search(explaining).tasks(TaskQuery(text="x", model="m"))
    narrowed = list(explaining.readings)
    explaining.plan.clear()
    Search(explaining).tasks(TaskQuery(text="x", status=["failed"]))

    assert not any(step.startswith("SCAN task_steps") for step in narrowed)
    assert "SCAN task_steps" in explaining.readings


def test_a_database_of_the_first_version_goes_on(tmp_path: Path) -> None:
    """What was recorded before the viewer is listed, and its changes are seen from now on."""
    path = tmp_path / "steps.db"
    connection = sqlite3.connect(path)
    for statement in schema.SCRIPTS[0]:
        connection.execute(statement)
    connection.execute("PRAGMA user_version = 1")
    connection.execute(
        "INSERT INTO tasks (task_id, status, created_at, last_activity) "
        "VALUES ('t1', 'completed', '2026-11-24T08:00:00+00:00', '2026-11-24T08:00:00+00:00')"
    )
    connection.commit()
    connection.close()

    store = open_store(f"sqlite:///{path.as_posix()}")
    before = store.version("t1"), store.version()
    store.write(Batch(steps=[a_step()]))

    assert store.find_tasks(TaskQuery()).total == 1
    assert before == ("0", "0")
    assert "0" not in (store.version("t1"), store.version())
    store.close()


def test_rows_that_are_deleted_change_the_version(database: Path) -> None:
    """Pruning is seen, too."""
    store = open_store(f"sqlite:///{database.as_posix()}")
    before = store.version("t1"), store.version()

    connection = sqlite3.connect(database)
    connection.execute("DELETE FROM task_steps WHERE step_number = 3")
    connection.commit()
    connection.close()

    assert store.version("t1") != before[0]
    assert store.version() != before[1]
    store.close()


def test_the_large_database_of_the_benchmarks_is_one_of_ours(tmp_path: Path) -> None:
    """What the benchmarks measure is what a recorder would have written; it is made once."""
    path = million(tmp_path / "steps.db", tasks=3)
    made_ns = path.stat().st_mtime_ns
    million(path, tasks=3)
    is_kept = made_ns == path.stat().st_mtime_ns

    store = open_store(f"sqlite:///{path.as_posix()}")
    page = store.find_tasks(TaskQuery(text="屏幕"))
    index = store.index("task-000000")

    assert is_kept
    assert (page.total, list(page.hits.values())) == (3, [1, 1, 1])
    assert index is not None
    assert (index["count"], index["action"][0], index["label"][0]) == (STEPS, "Tap", None)
    assert all(name and len(name) == 64 for name in index["picture"])
    store.close()


def test_counts_are_kept_until_a_task_changes(database: Path, explaining: Any) -> None:
    """What a list was counted from is not read again, and a change by anybody is seen at once."""
    query = TaskQuery(model="m", status=["failed"])
    with closing(open_store(f"sqlite:///{database}")) as store:
        before = store.find_tasks(query)
        again = store.find_tasks(replace(query, limit=1, sort="status"))
        with closing(open_store(f"sqlite:///{database}")) as other:
            other.write(Batch(tasks=[a_task("new", status="failed", model="m")]))
        after = store.find_tasks(query)

    assert before.by_status == again.by_status
    assert (after.total, after.by_status) == (1, {"failed": {"tasks": 1, "steps": 0}})
    assert Search(explaining).tasks(query, after.by_status)[1] is after.by_status
    assert not any("GROUP BY" in step for step in explaining.plan)


def _of_rows(readings: list[str]) -> list[str]:
    """Return those that read rows: what is kept of archived tasks is its own index."""
    indexed = ("COVERING INDEX", "kept_words USING PRIMARY KEY")
    return [step for step in readings if not any(words in step for words in indexed)]
