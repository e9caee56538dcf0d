"""
One step of an agent that takes it in an asynchronous generator and tells of it in events.

What a step is and what is told of it is `StepRun`'s; here is how calls are seen that are awaited.
"""

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, NamedTuple

from otel_steps import semconv
from otel_steps.emit.protection import unharmed
from otel_steps.emit.step_span import StepSpan
from otel_steps.instrumentation.begun_call import BegunCall
from otel_steps.instrumentation.model_reply import Reply, ReplyStream, reply_of
from otel_steps.instrumentation.outcome import Mask
from otel_steps.instrumentation.shim import Call, Shims
from otel_steps.instrumentation.step_notes import shows_screen
from otel_steps.instrumentation.step_run import Args, Kwargs, StepRun, current_step
from otel_steps.instrumentation.watched_generator import observed
from otel_steps.pictures import texts

# What agents of this kind make of a tool call whose arguments they cannot use.
_TOOL_ERROR: Final = "tool_error"


class _Told(NamedTuple):
    """What a step's event says of how it ended, in the shape of a StepResult."""

    success: bool
    finished: bool
    action: Any
    message: str | None


class AsyncStepRun(StepRun):
    """
    Observes the generator that takes a step; the event `step`, which it yields last, ends it.

    Args:
        span: The span of the step.
        agent: Whose step it is.
        model: Name of the model.
        mask: Hides the agent's own secrets in a message.
        ended: Called once, with the step that has ended.
    """

    _is_async = True

    def __init__(
        self,
        span: StepSpan,
        agent: Any,
        *,
        model: str | None,
        mask: Mask,
        ended: Callable[["AsyncStepRun"], None],
    ) -> None:
        super().__init__(span, agent, model=model, mask=mask)
        self._ended: Callable[[AsyncStepRun], None] | None = ended
        # The generator is entered for every piece of a reply; these stay from the first to the end.
        self._standing = Shims(lambda: current_step() is self)
        self._stands = self._has_asked = False
        self._reply: ReplyStream | None = None

    def continue_with(self, answer: str) -> None:
        """Note what a person has said, for whom the agent had waited."""
        self._data["continued_with"] = answer
        self._span.tell(data=self._data)

    def see(self, event: Any) -> None:
        """Take note of an event of the step."""
        with unharmed("record an event of a step"):
            if event["type"] == "step":
                self.tell(event["data"])

    def end(self, error: BaseException | None) -> None:
        """End the step, unless its event has done so."""
        if error is not None:
            self.raised(error)
        else:
            self.returned(None)

    def tell(self, data: Mapping[str, Any]) -> None:
        """End the step, of which its event says *data*."""
        action = data.get("action")
        is_error = isinstance(action, Mapping) and action.get("_metadata") == _TOOL_ERROR
        if is_error and not self._outcome.is_lost:
            self._see_no_action(action, ValueError(data.get("message")))
        if not self._has_picture and isinstance(shot := data.get("screenshot"), str):
            self._span.set_screenshot(lambda: texts.from_base64(shot))
        if isinstance(thinking := data.get("thinking"), str) and thinking:
            self._span.tell(thinking=thinking)
        told = _Told(
            success=data.get("success", True),
            finished=bool(data.get("finished")),
            action=action,
            message=data.get("message"),
        )
        if self._outcome.action is None and action is not None and not self._outcome.is_lost:
            self._span.tell(action_result={"success": told.success, "message": told.message})
        self.returned(told)

    def raised(self, error: BaseException) -> None:
        """End the step, which *error* has left."""
        if self._reply is not None:
            self._reply.end(error)
        super().raised(error)

    def _end(self) -> None:
        ended, self._ended = self._ended, None
        self._standing.remove()
        if ended is None:
            return
        failure = self._outcome.failure
        # Before it asks the model, a step asks nothing but the device.
        if failure is not None and failure.kind == "model_error" and not self._has_asked:
            self._outcome.failure = failure._replace(kind="device_error")
        super()._end()
        ended(self)

    def _place_shims(self) -> None:
        if self._stands:
            return
        self._stands = True
        agent = self._agent
        device, parser = getattr(agent, "device", None), getattr(agent, "parser", None)
        handler = getattr(agent, "action_handler", None)
        chat = getattr(getattr(agent, "openai_client", None), "chat", None)
        for owner, name, watch in (
            (device, "get_screenshot", self.screenshot),
            (device, "get_current_app", self.current_app),
            (agent, "_stream_openai", self.stream_reply),
            (getattr(chat, "completions", None), "create", self.request),
            (parser, "parse", self.parse),
            (parser, "parse_with_thinking", self.parse),
            (handler, "execute", self.execute),
            (handler, "confirmation_callback", self.confirm),
            (handler, "takeover_callback", self.take_over),
        ):
            self._standing.place(owner, name, watch)

    # What follows is called in place of the agent's own calls, which may be awaited or, in the
    # versions before its devices were asynchronous, made in a thread.

    def screenshot(self, wrapped: Call, args: Args, kwargs: Kwargs) -> Any:
        """Watch `device.get_screenshot`."""
        if not _is_awaited(wrapped):
            return super().screenshot(wrapped, args, kwargs)
        call = partial(wrapped, *args, **kwargs)
        return self._watch_awaited(semconv.TIMING_SCREENSHOT_MS, call, self._shooting())

    def current_app(self, wrapped: Call, args: Args, kwargs: Kwargs) -> Any:
        """Watch `device.get_current_app`."""
        if not _is_awaited(wrapped):
            return super().current_app(wrapped, args, kwargs)
        return self._await_app(wrapped, args, kwargs)

    def request(self, wrapped: Call, args: Args, kwargs: Kwargs) -> Any:
        """Watch `openai_client.chat.completions.create`, where the reply is no stream."""
        if not _is_awaited(wrapped):
            return wrapped(*args, **kwargs)
        asking = self._asking(kwargs.get("messages"), reply_of)
        call = partial(self._complete_awaited, wrapped, args, kwargs)
        return self._watch_awaited(semconv.TIMING_MODEL_MS, call, asking)

    def stream_reply(self, wrapped: Call, args: Args, kwargs: Kwargs) -> Any:
        """Watch `_stream_openai`, which yields the reply as it comes."""
        messages = args[0] if args else kwargs.get("messages")
        return observed(wrapped(*args, **kwargs), lambda: self._begin_reply(messages))

    def execute(self, wrapped: Call, args: Args, kwargs: Kwargs) -> Any:
        """Watch `action_handler.execute`."""
        if not _is_awaited(wrapped) or self._outcome.is_lost:
            return super().execute(wrapped, args, kwargs)
        call = partial(wrapped, *args, **kwargs)
        acting = self._acting(args[0] if args else kwargs.get("action"))
        return self._watch_awaited(semconv.TIMING_ACTION_MS, call, acting)

    async def _complete_awaited(self, wrapped: Call, args: Args, kwargs: Kwargs) -> Any:
        return await self._exchange.create_awaited(wrapped, args, kwargs)

    async def _await_app(self, wrapped: Call, args: Args, kwargs: Kwargs) -> Any:
        app = await wrapped(*args, **kwargs)
        with unharmed("record the app in front"):
            if self._see_app(app):
                self._span.changed()
        return app

    def _ask(self, messages: Any) -> BegunCall | None:
        self._has_asked = True
        return super()._ask(messages)

    def _begin_reply(self, messages: Any) -> ReplyStream:
        # The call of the client below it is the same call.
        self._under_way.add(semconv.TIMING_MODEL_MS)
        is_shown = shows_screen(messages)
        self._reply = ReplyStream(
            self._ask(messages),
            self._mask,
            content=lambda reply: self._tell(messages, reply),
            over=partial(self._see_reply_end, is_shown),
        )
        return self._reply

    def _see_reply_end(
        self, is_shown: bool, reply: Reply, milliseconds: float, error: BaseException | None
    ) -> None:
        self._under_way.discard(semconv.TIMING_MODEL_MS)
        self._spend(semconv.TIMING_MODEL_MS, milliseconds)
        if self._is_aside(is_shown):
            self._count_tokens(reply)
            return
        if error is None:
            self._see_answer(reply, is_shown)
            return
        self._outcome.model_failed(error)
        if reply.thinking:
            self._span.tell(thinking=reply.thinking)

    def _see_reply(self, response: Reply) -> None:
        super()._see_reply(response)
        if not response.has_action:
            self._see_no_action(response.thinking, ValueError("it calls no tool"))


def _is_awaited(call: Call) -> bool:
    """Tell whether *call* returns what is to be awaited; OpenAI's client hides it in a wrapper."""
    return inspect.iscoroutinefunction(inspect.unwrap(call))
