"""Lines that we have written are read without cleaning, and with the same result as with it."""

import copy
import json
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_steps.otlp import from_line, from_message, own_lines, to_line
from otel_steps.otlp.span import Span
from otel_steps.sanitize import MAX_DEPTH, MAX_ITEMS, MAX_TEXT_BYTES
from tests import hostile

attributes = st.dictionaries(hostile.clean_texts, hostile.clean_values, max_size=4)


@st.composite
def spans(draw: st.DrawFn) -> Span:
    """Return a span that may be written."""
    event = {"name": "e", "time_unix_nano": 2**60, "attributes": draw(attributes)}
    link = {"trace_id": "ab" * 16, "span_id": "cd" * 8, "attributes": draw(attributes)}
    return Span(
        trace_id="ab" * 16,
        span_id="ef" * 8,
        parent_span_id=draw(st.sampled_from([None, "01" * 8])),
        name=draw(hostile.clean_texts),
        kind=draw(st.integers(0, 5)),
        start_time_unix_nano=draw(st.integers(0, 2**64 - 1)),
        end_time_unix_nano=draw(st.integers(0, 2**64 - 1)),
        attributes=draw(attributes),
        events=draw(st.sampled_from([[], [event]])),
        links=draw(st.sampled_from([[], [link, link]])),
        status_code=draw(st.integers(0, 2)),
        status_message=draw(hostile.clean_texts),
        resource=draw(attributes),
        scope_name=draw(hostile.clean_texts),
        scope_version=draw(hostile.clean_texts),
    )


def cleaned(line: bytes) -> list[Span] | None:
    """Return the spans of a line as anybody's are read; None where it has none."""
    try:
        return list(from_message(json.loads(line)))
    except (ValueError, RecursionError, KeyError):
        return None


@given(span=spans())
def test_what_was_written_comes_back_as_it_was(span: Span) -> None:
    """A line of ours gives the span that was written, and so does cleaning it again."""
    line = to_line(span)

    assert [span] == from_line(line) == cleaned(line)


# What may stand where something else belongs.
_ODD: Final = st.sampled_from(
    [
        *(None, True, 0, -1, 3, 1.5, 2**31, 2**64, 2**70, 1e300, float("nan"), float("inf")),
        *("", "x", "code", "0" * 32, "0" * 16, "AB" * 16, "1_0", " 7 ", str(2**63), "-1", "\0"),
        *([], {}, [{}], [[]], {"stringValue": "x"}, {"stringValue": 5}, {"bytesValue": "YQ=="}),
        *({"intValue": 5}, {"doubleValue": "NaN"}, {"doubleValue": 1}, {"boolValue": 1}),
        *({"stringValue": None}, {"stringValue": "x", "intValue": "1"}, {"values": []}),
        *({"arrayValue": {}}, {"kvlistValue": {"values": [{"key": "k"}]}}, "k" * 600),
    ]
)


def places_in(value: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the ways to each value inside *value*."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for key, inner in items:
        found.append((*place, key))
        if isinstance(inner, dict | list):
            found += places_in(inner, (*place, key))
    return found


@given(span=spans(), data=st.data())
def test_a_line_that_only_looks_like_ours_is_cleaned(span: Span, data: st.DataObject) -> None:
    """Whatever is odd about a line: it gives what cleaning it gives, or is left to that."""
    message = json.loads(to_line(span))
    for _ in range(data.draw(st.integers(1, 2))):
        *way, last = data.draw(st.sampled_from(places_in(message)))
        holder = message
        for key in way:
            holder = holder[key]
        kind = data.draw(st.sampled_from(["replace", "remove", "repeat", "add"]))
        if kind == "replace":
            holder[last] = copy.deepcopy(data.draw(_ODD))
        elif kind == "remove":
            del holder[last]
        elif isinstance(holder, list):
            holder.append(copy.deepcopy(holder[last]))
        else:
            holder["more"] = copy.deepcopy(data.draw(_ODD))
        if not places_in(message):
            break
    line = json.dumps(message, ensure_ascii=data.draw(st.booleans()), separators=(",", ":"))

    found = own_lines.read(f"{line}\n".encode())

    assert found is None or [found] == cleaned(line.encode())


@given(span=spans(), data=st.data())
def test_a_damaged_line_is_read_as_it_stands(span: Span, data: st.DataObject) -> None:
    """Bytes lost, doubled or changed: what is read is what JSON says, or nothing."""
    line = to_line(span)
    at = data.draw(st.integers(0, len(line)))
    end = data.draw(st.integers(at, min(len(line), at + 40)))
    between = data.draw(st.sampled_from([b"", b"\xff", b'"', b"}", b"]}]}\n", b'{"a":1},', b"\0"]))
    damaged = line[:at] + between + line[at:end] * data.draw(st.integers(0, 2)) + line[end:]

    found = own_lines.read(damaged)

    assert found is None or [found] == cleaned(damaged)


_LINE: Final = to_line(
    Span(
        trace_id="ab" * 16,
        span_id="ef" * 8,
        name="step",
        start_time_unix_nano=1,
        attributes={"k": "v"},
    )
)


@pytest.mark.parametrize(
    "value",
    [
        '{"stringValue":"a\\u0000b"}',
        f'{{"stringValue":"{"x" * MAX_TEXT_BYTES}"}}',
        f'{{"intValue":"{2**63}"}}',
        '{"doubleValue":"NaN"}',
        '{"doubleValue":1e999}',
        '{"stringValue":"\\ud800"}',
        '{"arrayValue":{"values":[' * MAX_DEPTH + "{}" + "]}}" * MAX_DEPTH,
        f'{{"arrayValue":{{"values":[{",".join(["{}"] * (MAX_ITEMS + 1))}]}}}}',
        f'{{"kvlistValue":{{"values":[{{"key":"{"é" * 400}","value":{{}}}}]}}}}',
    ],
    ids=range(9),
)
def test_what_no_store_takes_is_cleaned(value: str) -> None:
    """Our mark on a line does not bring into a store what cleaning keeps out of it."""
    line = _LINE.replace(b'{"stringValue":"v"}', value.encode())

    assert own_lines.read(_LINE) is not None
    assert own_lines.read(line) is None
    assert from_line(line) == cleaned(line)


def test_a_line_of_another_version_is_cleaned() -> None:
    """What another version wrote may have had other limits."""
    assert own_lines.read(_LINE.replace(b'"schema":', b'"schema":9', 1)) is None
