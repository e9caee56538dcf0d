"""
Spans to and from OTLP/JSON: what a span of the SDK says, and how it stands in the journal.

A line of the journal is a `TracesData` message of the OTLP file-exporter specification, so the
Collector and `jq` read it, too. This module knows the SDK and the format; it knows no file.
Whatever it returns is clean (see `sanitize`), from wherever it came.
"""

import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, Generic, TypeVar

import orjson
from opentelemetry.sdk.trace import ReadableSpan

from otel_steps import otlp_fields as fields
from otel_steps import own_lines
from otel_steps.model import Span
from otel_steps.otlp_fields import Json
from otel_steps.sanitize import MAX_READ_BYTES, MAX_VALUE_BYTES, clean, to_json
from otel_steps.semconv import STEP_CLEANED

_MAX_NANO: Final = 2**64 - 1

_KINDS: Final = {
    f"SPAN_KIND_{name}": number
    for number, name in enumerate(
        ("UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER")
    )
}
_STATUS_CODES: Final = {"STATUS_CODE_UNSET": 0, "STATUS_CODE_OK": 1, "STATUS_CODE_ERROR": 2}

_A = TypeVar("_A")
_R = TypeVar("_R")


class _LastOnly(Generic[_A, _R]):
    """
    Remember the result for the last argument.

    A process has one resource, and each of its spans carries it: cleaned and encoded once.
    """

    def __init__(self, function: Callable[[_A], _R]) -> None:
        self._function = function
        self._last: tuple[_A, _R] | None = None

    def __call__(self, argument: _A) -> _R:
        # The pair is read and replaced as a whole: threads need no lock.
        last = self._last
        if last is None or last[0] is not argument:
            last = self._last = (argument, self._function(argument))
        return last[1]


# What sees the attributes of a span or event as they came, before anything of them is cut.
Prepare = Callable[[dict[str, Any]], dict[str, Any]]


def _unchanged(attributes: dict[str, Any]) -> dict[str, Any]:
    return attributes


def from_sdk(span: ReadableSpan, *, prepare: Prepare = _unchanged) -> Span:
    """
    Return *span* as it stands, cleaned; one that has not ended has the end time 0.

    Args:
        prepare: Sees the attributes of the span and of each event before anything is cut.

    Raises:
        ValueError: The span has no context, so nothing can tell it from others.
    """
    context = span.get_span_context()
    if context is None:
        raise ValueError(f"the span {span.name!r} has no context; only spans of a tracer have one")
    return _span(
        trace_id=f"{context.trace_id:032x}",
        span_id=f"{context.span_id:016x}",
        parent_span_id=f"{span.parent.span_id:016x}" if span.parent else None,
        kind=span.kind.value + 1,
        start=_nanos(span.start_time or 0),
        end=0 if span.end_time is None else max(1, _nanos(span.end_time)),
        status_code=span.status.status_code.value,
        resource=_clean_resource(span.resource.attributes),
        is_cut=span.dropped_attributes > 0,
        max_bytes=MAX_VALUE_BYTES,
        raw=_raw(span, prepare),
    )


def _raw(span: ReadableSpan, prepare: Prepare) -> dict[str, Any]:
    scope = span.instrumentation_scope
    raw = {
        "name": span.name,
        "message": span.status.description,
        "scope": scope.name if scope else "",
        "version": scope.version if scope else "",
        "attributes": _prepared(span.attributes, prepare),
    }
    # Steps have neither, as a rule, and this runs on the agent's thread.
    if events := _events_of(span):
        raw["events"] = [
            {
                "name": event.name,
                "time": event.timestamp,
                "attributes": _prepared(event.attributes, prepare),
            }
            for event in events
        ]
    if span.links:
        raw["links"] = [
            {
                "trace_id": f"{link.context.trace_id:032x}",
                "span_id": f"{link.context.span_id:016x}",
                "attributes": link.attributes,
            }
            for link in span.links
        ]
    return raw


def _span(
    *,
    trace_id: str,
    span_id: str,
    parent_span_id: str | None,
    kind: int,
    start: int,
    end: int,
    status_code: int,
    resource: Json,
    is_cut: bool,
    max_bytes: int,
    raw: dict[str, Any],
) -> Span:
    """Clean *raw*, all that can be of any type and any size, in one go, and build the span."""
    cleaned, is_changed = clean(raw, max_bytes=max_bytes)
    attributes = _mapping(cleaned.get("attributes"))
    if is_changed or is_cut:
        attributes[STEP_CLEANED] = True
    return Span(
        trace_id=trace_id,
        span_id=span_id,
        parent_span_id=parent_span_id,
        name=_text(cleaned["name"]),
        kind=kind,
        start_time_unix_nano=start,
        end_time_unix_nano=end,
        attributes=attributes,
        events=[_event(event) for event in _whole(cleaned.get("events", ()))],
        links=[_link(link) for link in _whole(cleaned.get("links", ()))],
        status_code=status_code,
        status_message=_text(cleaned["message"]),
        resource=resource,
        scope_name=_text(cleaned["scope"]),
        scope_version=_text(cleaned["version"]),
    )


def _events_of(span: ReadableSpan) -> Sequence[Any]:
    # One by one: the SDK copies them under a lock, which a signal handler that ends the recording
    # would wait for if it interrupts the thread that adds one to this open span.
    events = getattr(span, "_events", None)
    if span.end_time is not None or events is None:
        return span.events
    return [events[number] for number in range(len(events))]


def _prepared(attributes: Any, prepare: Prepare) -> Any:
    # In one step, where the mapping offers one: another thread may be setting an attribute.
    try:
        copied = attributes.copy()
    except AttributeError:
        copied = attributes
    # What is no dict holds no picture that could be told: `clean` says what can be said of it.
    return prepare(copied) if type(copied) is dict else copied


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
        "status": _encoded_status(span),
    }
    if span.parent_span_id:
        encoded["parentSpanId"] = span.parent_span_id
    if span.events:
        encoded["events"] = [_encoded_event(event) for event in span.events]
    if span.links:
        encoded["links"] = [_encoded_link(link) for link in span.links]
    scope = {"name": span.scope_name, "version": span.scope_version}
    scope_spans = [{"scope": scope, "spans": [encoded]}]
    return b'%b%b,"scopeSpans":%b}]}\n' % (
        own_lines.HEAD,
        _encoded_resource(span.resource),
        _dump(scope_spans),
    )


def _dump(value: Any) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError as error:  # half a character, a number of more than 64 bits
        raise ValueError(f"no storable JSON, clean the span first: {error}") from error


def from_line(line: bytes) -> list[Span]:
    """
    Return the spans of one OTLP/JSON message, cleaned.

    Takes all that the specification allows: enums by name, integers as numbers or strings, NaN as
    a string, any number of resources, scopes and spans, and fields that are not known here, such
    as those of a newer version of this project.

    Raises:
        ValueError: *line* is no OTLP/JSON trace message; the text says what is wrong with it.
    """
    # What we wrote was cleaned before, and nearly every line is one of these.
    if (own := own_lines.read(line)) is not None:
        return [own]
    try:
        data = json.loads(line)
        if not isinstance(data, dict) or "resourceSpans" not in data:
            raise ValueError("no OTLP/JSON trace message: it has no resourceSpans")
        return list(from_message(data))
    except RecursionError as error:
        raise ValueError("no OTLP/JSON trace message: it is nested too deep") from error


def _raise(error: ValueError) -> None:
    raise error


def from_message(
    data: Json,
    *,
    max_bytes: int = MAX_READ_BYTES,
    prepare: Prepare = _unchanged,
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
    for resource_spans in fields.objects(data, "resourceSpans"):
        attributes = fields.attributes(fields.object_(resource_spans, "resource"))
        resource = _mapping(clean(attributes, max_bytes=max_bytes)[0])
        for scope_spans in fields.objects(resource_spans, "scopeSpans"):
            scope = fields.object_(scope_spans, "scope")
            for span in fields.objects(scope_spans, "spans"):
                try:
                    decoded = _decoded_span(span, resource, scope, max_bytes, prepare)
                except ValueError as error:
                    on_bad(error)
                else:
                    yield decoded


@_LastOnly
def _clean_resource(attributes: Json) -> Json:
    return _mapping(clean(attributes)[0])


@_LastOnly
def _encoded_resource(resource: Json) -> bytes:
    return _dump({"attributes": _key_values(resource)})


def _mapping(value: Any) -> dict[str, Any]:
    """Return *value* if it is a dict; else it is None, or the mark of one that was unreadable."""
    if isinstance(value, dict):
        return value
    return {} if value is None else {"otel_steps.unreadable": value}


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else to_json(value)


def _whole(items: Iterable[Any]) -> Iterable[Json]:
    """Yield the events or links in *items* that are whole: a huge span has some of them cut."""
    return (item for item in items if isinstance(item, dict) and "attributes" in item)


def _event(event: Json) -> Json:
    return {
        "name": _text(event["name"]),
        "time_unix_nano": _nanos(event["time"] or 0),
        "attributes": _mapping(event["attributes"]),
    }


def _link(link: Json) -> Json:
    return {**link, "attributes": _mapping(link["attributes"])}


def _nanos(value: Any) -> int:
    """Return *value* within the range of OTLP's fixed64: a wrong clock must not cost a span."""
    return max(0, min(int(value), _MAX_NANO))


def _key_values(attributes: Json) -> list[Json]:
    return [{"key": key, "value": _any_value(value)} for key, value in attributes.items()]


def _any_value(value: Any) -> Json:
    match value:
        case str():
            return {"stringValue": value}
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case float() if math.isfinite(value):
            return {"doubleValue": value}
        case None:
            return {}
        case list():
            return {"arrayValue": {"values": [_any_value(item) for item in value]}}
        case dict():
            return {"kvlistValue": {"values": _key_values(value)}}
    raise ValueError(f"this {type(value).__name__} is not storable JSON; clean the span first")


def _encoded_status(span: Span) -> Json:
    status: dict[str, Any] = {"code": span.status_code} if span.status_code else {}
    if span.status_message:
        status["message"] = span.status_message
    return status


def _encoded_event(event: Json) -> Json:
    return {
        "timeUnixNano": str(event["time_unix_nano"]),
        "name": event["name"],
        "attributes": _key_values(event["attributes"]),
    }


def _encoded_link(link: Json) -> Json:
    return {
        "traceId": link["trace_id"],
        "spanId": link["span_id"],
        "attributes": _key_values(link["attributes"]),
    }


def _decoded_span(
    span: Json,
    resource: Json,
    scope: Json,
    max_bytes: int,
    prepare: Prepare,
) -> Span:
    status = fields.object_(span, "status")
    return _span(
        trace_id=fields.hex_id(span, "traceId", 32) or _missing("traceId"),
        span_id=fields.hex_id(span, "spanId", 16) or _missing("spanId"),
        parent_span_id=fields.hex_id(span, "parentSpanId", 16),
        kind=fields.enum(span, "kind", _KINDS),
        start=_nanos(fields.integer(span, "startTimeUnixNano")),
        end=_nanos(fields.integer(span, "endTimeUnixNano")),
        status_code=fields.enum(status, "code", _STATUS_CODES),
        resource=resource,
        is_cut=False,
        max_bytes=max_bytes,
        raw={
            "name": fields.string(span, "name"),
            "message": fields.string(status, "message"),
            "scope": fields.string(scope, "name"),
            "version": fields.string(scope, "version"),
            "attributes": prepare(fields.attributes(span)),
            "events": [
                {
                    "name": fields.string(event, "name"),
                    "time": fields.integer(event, "timeUnixNano"),
                    "attributes": prepare(fields.attributes(event)),
                }
                for event in fields.objects(span, "events")
            ],
            "links": [
                {
                    "trace_id": fields.hex_id(link, "traceId", 32) or "0" * 32,
                    "span_id": fields.hex_id(link, "spanId", 16) or "0" * 16,
                    "attributes": fields.attributes(link),
                }
                for link in fields.objects(span, "links")
            ],
        },
    )


def _missing(key: str) -> str:
    raise ValueError(f"{key} is missing, empty or zero; a span has one")
