"""What is known of a step of a PhoneAgent, said in its span as it becomes known."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from opentelemetry.trace import SpanKind

from otel_steps import semconv
from otel_steps.action.words import action_name
from otel_steps.emit import measures
from otel_steps.emit.protection import unharmed
from otel_steps.emit.step_data import StepData
from otel_steps.emit.step_span import StepSpan
from otel_steps.instrumentation.begun_call import BegunCall, tool_call
from otel_steps.instrumentation.call_content import chat_content, tool_arguments
from otel_steps.instrumentation.call_span import tokens_of
from otel_steps.instrumentation.model_call import app_in, is_openai_watched, picture_in
from otel_steps.instrumentation.model_exchange import CUT, ModelExchange
from otel_steps.instrumentation.outcome import Failure, Mask, Outcome
from otel_steps.pictures import sources, texts

# Seconds in a model's response, where it has them.
_MODEL_TIMES: Final[Mapping[str, str]] = {
    "time_to_first_token": semconv.TIMING_TTFT_MS,
    "time_to_thinking_end": semconv.TIMING_THINKING_MS,
}


class StepNotes:
    """
    Takes note of what is seen of a step, which ends by `returned` or `raised`.

    What is known is set at once, and made durable before the phone changes: a step whose process
    dies in the middle has its picture, and from the action on also why it was taken.

    Args:
        span: The span of the step.
        model: Name of the model.
        mask: Hides the agent's own secrets in a message.
    """

    _is_async: ClassVar = False

    def __init__(self, span: StepSpan, *, model: str | None, mask: Mask) -> None:
        self._span = span
        self._model = model
        self._mask = mask
        self._provider: str | None = "openai"
        self._outcome = Outcome(mask)
        self._spent_ms: dict[str, float] = {}
        self._used: dict[str, int] = {}
        self._data: dict[str, Any] = {}
        self._has_picture = self._has_app = False
        self._has_thinking = self._has_result = False
        self._exchange = ModelExchange()  # the last one
        self._has_answer = False  # to a question that showed the screen

    @property
    def failure(self) -> Failure | None:
        """Why the step failed, once it has ended; None for a success."""
        return self._outcome.failure

    @property
    def is_finished(self) -> bool:
        """Whether the step ended its task, once it has ended itself."""
        return self._outcome.is_finished

    @property
    def span(self) -> StepSpan:
        """The span of the step."""
        return self._span

    def add(self, step: StepData) -> None:
        """
        Add what a tracker of the agent's own says of the step.

        What was seen counts for more: it fills what is missing, and adds what cannot be seen.
        """
        if self._span.has_ended:
            return
        data = step.step_data if isinstance(step.step_data, dict) else {"data": step.step_data}
        self._data = {**data, **self._data}
        self._span.tell(data=self._data)
        if step.thinking is not None and not self._has_thinking:
            self._span.tell(thinking=step.thinking)
        if step.action_result is not None and not self._has_result:
            self._span.tell(action_result=step.action_result)
        if step.metadata is not None:
            self._span.tell(metadata=step.metadata)
        if sources.is_given(picture := step.screenshot_path):
            if path := sources.path_of(picture):
                self._span.set_screenshot_path(path)
            if not self._has_picture:
                self._has_picture = True
                self._span.set_screenshot(lambda: sources.bytes_of(picture))
        if not step.success:
            self._outcome.told_failure(step.error_message)
        self._span.changed()

    def returned(self, result: Any) -> None:
        """End the step, which returned the StepResult *result*."""
        with unharmed("record the result of a step"):
            action = getattr(result, "action", None)
            # An agent whose calls could not be watched still says what it did.
            if self._outcome.action is None and not self._outcome.is_lost and action is not None:
                self._outcome.action = action
                self._span.tell(action=action)
            self._outcome.returned(result)
        self._end()

    def raised(self, error: BaseException) -> None:
        """End the step, which *error* has left."""
        with unharmed("record the failure of a step"):
            self._outcome.raised(error)
        self._end()

    def _end(self) -> None:
        with unharmed("record the end of a step"):
            self._span.tell(finished=self.is_finished)
            self._span.set_type(self._outcome.step_type())
            if self.failure is not None:
                self._span.fail(self.failure.kind, self.failure.message, error=self.failure.error)
        self._span.end()

    # What becomes of what is seen.

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
                lambda: texts.from_base64(data),
                sensitive=sensitive if isinstance(sensitive, bool) else None,
            )

    def _see_app(self, app: Any) -> bool:
        if self._has_app or not isinstance(app, str):
            return False
        self._has_app = True
        self._span.tell(app=app)
        return True

    def _ask(self, messages: Any) -> BegunCall | None:
        self._see_app(app_in(messages))
        url = None if self._has_picture else picture_in(messages)
        # Never a path or an address of somebody else's choosing.
        if url is not None and url.startswith("data:"):
            self._has_picture = True
            self._span.set_screenshot(lambda: sources.read(url))
        self._span.changed()
        return self._chat()

    def _chat(self) -> BegunCall | None:
        """Return a call of the model that begins now, unless somebody else makes its span."""
        self._exchange = ModelExchange()
        if is_openai_watched(is_async=self._is_async):
            return None
        asked = {
            semconv.GEN_AI_OPERATION_NAME: semconv.CHAT,
            semconv.GEN_AI_PROVIDER_NAME: self._provider,
            semconv.GEN_AI_REQUEST_MODEL: self._model,
        }
        name = f"{semconv.CHAT} {self._model or ''}".rstrip()
        span = self._span.child(name, asked, kind=SpanKind.CLIENT)
        self._exchange = exchange = ModelExchange(span)
        return BegunCall(
            span,
            lambda span, seconds, error: measures.model(
                span, seconds, asked | exchange.measured(), tokens=exchange.tokens, error=error
            ),
        )

    def _tell(self, messages: Any, response: Any) -> Mapping[str, Any]:
        reason = self._exchange.finish_reason
        said: dict[str, Any] = {**chat_content(self._span, messages, response, reason)}
        self._exchange.tokens |= tokens_of(response)
        said |= self._exchange.facts()
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
        self._count_tokens(response)
        thinking = getattr(response, "thinking", None)
        if isinstance(thinking, str):
            self._has_thinking = True
            self._span.tell(thinking=thinking)

    def _count_tokens(self, response: Any) -> None:
        """Add what a call has used: a step may ask its model several times, and pays for each."""
        for key, count in (self._exchange.tokens | tokens_of(response)).items():
            self._used[key] = self._used.get(key, 0) + count
        self._span.set_attributes(self._used)

    def _see_no_action(self, reply: Any, error: Exception) -> None:
        self._outcome.not_parsed(reply, error, is_cut=self._exchange.finish_reason == CUT)
        self._data["reply"] = reply
        self._span.tell(data=self._data)

    def _act(self, action: Any, target: Mapping[str, Any] | None = None) -> BegunCall:
        """Begin *action*, which is on *target* as far as that is known."""
        self._outcome.action = action
        self._span.tell(action={**action, **target} if target else action)
        # From here on the phone changes: what led to it must survive.
        self._span.changed()
        name, arguments = action_name(action), tool_arguments(action)
        return tool_call(self._span, name, kind="extension", attributes=arguments)

    def _see_result(self, result: Any) -> None:
        self._outcome.acted(result)
        self._has_result = True
        self._span.tell(action_result=result_facts(result))

    def _see_action_fail(self, error: BaseException) -> None:
        failure = self._outcome.action_failed(error)
        self._span.tell(action_result={"success": False, "message": failure.message})

    def _is_aside(self, is_shown: bool) -> bool:
        """Tell a question that decides nothing: to mend a reply, say, or to sum up what was."""
        return self._has_answer and not is_shown

    def _see_answer(self, response: Any, is_shown: bool) -> None:
        self._has_answer = self._has_answer or is_shown
        self._see_reply(response)

    def _add_data(self, what: str, **facts: Any) -> None:
        self._data[what] = {**self._data.get(what, {}), **facts}
        self._span.tell(data=self._data)


def shows_screen(messages: Any) -> bool:
    """Tell whether the model is shown a picture by the last of *messages*."""
    with unharmed("look for a picture in what the model is asked"):
        return picture_in(messages) is not None
    return False


def result_facts(result: Any) -> dict[str, Any]:
    """Return what an ActionResult says."""
    names = ("success", "should_finish", "message")
    facts = {name: getattr(result, name, None) for name in names}
    if getattr(result, "requires_confirmation", False):
        facts["requires_confirmation"] = True
    return facts
