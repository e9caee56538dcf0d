"""Which task a step belongs to, in whatever thread, coroutine or context it is taken."""

import asyncio
import contextvars
import gc
import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from opentelemetry import context as otel_context
from opentelemetry import trace
from starlette.concurrency import iterate_in_threadpool

import otel_steps
from otel_steps.pipeline import Recording
from tests.wheels import wheel_folder


@pytest.fixture(name="recording")
def _recording(tmp_path: Path, own_pipeline: None) -> Recording:
    return otel_steps.configure(dir=tmp_path / "data", instrument=False)


def steps_of(recording: Recording) -> dict[str, int]:
    """Return how many steps each task has, those without a name of their own among them."""
    assert recording.flush()
    with closing(otel_steps.open_store(recording.settings.store)) as store:
        return {task["task_id"]: task["total_steps"] for task in store.tasks()}


def steps(task_id: str, *, is_in_step: bool = False) -> Iterator[int]:
    """Take three steps, as an agent that streams does: between them somebody else runs."""
    with otel_steps.task(task_id, task_id=task_id) as task:
        for number in range(3):
            with otel_steps.step(action="Tap"):
                if is_in_step:
                    yield number
            if not is_in_step:
                yield number
        task.complete()


def in_a_thread(work: Callable[[], Any]) -> None:
    with ThreadPoolExecutor(1) as pool:
        pool.submit(work).result()


def streamed(is_in_step: bool) -> None:
    """As Starlette streams it: each part in another thread and another context."""

    async def read() -> None:
        async for _ in iterate_in_threadpool(steps("it", is_in_step=is_in_step)):
            pass

    asyncio.run(read())


def in_two_threads() -> None:
    generator = steps("it")
    next(generator)
    in_a_thread(lambda: list(generator))


def in_two_contexts() -> None:
    generator = steps("it")
    contextvars.copy_context().run(next, generator)
    list(generator)


def dropped() -> None:
    generator = steps("it")
    for _ in range(3):
        next(generator)
    del generator
    gc.collect()


def in_callbacks() -> None:
    """As toolkits and fixtures do: begun in one call, ended in another."""
    block = otel_steps.task("it", task_id="it")
    task = contextvars.copy_context().run(block.__enter__)
    for _ in range(3):
        step = otel_steps.step(task=task)
        contextvars.copy_context().run(step.__enter__)
        contextvars.copy_context().run(step.__exit__, None, None, None)
    contextvars.copy_context().run(block.__exit__, None, None, None)


def in_coroutines() -> None:
    async def run() -> None:
        block = otel_steps.task("it", task_id="it")
        task = await asyncio.create_task(block.__aenter__())
        for _ in range(3):
            async with otel_steps.step(task=task):
                await asyncio.sleep(0)
        await asyncio.create_task(block.__aexit__(None, None, None))

    asyncio.run(run())


def side_by_side() -> None:
    """Two that take turns in one context do not take each other's steps."""
    it, other = steps("it"), steps("other")
    for _ in range(4):
        for generator in (it, other):
            contextvars.copy_context().run(next, generator, None)


WAYS: dict[str, Callable[[], None]] = {
    "streamed": lambda: streamed(False),
    "streamed inside a step": lambda: streamed(True),
    "two threads": in_two_threads,
    "two contexts": in_two_contexts,
    "dropped": dropped,
    "callbacks": in_callbacks,
    "coroutines": in_coroutines,
    "side by side": side_by_side,
}


@pytest.mark.parametrize("way", WAYS)
def test_a_block_may_end_elsewhere_than_it_began(
    recording: Recording, caplog: pytest.LogCaptureFixture, way: str
) -> None:
    """Nothing raises, nothing is logged, all steps are in their task, and what follows is not."""
    with caplog.at_level(logging.WARNING):
        WAYS[way]()
        with otel_steps.task("next", task_id="next"), otel_steps.step():
            pass

    found = steps_of(recording)
    assert found.pop("it") == 3
    assert found.pop("other", 3) == 3
    assert found == {"next": 1}
    assert caplog.records == []


def test_a_context_that_is_carried_carries_the_task(
    recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenTelemetry's own instrumentation of threads is enough for pools, timers and threads."""
    package = "opentelemetry-instrumentation-threading==0.66b1"
    monkeypatch.syspath_prepend(wheel_folder("threading-instrumentation", package))
    module = import_module("opentelemetry.instrumentation.threading")
    instrumentor = module.ThreadingInstrumentor()
    instrumentor.instrument()
    try:
        with otel_steps.task("it", task_id="it"):
            thread = threading.Thread(target=one_step)
            thread.start()
            thread.join()
            in_a_thread(one_step)
    finally:
        instrumentor.uninstrument()

    assert steps_of(recording) == {"it": 2}


def one_step(**named: Any) -> None:
    with otel_steps.step(action="Tap", **named):
        pass


def test_a_task_can_be_named(recording: Recording) -> None:
    """Where nothing carries it: in a pool; numbers are given once."""
    with otel_steps.task("it", task_id="it") as task, ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: one_step(task=task), range(40)))

    assert steps_of(recording) == {"it": 40}
    with closing(otel_steps.open_store(recording.settings.store)) as store:
        numbers = [step["step_number"] for step in store.steps("it")]
    assert sorted(numbers) == list(range(1, 41))


@pytest.mark.parametrize("is_parent", [True, False], ids=["the task's span", "another span"])
def test_a_trace_leads_to_its_task(recording: Recording, is_parent: bool) -> None:
    """A propagator that carries the span context alone, as over the wire, is enough."""
    with otel_steps.task("it", task_id="it"):
        here = trace.get_current_span().get_span_context()
        span_id = here.span_id if is_parent else 0x1234
        carried = trace.SpanContext(here.trace_id, span_id, True, here.trace_flags)

        def work() -> None:
            span = trace.NonRecordingSpan(carried)
            otel_context.attach(trace.set_span_in_context(span, otel_context.Context()))
            one_step()

        in_a_thread(work)

    assert steps_of(recording) == {"it": 1}
    with closing(otel_steps.open_store(recording.settings.store)) as store:
        (step,) = store.steps("it")
    assert step["parent_span_id"] == f"{span_id:016x}"


class NoText:
    """As a proxy of a connection that is closed: whatever one asks it, it raises."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError("closed")

    def __str__(self) -> str:
        raise RuntimeError("closed")

    __repr__ = __str__

    def __bool__(self) -> bool:
        raise RuntimeError("closed")


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


def circle() -> dict[str, Any]:
    value: dict[str, Any] = {}
    value["me"] = value
    return value


ODD: dict[str, Callable[[], Any]] = {
    "cycle": circle,
    "depth": lambda: nested(5000),
    "no text": NoText,
    "number": lambda: 7,
    "bytes": lambda: b"\xff\x00",
    "class": lambda: NoText,
    "surrogate": lambda: "\ud800 \0",
}


@pytest.mark.parametrize("kind", ODD)
def test_nothing_that_is_passed_in_raises(
    recording: Recording, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    """Each argument of each call takes anything; the step it belongs to is recorded as it went."""
    odd = ODD[kind]()
    fields = ("thinking", "action", "action_result", "screenshot", "step_data", "app")
    with otel_steps.task("it", task_id="it") as task:
        for name in (*fields, "step_type", "task"):
            with otel_steps.step(**{name: odd}):
                pass
        for name in (*fields, "finished", "attributes"):
            with otel_steps.step() as step:
                step.set(**{name: odd})
        with otel_steps.step() as step:
            step.set(attributes={"mine": odd, "yours": 1})
            step.fail(odd, error_kind=odd)
        task.complete(odd)
    for name in ("description", "task_id", "agent", "model", "device_id", "config"):
        with otel_steps.task(**{"description": "other", name: odd}) as task:
            task.fail(odd)
    tracker = otel_steps.StepTracker("tracked")
    for name in ("thinking", "action_result", "screenshot_path", "error_message", "metadata"):
        tracker.record_step(otel_steps.StepType.ACTION, {"a": odd}, **{name: odd})
    step_id = tracker.start_step(otel_steps.StepType.ACTION, odd)
    tracker.finish_step(step_id, error_message=odd, success=False)
    tracker.cleanup()

    found = steps_of(recording)
    assert (found["it"], found["tracked"]) == (17, 6)
    with closing(otel_steps.open_store(recording.settings.store)) as store:
        assert [step["success"] for step in store.steps("it")] == [True] * 16 + [False]
        assert all(task["status"] != "running" for task in store.tasks())
