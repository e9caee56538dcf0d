"""What a span of another instrumentation is and says, whichever conventions it follows. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from otel_steps.foreign_spans import (
    genai,
    google_adk,
    laminar,
    llama_index,
    openinference,
    traceloop,
    vercel_ai,
)
from otel_steps.foreign_spans.kind import Kind
from otel_steps.otlp.span import Span

# Where a span speaks several, the first that knows what it is counts.
_VOCABULARIES: Final = (genai, openinference, traceloop, vercel_ai, laminar, google_adk)
_KEYS: Final = frozenset(key for each in _VOCABULARIES for key in each.KEYS)
# The side that was asked: whoever asked it has a span of the same call.
_SERVER: Final = 2
_MCP: Final = "mcp.method.name"


@dataclass(frozen=True, slots=True)
class Operation:
    """
    A span of another instrumentation that is part of what an agent does.

    Attributes:
        span: As it came.
        kind: What it is.
        said: What it says, by the keys of GenAI's conventions: its own attributes, and what it
            says by others.
    """

    span: Span
    kind: Kind
    said: Mapping[str, Any]


def kind_of(attributes: Mapping[str, Any], name: str) -> Kind | None:
    """Return what a span of *name* with *attributes* is; None where no vocabulary knows it."""
    if _KEYS.isdisjoint(attributes):
        return None
    return next((found for each in _VOCABULARIES if (found := each.kind(attributes, name))), None)


def is_agent_begun(attributes: Mapping[str, Any], name: str, scope: str) -> bool:
    """Tell whether a span that goes on is an agent's; some say what they are only at their end."""
    if scope == llama_index.SCOPE:
        return llama_index.is_run(name)
    return kind_of(attributes, name) == "agent"


def operation_of(span: Span) -> Operation | None:
    """Return what *span* is and says, or None where it is no part of what an agent does."""
    kind = kind_of(span.attributes, span.name)
    if kind is None or _is_other_side(span):
        return None
    said: dict[str, Any] = {}
    for each in reversed(_VOCABULARIES):
        if each is genai or each.kind(span.attributes, span.name):
            said |= {key: value for key, value in each.facts(span).items() if _is_said(value)}
    return Operation(span, kind, said | dict(span.attributes))


def _is_other_side(span: Span) -> bool:
    """Tell whether *span* is the server's side of a call over MCP."""
    return span.kind == _SERVER and _MCP in span.attributes and span.parent_span_id is not None


def _is_said(value: Any) -> bool:
    return value is not None and value != []
