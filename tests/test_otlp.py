"""A span of the SDK becomes one OTLP/JSON line that everybody reads, and comes back as it was."""

import base64
import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry import trace
from opentelemetry.exporter.otlp.json.common.trace_encoder import encode_spans
from opentelemetry.proto_json.trace.v1.trace import TracesData
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from otel_steps import semconv
from otel_steps.otlp import from_line, from_sdk, to_line
from otel_steps.otlp.span import Span
from tests import hostile

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
SPAN_ID = "b7ad6b7169203331"
CONTEXT = SpanContext(int(TRACE_ID, 16), int(SPAN_ID, 16), is_remote=False)


def recorded(work: Callable[[trace.Tracer], None], **options: Any) -> list[ReadableSpan]:
    """Return the spans that *work* ends, as the SDK hands them to an exporter."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(
        resource=Resource({"device.id": "emulator-5554", "os.name": "Android"}),
        shutdown_on_exit=False,
        **options,
    )
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    work(provider.get_tracer("otel_steps", "1.2.3"))
    return list(exporter.get_finished_spans())


def ordinary(tracer: trace.Tracer) -> None:
    """Do all that a span can do, with values that need no cleaning."""
    attributes = {
        "text": '打开相机 \u2028 "quoted"',
        "int": 2**62,
        "float": 1.0,
        "bool": False,
        "none": None,
        "list": ["a", "b"],
        "mixed": [1, "a", None, [True]],
        "map": {"a": {"b": [1.5]}, "empty": {}},
        "empty": [],
    }
    with tracer.start_as_current_span("task", kind=SpanKind.SERVER) as task:
        link = Link(task.get_span_context(), {"why": "parent"})
        with tracer.start_as_current_span("step", attributes=attributes, links=[link]) as step:
            step.add_event("noticed", {"what": "popup"}, timestamp=1_700_000_000_000_000_001)
            step.add_event("bare")
            step.set_status(Status(StatusCode.ERROR, "no such app"))
    with tracer.start_as_current_span("fine", kind=SpanKind.CLIENT) as fine:
        fine.set_status(StatusCode.OK)


def hand_made(attributes: Any, **fields: Any) -> ReadableSpan:
    return ReadableSpan("step", CONTEXT, attributes=attributes, resource=Resource({}), **fields)


def line_of(*, span: Mapping[str, Any] | None = None, **scope_spans: Any) -> bytes:
    fields = {"traceId": TRACE_ID, "spanId": SPAN_ID, "name": "step", **(span or {})}
    return json.dumps(
        {"resourceSpans": [{"scopeSpans": [{"spans": [fields], **scope_spans}]}]}
    ).encode()


class TestAgainstTheOfficialCodec:
    def test_official_reader_finds_the_official_message(self) -> None:
        """Our line, read by the official codec, equals what the official encoder writes."""
        for span in recorded(ordinary):
            ours = TracesData.from_dict(json.loads(to_line(from_sdk(span)))).to_dict()
            official = encode_spans([span]).to_dict()

            assert without_flags(official) == without_flags(ours)

    def test_official_message_is_read(self) -> None:
        """A message of the official encoder, several spans at once, is read as `from_sdk` does."""
        spans = recorded(ordinary)

        read = from_line(json.dumps(encode_spans(spans).to_dict()).encode())

        assert [from_sdk(span) for span in spans] == read

    def test_line_comes_back_as_it_was(self) -> None:
        """Writing and reading a span changes nothing."""
        for span in map(from_sdk, recorded(ordinary)):
            assert [span] == from_line(to_line(span))


def without_flags(message: Any) -> Any:
    """Drop what we do not write (flags), and the empty fields that protobuf takes for absent."""
    if isinstance(message, list):
        return [without_flags(item) for item in message]
    if not isinstance(message, dict):
        return message
    fields = {key: without_flags(value) for key, value in message.items() if key != "flags"}
    return {key: value for key, value in fields.items() if value not in ({}, []) or key == "value"}


class TestFromSdk:
    def test_span_is_taken_over(self) -> None:
        """Ids, times, kind, parent, status, resource and scope are those of the span."""
        step, task, _ = recorded(ordinary)

        span = from_sdk(step)

        assert trace.format_trace_id(step.context.trace_id) == span.trace_id
        assert trace.format_span_id(step.context.span_id) == span.span_id
        assert from_sdk(task).span_id == span.parent_span_id
        assert from_sdk(task).parent_span_id is None
        assert (step.start_time, step.end_time) == (
            span.start_time_unix_nano,
            span.end_time_unix_nano,
        )
        assert (span.kind, span.status_code, span.status_message) == (1, 2, "no such app")
        assert span.resource == {"device.id": "emulator-5554", "os.name": "Android"}
        assert (span.scope_name, span.scope_version) == ("otel_steps", "1.2.3")
        assert span.events[0] == {
            "name": "noticed",
            "time_unix_nano": 1_700_000_000_000_000_001,
            "attributes": {"what": "popup"},
        }
        assert span.attributes["mixed"] == [1, "a", None, [True]]
        assert semconv.STEP_CLEANED not in span.attributes

    def test_open_span_has_no_end(self) -> None:
        """A span in flight has the end time 0, and is open."""
        seen: list[Span] = []

        def work(tracer: trace.Tracer) -> None:
            with tracer.start_as_current_span("step") as span:
                span.set_attribute("late", 1)
                seen.append(from_sdk(span))  # type: ignore[arg-type] - the SDK's span is readable

        recorded(work)

        assert seen[0].is_open
        assert seen[0].end_time_unix_nano == 0
        assert seen[0].attributes == {"late": 1}

    def test_attributes_may_be_set_meanwhile(self) -> None:
        """Reading a span that another thread is writing to never fails or loses what was there."""

        def work(tracer: trace.Tracer) -> None:
            with tracer.start_as_current_span("step", attributes={"first": 1}) as span:
                done = threading.Event()

                def write() -> None:
                    for number in range(20_000):
                        span.set_attribute(f"key{number % 50}", number)
                    done.set()

                thread = threading.Thread(target=write)
                thread.start()
                while not done.is_set():
                    assert from_sdk(span).attributes["first"] == 1  # type: ignore[arg-type]
                thread.join()

        recorded(work)

    def test_cleaned_span_is_marked(self) -> None:
        """Where something could not be kept as it was, the span says so."""
        span = from_sdk(hand_made({"text": "a\0b", "fine": 1}))

        assert span.attributes == {"text": "a\ufffdb", "fine": 1, semconv.STEP_CLEANED: True}

    def test_attributes_dropped_by_the_sdk_are_marked(self) -> None:
        """A span whose attributes the SDK's own limit has dropped is marked, too."""

        def work(tracer: trace.Tracer) -> None:
            tracer.start_span("step", attributes={"a": 1, "b": 2}).end()

        with_limit = recorded(work, span_limits=SpanLimits(max_span_attributes=1))

        assert from_sdk(with_limit[0]).attributes[semconv.STEP_CLEANED] is True

    def test_unreadable_attributes_do_not_cost_the_span(self) -> None:
        """A mapping that raises leaves a mark; the span is recorded."""
        span = from_sdk(hand_made(hostile.RaisingMapping()))

        assert "unreadable" in span.attributes["otel_steps.unreadable"]
        assert [span] == from_line(to_line(span))

    def test_bare_span_is_taken(self) -> None:
        """A span without attributes, scope, name or times is recorded."""
        span = from_sdk(ReadableSpan(None, CONTEXT, resource=Resource({})))  # type: ignore[arg-type]

        assert (span.name, span.scope_name, span.scope_version) == ("", "", "")
        assert [span] == from_line(to_line(span))

    def test_odd_name_becomes_text(self) -> None:
        """A name that is no text is written as JSON."""
        assert from_sdk(ReadableSpan(7, CONTEXT, resource=Resource({}))).name == "7"  # type: ignore[arg-type]

    @pytest.mark.parametrize(("start", "end"), [(-5, -1), (2**70, 2**71), (5, 0)])
    def test_wrong_clock_stays_within_otlp(self, start: int, end: int) -> None:
        """Times that OTLP cannot hold are clamped, and an ended span never looks open."""
        span = from_sdk(hand_made({}, start_time=start, end_time=end))

        assert not span.is_open
        assert 0 <= span.start_time_unix_nano < 2**64
        assert 0 < span.end_time_unix_nano < 2**64
        assert [span] == from_line(to_line(span))

    def test_span_without_identity_is_refused(self) -> None:
        """A span without a context cannot be told from others."""
        with pytest.raises(ValueError, match="'x' has no context"):
            from_sdk(ReadableSpan("x", resource=Resource({})))

    @pytest.mark.parametrize(("huge_count", "has_events"), [(2, True), (100, False)])
    def test_huge_span_stays_within_limits(self, huge_count: int, has_events: bool) -> None:
        """Attributes and events of many megabytes become one line of bounded size."""
        attributes = {f"key{i}": "x" * 2**20 for i in range(huge_count)}

        def work(tracer: trace.Tracer) -> None:
            with tracer.start_as_current_span("step", attributes=attributes) as span:
                for _ in range(100):
                    span.add_event("e", {"n" * 600 + str(i): "y" * 300 for i in range(60)})

        span = from_sdk(recorded(work)[0])
        line = to_line(span)

        assert len(line) < 5 * 2**20
        assert span.attributes[semconv.STEP_CLEANED] is True
        assert len(span.events) < 100
        assert bool(span.events) == has_events
        assert [span] == from_line(line)

    def test_span_at_the_limit_is_cut_once(self) -> None:
        """What was cut on the way to disk is not cut again on the way back."""
        nested = {str(i): {str(j): "x" * 200 for j in range(200)} for i in range(200)}

        span = from_sdk(hand_made({"nested": nested, "last": [nested, 1, 2]}))

        assert span.attributes[semconv.STEP_CLEANED] is True
        assert [span] == from_line(to_line(span))


class TestToLine:
    def test_line_is_one_otlp_json_object(self) -> None:
        """A line is one span, ids in hex, 64-bit numbers as text, enums as numbers."""
        line = to_line(from_sdk(recorded(ordinary)[0]))
        data = json.loads(line)
        span = data["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
        values = {pair["key"]: pair["value"] for pair in span["attributes"]}

        assert line.count(b"\n") == 1
        assert line.endswith(b"\n")
        assert span["kind"] == 1
        assert span["status"] == {"code": 2, "message": "no such app"}
        assert isinstance(span["startTimeUnixNano"], str)
        assert values["int"] == {"intValue": str(2**62)}
        assert values["float"] == {"doubleValue": 1.0}
        assert values["none"] == {}
        assert "打开相机".encode() in line

    def test_line_says_its_schema(self) -> None:
        """A line carries the number of our schema where readers of OTLP do not look."""
        line = to_line(from_sdk(hand_made({})))

        assert json.loads(line)["otelSteps"] == {"schema": semconv.SCHEMA_VERSION}

    def test_each_resource_is_written(self) -> None:
        """Spans of two resources in turn keep each its own."""
        spans = [replace(from_sdk(hand_made({})), resource={"device.id": name}) for name in "abab"]

        lines = [to_line(span) for span in spans]

        assert [from_line(line)[0].resource["device.id"] for line in lines] == list("abab")

    @pytest.mark.parametrize("value", [object(), float("nan")])
    def test_unclean_value_is_refused(self, value: Any) -> None:
        """What is no JSON does not reach the journal in silence."""
        with pytest.raises(ValueError, match="JSON"):
            to_line(
                Span(
                    trace_id=TRACE_ID,
                    span_id=SPAN_ID,
                    name="",
                    start_time_unix_nano=0,
                    attributes={"a": value},
                )
            )


class TestFromLine:
    def test_all_that_the_specification_allows_is_read(self) -> None:
        """Enums by name, numbers as text or not, bytes, NaN, null, upper case, unknown fields."""
        values: list[tuple[Any, Any]] = [
            ({"intValue": "5"}, 5),
            ({"intValue": 5}, 5),
            ({"intValue": 5.0}, 5),
            ({"intValue": str(2**64)}, str(2**64)),
            ({"doubleValue": 1}, 1.0),
            ({"doubleValue": "2.5"}, 2.5),
            ({"doubleValue": "NaN"}, "NaN"),
            ({"doubleValue": "-Infinity"}, "-Infinity"),
            ({"boolValue": True}, True),
            ({"bytesValue": base64.b64encode(b"\0").decode()}, "AA=="),
            ({"stringValue": "\0"}, "\ufffd"),
            ({"stringValue": None}, None),
            ({"someDayValue": 1}, None),
            ({}, None),
            (None, None),
            ({"arrayValue": {"values": [{"intValue": 1}, {}]}}, [1, None]),
            ({"arrayValue": {}}, []),
            ({"kvlistValue": {"values": [{"key": "a", "value": {"intValue": 1}}]}}, {"a": 1}),
        ]
        line = line_of(
            span={
                "traceId": TRACE_ID.upper(),
                "parentSpanId": "",
                "kind": "SPAN_KIND_CLIENT",
                "startTimeUnixNano": 7,
                "endTimeUnixNano": "9",
                "status": {"code": "STATUS_CODE_ERROR"},
                "attributes": [
                    {"key": str(i), "value": value} for i, (value, _) in enumerate(values)
                ],
                "someDay": {"unknown": True},
                "events": None,
            },
            scope={"name": "s", "attributes": []},
        )

        [span] = from_line(line)

        assert {str(i): want for i, (_, want) in enumerate(values)} | {
            semconv.STEP_CLEANED: True
        } == span.attributes
        assert (span.trace_id, span.parent_span_id) == (TRACE_ID, None)
        assert (span.kind, span.status_code) == (3, 2)
        assert (span.start_time_unix_nano, span.end_time_unix_nano) == (7, 9)
        assert (span.scope_name, span.scope_version) == ("s", "")

    def test_several_spans_in_a_line_are_read(self) -> None:
        """Each span of each scope of each resource is returned, with its own resource."""

        def resource(name: str) -> dict[str, Any]:
            pair = {"key": "device.id", "value": {"stringValue": name}}
            spans = [{"traceId": TRACE_ID, "spanId": SPAN_ID}] * 2
            return {"resource": {"attributes": [pair]}, "scopeSpans": [{"spans": spans}] * 2}

        message = {"resourceSpans": [resource("a"), resource("b"), {}]}

        spans = from_line(json.dumps(message).encode())

        assert [span.resource["device.id"] for span in spans] == list("aaaabbbb")

    def test_newer_schema_is_read(self) -> None:
        """A line of a later version of this project is read as far as it is known."""
        newer = json.loads(line_of()) | {"otelSteps": {"schema": 99, "more": []}}

        assert len(from_line(json.dumps(newer).encode())) == 1

    def test_empty_message_holds_no_spans(self) -> None:
        """A message without spans is read, and holds none."""
        assert from_line(b'{"resourceSpans":[]}') == []

    def test_link_without_a_target_is_kept(self) -> None:
        """A link may point to nothing; the SDK allows it where it has attributes."""
        nothing = SpanContext(0, 0, is_remote=False, trace_flags=TraceFlags(0))
        span = from_sdk(hand_made({}, links=[Link(nothing, {"a": 1})]))

        assert [span] == from_line(to_line(span))

    @pytest.mark.parametrize(
        ("line", "message"),
        [
            (b"", "Expecting value"),
            (b"\xff\xfe\xff", "decode"),
            (b"\0" * 4096, "Expecting value"),
            (b"[]", "no resourceSpans"),
            (b'{"resourceLogs":[]}', "no resourceSpans"),
            (b"[" * 100_000, "nested too deep"),
            (b'{"resourceSpans":{}}', "resourceSpans is {}, expected a list of objects"),
            (b'{"resourceSpans":[1]}', "resourceSpans is"),
            (line_of(scope="x"), "scope is 'x', expected an object"),
            (line_of(span={"traceId": None}), "traceId is missing"),
            (line_of(span={"traceId": "0" * 32}), "traceId is missing, empty or zero"),
            (line_of(span={"traceId": "abc"}), "traceId is 'abc', expected 32 hex digits"),
            (line_of(span={"spanId": "x" * 16}), "spanId is"),
            (line_of(span={"spanId": "xyz" * 100_000}), "spanId is"),
            (line_of(span={"parentSpanId": 5}), "parentSpanId is 5, expected a string"),
            (line_of(span={"name": ["a"]}), "name is"),
            (line_of(span={"kind": "SPAN_KIND_ODD"}), "kind is 'SPAN_KIND_ODD'"),
            (line_of(span={"startTimeUnixNano": "soon"}), "startTimeUnixNano is 'soon'"),
            (line_of(span={"endTimeUnixNano": 1.5}), "endTimeUnixNano is 1.5"),
            (line_of(span={"endTimeUnixNano": []}), "endTimeUnixNano is"),
            (line_of(span={"links": [{"traceId": "1"}]}), "traceId is '1'"),
            (line_of(span={"attributes": [{"key": 1}]}), "key is 1, expected a string"),
            (
                line_of(span={"attributes": [{"key": "a", "value": {"boolValue": "yes"}}]}),
                "boolValue is 'yes'",
            ),
            (
                line_of(span={"attributes": [{"key": "a", "value": {"doubleValue": "x"}}]}),
                "doubleValue is 'x'",
            ),
        ],
        ids=lambda value: str(value[:30]),
    )
    def test_garbage_is_refused_by_name(self, line: bytes, message: str) -> None:
        """A line that is no OTLP/JSON raises ValueError that says, briefly, what is wrong."""
        with pytest.raises(ValueError, match=re.escape(message)) as caught:
            from_line(line)

        assert len(str(caught.value)) < 200

    def test_deep_value_is_refused_or_read(self) -> None:
        """Values nested deep are read and cut; nested beyond reason, refused by name."""
        # In between, it depends on the version of Python how deep its parser goes.
        for levels in (10, 100, 10_000):
            value = '{"arrayValue":{"values":[' * levels + "{}" + "]}}" * levels
            line = line_of(span={"attributes": "@"}).replace(
                b'"@"', b'[{"key":"a","value":' + value.encode() + b"}]"
            )
            if levels <= 100:
                assert len(from_line(line)) == 1
            else:
                with pytest.raises(ValueError, match="nested too deep"):
                    from_line(line)

    @given(st.data())
    def test_damaged_line_never_surprises(self, data: st.DataObject) -> None:
        """A line with some bytes replaced is read or refused with ValueError."""
        line = bytearray(line_of(span={"attributes": [{"key": "a", "value": {"intValue": "1"}}]}))
        for position in data.draw(st.lists(st.integers(0, len(line) - 1), max_size=4)):
            line[position] = data.draw(st.integers(0, 255))
        try:
            for span in from_line(bytes(line)):
                to_line(span)
        except ValueError:
            pass

    json_values = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | hostile.texts,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["values", "key", "value", "attributes", "stringValue", "x"]), inner
            )
        ),
        max_leaves=10,
    )

    @given(
        st.dictionaries(
            st.sampled_from(
                [
                    "traceId",
                    "spanId",
                    "parentSpanId",
                    "name",
                    "kind",
                    "startTimeUnixNano",
                    "endTimeUnixNano",
                    "attributes",
                    "events",
                    "links",
                    "status",
                ]
            ),
            json_values,
            max_size=3,
        )
    )
    def test_any_field_may_be_anything(self, span: dict[str, Any]) -> None:
        """Fields of any type are read into a clean span or refused with ValueError."""
        try:
            [read] = from_line(line_of(span=span))
        except ValueError:
            return

        assert [read] == from_line(to_line(read))


class TestAnyAttributes:
    @given(st.dictionaries(hostile.texts, hostile.values, max_size=5), hostile.clean_values)
    def test_hostile_attributes_pass_and_siblings_stay(
        self, attributes: dict[str, Any], sibling: Any
    ) -> None:
        """Whatever one attribute holds, the span is written and read; the others stay exact."""
        span = from_sdk(hand_made({**attributes, "a sibling": sibling}))

        line = to_line(span)

        assert [span] == from_line(line)
        assert span.attributes["a sibling"] == sibling

    @given(st.dictionaries(hostile.texts.filter(bool), hostile.values, max_size=5))
    def test_attributes_through_the_sdk_pass(self, attributes: dict[str, Any]) -> None:
        """The same with a span of a real tracer, as far as the SDK itself takes the values."""

        def work(tracer: trace.Tracer) -> None:
            span = tracer.start_span("step", attributes={"a sibling": "kept"})
            for key, value in attributes.items():
                if type(value) not in (hostile.RaisingClass, hostile.RaisingText):
                    try:
                        span.set_attribute(key, value)
                        span.add_event(key, {key: value})
                    except (RuntimeError, RecursionError, ValueError):
                        span.set_attribute(key, "the SDK itself raised")
            span.end()

        for readable in recorded(work):
            span = from_sdk(readable)

            assert [span] == from_line(to_line(span))
            assert span.attributes["a sibling"] == "kept"
