"""What a list shows and finds tasks by is told from their steps once, and is never left out."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from otel_steps.digest import digests as module
from otel_steps.digest.digests import Digests
from otel_steps.rows.model import Batch
from otel_steps.stores import TaskQuery
from otel_steps.stores.json_object import Json
from otel_steps.stores.sqlite.store import SqliteStore
from tests.collecting import eventually
from tests.commands import command
from tests.store_contract import a_screenshot, a_step, a_task, at
from tests.view_contract import NOW, an_ended_task
from tests.viewing import client_of, opened_library


class Counting(SqliteStore):
    """A store that notes of which tasks it has read the steps."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / "steps.db", screenshots=folder)
        self.read: list[str] = []

    def indexes(self, task_ids: Sequence[str]) -> dict[str, Json]:
        self.read.extend(task_ids)
        return super().indexes(task_ids)


@pytest.fixture(autouse=True)
def _none_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have digests kept of the tasks of a test, as of those of many weeks."""
    monkeypatch.setattr(module, "FEW", 0)


@pytest.fixture(name="store")
def _store(tmp_path: Path) -> Iterator[Counting]:
    with closing(Counting(tmp_path)) as store:
        yield store


def write(store: SqliteStore, number: int, *, is_running: bool = False, loops: bool = True) -> None:
    """Write a task of four taps on one screen, in one place or in four."""
    name = f"t{number}"
    task = an_ended_task(name, created_at=at(100 * number))
    if is_running:
        task = a_task(name, created_at=at(100 * number), last_activity=NOW)
    places = [500] * 4 if loops else [100, 300, 500, 700]
    steps = [
        a_step(10 * number + turn, name, action={"action": "Tap", "element": [place, place]})
        for turn, place in enumerate(places)
    ]
    shots = [a_screenshot(step, phash=0) for step in steps]
    store.write(Batch(tasks=[task], steps=steps, screenshots=shots))


def found(digests: Digests, store: SqliteStore, **query: Any) -> tuple[list[str], int]:
    """Return the ids that a query finds, and how many tasks nobody has looked at."""
    resolved, unseen = digests.resolved(TaskQuery(**query))
    return [task["task_id"] for task in store.find_tasks(resolved).tasks], unseen


def test_no_flag_is_missing_before_it_is_kept(store: Counting) -> None:
    """The newest are looked at, and of the others it is said how many they are."""
    for number in range(1, 5):
        write(store, number, is_running=number == 4, loops=number != 2)
    digests = Digests(store, lambda: None, looked_at=2)

    assert found(digests, store, flag="loop") == (["t4", "t3"], 2)
    # Of what has ended it is known; what goes on is looked at again.
    assert found(digests, store, flag="loop") == (["t4", "t3"], 1)
    assert found(digests, store, flag="slow") == ([], 0)
    assert found(digests, store, flag="loop") == (["t4", "t3", "t1"], 0)
    assert found(digests, store, flag="loop", limit=1, offset=2) == (["t1"], 0)
    assert found(digests, store, flag="failed") == ([], 0)


def test_what_is_kept_needs_no_steps(store: Counting) -> None:
    """Neither a card nor a flag; only what goes on is read again."""
    for number in range(1, 4):
        write(store, number, is_running=number == 3)
    begun: list[str] = []
    first = Digests(store, lambda: begun.append("now"))
    tasks = store.find_tasks(TaskQuery()).tasks
    cards = first.cards(tasks)
    assert begun == ["now"]
    assert found(first, store, flag="loop") == (["t3", "t2", "t1"], 0)

    while first.keep_some():
        pass
    store.read.clear()
    other = Digests(store, lambda: begun.append("never"))

    assert other.cards(tasks) == cards
    assert found(other, store, flag="loop") == (["t3", "t2", "t1"], 0)
    assert set(store.read) == {"t3"}
    store.write(Batch(tasks=[an_ended_task("t3")]))
    assert first.keep_some()
    assert other.resolved(TaskQuery(flag="loop")) == (TaskQuery(flag="loop"), 0)


def test_a_card_that_stays_is_told_once(store: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
    """That of a task that has ended and has all its pictures, also where nothing is kept."""
    monkeypatch.setattr(module, "CARDS_KEPT", 2)
    for number in range(1, 4):
        write(store, number)
    write(store, 4, is_running=True)
    store.write(Batch(tasks=[an_ended_task("t5", created_at=at(500))], steps=[a_step(50, "t5")]))
    digests = Digests(store, lambda: None)
    tasks = store.find_tasks(TaskQuery()).tasks

    first = digests.cards(tasks)
    store.read.clear()

    assert digests.cards(tasks) == first
    # One has been forgotten: a viewer that runs for days does not remember all.
    assert sorted(store.read) == ["t3", "t4", "t5"]


def test_a_page_finds_by_flag_and_says_what_it_has_not_looked_at() -> None:
    """As the list, a figure and the command ask; each finds the same before and after."""
    with opened_library() as library:
        client = client_of(library)
        for number in range(1, 4):
            write(library.store, number, loops=number != 2)  # type: ignore[arg-type]

        def asked(path: str) -> Json:
            data: Json = client.get(path, params={"flag": "loop"}).raise_for_status().json()["data"]
            return data

        first = asked("/api/tasks")
        assert [task["task_id"] for task in first["tasks"]] == ["t3", "t1"]
        assert (first["unseen"], first["by_status"]["completed"]["tasks"]) == (0, 2)
        eventually(lambda: library.store.undigested(1).count == 0)

        assert asked("/api/tasks")["tasks"] == first["tasks"]
        figures = asked("/api/statistics/tasks")
        assert (figures["groups"][0]["tasks"], figures["unseen"]) == (2, 0)
    assert [row["task_id"] for row in command("tasks", "--json", "--flag", "loop").json] == [
        "t3",
        "t1",
    ]
