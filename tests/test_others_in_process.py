"""Agents that other instrumentations tell of, in the process that records."""

import base64
import gc
import os
import signal
import weakref
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, StatusCode, Tracer

from otel_steps import StepSpanProcessor, TaskStepsExporter, open_store
from otel_steps.emit.step_span import StepSpan
from otel_steps.emit.task_span import TaskSpan
from tests.pictures import png

URL = "data:image/png;base64," + base64.b64encode(png(20, 40)).decode()
AGENT = {"openinference.span.kind": "AGENT", "input.value": "打开设置"}
MODEL = {
    "openinference.span.kind": "LLM",
    "llm.input_messages.0.message.role": "user",
    "llm.input_messages.0.message.contents.0.message_content.image.image.url": URL,
    "llm.output_messages.0.message.content": "I tap it.",
}
TOOL = {"openinference.span.kind": "TOOL", "tool.name": "tap", "input.value": '{"x": 500}'}


class Program:
    """A program with telemetry of its own, and what was recorded of it."""

    def __init__(self, folder: Path, *, by_exporter: bool = False, **settings: Any) -> None:
        self._database = folder / "steps.db"
        self.provider = TracerProvider(shutdown_on_exit=False)
        self._door: TaskStepsExporter | StepSpanProcessor
        if by_exporter:
            self._door = TaskStepsExporter(dir=folder, **settings)
            self.provider.add_span_processor(BatchSpanProcessor(self._door))
        else:
            self._door = StepSpanProcessor(dir=folder, **settings)
            self.provider.add_span_processor(self._door)
        self.tracer: Tracer = self.provider.get_tracer("of somebody else")

    def rows(self) -> tuple[list[Any], list[Any], list[Any]]:
        """Return tasks, the steps of all of them, and the other spans."""
        assert self.provider.force_flush()
        assert self._door.force_flush()
        with closing(open_store(f"sqlite:///{self._database}")) as store:
            tasks = store.tasks()
            ids = [task["task_id"] for task in tasks]
            steps = [step for each in ids for step in store.steps(each)]
            return tasks, steps, [span for each in ids for span in store.spans(each)]


@pytest.fixture(name="program")
def _program(tmp_path: Path) -> Iterator[Program]:
    program = Program(tmp_path)
    yield program
    program.provider.shutdown()


def run_agent(program: Program) -> None:
    with (
        program.tracer.start_as_current_span("POST /run", kind=SpanKind.SERVER),
        program.tracer.start_as_current_span("Robot") as agent,
    ):
        agent.set_attributes(AGENT)  # not at its start, as some do
        with program.tracer.start_as_current_span("model", attributes=MODEL):
            pass
        with program.tracer.start_as_current_span("TapTool", attributes=TOOL) as tool:
            with program.tracer.start_as_current_span("adb shell"):
                pass
            tool.record_exception(ValueError("no such button"))
            tool.set_status(StatusCode.ERROR)
        agent.set_attribute("output.value", "已打开")


@pytest.mark.parametrize("by_exporter", [False, True], ids=["processor", "exporter"])
def test_an_agent_of_another_instrumentation_is_recorded(tmp_path: Path, by_exporter: bool) -> None:
    """As a task with its steps and pictures; what it causes is below it in the waterfall."""
    program = Program(tmp_path, by_exporter=by_exporter)
    run_agent(program)

    ((task,), (thought, done), spans) = program.rows()
    program.provider.shutdown()

    assert (task["agent"], task["status"]) == ("Robot", "completed")
    assert (task["task_description"], task["result"]) == ("打开设置", "已打开")
    assert (thought["thinking"], thought["step_number"]) == ("I tap it.", 1)
    assert thought["screenshot_path"] is not None
    assert thought["attributes"]["openinference.span.kind"] == "LLM"
    assert (done["action"], done["error_message"]) == (
        {"action": "tap", "x": 500},
        "ValueError: no such button",
    )
    assert [span["name"] for span in spans] == ["adb shell"]


def test_an_agent_that_another_calls_is_a_step_before_what_it_does(program: Program) -> None:
    """Its span ends after theirs."""
    with program.tracer.start_as_current_span("Boss", attributes=AGENT):
        with program.tracer.start_as_current_span("first", attributes=MODEL):
            pass
        with (
            program.tracer.start_as_current_span("Robot", attributes=AGENT),
            program.tracer.start_as_current_span("Hand", attributes=AGENT),
            program.tracer.start_as_current_span("TapTool", attributes=TOOL),
        ):
            pass
        with program.tracer.start_as_current_span("last", attributes=MODEL):
            pass

    _, steps, _ = program.rows()

    assert [(row["action"] or {}).get("agent", row["step_type"]) for row in steps] == [
        *("thinking", "Robot", "Hand", "action", "thinking")
    ]


def test_what_no_agent_has_caused_is_not_recorded(program: Program) -> None:
    """A web server, and a model that it asks: the program's own business."""
    with (
        program.tracer.start_as_current_span("GET /", kind=SpanKind.SERVER),
        program.tracer.start_as_current_span("model", attributes=MODEL),
    ):
        pass
    run_agent(program)

    tasks, steps, _ = program.rows()

    assert (len(tasks), len(steps)) == (1, 2)


def test_in_a_trace_of_ours_others_are_no_steps(program: Program) -> None:
    """The model call below our step is a part of it."""
    task = TaskSpan(program.tracer, "do it", agent="test", task_id="t")
    step = StepSpan(program.tracer, task)
    with program.tracer.start_as_current_span("model", context=step.context, attributes=MODEL):
        pass
    step.end()
    task.end("completed")

    tasks, steps, spans = program.rows()

    assert [row["task_id"] for row in tasks] == ["t"]
    assert ([row["step_type"] for row in steps], [span["name"] for span in spans]) == (
        ["action"],
        ["model"],
    )


def test_a_span_that_has_ended_is_not_held(program: Program) -> None:
    """Whosever its trace is: one with a conversation in it may be large."""
    task = TaskSpan(program.tracer, "do it", agent="test", task_id="t")
    span = program.tracer.start_span("model", context=task.context, attributes=MODEL)
    span.end()
    held = weakref.ref(span)

    del span
    gc.collect()

    assert held() is None
    task.end("completed")


def test_a_task_of_ours_may_be_a_part_of_what_another_agent_does(program: Program) -> None:
    """A tool that drives a phone: both tasks are whole, and neither takes the other's steps."""
    with program.tracer.start_as_current_span("Robot", attributes=AGENT):
        with program.tracer.start_as_current_span("model", attributes=MODEL):
            pass
        with program.tracer.start_as_current_span("TapTool", attributes=TOOL):
            task = TaskSpan(program.tracer, "do it", agent="test", task_id="t")
            StepSpan(program.tracer, task).end()
            task.end("completed")
        with program.tracer.start_as_current_span("model", attributes=MODEL):
            pass

    tasks, steps, _ = program.rows()

    assert {task["agent"]: task["total_steps"] for task in tasks} == {"Robot": 3, "test": 1}
    assert {task["status"] for task in tasks} == {"completed"}
    assert len(steps) == 4


def test_content_that_is_switched_off_is_not_told(tmp_path: Path) -> None:
    """What was asked, thought and answered stays out of task and steps, too."""
    program = Program(tmp_path, capture_content="none")
    run_agent(program)

    ((task,), (thought, done), _) = program.rows()
    program.provider.shutdown()

    assert (task["task_description"], task["result"]) == (None, None)
    assert (thought["thinking"], thought["screenshot_path"]) == (None, None)
    assert done["action"] is None
    assert "no such button" not in str(done)


@pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="Windows has no such signals")
def test_a_signal_handler_may_end_a_span_in_the_midst(program: Program) -> None:
    """The thread that is telling a span comes in again, and waits for nothing."""
    with program.tracer.start_as_current_span("Robot", attributes=AGENT) as agent:
        signal.signal(signal.SIGUSR1, lambda *_: _end_a_tool(program))
        try:
            for _ in range(200):
                with program.tracer.start_as_current_span("TapTool", attributes=TOOL) as tool:
                    tool.add_event("gen_ai.choice", {"message": "ok"})
                os.kill(os.getpid(), signal.SIGUSR1)
        finally:
            signal.signal(signal.SIGUSR1, signal.SIG_DFL)
        agent.set_attribute("output.value", "done")

    _, steps, _ = program.rows()

    assert sorted(step["step_number"] for step in steps) == list(range(1, 401))


def _end_a_tool(program: Program) -> None:
    with program.tracer.start_as_current_span("TapTool", attributes=TOOL):
        pass
