"""
`StepTracker`: the hand-written tracker's interface, on real spans.

Same names, arguments, defaults and attributes as the tracker it replaces; what it promised, this
one keeps: each recorded step is a span, durable when the call returns. Nothing that it does or is
given raises into the agent.
"""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from queue import Queue
from typing import Any

from otel_steps import pipeline
from otel_steps.config import ConfigError
from otel_steps.emit import current_task
from otel_steps.emit.protection import unharmed
from otel_steps.emit.span_values import describe_error
from otel_steps.emit.step_data import ScreenshotInfo, StepData, StepType, type_of
from otel_steps.emit.step_span import StepSpan
from otel_steps.emit.stopwatch import Stopwatch
from otel_steps.instrumentation.step_run import StepRun, current_step
from otel_steps.manual.forgotten import tell_if_unrecorded
from otel_steps.manual.tracked_step import TrackedStep, record, screenshot_info
from otel_steps.manual.tracked_task import TrackedTask
from otel_steps.pictures.sources import path_of
from otel_steps.sanitize import clean

_log = logging.getLogger(__name__)


class StepTracker(current_task.Namer):
    """
    Records the steps of one task.

    Steps may be recorded from several threads. The task ends with `cleanup()`, or with the program.
    Inside the step of an agent that is recorded anyway, what is said is added to that step; an
    agent that holds a tracker has its task named by it.

    Args:
        task_id: The id of the task.
        buffer_size: Steps that go to the store at once.
        flush_interval: Seconds after which fewer go, too.
        enable_database: False: no store is set up here; the steps are spans for whatever tracer
            provider the program has, and are kept in `steps`.

    Attributes:
        steps: Those that have ended.
        screenshots: By path, each file that a step has named, whatever is in it.
        current_step_number: Of the last step that has begun.
        total_steps: Steps started or recorded.
        successful_steps, failed_steps: How they ended.
        total_duration_ms: Sum of their durations.
        step_start_time: Unix time of the last `start_step`.
        buffer, executor, flush_timer, is_flushing, db_manager: What the former tracker worked with.
            Here steps go to the journal at once: nothing waits in the buffer, and none runs.
    """

    def __init__(
        self,
        task_id: str,
        buffer_size: int = 50,
        flush_interval: float = 5.0,
        enable_database: bool = True,
    ) -> None:
        self.task_id = task_id
        self.buffer_size = buffer_size
        self.flush_interval = flush_interval
        self.enable_database = enable_database
        self.is_enabled = True
        self.steps: list[StepData] = []
        self.screenshots: dict[str, ScreenshotInfo] = {}
        self.step_callbacks: list[Callable[[StepData], None]] = []
        self.current_step_number = 0
        self.total_steps = self.successful_steps = self.failed_steps = 0
        self.total_duration_ms = 0
        self.step_start_time: float | None = None
        self.buffer: Queue[StepData] = Queue()
        self.executor = ThreadPoolExecutor(2, "StepTracker")  # starts no thread before it is used
        self.flush_timer: threading.Timer | None = None
        self.is_flushing = False
        self.db_manager: Any = None
        # Guards the numbers and what is in flight; no callback runs under it. Reentrant: a signal
        # handler may record a step.
        self._lock = threading.RLock()
        self._in_flight: dict[str, list[TrackedStep]] = {}
        self._last_end = Stopwatch()
        self._task = TrackedTask(task_id, self.steps)
        self._recording = self._configured() if enable_database else None

    def _configured(self) -> pipeline.Recording | None:
        try:
            return pipeline.active() or pipeline.configure(
                buffer_size=self.buffer_size, flush_interval_s=self.flush_interval
            )
        except ConfigError as error:
            _log.error("otel-steps records nothing: %s", error)
        except Exception:  # noqa: BLE001 - an edge that protects the agent
            _log.exception("otel-steps records nothing")
        return None

    def enable(self) -> None:
        """Record steps again."""
        self.is_enabled = True

    def disable(self) -> None:
        """Ignore the steps that are recorded from now on."""
        self.is_enabled = False

    def add_step_callback(self, callback: Callable[[StepData], None]) -> None:
        """Call *callback* with each step that ended; what it raises is reported, no more."""
        self.step_callbacks.append(callback)

    def start_step(self, step_type: StepType | str, step_data: dict[str, Any]) -> str:
        """Begin a step, visible as running; return its id for `finish_step`, "" when disabled."""
        if not self.is_enabled:
            return ""
        with unharmed("begin a step"):
            started = self._begin(step_type, step_data, Stopwatch())
            step_id = started.step.step_id
            with self._lock:
                self.step_start_time = time.time()
                self._in_flight.setdefault(step_id, []).append(started)
            return step_id
        return ""

    def finish_step(
        self,
        step_id: str,
        thinking: str | None = None,
        action_result: Any = None,
        screenshot_path: str | None = None,
        success: bool | None = True,
        error_message: str | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """End a step that `start_step` began; one that is unknown or has ended is left alone."""
        with unharmed("end a step"):
            started = self._landed(str(step_id))
            if started is not None:
                said = (thinking, action_result, screenshot_path, success, error_message, metadata)
                self._end(started, *said)
            elif step_id:
                _log.warning("step %s of task %s is not in flight", step_id, self.task_id)

    def record_step(
        self,
        step_type: StepType | str,
        step_data: dict[str, Any],
        thinking: str | None = None,
        action_result: Any = None,
        screenshot_path: str | None = None,
        success: bool | None = True,
        error_message: str | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """
        Record a step that has just ended.

        Its duration is the time since the step before it ended: it is recorded when it is over.
        """
        if not self.is_enabled:
            return
        with unharmed("record a step"):
            started = self._begin(step_type, step_data, self._last_end)
            said = (thinking, action_result, screenshot_path, success, error_message, metadata)
            self._end(started, *said)

    def flush(self) -> None:
        """Wait at most 30 seconds until the store has all steps; what is left arrives later."""
        with unharmed("flush a tracker"):
            if self._recording is not None and not self._recording.flush(30.0):
                _log.warning("steps of task %s still wait; they are safe on disk", self.task_id)

    def cleanup(self) -> None:
        """End the task and flush; a step recorded afterwards goes on with the same task."""
        with unharmed("end a task"):
            self._task.end()
        self.flush()

    def get_statistics(self) -> dict[str, Any]:
        """Return counts, rates and durations of the steps."""
        ended = max(self.successful_steps + self.failed_steps, 1)
        waiting = self._recording.health().waiting if self._recording is not None else 0
        return {
            "task_id": self.task_id,
            "total_steps": self.total_steps,
            "successful_steps": self.successful_steps,
            "failed_steps": self.failed_steps,
            "success_rate": self.successful_steps / ended,
            "total_duration_ms": self.total_duration_ms,
            "average_step_duration_ms": self.total_duration_ms / ended,
            "screenshots_count": len(self.screenshots),
            "is_enabled": self.is_enabled,
            "buffer_size": waiting,
        }

    def get_steps(self, limit: int | None = None) -> list[StepData]:
        """Return the steps that have ended, the last *limit* of them if that is a number."""
        return self.steps[-limit:] if isinstance(limit, int) and limit else list(self.steps)

    # --- the life of a step -----------------------------------------------------------------------

    def _begin(self, step_type: object, step_data: Any, since: Stopwatch) -> TrackedStep:
        kind = type_of(step_type)
        run = current_step()
        if run is not None and not run.span.has_ended:
            return self._within(run, kind, step_data)
        tell_if_unrecorded("otel_steps.StepTracker()")
        span = self._own_span(kind, since)
        span.tell(data=step_data)
        span.changed()
        return TrackedStep(self._described(span, kind, step_data), since, partial(record, span))

    def _within(self, run: StepRun, kind: StepType | str, step_data: Any) -> TrackedStep:
        """Return what is to be added to the step of an agent that is recorded anyway."""
        self._task.meet()
        with self._lock:
            self.current_step_number = run.span.number
            self.total_steps += 1
        return TrackedStep(self._described(run.span, kind, step_data), run.span.watch, run.add)

    def _own_span(self, kind: StepType | str, since: Stopwatch) -> StepSpan:
        word = kind.value if isinstance(kind, StepType) else kind
        with self._lock:
            span = self._task.begin_step(word, self.current_step_number + 1, since)
            # Only now: a step that could not be begun has used up no number.
            self.current_step_number = span.number
            self.total_steps += 1
        return span

    def _described(self, span: StepSpan, kind: StepType | str, step_data: Any) -> StepData:
        return StepData(
            step_id=span.row_id,
            task_id=self.task_id,
            step_number=span.number,
            step_type=kind,
            # A copy: what the caller does to it later must not change the record.
            step_data=clean(step_data)[0],
        )

    def _landed(self, step_id: str) -> TrackedStep | None:
        """Return the step in flight of that id, which it is no more."""
        with self._lock:
            started = self._in_flight.pop(step_id, [])
            step = started.pop() if started else None
            if started:  # several that were begun within one step of an agent
                self._in_flight[step_id] = started
            return step

    def _end(
        self,
        started: TrackedStep,
        thinking: str | None,
        action_result: Any,
        screenshot_path: str | None,
        success: bool | None,
        error_message: str | None,
        metadata: dict[str, Any] | None,
    ) -> None:
        step = started.step
        step.thinking, step.screenshot_path = thinking, screenshot_path
        step.action_result, step.metadata = clean(action_result)[0], clean(metadata)[0]
        step.success, step.error_message = success, error_message
        step.duration_ms = round(started.watch.elapsed_ms)
        with unharmed("describe the screenshot of a step"):
            path = path_of(screenshot_path)
            if path and (info := screenshot_info(path, step)):
                self.screenshots[path] = info
        started.record(step)
        with self._lock:
            self._last_end = Stopwatch()
            self.steps.append(step)
            self.total_duration_ms += step.duration_ms
            if success:
                self.successful_steps += 1
            else:
                self.failed_steps += 1
        self._call_back(step)

    def _call_back(self, step: StepData) -> None:
        for callback in list(self.step_callbacks):
            try:
                callback(step)
            except Exception as error:  # noqa: BLE001 - the user's code, on the agent's thread
                message = f"the step callback {callback!r} raised {describe_error(error)}"
                if self._recording is not None:
                    self._recording.problems.report("callback", message)
                else:
                    _log.warning("otel-steps: %s", message)
