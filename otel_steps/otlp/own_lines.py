"""
Lines of the journal that this version has written, read back at the speed of a decoder in C. Pure.

What was admitted is storable, so it is not cleaned again. A line that says it is ours need not be:
what is not exactly as `lines.to_line` writes it, or might be changed by `sanitize.clean`, is left
to `lines.from_line`, which cleans. For every line `read` returns what that would, or None.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from otel_steps.otlp.span import Span
from otel_steps.sanitize import MAX_ITEMS, MAX_KEY_BYTES, MAX_TEXT_BYTES
from otel_steps.semconv import SCHEMA_VERSION

# How each of them begins: our own field beside `resourceSpans`; a reader of OTLP must ignore what
# it does not know.
HEAD: Final = b'{"otelSteps":{"schema":%d},"resourceSpans":[{"resource":' % SCHEMA_VERSION

# No text holds these bytes: a quotation mark in one has a backslash before it.
_SCOPES: Final = b',"scopeSpans":['
_END: Final = b"]}]}\n"
_END_OF_HEAD: Final = b"}]}"
_TRACE_ID: Final = re.compile(r"(?!0{32})[0-9a-f]{32}")
_SPAN_ID: Final = re.compile(r"(?!0{16})[0-9a-f]{16}")
# UTF-8 has four bytes for a character at most.
_MAX_KEY_CHARS: Final = MAX_KEY_BYTES // 4
_MAX_DEPTH: Final = 16
_MAX_INT64: Final = 2**63
_MAX_NANO: Final = 2**64

# The last head of a line, up to its scope, with the resource in it: a process has one.
_last_head: tuple[bytes, dict[str, Any]] | None = None


class _NotOurs(Exception):
    """Something is not as we write it."""


def read(line: bytes) -> Span | None:
    """Return the span of *line*, or None where it must be cleaned first, or is not ours."""
    # Escapes hide U+0000, and nothing in a line this short is too long.
    if not line.startswith(HEAD) or len(line) > MAX_TEXT_BYTES or b"\\u0000" in line:
        return None
    head, found, tail = line.partition(_SCOPES)
    if not found or not tail.endswith(_END):
        return None
    try:
        return _span(orjson.loads(tail[: -len(_END)]), _resource(head))
    except (_NotOurs, KeyError, TypeError, ValueError, AttributeError):
        return None


def _resource(head: bytes) -> dict[str, Any]:
    global _last_head  # noqa: PLW0603 - read and replaced as a whole: threads need no lock
    last = _last_head
    if last is None or last[0] != head:
        message = orjson.loads(head + _END_OF_HEAD)
        (holder,) = message["resourceSpans"]
        if len(message) != 2 or len(holder) != 1:
            raise _NotOurs  # the scopes may belong to something else
        last = _last_head = (head, _attributes(holder["resource"]["attributes"], 0))
    return last[1]


def _span(scope_spans: Any, resource: dict[str, Any]) -> Span:
    (span,) = scope_spans["spans"]
    scope, status = scope_spans["scope"], span["status"]
    trace_id, span_id, parent = span["traceId"], span["spanId"], span.get("parentSpanId")
    _check_ids(trace_id, span_id)
    if type(status) is not dict or not (parent is None or _SPAN_ID.fullmatch(parent)):
        raise _NotOurs
    return Span(
        trace_id=trace_id,
        span_id=span_id,
        parent_span_id=parent,
        name=_text(span["name"]),
        kind=_enum(span["kind"]),
        start_time_unix_nano=_nanos(span["startTimeUnixNano"]),
        end_time_unix_nano=_nanos(span["endTimeUnixNano"]),
        attributes=_attributes(span["attributes"], 0),
        events=[_event(each) for each in _list(span["events"])] if "events" in span else [],
        links=[_link(each) for each in _list(span["links"])] if "links" in span else [],
        status_code=_enum(status["code"]) if "code" in status else 0,
        status_message=_text(status["message"]) if "message" in status else "",
        resource=resource,
        scope_name=_text(scope["name"]),
        scope_version=_text(scope["version"]),
    )


def _attributes(pairs: Any, depth: int) -> dict[str, Any]:
    result = {}
    for pair in _list(pairs):
        key, holder = pair["key"], pair["value"]
        if type(key) is not str or len(key) > _MAX_KEY_CHARS:
            raise _NotOurs
        # At a glance, and without a call, what nearly every value is.
        value = holder.get("stringValue")
        if type(value) is str and len(holder) == 1:
            result[key] = value
        else:
            result[key] = _value(holder, depth)
    return result


def _value(holder: Mapping[str, Any], depth: int) -> Any:
    if type(holder) is not dict or depth > _MAX_DEPTH:
        raise _NotOurs
    if not holder:
        return None
    ((kind, value),) = holder.items()
    if not _fits(kind, value):
        raise _NotOurs
    if kind == "intValue":
        number = int(value)
        if not -_MAX_INT64 <= number < _MAX_INT64:
            raise _NotOurs
        return number
    if kind == "arrayValue":
        return [_value(each, depth + 1) for each in _list(value["values"])]
    if kind == "kvlistValue":
        return _attributes(value["values"], depth + 1)
    return value


def _fits(kind: str, value: Any) -> bool:
    return type(value) is _TYPES[kind]


_TYPES: Final[Mapping[str, type]] = {
    "stringValue": str,
    "boolValue": bool,
    "intValue": str,
    "doubleValue": float,
    "arrayValue": dict,
    "kvlistValue": dict,
}


def _event(event: Any) -> dict[str, Any]:
    return {
        "name": _text(event["name"]),
        # The time of an event is an attribute to `clean`, which takes 64 bits with a sign.
        "time_unix_nano": _nanos(event["timeUnixNano"], _MAX_INT64),
        "attributes": _attributes(event["attributes"], 0),
    }


def _link(link: Any) -> dict[str, Any]:
    trace_id, span_id = link["traceId"], link["spanId"]
    _check_ids(trace_id, span_id)
    return {
        "trace_id": trace_id,
        "span_id": span_id,
        "attributes": _attributes(link["attributes"], 0),
    }


def _check_ids(trace_id: Any, span_id: Any) -> None:
    if not (_TRACE_ID.fullmatch(trace_id) and _SPAN_ID.fullmatch(span_id)):
        raise _NotOurs


def _list(value: Any) -> Sequence[Any]:
    if type(value) is not list or len(value) > MAX_ITEMS:
        raise _NotOurs
    return value


def _text(value: Any) -> str:
    if type(value) is not str:
        raise _NotOurs
    return value


def _enum(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 2**31:
        raise _NotOurs
    return value


def _nanos(value: Any, limit: int = _MAX_NANO) -> int:
    number = int(_text(value))
    if not 0 <= number < limit:
        raise _NotOurs
    return number
