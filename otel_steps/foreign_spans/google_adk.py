"""Google's Agent Development Kit: what its spans say beside GenAI's conventions. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from otel_steps import semconv
from otel_steps.foreign_spans.kind import Kind
from otel_steps.foreign_spans.messages import messages
from otel_steps.otlp.span import Span

_REQUEST, _RESPONSE, _GIVEN, _GAVE = (
    f"gcp.vertex.agent.{key}"
    for key in ("llm_request", "llm_response", "tool_call_args", "tool_response")
)
KEYS: Final = (_REQUEST, _GIVEN)


def kind(attributes: Mapping[str, Any], name: str) -> Kind | None:
    """Return what a span with *attributes* is; agents say so by the conventions alone."""
    if _REQUEST in attributes:
        # Tools have it, too, and empty.
        return "tool" if _GIVEN in attributes else "model"
    return "tool" if _GIVEN in attributes else None


def facts(span: Span) -> dict[str, Any]:
    """Return what *span* says, by its `gen_ai.*` key."""
    said = span.attributes
    return {
        semconv.SESSION_ID: said.get("gcp.vertex.agent.session_id"),
        semconv.GEN_AI_INPUT_MESSAGES: messages(said.get(_REQUEST)),
        semconv.GEN_AI_OUTPUT_MESSAGES: messages(said.get(_RESPONSE)),
        semconv.GEN_AI_TOOL_CALL_ARGUMENTS: said.get(_GIVEN),
        semconv.GEN_AI_TOOL_CALL_RESULT: said.get(_GAVE),
    }
