"""
The tasks of PhoneAgents, observed: which one an agent is at, and how it ended.

`run()` is a task. So is a loop of bare `step()` calls: it begins with the first of them and ends
with the step that finishes, with `reset()`, with the next task, or with the agent itself.
"""

import weakref
from typing import Any, NamedTuple

from opentelemetry import context as otel_context
from opentelemetry.instrumentation.utils import is_instrumentation_enabled
from opentelemetry.trace import Tracer

from otel_steps import semconv
from otel_steps.instrumentation.agent_facts import AgentFacts, facts_of
from otel_steps.instrumentation.agent_wrappers import AgentWrappers
from otel_steps.instrumentation.border import unharmed
from otel_steps.instrumentation.outcome import is_stop
from otel_steps.instrumentation.shim import Call
from otel_steps.instrumentation.step_run import Args, Kwargs, StepRun
from otel_steps.sanitize import to_json
from otel_steps.spans import StepSpan, TaskSpan, describe_error


class _LastStep(NamedTuple):
    """How a step ended. An exception is no part of it: its traceback would keep the agent alive."""

    kind: semconv.ErrorKind | None
    message: str | None
    is_finished: bool


class AgentRun:
    """
    One task of one agent.

    Attributes:
        is_implicit: True for a loop of bare steps, False for `run()`.
        step: The step in flight.
        finalizer: Ends the task when its agent is no more.
    """

    def __init__(
        self, tracer: Tracer, facts: AgentFacts, description: str | None, *, is_implicit: bool
    ) -> None:
        self.is_implicit = is_implicit
        self.step: StepRun | None = None
        self.finalizer: weakref.finalize[Any, Any] | None = None
        self._tracer = tracer
        self._facts = facts
        self._last: _LastStep | None = None
        self.task = TaskSpan(
            tracer,
            description,
            agent=facts.name,
            task_id=facts.task_id,
            model=facts.model,
            device_id=facts.device_id,
            os_name=facts.os_name,
            config=facts.config,
        )

    def begin_step(self, agent: Any) -> StepRun:
        """Open the span of the next step."""
        span = StepSpan(self._tracer, self.task)
        self.step = StepRun(span, agent, model=self._facts.model, mask=self._facts.mask)
        return self.step

    def end_step(self, step: StepRun) -> None:
        """Remember how *step* ended: the last one tells how the task did."""
        failure = step.failure
        kind, message = (failure.kind, failure.message) if failure is not None else (None, None)
        self._last, self.step = _LastStep(kind, message, step.is_finished), None

    def returned(self, result: Any) -> None:
        """End the task, whose `run()` returned *result*."""
        status = self._status()
        text = result if isinstance(result, str | None) else to_json(result)
        self.task.end(
            status,
            result=self._facts.mask(text) if text is not None else None,
            error_message=self._last.message if status != "max_steps" and self._last else None,
        )

    def raised(self, error: BaseException) -> None:
        """End the task, which *error* has left."""
        last = self._last
        message = last.message if last is not None and last.is_finished else None
        self.task.end(
            "cancelled" if is_stop(error) else "failed",
            error_message=message or self._facts.mask(describe_error(error)),
            error=error,
        )

    def give_up(self) -> None:
        """End the task, which nobody will continue."""
        with unharmed("end a task that was given up"):
            self.task.end("cancelled")

    def _status(self) -> semconv.TaskStatus:
        last = self._last
        if last is None:
            return "completed"
        if last.kind == "interrupted" or (last.kind == "refused" and last.is_finished):
            return "cancelled"
        if last.is_finished:
            return "completed" if last.kind is None else "failed"
        limit = self._facts.max_steps
        # Given up before the limit: the agent was told to stop.
        return "max_steps" if limit is None or self.task.steps >= limit else "cancelled"


class AgentRecorder(AgentWrappers[AgentRun]):
    """Wrappers for the methods of agent classes, and the tasks that are open."""

    def run(self, wrapped: Call, agent: Any, args: Args, kwargs: Kwargs) -> Any:
        """Wrap `run`: one task."""
        run = None
        with unharmed("begin a task"):
            run = self._begin_run(agent, args, kwargs)
        if run is None:
            return wrapped(*args, **kwargs)
        token = otel_context.attach(run.task.context)
        try:
            result = wrapped(*args, **kwargs)
        except BaseException as error:
            with unharmed("end a task"):
                run.raised(error)
            raise
        else:
            with unharmed("end a task"):
                run.returned(result)
            return result
        finally:
            otel_context.detach(token)
            self._forget(agent, run)

    def execute_step(self, wrapped: Call, agent: Any, args: Args, kwargs: Kwargs) -> Any:
        """Wrap `_execute_step`: one step."""
        step = None
        with unharmed("begin a step"):
            step = self._begin_step(agent, args, kwargs)
        if step is None:
            return wrapped(*args, **kwargs)
        try:
            with step:
                result = wrapped(*args, **kwargs)
        except BaseException as error:
            with unharmed("end a step"):
                step.raised(error)
                self._end_step(agent, error=error)
            raise
        with unharmed("end a step"):
            step.returned(result)
            self._end_step(agent, result=result)
        return result

    def reset(self, wrapped: Call, agent: Any, args: Args, kwargs: Kwargs) -> Any:
        """Wrap `reset`: it gives up a loop of bare steps."""
        with unharmed("end a task"):
            self._give_up_loop(agent)
        return wrapped(*args, **kwargs)

    def close(self) -> None:
        """Stop recording; loops of bare steps end here, a `run()` under way ends as it will."""
        self.is_active = False
        self._give_up_if(lambda run: run.is_implicit)

    # --- which task an agent is at ----------------------------------------------------------------

    def _begin_run(self, agent: Any, args: Args, kwargs: Kwargs) -> AgentRun | None:
        """Return a new task, or None where *agent* is in one: its `run` has called its parent's."""
        open_run = self._runs.get(id(agent))
        if not self._is_recording() or (open_run is not None and not open_run.is_implicit):
            return None
        return self._begin(agent, _task_of(args, kwargs), is_implicit=False)

    def _begin_step(self, agent: Any, args: Args, kwargs: Kwargs) -> StepRun | None:
        """Return a new step, or None where *agent* is in one."""
        run = self._runs.get(id(agent))
        if not self._is_recording() or (run is not None and run.step is not None):
            return None
        if run is None or (run.is_implicit and _is_first(args, kwargs)):
            run = self._begin(agent, _task_of(args, kwargs), is_implicit=True)
        return run.begin_step(agent)

    def _is_recording(self) -> bool:
        return self.is_active and is_instrumentation_enabled()

    def _begin(self, agent: Any, description: str | None, *, is_implicit: bool) -> AgentRun:
        self._give_up_loop(agent)
        run = AgentRun(self._tracer, facts_of(agent), description, is_implicit=is_implicit)
        self._runs[id(agent)] = run
        if is_implicit:
            self._end_with(agent, run)
        return run

    def _end_step(
        self, agent: Any, *, result: Any = None, error: BaseException | None = None
    ) -> None:
        run = self._runs.get(id(agent))
        if run is None or run.step is None:
            return
        step = run.step
        run.end_step(step)
        if not run.is_implicit or not step.is_finished:
            return
        self._forget(agent, run)
        if error is not None:
            run.raised(error)
        else:
            run.returned(getattr(result, "message", None))

    def _give_up_loop(self, agent: Any) -> None:
        run = self._runs.get(id(agent))
        if run is not None and run.is_implicit:
            self._give_up(agent, run)


def _task_of(args: Args, kwargs: Kwargs) -> str | None:
    task = args[0] if args else kwargs.get("task", kwargs.get("user_prompt"))
    return task if isinstance(task, str) else None


def _is_first(args: Args, kwargs: Kwargs) -> bool:
    return bool(args[1] if len(args) > 1 else kwargs.get("is_first", False))
