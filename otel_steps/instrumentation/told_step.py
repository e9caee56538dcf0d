"""One step of an agent that tells of it once it is over, and shows little of it before."""

from contextvars import Token
from types import TracebackType
from typing import Any, Final

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Tracer

from otel_steps import semconv
from otel_steps.emit.content_switch import error_text
from otel_steps.emit.protection import unharmed
from otel_steps.emit.span_values import describe_error, error_type
from otel_steps.emit.step_span import StepSpan
from otel_steps.emit.stopwatch import Stopwatch
from otel_steps.emit.task_span import TaskSpan
from otel_steps.emit.unix_time import unix_ns
from otel_steps.instrumentation.begun_call import BegunCall, tool_call
from otel_steps.instrumentation.call_content import tool_arguments
from otel_steps.instrumentation.outcome import Failure, Mask, failure_of
from otel_steps.instrumentation.told import Event, Teller, ToldStep
from otel_steps.pictures import sources
from otel_steps.pictures.sources import Take

_UNSAID: Final = "the agent did not say why"


class ToldStepRun:
    """
    Observes the generator that takes a step; what the agent says of it afterwards ends it.

    What led to an action is durable before it is taken: an agent yields what it is about to call.

    Args:
        tracer: Makes the spans.
        task: Whose step it is.
        mask: Hides the agent's own secrets in a message.
        teller: Reads what the agent says.
        agent: Of that kind.
        step: What it keeps of the step, as far as that is there before it is over.
        told: What is known of it; by default nothing but that it begins now.
        screen: What returns the picture of the screen as it is when the step begins, if one is
            known: that which the step before has left.

    Attributes:
        error: What has left the generator, if anything has.
        failure: Why the step failed; settled by `tell`.
        screen: What returns the picture of the screen as the step has left it, once it is told.
    """

    def __init__(
        self,
        tracer: Tracer,
        task: TaskSpan,
        *,
        mask: Mask,
        teller: Teller,
        agent: Any,
        step: Any = None,
        told: ToldStep | None = None,
        screen: Take | None = None,
    ) -> None:
        self._watch = watch_of(told or {})
        self._span = StepSpan(tracer, task, since=self._watch)
        self._mask, self._teller, self._agent, self._step = mask, teller, agent, step
        self._calls: list[Event] = []
        self._open: dict[str, tuple[BegunCall, Stopwatch]] = {}  # by the id of the call
        self._model_ms: float | None = None
        self._has_piece = False
        self._token: Token[Context] | None = None
        self.error: BaseException | None = None
        self.failure: Failure | None = None
        self.screen: Take | None = None
        if screen is not None:
            self._span.set_screenshot(screen)

    # --- while it is taken ------------------------------------------------------------------------

    def __enter__(self) -> None:
        with unharmed("enter a step"):
            # What a tool does, a whole agent perhaps, is part of its call where there is only one.
            open_spans = [call.span for call, _ in self._open.values()]
            (span,) = open_spans if len(open_spans) == 1 else (self._span.span,)
            self._token = otel_context.attach(trace.set_span_in_context(span, self._span.context))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with unharmed("leave a step"):
            if self._token is not None:
                otel_context.detach(self._token)

    def see(self, event: Any) -> None:
        """Take note of what the step yields."""
        with unharmed("record an event of a step"):
            match self._teller.event(event):
                case Event("call") as call:
                    self._begin_call(call)
                case Event("end", id=call_id) if call_id in self._open:
                    ended, watch = self._open.pop(call_id)
                    ended.end(watch)
                case Event("piece") if not self._has_piece:
                    self._has_piece = True
                    self._span.set_timing(semconv.TIMING_TTFT_MS, self._watch.elapsed_ms)

    def end(self, error: BaseException | None) -> None:
        """Take note of how the generator ended; the step itself ends when its agent tells of it."""
        self.error = error
        with unharmed("record the end of a step"):
            if self._model_ms is not None:
                spent_ms = self._watch.elapsed_ms - self._model_ms
                self._span.set_timing(semconv.TIMING_ACTION_MS, spent_ms)
            for call, watch in self._open.values():
                if error is not None:
                    call.fail(error_type(error), self._mask(describe_error(error)))
                call.end(watch)
            self._open.clear()

    def _begin_call(self, call: Event) -> None:
        self._calls.append(call)
        if self._model_ms is None:
            self._model_ms = self._watch.elapsed_ms
            self._span.set_timing(semconv.TIMING_MODEL_MS, self._model_ms)
            told = self._teller.so_far(self._agent, self._step)
            self._span.tell(thinking=told.get("thinking"))
            self._span.set_attributes(tokens_of(told))
        action = action_of(self._calls)
        self._span.tell(action=action)
        self._span.changed()
        known = {semconv.GEN_AI_TOOL_CALL_ID: call.id, **tool_arguments(call.arguments)}
        begun = tool_call(self._span, call.name, kind="function", attributes=known)
        self._open[call.id] = begun, Stopwatch()

    # --- once it is over --------------------------------------------------------------------------

    def tell(self, told: ToldStep) -> None:
        """End the step as it was *told*."""
        with unharmed("record what is told of a step"):
            action = action_of(self._calls) if self._calls else told.get("action")
            # Where an action is known it is that step, whatever became of it.
            step_type = told.get("step_type", "action")
            is_action = step_type == "error" and action is not None
            self._span.set_type("action" if is_action else step_type)
            self._span.tell(
                thinking=told.get("thinking"),
                action=action,
                action_result=told.get("action_result"),
                data=told.get("data"),
                finished=told.get("is_finished", False),
            )
            self._span.set_attributes(tokens_of(told))
            if (picture := told.get("picture")) is not None:
                self._span.add_picture(picture, role="after")
                self.screen = sources.take(picture)
        self._fail(told)
        with unharmed("read when a step was over"):
            if (ended_s := told.get("ended_s")) is not None:
                self._watch.stop(unix_ns(ended_s))
        with unharmed("end a step"):
            self._span.end()

    def _fail(self, told: ToldStep) -> None:
        with unharmed("record the failure of a step"):
            kind, error = told.get("error_kind"), told.get("error")
            if kind is None:
                return
            failure = Failure(kind, _UNSAID)
            if error is not None:
                failure = failure_of(kind, error, self._mask)
            if (message := told.get("error_message")) and failure.kind == kind:
                failure = failure._replace(message=self._mask(error_text(message)))
            self.failure = failure
            self._span.fail(failure.kind, failure.message, error=failure.error)


def watch_of(told: ToldStep) -> Stopwatch:
    """Return a watch that began when the step did, as far as that is told."""
    with unharmed("read when a step began"):
        started_s = told.get("started_s")
        return Stopwatch(None if started_s is None else unix_ns(started_s))
    return Stopwatch()


def tokens_of(told: ToldStep) -> dict[str, int | None]:
    """Return the attributes that say what a step has cost."""
    return {
        semconv.GEN_AI_USAGE_INPUT_TOKENS: told.get("input_tokens"),
        semconv.GEN_AI_USAGE_OUTPUT_TOKENS: told.get("output_tokens"),
    }


def action_of(calls: list[Event]) -> dict[str, Any]:
    """Return the action of a step that makes these *calls*: the first one, with the others."""
    first, *others = ({"name": call.name, "arguments": call.arguments} for call in calls)
    return {**first, "others": others} if others else first
