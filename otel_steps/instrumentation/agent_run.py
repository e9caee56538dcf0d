"""One task of a PhoneAgent, observed: what it is called, its steps, and how it ended."""

import threading
import weakref
from collections.abc import Callable
from typing import Any

from opentelemetry import context as otel_context
from opentelemetry.context import Context
from opentelemetry.trace import Tracer

from otel_steps import semconv
from otel_steps.emit import attempts, current_task
from otel_steps.emit.protection import unharmed
from otel_steps.emit.span_values import describe_error
from otel_steps.emit.step_span import StepSpan
from otel_steps.emit.stopwatch import Stopwatch
from otel_steps.emit.task_span import TaskSpan
from otel_steps.instrumentation.agent_facts import AgentFacts, task_id_of
from otel_steps.instrumentation.awaited import LastStep
from otel_steps.instrumentation.outcome import is_stop
from otel_steps.instrumentation.step_run import StepRun
from otel_steps.sanitize import to_json


class AgentRun:
    """
    One task of one agent.

    Its span begins with the first thing that needs it, a step as a rule: by then an agent that
    names its task itself has done so.

    Args:
        step_kind: Watches each of its steps.

    Attributes:
        is_implicit: True for a loop of bare steps, False for `run()`.
        step: The step in flight.
        finalizer: Ends the task when its agent is no more.
    """

    def __init__(
        self,
        tracer: Tracer,
        facts: AgentFacts,
        description: str | None,
        *,
        is_implicit: bool,
        agent: Any = None,
        step_kind: type[StepRun] = StepRun,
    ) -> None:
        self.is_implicit = is_implicit
        self.step: StepRun | None = None
        self.finalizer: weakref.finalize[Any, Any] | None = None
        self._tracer = tracer
        self._facts = facts
        self._description = description
        self._last: LastStep | None = None
        self._agent = _reference(agent)
        self._step_kind = step_kind
        self._since = Stopwatch()
        self._outer = current_task.place()
        # What the agent calls the task; others may be called so, too.
        self._given_id: str | None = None
        self._task: TaskSpan | None = None
        self._lock = threading.RLock()  # guards the making of `_task`: steps may come on any thread

    @property
    def task(self) -> TaskSpan:
        """Its span, begun now if it has not been."""
        agent = self._agent()
        return self._begin(self._facts.task_id if agent is None else self._id_of(agent))

    @property
    def context(self) -> Context:
        """A context that carries it, whether it has begun or not."""
        return current_task.expecting(self._outer, lambda: self.task)

    def _begin(self, task_id: str | None) -> TaskSpan:
        with self._lock:
            if self._task is None:
                self._given_id = task_id
                self._task = TaskSpan(
                    self._tracer,
                    self._description,
                    agent=self._facts.name,
                    agent_version=self._facts.version,
                    task_id=self._own_id(task_id),
                    model=self._facts.model,
                    device_id=self._facts.device_id,
                    os_name=self._facts.os_name,
                    config=self._facts.config,
                    context=self._outer,
                    since=self._since,
                )
            return self._task

    def _id_of(self, agent: Any) -> str | None:
        """Return what *agent* calls its task by now."""
        return task_id_of(agent)

    def _own_id(self, given: str | None) -> str | None:
        """Return the id of a task that the agent calls *given*, as it may call others, too."""
        # Only a `run()` is certain to be another task than the one before.
        return given if self.is_implicit else attempts.fresh(given)

    def begin_step(self, agent: Any) -> StepRun:
        """Open the span of the next step."""
        task = self._begin(self._id_of(agent))
        if task.has_ended:
            # The limit is the agent's; whoever calls `step()` may go on beyond it.
            task = self._task = task.go_on()
        self._enter(task)
        self.step = self._make_step(StepSpan(self._tracer, task), agent)
        return self.step

    def _make_step(self, span: StepSpan, agent: Any) -> StepRun:
        return self._step_kind(span, agent, model=self._facts.model, mask=self._facts.mask)

    def _enter(self, task: TaskSpan) -> None:
        """From now on *task* is the current one in `run()`, which puts back what was before it."""
        here = otel_context.get_current()
        if not self.is_implicit and current_task.place(here) is not here:
            otel_context.attach(task.context)

    def end_step(self, step: StepRun) -> None:
        """Remember how *step* ended: the last one tells how the task did."""
        failure = step.failure
        kind, message = (failure.kind, failure.message) if failure is not None else (None, None)
        self._last, self.step = LastStep(kind, message, step.is_finished), None

    def returned(self, result: Any) -> None:
        """End the task, whose `run()` returned *result*."""
        status, reason = self._status(), self._last.message if self._last else None
        text = result if isinstance(result, str | None) else to_json(result)
        text = self._facts.mask(text) if text is not None else None
        if self._task is None and isinstance(result, str) and text:
            # It returns what its last step said; without a step, that is what stood in the way.
            status, reason = "failed", f"the agent took no step: {text}"
        self._finish(status, result=text, error_message=reason if status != "max_steps" else None)

    def raised(self, error: BaseException) -> None:
        """End the task, which *error* has left."""
        last = self._last
        message = last.message if last is not None and last.is_finished else None
        self._finish(
            "cancelled" if is_stop(error) else "failed",
            error_message=message or self._facts.mask(describe_error(error)),
            error=error,
        )

    def give_up(self) -> None:
        """End the task, which nobody will continue."""
        with unharmed("end a task that was given up"):
            limit = self._limit
            is_spent = limit is not None and self.task.steps >= limit
            self.task.end("max_steps" if is_spent else "cancelled")

    @property
    def is_at_limit(self) -> bool:
        """Whether the last step was the last that the agent may take."""
        return self.task.steps == self._limit

    def reach_limit(self) -> None:
        """End the task at its limit of steps."""
        self._finish("max_steps")

    @property
    def _limit(self) -> int | None:
        limit = self._facts.max_steps
        return max(limit, 1) if limit is not None else None  # one step is always taken

    def _finish(self, status: semconv.TaskStatus, **how: Any) -> None:
        task = self.task
        attempts.ended(self._given_id)
        task.end(status, **how)

    def _status(self) -> semconv.TaskStatus:
        last = self._last
        if last is None:
            return "completed"
        if last.kind == "interrupted" or (last.kind == "refused" and last.is_finished):
            return "cancelled"
        if last.is_finished:
            return "completed" if last.kind is None else "failed"
        limit = self._limit
        # Given up before the limit: the agent was told to stop.
        return "max_steps" if limit is None or self.task.steps >= limit else "cancelled"


def _reference(agent: Any) -> Callable[[], Any]:
    """Return what returns *agent*, while it is there; nothing here keeps it alive."""
    try:
        return weakref.ref(agent)
    except TypeError:
        return lambda: None
