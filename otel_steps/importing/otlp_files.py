"""
Spans in files: OTLP in JSON, in JSON Lines and in protobuf, from whoever has written them.

That is the Collector's file exporter, another host's journal, our own `export --format otlp`, or
any body of a request. What stands in a span is cleaned as it is when it comes over the network;
what it says of pictures stays, for they may lie beside the file.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from otel_steps.importing.item import Found, Refused
from otel_steps.importing.opened import (
    MAX_DOCUMENT_BYTES,
    MAX_LINE_BYTES,
    READ_ERRORS,
    document,
    lines,
    opened,
    parsed,
    reason_of,
)
from otel_steps.importing.portions import NewPictures, Portions
from otel_steps.journal.in_flight import read_states
from otel_steps.otlp import framing, protobuf
from otel_steps.otlp.message import raw_spans
from otel_steps.otlp.raw import RawSpan
from otel_steps.sanitize import MAX_READ_BYTES

_Raws = Iterator[RawSpan | ValueError]

# As many lines that cannot be read, and none that can, are no lines.
_MAX_BAD_BEGINNING: Final = 20
_OTHER_SIGNALS: Final = {"resourceLogs": "logs", "resourceMetrics": "metrics"}


def read_json(path: Path, new_pictures: NewPictures) -> Iterator[Found]:
    """Return the spans of a file of OTLP/JSON messages, one a line or one over many."""
    yield from _told(_json_messages(path), Portions(path, new_pictures))


def read_protobuf(path: Path, new_pictures: NewPictures) -> Iterator[Found]:
    """Return the spans of a file of OTLP messages in protobuf, with or without their sizes."""
    yield from _told(_protobuf_messages(path), Portions(path, new_pictures))


def read_in_flight(path: Path, new_pictures: NewPictures) -> Iterator[Found]:
    """Return what a process had begun when it ended: spans that nobody can end any more."""
    at = path.stat().st_mtime_ns
    yield from _told(_in_flight(path), Portions(path, new_pictures, close_at=at))


# --- Messages: where each stands, and what it says


def _json_messages(path: Path) -> Iterator[tuple[str, _Raws | ValueError]]:
    bad: list[tuple[str, ValueError]] = []
    has_good = False
    with opened(path) as file:
        for number, line in lines(file, max_bytes=MAX_LINE_BYTES):
            where = f"{path}, line {number}"
            message = _parsed(line)
            if isinstance(message, ValueError):
                if has_good:
                    yield where, message
                    continue
                bad.append((where, message))
                if len(bad) >= _MAX_BAD_BEGINNING:
                    break
                continue
            has_good = True
            yield from bad
            bad.clear()
            yield where, message
    if bad and not has_good:
        yield from _as_document(path, bad)


def _as_document(
    path: Path, bad: list[tuple[str, ValueError]]
) -> Iterator[tuple[str, _Raws | ValueError]]:
    """Return what a file says of which no line can be read: one message that takes all of them."""
    if len(bad) == 1:
        yield bad[0]
        return
    try:
        yield str(path), _raws(document(path))
    except ValueError as error:
        yield str(path), error


def _parsed(line: bytes) -> _Raws | ValueError:
    if len(line) >= MAX_LINE_BYTES and not line.endswith(b"\n"):
        return ValueError(f"longer than {MAX_LINE_BYTES} bytes")
    try:
        return _raws(parsed(line))
    except ValueError as error:
        return error


def _raws(data: Any) -> _Raws:
    """
    Return what a JSON value says of spans.

    Raises:
        ValueError: It is no message of spans.
    """
    if isinstance(data, list) and all(isinstance(each, dict) for each in data):
        return (raw for each in data for raw in _raws(each))
    if not isinstance(data, dict):
        raise ValueError(f"not an OTLP message of spans: a {type(data).__name__}")
    data = _as_message(data)
    # Others than spans may stand in the same file.
    for key, signal in _OTHER_SIGNALS.items():
        if key in data and "resourceSpans" not in data:
            raise ValueError(f"a message of {signal}, which are not kept")
    if not any("spans" in key.replace("_", "").lower() for key in data):
        raise ValueError("not an OTLP message of spans: it has no resourceSpans")
    return raw_spans(data, max_bytes=MAX_READ_BYTES)


def _as_message(data: dict[str, Any]) -> dict[str, Any]:
    """Return a message that holds a part of one, or what Grafana Tempo gives in place of one."""
    inner = data.get("trace")
    data = inner if isinstance(inner, dict) else data
    if "resourceSpans" in data:
        return data
    if "batches" in data:
        return {"resourceSpans": data["batches"]}
    return {"resourceSpans": [data]} if "scopeSpans" in data else data


def _protobuf_messages(path: Path) -> Iterator[tuple[str, _Raws | ValueError]]:
    with opened(path) as file:
        how = framing.framing(file.read(2**16))
        file.seek(0)
        if how is None:
            yield str(path), ValueError("not OTLP in protobuf")
            return
        found = framing.messages(file, how, max_bytes=MAX_DOCUMENT_BYTES)
        for number, body in enumerate(found, start=1):
            where = str(path) if how == "whole" else f"{path}, message {number}"
            if isinstance(body, ValueError):
                yield where, body
                continue
            try:
                yield where, protobuf.raw_spans(body, max_bytes=MAX_READ_BYTES)
            except ValueError as error:
                yield where, error


def _in_flight(path: Path) -> Iterator[tuple[str, _Raws | ValueError]]:
    for span_id, line in read_states(path):
        yield f"{path}, span {span_id or '?'}", _parsed(line.content)


def _told(
    messages: Iterator[tuple[str, _Raws | ValueError]], portions: Portions
) -> Iterator[Found]:
    """Yield the spans of *messages* in portions, and whatever of them cannot be read."""
    try:
        for where, raws in messages:
            if isinstance(raws, ValueError):
                yield Refused(where, str(raws))
            else:
                yield from portions.take(where, raws)
    except READ_ERRORS as error:
        yield Refused(str(portions.path), reason_of(error))
    yield from portions.rest()
