"""`configure()`: what it sets up, once, and beside what is there."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import otel_steps
from otel_steps import ConfigError
from otel_steps.emit.step_span import StepSpan
from otel_steps.emit.task_span import TaskSpan

pytestmark = pytest.mark.usefixtures("own_pipeline")


def python(code: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_a_second_call_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """Libraries and programs may both call it; what is not given is not asked for."""
    provider = TracerProvider(shutdown_on_exit=False)

    first = otel_steps.configure(tracer_provider=provider, buffer_size=7)
    same = otel_steps.configure(tracer_provider=provider)
    alike = otel_steps.configure(buffer_size=7)

    assert first is same is alike
    assert first.settings.buffer_size == 7
    assert not caplog.records


def test_other_processors_of_a_provider_stay() -> None:
    """Another backend receives the same spans, untouched, beside ours."""
    others = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(others))
    recording = otel_steps.configure(tracer_provider=provider)

    tracer = provider.get_tracer("test")
    task = TaskSpan(tracer, "do it", agent="test", task_id="t")
    StepSpan(tracer, task).end()
    task.end("completed")

    assert recording.flush()
    store = otel_steps.open_store(recording.settings.store)
    assert len(store.steps("t")) == 1
    store.close()
    assert [span.name for span in others.get_finished_spans()] == ["step", "invoke_agent test"]
    assert recording.health().shipped == 2


def test_a_bad_setting_is_an_error_of_the_caller() -> None:
    """In a program's own call a wrong value is raised, not logged."""
    with pytest.raises(ConfigError, match="durability"):
        otel_steps.configure(durability="eternal")


def test_without_a_provider_one_is_made_and_shipped_at_exit(tmp_path: Path) -> None:
    """The simplest program of all: configure, record, end. Nothing else is needed."""
    code = (
        "import sys, otel_steps\n"
        "otel_steps.configure(dir=sys.argv[1])\n"
        "with otel_steps.task('t', task_id='mine'), otel_steps.step(thinking='hm'):\n"
        "    pass\n"
    )

    python(code, str(tmp_path / "data"))

    store = otel_steps.open_store(f"sqlite:///{tmp_path / 'data' / 'steps.db'}")
    assert [step["thinking"] for step in store.steps("mine")] == ["hm"]
    assert "host.name" in store.steps("mine")[0]["resource"]
    store.close()


def test_a_program_without_an_agent_leaves_nothing_behind(tmp_path: Path) -> None:
    """Configured and never used: no folder, no thread."""
    code = (
        "import sys, threading, otel_steps\n"
        "otel_steps.configure(dir=sys.argv[1])\n"
        "print([thread.name for thread in threading.enumerate()])\n"
    )

    assert "otel-steps" not in python(code, str(tmp_path / "data"))
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("sampler", ["always_off", "traceidratio"])
def test_sampled_out_spans_are_not_recorded(tmp_path: Path, sampler: str) -> None:
    """The program's sampler decides; the agent does not notice, `health()` says what to do."""
    code = (
        "import os, sys\n"
        "os.environ |= {'OTEL_TRACES_SAMPLER': sys.argv[2], 'OTEL_TRACES_SAMPLER_ARG': '0'}\n"
        "import otel_steps\n"
        "recording = otel_steps.configure(dir=sys.argv[1])\n"
        "with otel_steps.task('t'), otel_steps.step(thinking='hm', screenshot=b'no picture'):\n"
        "    pass\n"
        "(problem,) = recording.health().problems\n"
        "print(problem.kind, problem.count, problem.remedy)\n"
    )

    printed = python(code, str(tmp_path / "data"), sampler)

    assert printed.startswith("unsampled 2 set OTEL_STEPS_RECORD_UNSAMPLED=on")
    assert not (tmp_path / "data" / "steps.db").exists()


LIMITED = """
import json, os, sys
from contextlib import closing
os.environ |= {"OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT": "30", "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": "6"}
os.environ["OTEL_STEPS_DIR"] = sys.argv[1]
import otel_steps
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
if sys.argv[2] == "theirs":
    trace.set_tracer_provider(TracerProvider())
recording = otel_steps.configure()
with otel_steps.task("t"), otel_steps.step(thinking="hm " * 999, action={"action": "Back"}):
    pass
assert recording.flush(600)
problems = [f"{problem.kind} {problem.message}" for problem in recording.health().problems]
with closing(otel_steps.open_store()) as store:
    rows = [store.steps(task["task_id"]) for task in store.tasks()]
print(json.dumps([problems, rows]))
"""


@pytest.mark.parametrize("whose", ["ours", "theirs"])
def test_limits_of_opentelemetry_cut_nothing_unseen(tmp_path: Path, whose: str) -> None:
    """What is recorded escapes the limits; where the program's provider cuts it, that is told."""
    problems, rows = json.loads(python(LIMITED, str(tmp_path / "data"), whose))

    if whose == "ours":
        ((step,),) = rows
        assert not problems
        assert (step["thinking"], step["action"]["action"]) == ("hm " * 999, "Back")
    else:
        (problem,) = problems
        assert problem.startswith("limits ")
        assert "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT=6" in problem


def work(task_id: str) -> None:
    with otel_steps.task(task_id, task_id=task_id), otel_steps.step(thinking="hm"):
        pass


@pytest.mark.parametrize("is_given", [True, False], ids=["provider given", "none given"])
def test_a_recording_can_be_ended_and_begun_again(tmp_path: Path, is_given: bool) -> None:
    """A notebook cell that is run again records, also elsewhere, and what was open still ends."""
    provider = TracerProvider(shutdown_on_exit=False) if is_given else None
    first = otel_steps.configure(dir=tmp_path / "data", tracer_provider=provider)
    work("before")
    with otel_steps.task("open", task_id="open"):
        first.shutdown()
        second = otel_steps.configure(dir=tmp_path / "data", tracer_provider=provider)
    work("after")
    assert second is not first
    assert second.flush()
    second.shutdown()
    third = otel_steps.configure(dir=tmp_path / "elsewhere", tracer_provider=provider)
    work("elsewhere")
    assert third.flush()

    for folder, expected in (("data", {"before", "open", "after"}), ("elsewhere", {"elsewhere"})):
        store = otel_steps.open_store(f"sqlite:///{tmp_path / folder / 'steps.db'}")
        tasks = {task["task_id"]: task["status"] for task in store.tasks()}
        store.close()
        assert set(tasks) == expected
    assert third.health().recorded == 2
    assert not any(each.health().problems for each in (first, second, third))


UNSAMPLED = (
    "import sys, otel_steps\n"
    "from opentelemetry import trace\n"
    "from opentelemetry.sdk.trace import TracerProvider\n"
    "from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor\n"
    "from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased\n"
    "provider = TracerProvider(sampler=ParentBased(ALWAYS_OFF))\n"
    "provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter()))\n"
    "trace.set_tracer_provider(provider)\n"
    "otel_steps.configure(dir=sys.argv[1], record_unsampled=True)\n"
    "with otel_steps.task('t', task_id='mine'), otel_steps.step(thinking='hm'):\n"
    "    pass\n"
)


def test_what_is_sampled_out_is_recorded_where_asked(tmp_path: Path) -> None:
    """The rows have the step, and backends that obey the sampler have not."""
    printed = python(UNSAMPLED, str(tmp_path / "data"))

    store = otel_steps.open_store(f"sqlite:///{tmp_path / 'data' / 'steps.db'}")
    assert [step["thinking"] for step in store.steps("mine")] == ["hm"]
    store.close()
    assert printed == ""


def test_an_own_provider_decides_what_is_sampled(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A provider that is not the SDK's has no sampler to widen, and the log says what to do."""

    class OtherProvider:
        def add_span_processor(self, span_processor: object) -> None:
            """Take anything."""

    otel_steps.configure(
        tracer_provider=OtherProvider(),  # type: ignore[arg-type]
        instrument=False,
        dir=tmp_path,
        record_unsampled=True,
    )

    assert "no effect on a OtherProvider; set its sampler" in caplog.text
