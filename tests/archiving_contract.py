"""
What every store must do when tasks are archived and come back, whatever it is made of.

A backend's test module subclasses `ArchivingContract` and gives the fixture `store`: an open, empty
store for each test. Where the archive is, and what is in it, no store knows.
"""

from dataclasses import replace
from typing import Any, Final

import pytest

from otel_steps import semconv
from otel_steps.rows.model import Batch
from otel_steps.stores import Store, TaskQuery
from otel_steps.stores.annotation import Annotation
from otel_steps.stores.archived import Archived, Keys, keys_of
from otel_steps.stores.figures import GROUPINGS
from otel_steps.stores.json_object import Json
from tests.removal_contract import name_of, pictured, remove_all, unneeded, write
from tests.store_contract import OTHER_TRACE, a_span, a_step, a_task, at, known_task
from tests.view_contract import write_some

PLACE: Final = "day=2026-10-03/0123456789abcdef"
ELSEWHERE: Final = "day=2026-10-03/fedcba9876543210"
LATER: Final = at(1000)
# After all that `write_some` writes.
_LAST: Final = at(10**7)
_SCORE: Final = {"name": "ok", "value": 0.5}

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


def let_go(store: Store, rows: Rows, task_id: str = "t1", *, before: str = LATER) -> None:
    """Let go of all these rows."""
    seen = store.version(task_id)
    assert store.let_go(task_id, PLACE, keys(rows), seen=seen, before=before) is not None


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
        (held,) = store.holdings()
        assert (held.steps, held.pictures, held.row_bytes + held.picture_bytes) == (3, 0, 0)
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

    def test_what_is_asked_of_many_tasks_stays(self, store: Store) -> None:
        """Lists, their menus, figures and what was used: archived or not, and restored again."""
        task_ids = _recorded_many(store)
        before = _asked_of_many(store)

        for gone, task_id in enumerate(task_ids, start=1):
            rows = rows_of(store, task_id)
            let_go(store, rows, task_id, before=_LAST)
            if gone in (1, len(task_ids)):
                for name, said in _asked_of_many(store).items():
                    assert said == before[name], name
        for task_id in task_ids:
            store.annotate(task_id, Annotation(notes=""))
            store.tag([task_id], add=["late"])
            store.tag([task_id], remove=["late"])
        store.write(Batch(steps=[a_step(99, task_ids[0], app="late", input_tokens=1)]))
        seen = _asked_of_many(store)
        assert "late" in seen.pop("facets")["apps"]
        for name, said in seen.items():
            assert said == before[name], name

    def test_a_removed_task_counts_nowhere(self, store: Store) -> None:
        """What was kept of it goes with it, also where its id is used again."""
        rows = recorded(store)
        used, counts = store.usage(["t1"]), store.statistics()
        assert used["t1"]
        let_go(store, rows)
        assert store.usage(["t1"]) == used

        remove_all(store, "t1")

        assert store.usage(["t1"]) == {}
        assert store.usage_by_day() == []
        assert store.statistics()["screenshots"] == 0
        assert recorded(store)["task_steps"]
        assert store.usage(["t1"]) == used
        assert store.statistics() == counts


_QUERIES: Final[tuple[dict[str, Any], ...]] = (
    *({}, {"app": "X"}, {"app": "微信"}, {"step_tag": "seen"}, {"judged": True}, {"judged": False}),
    *({"flag": "failed"}, {"flag": "model_error"}, {"text": "errand 1"}, {"text": "unmis"}),
    *({"tag": "红"}, {"model": "m1"}, {"status": ["failed"]}, {"app": "X", "judged": True}),
)


def _recorded_many(store: Store) -> list[str]:
    """Record tasks that end, of all that lists and figures tell apart; return their ids."""
    write_some(store)
    task_ids = [task["task_id"] for task in store.tasks(limit=50) if task["status"] != "running"]
    for number, task_id in enumerate(task_ids):
        for step in store.steps(task_id)[: number % 3]:
            said = Annotation(tags=["seen"]) if number % 2 else Annotation(scores=[_SCORE])
            store.annotate(task_id, said, step_id=step["id"])
    odd = pictured(
        500, "home", task_ids[0], error_kind="model_error", thinking="unmistakable", cached_tokens=1
    )
    write(store, odd, s500="home")
    while store.extend_search() or store.extend_sums():
        pass
    return task_ids


def _asked_of_many(store: Store) -> dict[str, Any]:
    """Return all that is asked of many tasks at once."""
    pages = [store.find_tasks(TaskQuery(**query)) for query in _QUERIES]
    everything = TaskQuery()
    ids = [task["task_id"] for task in pages[0].tasks]
    return {
        "found": [[task["task_id"] for task in page.tasks] for page in pages],
        "totals": [
            [task[name] for name in ("total_steps", "failed_steps", "total_duration_ms", "tags")]
            for task in pages[0].tasks
        ],
        "counted": [page.by_status for page in pages],
        "facets": store.facets(),
        "statistics": store.statistics(),
        "figures": [store.task_figures(everything, by) for by in GROUPINGS],
        "actions": store.action_figures(everything),
        "used": [store.usage_figures(everything, by) for by in GROUPINGS],
        "by task": store.usage(ids),
        "by day": store.usage_by_day(),
    }
