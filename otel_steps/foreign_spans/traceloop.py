"""
OpenLLMetry, of Traceloop: `traceloop.*`; prompts and completions are GenAI's former ones. Pure.
"""

from collections.abc import Mapping
from typing import Any, Final

from otel_steps import semconv
from otel_steps.foreign_spans.kind import Kind
from otel_steps.foreign_spans.messages import talk
from otel_steps.otlp.span import Span

_SPAN_KIND, _REQUEST_TYPE = "traceloop.span.kind", "llm.request.type"
_NAME, _INPUT, _OUTPUT = (f"traceloop.entity.{key}" for key in ("name", "input", "output"))
_KINDS: Final[Mapping[str, Kind]] = {
    "workflow": "agent",
    "agent": "agent",
    "tool": "tool",
    "task": "group",
}
_MODEL_CALLS: Final = frozenset({"chat", "completion"})
KEYS: Final = (_SPAN_KIND, _REQUEST_TYPE)


def kind(attributes: Mapping[str, Any], name: str) -> Kind | None:
    """Return what a span with *attributes* is."""
    if attributes.get(_REQUEST_TYPE) in _MODEL_CALLS:
        return "model"
    return _KINDS.get(str(attributes.get(_SPAN_KIND)))


def facts(span: Span) -> dict[str, Any]:
    """Return what *span* says, by its `gen_ai.*` key."""
    said = span.attributes
    return {
        semconv.GEN_AI_AGENT_NAME: said.get(_NAME),
        semconv.SESSION_ID: said.get("traceloop.association.properties.session_id"),
        semconv.GEN_AI_TOOL_NAME: said.get(_NAME),
        semconv.GEN_AI_TOOL_CALL_ARGUMENTS: said.get(_INPUT),
        semconv.GEN_AI_TOOL_CALL_RESULT: said.get(_OUTPUT),
        semconv.GEN_AI_INPUT_MESSAGES: talk("user", said.get(_INPUT)),
        semconv.GEN_AI_OUTPUT_MESSAGES: talk("assistant", said.get(_OUTPUT)),
    }
