"""
Spans as lines of the journal, and back.

A line is a `TracesData` message of the OTLP file-exporter specification, so the Collector and `jq`
read it, too.
"""

import json
import math
from typing import Any

import orjson

from otel_steps.otlp import own_lines
from otel_steps.otlp.message import from_message
from otel_steps.otlp.raw import Json
from otel_steps.otlp.span import Span

# The last resource, by identity, and how it is written: a process has one, and each of its spans
# carries it. Read and replaced as a whole: threads need no lock.
_last_resource: tuple[Json, bytes] | None = None


def from_line(line: bytes) -> list[Span]:
    """
    Return the spans of one OTLP/JSON message, cleaned; see `from_message` for what that may be.

    Raises:
        ValueError: *line* is not an OTLP/JSON trace message; the text says what is wrong with it.
    """
    # What we wrote was cleaned before, and nearly every line is one of these.
    if (own := own_lines.read(line)) is not None:
        return [own]
    try:
        data = json.loads(line)
        if not isinstance(data, dict) or "resourceSpans" not in data:
            raise ValueError("not an OTLP/JSON trace message: it has no resourceSpans")
        return list(from_message(data))
    except RecursionError as error:
        raise ValueError("not an OTLP/JSON trace message: it is nested too deep") from error


def to_line(span: Span) -> bytes:
    r"""
    Return *span*, which must be clean, as one OTLP/JSON `TracesData` message that ends in `\n`.

    Raises:
        ValueError: An attribute is no storable JSON value.
    """
    encoded: dict[str, Any] = {
        "traceId": span.trace_id,
        "spanId": span.span_id,
        "name": span.name,
        "kind": span.kind,
        "startTimeUnixNano": str(span.start_time_unix_nano),
        "endTimeUnixNano": str(span.end_time_unix_nano),
        "attributes": _key_values(span.attributes),
        "status": _status(span),
    }
    if span.parent_span_id:
        encoded["parentSpanId"] = span.parent_span_id
    if span.events:
        encoded["events"] = [_event(event) for event in span.events]
    if span.links:
        encoded["links"] = [_link(link) for link in span.links]
    scope = {"name": span.scope_name, "version": span.scope_version}
    scope_spans = [{"scope": scope, "spans": [encoded]}]
    return b'%b%b,"scopeSpans":%b}]}\n' % (
        own_lines.HEAD,
        _resource(span.resource),
        _dump(scope_spans),
    )


def _resource(resource: Json) -> bytes:
    global _last_resource  # noqa: PLW0603 - see there
    last = _last_resource
    if last is None or last[0] is not resource:
        encoded = _dump({"attributes": _key_values(resource)})
        last = _last_resource = (resource, encoded)
    return last[1]


def _dump(value: Any) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError as error:  # half a character, a number of more than 64 bits
        raise ValueError(f"not storable JSON, clean the span first: {error}") from error


def _key_values(attributes: Json) -> list[Json]:
    # What nearly every value is costs no call.
    return [
        {"key": key, "value": {"stringValue": value} if type(value) is str else _any_value(value)}
        for key, value in attributes.items()
    ]


def _any_value(value: Any) -> Json:
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case float() if math.isfinite(value):
            return {"doubleValue": value}
        case None:
            return {}
        case str():
            return {"stringValue": value}
        case list():
            return {"arrayValue": {"values": [_any_value(item) for item in value]}}
        case dict():
            return {"kvlistValue": {"values": _key_values(value)}}
    raise ValueError(f"this {type(value).__name__} is not storable JSON; clean the span first")


def _status(span: Span) -> Json:
    status: dict[str, Any] = {"code": span.status_code} if span.status_code else {}
    if span.status_message:
        status["message"] = span.status_message
    return status


def _event(event: Json) -> Json:
    return {
        "timeUnixNano": str(event["time_unix_nano"]),
        "name": event["name"],
        "attributes": _key_values(event["attributes"]),
    }


def _link(link: Json) -> Json:
    return {
        "traceId": link["trace_id"],
        "spanId": link["span_id"],
        "attributes": _key_values(link["attributes"]),
    }
