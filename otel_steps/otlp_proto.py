"""
OTLP's protobuf messages as the OTLP/JSON that `otlp` reads: one way into a span, whatever the wire.

Protobuf's own JSON differs in one point, which it passes over in silence: it has ids in base64
where OTLP/JSON has hex, and hex digits are valid base64.
"""

import base64
from typing import Any, Final

from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

_IDS: Final = ("traceId", "spanId", "parentSpanId")

# How the value of a field is written.
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_MAX_VARINT_BYTES: Final = 10


def message_of(body: bytes) -> dict[str, Any]:
    """
    Return an export request as `json.loads` would return it from OTLP/JSON.

    Raises:
        ValueError: *body* is no such request.
    """
    try:
        request = ExportTraceServiceRequest.FromString(body)
        message: dict[str, Any] = json_format.MessageToDict(request)
    except (DecodeError, json_format.Error, RecursionError) as error:
        raise ValueError(f"no OTLP trace request in protobuf: {error}") from error
    for resource_spans in message.get("resourceSpans", ()):
        for scope_spans in resource_spans.get("scopeSpans", ()):
            for span in scope_spans.get("spans", ()):
                _to_hex(span)
                for link in span.get("links", ()):
                    _to_hex(link)
    return message


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


def _to_hex(holder: dict[str, Any]) -> None:
    for key in _IDS:
        if key in holder:
            holder[key] = base64.b64decode(holder[key]).hex()


_ROOT: Final = ExportTraceServiceRequest.DESCRIPTOR.full_name
_HELD: Final = _messages_in(ExportTraceServiceRequest.DESCRIPTOR)
