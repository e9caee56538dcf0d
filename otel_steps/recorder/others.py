"""
Which spans of other instrumentations belong to the run of an agent; see `foreign_spans`.

A program has spans that no agent has caused, as those of a web server, and they are none of ours.
What a span is may be said when it begins or while it is open, and what it causes ends before it
does: so the open ones are remembered, and asked when one below them ends.

No lock: each step on what is shared is one operation, as in `recorder`.
"""

from collections import OrderedDict
from typing import Final

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanContext

from otel_steps.foreign_spans.operation import is_agent_begun, kind_of
from otel_steps.otlp.sdk import copied
from otel_steps.process.remembering import remember

_OPEN_KEPT: Final = 4096
_TRACES_KEPT: Final = 1024
# A chain of parents that is longer is a circle.
_MAX_DEPTH: Final = 64


class OtherSpans:
    """The open spans of other instrumentations, and the traces in which an agent runs."""

    def __init__(self) -> None:
        self._open: OrderedDict[int, ReadableSpan] = OrderedDict()
        self._traces: OrderedDict[int, None] = OrderedDict()

    def started(self, span: ReadableSpan, span_id: int) -> None:
        """Remember *span* until it ends."""
        remember(self._open, span_id, span, _OPEN_KEPT)

    def has_agent(self, trace_id: int) -> bool:
        """Tell whether spans of a trace have been told of an agent before."""
        return trace_id in self._traces

    def closed(self, span_id: int) -> None:
        """Forget a span that has ended, whosever it is: it may hold a whole conversation."""
        self._open.pop(span_id, None)

    def is_of_agent(self, span: ReadableSpan, trace_id: int, *, is_start_unseen: bool) -> bool:
        """
        Tell whether *span*, which has ended, belongs to the run of an agent.

        Args:
            is_start_unseen: Whether nobody has told of starts: then a call of a model or of a tool
                that has a parent is taken for that of an agent.
        """
        if trace_id in self._traces:
            return True
        kind = kind_of(copied(span.attributes) or {}, span.name)
        is_part = is_start_unseen and span.parent is not None and kind is not None
        if kind != "agent" and not is_part and not self.agents_above(span):
            return False
        remember(self._traces, trace_id, None, _TRACES_KEPT)
        return True

    def agents_above(self, span: ReadableSpan) -> list[SpanContext]:
        """Return the open agents that *span* is known to be below, the inmost first."""
        found = []
        parent = span.parent
        for _ in range(_MAX_DEPTH):
            above = self._open.get(parent.span_id) if parent is not None else None
            if above is None or parent is None:
                break
            if _is_agent(above):
                found.append(parent)
            parent = above.parent
        return found


def _is_agent(span: ReadableSpan) -> bool:
    scope = span.instrumentation_scope
    return is_agent_begun(copied(span.attributes) or {}, span.name, scope.name if scope else "")
