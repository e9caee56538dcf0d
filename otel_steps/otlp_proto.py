"""
OTLP's protobuf messages as the OTLP/JSON that `otlp` reads: one way into a span, whatever the wire.

Protobuf's own JSON differs in one point, which it passes over in silence: it has ids in base64
where OTLP/JSON has hex, and hex digits are valid base64.
"""

import base64
from collections.abc import Iterable
from typing import Any, Final

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span

# How the value of a field is written.
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_MAX_VARINT_BYTES: Final = 10


def message_of(body: bytes) -> dict[str, Any]:
    """
    Return an export request as `json.loads` would return it from OTLP/JSON: what `otlp` reads.

    Raises:
        ValueError: *body* is no such request.
    """
    try:
        request = ExportTraceServiceRequest.FromString(body)
        return {"resourceSpans": [_resource_spans(each) for each in request.resource_spans]}
    except (DecodeError, RecursionError) as error:
        raise ValueError(f"no OTLP trace request in protobuf: {error}") from error


# Field by field: `json_format.MessageToDict` asks each message for its description, and takes more
# time than all the rest of the way into the journal.


def _resource_spans(message: ResourceSpans) -> dict[str, Any]:
    return {
        "resource": {"attributes": _key_values(message.resource.attributes)},
        "scopeSpans": [_scope_spans(each) for each in message.scope_spans],
    }


def _scope_spans(message: ScopeSpans) -> dict[str, Any]:
    scope = message.scope
    return {
        "scope": {"name": scope.name, "version": scope.version},
        "spans": [_span(each) for each in message.spans],
    }


def _span(span: Span) -> dict[str, Any]:
    status = span.status
    return {
        "traceId": span.trace_id.hex(),
        "spanId": span.span_id.hex(),
        "parentSpanId": span.parent_span_id.hex(),
        "name": span.name,
        "kind": span.kind,
        "startTimeUnixNano": span.start_time_unix_nano,
        "endTimeUnixNano": span.end_time_unix_nano,
        "attributes": _key_values(span.attributes),
        "events": [
            {
                "name": event.name,
                "timeUnixNano": event.time_unix_nano,
                "attributes": _key_values(event.attributes),
            }
            for event in span.events
        ],
        "links": [
            {
                "traceId": link.trace_id.hex(),
                "spanId": link.span_id.hex(),
                "attributes": _key_values(link.attributes),
            }
            for link in span.links
        ],
        "status": {"code": status.code, "message": status.message},
    }


def _key_values(pairs: Iterable[KeyValue]) -> list[dict[str, Any]]:
    return [{"key": pair.key, "value": _any_value(pair.value)} for pair in pairs]


def _any_value(value: AnyValue) -> dict[str, Any]:
    match value.WhichOneof("value"):
        case "string_value":
            return {"stringValue": value.string_value}
        case "bool_value":
            return {"boolValue": value.bool_value}
        case "int_value":
            return {"intValue": value.int_value}
        case "double_value":
            return {"doubleValue": value.double_value}
        case "bytes_value":
            return {"bytesValue": base64.b64encode(value.bytes_value).decode()}
        case "array_value":
            return {"arrayValue": {"values": [_any_value(v) for v in value.array_value.values]}}
        case "kvlist_value":
            return {"kvlistValue": {"values": _key_values(value.kvlist_value.values)}}
    return {}


def count_fields(body: bytes, most: int) -> int:
    """
    Return how many fields an export request has, in all its messages; more than *most* is enough.

    Nothing is made of them: it takes a fraction of the time of `message_of`, and no memory.

    Raises:
        ValueError: *body* is no such request.
    """
    count = 0
    waiting = [(0, len(body), _ROOT)]
    while waiting:
        at, end, message = waiting.pop()
        while at < end and count <= most:
            count += 1
            tag, at = _varint(body, at)
            kind = tag & 7
            if kind == _BYTES:
                size, at = _varint(body, at)
                if held := _HELD[message].get(tag >> 3):
                    waiting.append((at, at + size, held))
                at += size
            elif kind == _VARINT:
                _, at = _varint(body, at)
            else:  # the ends of a group, which nobody uses any more, hold nothing themselves
                at += {_FIXED64: 8, _FIXED32: 4}.get(kind, 0)
        if at > end:
            raise ValueError("no OTLP trace request in protobuf: a field is cut off")
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


def _varint(body: bytes, at: int) -> tuple[int, int]:
    """Return the number at a place, and the place behind it."""
    number = shift = 0
    for byte in body[at : at + _MAX_VARINT_BYTES]:
        at += 1
        number |= (byte & 127) << shift
        if byte < 128:
            return number, at
        shift += 7
    raise ValueError("no OTLP trace request in protobuf: a number is cut off or has no end")


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
_HELD: Final = _messages_in(ExportTraceServiceRequest.DESCRIPTOR)
