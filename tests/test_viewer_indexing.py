"""What searches and figures are answered from grows beside the viewer; its troubles are told."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from otel_steps.config import resolve
from otel_steps.health.problems import noted
from otel_steps.stores import TaskQuery, open_store
from otel_steps.viewer.library import Library
from tests.collecting import eventually
from tests.commands import store_tasks
from tests.viewing import client_of, opened_library


@pytest.fixture(name="library")
def _library() -> Iterator[Library]:
    store_tasks("a-1", "b-2")
    with opened_library() as library:
        yield library


def indexed(table: str = "search_versions") -> int:
    """Return how many tasks are in the index, or in another *table*."""
    path = Path(resolve().dir) / "steps.db"
    with closing(sqlite3.connect(path)) as connection:
        try:
            (count,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        except sqlite3.OperationalError:
            return 0
    return int(count)


def test_who_searches_has_all_indexed(library: Library) -> None:
    """A list needs no index; a search does, and finds the same with it."""
    client = client_of(library)
    client.get("/api/tasks")
    assert indexed() == 0

    first = client.get("/api/tasks", params={"q": "tap"}).json()["data"]["tasks"]
    eventually(lambda: indexed() == 2)

    assert client.get("/api/tasks", params={"q": "tap"}).json()["data"]["tasks"] == first
    assert len(first) == 2


def test_who_looks_at_figures_has_all_added_up(library: Library) -> None:
    """Whoever asks next is told the same, from a row a task."""
    client = client_of(library)

    first = client.get("/api/statistics/actions").json()["data"]["actions"]
    eventually(lambda: indexed("task_sums") == 2)

    assert client.get("/api/statistics/actions").json()["data"]["actions"] == first
    assert first
    assert indexed() == 0  # nobody has searched


def test_nothing_is_made_only_to_be_searched(tmp_path: Path) -> None:
    """Who asks an empty store leaves it as it was."""
    path = tmp_path / "steps.db"
    settings = resolve(store=f"sqlite:///{path.as_posix()}")
    with closing(open_store(settings=settings)) as store:
        assert not store.extend_search()
        assert not store.extend_sums()
    assert not path.exists()


def test_what_keeps_it_from_indexing_is_told(library: Library) -> None:
    """The search answers all the same, and the next one tries again."""
    with closing(sqlite3.connect(Path(resolve().dir) / "steps.db")) as connection:
        connection.execute("CREATE TABLE search_documents (other)")

    found = library.find_tasks(TaskQuery(text="tap"))

    eventually(lambda: any("index" in each.message for each in noted(resolve().problems_dir)))
    assert (found.total, library.find_tasks(TaskQuery(text="tap")).total) == (2, 2)
