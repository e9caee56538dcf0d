"""
The tasks of PhoneAgents: which one an agent is at.

`run()` is a task. So is a loop of bare `step()` calls: it begins with the first of them and ends
with the step that finishes or is the last that the agent may take, with `reset()`, with the next
task, or with the agent itself.
"""

from collections.abc import Callable
from typing import Any

from opentelemetry import context as otel_context
from opentelemetry.instrumentation.utils import is_instrumentation_enabled
from opentelemetry.trace import Tracer

from otel_steps.emit.protection import unharmed
from otel_steps.instrumentation.agent_facts import facts_of
from otel_steps.instrumentation.agent_run import AgentRun
from otel_steps.instrumentation.agent_wrappers import AgentWrappers
from otel_steps.instrumentation.shim import Call
from otel_steps.instrumentation.step_run import Args, Kwargs, StepRun


class AgentRecorder(AgentWrappers[AgentRun]):
    """
    Wrappers for the methods of agent classes, and the tasks that are open.

    Args:
        tracer: Makes the spans.
        meet: Called with the class of each agent that is created.
        step_kind: Watches each step.
    """

    def __init__(
        self, tracer: Tracer, meet: Callable[[type], None], step_kind: type[StepRun] = StepRun
    ) -> None:
        super().__init__(tracer, meet)
        self._step_kind = step_kind

    def run(self, wrapped: Call, agent: Any, args: Args, kwargs: Kwargs) -> Any:
        """Wrap `run`: one task."""
        run = None
        with unharmed("begin a task"):
            run = self._begin_run(agent, args, kwargs)
        if run is None:
            return wrapped(*args, **kwargs)
        token = otel_context.attach(run.context)
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
        return self._begin(agent, args, kwargs, is_implicit=False)

    def _begin_step(self, agent: Any, args: Args, kwargs: Kwargs) -> StepRun | None:
        """Return a new step, or None where *agent* is in one."""
        run = self._runs.get(id(agent))
        if not self._is_recording() or (run is not None and run.step is not None):
            return None
        if run is None or (run.is_implicit and _is_first(args, kwargs)):
            run = self._begin(agent, args, kwargs, is_implicit=True)
        return run.begin_step(agent)

    def _is_recording(self) -> bool:
        return self.is_active and is_instrumentation_enabled()

    def _begin(self, agent: Any, args: Args, kwargs: Kwargs, *, is_implicit: bool) -> AgentRun:
        self._give_up_loop(agent)
        run = self._runs[id(agent)] = self._make_run(agent, args, kwargs, is_implicit=is_implicit)
        if is_implicit:
            self._end_with(agent, run)
        return run

    def _make_run(self, agent: Any, args: Args, kwargs: Kwargs, *, is_implicit: bool) -> AgentRun:
        task = _task_of(args, kwargs)
        if task is None and is_implicit:
            # One that was called with its task keeps it, and need not tell its own step.
            task = getattr(agent, "_current_instruction", None)
        return AgentRun(
            self._tracer,
            facts_of(agent),
            task,
            is_implicit=is_implicit,
            agent=agent,
            step_kind=self._step_kind,
        )

    def _end_step(
        self, agent: Any, *, result: Any = None, error: BaseException | None = None
    ) -> None:
        run = self._runs.get(id(agent))
        if run is None or run.step is None:
            return
        step = run.step
        run.end_step(step)
        if not run.is_implicit:
            return
        if not step.is_finished:
            if run.is_at_limit:
                run.reach_limit()
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
