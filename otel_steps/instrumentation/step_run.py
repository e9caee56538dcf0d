"""One step of a PhoneAgent, observed: screenshot, app, model call and action, as they happen."""

import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar, Token
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any

from opentelemetry import context as otel_context
from opentelemetry.context import Context

from otel_steps import semconv
from otel_steps.emit import element_switch
from otel_steps.emit.protection import unharmed
from otel_steps.emit.step_span import StepSpan
from otel_steps.instrumentation.begun_call import BegunCall
from otel_steps.instrumentation.call_content import tool_result
from otel_steps.instrumentation.call_watch import CallWatch, Watching
from otel_steps.instrumentation.model_exchange import completions_of
from otel_steps.instrumentation.outcome import Mask
from otel_steps.instrumentation.shim import Call, Shims
from otel_steps.instrumentation.step_notes import StepNotes, result_facts, shows_screen

if TYPE_CHECKING:
    from otel_steps.instrumentation.phone_element import ScreenElements

Args = tuple[Any, ...]
Kwargs = Mapping[str, Any]

_current: ContextVar["StepRun | None"] = ContextVar("otel_steps_step_run", default=None)


def current_step() -> "StepRun | None":
    """Return the recorded step that the calling thread is in."""
    return _current.get()


class StepRun(StepNotes):
    """
    A context manager around the agent's own step, which then ends by `returned` or `raised`.

    Args:
        span: The span of the step.
        agent: Whose step it is.
        model: Name of the model.
        mask: Hides the agent's own secrets in a message.
    """

    def __init__(self, span: StepSpan, agent: Any, *, model: str | None, mask: Mask) -> None:
        super().__init__(span, model=model, mask=mask)
        self._agent = agent
        self._shims = Shims(lambda: _current.get() is self)
        self._tokens: tuple[Token[StepRun | None], Token[Context]] | None = None
        self._under_way: set[str] = set()
        self._said: list[str] = []  # while a picture was taken
        self._elements: ScreenElements | None = None

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
            if self._elements is not None:
                self._elements.close()
            if self._tokens is not None:
                otel_context.detach(self._tokens[1])
                _current.reset(self._tokens[0])

    def _place_shims(self) -> None:
        client = getattr(self._agent, "model_client", None)
        handler = getattr(self._agent, "action_handler", None)
        self._shims.place(client, "request", self.request)
        completions = completions_of(getattr(client, "client", None))
        if completions is not None:
            self._shims.place(completions, "create", self.complete)
        self._shims.place(handler, "execute", self.execute)
        self._shims.place(handler, "confirmation_callback", self.confirm)
        self._shims.place(handler, "takeover_callback", self.take_over)

    # What follows is called in place of the agent's own calls, and calls them.

    def screenshot(self, wrapped: Call, args: Args, kwargs: Kwargs) -> Any:
        """Watch `get_screenshot`."""
        call = partial(wrapped, *args, **kwargs)
        return self._watch(semconv.TIMING_SCREENSHOT_MS, call, self._shooting())

    def printed(self, wrapped: Call, args: Args, kwargs: Kwargs) -> Any:
        """Watch `print` of what takes the pictures."""
        with unharmed("hear why a picture could not be taken"):
            if semconv.TIMING_SCREENSHOT_MS in self._under_way:
                self._said.append(" ".join(map(str, args)))
        return wrapped(*args, **kwargs)

    def fallen_back(self, wrapped: Call, args: Args, kwargs: Kwargs) -> Any:
        """Watch what makes a black picture in place of one that could not be taken."""
        with unharmed("record why a picture could not be taken"):
            if self._said and not self._has_picture:
                self._span.set_screenshot_error(self._mask("; ".join(self._said)))
        return wrapped(*args, **kwargs)

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

    def complete(self, wrapped: Call, args: Args, kwargs: Kwargs) -> Any:
        """Watch `chat.completions.create` of what asks the model for the agent."""
        return self._exchange.create(wrapped, args, kwargs)

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
        acting = self._acting(_first(args, kwargs, "action"), _size_in(args, kwargs))
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

    async def _watch_awaited(self, timing: str, call: Callable[[], Any], watching: Watching) -> Any:
        """Do what `_watch` does, for a call that is awaited."""
        if timing in self._under_way:
            return await call()
        self._under_way.add(timing)
        try:
            with CallWatch(self._mask, watching) as watch:
                return watch.saw(await call())
        finally:
            self._under_way.discard(timing)

    # What becomes of each kind of call.

    def _shooting(self) -> Watching:
        return Watching(
            before=lambda: None,
            spent=lambda ms: self._spend(semconv.TIMING_SCREENSHOT_MS, ms),
            returned=self._see_screenshot,
        )

    def _asking(self, messages: Any, reply_of: Callable[[Any], Any] = lambda it: it) -> Watching:
        is_shown = shows_screen(messages)
        watching = Watching(
            before=lambda: self._ask_model(messages),
            spent=lambda ms: self._spend(semconv.TIMING_MODEL_MS, ms),
            content=lambda response: self._tell(messages, reply_of(response)),
            returned=lambda response: self._see_answer(reply_of(response), is_shown),
            raised=self._outcome.model_failed,
        )
        if self._is_aside(is_shown):
            return watching._replace(
                returned=lambda response: self._count_tokens(reply_of(response)),
                raised=lambda _: None,
            )
        return watching

    def _ask_model(self, messages: Any) -> BegunCall | None:
        is_asked = element_switch.is_asked() and not self._is_async  # a tap waits for the answer
        if is_asked and self._elements is None:
            with unharmed("ask the phone for its elements"):
                from otel_steps.instrumentation import phone_element

                self._elements = phone_element.ask(self._agent)
        return self._ask(messages)

    def _acting(self, action: Any, size: tuple[Any, Any] = (None, None)) -> Watching:
        return Watching(
            before=lambda: self._act(action, self._target(action, size)),
            spent=lambda ms: self._spend(semconv.TIMING_ACTION_MS, ms),
            content=lambda result: tool_result(result_facts(result)),
            returned=self._see_result,
            raised=self._see_action_fail,
        )

    def _target(self, action: Any, size: tuple[Any, Any]) -> Mapping[str, Any]:
        with unharmed("tell what an action is on"):
            if self._elements is not None:
                return self._elements.target(action, size)
        return {}

    def _wait_for_person(self, what: str, wrapped: Call, args: Args, kwargs: Kwargs) -> Any:
        with unharmed("record a question to a person"):
            self._add_data(what, message=_first(args, kwargs, "message"))
            self._span.changed()
        started = time.perf_counter()
        answer = wrapped(*args, **kwargs)
        with unharmed("record the answer of a person"):
            self._add_data(what, wait_ms=round((time.perf_counter() - started) * 1000, 3))
        return answer


def _size_in(args: Args, kwargs: Kwargs) -> tuple[Any, Any]:
    """Return width and height of the screen, as `execute` is called with them."""
    width, height = (*args[1:3], None, None)[:2]
    return kwargs.get("screen_width", width), kwargs.get("screen_height", height)


def _first(args: Args, kwargs: Kwargs, name: str) -> Any:
    return args[0] if args else kwargs.get(name)
