"""
One task of an agent whose `stream()` tells of it in events, and how it ended.

The events are the agent's own account, and it hides failures: a reply that is no action ends as a
success, a request to stop as "Max steps reached". What was seen of the last step counts for more.
"""

from collections.abc import Callable, Mapping
from contextvars import Token
from types import TracebackType
from typing import Any, Final

from opentelemetry import context as otel_context
from opentelemetry.context import Context
from opentelemetry.trace import Tracer

from otel_steps import semconv
from otel_steps.emit.content_switch import error_text
from otel_steps.emit.protection import unharmed
from otel_steps.emit.step_span import StepSpan
from otel_steps.emit.stopwatch import Stopwatch
from otel_steps.instrumentation.agent_facts import AgentFacts
from otel_steps.instrumentation.agent_run import AgentRun
from otel_steps.instrumentation.async_step import AsyncStepRun
from otel_steps.instrumentation.outcome import UNREAD
from otel_steps.instrumentation.shim import Call, Shims
from otel_steps.instrumentation.step_run import Args, Kwargs
from otel_steps.instrumentation.watched_generator import observed

# What the message of an error begins with -> what kind of error it tells of.
_ERROR_KINDS: Final[Mapping[str, semconv.ErrorKind]] = {
    "Device error": "device_error",
    "Model error": "model_error",
}
# What agents say where they leave their loop; early ones say nothing else of why they did.
_OUT_OF_STEPS: Final = "Max steps reached"
# Under these names agents keep the generator that takes one step.
_STEP_METHODS: Final = ("_execute_step", "_execute_step_async")


class StreamRun(AgentRun):
    """
    One task, which several `stream()` may continue when a person had to step in.

    It knows the agent only while a stream runs: while it waits, nothing here keeps the agent alive.

    Attributes:
        is_waiting: Whether the agent has handed over to a person and may be told to go on.
        is_running: Whether the agent is at work, and not its reader.
    """

    def __init__(self, tracer: Tracer, facts: AgentFacts, description: str | None) -> None:
        super().__init__(tracer, facts, description, is_implicit=False)
        self.is_waiting = self.is_running = False
        self._answer: str | None = None
        self._has_own_steps = self._is_over = False
        self._error: str | None = None
        self._message: str | None = None
        self._last_end = Stopwatch()

    def _own_id(self, given: str | None) -> str | None:
        return given

    def resume(self, answer: str) -> None:
        """Go on, after a person has said *answer*."""
        self.is_waiting, self._answer = False, answer
        self._last_end = Stopwatch()

    def begin_async_step(self, agent: Any) -> AsyncStepRun:
        """Open the span of a step that is observed while it is taken."""
        self._has_own_steps = True
        return self._open_step(agent)

    def see(self, agent: Any, event: Mapping[str, Any]) -> None:
        """Take note of one of the agent's events."""
        kind, data = event["type"], event.get("data") or {}
        if kind == "step":
            self._error = None
            if not self._has_own_steps:
                self._open_step(agent, since=self._last_end).tell(data)
        elif kind == "error":
            self._error = str(data.get("message"))
        elif kind == "takeover":
            self.is_waiting, self._message = True, data.get("message")
        elif kind == "cancelled":
            self._end("cancelled", error_message=_text(data.get("message")))
        elif kind == "done":
            self._done(data)

    def end(self, error: BaseException | None) -> None:
        """End the task, unless an event has done so or a person is to go on with it."""
        if self.step is not None and error is not None:
            self.step.raised(error)
        is_unread = isinstance(error, GeneratorExit)
        if self._is_over or (self.is_waiting and (error is None or is_unread)):
            return
        is_finished = self._last is not None and self._last.is_finished
        if error is None or (is_unread and is_finished):
            self._done({"success": is_finished})
        elif is_unread:
            self._end("cancelled", error_message=UNREAD)
        else:
            self.raised(error)

    def give_up(self) -> None:
        """End the task, which nobody will go on with."""
        with unharmed("end a task that was given up"):
            if self.is_waiting:
                # It did what it could, and a person the rest.
                self._end("completed", result=self._message)
            else:
                self.end(GeneratorExit())

    def _open_step(self, agent: Any, *, since: Stopwatch | None = None) -> AsyncStepRun:
        span = StepSpan(self._tracer, self.task, since=since)
        step = AsyncStepRun(
            span, agent, model=self._facts.model, mask=self._facts.mask, ended=self._step_ended
        )
        if self._answer is not None:
            step.continue_with(self._answer)
            self._answer = None
        self.step = step
        return step

    def _step_ended(self, step: AsyncStepRun) -> None:
        self.end_step(step)
        self._last_end = Stopwatch()

    def _done(self, data: Mapping[str, Any]) -> None:
        """End the task, of which the agent says *data*."""
        if self._error is not None:
            self._record_error(self._error)
        status, reason = self._ending(data)
        self._end(status, result=data.get("message"), error_message=reason)

    def _ending(self, data: Mapping[str, Any]) -> tuple[semconv.TaskStatus, str | None]:
        """Return how the task ended and, where that was not as it was meant, why."""
        last, message = self._last, data.get("message")
        if last is not None and last.is_finished and last.kind is not None:
            is_stopped = last.kind in ("refused", "interrupted")
            return "cancelled" if is_stopped else "failed", last.message
        if message == _OUT_OF_STEPS:
            limit = self._facts.max_steps
            if limit is not None and self.task.steps >= limit:
                return "max_steps", None
            return "cancelled", "the agent was told to stop"
        if data.get("success"):
            return "completed", None
        return "failed", _text(self._error or message) or "the agent did not say why"

    def _record_error(self, message: str) -> None:
        """Make a step of an error that no step has told of, so that it is found among them."""
        kind = _ERROR_KINDS.get(message.partition(":")[0])
        span = StepSpan(self._tracer, self.task, step_type="error", since=self._last_end)
        span.fail(kind, self._facts.mask(error_text(message)))
        span.tell(finished=True)
        span.end()

    def _end(
        self, status: semconv.TaskStatus, *, result: Any = None, error_message: Any = None
    ) -> None:
        self._is_over = True
        mask = self._facts.mask
        self._finish(
            status,
            result=mask(str(result)) if result is not None else None,
            error_message=mask(str(error_message)) if error_message else None,
        )


def _text(message: Any) -> str | None:
    return error_text(str(message)) if message else None


class Stream:
    """
    Observes one `stream()` of an agent.

    Args:
        run: The task.
        agent: Whose stream it is.
        over: Called when the stream has ended, however it did.
    """

    def __init__(self, run: StreamRun, agent: Any, over: Callable[[], None]) -> None:
        self._run = run
        self._agent = agent
        self._over = over
        self._token: Token[Context] | None = None
        # The generator is entered for every event; these stay from the first to the end.
        self._shims = Shims(lambda: run.is_running)
        self._stands = False

    def __enter__(self) -> None:
        with unharmed("watch a task"):
            self._run.is_running = True
            self._token = otel_context.attach(self._run.task.context)
            if not self._stands:
                self._stands = True
                for name in _STEP_METHODS:
                    self._shims.place(self._agent, name, self._step)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._run.is_running = False
        with unharmed("leave a task"):
            if self._token is not None:
                otel_context.detach(self._token)

    def see(self, event: Any) -> None:
        """Take note of an event of the task."""
        with unharmed("record an event of a task"):
            self._run.see(self._agent, event)

    def end(self, error: BaseException | None) -> None:
        """Take note of how the stream ended."""
        self._shims.remove()
        with unharmed("end a task"):
            self._run.end(error)
        self._over()

    def _step(self, wrapped: Call, args: Args, kwargs: Kwargs) -> Any:
        return observed(wrapped(*args, **kwargs), lambda: self._run.begin_async_step(self._agent))
