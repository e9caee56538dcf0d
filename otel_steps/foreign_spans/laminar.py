"""Laminar, and browser-use under it: `lmnr.span.*`. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from otel_steps import semconv
from otel_steps.foreign_spans.kind import Kind
from otel_steps.foreign_spans.messages import talk
from otel_steps.otlp.span import Span

_TYPE, _PATH = "lmnr.span.type", "lmnr.span.path"
_INPUT, _OUTPUT = "lmnr.span.input", "lmnr.span.output"
_TYPES: Final[Mapping[str, Kind]] = {"LLM": "model", "TOOL": "tool"}
_NAMES: Final[Mapping[str, Kind]] = {"agent.run": "agent", "agent.step": "group"}
KEYS: Final = (_TYPE, _PATH)


def kind(attributes: Mapping[str, Any], name: str) -> Kind | None:
    """Return what a span of *name* with *attributes* is."""
    if _TYPE not in attributes and _PATH not in attributes:
        return None
    return _TYPES.get(str(attributes.get(_TYPE)).upper()) or _NAMES.get(name)


def facts(span: Span) -> dict[str, Any]:
    """Return what *span* says, by its `gen_ai.*` key."""
    given, gave = span.attributes.get(_INPUT), span.attributes.get(_OUTPUT)
    return {
        semconv.GEN_AI_AGENT_NAME: span.name,
        semconv.SESSION_ID: span.attributes.get("lmnr.association.properties.session_id"),
        semconv.GEN_AI_TOOL_CALL_ARGUMENTS: given,
        semconv.GEN_AI_TOOL_CALL_RESULT: gave,
        semconv.GEN_AI_INPUT_MESSAGES: talk("user", given),
        semconv.GEN_AI_OUTPUT_MESSAGES: talk("assistant", gave),
    }
