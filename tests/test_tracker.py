"""`StepTracker`: the interface of the one that it replaces, and what that should have kept."""

import base64
import hashlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import otel_steps
from otel_steps import StepData, StepTracker, StepType, pipeline, semconv
from tests.pictures import png

pytestmark = pytest.mark.usefixtures("own_pipeline")


def rows_of(task_id: str) -> list[dict[str, Any]]:
    store = otel_steps.open_store()
    try:
        return store.steps(task_id)
    finally:
        store.close()


def task_of(task_id: str) -> dict[str, Any]:
    store = otel_steps.open_store()
    try:
        return store.task(task_id) or {}
    finally:
        store.close()


def test_recorded_steps_become_rows(tmp_path: Path) -> None:
    """Everything that was given is in the row, and the picture beside it."""
    shot = tmp_path / "shot.png"
    shot.write_bytes(png())
    tracker = StepTracker("t1")

    tracker.record_step(
        StepType.ACTION,
        {"action": "Tap", "element": [500, 82]},
        thinking="点击发送",
        action_result={"success": True},
        screenshot_path=str(shot),
        metadata={"try": 1},
    )
    tracker.record_step(
        StepType.VALIDATION, {}, success=False, error_message="still the same screen"
    )
    tracker.cleanup()

    first, second = rows_of("t1")
    assert first["id"] == tracker.steps[0].step_id
    assert (first["step_number"], first["step_type"], first["success"]) == (1, "action", True)
    assert first["step_data"] == {"action": "Tap", "element": [500, 82]}
    assert (first["thinking"], first["action_result"]) == ("点击发送", {"success": True})
    assert Path(first["screenshot_path"]).is_file()
    assert (second["success"], second["error_message"]) == (False, "still the same screen")
    assert task_of("t1")["status"] == "failed"


def test_concurrent_steps_keep_their_own_type_and_data() -> None:
    """Steps that overlap end in any order, each as what it was started as."""
    tracker = StepTracker("t2")

    one = tracker.start_step(StepType.THINKING, {"n": 1})
    two = tracker.start_step(StepType.SCREENSHOT, {"n": 2})
    tracker.finish_step(two, thinking="two")
    tracker.finish_step(one, thinking="one", success=False, error_message="no")
    tracker.cleanup()

    first, second = rows_of("t2")
    assert (first["step_type"], first["step_data"], first["thinking"]) == (
        "thinking",
        {"n": 1},
        "one",
    )
    assert (second["step_type"], second["step_data"], second["thinking"]) == (
        "screenshot",
        {"n": 2},
        "two",
    )


def test_an_unfinished_step_leaves_a_trace() -> None:
    """A step that was started and never finished is there as running."""
    tracker = StepTracker("t3")

    step_id = tracker.start_step(StepType.ACTION, {"action": "Wait"})
    tracker.flush()

    (row,) = rows_of("t3")
    assert (row["id"], row["status"], row["success"]) == (step_id, "running", None)


def test_finishing_twice_or_the_unknown_changes_nothing() -> None:
    """A step ends once; an id that was never given ends nothing."""
    tracker = StepTracker("t4")
    step_id = tracker.start_step(StepType.ACTION, {})

    tracker.finish_step(step_id, thinking="first")
    tracker.finish_step(step_id, thinking="second")
    tracker.finish_step("never-started")
    tracker.cleanup()

    assert [row["thinking"] for row in rows_of("t4")] == ["first"]


def test_flush_and_cleanup_come_any_number_of_times_in_any_order() -> None:
    """A step recorded after `cleanup` goes on with the same task."""
    tracker = StepTracker("t5")
    tracker.cleanup()
    tracker.flush()
    tracker.record_step(StepType.ACTION, {"n": 1})
    tracker.cleanup()
    tracker.cleanup()
    tracker.record_step(StepType.ACTION, {"n": 2})
    tracker.flush()
    tracker.cleanup()

    assert [row["step_data"] for row in rows_of("t5")] == [{"n": 1}, {"n": 2}]
    assert [row["step_number"] for row in rows_of("t5")] == [1, 2]
    assert task_of("t5")["status"] == "completed"


def test_later_changes_of_the_callers_data_do_not_reach_the_record() -> None:
    """What was recorded is what it was at that moment."""
    tracker = StepTracker("t6")
    data = {"list": [1]}

    tracker.record_step(StepType.ACTION, data)
    data["list"].append(2)
    tracker.cleanup()

    assert rows_of("t6")[0]["step_data"] == {"list": [1]}
    assert tracker.get_steps()[0].step_data == {"list": [1]}


def test_a_disabled_tracker_records_nothing() -> None:
    """`disable` and `enable` switch the recording."""
    tracker = StepTracker("t7")
    tracker.disable()

    assert tracker.start_step(StepType.ACTION, {}) == ""
    tracker.finish_step("")
    tracker.record_step(StepType.ACTION, {})
    tracker.enable()
    tracker.record_step(StepType.ACTION, {"n": 1})
    tracker.cleanup()

    assert [row["step_data"] for row in rows_of("t7")] == [{"n": 1}]


def test_a_broken_callback_hurts_nobody(caplog: pytest.LogCaptureFixture) -> None:
    """The other callbacks are called, the step is stored, and the failure is named."""
    tracker = StepTracker("t8")
    seen: list[StepData] = []
    tracker.add_step_callback(lambda step: 1 / 0)
    tracker.add_step_callback(seen.append)

    tracker.record_step(StepType.ACTION, {"n": 1})
    tracker.cleanup()

    assert [step.step_data for step in seen] == [{"n": 1}]
    assert len(rows_of("t8")) == 1
    assert "ZeroDivisionError" in caplog.text


def test_statistics_count_what_ended() -> None:
    """Counts and rates, under the names that programs look up."""
    tracker = StepTracker("t9")
    tracker.record_step(StepType.ACTION, {})
    tracker.record_step(StepType.ACTION, {}, success=False)
    tracker.start_step(StepType.ACTION, {})

    statistics = tracker.get_statistics()

    assert statistics["task_id"] == "t9"
    assert (statistics["total_steps"], statistics["successful_steps"]) == (3, 1)
    assert (statistics["failed_steps"], statistics["success_rate"]) == (1, 0.5)
    assert statistics["total_duration_ms"] >= 0
    assert {"average_step_duration_ms", "screenshots_count", "is_enabled", "buffer_size"} <= set(
        statistics
    )
    assert [step.success for step in tracker.get_steps(limit=1)] == [False]
    assert len(tracker.get_steps(limit="many")) == len(tracker.get_steps())  # type: ignore[arg-type]


def test_screenshots_are_described(tmp_path: Path) -> None:
    """`.screenshots` says size and hash of each file; one that is missing costs only itself."""
    shot = tmp_path / "shot.png"
    shot.write_bytes(png())
    tracker = StepTracker("t10")

    tracker.record_step(StepType.SCREENSHOT, {}, screenshot_path=str(shot))
    tracker.record_step(StepType.SCREENSHOT, {}, screenshot_path=str(tmp_path / "none.png"))
    tracker.cleanup()

    (info,) = tracker.screenshots.values()
    assert (info.local_path, info.file_size) == (str(shot), shot.stat().st_size)
    assert (len(info.file_hash), info.compressed, info.remote_url) == (64, False, None)
    assert info.metadata is not None
    assert info.metadata["task_id"] == "t10"
    assert [bool(row["screenshot_path"]) for row in rows_of("t10")] == [True, False]


def test_a_burst_from_many_threads_is_complete() -> None:
    """A thousand steps from eight threads: each is there once, numbered once."""
    tracker = StepTracker("t11", buffer_size=50)

    def record(thread: int) -> None:
        for number in range(125):
            tracker.record_step(StepType.ACTION, {"thread": thread, "n": number})

    threads = [threading.Thread(target=record, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tracker.cleanup()

    rows = rows_of("t11")
    assert len(rows) == 1000
    assert {row["step_number"] for row in rows} == set(range(1, 1001))
    assert len({(row["step_data"]["thread"], row["step_data"]["n"]) for row in rows}) == 1000


def test_without_database_nothing_is_set_up() -> None:
    """`enable_database=False`: the steps stay in the program."""
    tracker = StepTracker("t12", enable_database=False)
    tracker.add_step_callback(lambda step: 1 / 0)

    tracker.record_step(StepType.ACTION, {"n": 1})
    tracker.cleanup()

    assert pipeline._recording is None
    assert [step.step_data for step in tracker.get_steps()] == [{"n": 1}]


def test_a_program_that_forgets_cleanup_loses_nothing() -> None:
    """At the end of the program the task ends as its last step did, whoever has finalizers."""
    code = (
        "import weakref\n"
        "from otel_steps import StepTracker, StepType\n"
        "finalizer = weakref.finalize(StepTracker, print)\n"
        "tracker = StepTracker('t13')\n"
        "tracker.record_step(StepType.ACTION, {'n': 1})\n"
    )

    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)
    tracker = StepTracker("t14")
    tracker.record_step(StepType.ACTION, {})
    tracker.cleanup()

    assert [row["step_data"] for row in rows_of("t13")] == [{"n": 1}]
    assert task_of("t13")["status"] == "completed"


def test_steps_survive_the_round_trip_through_a_dict() -> None:
    """`from_dict` reads what `to_dict` wrote, ignores what it does not know, changes nothing."""
    step = StepData(
        step_id="s",
        task_id="t",
        step_number=1,
        step_type=StepType.ERROR,
        step_data={"when": datetime(2026, 1, 1, tzinfo=UTC)},
    )
    data = step.to_dict()
    data["from_a_later_version"] = 1
    before = dict(data)

    again = StepData.from_dict(data)

    assert data == before
    assert again.to_dict() == step.to_dict()
    assert again.step_type is StepType.ERROR
    assert again.timestamp == step.timestamp


@pytest.mark.parametrize("text", ["2026-01-01T08:00:00", "2026-01-01T08:00:00+05:00"])
@pytest.mark.parametrize("is_parsed", [True, False])
def test_a_time_with_or_without_a_zone_stays_the_same(text: str, is_parsed: bool) -> None:
    """The former tracker wrote local times without a zone; both kinds come back as they were."""
    expected = datetime.fromisoformat(text)
    step = StepData.from_dict(step_dict(timestamp=expected if is_parsed else text))

    assert step.timestamp == expected
    assert StepData.from_dict(step.to_dict()).timestamp == expected


@pytest.mark.parametrize("now", [datetime.now, lambda: datetime.now(UTC)])
def test_the_time_of_a_step_gets_on_with_any_other(now: Callable[[], datetime]) -> None:
    """Programs of the former tracker compare it with local times, others with times of a zone."""
    before = now()
    time = StepData("s", "t", 1, StepType.ACTION, {}).timestamp
    after = now()

    assert time is not None
    assert before <= time <= after
    assert after >= time
    assert sorted([after, time, before]) == [before, time, after]
    assert after - time >= timedelta(0) <= time - before
    assert time.tzinfo is not None


def step_dict(**values: Any) -> dict[str, Any]:
    return StepData("s", "t", 1, StepType.THINKING, {}).to_dict() | values


@pytest.mark.parametrize(
    ("wrong", "told"),
    [({"step_type": "juggling"}, "juggling"), ({"timestamp": "yesterday"}, "yesterday")],
)
def test_a_dict_with_an_unknown_type_or_time_is_read_all_the_same(
    wrong: dict[str, Any], told: str, caplog: pytest.LogCaptureFixture
) -> None:
    """As the former tracker did: an action, now; and it is told."""
    before = datetime.now(UTC)

    step = StepData.from_dict(step_dict(**wrong))

    assert step.step_type is (StepType.ACTION if "step_type" in wrong else StepType.THINKING)
    assert step.timestamp is not None
    assert "timestamp" not in wrong or step.timestamp >= before
    assert told in caplog.text


def test_a_step_without_a_time_is_of_now() -> None:
    """`timestamp=None` is what the former tracker's default was."""
    assert StepData("s", "t", 1, StepType.ACTION, {}, timestamp=None).timestamp is not None


@pytest.mark.parametrize(
    ("given", "kept"), [("thinking", StepType.THINKING), ("juggling", "juggling"), (None, "None")]
)
def test_a_type_may_be_a_word(given: Any, kept: Any) -> None:
    """A word of the list is its type; any other stays a word, in the row as well."""
    tracker = StepTracker("t15")

    tracker.record_step(given, {"n": 1})
    tracker.finish_step(tracker.start_step(given, {"n": 2}))
    tracker.cleanup()

    assert [step.step_type for step in tracker.steps] == [kept, kept]
    word = kept.value if isinstance(kept, StepType) else kept
    assert [step.to_dict()["step_type"] for step in tracker.steps] == [word, word]
    assert [row["step_type"] for row in rows_of("t15")] == [word, word]


def test_a_success_that_is_not_known_counts_as_none() -> None:
    """`success=None` is a failure, in the numbers as in the row."""
    tracker = StepTracker("t16")

    tracker.record_step(StepType.ACTION, {}, success=None)
    tracker.cleanup()

    assert (tracker.successful_steps, tracker.failed_steps) == (0, 1)
    assert tracker.get_statistics()["success_rate"] == 0
    assert [row["success"] for row in rows_of("t16")] == [False]


def test_any_file_is_a_screenshot_to_the_tracker(tmp_path: Path) -> None:
    """Size and hash are kept whatever is in the file; the row has a picture where it is one."""
    (tmp_path / "fake.png").write_bytes(b"fake screenshot data")
    (tmp_path / "link.png").symlink_to(tmp_path / "fake.png")
    (tmp_path / "empty.bin").write_bytes(b"")
    os.mkfifo(tmp_path / "fifo")
    tracker = StepTracker("t17")

    for name in ("fake.png", "link.png", "empty.bin", "fifo", ".", "none.png"):
        tracker.record_step(StepType.SCREENSHOT, {}, screenshot_path=str(tmp_path / name))
    tracker.cleanup()

    sizes = {Path(path).name: each.file_size for path, each in tracker.screenshots.items()}
    assert sizes == {"fake.png": 20, "link.png": 20, "empty.bin": 0}
    hashed = hashlib.sha256(b"fake screenshot data").hexdigest()
    assert tracker.screenshots[str(tmp_path / "fake.png")].file_hash == hashed
    assert [row["screenshot_path"] for row in rows_of("t17")] == [None] * 6


def test_what_is_no_path_is_the_picture_itself() -> None:
    """A tracker takes what `step()` takes, and no picture stands where a path would."""
    text = base64.b64encode(png(300, 700)).decode()
    tracker = StepTracker("t21")

    for picture in (text, png(9, 9), bytearray(png(8, 9)), SimpleNamespace(base64_data=text)):
        tracker.record_step(StepType.ACTION, {}, screenshot_path=picture)  # type: ignore[arg-type]
    tracker.cleanup()

    rows = rows_of("t21")
    assert [Path(row["screenshot_path"]).is_file() for row in rows] == [True] * 4
    assert all(semconv.SCREENSHOT_PATH not in row["attributes"] for row in rows)
    assert [step.to_dict()["screenshot_path"] for step in tracker.get_steps()] == [None] * 4
    assert tracker.screenshots == {}


def test_totals_are_the_programs_to_set() -> None:
    """A program may count on from elsewhere, and finds what the former tracker worked with."""
    tracker = StepTracker("t18")
    tracker.total_steps = tracker.successful_steps = 10
    tracker.failed_steps = tracker.total_duration_ms = 0

    step_id = tracker.start_step(StepType.ACTION, {})
    tracker.finish_step(step_id)

    assert (tracker.total_steps, tracker.successful_steps, tracker.failed_steps) == (11, 11, 0)
    assert tracker.total_duration_ms == tracker.steps[0].duration_ms
    assert (tracker.buffer.qsize(), tracker.is_flushing, tracker.db_manager) == (0, False, None)
    assert tracker.executor.submit(lambda: 1).result() == 1
    tracker.executor.shutdown(wait=True)
    assert tracker.flush_timer is None
    assert tracker.step_start_time is not None


def test_a_step_that_is_refused_uses_up_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the agent nor the next step notices that one could not be begun."""
    tracker = StepTracker("t19")
    tracker.record_step(StepType.ACTION, {})
    with monkeypatch.context() as patch:
        patch.setattr("otel_steps.emit.step_span.vocabularies.kind", lambda attributes: 1 / 0)
        tracker.record_step(StepType.ACTION, {})
        assert tracker.start_step(StepType.ACTION, {}) == ""
    tracker.record_step(StepType.ACTION, {})
    tracker.cleanup()

    assert tracker.total_steps == 2
    assert [row["step_number"] for row in rows_of("t19")] == [1, 2]


def test_a_setting_that_cannot_be_used_does_not_stop_the_agent(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The tracker is often made in the middle of a run: it says what is wrong and goes on."""
    monkeypatch.setenv("OTEL_STEPS_DURABILITY", "eternal")

    tracker = StepTracker("t20")
    tracker.record_step(StepType.ACTION, {})
    tracker.cleanup()

    assert len(tracker.get_steps()) == 1
    assert "eternal" in caplog.text


def test_a_tracker_keeps_to_the_recording_that_is_there(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Where the program has configured something else, that holds, and nobody is warned."""
    recording = otel_steps.configure(dir=tmp_path / "elsewhere", buffer_size=7, instrument=False)

    tracker = StepTracker("t21")
    tracker.record_step(StepType.ACTION, {"n": 1})
    tracker.cleanup()

    assert recording.health().recorded >= 2
    assert "not used" not in caplog.text
