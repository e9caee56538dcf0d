"""
The events among the log records of an OTLP/JSON message: what GenAI's conventions tell so. Pure.

An event is read as a part of the span in which it happened: as a span of that id that has nothing
but the event. What has no span is no part of a trace, and is left out.
"""

from collections.abc import Iterator
from typing import Any, Final

from otel_steps.otlp import fields
from otel_steps.otlp.raw import Json, RawSpan, clean_resource, nanos

# Where the name of an event stood before records had a field for it.
NAME_ATTRIBUTE: Final = "event.name"


def raw_events(data: Json, *, max_bytes: int) -> Iterator[RawSpan | ValueError]:
    """
    Yield the span of each event of a message, or why that cannot be read.

    Raises:
        ValueError: What stands around the records is not as it must be.
    """
    for resource_logs in fields.objects(data, "resourceLogs"):
        attributes = fields.attributes(fields.object_(resource_logs, "resource"))
        resource = clean_resource(attributes, max_bytes=max_bytes)
        for scope_logs in fields.objects(resource_logs, "scopeLogs"):
            scope = fields.object_(scope_logs, "scope")
            for record in fields.objects(scope_logs, "logRecords"):
                try:
                    yield from _event(record, resource, scope)
                except ValueError as error:
                    yield error


def _event(record: Json, resource: Json, scope: Json) -> Iterator[RawSpan]:
    attributes = fields.attributes(record)
    trace_id, span_id = fields.hex_id(record, "traceId", 32), fields.hex_id(record, "spanId", 16)
    name = fields.string(record, "eventName") or attributes.get(NAME_ATTRIBUTE)
    times = (fields.integer(record, key) for key in ("timeUnixNano", "observedTimeUnixNano"))
    if trace_id and span_id and name:
        yield happened(
            trace_id,
            span_id,
            {"name": name, "time": next(filter(None, times), 0), "attributes": attributes},
            resource=resource,
            scope=(fields.string(scope, "name"), fields.string(scope, "version")),
        )


def happened(
    trace_id: str, span_id: str, event: dict[str, Any], *, resource: Json, scope: tuple[str, str]
) -> RawSpan:
    """Return a span that has nothing but an *event*, `{"name", "time", "attributes"}`."""
    time = max(1, nanos(event["time"]))
    return RawSpan(
        trace_id=trace_id,
        span_id=span_id,
        parent_span_id=None,
        kind=0,
        start=time,
        end=time,
        status_code=0,
        name="",
        message="",
        scope_name=scope[0],
        scope_version=scope[1],
        attributes={},
        events=[event],
        links=[],
        resource=resource,
    )
