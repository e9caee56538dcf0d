"""A call of OpenAI's client and what comes back, in the words of GenAI's conventions."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from typing import Any, Final

import wrapt
from opentelemetry.trace import Span

from otel_steps import semconv
from otel_steps.emit.protection import unharmed
from otel_steps.instrumentation.model_request import server, settings

# The reason of a reply that has reached the limit of its tokens.
CUT: Final = "length"

# Attribute -> where the usage in a reply says it. Servers that only speak like OpenAI's say more.
_USAGE: Final[Mapping[str, tuple[str, ...]]] = {
    semconv.GEN_AI_USAGE_INPUT_TOKENS: ("prompt_tokens",),
    semconv.GEN_AI_USAGE_OUTPUT_TOKENS: ("completion_tokens",),
    semconv.GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS: ("prompt_tokens_details", "cached_tokens"),
    semconv.GEN_AI_USAGE_CACHE_WRITE_INPUT_TOKENS: ("prompt_tokens_details", "cache_write_tokens"),
    semconv.GEN_AI_USAGE_IMAGE_INPUT_TOKENS: ("prompt_tokens_details", "image_tokens"),
    semconv.GEN_AI_USAGE_REASONING_OUTPUT_TOKENS: (
        "completion_tokens_details",
        "reasoning_tokens",
    ),
}


class ModelExchange:
    """
    One call of the model, as its client sees it; nothing in here raises.

    Args:
        span: Of the call, where it is ours.

    Attributes:
        finish_reason: Why the model stopped, once it has said so.
        tokens: What the call has used, by attribute, once that is said.
    """

    def __init__(self, span: Span | None = None) -> None:
        self.finish_reason: str | None = None
        self.tokens: dict[str, int] = {}
        self._span = span
        self._id: str | None = None
        self._model: str | None = None
        self._server: dict[str, Any] = {}

    def create(self, wrapped: Callable[..., Any], args: Any, kwargs: Mapping[str, Any]) -> Any:
        """Watch `chat.completions.create`."""
        self._ask(wrapped, kwargs)
        return self._answer(wrapped(*args, **kwargs), _Stream)

    async def create_awaited(
        self, wrapped: Callable[..., Awaitable[Any]], args: Any, kwargs: Mapping[str, Any]
    ) -> Any:
        """Watch `create` of the asynchronous client."""
        self._ask(wrapped, kwargs)
        return self._answer(await wrapped(*args, **kwargs), _AsyncStream)

    def see(self, reply: Any) -> None:
        """Take note of a reply, or of a piece of it."""
        with unharmed("record what a model says of its reply"):
            for choice in reply.choices[:1]:
                self.finish_reason = _text(choice.finish_reason) or self.finish_reason
            self._id = self._id or _text(reply.id)
            self._model = self._model or _text(reply.model)
            if (usage := reply.usage) is not None:
                self.tokens |= _tokens(usage)

    def facts(self) -> dict[str, Any]:
        """Return what is known of the reply by now, by attribute."""
        known = {
            semconv.GEN_AI_RESPONSE_ID: self._id,
            semconv.GEN_AI_RESPONSE_MODEL: self._model,
            semconv.GEN_AI_RESPONSE_FINISH_REASONS: (
                None if self.finish_reason is None else [self.finish_reason]
            ),
        }
        return self.tokens | {key: value for key, value in known.items() if value is not None}

    def measured(self) -> dict[str, Any]:
        """Return what the metrics of the call say beside how it began, by attribute."""
        return {semconv.GEN_AI_RESPONSE_MODEL: self._model, **self._server}

    def _ask(self, wrapped: Callable[..., Any], kwargs: Mapping[str, Any]) -> None:
        if self._span is None:
            return
        with unharmed("record what a model is asked with"):
            client = getattr(getattr(wrapped, "__self__", None), "_client", None)
            self._server = server(client)
            self._span.set_attributes({**settings(kwargs), **self._server})

    def _answer(self, reply: Any, kind: "type[_Stream | _AsyncStream]") -> Any:
        with unharmed("watch the reply of a model"):
            if hasattr(reply, "choices"):
                self.see(reply)
            elif hasattr(reply, "__next__") or hasattr(reply, "__anext__"):
                return kind(reply, self.see)
        return reply


def completions_of(client: Any) -> Any:
    """
    Return what of *client* has `create`, or None where it is no client of OpenAI's.

    Of that one alone it is known that nothing happens when its attributes are read.
    """
    is_known = any(each.__module__.partition(".")[0] == "openai" for each in type(client).__mro__)
    return client.chat.completions if is_known else None


class _Stream(wrapt.ObjectProxy):  # type: ignore[type-arg] # not generic when it runs
    """A stream of OpenAI's client, whose pieces *see* hears of before their reader."""

    def __init__(self, stream: Any, see: Callable[[Any], None]) -> None:
        super().__init__(stream)
        self._self_see = see

    def __enter__(self) -> Any:
        self.__wrapped__.__enter__()
        return self

    def __iter__(self) -> Iterator[Any]:
        for piece in self.__wrapped__:
            self._self_see(piece)
            yield piece

    def __next__(self) -> Any:
        piece = next(self.__wrapped__)
        self._self_see(piece)
        return piece


class _AsyncStream(wrapt.ObjectProxy):  # type: ignore[type-arg] # see above
    """The same of the asynchronous client."""

    def __init__(self, stream: Any, see: Callable[[Any], None]) -> None:
        super().__init__(stream)
        self._self_see = see

    async def __aenter__(self) -> Any:
        await self.__wrapped__.__aenter__()
        return self

    async def __aiter__(self) -> AsyncIterator[Any]:
        async for piece in self.__wrapped__:
            self._self_see(piece)
            yield piece

    async def __anext__(self) -> Any:
        piece = await anext(self.__wrapped__)
        self._self_see(piece)
        return piece


def _tokens(usage: Any) -> dict[str, int]:
    found = {}
    for key, path in _USAGE.items():
        count = usage
        for name in path:
            count = getattr(count, name, None)
        if type(count) is int:
            found[key] = count
    return found


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
