"""The tasks of agents that tell of them in events: which one an agent is at."""

import sys
from dataclasses import replace
from typing import Any

from opentelemetry.instrumentation.utils import is_instrumentation_enabled

from otel_steps.emit.protection import unharmed
from otel_steps.instrumentation.agent_facts import AgentFacts, facts_of
from otel_steps.instrumentation.agent_wrappers import AgentWrappers
from otel_steps.instrumentation.shim import Call
from otel_steps.instrumentation.step_run import Args, Kwargs
from otel_steps.instrumentation.stream_run import Stream, StreamRun
from otel_steps.instrumentation.watched_generator import observed


class StreamRecorder(AgentWrappers[StreamRun]):
    """Wrappers for agents that tell of a task in events, and the tasks that are open."""

    def stream(self, wrapped: Call, agent: Any, args: Args, kwargs: Kwargs) -> Any:
        """Wrap `stream`: one task, or what a person lets it go on with."""
        events = wrapped(*args, **kwargs)
        run = self._runs.get(id(agent))
        # Called by the agent itself, its `stream` has called its parent's.
        is_inner = run is not None and run.is_running
        if not self.is_active or not is_instrumentation_enabled() or is_inner:
            return events
        return observed(events, lambda: self._begin(agent, args, kwargs))

    def reset(self, wrapped: Call, agent: Any, args: Args, kwargs: Kwargs) -> Any:
        """Wrap `reset`: a task that waits for a person will not go on."""
        with unharmed("end a task"):
            run = self._runs.get(id(agent))
            if run is not None and run.is_waiting:
                self._give_up(agent, run)
        return wrapped(*args, **kwargs)

    def close(self) -> None:
        """Stop recording; tasks that wait end here, a `stream()` under way ends as it will."""
        self.is_active = False
        self._give_up_if(lambda run: run.is_waiting)

    def _begin(self, agent: Any, args: Args, kwargs: Kwargs) -> Stream:
        answer, run = kwargs.get("continue_with"), self._runs.get(id(agent))
        if run is not None and run.is_waiting and answer is not None:
            run.resume(str(answer))
        else:
            if run is not None:
                self._give_up(agent, run)
            task = args[0] if args else kwargs.get("task")
            run = StreamRun(self._tracer, _facts_of(agent), task if isinstance(task, str) else None)
        self._runs[id(agent)] = run
        return Stream(run, agent, over=lambda: self._stream_over(agent, run))

    def _stream_over(self, agent: Any, run: StreamRun) -> None:
        if not run.is_waiting:
            self._forget(agent, run)
        elif run.finalizer is None:
            self._end_with(agent, run)


def _facts_of(agent: Any) -> AgentFacts:
    """Return what *agent* says of itself, and the run that its program is at."""
    facts = facts_of(agent)
    current_trace_id = getattr(sys.modules.get("AutoGLM_GUI.trace"), "current_trace_id", None)
    trace_id = current_trace_id() if callable(current_trace_id) else None
    if not trace_id:
        return facts
    return replace(facts, config={**facts.config, "autoglm_trace_id": trace_id})
