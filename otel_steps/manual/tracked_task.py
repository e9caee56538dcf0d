"""The task that the steps of a `StepTracker` belong to."""

import atexit
import threading
import weakref

from opentelemetry.trace import Tracer

from otel_steps.emit import attempts, current_task, tracing
from otel_steps.emit.content_switch import error_text
from otel_steps.emit.span_values import text_of
from otel_steps.emit.step_data import StepData
from otel_steps.emit.step_span import StepSpan
from otel_steps.emit.stopwatch import Stopwatch
from otel_steps.emit.task_span import TaskSpan
from otel_steps.version import __version__


class TrackedTask:
    """
    Begins with its first step and ends as its last one did; a step after that goes on with it.
    Where it is also the task of an agent, that one's is used, or gone on with once it has ended.

    Args:
        task_id: The id of the task.
        steps: Those of it that have ended, filled by the tracker.
    """

    def __init__(self, task_id: str, steps: list[StepData]) -> None:
        self._task_id = text_of(task_id)
        self._steps = steps
        self._lock = threading.RLock()  # guards `_span`; a signal handler may record a step
        self._span: TaskSpan | None = None
        self._of_agent: TaskSpan | None = None  # the last one that was met

    def meet(self) -> TaskSpan | None:
        """Return the open task of an agent that is called so, here or where it was last met."""
        around = current_task.of_step(TaskSpan, current_task.place())
        if around is not None and around.task_id in (self._task_id, attempts.fresh(self._task_id)):
            self._of_agent = around
        met = self._of_agent
        return met if met is not None and not met.has_ended else None

    def begin_step(self, step_type: str, number: int, since: Stopwatch) -> StepSpan:
        """
        Return the span of a step of this task, or of the agent's that is called so.

        Args:
            step_type: A word.
            number: Its number; an agent's task has numbers of its own.
            since: When it began.
        """
        tracer = tracing.tracer("otel_steps", __version__)
        if (of_agent := self.meet()) is not None:
            return StepSpan(tracer, of_agent, step_type=step_type, since=since)
        own = self._begun(tracer)
        return StepSpan(tracer, own, step_type=step_type, number=number, since=since)

    def end(self) -> None:
        """End the task, if it has begun."""
        with self._lock:
            span, self._span = self._span, None
        if span is not None:
            _end(span, self._steps)

    def _begun(self, tracer: Tracer) -> TaskSpan:
        with self._lock:
            if self._span is None:
                self._span = self._of_agent.go_on() if self._of_agent else self._new(tracer)
                # A program that forgets cleanup() still says how the task stood when it ended.
                # Hooks run in the reverse order of their registration, and all finalizers share
                # one, which another library may have registered before the provider's: so this
                # one has its own.
                atexit.register(weakref.finalize(self, _end, self._span, self._steps))
            return self._span

    def _new(self, tracer: Tracer) -> TaskSpan:
        place = current_task.place()
        return TaskSpan(tracer, None, agent="StepTracker", task_id=self._task_id, context=place)


def _end(span: TaskSpan, steps: list[StepData]) -> None:
    if steps and not steps[-1].success:
        message = steps[-1].error_message
        span.end("failed", error_message=None if message is None else error_text(message))
    else:
        span.end("completed")
