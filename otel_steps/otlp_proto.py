"""
OTLP's protobuf messages as the OTLP/JSON that `otlp` reads: one way into a span, whatever the wire.

Protobuf's own JSON differs in one point, which it passes over in silence: it has ids in base64
where OTLP/JSON has hex, and hex digits are valid base64.
"""

import base64
from typing import Any

from google.protobuf import json_format
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

_IDS = ("traceId", "spanId", "parentSpanId")


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


def partial_success(rejected: int, message: str) -> bytes:
    """Return the answer to a request of which *rejected* spans were not taken."""
    partial = ExportTracePartialSuccess(rejected_spans=rejected, error_message=message)
    return ExportTraceServiceResponse(partial_success=partial).SerializeToString()


def status(code: int, message: str) -> bytes:
    """Return a `google.rpc.Status`, the answer to a request that was refused."""
    # A number and a text as fields 1 and 2: on the wire the two messages are the same, and the
    # package that defines Status would be one dependency more.
    return ExportTracePartialSuccess(rejected_spans=code, error_message=message).SerializeToString()


def _to_hex(holder: dict[str, Any]) -> None:
    for key in _IDS:
        if key in holder:
            holder[key] = base64.b64decode(holder[key]).hex()
