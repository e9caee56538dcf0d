"""The reply of an asynchronous model: whole, or piece by piece as it comes."""

import time
from collections.abc import Callable, Mapping
from contextvars import Token
from types import TracebackType
from typing import Any, NamedTuple

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.context import Context

from otel_steps.emit.protection import unharmed
from otel_steps.instrumentation.begun_call import BegunCall
from otel_steps.instrumentation.call_span import CallSpan
from otel_steps.instrumentation.outcome import Mask


class Reply(NamedTuple):
    """
    What `ModelResponse` is to a PhoneAgent, under the same names; times are in seconds.

    Attributes:
        action: All that follows the thinking.
        has_action: False where the model was to call a tool and did not.
    """

    thinking: str = ""
    action: str = ""
    time_to_first_token: float | None = None
    time_to_thinking_end: float | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int | None = None
    has_action: bool = True


def reply_of(completion: Any) -> Reply:
    """Return what *completion*, an answer of OpenAI's client, says; a stream says nothing yet."""
    choices = getattr(completion, "choices", None)
    if not isinstance(choices, list) or not choices:
        return Reply()
    message = choices[0].message
    thinking = _text(message, "content") or _text(message, "reasoning_content")
    calls = [each.function for each in getattr(message, "tool_calls", None) or ()]
    usage = getattr(completion, "usage", None)
    return Reply(
        thinking=thinking or _text(message, "reasoning"),
        action="".join(f"{call.name}({call.arguments})" for call in calls[:1]),
        prompt_tokens=getattr(usage, "prompt_tokens", None),
        completion_tokens=getattr(usage, "completion_tokens", None),
        cached_tokens=getattr(getattr(usage, "prompt_tokens_details", None), "cached_tokens", None),
        has_action=bool(calls),
    )


# Called with the reply as far as it came, how long it took, and what ended it early.
Over = Callable[[Reply, float, BaseException | None], None]


class ReplyStream:
    """
    Observes the generator that yields a reply's pieces: `{"type", "content"}` in the order of time,
    `raw` for the text as it comes and any other type for what of it is thinking.

    Args:
        begun: The call, ended here; None where somebody else makes its span.
        mask: Hides the agent's own secrets in a message.
        content: Tells what of the reply is said in the span.
        over: Called once.
    """

    def __init__(
        self,
        begun: BegunCall | None,
        mask: Mask,
        *,
        content: Callable[[Reply], Mapping[str, Any]],
        over: Over,
    ) -> None:
        self._begun = begun
        self._call = CallSpan(mask)
        self._content = content
        self._over: Over | None = over
        self._token: Token[Context] | None = None
        self._thinking: list[str] = []
        self._raw: list[str] = []
        self._first_s: float | None = None
        self._thought_s: float | None = None
        self._started = time.perf_counter()

    def __enter__(self) -> None:
        if self._begun is not None:
            self._token = otel_context.attach(trace.set_span_in_context(self._begun.span))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._token is not None:
            otel_context.detach(self._token)

    def see(self, event: Any) -> None:
        """Take note of a piece."""
        with unharmed("record a piece of a reply"):
            passed_s = time.perf_counter() - self._started
            self._first_s = passed_s if self._first_s is None else self._first_s
            if event["type"] == "raw":
                self._raw.append(event["content"])
            else:
                self._thinking.append(event["content"])
                self._thought_s = passed_s

    def end(self, error: BaseException | None) -> None:
        """End the span and hand over the reply; further calls do nothing."""
        over, self._over = self._over, None
        if over is None:
            return
        with unharmed("record a reply"):
            reply = self._reply()
            self._end_span(reply, error)
            over(reply, self._call.milliseconds, error)

    def _reply(self) -> Reply:
        thinking, raw = "".join(self._thinking), "".join(self._raw)
        return Reply(
            thinking=thinking.strip(),
            action=raw.removeprefix(thinking).strip(),
            time_to_first_token=self._first_s,
            time_to_thinking_end=self._thought_s,
        )

    def _end_span(self, reply: Reply, error: BaseException | None) -> None:
        self._call.open(self._begun)
        if error is None:
            self._call.note(reply, self._content)
        self._call.__exit__(type(error) if error is not None else None, error, None)


def _text(message: Any, name: str) -> str:
    value = getattr(message, name, None)
    return value if isinstance(value, str) else ""
