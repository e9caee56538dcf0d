"""
`StepTracker`, `StepType` and `StepData`: the hand-written tracker's interface, on real spans.

Same names, arguments, defaults and attributes as the tracker it replaces; what it promised, this
one keeps: each recorded step is a span, durable when the call returns.
"""

import atexit
import itertools
import logging
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Self

from opentelemetry import trace
from opentelemetry.trace import format_span_id, format_trace_id

from otel_steps import tracing
from otel_steps.instrumentation.border import unharmed
from otel_steps.model import step_id as id_of_step
from otel_steps.picture import PictureError, describe, read
from otel_steps.pipeline import Recording, configure
from otel_steps.sanitize import clean
from otel_steps.spans import StepSpan, TaskSpan, describe_error, error_text
from otel_steps.version import __version__

_log = logging.getLogger(__name__)


class StepType(Enum):
    """What kind of step it is."""

    THINKING = "thinking"
    ACTION = "action"
    SCREENSHOT = "screenshot"
    ERROR = "error"
    VALIDATION = "validation"
    COMPLETION = "completion"


@dataclass
class StepData:
    """
    One step, as callbacks and `get_steps()` see it.

    Attributes:
        step_id: The id of its row in `task_steps`.
        timestamp: When it was recorded, with its time zone.
    """

    step_id: str
    task_id: str
    step_number: int
    step_type: StepType
    step_data: dict[str, Any]
    thinking: str | None = None
    action_result: dict[str, Any] | None = None
    screenshot_path: str | None = None
    duration_ms: int | None = None
    success: bool = True
    error_message: str | None = None
    timestamp: datetime = field(default_factory=lambda: datetime.now(UTC))
    metadata: dict[str, Any] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the step as JSON values."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        values["step_type"] = self.step_type.value
        values["timestamp"] = self.timestamp.isoformat()
        cleaned: dict[str, Any] = clean(values)[0]
        return cleaned

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """
        Return the step that `to_dict` described; *data* stays as it is, unknown keys are ignored.

        Raises:
            ValueError: The type of the step or its time is not one.
            TypeError: A field without a default is missing.
        """
        known = {each.name for each in fields(cls)}
        values = {key: value for key, value in data.items() if key in known}
        if not isinstance(values.get("step_type"), StepType):
            values["step_type"] = StepType(values.get("step_type"))
        if isinstance(values.get("timestamp"), str):
            values["timestamp"] = datetime.fromisoformat(values["timestamp"])
        return cls(**values)


@dataclass
class ScreenshotInfo:
    """A screenshot file that a step named."""

    local_path: str
    file_size: int
    file_hash: str
    compressed: bool = False
    metadata: dict[str, Any] | None = None
    remote_url: str | None = None


@dataclass
class _InFlight:
    span: StepSpan
    step: StepData
    started_s: float


class StepTracker:
    """
    Records the steps of one task.

    Steps may be recorded from several threads. The task ends with `cleanup()`, or with the program.

    Args:
        task_id: The id of the task.
        buffer_size: Steps that go to the store at once.
        flush_interval: Seconds after which fewer go, too.
        enable_database: False: no store is set up here; the steps are spans for whatever tracer
            provider the program has, and are kept in `steps`.
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
        self._numbers = itertools.count(1)
        self._lock = threading.RLock()
        self._in_flight: dict[str, _InFlight] = {}
        self._last_end_ns = time.time_ns()
        self._task: TaskSpan | None = None
        self._recording = self._configure() if enable_database else None

    def _configure(self) -> Recording:
        return configure(buffer_size=self.buffer_size, flush_interval_s=self.flush_interval)

    @property
    def total_steps(self) -> int:
        """Steps started or recorded."""
        return self.current_step_number

    @property
    def successful_steps(self) -> int:
        """Steps that ended well."""
        return sum(step.success for step in self.steps)

    @property
    def failed_steps(self) -> int:
        """Steps that ended badly."""
        return sum(not step.success for step in self.steps)

    @property
    def total_duration_ms(self) -> int:
        """Sum of the steps' durations."""
        return sum(step.duration_ms or 0 for step in self.steps)

    def enable(self) -> None:
        """Record steps again."""
        self.is_enabled = True

    def disable(self) -> None:
        """Ignore the steps that are recorded from now on."""
        self.is_enabled = False

    def add_step_callback(self, callback: Callable[[StepData], None]) -> None:
        """Call *callback* with each step that ended; what it raises is reported, no more."""
        self.step_callbacks.append(callback)

    def start_step(self, step_type: StepType, step_data: dict[str, Any]) -> str:
        """Begin a step, visible as running; return its id for `finish_step`, "" when disabled."""
        if not self.is_enabled:
            return ""
        with unharmed("begin a step"):
            started = self._open(step_type, step_data, None)
            with self._lock:
                self._in_flight[started.step.step_id] = started
            started.span.changed()
            return started.step.step_id
        return ""

    def finish_step(
        self,
        step_id: str,
        thinking: str | None = None,
        action_result: dict[str, Any] | None = None,
        screenshot_path: str | None = None,
        success: bool = True,
        error_message: str | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """End a step that `start_step` began; one that is unknown or has ended is left alone."""
        with self._lock:
            started = self._in_flight.pop(str(step_id), None)
        if started is None:
            if step_id:
                _log.warning("step %s of task %s is not in flight", step_id, self.task_id)
            return
        with unharmed("end a step"):
            self._close(
                started, thinking, action_result, screenshot_path, success, error_message, metadata
            )

    def record_step(
        self,
        step_type: StepType,
        step_data: dict[str, Any],
        thinking: str | None = None,
        action_result: dict[str, Any] | None = None,
        screenshot_path: str | None = None,
        success: bool = True,
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
            started = self._open(step_type, step_data, self._last_end_ns)
            self._close(
                started, thinking, action_result, screenshot_path, success, error_message, metadata
            )

    def flush(self) -> None:
        """Wait at most 30 seconds until the store has all steps; what is left arrives later."""
        if self._recording is not None and not self._recording.flush(30.0):
            _log.warning("steps of task %s still wait; they are safe on disk", self.task_id)

    def cleanup(self) -> None:
        """End the task and flush; a step recorded afterwards goes on with the same task."""
        with self._lock:
            task, self._task = self._task, None
        if task is not None:
            _end_task(task, self.steps)
        self.flush()

    def get_statistics(self) -> dict[str, Any]:
        """Return counts, rates and durations of the steps."""
        ended = len(self.steps)
        waiting = self._recording.health().waiting if self._recording is not None else 0
        return {
            "task_id": self.task_id,
            "total_steps": self.total_steps,
            "successful_steps": self.successful_steps,
            "failed_steps": self.failed_steps,
            "success_rate": self.successful_steps / max(ended, 1),
            "total_duration_ms": self.total_duration_ms,
            "average_step_duration_ms": self.total_duration_ms / max(ended, 1),
            "screenshots_count": len(self.screenshots),
            "is_enabled": self.is_enabled,
            "buffer_size": waiting,
        }

    def get_steps(self, limit: int | None = None) -> list[StepData]:
        """Return the steps that have ended, the last *limit* of them if given."""
        return self.steps[-limit:] if limit else list(self.steps)

    def _open(
        self, step_type: StepType, step_data: dict[str, Any], start_time_ns: int | None
    ) -> _InFlight:
        tracer = tracing.tracer("otel_steps", __version__)
        with self._lock:
            task = self._task_span(tracer)
        # In one operation: what interrupts this, and records a step, gets another number.
        number = self.current_step_number = next(self._numbers)
        span = StepSpan(
            tracer, task, step_type=step_type.value, number=number, start_time_ns=start_time_ns
        )
        span.set_data(step_data)
        ids = span.span.get_span_context()
        step = StepData(
            step_id=id_of_step(format_trace_id(ids.trace_id), format_span_id(ids.span_id)),
            task_id=self.task_id,
            step_number=span.number,
            step_type=step_type,
            # A copy: what the caller does to it later must not change the record.
            step_data=clean(step_data)[0],
        )
        started_s = time.perf_counter() - _elapsed_s(start_time_ns)
        return _InFlight(span, step, started_s)

    def _task_span(self, tracer: trace.Tracer) -> TaskSpan:
        if self._task is None:
            self._task = TaskSpan(tracer, None, agent="StepTracker", task_id=self.task_id)
            # A program that forgets cleanup() still says how the task stood when it ended. Hooks
            # run in the reverse order of their registration, and all finalizers share one, which
            # another library may have registered before the provider's: so this one has its own.
            atexit.register(weakref.finalize(self, _end_task, self._task, self.steps))
        return self._task

    def _close(
        self,
        started: _InFlight,
        thinking: str | None,
        action_result: dict[str, Any] | None,
        screenshot_path: str | None,
        success: bool,
        error_message: str | None,
        metadata: dict[str, Any] | None,
    ) -> None:
        span, step = started.span, started.step
        step.thinking, step.screenshot_path = thinking, screenshot_path
        step.action_result, step.metadata = clean(action_result)[0], clean(metadata)[0]
        step.success, step.error_message = success, error_message
        step.duration_ms = max(0, round((time.perf_counter() - started.started_s) * 1000))
        if thinking is not None:
            span.set_thinking(thinking)
        if action_result is not None:
            span.set_action_result(action_result)
        if metadata is not None:
            span.set_metadata(metadata)
        with unharmed("record the screenshot of a step"):
            if screenshot_path:
                self._record_screenshot(span, step, screenshot_path)
        if not success:
            span.fail(None, error_text(error_message) if error_message is not None else None)
        span.end()
        with self._lock:
            self._last_end_ns = time.time_ns()
            self.steps.append(step)
        self._call_back(step)

    def _record_screenshot(self, span: StepSpan, step: StepData, path: str) -> None:
        span.set_screenshot_path(path)
        try:
            picture = read(path)
            info = describe(picture)
        except PictureError as error:
            span.set_screenshot_error(str(error))
            return
        span.set_screenshot(picture)
        self.screenshots[path] = ScreenshotInfo(
            local_path=path,
            file_size=info.size,
            file_hash=info.sha256,
            metadata={
                "captured_at": step.timestamp.isoformat(),
                "task_id": self.task_id,
                "step_id": step.step_id,
            },
        )

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


def _end_task(task: TaskSpan, steps: list[StepData]) -> None:
    """End *task* as its last step ended."""
    if steps and not steps[-1].success:
        message = steps[-1].error_message
        task.end("failed", error_message=None if message is None else error_text(message))
    else:
        task.end("completed")


def _elapsed_s(start_time_ns: int | None) -> float:
    return 0.0 if start_time_ns is None else max(0, time.time_ns() - start_time_ns) / 1e9
