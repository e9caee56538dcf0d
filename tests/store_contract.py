"""
What every store must do, whatever it is made of.

A backend's test module subclasses `StoreContract` and gives the fixture `store`: an open, empty
store for each test.
"""

import itertools
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from otel_steps.rows.ids import screenshot_id, step_id
from otel_steps.rows.model import Batch, ScreenshotRow, SpanRow, StepRow, TaskRow
from otel_steps.stores import RowRejected, Store, Written

TRACE = "ab" * 16
OTHER_TRACE = "cd" * 16
SHA = "0123456789abcdef" * 4
_START = datetime(2026, 11, 24, 8, tzinfo=UTC)
_fresh_numbers = itertools.count(1)


def at(seconds: float) -> str:
    """Return a time as rows have it, *seconds* after the start of all tests."""
    return (_START + timedelta(seconds=seconds)).isoformat(timespec="microseconds")


def span_id(number: int) -> str:
    """Return the id of the span *number* of a trace."""
    return f"{number:016x}"


def a_task(task_id: str = "t1", **values: Any) -> TaskRow:
    """Return the row of a task span that is still open, one second before its first step."""
    row: dict[str, Any] = {
        "task_description": "打开相机",
        "status": "running",
        "created_at": at(0),
        "last_activity": at(0),
        "trace_id": TRACE,
    }
    return TaskRow(task_id=task_id, **(row | values))


def an_implicit_task(task_id: str = "t1", **values: Any) -> TaskRow:
    """Return the row of a task that is known from its steps only."""
    return a_task(task_id, **({"status": None, "task_description": None} | values))


def a_step(number: int = 1, task_id: str = "t1", **values: Any) -> StepRow:
    """Return the row of a step that took the second *number* and succeeded."""
    trace_id = values.get("trace_id", TRACE)
    row: dict[str, Any] = {
        "id": step_id(trace_id, span_id(number)),
        "step_number": number,
        "step_type": "action",
        "step_data": {"n": number},
        "duration_ms": 1000,
        "success": True,
        "created_at": at(number),
        "status": "completed",
        "started_at": at(number),
        "ended_at": at(number + 1),
        "trace_id": trace_id,
        "span_id": span_id(number),
        "parent_span_id": span_id(0),
    }
    return StepRow(task_id=task_id, **(row | values))


def a_running_step(number: int = 1, task_id: str = "t1", **values: Any) -> StepRow:
    """Return the row of a step that has begun."""
    running = {"status": "running", "success": None, "duration_ms": None, "ended_at": None}
    return a_step(number, task_id, **(running | values))


def a_screenshot(step: StepRow, **values: Any) -> ScreenshotRow:
    """Return the row of the picture of *step*."""
    row: dict[str, Any] = {
        "id": screenshot_id(step.id, SHA),
        "screenshot_path": f"01/{SHA}.webp",
        "created_at": step.created_at,
    }
    return ScreenshotRow(task_id=step.task_id, step_id=step.id, **(row | values))


def a_span(number: int, parent: int | None, **values: Any) -> SpanRow:
    """Return the row of a span below the span *parent*."""
    row: dict[str, Any] = {
        "trace_id": TRACE,
        "span_id": span_id(number),
        "parent_span_id": None if parent is None else span_id(parent),
        "name": f"span {number}",
        "kind": 1,
        "started_at": at(number / 1000),
        "ended_at": at(number),
        "duration_ms": 1.5,
        "status_code": 0,
    }
    return SpanRow(**(row | values))


def known_task(store: Store, task_id: str = "t1") -> dict[str, Any]:
    """Return a task's row, which must be there."""
    task = store.task(task_id)
    assert task is not None
    return task


class StoreContract:
    """The suite; see the module."""

    def test_what_is_not_there_is_none_or_nothing(self, store: Store) -> None:
        """Asking for an unknown task is no error."""
        assert store.task("nobody") is None
        assert store.report("nobody") is None
        assert store.tasks() == []
        assert store.steps("nobody") == []
        assert store.screenshots("nobody") == []
        assert store.spans("nobody") == []
        assert store.count_steps("nobody") == 0
        assert store.statistics() == {
            "tasks": 0,
            "steps": 0,
            "screenshots": 0,
            "tasks_by_status": {},
            "success_rate": 0.0,
        }

    def test_every_column_comes_back_as_it_was_written(self, store: Store) -> None:
        """Rows come back with every value, of the same type."""
        step = a_step(
            thinking="想",
            action_result={"success": True, "message": None},
            error_message="e",
            screenshot_url="https://example.invalid/x",
            error_kind="action_error",
            app="Settings",
            action={"action": "Tap", "element": [500, 82]},
            timings={"model_ms": 1.5},
            attributes={"a": [1, 2.5, True, None, {"b": "c"}]},
            resource={"service.name": "phone"},
        )
        task = a_task(
            status="completed",
            end_time=at(9),
            last_activity=at(9),
            result="done",
            config={"max_steps": 100},
            agent="PhoneAgent",
            model="autoglm-phone-9b",
            device_id="emulator-5554",
            resource={"service.name": "phone"},
        )
        picture = a_screenshot(
            step,
            file_size=10,
            file_hash=SHA,
            compressed=True,
            metadata={"black": False},
            remote_url="s3://b/k",
            width=1080,
            height=2400,
            mime_type="image/webp",
            phash=-(2**63),
            sensitive=False,
            change_since=SHA,
            change_share=0.125,
            change_boxes=[[0, 10, 20, 1000, "surface"]],
        )
        span = a_span(
            7,
            1,
            task_id="t1",
            status_message="no",
            attributes={"k": 1},
            events=[{"name": "e", "time_unix_nano": 1, "attributes": {}}],
            links=[],
            scope="httpx 1.0",
        )

        store.write(Batch(tasks=[task], steps=[step], screenshots=[picture], spans=[span]))

        assert_holds(known_task(store), task)
        assert_holds(store.steps("t1")[0], step)
        assert_holds(store.screenshots("t1")[0], picture)
        assert_holds(store.spans("t1")[0], span)

    @pytest.mark.parametrize(
        "text",
        [
            "打开相机，拍一张照片",
            "👩‍👩‍👧 🇨🇳",
            "'; DROP TABLE tasks; --",
            '"\\\n\t%_\u202e',
            "x" * 100_000,
        ],
    )
    def test_text_comes_back_exactly(self, store: Store, text: str) -> None:
        """Any text survives, in columns, in JSON and in JSON keys."""
        step = a_step(thinking=text, step_data={text[:500]: text}, task_id=text[:200])
        task = a_task(text[:200], task_description=text)

        store.write(Batch(tasks=[task], steps=[step]))

        (stored,) = store.steps(text[:200])
        assert (stored["thinking"], stored["step_data"]) == (text, {text[:500]: text})
        assert known_task(store, text[:200])["task_description"] == text

    @settings(
        max_examples=30,
        deadline=None,
        suppress_health_check=[
            HealthCheck.function_scoped_fixture,
            HealthCheck.too_slow,
            HealthCheck.differing_executors,  # one class a backend
        ],
    )
    @given(
        value=st.recursive(
            st.none()
            | st.booleans()
            | st.integers(-(2**53), 2**53)
            | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
            lambda inner: st.lists(inner) | st.dictionaries(st.text("abc中"), inner),
            max_leaves=10,
        )
    )
    def test_any_json_comes_back_exactly(self, store: Store, value: Any) -> None:
        """A JSON column holds any JSON value, and None is no value."""
        number = next(_fresh_numbers)
        store.write(Batch(steps=[a_step(number, f"json-{number}", action=value)]))

        (step,) = store.steps(f"json-{number}")
        assert json.dumps(step["action"], sort_keys=True) == json.dumps(value, sort_keys=True)

    def test_a_replay_changes_nothing(self, store: Store) -> None:
        """The same batch again is known, and everything reads as before."""
        step = a_step()
        batch = Batch(
            tasks=[a_task(status="completed")],
            steps=[step],
            screenshots=[a_screenshot(step)],
            spans=[a_span(7, 1)],
        )
        first = store.write(batch)
        report, spans = store.report("t1"), store.spans("t1")

        again = store.write(batch)

        assert first == Written(stored=3, known=0)
        assert again == Written(stored=0, known=3)
        assert (store.report("t1"), store.spans("t1")) == (report, spans)

    def test_a_first_ended_step_is_never_replaced(self, store: Store) -> None:
        """Of two ended rows of one step the first stays."""
        store.write(Batch(steps=[a_step(thinking="first")]))

        written = store.write(Batch(steps=[a_step(thinking="second", status="failed")]))

        assert written == Written(stored=0, known=1)
        assert store.steps("t1")[0]["thinking"] == "first"

    def test_a_running_step_may_know_more_later(self, store: Store) -> None:
        """A running row replaces a running one."""
        store.write(Batch(steps=[a_running_step()]))

        written = store.write(Batch(steps=[a_running_step(thinking="hm")]))

        assert written == Written(stored=1, known=0)
        assert store.steps("t1")[0]["thinking"] == "hm"

    @pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
    def test_a_step_moves_only_forward(self, store: Store, order: tuple[int, ...]) -> None:
        """Unknown, running, interrupted and ended rows of a step end as ended in any order."""
        rows = [
            a_running_step(status=None),
            a_running_step(),
            a_running_step(status="interrupted", success=False, error_kind="interrupted"),
            a_step(thinking="the end"),
        ]

        for index in order:
            store.write(Batch(tasks=[an_implicit_task()], steps=[rows[index]]))

        assert_holds(store.steps("t1")[0], rows[3])
        assert known_task(store)["successful_steps"] == 1

    @pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
    def test_a_task_moves_only_forward(self, store: Store, order: tuple[int, ...]) -> None:
        """Implicit, running, interrupted and ended rows of a task end as ended in any order."""
        rows = [
            an_implicit_task(created_at=at(1), last_activity=at(20), device_id="d"),
            a_task(),
            a_task(status="interrupted", end_time=at(3), last_activity=at(3)),
            a_task(status="max_steps", end_time=at(9), last_activity=at(9), result="r"),
        ]

        for index in order:
            store.write(Batch(tasks=[rows[index]]))

        task = known_task(store)
        assert (task["status"], task["result"], task["end_time"]) == ("max_steps", "r", at(9))
        assert (task["created_at"], task["last_activity"]) == (at(0), at(20))
        assert task["task_description"] == "打开相机"

    def test_an_open_span_ends_and_stays_ended(self, store: Store) -> None:
        """A span that is stored open is replaced once, by its end."""
        open_span = a_span(7, 1, ended_at=None, duration_ms=None)
        store.write(Batch(steps=[a_step()], spans=[open_span]))
        ended = store.write(Batch(spans=[a_span(7, 1)]))
        late = store.write(Batch(spans=[open_span]))

        assert (ended.stored, late.stored) == (1, 0)
        assert store.spans("t1")[0]["ended_at"] == at(7)

    def test_a_task_without_a_span_is_known_from_its_steps(self, store: Store) -> None:
        """A task that nobody has spoken for has no status, and its life spans its steps."""
        store.write(Batch(tasks=[an_implicit_task(created_at=at(5), last_activity=at(6))]))
        store.write(Batch(tasks=[an_implicit_task(created_at=at(2), last_activity=at(3))]))

        task = known_task(store)
        assert (task["status"], task["created_at"], task["last_activity"]) == (None, at(2), at(6))

    @pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
    def test_the_task_of_a_trace_is_that_which_began_first(
        self, store: Store, order: tuple[int, ...]
    ) -> None:
        """It has called the others, whose words are about less; in any order of arrival."""
        rows = [
            a_task(created_at=at(second), last_activity=at(10 - second), result=name, status=status)
            for second, name, status in (
                (1, "root", "completed"),
                (2, "called", "failed"),
                (3, "called by that", "completed"),
            )
        ]

        for index in order:
            store.write(Batch(tasks=[rows[index]]))

        task = store.task("t1")
        assert task is not None
        assert (task["result"], task["status"]) == ("root", "completed")
        assert (task["created_at"], task["last_activity"]) == (at(1), at(9))

    def test_a_task_that_is_told_again_keeps_what_it_has(self, store: Store) -> None:
        """What was heard of it since fills what its own span did not say, and makes nothing new."""
        known = {"task_description": None, "result": None, "agent": None, "model": None}
        known["status"] = "completed"
        store.write(Batch(tasks=[a_task(**{**known, "agent": "own"})]))

        said = {"task_description": "asked", "result": "answered", "model": "m"}
        heard = a_task(**{**known, **said})
        first, again = store.write(Batch(tasks=[heard])), store.write(Batch(tasks=[heard]))

        assert first == again == Written(stored=0, known=1)
        task = store.task("t1")
        assert task is not None
        assert [task[name] for name in known] == ["asked", "answered", "own", "m", "completed"]

    def test_a_task_that_nobody_speaks_for_may_have_a_name(self, store: Store) -> None:
        """Whenever that comes; and who speaks for it later knows better."""
        for name in (None, "GET /", "POST /"):
            store.write(Batch(tasks=[an_implicit_task(task_description=name)]))
        named = store.task("t1")
        store.write(Batch(tasks=[a_task(task_description="asked")]))
        store.write(Batch(tasks=[an_implicit_task(task_description="GET /")]))

        task = store.task("t1")
        assert named is not None
        assert task is not None
        assert (named["task_description"], named["status"]) == ("GET /", None)
        assert task["task_description"] == "asked"

    @pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
    def test_a_task_id_used_again_starts_anew(self, store: Store, order: tuple[int, ...]) -> None:
        """The span that began last speaks for the task, even running after completed."""
        rows = [
            a_task(status="completed", result="old", end_time=at(9), trace_id="01" * 16),
            a_task(status="failed", created_at=at(50), trace_id="02" * 16),
            a_task(task_description="new", created_at=at(100), trace_id="03" * 16),
        ]

        for index in (*order, *order):
            store.write(Batch(tasks=[rows[index]]))

        task = known_task(store)
        assert (task["status"], task["task_description"]) == ("running", "new")
        assert (task["result"], task["end_time"]) == (None, None)
        assert (task["created_at"], task["trace_id"]) == (at(0), "03" * 16)

    @settings(
        max_examples=25,
        deadline=None,
        suppress_health_check=[
            HealthCheck.function_scoped_fixture,
            HealthCheck.differing_executors,
        ],
    )
    @given(order=st.permutations(range(7)), size=st.integers(1, 7))
    def test_totals_are_right_in_any_order(self, store: Store, order: list[int], size: int) -> None:
        """Whatever comes first and together, a task adds up to the same."""
        number = next(_fresh_numbers)
        name, trace_id = f"totals-{number}", f"{number:032x}"
        rows: list[TaskRow | StepRow] = [
            a_task(name, trace_id=trace_id),
            a_task(name, trace_id=trace_id, status="failed", last_activity=at(4)),
            a_step(1, name, trace_id=trace_id),
            a_running_step(2, name, trace_id=trace_id),
            a_step(2, name, trace_id=trace_id, success=False, status="failed", duration_ms=500),
            a_running_step(3, name, trace_id=trace_id),
            a_step(4, name, trace_id=trace_id, duration_ms=None),
        ]

        for indexes in _parts(order, size):
            part = [rows[index] for index in indexes]
            steps = [row for row in part if isinstance(row, StepRow)]
            steps.sort(key=lambda step: step.status != "running")
            store.write(
                Batch(
                    tasks=[row for row in part if isinstance(row, TaskRow)]
                    or [an_implicit_task(name, created_at=at(1), trace_id=trace_id)],
                    # A batch has each step once.
                    steps=list({step.id: step for step in steps}.values()),
                )
            )

        task = known_task(store, name)
        assert {key: task[key] for key in _TOTALS} == {
            "total_steps": 4,
            "successful_steps": 2,
            "failed_steps": 1,
            "total_duration_ms": 1500,
            "last_step_at": at(5),
            "has_detailed_steps": True,
            "last_activity": at(5),
            "created_at": at(0),
            "status": "failed",
        }

    def test_a_task_without_steps_adds_up_to_nothing(self, store: Store) -> None:
        """Totals of a task without steps are zero, not unknown."""
        store.write(Batch(tasks=[a_task()]))

        task = known_task(store)
        assert (task["total_steps"], task["total_duration_ms"]) == (0, 0)
        assert (task["last_step_at"], task["has_detailed_steps"]) == (None, False)

    def test_a_batch_with_one_unstorable_row_stores_nothing(self, store: Store) -> None:
        """All or nothing: the good rows of a refused batch are not there."""
        bad = a_step(2, step_number=None)

        with pytest.raises(RowRejected):
            store.write(
                Batch(tasks=[a_task()], steps=[a_step(), bad], spans=[a_span(7, 1, task_id="t1")])
            )

        assert (store.task("t1"), store.steps("t1"), store.spans("t1")) == (None, [], [])
        assert store.write(Batch(steps=[a_step()])).stored == 1

    def test_a_value_that_is_no_json_is_refused(self, store: Store) -> None:
        """What cannot be encoded is the row's fault, and the message does not show it."""
        with pytest.raises(RowRejected) as refused:
            store.write(Batch(steps=[a_step(action={"password-1234": object()})]))

        assert "1234" not in str(refused.value)

    def test_half_a_character_is_refused(self, store: Store) -> None:
        """Text that has no encoding is the row's fault."""
        with pytest.raises(RowRejected):
            store.write(Batch(steps=[a_step(thinking="\ud83d")]))

    def test_steps_come_in_the_order_in_which_they_were_taken(self, store: Store) -> None:
        """By number, then by start; a step without its turn does not disturb."""
        steps = [
            a_step(12, step_number=2, started_at=at(9)),
            a_step(11, step_number=10),
            a_step(13, step_number=2, started_at=at(3)),
            a_step(14, step_number=1, started_at=at(30)),
        ]
        store.write(Batch(steps=steps))
        store.write(Batch(screenshots=[a_screenshot(step) for step in steps]))

        numbers = [(step["step_number"], step["started_at"]) for step in store.steps("t1")]
        assert numbers == [(1, at(30)), (2, at(3)), (2, at(9)), (10, at(11))]
        expected = [step["id"] for step in store.steps("t1")]
        assert [shot["step_id"] for shot in store.screenshots("t1")] == expected

    def test_64_rows_go_at_once_and_are_read_in_pages(self, store: Store) -> None:
        """A full portion is stored whole; pages cover it without gap or overlap."""
        written = store.write(
            Batch(tasks=[a_task()], steps=[a_step(number) for number in range(1, 64)])
        )

        assert written.stored == 64
        assert store.count_steps("t1") == 63
        pages = [store.steps("t1", limit=20, offset=offset) for offset in (0, 20, 40, 60, 80)]
        assert [len(page) for page in pages] == [20, 20, 20, 3, 0]
        assert list(itertools.chain(*pages)) == store.steps("t1")

    def test_tasks_are_listed_newest_first(self, store: Store) -> None:
        """The list is in order of creation, pages of it too, and can be cut down to a status."""
        for number in (2, 0, 3, 1):
            status = "failed" if number % 2 else "completed"
            store.write(Batch(tasks=[a_task(f"t{number}", created_at=at(number), status=status)]))

        assert [task["task_id"] for task in store.tasks()] == ["t3", "t2", "t1", "t0"]
        assert [task["task_id"] for task in store.tasks(limit=2, offset=1)] == ["t2", "t1"]
        assert [task["task_id"] for task in store.tasks(status="failed")] == ["t3", "t1"]
        assert store.tasks(status="' OR 1=1 --") == []
        assert store.tasks(limit=0) == store.tasks(limit=-1) == []

    def test_a_report_joins_a_task_with_all_that_it_has(self, store: Store) -> None:
        """A report holds what the single questions answer, and counts it."""
        steps = [
            a_step(1, duration_ms=100),
            a_step(2, duration_ms=300, success=False, status="failed"),
            a_running_step(3),
        ]
        store.write(Batch(tasks=[a_task()], steps=steps, screenshots=[a_screenshot(steps[0])]))

        report = store.report("t1")

        assert report == {
            "task": store.task("t1"),
            "steps": store.steps("t1"),
            "screenshots": store.screenshots("t1"),
            "statistics": {
                "total_steps": 3,
                "successful_steps": 1,
                "failed_steps": 1,
                "success_rate": 0.5,
                "total_duration_ms": 400,
                "average_step_duration_ms": 200.0,
                "screenshots_count": 1,
            },
        }

    def test_statistics_count_over_all_tasks(self, store: Store) -> None:
        """Tasks by status; steps and their success over all of them."""
        step = a_step(1, "a")
        store.write(
            Batch(
                tasks=[a_task("a"), a_task("b", status="failed"), an_implicit_task("c")],
                steps=[step, a_step(2, "b", success=False), a_step(3, "b"), a_running_step(4, "c")],
                screenshots=[a_screenshot(step)],
            )
        )

        assert store.statistics() == {
            "tasks": 3,
            "steps": 4,
            "screenshots": 1,
            "tasks_by_status": {"running": 1, "failed": 1, "unknown": 1},
            "success_rate": pytest.approx(2 / 3),
        }

    def test_what_steps_have_used_is_summed_by_task_model_and_day(self, store: Store) -> None:
        """A step's model wins over its task's; a count without its other half stands apart."""
        full = {"input_tokens": 1000, "output_tokens": 50, "cached_tokens": 400}
        steps = [
            a_step(1, "a", **full),
            a_step(2, "a", input_tokens=7, output_tokens=3),
            a_step(3, "a", model="m2", output_tokens=9),
            a_step(4, "a"),
            a_step(5, "b", **full, started_at=at(86_400)),
            a_running_step(6, "c"),
        ]
        # The steps before their task, and the same once more: a sum is right in any order.
        for batch in (Batch(steps=steps), Batch(tasks=[a_task("a", model="m1")], steps=steps[:2])):
            store.write(batch)

        whole = {
            "model": "m1",
            "is_whole": True,
            "steps": 2,
            "input_tokens": 1007,
            "output_tokens": 53,
            "cached_tokens": 400,
        }
        half = {
            "model": "m2",
            "is_whole": False,
            "steps": 1,
            "input_tokens": None,
            "output_tokens": 9,
            "cached_tokens": None,
        }
        of_b = {"model": None, "is_whole": True, "steps": 1, **full}
        assert store.usage(["a", "b", "c", "nobody", "a\0b"]) == {"a": [whole, half], "b": [of_b]}
        assert store.usage([]) == store.usage(["\ud83d"]) == {}
        assert store.usage_by_day() == [
            {"day": "2026-11-24", **whole},
            {"day": "2026-11-24", **half},
            {"day": "2026-11-25", **of_b},
        ]

    def test_an_upload_fills_the_address_of_a_screenshot(self, store: Store) -> None:
        """A screenshot stored before its upload learns its address; a known one is not lost."""
        step = a_step()
        address = "https://example.invalid/a.webp"
        store.write(Batch(steps=[step], screenshots=[a_screenshot(step)]))
        store.write(Batch(screenshots=[a_screenshot(step, remote_url=address, file_size=5)]))
        store.write(Batch(screenshots=[a_screenshot(step)]))

        (screenshot,) = store.screenshots("t1")
        assert (screenshot["remote_url"], screenshot["file_size"]) == (address, None)

    def test_a_picture_may_come_after_its_step(self, store: Store) -> None:
        """A step that is stored learns of its picture later, and of nothing else."""
        step, other = a_step(attributes={"a": 1}), a_step(2)
        store.write(Batch(tasks=[a_task()], steps=[step, other]))
        before = store.report("t1")
        address = "https://example.invalid/a.webp"
        pictured = replace(
            step,
            screenshot_path=f"01/{SHA}.webp",
            screenshot_url=address,
            attributes={"a": 1, "b": 2},
            thinking="changed",
        )
        shot = a_screenshot(step, remote_url=address, phash=-5)

        for _ in range(2):
            store.attach([pictured], [shot])

        after = store.report("t1")
        assert before is not None
        assert after is not None
        assert after["steps"][0]["screenshot_path"].endswith(f"{SHA}.webp")
        assert (after["steps"][0]["screenshot_url"], after["steps"][0]["attributes"]) == (
            address,
            {"a": 1, "b": 2},
        )
        changed = ("screenshot_path", "screenshot_url", "attributes")
        assert [without(row, changed) for row in after["steps"]] == [
            without(row, changed) for row in before["steps"]
        ]
        assert after["task"] == before["task"]
        (stored,) = after["screenshots"]
        assert (stored["step_id"], stored["remote_url"], stored["phash"]) == (step.id, address, -5)

    def test_a_step_may_learn_that_its_picture_will_never_come(self, store: Store) -> None:
        """Its attributes say why; a picture that it has already stays."""
        step, pictured = a_step(), a_step(2, screenshot_path=f"01/{SHA}.webp")
        store.write(Batch(steps=[step, pictured], screenshots=[a_screenshot(pictured)]))
        lost = {"otel_steps.screenshot.error": "lost"}

        store.attach(
            [
                replace(step, attributes=lost),
                replace(pictured, screenshot_path=None, attributes=lost),
            ],
            [],
        )

        first, second = store.steps("t1")
        assert (first["screenshot_path"], first["attributes"]) == (None, lost)
        assert second["screenshot_path"].endswith(f"{SHA}.webp")
        assert second["attributes"] is None

    def test_a_picture_goes_to_the_row_that_it_was_meant_for(self, store: Store) -> None:
        """A row that has moved on, or is not there, is left alone."""
        ended, unknown = a_step(), a_step(7)
        store.write(Batch(steps=[ended]))
        old = replace(a_running_step(), screenshot_path=f"01/{SHA}.webp", attributes={"old": 1})

        store.attach([old, unknown], [a_screenshot(unknown)])
        store.attach([], [])

        (row,) = store.steps("t1")
        assert (row["screenshot_path"], row["attributes"]) == (None, None)
        assert store.screenshots("t1") == []

    def test_pictures_with_a_value_that_is_no_json_are_refused(self, store: Store) -> None:
        """As with rows: nothing of them is stored."""
        step, other = a_step(), a_step(2)
        store.write(Batch(steps=[step, other]))
        good = replace(step, screenshot_path=f"01/{SHA}.webp")

        with pytest.raises(RowRejected):
            store.attach([good, replace(other, attributes={"a": {1, 2}})], [])

        assert [row["screenshot_path"] for row in store.steps("t1")] == [None, None]

    def test_spans_below_a_task_belong_to_it(self, store: Store) -> None:
        """All below the task span and its steps, whatever else the trace holds."""
        store.write(
            Batch(
                tasks=[a_task(), a_task("t2")],
                steps=[
                    a_step(1, parent_span_id=span_id(30)),
                    a_step(2, "t2", parent_span_id=span_id(90)),
                    a_step(3, "t3", parent_span_id=span_id(99)),
                ],
                spans=[
                    a_span(99, None),  # around both tasks
                    a_span(30, 0),  # between the task span (0) and its step
                    a_span(10, 1),
                    a_span(11, 10),
                    a_span(12, 0),
                    a_span(20, 2),  # below the step of the other task
                    a_span(21, 90),
                    a_span(13, 10, task_id="t2"),  # a task of its own inside
                    a_span(14, 13),
                    a_span(40, None, task_id="t1", trace_id=OTHER_TRACE),
                    a_span(41, 40, trace_id=OTHER_TRACE),
                    a_span(10, None, trace_id=OTHER_TRACE),
                ],
            )
        )

        def names(task_id: str) -> list[str]:
            return [span["name"] for span in store.spans(task_id)]

        assert names("t1") == [f"span {number}" for number in (10, 11, 12, 30, 40, 41)]
        assert names("t2") == ["span 13", "span 14", "span 20", "span 21"]
        assert names("t3") == []

    def test_spans_in_a_circle_end_the_search(self, store: Store) -> None:
        """A broken tracer's circle of parents is no endless loop."""
        store.write(Batch(steps=[a_step()], spans=[a_span(7, 8), a_span(8, 7), a_span(9, 9)]))

        assert store.spans("t1") == []

    def test_closing_twice_is_no_error(self, store: Store) -> None:
        """A store may be closed any number of times."""
        store.close()
        store.close()


_TOTALS = (
    "total_steps",
    "successful_steps",
    "failed_steps",
    "total_duration_ms",
    "last_step_at",
    "has_detailed_steps",
    "last_activity",
    "created_at",
    "status",
)


def without(row: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}


def _parts(order: list[int], size: int) -> list[list[int]]:
    return [order[start : start + size] for start in range(0, len(order), size)]


def assert_holds(stored: dict[str, Any], row: TaskRow | StepRow | ScreenshotRow | SpanRow) -> None:
    """Assert that *stored* has every value of *row*, of its type; a path may be made absolute."""
    for name in row.__slots__:
        expected, actual = getattr(row, name), stored[name]
        if name == "screenshot_path" and expected is not None:
            assert str(actual).replace("\\", "/").endswith(expected)
        else:
            assert (type(actual), actual) == (type(expected), expected), name
