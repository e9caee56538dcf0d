"""What is switched off is taken away from spans that say it all the same."""

from typing import Any

import pytest

from otel_steps import capture, semconv
from otel_steps.config import CONTENT_PARTS
from otel_steps.model import Span

ATTRIBUTES = {
    semconv.STEP_NUMBER: 1,
    semconv.STEP_ACTION_NAME: "Tap",
    semconv.STEP_THINKING: "thinking",
    semconv.STEP_ACTION: "action",
    semconv.GEN_AI_TOOL_CALL_ARGUMENTS: "action",
    semconv.STEP_ACTION_RESULT: "result",
    semconv.TASK_RESULT: "result",
    semconv.SCREENSHOT_SHA256: "screenshot",
    semconv.SPAN_PICTURES: ["screenshot"],
    semconv.GEN_AI_OUTPUT_MESSAGES: "mixed",
    "llm.output_messages.0.message.content": "mixed",
}


def span(**facts: Any) -> Span:
    base: dict[str, Any] = {
        "trace_id": "1" * 32,
        "span_id": "2" * 16,
        "name": "step",
        "start_time_unix_nano": 1,
        "attributes": ATTRIBUTES,
        "events": [{"name": "asked", "time_unix_nano": 1, "attributes": {}}],
    }
    return Span(**(base | facts))


def test_every_part_stays_where_all_are_captured() -> None:
    """The default takes nothing away."""
    assert capture.without_parts(span(), CONTENT_PARTS) == span()


@pytest.mark.parametrize("part", ["thinking", "action", "result"])
def test_a_part_that_is_off_goes_and_so_does_what_may_hold_it(part: str) -> None:
    """Messages and events may hold any part: they stay only where all of the text does."""
    kept = capture.without_parts(span(), CONTENT_PARTS - {part})

    gone = {key for key, value in ATTRIBUTES.items() if value in (part, "mixed")}
    assert set(kept.attributes) == set(ATTRIBUTES) - gone
    assert kept.events == ()


def test_without_pictures_the_words_stay() -> None:
    """A message says which picture it was, and nothing more of it."""
    kept = capture.without_parts(span(), CONTENT_PARTS - {"screenshot"})

    gone = {semconv.SCREENSHOT_SHA256, semconv.SPAN_PICTURES}
    assert set(kept.attributes) == set(ATTRIBUTES) - gone
    assert len(kept.events) == 1


def test_without_content_the_facts_stay() -> None:
    """Numbers, names and statuses are no content."""
    kept = capture.without_parts(span(), frozenset())

    assert set(kept.attributes) == {semconv.STEP_NUMBER, semconv.STEP_ACTION_NAME}


def test_every_attribute_of_ours_that_holds_content_belongs_to_a_part() -> None:
    """A key that is added as content cannot be forgotten here."""
    attributes = dict.fromkeys(semconv.CONTENT_ATTRIBUTES, "x")

    kept = capture.without_parts(span(attributes=attributes), frozenset())

    # No part covers what a task is about: without it no list of tasks would be of use.
    assert set(kept.attributes) == {semconv.TASK_DESCRIPTION}


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
        capture.wants_picture(span(attributes=attributes, status_code=status_code), mode) is wanted
    )


def test_secrets_in_messages_are_masked() -> None:
    """In the error message and in the status; a value that is no text stays as it is."""
    leaky = span(
        attributes={semconv.STEP_ERROR_MESSAGE: "token=abc", semconv.TASK_ERROR_MESSAGE: 5},
        status_message="password: hunter2",
    )

    masked = capture.scrubbed(leaky)

    assert masked.attributes == {
        semconv.STEP_ERROR_MESSAGE: "token=***",
        semconv.TASK_ERROR_MESSAGE: 5,
    }
    assert masked.status_message == "password: ***"
