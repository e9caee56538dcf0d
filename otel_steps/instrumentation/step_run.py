"""One step of a PhoneAgent, observed: screenshot, app, model call and action, as they happen."""

import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar, Token
from functools import partial
from types import TracebackType
from typing import Any, ClassVar, Final

from opentelemetry import context as otel_context
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind

from otel_steps import picture, semconv
from otel_steps.action import action_name
from otel_steps.instrumentation.border import unharmed
from otel_steps.instrumentation.call_span import tokens_of
from otel_steps.instrumentation.call_watch import CallWatch, Watching
from otel_steps.instrumentation.exchange import chat_content, tool_arguments, tool_result
from otel_steps.instrumentation.model_call import app_in, is_openai_watched, picture_in
from otel_steps.instrumentation.outcome import Failure, Mask, Outcome
from otel_steps.instrumentation.shim import Call, Shims
from otel_steps.spans import StepSpan

Args = tuple[Any, ...]
Kwargs = Mapping[str, Any]

# Seconds in a model's response, where it has them.
_MODEL_TIMES: Final[Mapping[str, str]] = {
    "time_to_first_token": semconv.TIMING_TTFT_MS,
    "time_to_thinking_end": semconv.TIMING_THINKING_MS,
}

_current: ContextVar["StepRun | None"] = ContextVar("otel_steps_step_run", default=None)


def current_step() -> "StepRun | None":
    """Return the recorded step that the calling thread is in."""
    return _current.get()


class StepRun:
    """
    A context manager around the agent's own step, which then ends by `returned` or `raised`.

    What is known is set at once, and made durable before the phone changes: a step whose process
    dies in the middle has its picture, and from the action on also why it was taken.

    Args:
        span: The span of the step.
        agent: Whose step it is.
        model: Name of the model.
        mask: Hides the agent's own secrets in a message.
    """

    _is_async: ClassVar = False

    def __init__(self, span: StepSpan, agent: Any, *, model: str | None, mask: Mask) -> None:
        self._span = span
        self._agent = agent
        self._model = model
        self._mask = mask
        self._outcome = Outcome(mask)
        self._shims = Shims(lambda: _current.get() is self)
        self._tokens: tuple[Token[StepRun | None], Token[Context]] | None = None
        self._under_way: set[str] = set()
        self._spent_ms: dict[str, float] = {}
        self._data: dict[str, Any] = {}
        self._has_picture = self._has_app = False

    @property
    def failure(self) -> Failure | None:
        """Why the step failed, once it has ended; None for a success."""
        return self._outcome.failure

    @property
    def is_finished(self) -> bool:
        """Whether the step ended its task, once it has ended itself."""
        return self._outcome.is_finished

    def __enter__(self) -> None:
        with unharmed("watch a step"):
            is_recorded = self._span.span.is_recording()
            self._tokens = (
                _current.set(self if is_recorded else None),
                otel_context.attach(self._span.context),
            )
            if is_recorded:
                self._place_shims()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._shims.remove()
        with unharmed("leave a step"):
            if self._tokens is not None:
                otel_context.detach(self._tokens[1])
                _current.reset(self._tokens[0])

    def returned(self, result: Any) -> None:
        """End the step, which returned the StepResult *result*."""
        with unharmed("record the result of a step"):
            action = getattr(result, "action", None)
            # An agent whose calls could not be watched still says what it did.
            if self._outcome.action is None and not self._outcome.is_lost and action is not None:
                self._outcome.action = action
                self._span.set_action(action)
            self._outcome.returned(result)
        self._end()

    def raised(self, error: BaseException) -> None:
        """End the step, which *error* has left."""
        with unharmed("record the failure of a step"):
            self._outcome.raised(error)
        self._end()

    def _end(self) -> None:
        with unharmed("record the end of a step"):
            self._span.set_finished(self.is_finished)
            self._span.set_type(self._outcome.step_type())
            if self.failure is not None:
                self._span.fail(self.failure.kind, self.failure.message, error=self.failure.error)
        self._span.end()

    def _place_shims(self) -> None:
        client = getattr(self._agent, "model_client", None)
        handler = getattr(self._agent, "action_handler", None)
        self._shims.place(client, "request", self.request)
        self._shims.place(handler, "execute", self.execute)
        self._shims.place(handler, "confirmation_callback", self.confirm)
        self._shims.place(handler, "takeover_callback", self.take_over)

    # What follows is called in place of the agent's own calls, and calls them.

    def screenshot(self, wrapped: Call, args: Args, kwargs: Kwargs) -> Any:
        """Watch `get_screenshot`."""
        call = partial(wrapped, *args, **kwargs)
        return self._watch(semconv.TIMING_SCREENSHOT_MS, call, self._shooting())

    def current_app(self, wrapped: Call, args: Args, kwargs: Kwargs) -> Any:
        """Watch `get_current_app`."""
        app = wrapped(*args, **kwargs)
        with unharmed("record the app in front"):
            if self._see_app(app):
                self._span.changed()
        return app

    def request(self, wrapped: Call, args: Args, kwargs: Kwargs) -> Any:
        """Watch `model_client.request`."""
        call = partial(wrapped, *args, **kwargs)
        asking = self._asking(_first(args, kwargs, "messages"))
        return self._watch(semconv.TIMING_MODEL_MS, call, asking)

    def parse(self, wrapped: Call, args: Args, kwargs: Kwargs) -> Any:
        """Watch `parse_action`."""
        try:
            action = wrapped(*args, **kwargs)
        except Exception as error:
            with unharmed("record a reply that is no action"):
                self._see_no_action(_first(args, kwargs, "response"), error)
            raise
        self._outcome.parsed()
        return action

    def execute(self, wrapped: Call, args: Args, kwargs: Kwargs) -> Any:
        """Watch `action_handler.execute`."""
        if self._outcome.is_lost:
            # This is how the agent says that it failed; nothing is done on the phone.
            return wrapped(*args, **kwargs)
        call = partial(wrapped, *args, **kwargs)
        acting = self._acting(_first(args, kwargs, "action"))
        return self._watch(semconv.TIMING_ACTION_MS, call, acting)

    def confirm(self, wrapped: Call, args: Args, kwargs: Kwargs) -> Any:
        """Watch `confirmation_callback`: a person decides whether the action may go on."""
        answer = self._wait_for_person("confirmation", wrapped, args, kwargs)
        with unharmed("record a confirmation"):
            self._outcome.is_refused = not answer
            self._add_data("confirmation", approved=bool(answer))
        return answer

    def take_over(self, wrapped: Call, args: Args, kwargs: Kwargs) -> Any:
        """Watch `takeover_callback`: a person uses the phone for a while."""
        return self._wait_for_person("takeover", wrapped, args, kwargs)

    def _watch(self, timing: str, call: Callable[[], Any], watching: Watching) -> Any:
        # A method that calls itself, or its like on another object, is one call to a reader.
        if timing in self._under_way:
            return call()
        self._under_way.add(timing)
        try:
            with CallWatch(self._mask, watching) as watch:
                return watch.saw(call())
        finally:
            self._under_way.discard(timing)

    # What becomes of each kind of call.

    def _shooting(self) -> Watching:
        return Watching(
            before=lambda: None,
            spent=lambda ms: self._spend(semconv.TIMING_SCREENSHOT_MS, ms),
            returned=self._see_screenshot,
        )

    def _asking(self, messages: Any) -> Watching:
        return Watching(
            before=lambda: self._ask(messages),
            spent=lambda ms: self._spend(semconv.TIMING_MODEL_MS, ms),
            content=lambda response: self._tell(messages, response),
            returned=self._see_reply,
            raised=self._outcome.model_failed,
        )

    def _acting(self, action: Any) -> Watching:
        return Watching(
            before=lambda: self._act(action),
            spent=lambda ms: self._spend(semconv.TIMING_ACTION_MS, ms),
            content=lambda result: tool_result(result_facts(result)),
            returned=self._see_result,
            raised=self._see_action_fail,
        )

    def _spend(self, timing: str, milliseconds: float) -> None:
        self._spent_ms[timing] = self._spent_ms.get(timing, 0.0) + milliseconds
        self._span.set_timing(timing, self._spent_ms[timing])

    def _see_screenshot(self, shot: Any) -> None:
        data = getattr(shot, "base64_data", None)
        # The first picture of the step: the one that the model decides upon.
        if isinstance(data, str) and not self._has_picture:
            sensitive = getattr(shot, "is_sensitive", None)
            self._has_picture = True
            self._span.set_screenshot(
                lambda: picture.from_base64(data),
                sensitive=sensitive if isinstance(sensitive, bool) else None,
            )

    def _see_app(self, app: Any) -> bool:
        if self._has_app or not isinstance(app, str):
            return False
        self._has_app = True
        self._span.set_app(app)
        return True

    def _ask(self, messages: Any) -> Span | None:
        self._see_app(app_in(messages))
        url = None if self._has_picture else picture_in(messages)
        # Never a path or an address of somebody else's choosing.
        if url is not None and url.startswith("data:"):
            self._has_picture = True
            self._span.set_screenshot(lambda: picture.read(url))
        self._span.changed()
        if is_openai_watched(is_async=self._is_async):
            return None
        return self._span.child(
            f"{semconv.CHAT} {self._model or ''}".rstrip(),
            {
                semconv.GEN_AI_OPERATION_NAME: semconv.CHAT,
                semconv.GEN_AI_PROVIDER_NAME: "openai",
                semconv.GEN_AI_REQUEST_MODEL: self._model,
            },
            kind=SpanKind.CLIENT,
        )

    def _tell(self, messages: Any, response: Any) -> Mapping[str, Any]:
        said: dict[str, str | float] = {**chat_content(self._span, messages, response)}
        said |= tokens_of(response)
        first = getattr(response, "time_to_first_token", None)
        if isinstance(first, int | float):
            said[semconv.GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK] = float(first)
        return said

    def _see_reply(self, response: Any) -> None:
        self._outcome.replied()
        # Before the agent goes on, the picture that the model has seen is on disk.
        self._span.await_picture()
        for name, key in _MODEL_TIMES.items():
            seconds = getattr(response, name, None)
            if isinstance(seconds, int | float):
                self._span.set_timing(key, seconds * 1000)
        self._span.set_attributes(tokens_of(response))
        thinking = getattr(response, "thinking", None)
        if isinstance(thinking, str):
            self._span.set_thinking(thinking)

    def _see_no_action(self, reply: Any, error: Exception) -> None:
        self._outcome.not_parsed(reply, error)
        self._data["reply"] = reply
        self._span.set_data(self._data)

    def _act(self, action: Any) -> Span:
        self._outcome.action = action
        self._span.set_action(action)
        # From here on the phone changes: what led to it must survive.
        self._span.changed()
        name = action_name(action)
        return self._span.child(
            f"{semconv.EXECUTE_TOOL} {name or ''}".rstrip(),
            {
                semconv.GEN_AI_OPERATION_NAME: semconv.EXECUTE_TOOL,
                semconv.GEN_AI_TOOL_NAME: name,
                semconv.GEN_AI_TOOL_TYPE: "extension",
                **tool_arguments(action),
            },
        )

    def _see_result(self, result: Any) -> None:
        self._outcome.acted(result)
        self._span.set_action_result(result_facts(result))

    def _see_action_fail(self, error: BaseException) -> None:
        failure = self._outcome.action_failed(error)
        self._span.set_action_result({"success": False, "message": failure.message})

    def _wait_for_person(self, what: str, wrapped: Call, args: Args, kwargs: Kwargs) -> Any:
        with unharmed("record a question to a person"):
            self._add_data(what, message=_first(args, kwargs, "message"))
            self._span.changed()
        started = time.perf_counter()
        answer = wrapped(*args, **kwargs)
        with unharmed("record the answer of a person"):
            self._add_data(what, wait_ms=round((time.perf_counter() - started) * 1000, 3))
        return answer

    def _add_data(self, what: str, **facts: Any) -> None:
        self._data[what] = {**self._data.get(what, {}), **facts}
        self._span.set_data(self._data)


def result_facts(result: Any) -> dict[str, Any]:
    """Return what an ActionResult says."""
    names = ("success", "should_finish", "message")
    facts = {name: getattr(result, name, None) for name in names}
    if getattr(result, "requires_confirmation", False):
        facts["requires_confirmation"] = True
    return facts


def _first(args: Args, kwargs: Kwargs, name: str) -> Any:
    return args[0] if args else kwargs.get(name)
