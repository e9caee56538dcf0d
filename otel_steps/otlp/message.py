"""
OTLP/JSON messages, as the specification allows them: enums by name, integers as numbers or strings,
NaN as a string, any number of resources, scopes and spans, and fields that are not known here, such
as those of a newer version of this project.
"""

from collections.abc import Callable, Iterator
from typing import Final

from otel_steps.otlp import fields
from otel_steps.otlp.raw import (
    Json,
    Prepare,
    RawSpan,
    all_cleaned,
    clean_resource,
    nanos,
    unchanged,
)
from otel_steps.otlp.span import Span
from otel_steps.sanitize import MAX_READ_BYTES

_KINDS: Final = {
    f"SPAN_KIND_{name}": number
    for number, name in enumerate(
        ("UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER")
    )
}
_STATUS_CODES: Final = {"STATUS_CODE_UNSET": 0, "STATUS_CODE_OK": 1, "STATUS_CODE_ERROR": 2}


def _raise(error: ValueError) -> None:
    raise error


def from_message(
    data: Json,
    *,
    max_bytes: int = MAX_READ_BYTES,
    prepare: Prepare = unchanged,
    on_bad: Callable[[ValueError], None] = _raise,
) -> Iterator[Span]:
    """
    Yield the spans of an OTLP/JSON message that has been parsed, cleaned.

    Args:
        max_bytes: What a span may hold; what goes beyond is cut.
        prepare: Sees the attributes of each span and event as they came, before anything is cut.
        on_bad: Told of each span that cannot be read; the others follow, unless it raises.

    Raises:
        ValueError: What stands around the spans is not as it must be.
        RecursionError: As above: it is nested too deep.
    """
    raws = raw_spans(data, max_bytes=max_bytes)
    return all_cleaned(raws, max_bytes=max_bytes, prepare=prepare, on_bad=on_bad)


def raw_spans(data: Json, *, max_bytes: int) -> Iterator[RawSpan | ValueError]:
    """Yield what a message says of each span, or why that cannot be read; see `from_message`."""
    yield from _misnamed(data, "resourceSpans")
    for resource_spans in fields.objects(data, "resourceSpans"):
        yield from _misnamed(resource_spans, "scopeSpans")
        attributes = fields.attributes(fields.object_(resource_spans, "resource"))
        resource = clean_resource(attributes, max_bytes=max_bytes)
        for scope_spans in fields.objects(resource_spans, "scopeSpans"):
            yield from _misnamed(scope_spans, "spans")
            scope = fields.object_(scope_spans, "scope")
            for span in fields.objects(scope_spans, "spans"):
                try:
                    yield _raw(span, resource, scope)
                except ValueError as error:
                    yield error


def _misnamed(parent: Json, name: str) -> Iterator[ValueError]:
    """
    Yield why spans are not read that stand under another name, or at another place.

    A reader of OTLP ignores what it does not know. So a message in snake_case, one of before OTLP
    1.0, or a part of one would be empty, and its sender would hear that all is well.
    """
    for key, value in parent.items():
        holds_spans = key == "batches" or key.replace("_", "").lower().endswith("spans")
        if key != name and holds_spans and isinstance(value, list) and value:
            yield ValueError(
                f"{key!r} is no field of OTLP/JSON here, so its spans are lost: {name!r} is"
            )


def _raw(span: Json, resource: Json, scope: Json) -> RawSpan:
    status = fields.object_(span, "status")
    return RawSpan(
        trace_id=fields.hex_id(span, "traceId", 32) or fields.missing("traceId"),
        span_id=fields.hex_id(span, "spanId", 16) or fields.missing("spanId"),
        parent_span_id=fields.hex_id(span, "parentSpanId", 16),
        kind=fields.enum(span, "kind", _KINDS),
        start=nanos(fields.integer(span, "startTimeUnixNano")),
        end=nanos(fields.integer(span, "endTimeUnixNano")),
        status_code=fields.enum(status, "code", _STATUS_CODES),
        name=fields.string(span, "name"),
        message=fields.string(status, "message"),
        scope_name=fields.string(scope, "name"),
        scope_version=fields.string(scope, "version"),
        attributes=fields.attributes(span),
        events=[
            {
                "name": fields.string(event, "name"),
                "time": fields.integer(event, "timeUnixNano"),
                "attributes": fields.attributes(event),
            }
            for event in fields.objects(span, "events")
        ],
        links=[
            {
                "trace_id": fields.hex_id(link, "traceId", 32) or "0" * 32,
                "span_id": fields.hex_id(link, "spanId", 16) or "0" * 16,
                "attributes": fields.attributes(link),
            }
            for link in fields.objects(span, "links")
        ],
        resource=resource,
    )
