"""
OTLP's messages in protobuf: what they say of each span, how much they hold, and our answers.

What is read is what `message` reads from the same spans in OTLP/JSON: bytes are base64 there, and
of two attributes with one key the last one counts.
"""

import base64
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, TypeVar

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from otel_steps.otlp import fields
from otel_steps.otlp.log_events import NAME_ATTRIBUTE, happened
from otel_steps.otlp.raw import Json, RawSpan, clean_resource

_R = TypeVar("_R")

# How the value of a field is written.
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
MAX_VARINT_BYTES: Final = 10

_TRACE_ID_BYTES: Final = 16
_SPAN_ID_BYTES: Final = 8
# What an enum has; an unknown number is one of a newer version.
_MAX_ENUM: Final = 2**31 - 1


def raw_spans(body: bytes, *, max_bytes: int) -> Iterator[RawSpan | ValueError]:
    """
    Return what an export request says of each span, or why that cannot be read.

    Args:
        max_bytes: What the attributes of a resource may take; what goes beyond is cut.

    Raises:
        ValueError: *body* is no such request.
    """
    try:
        request = ExportTraceServiceRequest.FromString(body)
    except DecodeError as error:
        raise ValueError(f"not an OTLP trace request in protobuf: {error}") from error
    groups = (
        (each.resource, ((inner.scope, inner.spans) for inner in each.scope_spans))
        for each in request.resource_spans
    )
    return _read(groups, _raw, max_bytes)


def raw_events(body: bytes, *, max_bytes: int) -> Iterator[RawSpan | ValueError]:
    """
    Return the events among the log records of an export request; see `log_events.raw_events`.

    Raises:
        ValueError: *body* is no such request.
    """
    try:
        request = ExportLogsServiceRequest.FromString(body)
    except DecodeError as error:
        raise ValueError(f"not an OTLP logs request in protobuf: {error}") from error
    groups = (
        (each.resource, ((inner.scope, inner.log_records) for inner in each.scope_logs))
        for each in request.resource_logs
    )
    return _read(groups, _event, max_bytes)


# Of a message, for each resource: its scopes, each with what it holds.
_Groups = Iterable[tuple[Resource, Iterable[tuple[InstrumentationScope, Iterable[_R]]]]]


def _read(
    groups: _Groups[_R],
    read: Callable[[_R, Json, InstrumentationScope], Iterable[RawSpan]],
    max_bytes: int,
) -> Iterator[RawSpan | ValueError]:
    """Yield what *read* makes of each span or record, or why it cannot."""
    for origin, scopes in groups:
        resource = clean_resource(_attributes(origin.attributes), max_bytes=max_bytes)
        for scope, held in scopes:
            for each in held:
                try:
                    yield from read(each, resource, scope)
                except ValueError as error:
                    yield error


def _event(record: LogRecord, resource: Json, scope: InstrumentationScope) -> Iterator[RawSpan]:
    attributes = _attributes(record.attributes)
    trace_id = _id(record.trace_id, _TRACE_ID_BYTES, "traceId")
    span_id = _id(record.span_id, _SPAN_ID_BYTES, "spanId")
    name = record.event_name or attributes.get(NAME_ATTRIBUTE)
    time = record.time_unix_nano or record.observed_time_unix_nano
    if trace_id and span_id and name:
        event = {"name": name, "time": time, "attributes": attributes}
        yield happened(
            trace_id, span_id, event, resource=resource, scope=(scope.name, scope.version)
        )


def _raw(span: Span, resource: Json, scope: InstrumentationScope) -> Iterator[RawSpan]:
    status = span.status
    yield RawSpan(
        trace_id=_id(span.trace_id, _TRACE_ID_BYTES, "traceId") or fields.missing("traceId"),
        span_id=_id(span.span_id, _SPAN_ID_BYTES, "spanId") or fields.missing("spanId"),
        parent_span_id=_id(span.parent_span_id, _SPAN_ID_BYTES, "parentSpanId"),
        kind=max(0, min(span.kind, _MAX_ENUM)),
        start=span.start_time_unix_nano,
        end=span.end_time_unix_nano,
        status_code=max(0, min(status.code, _MAX_ENUM)),
        name=span.name,
        message=status.message,
        scope_name=scope.name,
        scope_version=scope.version,
        attributes=_attributes(span.attributes),
        events=[
            {
                "name": event.name,
                "time": event.time_unix_nano,
                "attributes": _attributes(event.attributes),
            }
            for event in span.events
        ],
        links=[
            {
                "trace_id": _id(link.trace_id, _TRACE_ID_BYTES, "traceId") or "0" * 32,
                "span_id": _id(link.span_id, _SPAN_ID_BYTES, "spanId") or "0" * 16,
                "attributes": _attributes(link.attributes),
            }
            for link in span.links
        ],
        resource=resource,
    )


def _id(data: bytes, size: int, key: str) -> str | None:
    """Return an id in hex, or None where there is none or it is all zeros."""
    if len(data) not in (0, size):
        raise fields.wrong(key, data.hex(), f"{2 * size} hex digits")
    return data.hex() if any(data) else None


def _attributes(pairs: Iterable[KeyValue]) -> dict[str, Any]:
    return {pair.key: _value(pair.value) for pair in pairs}


def _value(value: AnyValue) -> Any:
    # What nearly every value is, told from the others in one step.
    if text := value.string_value:
        return text
    kind = value.WhichOneof("value")
    return _READERS[kind](value) if kind in _READERS else None


_READERS: Final[dict[str | None, Callable[[AnyValue], Any]]] = {
    "string_value": lambda value: value.string_value,
    "bool_value": lambda value: value.bool_value,
    "int_value": lambda value: value.int_value,
    "double_value": lambda value: value.double_value,
    "bytes_value": lambda value: base64.b64encode(value.bytes_value).decode(),
    "array_value": lambda value: [_value(each) for each in value.array_value.values],
    "kvlist_value": lambda value: _attributes(value.kvlist_value.values),
}


def count_fields(body: bytes, most: int, *, are_logs: bool = False) -> int:
    """
    Return how many fields an export request has, in all its messages; more than *most* is enough.

    Nothing is made of them: it takes a fraction of the time of `raw_spans`, and no memory.

    Raises:
        ValueError: *body* is no such request.
    """
    count = 0
    waiting = [(0, len(body), _LOGS if are_logs else _ROOT)]
    while waiting:
        at, end, message = waiting.pop()
        while at < end and count <= most:
            count += 1
            tag, at = varint(body, at)
            kind = tag & 7
            if kind == _BYTES:
                size, at = varint(body, at)
                if held := _HELD[message].get(tag >> 3):
                    waiting.append((at, at + size, held))
                at += size
            elif kind == _VARINT:
                _, at = varint(body, at)
            else:  # the ends of a group, which nobody uses any more, hold nothing themselves
                at += {_FIXED64: 8, _FIXED32: 4}.get(kind, 0)
        if at > end:
            raise ValueError("not an OTLP trace request in protobuf: a field is cut off")
    return count


def partial_success(rejected: int, message: str) -> bytes:
    """Return the answer to a request of which *rejected* spans were not taken."""
    partial = ExportTracePartialSuccess(rejected_spans=rejected, error_message=message)
    return ExportTraceServiceResponse(partial_success=partial).SerializeToString()


def status(code: int, message: str) -> bytes:
    """Return a `google.rpc.Status`, the answer to a request that was refused."""
    # A number and a text as fields 1 and 2: on the wire the two messages are the same, and the
    # package that defines Status would be one dependency more.
    return ExportTracePartialSuccess(rejected_spans=code, error_message=message).SerializeToString()


def varint(body: bytes, at: int) -> tuple[int, int]:
    """Return the number at a place, and the place behind it."""
    number = shift = 0
    for byte in body[at : at + MAX_VARINT_BYTES]:
        at += 1
        number |= (byte & 127) << shift
        if byte < 128:
            return number, at
        shift += 7
    raise ValueError("not an OTLP trace request in protobuf: a number is cut off or has no end")


def _messages_in(root: Descriptor) -> dict[str, dict[int, str]]:
    """Return, for each message below *root*, which of its fields hold which messages."""
    held: dict[str, dict[int, str]] = {}
    waiting = [root]
    while waiting:
        message = waiting.pop()
        if message.full_name not in held:
            inner = {field.number: field.message_type for field in message.fields}
            known = {number: each for number, each in inner.items() if each is not None}
            held[message.full_name] = {number: each.full_name for number, each in known.items()}
            waiting += known.values()
    return held


_ROOT: Final = ExportTraceServiceRequest.DESCRIPTOR.full_name
_LOGS: Final = ExportLogsServiceRequest.DESCRIPTOR.full_name
_HELD: Final = {
    **_messages_in(ExportTraceServiceRequest.DESCRIPTOR),
    **_messages_in(ExportLogsServiceRequest.DESCRIPTOR),
}
