"""What OpenAI's client is asked with, in the words of GenAI's conventions. Pure."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from otel_steps import semconv

# Argument of `create` -> attribute.
_NUMBERS: Final[Mapping[str, str]] = {
    "temperature": semconv.GEN_AI_REQUEST_TEMPERATURE,
    "top_p": semconv.GEN_AI_REQUEST_TOP_P,
    "top_k": semconv.GEN_AI_REQUEST_TOP_K,
    "frequency_penalty": semconv.GEN_AI_REQUEST_FREQUENCY_PENALTY,
    "presence_penalty": semconv.GEN_AI_REQUEST_PRESENCE_PENALTY,
    "seed": semconv.GEN_AI_REQUEST_SEED,
    "max_tokens": semconv.GEN_AI_REQUEST_MAX_TOKENS,
    "max_completion_tokens": semconv.GEN_AI_REQUEST_MAX_TOKENS,
}
_OUTPUT_TYPES: Final = {"text": "text", "json_object": "json", "json_schema": "json"}
_DEFAULT_PORTS: Final[Mapping[str, int]] = {"https": 443, "http": 80}


def settings(asked: Mapping[str, Any]) -> dict[str, Any]:
    """
    Return the attributes that say *asked*, the arguments of `create`: no texts, and nothing odd.
    """
    more = asked.get("extra_body")  # for servers that know more than OpenAI's
    asked = {**more, **asked} if isinstance(more, Mapping) else asked
    said = {
        key: asked[name] for name, key in _NUMBERS.items() if type(asked.get(name)) in (int, float)
    }
    found = {
        key: value
        for key, read in _OTHERS.items()
        if (value := read(asked)) is not None  # as the conventions have it: none that is usual
    }
    return said | found


def server(client: Any) -> dict[str, Any]:
    """Return the attributes that say which server *client* asks."""
    url = getattr(client, "base_url", None)
    if url is None or not url.host:
        return {}
    port = url.port or _DEFAULT_PORTS.get(url.scheme)
    return {semconv.SERVER_ADDRESS: url.host} | ({semconv.SERVER_PORT: port} if port else {})


def _choices(asked: Mapping[str, Any]) -> int | None:
    count = asked.get("n")
    return count if type(count) is int and count != 1 else None


def _stream(asked: Mapping[str, Any]) -> bool | None:
    return True if asked.get("stream") is True else None


def _output_type(asked: Mapping[str, Any]) -> str | None:
    wanted = asked.get("response_format")
    kind = wanted.get("type") if isinstance(wanted, Mapping) else None
    return _OUTPUT_TYPES.get(kind) if isinstance(kind, str) else None


def _reasoning_level(asked: Mapping[str, Any]) -> str | None:
    level = asked.get("reasoning_effort")
    return level if isinstance(level, str) else None


_OTHERS: Final[Mapping[str, Callable[[Mapping[str, Any]], Any]]] = {
    semconv.GEN_AI_REQUEST_STREAM: _stream,
    semconv.GEN_AI_REQUEST_CHOICE_COUNT: _choices,
    semconv.GEN_AI_REQUEST_REASONING_LEVEL: _reasoning_level,
    semconv.GEN_AI_OUTPUT_TYPE: _output_type,
}
