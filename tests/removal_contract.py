"""
What every store must do when tasks are to go, whatever it is made of.

A backend's test module subclasses `RemovalContract` and gives the fixture `store`: an open, empty
store for each test.
"""

import hashlib
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

import pytest

from otel_steps import semconv
from otel_steps.rows.ids import screenshot_id
from otel_steps.rows.interruption import STEP_INTERRUPTED_MESSAGE
from otel_steps.rows.model import Batch, ScreenshotRow, StepRow
from otel_steps.stores import Store, TaskQuery
from otel_steps.stores.annotation import Annotation
from otel_steps.stores.removal import PICTURE_REMOVED, Removal
from tests.store_contract import (
    OTHER_TRACE,
    a_running_step,
    a_screenshot,
    a_span,
    a_step,
    a_task,
    at,
    known_task,
)

LONG: Final = 230


def name_of(picture: str) -> str:
    """Return the sha256 of a picture."""
    return hashlib.sha256(picture.encode()).hexdigest()


def a_shot(step: StepRow, picture: str, **values: Any) -> ScreenshotRow:
    """Return the row that joins *step* to a picture."""
    name = name_of(picture)
    row: dict[str, Any] = {
        "id": screenshot_id(step.id, name),
        "screenshot_path": f"{name[:2]}/{name}.webp",
        "file_size": 1000,
    }
    return a_screenshot(step, **(row | values))


def pictured(number: int, picture: str, task_id: str = "t1", **values: Any) -> StepRow:
    """Return the row of a step with a picture."""
    name = name_of(picture)
    return a_step(number, task_id, screenshot_path=f"{name[:2]}/{name}.webp", **values)


def write(store: Store, *steps: StepRow, status: str = "completed", **pictures: str) -> None:
    """Write tasks of *steps*; a picture is given as `s1="home"`: of step 1."""
    tasks = {step.task_id: step for step in steps}
    shots = [
        a_shot(step, pictures[f"s{step.step_number}"])
        for step in steps
        if f"s{step.step_number}" in pictures
    ]
    store.write(
        Batch(
            tasks=[
                a_task(task_id, status=status, trace_id=step.trace_id, last_activity=at(0))
                for task_id, step in tasks.items()
            ],
            steps=steps,
            screenshots=shots,
        )
    )


def remove_all(store: Store, *task_ids: str, **how: Any) -> list[Removal]:
    """Ask until the store has spoken of all tasks, as `Store.remove` says."""
    answers, left = [], list(task_ids)
    while left:
        answers.append(store.remove(left, **how))
        spoken = {*answers[-1].removed, *answers[-1].kept}
        left = [task_id for task_id in left if task_id not in spoken]
    return answers


def unneeded(store: Store) -> list[str]:
    """Return all pictures that no row needs, and have them forgotten."""
    names = list(_unneeded(store))
    return sorted(names)


def _unneeded(store: Store) -> Iterator[str]:
    while some := store.unneeded_pictures():
        assert store.forget_pictures(some) == []
        yield from some


class RemovalContract:
    """The suite; see the module."""

    @pytest.fixture(autouse=True)
    def _nothing_to_work_through(self, store: Store) -> None:
        unneeded(store)

    def test_a_task_goes_with_all_its_rows(self, store: Store) -> None:
        """Steps, pictures, spans below them, the totals, and what was to be found in it."""
        one = pictured(1, "home", thinking="unmistakable")
        other = pictured(2, "home", "t2", trace_id=OTHER_TRACE)
        write(store, one, s1="home")
        write(store, other, s2="home")
        spans = [a_span(11, 1), a_span(12, 11), a_span(13, 0), a_span(14, None, task_id="t1")]
        store.write(Batch(spans=[*spans, a_span(15, 2, trace_id=OTHER_TRACE)]))
        while store.extend_search():
            pass
        version = store.version()

        (answer,) = remove_all(store, "t1")

        assert answer == Removal(removed=("t1",), steps=1)
        assert store.task("t1") is None
        assert (store.steps("t1"), store.screenshots("t1"), store.spans("t1")) == ([], [], [])
        assert [task["task_id"] for task in store.tasks()] == ["t2"]
        assert store.find_tasks(TaskQuery(text="unmistakable")).total == 0
        assert store.find_tasks(TaskQuery()).total == 1
        assert len(store.spans("t2")) == 1
        assert store.statistics()["steps"] == store.statistics()["screenshots"] == 1
        assert store.version() != version
        # Nothing of it is left that a new task of that id would find.
        write(store, a_step(1))
        assert store.spans("t1") == []
        assert known_task(store)["total_steps"] == 1

    def test_a_picture_stays_while_any_row_needs_it(self, store: Store) -> None:
        """Whichever task it is of, and whether it is of a step or of a span."""
        write(store, pictured(1, "home"), pictured(2, "own"), s1="home", s2="own")
        write(store, pictured(3, "home", "t2", trace_id=OTHER_TRACE), s3="home")
        named = {semconv.SPAN_PICTURES: [name_of("asked"), name_of("own")]}
        spans = [a_span(11, 1, attributes=named)]
        spans.append(a_span(12, 3, trace_id=OTHER_TRACE, attributes=named))
        store.write(Batch(spans=spans))

        remove_all(store, "t1")
        assert unneeded(store) == []

        remove_all(store, "t2")
        assert unneeded(store) == sorted(map(name_of, ("home", "own", "asked")))

    def test_a_picture_that_is_needed_again_is_told(self, store: Store) -> None:
        """Who has deleted its files meanwhile hears of it."""
        write(store, pictured(1, "home"), s1="home")
        remove_all(store, "t1")
        assert store.unneeded_pictures() == store.unneeded_pictures() == [name_of("home")]
        write(store, pictured(2, "home", "t2"), s2="home")

        assert store.forget_pictures([name_of("home")]) == [name_of("home")]
        assert store.unneeded_pictures() == []

    def test_a_long_task_goes_in_portions(self, store: Store) -> None:
        """Its totals are right in between, and its row goes last."""
        steps = [a_step(n, success=n % 3 > 0) for n in range(1, LONG + 1)]
        write(store, *steps)
        answers: list[Removal] = []
        while not (answers and answers[-1].removed):
            answers.append(store.remove(["t1"]))
            left = LONG - sum(answer.steps for answer in answers)
            task = store.task("t1")
            if task is not None:
                assert task["total_steps"] == store.count_steps("t1") == left
                failed = sum(step["success"] is False for step in store.steps("t1"))
                assert (task["failed_steps"], task["successful_steps"]) == (failed, left - failed)
                assert task["total_duration_ms"] == left * 1000

        assert sum(answer.steps for answer in answers) == LONG
        assert store.task("t1") is None

    def test_a_task_that_runs_stays(self, store: Store) -> None:
        """Also one in which something has happened since a time."""
        write(store, a_running_step(1), status="running")
        write(store, a_step(2, "t2"))
        assert store.remove(["t1", "t2"], before=at(3)) == Removal(kept=("t1", "t2"))
        assert store.count_steps("t1") == store.count_steps("t2") == 1
        assert remove_all(store, "t1", "t2", before=at(4))[0].removed == ("t2",)

    def test_a_task_that_is_not_there_counts_as_removed(self, store: Store) -> None:
        """A call whose answer was lost can be repeated."""
        assert store.remove([]) == Removal()
        assert remove_all(store, "nobody") == [Removal(removed=("nobody",))]

    def test_tasks_of_one_trace_go_by_themselves(self, store: Store) -> None:
        """What is left of their trace goes with the last of them."""
        write(store, a_step(1))
        write(store, a_step(2, "t2"))
        store.write(Batch(spans=[a_span(11, 1), a_span(12, 2), a_span(13, 77), a_span(14, 13)]))

        remove_all(store, "t1")
        assert [span["name"] for span in store.spans("t2")] == ["span 12"]
        remove_all(store, "t2")

        write(store, a_step(3, "t3", parent_span_id=None))
        store.write(Batch(steps=[a_step(77, "t3")]))
        assert store.spans("t3") == []

    def test_what_arrives_later_makes_the_task_anew(self, store: Store) -> None:
        """As if it had never been there: nothing is told to a sender that he cannot help."""
        write(store, a_step(1), a_step(2))
        remove_all(store, "t1")
        late = a_step(3, created_at=at(9))
        store.write(Batch(tasks=[a_task(status=None)], steps=[late]))
        assert known_task(store)["total_steps"] == 1

    def test_a_picture_that_arrives_too_late_is_not_needed(self, store: Store) -> None:
        """Its step has gone while it was on its way."""
        step, other = a_step(1), a_step(2, "t2")
        write(store, step, other)
        remove_all(store, "t1")

        store.attach([step, other], [a_shot(step, "late"), a_shot(other, "in time")])

        assert store.screenshots("t1") == []
        assert len(store.screenshots("t2")) == 1
        assert unneeded(store) == [name_of("late")]

    def test_pictures_can_go_alone(self, store: Store) -> None:
        """The steps stay, and say why they have none."""
        shown = pictured(1, "home", attributes={"kept": 1})
        write(store, shown, a_step(2), s1="home")
        store.write(Batch(screenshots=[a_shot(shown, "after", metadata={"role": "after"})]))
        named = {semconv.SPAN_PICTURES: [name_of("home")], "kept": 2}
        store.write(Batch(spans=[a_span(11, 1, attributes=named)]))

        answers = remove_all(store, "t1", pictures_only=True)

        assert sum(answer.steps for answer in answers) == 2
        assert store.screenshots("t1") == []
        one, two = store.steps("t1")
        assert one["screenshot_path"] is one["screenshot_url"] is None
        assert one["attributes"] == {"kept": 1, semconv.SCREENSHOT_ERROR: PICTURE_REMOVED}
        assert semconv.SCREENSHOT_ERROR not in (two["attributes"] or {})
        assert [span["attributes"] for span in store.spans("t1")] == [{"kept": 2}]
        assert known_task(store)["total_steps"] == 2
        assert unneeded(store) == sorted(map(name_of, ("home", "after")))

    def test_pictures_that_tell_the_story_can_stay(self, store: Store) -> None:
        """Of a task the first and the last, and those of failed steps; and what is below these."""
        inner = [pictured(n, f"p{n}", success=n != 4) for n in range(2, 7)]
        shown = {f"s{step.step_number}": f"p{step.step_number}" for step in inner}
        write(store, a_step(1), *inner, a_step(7), **shown)
        named = [{semconv.SPAN_PICTURES: [name_of(f"asked{n}")]} for n in (3, 4)]
        below = [a_span(11, 3, attributes=named[0]), a_span(12, 4, attributes=named[1])]
        store.write(Batch(spans=below))
        (held,) = store.holdings()
        assert (held.pictures, held.picture_bytes) == (5, 5000)
        assert (held.spare_pictures, held.spare_bytes) == (2, 2000)

        for _ in range(2):
            remove_all(store, "t1", pictures_only=True, keep_first_last_failed=True)

            kept = [step["step_number"] for step in store.steps("t1") if step["screenshot_path"]]
            assert kept == [2, 4, 6]
            assert [shot["step_id"] for shot in store.screenshots("t1")] == [
                step.id for step in inner[::2]
            ]
            assert [span["attributes"] for span in store.spans("t1")] == [{}, named[1]]
            (held,) = store.holdings()
            assert (held.pictures, held.spare_pictures, held.spare_bytes) == (3, 0, 0)
        assert unneeded(store) == sorted(map(name_of, ("p3", "p5", "asked3")))

    def test_what_is_held_is_told(self, store: Store) -> None:
        """All that rules look at; a picture of two tasks counts with the later one."""
        write(store, pictured(1, "home"), pictured(2, "own"), s1="home", s2="own")
        write(store, pictured(3, "home", "t2"), status="failed", s3="home")
        store.annotate("t2", Annotation(tags=["keep", "this"]))

        one, two = store.holdings()

        assert (one.task_id, one.status, one.is_annotated, one.tags) == (
            *("t1", "completed", False),
            (),
        )
        assert (two.task_id, two.status, two.is_annotated, two.tags) == (
            *("t2", "failed", True),
            ("keep", "this"),
        )
        assert (one.last_activity, one.steps, one.pictures) == (at(3), 2, 2)
        assert (one.picture_bytes, two.picture_bytes) == (1000, 1000)
        assert one.row_bytes > two.row_bytes > 0
        assert store.holdings("t1") == [two]
        assert store.holdings("t2") == []
        assert store.holdings(only=["t2", "nobody"]) == [two]
        assert store.holdings("t1", only=["t1"]) == []
        store.annotate("t1", Annotation(notes="why?"), step_id=pictured(1, "home").id)
        assert store.holdings(only=["t1"]) == [replace(one, is_annotated=True)]
        scores = [{"name": "a", "value": -0.5}, {"name": "b", "value": 0.25}, {"name": "c"}]
        store.annotate("t2", Annotation(scores=scores))
        assert store.holdings("t1") == [replace(two, best_score=0.25)]

    def test_wrong_totals_are_told_and_mended(self, store: Store) -> None:
        """Those of one task do not keep from looking at the others."""
        write(store, a_step(1), a_step(2, success=False))
        write(store, a_step(3, "t2"))
        write(store, a_step(4, "t3"))
        before = store.task("t1"), store.task("t3")
        assert store.recount() == ([], "t3")
        assert store.recount("t3", mends=True) == ([], None)

        self.spoil_totals(store, ["t1", "t3"])

        assert store.recount() == store.recount(mends=True) == (["t1", "t3"], "t3")
        assert store.recount() == ([], "t3")
        assert (store.task("t1"), store.task("t3")) == before

    def test_tasks_that_nobody_goes_on_with_are_closed(self, store: Store) -> None:
        """With their steps that run; what arrives later takes the place of that."""
        write(store, a_step(1), a_running_step(2), status="running")
        write(store, a_running_step(3, "t2"), status="running")
        write(store, a_step(4, "t3"))
        store.write(Batch(tasks=[a_task("t2", last_activity=at(99))]))

        assert store.close_stale(at(50)) == store.close_stale(at(50), mends=True) == ["t1"]

        assert store.close_stale(at(50), mends=True) == []
        assert known_task(store)["status"] == "interrupted"
        assert known_task(store)["end_time"] == known_task(store)["last_activity"]
        assert known_task(store)["failed_steps"] == 1
        _, left = store.steps("t1")
        assert (left["status"], left["success"], left["error_kind"]) == (
            *("interrupted", False),
            "interrupted",
        )
        assert left["error_message"] == STEP_INTERRUPTED_MESSAGE
        assert (known_task(store, "t2")["status"], store.recount()[0]) == ("running", [])
        write(store, a_step(2))
        assert (known_task(store)["status"], known_task(store)["failed_steps"]) == ("completed", 0)

    def spoil_totals(self, store: Store, task_ids: Sequence[str]) -> None:
        """Make the totals of tasks wrong, behind the back of *store*."""
        raise NotImplementedError

    def test_a_chore_is_for_one(self, store: Store) -> None:
        """Nobody else gets it, until it is due again."""
        chore = uuid.uuid4().hex
        assert store.claim(chore, 0)
        assert store.claim(chore, 1000)
        assert not store.claim(chore, 1000)
