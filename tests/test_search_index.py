"""A search finds the same with an index as without one, whatever is in it."""

import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from otel_steps.migrations import runner
from otel_steps.rows.model import Batch, StepRow
from otel_steps.stores import Store, TaskQuery, open_store
from tests.store_contract import a_step, a_task, an_implicit_task
from tests.supabase.databases import rows, run

# More in the long lane.
EXAMPLES = 60 if os.environ.get("OTEL_STEPS_FULL") == "1" else 15

pytest_plugins = ["tests.supabase.fixtures"]

TEXTS = ("thinking", "app", "error_message")
JSONS = ("action", "action_result", "step_data")
_STEPS = """
    SELECT task_id, step_number, thinking, app, error_message, action{0}, action_result{0},
        step_data{0}
    FROM task_steps
"""

# What people write, and what means something to LIKE, to FTS5, to JSON or to a tokenizer.
_WORDS = [
    "相机",
    "照相机",
    "屏幕",
    "屏",
    "Tap",
    "tAP",
    "not found",
    "e\u0301",
    "é",
    "É",
    "😀",
    "👍🏽",
    "𠮷",
]
_SIGNS = [*"%_\\'\"*^(){}:-,. \n\t\x01ax0", "xx0041", "x0020", "AND", "OR", "NOT", "\ufdd0"]
pieces = st.sampled_from([*_WORDS, *_SIGNS]) | st.characters(
    exclude_categories=["Cs"], min_codepoint=1
)
texts = st.lists(pieces, max_size=8).map("".join)
said = st.dictionaries(st.sampled_from([*TEXTS, *JSONS]), texts, max_size=3)
tasks = st.lists(st.lists(said, max_size=20), min_size=1, max_size=4)


# Of a step: task, number, what is text and what is JSON.
Said = tuple[str, int, list[str], list[str]]


@dataclass(frozen=True)
class Searched:
    """An open store, what its rows say, and how to empty it."""

    store: Store
    said: Callable[[], Sequence[Said]]
    run: Callable[[str], None]


@pytest.fixture(name="sqlite")
def _sqlite(tmp_path: Path) -> Iterator[Searched]:
    path = tmp_path / "steps.db"
    store = open_store(f"sqlite:///{path.as_posix()}")
    store.write(Batch())  # makes the tables
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield Searched(
            store,
            lambda: _said(connection.execute(_STEPS.format("")).fetchall()),
            lambda sql: connection.executescript(sql) and None,
        )
    store.close()


@pytest.fixture(name="postgres")
def _postgres(database: str) -> Iterator[Searched]:
    runner.apply(database)
    store = open_store(database)
    yield Searched(
        store,
        lambda: _said(rows(database, _STEPS.format("::text"))),
        lambda sql: run(database, sql),
    )
    store.close()


@pytest.fixture(name="searched", params=["sqlite", "postgres"])
def _searched(request: pytest.FixtureRequest) -> Searched:
    searched: Searched = request.getfixturevalue(request.param)
    return searched


def _said(found: Sequence[tuple[Any, ...]]) -> list[Said]:
    return [
        (
            task_id,
            number,
            *([text for text in each if text is not None] for each in (own[:3], own[3:])),
        )
        for task_id, number, *own in found
    ]


def by_reading(said: Sequence[Said], text: str) -> dict[str, int]:
    """Return the number of the first step that has *text*, by task."""
    first: dict[str, int] = {}
    inside = json.dumps(text, ensure_ascii=False)[1:-1]
    for task_id, number, plain, encoded in said:
        if any(_has(each, text) for each in plain) or any(_has(each, inside) for each in encoded):
            first[task_id] = min(number, first.get(task_id, number))
    return first


def _has(whole: str, part: str) -> bool:
    """Compare as SQLite does, and PostgreSQL with the locale C: ASCII in both cases."""
    return part.encode().lower() in whole.encode().lower()


def extended(store: Store) -> None:
    """Index all that has changed."""
    while store.extend_search():
        pass


def steps_of(task_id: str, spoken: Sequence[dict[str, str]], *, first: int = 1) -> list[StepRow]:
    """Return steps of a task that have said this."""
    trace_id = f"{len(task_id):032x}"
    return [
        a_step(
            number,
            task_id,
            trace_id=trace_id,
            **{name: text if name in TEXTS else {"a": text} for name, text in each.items()},
        )
        for number, each in enumerate(spoken, first)
    ]


def check(searched: Searched, asked: Sequence[str], ended: Sequence[str]) -> None:
    """Compare what a search finds with what reading does."""
    said = searched.said()
    for text in asked:
        expected = by_reading(said, text)
        page = searched.store.find_tasks(TaskQuery(text=text))
        assert {task["task_id"] for task in page.tasks} == expected.keys(), text
        assert (page.total, page.hits) == (len(expected), expected), text
        narrowed = searched.store.find_tasks(TaskQuery(text=text, status=["completed"]))
        assert {task["task_id"] for task in narrowed.tasks} == expected.keys() & {*ended}, text


@settings(
    deadline=None,
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(before=tasks, after=tasks, sought=st.lists(texts.filter(bool), min_size=1, max_size=4))
@example(
    before=[[{"thinking": "先打开相机"}]],
    after=[[{"action": "Ää 100%"}]],
    sought=["相机", "%", "机", "ä", "00%", '"'],
)
def test_an_index_changes_no_answer(
    searched: Searched,
    before: list[list[dict[str, str]]],
    after: list[list[dict[str, str]]],
    sought: list[str],
) -> None:
    """Before anything is indexed, with all of it, and with what has changed since."""
    store = searched.store
    searched.run("DELETE FROM task_steps; DELETE FROM tasks")
    # What is there is looked for, too, in pieces.
    spoken = [text for each in (*before, *after) for step in each for text in step.values()]
    there = {text[at : at + size] for text in spoken[:6] for at in (0, 2) for size in (1, 2, 3, 5)}
    asked = [*sought, *sorted(there - {""})]
    names = ["\u2620" * number for number in range(1, 9)]  # nobody looks for these

    for name, each in zip(names, before, strict=False):
        task = a_task(name, task_description=None, status="completed")
        store.write(Batch(tasks=[task], steps=steps_of(name, each)))
    ended = names[: len(before)]
    check(searched, asked, ended)
    extended(store)
    check(searched, asked, ended)
    # The last of those before goes on.
    for name, each in zip(names[len(before) - 1 :], after, strict=False):
        steps = steps_of(name, each, first=30)
        store.write(Batch(tasks=[an_implicit_task(name)], steps=steps))
    check(searched, asked, ended)
    extended(store)
    check(searched, asked, ended)
