"""
What every store must do when tasks are archived and come back, whatever it is made of.

A backend's test module subclasses `ArchivingContract` and gives the fixture `store`: an open, empty
store for each test. Where the archive is, and what is in it, no store knows.
"""

from dataclasses import replace
from typing import Final

import pytest

from otel_steps import semconv
from otel_steps.rows.model import Batch
from otel_steps.stores import Store, TaskQuery
from otel_steps.stores.annotation import Annotation
from otel_steps.stores.archived import Archived, Keys, keys_of
from otel_steps.stores.json_object import Json
from tests.removal_contract import name_of, pictured, remove_all, unneeded, write
from tests.store_contract import OTHER_TRACE, a_span, a_step, a_task, at, known_task

PLACE: Final = "day=2026-10-03/0123456789abcdef"
ELSEWHERE: Final = "day=2026-10-03/fedcba9876543210"
LATER: Final = at(1000)

Rows = dict[str, list[Json]]


def recorded(store: Store) -> Rows:
    """Record a task of three steps with all there is to a task; return its rows."""
    steps = [
        pictured(1, "home", thinking="unmistakable", input_tokens=7, output_tokens=2),
        pictured(2, "home", attributes={semconv.SPAN_PICTURES: [name_of("asked")]}),
        a_step(3, success=False, action={"action": "Tap"}, app="微信"),
    ]
    write(store, *steps, s1="home", s2="home")
    store.write(Batch(spans=[a_span(11, 1), a_span(12, 11, task_id="t1"), a_span(13, 0)]))
    store.annotate("t1", Annotation(tags=["kept"], notes="why?"))
    store.annotate("t1", Annotation(scores=[{"name": "ok", "value": 0.5}]), step_id=steps[0].id)
    while store.extend_search() or store.extend_sums():
        pass
    return rows_of(store)


def rows_of(store: Store, task_id: str = "t1") -> Rows:
    """Return all rows of a task but its own, as they are stored."""
    return {
        "task_steps": store.stored_rows("task_steps", task_id),
        "step_screenshots": store.stored_rows("step_screenshots", task_id),
        "task_spans": store.spans(task_id),
    }


def keys(rows: Rows) -> Keys:
    """Return the keys of all these rows."""
    return keys_of(
        steps=rows["task_steps"], screenshots=rows["step_screenshots"], spans=rows["task_spans"]
    )


def let_go(store: Store, rows: Rows, task_id: str = "t1") -> None:
    """Let go of all these rows."""
    seen = store.version(task_id)
    assert store.let_go(task_id, PLACE, keys(rows), seen=seen, before=LATER) is not None


class ArchivingContract:
    """The suite; see the module."""

    @pytest.fixture(autouse=True)
    def _nothing_to_work_through(self, store: Store) -> None:
        unneeded(store)

    def test_rows_go_and_the_task_stays(self, store: Store) -> None:
        """With its totals, what is said of it, what its steps add up to and what they say."""
        rows = recorded(store)
        task, figures = known_task(store), store.task_figures(TaskQuery(), "app")
        actions = store.action_figures(TaskQuery())
        assert task["archived"] is None

        let_go(store, rows)

        assert rows_of(store) == {table: [] for table in rows}
        assert known_task(store) == {**task, "archived": PLACE}
        assert store.recount(mends=True)[0] == []
        assert known_task(store) == {**task, "archived": PLACE}
        while store.extend_search() or store.extend_sums():
            pass
        assert store.task_figures(TaskQuery(), "app") == figures
        assert store.action_figures(TaskQuery()) == actions
        for text in ("unmistakable", "why?", "tak"):
            assert store.find_tasks(TaskQuery(text=text)).total == 1
        assert store.find_tasks(TaskQuery(text="unmistakenly")).total == 0
        assert store.archived() == [Archived("t1", PLACE, has_rows=False)]
        assert store.archived("t1") == []
        assert unneeded(store) == sorted([name_of("home"), name_of("asked")])

    def test_rows_come_back_as_they_were(self, store: Store) -> None:
        """Column by column, however often they are put back, and whatever was cut off."""
        rows = recorded(store)
        task = known_task(store)
        report = store.report("t1")
        let_go(store, rows)

        assert store.put_back("t1", PLACE, {"task_steps": rows["task_steps"][:1]})
        assert store.archived() == [Archived("t1", PLACE, has_rows=True)]
        assert known_task(store)["total_steps"] == 3
        assert not store.wake("t1", PLACE, steps=3)
        for _ in range(2):
            assert store.put_back("t1", PLACE, rows)
        assert store.wake("t1", PLACE, steps=3)

        assert rows_of(store) == rows
        assert known_task(store) == task
        assert store.report("t1") == report
        assert store.archived() == []
        assert store.needed_pictures([name_of("home"), name_of("asked")]) != []
        assert unneeded(store) == []
        assert store.find_tasks(TaskQuery(text="unmistakable")).total == 1
        assert not store.wake("t1", PLACE, steps=3)

    def test_a_task_goes_in_portions(self, store: Store) -> None:
        """Each answers with the version that the next one is to see."""
        rows = recorded(store)
        seen: str | None = store.version("t1")
        spans = keys_of(spans=rows["task_spans"])
        parts = [spans, *(keys_of(steps=[step]) for step in rows["task_steps"])]
        for part in (*parts, keys_of(screenshots=rows["step_screenshots"])):
            assert seen is not None
            seen = store.let_go("t1", PLACE, part, seen=seen, before=LATER)
            assert store.archived()[0].has_rows == (rows_of(store)["step_screenshots"] != [])
            assert known_task(store)["total_steps"] == 3

        assert rows_of(store) == {table: [] for table in rows}

    def test_what_has_changed_stays(self, store: Store) -> None:
        """Nothing goes of a task that is not as it was read, that runs or has gone on."""
        rows = recorded(store)
        seen = store.version("t1")
        assert store.let_go("t1", PLACE, keys(rows), seen=seen, before=at(4)) is None
        assert (
            store.let_go("nobody", PLACE, Keys(), seen=store.version("nobody"), before=LATER)
            is None
        )
        store.annotate("t1", Annotation(notes="more"), step_id=rows["task_steps"][0]["id"])
        assert store.let_go("t1", PLACE, keys(rows), seen=seen, before=LATER) is None
        write(store, a_step(5, "t2"), status="running")
        seen = store.version("t2")
        assert store.let_go("t2", PLACE, Keys(), seen=seen, before=LATER) is None
        assert store.archived() == []
        let_go(store, {**rows, "task_steps": []})
        seen = store.version("t1")
        assert store.let_go("t1", ELSEWHERE, keys(rows), seen=seen, before=LATER) is None
        assert not store.put_back("t1", ELSEWHERE, rows)
        assert not store.wake("t1", ELSEWHERE, steps=3)
        assert len(store.steps("t1")) == 3

    def test_what_arrives_late_is_kept_beside_the_archive(self, store: Store) -> None:
        """A step that is known and one that is not; all are counted when the others are back."""
        rows = recorded(store)
        task = known_task(store)
        let_go(store, rows)

        write(store, pictured(1, "home", thinking="unmistakable"), a_step(4), s1="home")

        assert known_task(store)["total_steps"] == 3
        assert store.archived() == [Archived("t1", PLACE, has_rows=True)]
        assert [step["step_number"] for step in store.steps("t1")] == [1, 4]
        assert store.recount(mends=True)[0] == []
        assert store.put_back("t1", PLACE, rows)
        assert store.wake("t1", PLACE, steps=3)
        assert [step["step_number"] for step in store.steps("t1")] == [1, 2, 3, 4]
        assert known_task(store)["total_steps"] == task["total_steps"] + 1
        assert store.recount()[0] == []

    def test_spans_that_others_may_need_stay(self, store: Store) -> None:
        """Those of another task in the same trace, and those that have not ended."""
        write(store, a_step(1))
        write(store, a_step(2, "t2"))
        own, shared = a_span(11, 1, task_id="t1"), a_span(12, 1)
        open_span = a_span(13, 1, task_id="t1", ended_at=None)
        store.write(Batch(spans=[own, shared, open_span]))
        rows = rows_of(store)
        assert len(rows["task_spans"]) == 3

        let_go(store, rows)

        write(store, a_step(1, thinking="again"))
        assert [span["span_id"] for span in store.spans("t1")] == [
            shared.span_id,
            open_span.span_id,
        ]

    def test_an_archived_task_can_be_removed(self, store: Store) -> None:
        """Its row goes, and others stay archived."""
        rows = recorded(store)
        let_go(store, rows)
        write(store, a_step(7, "t2", trace_id=OTHER_TRACE))
        store.write(Batch(tasks=[replace(a_task("t2", status="completed"), trace_id=OTHER_TRACE)]))
        let_go(store, rows_of(store, "t2"), "t2")

        remove_all(store, "t1")

        assert store.task("t1") is None
        assert store.archived() == [Archived("t2", PLACE, has_rows=False)]
