"""What may be written of a span: the table of facts and parts, and what stands in for the rest."""

from typing import Any

import pytest

from otel_steps import semconv
from otel_steps.admit import Admission, content, facts
from otel_steps.config import CONTENT_PARTS, resolve
from otel_steps.health.problems import Problems
from otel_steps.otlp.span import Span
from otel_steps.pictures.inline import LEFT_OUT

ATTRIBUTES = {
    semconv.STEP_NUMBER: 1,
    semconv.STEP_ACTION_NAME: "Tap",
    semconv.STEP_THINKING: "thinking",
    semconv.STEP_ACTION: "action",
    semconv.GEN_AI_TOOL_CALL_ARGUMENTS: "action",
    "mine": "action",
    semconv.STEP_ACTION_RESULT: "result",
    semconv.TASK_RESULT: "result",
    semconv.SCREENSHOT_SHA256: "screenshot",
    semconv.SPAN_PICTURES: ["screenshot"],
    semconv.GEN_AI_OUTPUT_MESSAGES: "text",
    "llm.output_messages.0.message.content": "text",
}


def span(**given: Any) -> Span:
    base: dict[str, Any] = {
        "trace_id": "1" * 32,
        "span_id": "2" * 16,
        "name": "step",
        "start_time_unix_nano": 1,
        "attributes": ATTRIBUTES,
        "events": [{"name": "asked", "time_unix_nano": 1, "attributes": {}}],
    }
    return Span(**(base | given))


def captured(parts: frozenset[str], *, is_own: bool = True, **given: Any) -> Span:
    return content.captured(span(**given), parts, is_own=is_own)


def test_every_part_stays_where_all_are_captured() -> None:
    """The default takes nothing away."""
    assert captured(CONTENT_PARTS) == span()


@pytest.mark.parametrize("part", ["thinking", "action", "result"])
def test_a_part_that_is_off_goes_and_so_does_what_may_hold_it(part: str) -> None:
    """Messages and events may hold any part: they stay only where all of the text does."""
    kept = captured(CONTENT_PARTS - {part})

    gone = {key for key, value in ATTRIBUTES.items() if value in (part, "text")}
    assert set(kept.attributes) == set(ATTRIBUTES) - gone
    assert kept.events == []


def test_without_pictures_the_words_stay() -> None:
    """A message says which picture it was, and nothing more of it."""
    kept = captured(CONTENT_PARTS - {"screenshot"})

    gone = {semconv.SCREENSHOT_SHA256, semconv.SPAN_PICTURES}
    assert set(kept.attributes) == set(ATTRIBUTES) - gone
    assert len(kept.events) == 1


def test_without_content_the_facts_stay() -> None:
    """Numbers, names and statuses are no content."""
    kept = captured(frozenset())

    assert set(kept.attributes) == {semconv.STEP_NUMBER, semconv.STEP_ACTION_NAME}


def test_every_attribute_of_ours_that_holds_content_belongs_to_a_part() -> None:
    """A key that is added as content cannot be forgotten here, the description neither."""
    kept = captured(frozenset(), attributes=dict.fromkeys(semconv.CONTENT_ATTRIBUTES, "x"))

    assert kept.attributes == {}


def test_what_others_set_stays_only_with_all_texts() -> None:
    """Nobody knows what it holds; what the author of a step sets goes with the action."""
    parts = frozenset({"action"})

    assert captured(parts, attributes={"mine": "x"}).attributes == {"mine": "x"}
    assert captured(parts, attributes={"mine": "x"}, is_own=False).attributes == {}


@pytest.mark.parametrize(
    "value", ["x" * 201, "two\nlines", {"a": 1}, [["a"]], ["x" * 201]], ids=range(5)
)
def test_a_fact_that_is_none_is_not_kept(value: Any) -> None:
    """A word that is known to be a fact must look like one; a task keeps its id anyway."""
    given = {"gen_ai.request.model": value, semconv.TASK_ID: value, semconv.STEP_TYPE: value}

    kept = captured(frozenset(), attributes=given).attributes

    assert kept[semconv.TASK_ID] == value
    assert kept["gen_ai.request.model"] == kept[semconv.STEP_TYPE] == "…[not recorded]…"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("chat autoglm", "chat autoglm"),
        ("chat of Bob with his doctor", "chat"),
        ("GET", "GET"),
        ("GET /patients/17", "GET"),
        ("HTTP POST", "HTTP POST"),
        ("Ask Bob's doctor", "library"),
        ("", "library"),
    ],
)
def test_what_is_a_fact_of_a_name(name: str, kept: str) -> None:
    """An operation and what it is done with; else the library that made the span stands in."""
    attributes = {"gen_ai.request.model": "autoglm", "http.request.method": "POST"}

    assert facts.name(name, attributes, "library") == kept


def test_an_exception_keeps_its_class() -> None:
    """Why something failed is told by the class, which no person and no model has written."""
    raised = {"exception.type": "ValueError", "exception.message": "hunter2"}
    attributes = {
        semconv.STEP_NUMBER: 1,
        semconv.ERROR_TYPE: "ValueError",
        semconv.STEP_ERROR_MESSAGE: "hunter2",
    }
    events = [{"name": "exception", "time_unix_nano": 1, "attributes": raised}]

    kept = captured(
        frozenset(), attributes=attributes, events=events, status_code=2, status_message="hunter2"
    )

    assert kept.attributes[semconv.STEP_ERROR_MESSAGE] == "ValueError (text not captured)"
    assert kept.status_message == "ValueError (text not captured)"
    assert [event["attributes"] for event in kept.events] == [{"exception.type": "ValueError"}]


def admit(redact: Any = None, **settings: Any) -> Admission:
    return Admission(resolve({}, **settings), problems=Problems(None), redact=redact)


def test_redact_is_shown_every_text_once() -> None:
    """One callable of two arguments sees the span, its events, its links and its resource."""
    seen: dict[str, dict[str, Any]] = {}

    def redact(name: str, attributes: dict[str, Any]) -> dict[str, Any]:
        assert name not in seen
        seen[name] = attributes
        return attributes

    shown = span(
        attributes={"a": 1},
        events=[{"name": "asked", "time_unix_nano": 1, "attributes": {"b": 2}}],
        links=[{"trace_id": "3" * 32, "span_id": "4" * 16, "attributes": {"c": 3}}],
        status_message="no",
        resource={"d": 4},
    )
    admitted = admit(redact)

    assert admitted(shown) == shown
    assert seen == {
        "step": {"a": 1, semconv.REDACT_NAME: "step", semconv.SPAN_STATUS_MESSAGE: "no"},
        "step/asked": {"b": 2, semconv.REDACT_NAME: "asked"},
        "step/link": {"c": 3},
        "resource": {"d": 4},
    }
    seen.clear()
    admitted(shown)
    assert "resource" not in seen


def test_redact_may_change_every_text() -> None:
    """What it leaves out of names and messages is gone, too."""
    shown = span(
        name="GET /patients/17",
        attributes={"http.request.method": "GET"},
        status_message="no patient 17",
    )

    kept = admit(lambda name, _: {"http.request.method": "GET"} if name else None)(shown)

    assert (kept.name, kept.status_message, kept.attributes) == (
        *("GET", ""),
        {"http.request.method": "GET"},
    )
    assert [event["name"] for event in kept.events] == ["redacted"]


def test_pictures_that_are_not_kept_leave_no_trace() -> None:
    """Neither whole nor cut, in whatever shape; the text around them stays."""
    png = "iVBORw0KGgo" + "A" * 200
    heic = '{"mime_type": "image/heic", "content": "AAAAGGZ0eXBoZWlj"}'
    given = {
        "a": f"see {png}!",
        "b": [b"x", png],
        "c": heic,
        "d": "data:image/heic;base64,AAAAGGZ0!",
    }

    assert admit(screenshots="off").pictures().take_out(given) == {
        "a": f"see {LEFT_OUT}!",
        "b": [LEFT_OUT, LEFT_OUT],
        "c": heic.replace("AAAAGGZ0eXBoZWlj", LEFT_OUT),
        "d": f"{LEFT_OUT}!",
    }


@pytest.mark.parametrize(
    ("mode", "success", "status_code", "wanted"),
    [
        ("on", True, 0, True),
        ("off", False, 2, False),
        ("on_error", False, 0, True),
        ("on_error", True, 2, False),
        ("on_error", None, 2, True),
        ("on_error", None, 0, False),
    ],
)
def test_which_pictures_are_wanted(
    mode: Any, success: bool | None, status_code: int, wanted: bool
) -> None:
    """Those of failed steps: by the step's own word, else by the status of its span."""
    attributes = {} if success is None else {semconv.STEP_SUCCESS: success}

    assert (
        content.wants_picture(span(attributes=attributes, status_code=status_code), mode) is wanted
    )


def test_secrets_in_messages_are_masked() -> None:
    """In the error message and in the status; a value that is no text stays as it is."""
    leaky = span(
        attributes={semconv.STEP_ERROR_MESSAGE: "token=abc", semconv.TASK_ERROR_MESSAGE: 5},
        status_message="password: hunter2",
    )

    masked = content.scrubbed(leaky)

    assert masked.attributes == {
        semconv.STEP_ERROR_MESSAGE: "token=***",
        semconv.TASK_ERROR_MESSAGE: 5,
    }
    assert masked.status_message == "password: ***"


def test_secrets_in_exceptions_are_masked() -> None:
    """Also in a stack trace, which may be longer than a message."""
    trace = "x" * 5000 + " Bearer sk-0123456789abcdef"
    raised = {"exception.message": "token=abc", "exception.stacktrace": trace}
    leaky = span(events=[{"name": "exception", "time_unix_nano": 1, "attributes": raised}])

    (event,) = content.scrubbed(leaky).events

    assert event["attributes"] == {
        "exception.message": "token=***",
        "exception.stacktrace": "x" * 5000 + " Bearer ***",
    }
