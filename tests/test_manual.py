"""`task()` and `step()`: tasks and steps of any agent, written by hand."""

import asyncio
import base64
import hashlib
import json
import os
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from opentelemetry import trace
from PIL import Image

import otel_steps
from otel_steps import semconv
from otel_steps.emit.span_values import MAX_REASONS, describe_error
from otel_steps.manual.handles import StepHandle, TaskHandle
from otel_steps.pictures.step_pictures import MAX_PICTURES
from otel_steps.stores import Store
from tests.commands import command
from tests.in_flight import states_of
from tests.pictures import png


class Recorded:
    """What has been recorded, once it is in the store."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.recording = otel_steps.configure(dir=folder, instrument=False)

    def steps(self, task_id: str) -> list[dict[str, Any]]:
        with self._store() as store:
            return store.steps(task_id)

    def task(self, task_id: str) -> dict[str, Any] | None:
        with self._store() as store:
            return store.task(task_id)

    def tasks(self) -> list[dict[str, Any]]:
        with self._store() as store:
            return store.tasks()

    def spans(self, task_id: str) -> list[dict[str, Any]]:
        with self._store() as store:
            return store.spans(task_id)

    def problems(self) -> dict[str, int]:
        return {each.kind: each.count for each in self.recording.health().problems}

    def _store(self) -> "closing[Store]":
        assert self.recording.flush()
        return closing(otel_steps.open_store(self.recording.settings.store))


@pytest.fixture(name="recorded")
def _recorded(tmp_path: Path, own_pipeline: None) -> Recorded:
    return Recorded(tmp_path / "data")


def test_a_verdict_on_a_task_is_kept(recorded: Recorded) -> None:
    """An event `gen_ai.evaluation.result` of anybody's is a span below what it is about."""
    verdict = {"gen_ai.evaluation.name": "Relevance", "gen_ai.evaluation.score.label": "pass"}
    with otel_steps.task("x") as task:
        trace.get_current_span().add_event("gen_ai.evaluation.result", verdict)
        with otel_steps.step():
            trace.get_current_span().add_event("gen_ai.evaluation.result", verdict)

    (step,) = recorded.steps(task.task_id)
    spans = recorded.spans(task.task_id)

    assert {each["parent_span_id"] for each in spans} == {step["span_id"], step["parent_span_id"]}
    assert {each["name"] for each in spans} == {"evaluation Relevance"}
    assert [each["attributes"] for each in spans] == [verdict] * 2


def test_a_task_with_steps_becomes_rows(recorded: Recorded) -> None:
    """All that is said in the blocks is in the rows, in order."""
    with otel_steps.task(
        "打开相机", agent="mine", model="m1", session="s1", config={"max": 3}
    ) as task:
        with otel_steps.step(thinking="先打开", action={"action": "Launch"}, app="桌面") as first:
            first.set(action_result={"ok": True}, step_data={"try": 1}, finished=False)
            first.set(coordinates="pixel")
            first.set(input_tokens=900, output_tokens=40)
            first.set(input_tokens=1312, cached_tokens=1024)
        with otel_steps.step(step_type="completion", output_tokens=3) as second:
            second.set(input_tokens="many", attributes={"gen_ai.request.model": "m2"})  # type: ignore[arg-type]
        task.complete("好了")

    row = recorded.task(task.task_id)
    steps = recorded.steps(task.task_id)

    assert row is not None
    assert (row["task_description"], row["status"], row["result"]) == (
        "打开相机",
        "completed",
        "好了",
    )
    assert (row["agent"], row["model"], row["config"]) == ("mine", "m1", {"max": 3})
    assert (row["total_steps"], row["successful_steps"]) == (2, 2)
    assert [step["step_number"] for step in steps] == [1, 2]
    assert [step["step_type"] for step in steps] == ["action", "completion"]
    assert (steps[0]["thinking"], steps[0]["app"]) == ("先打开", "桌面")
    assert (row["session"], steps[0]["coordinates"]) == ("s1", "pixel")
    assert steps[0]["action"] == {"action": "Launch"}
    assert (steps[0]["action_result"], steps[0]["step_data"]) == ({"ok": True}, {"try": 1})
    used = ("model", "input_tokens", "output_tokens", "cached_tokens")
    assert [steps[0][name] for name in used] == [None, 1312, 40, 1024]
    assert [steps[1][name] for name in used] == ["m2", None, 3, None]


BERLIN = timezone(timedelta(hours=2))
TOLD_TIMES = {
    "seconds": (1_790_000_000.25, 1_790_000_001.5),
    "a datetime with a zone": (
        datetime.fromtimestamp(1_790_000_000.25, BERLIN),
        datetime.fromtimestamp(1_790_000_001.5, UTC),
    ),
    "a local datetime": (
        datetime.fromtimestamp(1_790_000_000.25),  # noqa: DTZ006 - as agents have them
        datetime.fromtimestamp(1_790_000_001.5),  # noqa: DTZ006
    ),
}


@pytest.mark.parametrize("times", TOLD_TIMES.values(), ids=TOLD_TIMES.keys())
def test_a_step_that_is_told_afterwards_has_the_times_it_was_taken(
    recorded: Recorded, times: tuple[Any, Any]
) -> None:
    """Start, end and duration are those that were told, in a task as outside of one."""
    with otel_steps.task("t") as task, otel_steps.step(started_at=times[0], ended_at=times[1]):
        pass
    with otel_steps.step(started_at=times[0], ended_at=times[1], action={"action": "alone"}):
        pass

    alone = next(each for each in recorded.tasks() if each["task_id"] != task.task_id)
    for task_id in (task.task_id, alone["task_id"]):
        (step,) = recorded.steps(task_id)
        assert step["started_at"] == "2026-09-21T14:13:20.250000+00:00"
        assert step["ended_at"] == "2026-09-21T14:13:21.500000+00:00"
        assert step["duration_ms"] == 1250
    assert alone["end_time"] == "2026-09-21T14:13:21.500000+00:00"
    assert recorded.problems() == {}


def test_a_step_may_be_told_one_of_its_times(recorded: Recorded) -> None:
    """A beginning alone is that of a step that goes on; with an end alone it has no duration."""
    before = time.time() - 60
    with otel_steps.task("t") as task:
        with otel_steps.step(started_at=before):
            pass
        with otel_steps.step(ended_at=before):
            pass

    first, second = recorded.steps(task.task_id)
    assert 60_000 <= first["duration_ms"] < 120_000
    assert second["duration_ms"] == 0
    assert second["started_at"] == second["ended_at"] == first["started_at"]


class Unspeakable:
    def __repr__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize(
    "value",
    [
        *("2026-11-28", True, float("nan"), float("inf"), -1, 1_790_000_000_250, 10**400),
        *(datetime(9999, 12, 31), datetime(1, 1, 1), Unspeakable()),  # noqa: DTZ001 - as agents do
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_time_is_reported_and_harms_nothing(recorded: Recorded, value: Any) -> None:
    """The step is recorded with the time of its block."""
    with otel_steps.task("t") as task, otel_steps.step(started_at=value, ended_at=value):
        pass

    (step,) = recorded.steps(task.task_id)
    assert datetime.fromisoformat(step["started_at"]).timestamp() >= time.time() - 600
    assert recorded.problems() == {"time": 2}


def test_an_end_before_the_beginning_is_no_duration(recorded: Recorded) -> None:
    """A duration is never negative, and somebody hears of it."""
    with otel_steps.task("t") as task, otel_steps.step(started_at=1_790_000_000, ended_at=1.0):
        pass

    (step,) = recorded.steps(task.task_id)
    assert step["duration_ms"] == 0
    assert recorded.problems() == {"time": 1}


def test_what_a_step_begins_with_is_on_disk_in_one_state(recorded: Recorded) -> None:
    """Its beginning and what is known of it then are one write: nothing can happen in between."""
    action = {"action": "Tap", "element": [1, 2]}
    with (
        otel_steps.task("x"),
        otel_steps.step(thinking="hm", action=action, step_data=[1], app="桌面"),
    ):
        (state,) = states_of(recorded.recording.settings.backup_dir, 1)

    assert state[semconv.STEP_THINKING] == "hm"
    assert json.loads(state[semconv.STEP_ACTION]) == action
    assert (state[semconv.STEP_DATA], state[semconv.STEP_APP]) == ("[1]", "桌面")


@pytest.mark.parametrize(
    "shape", ["bytes", "base64 in bytes", "path", "open file", "image", "an agent's own"]
)
def test_a_screenshot_may_come_in_any_shape(recorded: Recorded, tmp_path: Path, shape: str) -> None:
    """Whatever a program has it in, the step has the picture; it says if it must not be shown."""
    picture = png(30, 40)
    (tmp_path / "shot.png").write_bytes(picture)
    text = base64.b64encode(picture)
    shapes: dict[str, Any] = {
        "bytes": lambda: picture,
        "base64 in bytes": lambda: text,
        "path": lambda: tmp_path / "shot.png",
        "open file": lambda: (tmp_path / "shot.png").open("rb"),
        "image": lambda: Image.new("RGB", (30, 40), "white"),
        "an agent's own": lambda: SimpleNamespace(base64_data=text.decode(), is_sensitive=True),
    }

    with otel_steps.task("look") as task, otel_steps.step() as handle:
        source = shapes[shape]()
        handle.set(screenshot=source)
        if hasattr(source, "close"):
            source.close()

    (step,) = recorded.steps(task.task_id)
    assert Path(step["screenshot_path"]).is_file()
    assert step["attributes"][semconv.SCREENSHOT_WIDTH] == 30
    is_own = shape == "an agent's own"
    assert step["attributes"].get(semconv.SCREENSHOT_SENSITIVE) is (True if is_own else None)
    assert recorded.recording.health().problems == ()


def test_a_screenshot_that_cannot_be_shown_is_set_aside(recorded: Recorded) -> None:
    """The step says why, its bytes are kept, and `health` and the commands tell of it."""
    damaged = png(30, 40).replace(b"\n", b"\r\n")
    name = hashlib.sha256(damaged).hexdigest()

    with otel_steps.task("look") as task, otel_steps.step(screenshot=damaged) as step:
        step.set(thinking="still here")

    (row,) = recorded.steps(task.task_id)
    health = recorded.recording.health()
    assert (row["thinking"], row["success"], row["screenshot_path"]) == ("still here", True, None)
    assert row["attributes"][semconv.SCREENSHOT_SHA256] == name
    aside = recorded.folder / "backup" / "steps" / "dead" / f"{name}.png"
    assert aside.read_bytes() == damaged
    assert (health.ok, health.pictures_dead) == (False, 1)
    where = ("--dir", recorded.folder)
    told = (
        row["attributes"][semconv.SCREENSHOT_ERROR],
        health.problems[0].message,
        " ".join(command("report", task.task_id, *where).out.split()),
        command("doctor", *where).out,
    )
    assert ["adb exec-out screencap" in text for text in told] == [True] * 4
    # Looked at once more it is no better, and is where it was.
    assert "1 picture can never be stored" in command("sync", "--dead", *where).err
    assert aside.read_bytes() == damaged


@pytest.mark.parametrize("source", ["no/such.png", b"", [png()], SimpleNamespace(read=None)])
def test_a_screenshot_that_is_not_there_is_told(recorded: Recorded, source: Any) -> None:
    """Where there are no bytes to keep, the step and `health` say so all the same."""
    with otel_steps.task("look") as task, otel_steps.step(screenshot=source):
        pass

    (row,) = recorded.steps(task.task_id)
    (problem,) = recorded.recording.health().problems
    assert row["attributes"][semconv.SCREENSHOT_ERROR] in problem.message
    assert (row["success"], problem.kind, problem.count) == (True, "screenshot", 1)


@pytest.mark.parametrize(
    ("error", "kind", "status"),
    [
        (ValueError("no such button"), "action_error", "failed"),
        (KeyboardInterrupt(), "interrupted", "cancelled"),
    ],
)
def test_an_exception_is_recorded_and_goes_on_unchanged(
    recorded: Recorded, error: BaseException, kind: str, status: str
) -> None:
    """The very exception leaves both blocks; step and task say what it was."""
    with (
        pytest.raises(type(error)) as caught,
        otel_steps.task("try") as task,
        otel_steps.step(),
    ):
        raise error

    (step,) = recorded.steps(task.task_id)
    row = recorded.task(task.task_id)
    assert caught.value is error
    assert (step["success"], step["error_kind"]) == (False, kind)
    assert row is not None
    assert row["status"] == status


@pytest.mark.parametrize(
    ("say", "status", "message"),
    [
        (lambda task: task.fail("no network"), "failed", "no network"),
        (lambda task: task.cancel("stop"), "cancelled", "stop"),
        (lambda task: task.exhaust_steps(), "max_steps", None),
    ],
)
def test_a_task_may_end_otherwise(
    recorded: Recorded, say: Any, status: str, message: str | None
) -> None:
    """The block ends well and the task did not: its author says how."""
    with otel_steps.task("try") as task:
        say(task)

    row = recorded.task(task.task_id)
    assert row is not None
    assert (row["status"], row["error_message"]) == (status, message)


def test_a_failed_group_tells_its_reasons(recorded: Recorded) -> None:
    """A `TaskGroup` only counts what went wrong; step and task say what it was, in any depth."""

    async def tap() -> None:
        raise ValueError("no such button")

    async def look() -> None:
        raise TimeoutError("after 5 s")

    async def both() -> None:
        async with asyncio.TaskGroup() as outer, asyncio.TaskGroup() as inner:
            inner.create_task(tap())
            outer.create_task(look())

    async def act() -> None:
        async with otel_steps.task("tap", task_id="t1"), otel_steps.step():
            await both()

    with pytest.raises(ExceptionGroup):
        asyncio.run(act())

    (step,) = recorded.steps("t1")
    expected = (
        "ExceptionGroup: unhandled errors in a TaskGroup (2 sub-exceptions): "
        "TimeoutError: after 5 s; ValueError: no such button"
    )
    assert step["error_message"] == expected
    assert (recorded.task("t1") or {})["error_message"] == expected


def test_a_group_of_many_tells_the_first_few() -> None:
    """Neither its width nor its depth makes a text that nobody reads."""
    error: Exception = ExceptionGroup("wide", [OSError(number) for number in range(10_000)])
    for _ in range(10_000):
        error = ExceptionGroup("deep", [error])

    told = describe_error(error)

    listed = "; ".join(f"OSError: {number}" for number in range(MAX_REASONS))
    assert told == f"ExceptionGroup: deep (1 sub-exception): {listed}; ..."


def test_a_step_may_fail_and_the_task_go_on(recorded: Recorded) -> None:
    """The first reason of a failed step stays; the task's end is its own affair."""
    with otel_steps.task("try") as task, otel_steps.step() as step:
        step.fail("not found", error_kind="device_error")
        step.fail("a consequence")

    (row,) = recorded.steps(task.task_id)
    assert (row["error_kind"], row["error_message"]) == ("device_error", "not found")
    assert (recorded.task(task.task_id) or {})["status"] == "completed"


def test_asynchronous_tasks_run_side_by_side(recorded: Recorded) -> None:
    """Steps of two tasks that take turns stay with their own task."""

    async def run(name: str) -> str:
        async with otel_steps.task(name) as task:
            for number in range(3):
                async with otel_steps.step(step_data={"of": name, "n": number}):
                    await asyncio.sleep(0)
        return task.task_id

    async def both() -> list[str]:
        return await asyncio.gather(run("a"), run("b"))

    for name, task_id in zip("ab", asyncio.run(both()), strict=True):
        rows = recorded.steps(task_id)
        assert [row["step_data"] for row in rows] == [{"of": name, "n": n} for n in range(3)]
        assert [row["step_number"] for row in rows] == [1, 2, 3]


def test_a_step_without_a_task_is_kept(recorded: Recorded) -> None:
    """Nobody named a task: the trace is one."""
    with otel_steps.step(thinking="alone") as step:
        trace_id = trace.format_trace_id(step._span.span.get_span_context().trace_id)

    (row,) = recorded.steps(trace_id)
    assert row["thinking"] == "alone"
    assert (recorded.task(trace_id) or {})["status"] == "completed"


@pytest.mark.parametrize(
    ("error", "status"), [(ValueError("no button"), "failed"), (KeyboardInterrupt(), "cancelled")]
)
def test_a_step_without_a_task_ends_one(
    recorded: Recorded, error: BaseException, status: str
) -> None:
    """Its task has a status of the list, and the reason of the step."""
    with pytest.raises(type(error)), otel_steps.step() as step:
        raise error

    task = recorded.task(trace.format_trace_id(step._span.span.get_span_context().trace_id)) or {}
    assert (task["status"], task["total_steps"]) == (status, 1)
    assert type(error).__name__ in task["error_message"]


@pytest.mark.parametrize("years", [1, -1])
def test_a_clock_that_jumps_makes_no_long_step(
    recorded: Recorded, monkeypatch: pytest.MonkeyPatch, years: int
) -> None:
    """Durations are those of a clock that never jumps, of tasks, steps and tracked steps."""
    now = time.time_ns
    tracker = otel_steps.StepTracker("tracked")
    started = tracker.start_step("action", {})
    with otel_steps.task("t") as task, otel_steps.step():
        moved = now() + years * 365 * 86_400 * 10**9
        monkeypatch.setattr("time.time_ns", lambda: moved)
        monkeypatch.setattr("opentelemetry.sdk.trace.time_ns", lambda: moved)
    tracker.finish_step(started)
    tracker.record_step("action", {})
    tracker.cleanup()

    steps = [*recorded.steps(task.task_id), *recorded.steps("tracked")]
    assert len(steps) == 3
    assert all(0 <= step["duration_ms"] < 3_600_000 for step in steps)
    assert 0 <= tracker.total_duration_ms < 3_600_000
    row = recorded.task(task.task_id) or {}
    begun, ended = (datetime.fromisoformat(row[name]) for name in ("created_at", "end_time"))
    assert 0 <= (ended - begun).total_seconds() < 3600


FORGOTTEN = """
import otel_steps
from otel_steps import StepTracker
for _ in range(2):
    {use}
"""


@pytest.mark.parametrize(
    ("use", "call"),
    [
        ("with otel_steps.task('t'): pass", "otel_steps.task()"),
        ("with otel_steps.step(): pass", "otel_steps.step()"),
        (
            "StepTracker('t', enable_database=False).record_step('action', {})",
            "otel_steps.StepTracker()",
        ),
    ],
)
def test_a_forgotten_configure_is_told_once(use: str, call: str) -> None:
    """As a warning that names the call; not where it was not forgotten, or is not wanted."""
    code = FORGOTTEN.replace("{use}", use)
    told = stderr_of(code)

    assert told.count("configure()") == 1
    assert call in told
    assert stderr_of(code, OTEL_SDK_DISABLED="true") == ""
    for before in (
        "otel_steps.configure(instrument=False)",
        "kept = otel_steps.StepSpanProcessor()",
    ):
        assert "configure()" not in stderr_of(code.replace("for _", f"{before}\nfor _", 1))


def stderr_of(code: str, **environ: str) -> str:
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, env={**os.environ, **environ}, capture_output=True, encoding="utf-8", check=True
    )
    return done.stderr


def test_handles_are_what_the_blocks_yield(recorded: Recorded) -> None:
    """The names that a reader meets in the documentation."""
    with otel_steps.task("t", task_id="mine") as task, otel_steps.step() as step:
        assert isinstance(task, TaskHandle)
        assert isinstance(step, StepHandle)
        assert (task.task_id, step.number) == ("mine", 1)


def test_a_step_has_further_pictures(recorded: Recorded) -> None:
    """Each with its role and caption; what is no picture says so, and the step goes on."""
    before, after = png(20, 40), png(20, 40, (1, 2, 3))
    with otel_steps.task("t", task_id="t") as task:
        with otel_steps.step(screenshot=before) as step:
            step.add_picture(after, caption="存好了")
            step.add_picture(before)  # nothing has changed
            step.add_picture(base64.b64encode(after).decode(), role="marked", caption=None)
            step.add_picture(b"no picture", role="crop")
            step.add_picture(object())  # type: ignore[arg-type]
        task.show(after, caption="最后一屏")

    first, last = recorded.steps("t")
    told = json.loads(first["attributes"][semconv.PICTURES])
    names = [hashlib.sha256(each).hexdigest() for each in (before, after)]
    assert first["attributes"][semconv.SCREENSHOT_SHA256] == names[0]
    assert [each.get("role") for each in told] == ["after", "after", "marked", "crop", "after"]
    assert [each.get("sha256") for each in told[:3]] == [names[1], names[0], names[1]]
    assert ["error" in each for each in told] == [False, False, False, True, True]
    assert told[0]["caption"] == "存好了"
    assert (last["step_type"], last["action"], last["success"]) == ("screenshot", None, True)
    assert last["step_data"] == {"caption": "最后一屏"}
    assert last["attributes"][semconv.SCREENSHOT_SHA256] == names[1]


def test_a_further_picture_survives_the_process(recorded: Recorded) -> None:
    """As soon as the next call on the step returns."""
    with otel_steps.step(screenshot=png(20, 40)) as step:
        step.add_picture(png(20, 40, (1, 2, 3)))
        step.set(thinking="hm")

        kept = {path.stem for path in (recorded.folder).rglob("pictures/*") if path.is_file()}
        stored = {path.stem for path in (recorded.folder / "screenshots").rglob("*.webp")}

    assert hashlib.sha256(png(20, 40, (1, 2, 3))).hexdigest() in kept | stored


def test_a_step_keeps_a_bounded_number_of_pictures(recorded: Recorded) -> None:
    """Beyond that it says so, once."""
    with otel_steps.task("t", task_id="t"), otel_steps.step() as step:
        for number in range(MAX_PICTURES + 5):
            step.add_picture(png(2, 2, (number, 0, 0)))

    (row,) = recorded.steps("t")
    told = json.loads(row["attributes"][semconv.PICTURES])
    assert ["sha256" in each for each in told] == [True] * MAX_PICTURES + [False]
    assert str(MAX_PICTURES) in told[-1]["error"]


@pytest.mark.parametrize(
    "switch", [{"capture_content": "thinking,action,result"}, {"screenshots": "off"}]
)
def test_further_pictures_may_be_switched_off(
    tmp_path: Path, own_pipeline: None, switch: dict[str, Any]
) -> None:
    """Then no row names one."""
    recording = otel_steps.configure(dir=tmp_path, instrument=False, **switch)
    with otel_steps.task("t", task_id="t"), otel_steps.step() as step:
        step.add_picture(png(2, 2))

    assert recording.flush()
    with closing(otel_steps.open_store(recording.settings.store)) as store:
        (row,) = store.steps("t")
    assert semconv.PICTURES not in row["attributes"]
