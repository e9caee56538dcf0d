"""
A process whose recording is interrupted, by signal handlers and finalizers that record as well.

    interrupted_child.py FOLDER SCENARIO

Each scenario is a function below. The numbers of the steps that it has recorded, each with a
picture, are written to FOLDER/acked, and what went wrong to FOLDER/went-wrong. A process that hangs
shows where, and fails.
"""

import contextlib
import faulthandler
import gc
import logging
import os
import queue
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

import otel_steps
from otel_steps import StepSpanProcessor, semconv
from otel_steps.emit.step_span import StepSpan
from otel_steps.health.problems import Problems
from otel_steps.instrumentation.shim import Shims
from otel_steps.recorder import Recorder
from tests.pictures import png

# Far more than any of them needs, however slow the machine is.
HANGS_S = 240
ROUNDS = 200


class Site:
    """A recording in a folder, and the numbers of the steps that it was told of."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.folder = folder
        self.processor = StepSpanProcessor(
            f"sqlite:///{folder / 'steps.db'}", dir=folder, backup_dir=folder / "steps", **settings
        )
        self.provider = TracerProvider(shutdown_on_exit=False)
        self.provider.add_span_processor(self.processor)
        trace.set_tracer_provider(self.provider)
        self.tracer = self.provider.get_tracer("child")
        self._acked = os.open(folder / "acked", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    @property
    def recorder(self) -> Recorder:
        return self.processor.recorder

    def begin(self, number: int) -> StepSpan:
        step = StepSpan(self.tracer, None, task_id="task", number=number)
        step.set_screenshot(png(4, 4, (number % 250, number // 250 % 250, 9)))
        return step

    def end(self, step: StepSpan) -> None:
        step.end()
        os.write(self._acked, b"%d ended\n" % step.number)

    def record(self, number: int) -> None:
        step = self.begin(number)
        step.changed()
        self.end(step)

    def leave(self) -> None:
        """End as a program does, and say what went wrong."""
        self.provider.shutdown()
        problems = [f"{each.kind}: {each.message}" for each in self.recorder.health().problems]
        (self.folder / "went-wrong").write_text("\n".join(problems), encoding="utf-8")


@contextlib.contextmanager
def interrupting(handle: Callable[[], object]) -> Iterator[None]:
    """Have SIGUSR1 call *handle*, once: what it interrupts may come by again and again."""
    left = [handle]
    before = signal.signal(signal.SIGUSR1, lambda *_: left.pop()() if left else None)
    try:
        yield
        assert not left, "nothing was interrupted"
    finally:
        signal.signal(signal.SIGUSR1, before)


def interrupt() -> None:
    """Let the handler run here, on this thread, before this returns."""
    signal.raise_signal(signal.SIGUSR1)


def interrupt_turn(site: Site) -> None:
    """Have the next write into the journal interrupted in its middle."""
    disk: Any = site.recorder._journal._disk
    clock, disk._clock = disk._clock, None

    def look() -> float:
        disk._clock = clock
        interrupt()
        return float(clock())

    disk._clock = look


# --- At random points -----------------------------------------------------------------------------


class Storm:
    """
    Interruptions at random points, each of which records a step with a picture.

    One thread sends signals to the main thread, and another one collects garbage, of which a part
    is collected wherever there is some, as ever: generators that are at a step, in cycles.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._chance = random.Random(20_261_127)
        self._main = threading.get_ident()
        self._handled = self._collected = 0
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=run) for run in (self._send, self._collect)]

    def begin(self) -> None:
        signal.signal(signal.SIGTERM, self._handle)
        gc.collect()
        gc.freeze()
        gc.set_threshold(20, 2, 2)
        for thread in self._threads:
            thread.start()

    @property
    def goes_on(self) -> bool:
        return self._handled < ROUNDS or self._collected < ROUNDS

    def end(self) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join()
        gc.collect()

    def abandon(self, number: int) -> None:
        garbage: list[Any] = [self._step(number)]
        next(garbage[0])
        garbage.append(garbage)

    def _step(self, number: int) -> Iterator[None]:
        step = self._site.begin(number)
        try:
            yield
        finally:
            self._site.end(step)
            self._collected += 1

    def _handle(self, *_: object) -> None:
        self._site.record(100_000 + self._handled)
        self._handled += 1

    def _send(self) -> None:
        for number in range(ROUNDS):
            time.sleep(self._chance.random() * 0.004)
            signal.pthread_kill(self._main, signal.SIGTERM)
            while self._handled <= number and not self._is_over.wait(0.0005):
                pass

    def _collect(self) -> None:
        while not self._is_over.wait(self._chance.random() * 0.05):
            gc.collect()


def at_random_points(folder: Path) -> None:
    """200 signal handlers and 200 finalizers record beside, and in the middle of, the agent."""
    site = Site(folder)
    storm = Storm(site)
    storm.begin()
    number = 0
    while storm.goes_on:
        number += 1
        site.record(number)
        if number <= 2 * ROUNDS:
            storm.abandon(200_000 + number)
    storm.end()
    site.leave()


# --- Where a lock was -----------------------------------------------------------------------------


def step_in_the_journal(folder: Path) -> None:
    """A handler that interrupts a write into the journal records one more step, with a picture."""
    site = Site(folder)

    def record() -> None:
        step: Any = site.begin(2)
        while semconv.SCREENSHOT_SHA256 not in step.span.attributes:
            time.sleep(0.001)  # the thread beside the agent is at it, and wants to write it
        site.end(step)

    site.record(1)
    with interrupting(record):
        interrupt_turn(site)
        site.record(3)
    site.leave()


def step_in_the_journal_survives(folder: Path) -> None:
    """A step that such a handler has recorded survives, even if the handler ends the process."""
    site = Site(folder)
    site.record(1)

    def die() -> None:
        site.record(2)
        os._exit(0)

    with interrupting(die):
        interrupt_turn(site)
        site.record(3)
    raise AssertionError("still alive")


def picture_meanwhile(folder: Path) -> None:
    """The same while the thread beside the agent writes the picture of another step."""
    redacts, interrupted = threading.Event(), threading.Event()

    def redact(_: str, attributes: Any) -> Any:
        if threading.current_thread().name == "otel-steps-background" and not redacts.is_set():
            redacts.set()
            assert interrupted.wait(HANGS_S)
        return attributes

    def handle() -> None:
        interrupted.set()
        site.record(2)

    site = Site(folder, redact=redact)
    first = StepSpan(site.tracer, None, task_id="task", number=1)
    other = StepSpan(site.tracer, None, task_id="task", number=3)
    first.set_screenshot(png(4, 4, (1, 1, 1)))
    assert redacts.wait(HANGS_S)
    with interrupting(handle):
        interrupt_turn(site)
        other.end()
    site.end(first)
    site.leave()


def flush_in_the_journal(folder: Path) -> None:
    """A handler that interrupts a write and wants all to be shipped is told that it is not yet."""
    site = Site(folder)
    answers: list[bool] = []
    site.record(1)
    with interrupting(lambda: answers.append(site.processor.force_flush(10**7))):
        interrupt_turn(site)
        site.record(2)
    assert answers == [False]
    assert site.processor.force_flush()
    site.leave()


def shutdown_in_the_journal(folder: Path) -> None:
    """A handler may end the recording in the middle of a write; the write is finished."""
    site = Site(folder)
    site.record(1)
    with interrupting(lambda: site.recorder.shutdown(10**4)):
        interrupt_turn(site)
        site.record(2)
    site.leave()


def shutdown_in_an_event(folder: Path) -> None:
    """A handler may end the recording while the SDK adds an event to an open span."""
    site = Site(folder)
    step: Any = site.begin(1)
    step.span.add_event("seen")
    with interrupting(site.recorder.shutdown), step.span._events._lock:
        interrupt()
    site.end(step)
    site.leave()


def end_in_the_links(folder: Path) -> None:
    """A finalizer may end a step while the thread beside the agent copies that step's links."""
    site = Site(folder)
    step: Any = site.begin(1)
    with interrupting(lambda: site.end(step)), step.span._links._lock:
        interrupt()
    site.leave()


def step_in_the_sdk(folder: Path) -> None:
    """A handler that interrupts the SDK where it looks for a tracer writes a step by hand."""
    site = Site(folder)

    def write() -> None:
        with otel_steps.step(screenshot=png(4, 4, (2, 2, 2))):
            pass

    write()
    provider: Any = site.provider
    with interrupting(write), provider._tracers_lock:
        interrupt()
    site.leave()


def report_in_a_report(folder: Path) -> None:
    """A handler that interrupts a report reports as well; both are counted."""
    problems = Problems(folder / "notes")

    class Remedy(str):
        def __bool__(self) -> bool:
            interrupt()
            return True

    remedy = Remedy("wait")
    with interrupting(lambda: problems.report("store", "second")):
        problems.report("store", "first", remedy=remedy)
    assert [problem.count for problem in problems.all()] == [2]


def report_in_a_log(folder: Path) -> None:
    """A handler reports while the program's log is at work, whose handler has a plain lock."""
    problems = Problems(folder / "notes")
    written: queue.SimpleQueue[str] = queue.SimpleQueue()

    class Handler(logging.Handler):
        def __init__(self) -> None:
            super().__init__()
            self.mutex = threading.Lock()

        def emit(self, record: logging.LogRecord) -> None:
            with self.mutex:
                written.put(record.getMessage())
                if record.name == "agent":
                    interrupt()

    logging.getLogger().addHandler(Handler())
    with interrupting(lambda: problems.report("store", "in a log")):
        logging.getLogger("agent").warning("at work")
    assert [problem.count for problem in problems.all()] == [1]
    assert written.get(timeout=HANGS_S) == "at work"
    assert "in a log" in written.get(timeout=HANGS_S)


def log_that_raises(folder: Path) -> None:
    """A log that raises, as a stream does that is interrupted, raises nothing here."""
    problems = Problems(folder / "notes")

    class Handler(logging.Handler):
        def emit(self, _: logging.LogRecord) -> None:
            raise RuntimeError("reentrant call")

    logging.getLogger().addHandler(Handler())
    problems.report("store", "unheard")
    assert {(problem.kind, problem.count) for problem in problems.all()} == {
        ("store", 1),
        ("logging", 1),
    }


class Client:
    """An agent's client, whose method is looked up by code of its own."""

    def __init__(self, look: Callable[[], object]) -> None:
        self._look = look

    def __getattr__(self, name: str) -> Any:
        if name != "request":
            raise AttributeError(name)
        self._look()
        return lambda: "answer"


def watch(client: Client) -> list[str]:
    """Watch the client as a step does, and return what was seen of one call."""
    seen: list[str] = []

    def see(call: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        seen.append("call")
        return call(*args, **kwargs)

    shims = Shims(lambda: True)
    shims.place(client, "request", see)
    assert client.request() == "answer"
    shims.remove()
    return seen


def step_in_a_client(folder: Path) -> None:
    """A handler that interrupts the look at a client watches that client as well."""
    client = Client(interrupt)
    inner: list[str] = []
    with interrupting(lambda: inner.extend(watch(client))):
        assert watch(client) == ["call"]
    assert inner == ["call"]
    assert "request" not in vars(client)


def client_that_waits(folder: Path) -> None:
    """A client waits, when it is looked at, for a thread that is at a step of another client."""
    other = threading.Thread(target=watch, args=(Client(lambda: None),))

    def wait() -> None:
        if not other.ident:
            other.start()
            other.join()

    assert watch(Client(wait)) == ["call"]


SCENARIOS = {
    each.__name__: each
    for each in (
        at_random_points,
        step_in_the_journal,
        step_in_the_journal_survives,
        picture_meanwhile,
        flush_in_the_journal,
        shutdown_in_the_journal,
        shutdown_in_an_event,
        end_in_the_links,
        step_in_the_sdk,
        report_in_a_report,
        report_in_a_log,
        log_that_raises,
        step_in_a_client,
        client_that_waits,
    )
}

if __name__ == "__main__":
    faulthandler.dump_traceback_later(HANGS_S, exit=True)
    SCENARIOS[sys.argv[2]](Path(sys.argv[1]))
    faulthandler.cancel_dump_traceback_later()
