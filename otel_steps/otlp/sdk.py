"""Spans of OpenTelemetry's SDK, open and ended ones, as they stand."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from otel_steps.otlp.raw import Json, Prepare, RawSpan, clean_resource, cleaned, nanos, unchanged
from otel_steps.otlp.span import Span

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

# The last resource, by identity, and what is clean of it: a process has one, and each of its spans
# carries it. Read and replaced as a whole: threads need no lock.
_last_resource: tuple[Any, Json] | None = None


def from_sdk(span: "ReadableSpan", *, prepare: Prepare = unchanged) -> Span:
    """
    Return *span* as it stands, cleaned; one that has not ended has the end time 0.

    Args:
        prepare: Sees the attributes of the span and of each event before anything is cut.

    Raises:
        ValueError: The span has no context, so nothing can tell it from others.
    """
    context, parent, scope = span.get_span_context(), span.parent, span.instrumentation_scope
    if context is None:
        raise ValueError(f"the span {span.name!r} has no context; only spans of a tracer have one")
    start, end, status = span.start_time, span.end_time, span.status
    raw = RawSpan(
        trace_id=f"{context.trace_id:032x}",
        span_id=f"{context.span_id:016x}",
        parent_span_id=f"{parent.span_id:016x}" if parent else None,
        kind=span.kind.value + 1,
        start=nanos(start or 0),
        end=0 if end is None else max(1, nanos(end)),
        status_code=status.status_code.value,
        name=span.name,
        message=status.description or "",
        scope_name=(scope.name if scope else "") or "",
        scope_version=(scope.version if scope else "") or "",
        attributes=copied(span.attributes),
        events=[
            {"name": each.name, "time": each.timestamp, "attributes": copied(each.attributes)}
            for each in events_of(span)
        ],
        links=[
            {
                "trace_id": f"{each.context.trace_id:032x}",
                "span_id": f"{each.context.span_id:016x}",
                "attributes": each.attributes,
            }
            for each in _listed(span, "links")
        ],
        resource=_resource(span.resource.attributes),
        is_cut=span.dropped_attributes > 0,
    )
    return cleaned(raw, prepare=prepare)


def _resource(attributes: Any) -> Json:
    global _last_resource  # noqa: PLW0603 - see there
    last = _last_resource
    if last is None or last[0] is not attributes:
        last = _last_resource = (attributes, clean_resource(attributes))
    return last[1]


def copied(attributes: Any) -> Any:
    """Return a copy of the attributes of a span; of no mapping of the SDK's kind, itself."""
    # In one step, where the mapping offers one: another thread may be setting an attribute.
    try:
        return attributes.copy()
    except AttributeError:
        return attributes


def events_of(span: "ReadableSpan") -> Sequence[Any]:
    """Return the events of a span, open or not."""
    return _listed(span, "events")


def _listed(span: "ReadableSpan", name: str) -> Sequence[Any]:
    # One by one: the SDK copies them under a lock of the span, and a signal handler or a finalizer
    # that ends this very span would wait for it where it interrupts the thread that has it.
    items = getattr(span, f"_{name}", None)
    if items is None:
        listed: Sequence[Any] = getattr(span, name)
        return listed
    return [items[number] for number in range(len(items))]
