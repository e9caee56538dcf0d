"""Protobuf and JSON of OTLP say the same, ids included, and bad bytes are told from good ones."""

import base64
import contextlib
import json
from collections.abc import Callable

import pytest
from google.protobuf.json_format import MessageToDict
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.exporter.otlp.json.common.trace_encoder import encode_spans as encode_json
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import (
    AnyValue,
    ArrayValue,
    KeyValue,
    KeyValueList,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.trace import Link, SpanContext, TraceFlags

from otel_steps.otlp import from_message
from otel_steps.otlp.protobuf import partial_success, raw_spans, status
from otel_steps.otlp.raw import all_cleaned, unchanged
from otel_steps.otlp.span import Span as OurSpan
from otel_steps.sanitize import MAX_READ_BYTES
from tests.collecting import AT, span

CONTEXT = SpanContext(0x0AF7651916CD43DD8448EB211C80319C, 0xB7AD6B7169203331, is_remote=True)


def from_protobuf(body: bytes, on_bad: Callable[[ValueError], None] = pytest.fail) -> list[OurSpan]:
    """Return the spans of an export request."""
    raws = raw_spans(body, max_bytes=MAX_READ_BYTES)
    return list(all_cleaned(raws, max_bytes=MAX_READ_BYTES, prepare=unchanged, on_bad=on_bad))


def full_span() -> ReadableSpan:
    """Return a span that has everything."""
    known = span(
        "step 打开",
        {
            "text": "打开相机",
            "int": 2**62,
            "double": 1.5,
            "bool": False,
            "none": None,
            "list": [1, "a", None, [True]],
            "map": {"a": {"b": [1.5]}, "empty": {}},
            "bytes": b"\x00\xff",
            "nan": float("nan"),
        },
        span_id=2,
        parent=1,
        error="no",
    )
    return ReadableSpan(
        known.name,
        context=SpanContext(7, 9, is_remote=False, trace_flags=TraceFlags(1)),
        parent=known.parent,
        resource=known.resource,
        attributes=known.attributes,
        events=[Event("asked", {"a": 1}, AT)],
        links=[Link(CONTEXT, {"why": "b"})],
        kind=known.kind,
        status=known.status,
        start_time=known.start_time,
        end_time=known.end_time,
    )


def test_protobuf_reads_as_json_does() -> None:
    """The same spans, by either encoder of the SDK, are the same to us: ids, links, every type."""
    spans = [full_span(), span("other", span_id=3)]

    from_json = from_message(json.loads(json.dumps(encode_json(spans).to_dict())))

    first, second = from_protobuf(encode_spans(spans).SerializeToString())
    assert [first, second] == list(from_json)
    assert (first.trace_id, first.span_id) == (f"{7:032x}", f"{9:016x}")
    assert first.parent_span_id == f"{1:016x}"
    assert first.links[0]["trace_id"] == f"{CONTEXT.trace_id:032x}"
    assert first.links[0]["span_id"] == f"{CONTEXT.span_id:016x}"


def _pairs(values: st.SearchStrategy[AnyValue]) -> st.SearchStrategy[list[KeyValue]]:
    return st.lists(st.builds(KeyValue, key=st.text(max_size=3), value=values), max_size=3)


_values = st.recursive(
    st.builds(AnyValue)
    | st.builds(AnyValue, string_value=st.text(max_size=5))
    | st.builds(AnyValue, bool_value=st.booleans())
    | st.builds(AnyValue, int_value=st.integers(-(2**63), 2**63 - 1))
    | st.builds(AnyValue, double_value=st.floats())
    | st.builds(AnyValue, bytes_value=st.binary(max_size=5)),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda v: AnyValue(array_value=ArrayValue(values=v)))
        | _pairs(inner).map(lambda v: AnyValue(kvlist_value=KeyValueList(values=v)))
    ),
    max_leaves=8,
)


_spans = st.builds(
    Span,
    trace_id=st.sampled_from([b"", b"\1" * 16, b"\0" * 16, b"\1" * 3]),
    span_id=st.sampled_from([b"", b"\2" * 8]),
    parent_span_id=st.sampled_from([b"", b"\3" * 8]),
    name=st.text(max_size=5),
    kind=st.sampled_from([0, 1, 5, 99]),
    start_time_unix_nano=st.integers(0, 2**64 - 1),
    end_time_unix_nano=st.integers(0, 2**64 - 1),
    attributes=_pairs(_values),
    events=st.lists(st.builds(Span.Event, name=st.text(), attributes=_pairs(_values)), max_size=2),
    links=st.lists(st.builds(Span.Link, trace_id=st.just(b"\4" * 16)), max_size=2),
    status=st.builds(Status, code=st.sampled_from([0, 1, 2, 7]), message=st.text(max_size=3)),
)


@given(_spans, _pairs(_values))
def test_every_field_is_as_protobufs_own_json_has_it(
    span: Span, attributes: list[KeyValue]
) -> None:
    """Whatever a message holds, what is read of it is what Google's own conversion gives."""
    request = ExportTraceServiceRequest()
    resource_spans = request.resource_spans.add()
    resource_spans.resource.attributes.extend(attributes)
    resource_spans.scope_spans.add(spans=[span])
    theirs = MessageToDict(request)
    for known in theirs["resourceSpans"][0]["scopeSpans"][0]["spans"]:
        for holder in (known, *known.get("links", ())):
            ids = [key for key in holder if key.endswith(("Id", "id"))]
            holder |= {key: base64.b64decode(holder[key]).hex() for key in ids}

    bad: list[str] = []
    ours = from_protobuf(request.SerializeToString(), lambda error: bad.append(str(error)))

    their_bad: list[str] = []
    assert ours == list(from_message(theirs, on_bad=lambda error: their_bad.append(str(error))))
    assert bad == their_bad


@given(st.binary(max_size=200))
def test_bytes_that_are_no_request_are_a_value_error(body: bytes) -> None:
    """Whatever comes, it holds spans or is a ValueError."""
    with contextlib.suppress(ValueError):
        from_protobuf(body, lambda error: None)


def test_a_value_that_is_nested_too_deep_is_a_value_error() -> None:
    """Protobuf itself refuses what would overrun a stack."""
    request = ExportTraceServiceRequest()
    value = request.resource_spans.add().resource.attributes.add(key="deep").value
    for _ in range(200):
        value = value.array_value.values.add()
    value.string_value = "x"

    with pytest.raises(ValueError, match="protobuf"):
        from_protobuf(request.SerializeToString())


def test_answers_are_what_clients_read() -> None:
    """A partial success by OTLP's own class; a status by its fields, a code and a message."""
    answer = ExportTraceServiceResponse.FromString(partial_success(3, "no trace id"))

    assert answer.partial_success.rejected_spans == 3
    assert answer.partial_success.error_message == "no trace id"
    # google.rpc.Status has an int32 as field 1 and a string as field 2.
    assert status(14, "later") == b"\x08\x0e\x12\x05later"
