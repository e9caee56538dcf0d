"""
The duration of one call that a step makes, and its span.

A screenshot has no span of its own: its duration is among the step's timings, and a span would cost
the agent's thread half a millisecond to say the same.
"""

from collections.abc import Callable, Mapping
from contextvars import Token
from types import TracebackType
from typing import Any, Final

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.context import Context

from otel_steps import semconv
from otel_steps.emit.protection import unharmed
from otel_steps.emit.span_values import describe_error, error_type
from otel_steps.emit.stopwatch import Stopwatch
from otel_steps.instrumentation.begun_call import BegunCall
from otel_steps.instrumentation.outcome import Mask

_TOKENS: Final[Mapping[str, str]] = {
    "prompt_tokens": semconv.GEN_AI_USAGE_INPUT_TOKENS,
    "completion_tokens": semconv.GEN_AI_USAGE_OUTPUT_TOKENS,
    "cached_tokens": semconv.GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS,
}


class CallSpan:
    """
    A context manager around one call; the call itself may raise, nothing else in here does.

    Args:
        mask: Hides the agent's own secrets in a message.

    Attributes:
        milliseconds: How long the call took, once it is over.
    """

    def __init__(self, mask: Mask) -> None:
        self.milliseconds = 0.0
        self._mask = mask
        self._call: BegunCall | None = None
        self._token: Token[Context] | None = None
        self._watch = Stopwatch()

    def open(self, call: BegunCall | None) -> None:
        """Make the span of *call* the current one, so that what it does becomes a child."""
        if call is not None:
            self._call = call
            self._token = otel_context.attach(trace.set_span_in_context(call.span))

    def note(self, result: Any, content: Callable[[Any], Mapping[str, Any]]) -> None:
        """Say what the call returned, as far as *content* tells it."""
        if self._call is not None:
            self._call.span.set_attributes(content(result))
            if getattr(result, "success", True) is False:
                self._call.fail("action_error")

    def __enter__(self) -> None:
        self._watch = Stopwatch()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.milliseconds = self._watch.elapsed_ms
        with unharmed("end a span"):
            if self._token is not None:
                otel_context.detach(self._token)
            if self._call is not None:
                if error is not None:
                    self._call.fail(error_type(error), self._mask(describe_error(error)))
                self._call.end(self._watch)


def tokens_of(response: Any) -> dict[str, int]:
    """Return the token counts of a model's response, where it has any; none is ever guessed."""
    counts = {key: getattr(response, name, None) for name, key in _TOKENS.items()}
    return {key: count for key, count in counts.items() if type(count) is int}
