"""The tasks of agents whose `run` and `step` are awaited: which one an agent is at."""

import time
from collections.abc import Callable
from typing import Any

from opentelemetry import context as otel_context
from opentelemetry.trace import Tracer

from otel_steps.emit.protection import unharmed
from otel_steps.instrumentation.agent_recorder import AgentRecorder
from otel_steps.instrumentation.awaited import AgentReader
from otel_steps.instrumentation.awaited_run import AwaitedRun
from otel_steps.instrumentation.awaited_step import AwaitedStep
from otel_steps.instrumentation.shim import Call
from otel_steps.instrumentation.step_run import Args, Kwargs


class AwaitedRecorder(AgentRecorder):
    """
    Wrappers for the methods of agent classes, which return what is to be awaited.

    Args:
        tracer: Makes the spans.
        meet: Called with the class of each agent that is created.
        reader: Reads what agents of this kind say.
    """

    def __init__(self, tracer: Tracer, meet: Callable[[type], None], reader: AgentReader) -> None:
        super().__init__(tracer, meet)
        self._reader = reader

    async def run(self, wrapped: Call, agent: Any, args: Args, kwargs: Kwargs) -> Any:
        """Wrap `run`: one task."""
        run = None
        with unharmed("begin a task"):
            run = self._begin_run(agent, args, kwargs)
        if run is None:
            return await wrapped(*args, **kwargs)
        token = otel_context.attach(run.context)
        try:
            result = await wrapped(*args, **kwargs)
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
        """Wrap what takes a step; an agent's own limit for it begins with the call."""
        return self._await_step(wrapped, agent, args, kwargs, called_s=time.monotonic())

    async def _await_step(
        self, wrapped: Call, agent: Any, args: Args, kwargs: Kwargs, *, called_s: float
    ) -> Any:
        step = None
        with unharmed("begin a step"):
            step = self._begin_step(agent, args, kwargs)
            if isinstance(step, AwaitedStep):
                step.called_s = called_s
        if step is None:
            return await wrapped(*args, **kwargs)
        try:
            with step:
                result = await wrapped(*args, **kwargs)
        except BaseException as error:
            with unharmed("end a step"):
                step.raised(error)
                self._end_step(agent, error=error)
            raise
        with unharmed("end a step"):
            step.returned(result)
            self._end_step(agent, result=result)
        return result

    def look(self, wrapped: Call, agent: Any, args: Args, kwargs: Kwargs) -> Any:
        """Wrap what takes the picture."""
        step = self._step_of(agent)
        return step.look(wrapped, args, kwargs) if step else wrapped(*args, **kwargs)

    def ask(self, wrapped: Call, agent: Any, args: Args, kwargs: Kwargs) -> Any:
        """Wrap what asks the model."""
        step = self._step_of(agent)
        return step.ask(wrapped, args, kwargs) if step else wrapped(*args, **kwargs)

    def act(self, wrapped: Call, agent: Any, args: Args, kwargs: Kwargs) -> Any:
        """Wrap what does the actions."""
        step = self._step_of(agent)
        return step.act(wrapped, args, kwargs) if step else wrapped(*args, **kwargs)

    async def let_go(self, wrapped: Call, agent: Any, args: Args, kwargs: Kwargs) -> Any:
        """Wrap what lets go of the screen: what the last step has led to is seen before."""
        run = self._runs.get(id(agent))
        try:
            with unharmed("see the last screen of a task"):
                if isinstance(run, AwaitedRun) and self._is_recording():
                    await run.see_last_screen()
        finally:  # whoever cancels meanwhile has it let go all the same
            result = await wrapped(*args, **kwargs)
        return result

    def _step_of(self, agent: Any) -> AwaitedStep | None:
        """Return the step that *agent* is in, if it is recorded."""
        run = self._runs.get(id(agent))
        step = run.step if run is not None else None
        if not isinstance(step, AwaitedStep) or not step.span.span.is_recording():
            return None
        return step

    def _make_run(self, agent: Any, args: Args, kwargs: Kwargs, *, is_implicit: bool) -> AwaitedRun:
        named = {"max_steps": args[0], **kwargs} if args and not is_implicit else kwargs
        return AwaitedRun(self._tracer, self._reader, agent, named, is_implicit=is_implicit)
