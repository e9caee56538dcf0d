"""Span processor and exporter: what they record, what they leave out, and what they survive."""

import base64
import hashlib
import json
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import (
    BatchSpanProcessor,
    SimpleSpanProcessor,
    SpanExportResult,
)
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from otel_steps import ConfigError, StepSpanProcessor, TaskStepsExporter, open_store, semconv
from otel_steps.config import resolve
from otel_steps.emit.content_switch import set_capture
from otel_steps.emit.step_span import StepSpan
from otel_steps.emit.task_span import TaskSpan
from otel_steps.health.problems import Problems
from otel_steps.pipeline import backlog_shipper
from otel_steps.recorder import Recorder
from tests.in_flight import states_of
from tests.patience import PATIENCE_S
from tests.pictures import png, wait_for_pictures

PICTURE = png(20, 40)
SHA256 = hashlib.sha256(PICTURE).hexdigest()


class Bench:
    """A tracer provider with one span processor of ours, and a look at what got into the store."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.processor = StepSpanProcessor(dir=folder, **settings)
        self.provider = TracerProvider(shutdown_on_exit=False)
        self.provider.add_span_processor(self.processor)
        self.tracer = self.provider.get_tracer("test")

    @property
    def recorder(self) -> Recorder:
        return self.processor.recorder

    def task(self, task_id: str = "t") -> TaskSpan:
        return TaskSpan(self.tracer, "do it", agent="test", task_id=task_id)

    def rows(self, task_id: str = "t") -> list[dict[str, Any]]:
        assert self.processor.force_flush()
        return self.read(lambda store: store.steps(task_id))

    def read(self, ask: Callable[[Any], Any]) -> Any:
        store = open_store(self.recorder.settings.store)
        try:
            return ask(store)
        finally:
            store.close()


@pytest.fixture(name="make")
def _make(tmp_path: Path) -> Iterator[Callable[..., Bench]]:
    benches: list[Bench] = []

    def make(**settings: Any) -> Bench:
        benches.append(Bench(tmp_path / f"data-{len(benches)}", **settings))
        return benches[-1]

    yield make
    for bench in benches:
        bench.provider.shutdown()


def full_step(bench: Bench, task: TaskSpan) -> None:
    step = StepSpan(bench.tracer, task)
    step.tell(thinking="secret thought")
    step.tell(action={"action": "Type", "text": "hunter2"})
    step.tell(action_result={"success": True})
    step.set_screenshot(PICTURE)
    step.add_picture(PICTURE, caption="hunter2")
    step.changed()
    step.child("execute_tool Type", {semconv.GEN_AI_TOOL_NAME: "Type"}).end()
    step.end()


def test_a_step_in_flight_shows_what_is_known(make: Callable[..., Bench]) -> None:
    """A step is visible when it starts, and knows more whenever its author says so."""
    bench = make()
    step = StepSpan(bench.tracer, bench.task())
    (started,) = bench.rows()
    step.tell(thinking="hm")
    step.set_screenshot(PICTURE)
    wait_for_pictures()
    (enriched,) = bench.rows()
    step.end()
    (ended,) = bench.rows()

    assert (started["status"], started["thinking"]) == ("running", None)
    assert (enriched["status"], enriched["thinking"]) == ("running", "hm")
    assert Path(enriched["screenshot_path"]).is_file()
    assert (ended["status"], ended["id"]) == ("completed", started["id"])


def test_a_state_is_written_when_it_says_something_new(make: Callable[..., Bench]) -> None:
    """What the journal has already costs the agent nothing, however often it is told."""
    bench = make()
    step = StepSpan(bench.tracer, bench.task())
    step.changed()
    step.tell(thinking="hm")
    step.changed()
    step.changed()
    step.span.set_status(StatusCode.ERROR)
    step.changed()

    states = states_of(bench.recorder.settings.backup_dir, 1)
    assert [state.get(semconv.STEP_THINKING) for state in states] == [None, "hm", "hm"]
    step.end()


def test_what_is_in_flight_at_shutdown_is_interrupted(make: Callable[..., Bench]) -> None:
    """The end of the recording is the end of what is still in flight, as far as it knows."""
    bench = make()
    step = StepSpan(bench.tracer, bench.task())
    step.tell(thinking="hm")
    bench.processor.shutdown()

    rows = bench.read(lambda store: store.steps("t"))
    assert [(row["status"], row["thinking"]) for row in rows] == [("interrupted", "hm")]


ENDS_AFTER_SHUTDOWN = """
import sys
from opentelemetry.sdk.trace import TracerProvider
from otel_steps import StepSpanProcessor
from otel_steps.emit.step_span import StepSpan
from otel_steps.emit.task_span import TaskSpan

provider = TracerProvider(shutdown_on_exit=False)
provider.add_span_processor(StepSpanProcessor(dir=sys.argv[1]))
tracer = provider.get_tracer("test")
step = StepSpan(tracer, TaskSpan(tracer, "do it", agent="test", task_id="t"))
provider.shutdown()
step.end()
"""


def test_a_step_that_ends_after_the_shutdown_is_not_lost(tmp_path: Path) -> None:
    """The next start ships it, and it takes the place of the interrupted one."""
    settings = resolve(dir=tmp_path / "data")
    program = [sys.executable, "-c", ENDS_AFTER_SHUTDOWN, str(settings.dir)]
    subprocess.run(program, check=True)
    backlog_shipper(settings, Problems(None)).ship_all()

    store = open_store(settings.store)
    rows = store.steps("t")
    store.close()
    assert [row["status"] for row in rows] == ["completed"]


def test_other_spans_of_the_trace_are_kept_for_the_waterfall(make: Callable[..., Bench]) -> None:
    """Spans of other instrumentations are stored if their trace has a task, else left alone."""
    bench = make()
    bench.tracer.start_span("GET /unrelated").end()
    task = bench.task()
    step = StepSpan(bench.tracer, task)
    bench.tracer.start_span("HTTP POST", context=step.context).end()
    step.end()
    task.end("completed")
    assert bench.processor.force_flush()

    assert [row["name"] for row in bench.read(lambda store: store.spans("t"))] == ["HTTP POST"]
    assert bench.processor.health().recorded == 3


def test_a_step_with_very_many_attributes_is_still_a_step(make: Callable[..., Bench]) -> None:
    """The SDK keeps 128 attributes and drops the oldest: never those that make it a step."""
    bench = make()
    step = StepSpan(bench.tracer, bench.task())
    step.set_attributes({f"mine.{number}": number for number in range(200)})
    step.end()

    (row,) = bench.rows()
    assert (row["step_number"], row["status"]) == (1, "completed")
    assert row["attributes"]["mine.199"] == 199


def test_parts_of_the_content_can_be_left_out(make: Callable[..., Bench]) -> None:
    """What is switched off is on no span, so that no other backend has it either."""
    bench = make()
    others = InMemorySpanExporter()
    bench.provider.add_span_processor(SimpleSpanProcessor(others))
    set_capture(frozenset({"thinking"}))
    try:
        full_step(bench, bench.task())
    finally:
        set_capture(bench.recorder.settings.capture_content)

    (row,) = bench.rows()
    seen = str([dict(span.attributes or {}) for span in others.get_finished_spans()])
    assert (row["thinking"], row["action"], row["action_result"]) == ("secret thought", None, None)
    assert row["attributes"][semconv.STEP_ACTION_NAME] == "Type"
    assert row["screenshot_path"] is None
    assert "hunter2" not in seen
    assert SHA256 not in seen


def test_a_processor_alone_holds_to_its_settings(
    make: Callable[..., Bench], tmp_path: Path
) -> None:
    """What spans say because nobody has told their makers is taken away before it is written."""
    bench = make(capture_content="none")
    full_step(bench, bench.task())
    step = StepSpan(bench.tracer, bench.task())
    step.tell(action="type hunter2")
    step.fail("action_error", "no hunter2", error=KeyError("hunter2"))
    step.end()

    row, failed = bench.rows()
    on_disk = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert (row["attributes"], row["step_number"]) == ({semconv.STEP_ACTION_NAME: "Type"}, 1)
    assert failed["error_message"] == "KeyError (text not captured)"
    assert not [text for text in (b"hunter2", b"secret thought", b"do it") if text in on_disk]


@pytest.mark.parametrize(("success", "kept"), [(True, False), (False, True)])
def test_screenshots_of_failures_only(
    make: Callable[..., Bench], success: bool, kept: bool
) -> None:
    """`on_error` keeps the picture of a failed step and of no other."""
    bench = make(screenshots="on_error")
    step = StepSpan(bench.tracer, bench.task())
    step.set_screenshot(PICTURE)
    step.add_picture(png(20, 40, (1, 2, 3)))
    step.changed()
    if not success:
        step.fail("action_error", "no")
    step.end()

    (row,) = bench.rows()
    assert bool(row["screenshot_path"]) is kept
    assert semconv.SCREENSHOT_ERROR not in row["attributes"]
    assert (semconv.PICTURES in row["attributes"]) is kept
    wait_for_pictures()
    assert len(bench.read(lambda store: store.screenshots("t"))) == (2 if kept else 0)


def test_screenshots_off(make: Callable[..., Bench]) -> None:
    """No picture is stored, and no row speaks of one."""
    bench = make(screenshots="off")
    full_step(bench, bench.task())

    (row,) = bench.rows()
    assert row["screenshot_path"] is None
    assert not [key for key in row["attributes"] if key.startswith(semconv.SCREENSHOT_PREFIX)]
    assert semconv.PICTURES not in row["attributes"]


def test_redact_sees_every_span_before_it_is_written(
    make: Callable[..., Bench], tmp_path: Path
) -> None:
    """What `redact` takes away is nowhere on disk, not even for a moment."""

    def redact(name: str, attributes: dict[str, Any]) -> Mapping[str, Any]:
        return {
            key: value.replace("hunter2", "•") if isinstance(value, str) else value
            for key, value in attributes.items()
            if key not in (semconv.SCREENSHOT_SHA256, semconv.PICTURES)
        }

    bench = make(redact=redact)
    full_step(bench, bench.task())
    on_disk = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    (row,) = bench.rows()

    assert row["action"] == {"action": "Type", "text": "•"}
    assert row["screenshot_path"] is None
    assert b"hunter2" not in on_disk
    assert PICTURE not in on_disk


@pytest.mark.parametrize("answer", ["raise", "text", "none"])
def test_a_redaction_that_fails_lets_nothing_through(
    make: Callable[..., Bench], caplog: pytest.LogCaptureFixture, answer: str
) -> None:
    """The content is left out, the rest of the row is there, the agent goes on, the log says so."""

    def redact(name: str, attributes: dict[str, Any]) -> Any:
        if answer == "raise":
            raise KeyError("missing")
        return None if answer == "none" else "attributes"

    bench = make(redact=redact)
    full_step(bench, bench.task())

    (row,) = bench.rows()
    assert (row["thinking"], row["action"], row["screenshot_path"]) == (None, None, None)
    assert (row["step_number"], row["success"]) == (1, True)
    assert ("redact callable failed" in caplog.text) is (answer != "none")
    assert [p.kind for p in bench.processor.health().problems] == (
        [] if answer == "none" else ["redact"]
    )


def test_the_exporter_alone_records_steps_and_pictures(tmp_path: Path) -> None:
    """Behind a stock batch processor, after a flush, everything is in the store."""
    exporter = TaskStepsExporter(dir=str(tmp_path / "data"))
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    tracer = provider.get_tracer("test")
    task = TaskSpan(tracer, "do it", agent="test", task_id="t")
    step = StepSpan(tracer, task)
    step.set_screenshot(PICTURE)
    step.end()
    task.end("completed")
    provider.force_flush()
    assert exporter.force_flush()
    provider.shutdown()

    store = open_store(f"sqlite:///{tmp_path / 'data' / 'steps.db'}")
    (row,) = store.steps("t")
    store.close()
    assert Path(row["screenshot_path"]).is_file()


def test_processor_and_exporter_together_record_each_span_once(tmp_path: Path) -> None:
    """Both are wired where the environment names the exporter: one span, one line."""
    bench = Bench(tmp_path / "data")
    bench.provider.add_span_processor(SimpleSpanProcessor(TaskStepsExporter(dir=tmp_path / "data")))
    full_step(bench, bench.task())
    bench.rows()

    assert bench.processor.health().recorded == 2
    bench.provider.shutdown()


def test_an_exporter_with_a_bad_setting_does_not_stop_the_program(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The SDK builds it without arguments; it says what is wrong and fails its exports."""
    monkeypatch.setenv("OTEL_STEPS_BUFFER_SIZE", "many")

    exporter = TaskStepsExporter()

    assert exporter.export([]) is SpanExportResult.FAILURE
    assert exporter.force_flush()
    exporter.shutdown()
    assert "OTEL_STEPS_BUFFER_SIZE has the value 'many'" in caplog.text
    with pytest.raises(ConfigError):
        StepSpanProcessor()


def test_an_exporter_that_can_keep_nothing_says_so(tmp_path: Path) -> None:
    """FAILURE means that a span of a task could be kept nowhere."""
    blocked = tmp_path / "file"
    exporter = TaskStepsExporter(
        dir=tmp_path / "data", backup_dir=blocked / "journal", store=f"sqlite:///{blocked}/x.db"
    )
    blocked.write_text("in the way", encoding="utf-8")
    memory = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(memory))
    tracer = provider.get_tracer("test")
    task = TaskSpan(tracer, "do it", agent="test")
    for _ in range(300):
        StepSpan(tracer, task).end()

    assert exporter.export(memory.get_finished_spans()) is SpanExportResult.FAILURE
    exporter.shutdown()


def test_an_error_of_ours_never_reaches_the_agent(
    make: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever breaks inside is one log line a minute and a count."""
    bench = make()
    monkeypatch.setattr("otel_steps.otlp.to_line", lambda span: 1 // 0)

    for _ in range(10):
        StepSpan(bench.tracer, bench.task()).end()

    (problem,) = bench.processor.health().problems
    assert (problem.kind, problem.count) == ("recorder", 40 - 10)
    assert not bench.processor.health().ok
    assert len([r for r in caplog.records if "ZeroDivisionError" in r.message]) == 1


def test_too_many_pictures_of_open_steps_do_not_grow_without_end(
    make: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory is bounded: the oldest picture goes, counted, and its step stays."""
    monkeypatch.setattr("otel_steps.recorder.recorder._PICTURES_KEPT_BYTES", 3 * len(PICTURE))
    bench = make(screenshots="on_error")
    task = bench.task()
    steps = [StepSpan(bench.tracer, task) for _ in range(4)]
    for step in steps:
        step.set_screenshot(PICTURE)
    wait_for_pictures()
    for step in steps:
        step.fail("action_error", "no")
        step.end()

    assert len(bench.rows()) == 4
    assert [p.kind for p in bench.processor.health().problems] == ["screenshot"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform has no fork")
def test_a_forked_child_records_its_own_steps(make: Callable[..., Bench]) -> None:
    """Parent and child go on side by side; each step is there once."""
    bench = make()
    task = bench.task()
    StepSpan(bench.tracer, task, number=1).end()
    assert bench.processor.force_flush()

    def in_child() -> None:
        StepSpan(bench.tracer, task, number=2).end()
        os._exit(0)

    child = multiprocessing.get_context("fork").Process(target=in_child)
    child.start()
    child.join(PATIENCE_S)
    StepSpan(bench.tracer, task, number=3).end()
    assert bench.processor.force_flush()
    bench.recorder.shipper.ship_all()

    assert [row["step_number"] for row in bench.rows()] == [1, 2, 3]


def test_health_tells_what_is_where(make: Callable[..., Bench]) -> None:
    """Counts add up: what was recorded was shipped, and nothing is wrong."""
    bench = make()
    task = bench.task()
    full_step(bench, task)
    task.end("completed")
    assert bench.processor.force_flush()

    health = bench.processor.health()
    assert (health.recorded, health.waiting, health.refused, health.dead) == (3, 0, 0, 0)
    assert health.ok
    assert health.held is None


def test_pictures_go_where_the_settings_say(make: Callable[..., Bench], tmp_path: Path) -> None:
    """Another folder for the pictures is used for writing and for reading."""
    shared = tmp_path / "shared pictures"
    bench = make(screenshot_url=str(shared))
    full_step(bench, bench.task())
    assert bench.processor.force_flush()

    store = open_store(settings=bench.recorder.settings)
    (row,) = store.steps("t")
    store.close()
    assert Path(row["screenshot_path"]).is_relative_to(shared)
    assert Path(row["screenshot_path"]).is_file()


def test_a_driver_that_goes_missing_is_held_and_named(
    make: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What breaks after the start costs no step: everything waits, and the setting is named."""
    bench = make(screenshot_url="memory://at/all")
    monkeypatch.setitem(sys.modules, "fsspec", None)
    full_step(bench, bench.task())

    assert not bench.processor.force_flush(2000)
    health = bench.processor.health()
    assert health.waiting == 2
    assert "OTEL_STEPS_SCREENSHOT_URL" in str(health.held)
    assert not any("report this" in problem.remedy for problem in health.problems)


def test_pictures_in_messages_of_others_are_files(make: Callable[..., Bench]) -> None:
    """A conversation in a span of another instrumentation does not make the database huge."""
    bench = make()
    picture = PICTURE + os.urandom(2**20)  # a megabyte, to everything that reads its header
    content = base64.b64encode(picture).decode()
    blob = {"type": "blob", "mime_type": "image/png", "modality": "image", "content": content}
    step = StepSpan(bench.tracer, bench.task())
    chat = bench.provider.get_tracer("instrumentation.of.others").start_span(
        "chat m",
        context=step.context,
        attributes={semconv.GEN_AI_INPUT_MESSAGES: json.dumps([{"role": "user", "parts": [blob]}])},
    )
    chat.end()
    step.end()
    assert bench.processor.force_flush()

    name = hashlib.sha256(picture).hexdigest()
    (row,) = bench.read(lambda store: store.spans("t"))
    assert json.loads(row["attributes"][semconv.GEN_AI_INPUT_MESSAGES])[0]["parts"] == [
        {**blob, "content": f"otel_steps:sha256:{name}"}
    ]
    assert row["attributes"][semconv.SPAN_PICTURES] == [name]
    assert list(bench.recorder.settings.dir.glob(f"screenshots/**/{name}*"))
    assert (bench.recorder.settings.dir / "steps.db").stat().st_size < 2**20
