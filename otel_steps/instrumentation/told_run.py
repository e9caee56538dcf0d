"""One task of an agent that tells of its steps once they are over, and how it ended."""

from contextvars import ContextVar, Token
from types import TracebackType
from typing import Any, Final

from opentelemetry import context as otel_context
from opentelemetry.context import Context
from opentelemetry.trace import Tracer

from otel_steps import semconv
from otel_steps.emit import attempts, current_task
from otel_steps.emit.protection import unharmed
from otel_steps.emit.span_values import describe_error
from otel_steps.emit.task_span import TaskSpan
from otel_steps.instrumentation.agent_facts import (
    secrets_in,
    task_id_of,
    version_of,
    without_secrets,
)
from otel_steps.instrumentation.outcome import UNREAD, Failure, is_stop
from otel_steps.instrumentation.told import Teller, ToldStep, ToldTask
from otel_steps.instrumentation.told_step import ToldStepRun
from otel_steps.pictures.sources import Take
from otel_steps.sanitize import to_json

_STOPPED: Final = "the agent was told to stop"

_current: ContextVar["ToldRun | None"] = ContextVar("otel_steps_told_run", default=None)


def current_run(agent: Any) -> "ToldRun | None":
    """Return the task that *agent* is at here; another thread may have it at another one."""
    run = _current.get()
    return run if run is not None and run.agent is agent else None


class ToldRun:
    """
    One task of one agent, entered whenever the agent is at work; it observes the generator that
    does the work, where there is one.

    An agent that works for another one, in a step of that one, has a task of its own in the other's
    trace, below that step.

    Args:
        tracer: Makes the spans.
        teller: Reads what the agent says.
        agent: Of that kind.
        told: What is known of the task.

    Attributes:
        agent: As given.
        is_telling: Whether the agent is telling of a step right now.
    """

    def __init__(self, tracer: Tracer, teller: Teller, agent: Any, told: ToldTask) -> None:
        self.agent = agent
        self.is_telling = False
        self._tracer, self._teller = tracer, teller
        self._secrets = secrets_in(told.get("secrets", ()))
        self._steps: dict[int, ToldStepRun] = {}  # in flight; by the id of what the agent keeps
        self._given_id = task_id_of(agent)
        self._last_failure: Failure | None = None
        self._screen: Take | None = None  # as the last step has left it
        self._is_finished = self._is_limited = False
        self._answer: Any = None
        self._tokens: tuple[Token[ToldRun | None], Token[Context]] | None = None
        self._task = TaskSpan(
            tracer,
            told.get("description"),
            agent=told.get("agent"),
            agent_version=version_of(type(agent)),
            task_id=attempts.fresh(self._given_id),
            model=told.get("model"),
            config=told.get("config"),
            context=current_task.place(),
        )

    def mask(self, text: str) -> str:
        """Return *text* without the agent's secrets."""
        return without_secrets(text, self._secrets)

    def __enter__(self) -> None:
        with unharmed("enter a task"):
            self._tokens = _current.set(self), otel_context.attach(self._task.context)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with unharmed("leave a task"):
            if self._tokens is not None:
                otel_context.detach(self._tokens[1])
                _current.reset(self._tokens[0])

    # --- its steps --------------------------------------------------------------------------------

    def has_begun(self, step: Any) -> bool:
        """Tell whether *step*, as the agent keeps it, is in flight."""
        return id(step) in self._steps

    def begin_step(self, step: Any) -> ToldStepRun:
        """Open the span of a step that begins now; None for one that the agent will keep later."""
        begun = self._steps[id(step)] = self._new_step(step)
        return begun

    def tell(self, step: Any) -> None:
        """End a step, in flight or never seen, of which the agent keeps *step*."""
        begun = self._steps.pop(id(step), None) or self._steps.pop(id(None), None)
        told: ToldStep | None = {} if begun is not None else None
        with unharmed("read what an agent tells of a step"):
            told = self._teller.over(self.agent, step, begun.error if begun is not None else None)
        if told is not None:
            self._end_step(begun or self._new_step(step, told), told)
            self._is_limited = told.get("is_limit", False)

    def _new_step(self, step: Any, told: ToldStep | None = None) -> ToldStepRun:
        return ToldStepRun(
            self._tracer,
            self._task,
            mask=self.mask,
            teller=self._teller,
            agent=self.agent,
            step=step,
            told=told,
            screen=self._screen,
        )

    def _end_step(self, step: ToldStepRun, told: ToldStep) -> None:
        step.tell(told)
        self._last_failure = step.failure
        if told.get("step_type") != "thinking":  # which leaves the screen as it is
            self._screen = step.screen
        self._is_finished = told.get("is_finished", False) and step.failure is None

    # --- its end ----------------------------------------------------------------------------------

    def see(self, event: Any) -> None:
        """Take note of what the agent has yielded; what comes last holds the answer."""
        self._answer = event

    def end(self, error: BaseException | None) -> None:
        """End the task, whose generator has ended like this."""
        if error is None:
            self.returned(self._answer)
        else:
            self.raised(error)

    def returned(self, result: Any) -> None:
        """End the task, which has returned *result*."""
        with unharmed("end a task"):
            answer = self._teller.answer(result)
            if answer is not None:
                answer = self.mask(str(answer) if isinstance(answer, str) else to_json(answer))
            self._finish("max_steps" if self._is_limited else "completed", result=answer)

    def raised(self, error: BaseException) -> None:
        """End the task, which *error* has left."""
        with unharmed("end a task"):
            self._end_steps(error)
            if isinstance(error, GeneratorExit):
                self._unread()
            elif self._teller.is_stopped(self.agent, error):
                self._finish("cancelled", error_message=_STOPPED)
            else:
                self._fail(error)

    def _fail(self, error: BaseException) -> None:
        last = self._last_failure
        is_told = last is not None and last.error is error
        self._finish(
            "cancelled" if is_stop(error) else "failed",
            error_message=last.message if last and is_told else self.mask(describe_error(error)),
            error=error,
        )

    def _end_steps(self, error: BaseException) -> None:
        """End steps of which the agent tells nothing, since *error* has left them."""
        for step in self._steps.values():
            told = ToldStep(
                step_type="error",
                error_kind="model_error",
                error=step.error or error,
                is_finished=True,
            )
            self._end_step(step, told)
        self._steps.clear()

    def _unread(self) -> None:
        if self._is_finished:
            self._finish("max_steps" if self._is_limited else "completed")
        else:
            self._finish("cancelled", error_message=UNREAD)

    def _finish(self, status: semconv.TaskStatus, **how: Any) -> None:
        attempts.ended(self._given_id)
        self._task.end(status, **how)
