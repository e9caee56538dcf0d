"""Wrappers for the methods of agents, and the tasks that these are at."""

import _thread
import weakref
from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

from opentelemetry.trace import Tracer

from otel_steps.emit.protection import unharmed
from otel_steps.instrumentation.shim import Call
from otel_steps.instrumentation.step_run import Args, Kwargs


class Run(Protocol):
    """
    One task of one agent.

    Attributes:
        finalizer: Ends the task when its agent is no more.
    """

    finalizer: "weakref.finalize[Any, Any] | None"

    def give_up(self) -> None:
        """End the task, which nobody will continue."""
        ...


R = TypeVar("R", bound=Run)


class AgentClasses:
    """
    What the wrappers for all kinds of agents have in common.

    Args:
        tracer: Makes the spans.
        meet: Called with the class of each agent that is created.

    Attributes:
        is_active: Once False, all wrappers just pass calls on.
    """

    def __init__(self, tracer: Tracer, meet: Callable[[type], None]) -> None:
        self.is_active = True
        self._tracer = tracer
        self._meet = meet

    def init(self, wrapped: Call, agent: Any, args: Args, kwargs: Kwargs) -> Any:
        """Wrap `__init__`, to meet classes that override what is wrapped here."""
        if self.is_active:
            with unharmed("look at an agent's class"):
                self._meet(type(agent))
        return wrapped(*args, **kwargs)


class AgentWrappers(AgentClasses, Generic[R]):
    """Wrappers that know the task that each agent is at, whoever calls it next."""

    def __init__(self, tracer: Tracer, meet: Callable[[type], None]) -> None:
        super().__init__(tracer, meet)
        # By id: agents need not be hashable, and two that are equal are still two.
        self._runs: dict[int, R] = {}

    def _end_with(self, agent: Any, run: R) -> None:
        """Give *run* up when *agent* is no more."""
        with unharmed("watch for the end of an agent"):
            run.finalizer = weakref.finalize(agent, self._abandon, id(agent))
            # At exit the recorder closes what is open, as interrupted.
            run.finalizer.atexit = False

    def _forget(self, agent: Any, run: R) -> None:
        if self._runs.get(id(agent)) is run:
            del self._runs[id(agent)]
        if run.finalizer is not None:
            run.finalizer.detach()

    def _give_up(self, agent: Any, run: R) -> None:
        self._forget(agent, run)
        run.give_up()

    def _give_up_if(self, is_over: Callable[[R], bool]) -> None:
        for key, run in list(self._runs.items()):
            if is_over(run):
                self._runs.pop(key, None)
                run.give_up()

    def _abandon(self, key: int) -> None:
        run = self._runs.pop(key, None)
        if run is not None:
            # Garbage is collected anywhere, also where this very thread holds a lock that the end
            # of a span needs; and `threading` has locks of its own.
            with unharmed("end the task of an agent that is no more"):
                _thread.start_new_thread(run.give_up, ())
