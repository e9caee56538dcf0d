"""
What may be kept of a span that says more than the settings allow. Pure.

Spans that are made in this process never say it (`spans` does not set it); spans that come from
elsewhere do, and their senders need not know of our settings.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from otel_steps import semconv
from otel_steps.config import CONTENT_PARTS, ScreenshotMode
from otel_steps.model import Span
from otel_steps.sanitize import scrub

# Attribute -> the part of the content that it holds.
_PARTS: Final[Mapping[str, str]] = {
    semconv.STEP_THINKING: "thinking",
    semconv.STEP_ACTION: "action",
    semconv.STEP_DATA: "action",
    semconv.STEP_METADATA: "action",
    semconv.GEN_AI_TOOL_CALL_ARGUMENTS: "action",
    semconv.STEP_ACTION_RESULT: "result",
    semconv.TASK_RESULT: "result",
    semconv.GEN_AI_TOOL_CALL_RESULT: "result",
}
# What hold several parts at once, in the words of GenAI's conventions, now and formerly, of
# OpenInference and of OpenLLMetry.
_MIXED: Final = (
    "gen_ai.input.messages",
    "gen_ai.output.messages",
    "gen_ai.system_instructions",
    "gen_ai.prompt",
    "gen_ai.completion",
    "input.",
    "output.",
    "llm.",
    "traceloop.entity.",
)
_STATUS_ERROR: Final = 2
_MESSAGES: Final = (semconv.STEP_ERROR_MESSAGE, semconv.TASK_ERROR_MESSAGE)


def without_parts(span: Span, captured: frozenset[str]) -> Span:
    """
    Return *span* without the parts of the content that are not among *captured*.

    What may hold several parts stays only where all of them are captured.
    """
    if captured >= CONTENT_PARTS:
        return span
    kept = {key: value for key, value in span.attributes.items() if _may_stay(key, captured)}
    span = replace(span, attributes=kept)
    if "screenshot" not in captured:
        span = without_picture(span)
    # An event may hold a whole conversation.
    return span if captured >= CONTENT_PARTS - {"screenshot"} else replace(span, events=())


def _may_stay(key: str, captured: frozenset[str]) -> bool:
    if key.startswith(_MIXED):
        return captured >= CONTENT_PARTS - {"screenshot"}
    return _PARTS.get(key) is None or _PARTS[key] in captured


def without_picture(span: Span) -> Span:
    """Return *span* without what it says of pictures."""
    kept = {
        key: value
        for key, value in span.attributes.items()
        if not key.startswith(semconv.SCREENSHOT_PREFIX) and key != semconv.SPAN_PICTURES
    }
    return replace(span, attributes=kept)


def wants_picture(span: Span, mode: ScreenshotMode) -> bool:
    """Tell whether the picture of *span* is to be kept."""
    if mode == "on_error":
        # A sender need not say both.
        success = span.attributes.get(semconv.STEP_SUCCESS)
        return success is False or (success is None and span.status_code == _STATUS_ERROR)
    return mode == "on"


def scrubbed(span: Span) -> Span:
    """Return *span* with secrets in its error messages masked."""
    messages = {
        key: scrub(value) for key in _MESSAGES if isinstance(value := span.attributes.get(key), str)
    }
    return replace(
        span,
        attributes={**span.attributes, **messages},
        status_message=scrub(span.status_message),
    )
