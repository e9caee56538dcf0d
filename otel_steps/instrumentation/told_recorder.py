"""Wrappers for agents that tell of their steps once they are over."""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from opentelemetry.instrumentation.utils import is_instrumentation_enabled
from opentelemetry.trace import Tracer

from otel_steps.emit.protection import unharmed
from otel_steps.instrumentation.agent_wrappers import AgentClasses
from otel_steps.instrumentation.shim import Call
from otel_steps.instrumentation.step_run import Args, Kwargs
from otel_steps.instrumentation.told import Teller
from otel_steps.instrumentation.told_run import ToldRun, current_run
from otel_steps.instrumentation.watched_generator import watched

# The agent that another one has called, and the task as it was put.
_asked: ContextVar[tuple[Any, Any]] = ContextVar("otel_steps_asked", default=(None, None))


class ToldRecorder(AgentClasses):
    """
    Wrappers for the methods of agents of one kind; a method that calls its parent's is one call.

    Args:
        tracer: Makes the spans.
        meet: Called with the class of each agent that is created.
        teller: Reads what the agents say.
    """

    def __init__(self, tracer: Tracer, meet: Callable[[type], None], teller: Teller) -> None:
        super().__init__(tracer, meet)
        self._teller = teller

    def run(self, wrapped: Call, agent: Any, args: Args, kwargs: Kwargs) -> Any:
        """Wrap what does a task, or returns a generator that does."""
        is_inner = current_run(agent) is not None
        if is_inner or not self.is_active or not is_instrumentation_enabled():
            return wrapped(*args, **kwargs)
        is_generator = False
        with unharmed("look how an agent is called"):
            is_generator = self._teller.is_generator(args, kwargs)
        if is_generator:
            events = wrapped(*args, **kwargs)
            return watched(events, lambda: self._begin(agent, args, kwargs))
        run = None
        with unharmed("begin a task"):
            run = self._begin(agent, args, kwargs)
        if run is None:
            return wrapped(*args, **kwargs)
        try:
            with run:
                result = wrapped(*args, **kwargs)
        except BaseException as error:
            run.raised(error)
            raise
        run.returned(result)
        return result

    def ask(self, wrapped: Call, agent: Any, args: Args, kwargs: Kwargs) -> Any:
        """Wrap what another agent calls, and which then does the task in words of its own."""
        token = _asked.set((agent, _first(args, kwargs)))
        try:
            return wrapped(*args, **kwargs)
        finally:
            _asked.reset(token)

    def take_step(self, wrapped: Call, agent: Any, args: Args, kwargs: Kwargs) -> Any:
        """Wrap what is called with a step, and returns a generator that takes it."""
        return self._take(wrapped(*args, **kwargs), agent, _first(args, kwargs))

    def make_step(self, wrapped: Call, agent: Any, args: Args, kwargs: Kwargs) -> Any:
        """Wrap what returns a generator that takes a step, and yields it last."""
        return self._take(wrapped(*args, **kwargs), agent, None)

    def tell_step(self, wrapped: Call, agent: Any, args: Args, kwargs: Kwargs) -> Any:
        """Wrap what is called with a step that is over, and may still add to it."""
        run = current_run(agent)
        if run is None or run.is_telling:
            return wrapped(*args, **kwargs)
        run.is_telling = True
        try:
            return wrapped(*args, **kwargs)
        finally:
            run.is_telling = False
            with unharmed("record what an agent tells of a step"):
                run.tell(_first(args, kwargs))

    def close(self) -> None:
        """Stop recording; a task under way ends as it will."""
        self.is_active = False

    def _begin(self, agent: Any, args: Args, kwargs: Kwargs) -> ToldRun:
        told = self._teller.task(agent, args, kwargs)
        asked, words = _asked.get()
        if asked is agent and isinstance(words, str):
            told["description"] = words
        return ToldRun(self._tracer, self._teller, agent, told)

    def _take(self, events: Any, agent: Any, step: Any) -> Any:
        run = current_run(agent)
        if run is None or run.has_begun(step):
            return events
        return watched(events, lambda: run.begin_step(step))


def _first(args: Args, kwargs: Kwargs) -> Any:
    return next(iter(args or kwargs.values()), None)
