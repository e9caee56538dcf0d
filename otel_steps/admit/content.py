"""
The content switch: what may be kept of a span that says more than the settings allow. Pure.

`task_span` and `step_span` set nothing that is switched off, so that no other backend has it
either. What others say, and what a caller sets past that, is told from the facts here (see `facts`,
the table).
"""

import contextlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from otel_steps import semconv
from otel_steps.admit.facts import fact, facts, name, part_of
from otel_steps.config import CONTENT_PARTS, TEXT_PARTS, ScreenshotMode
from otel_steps.otlp.span import Span
from otel_steps.sanitize import masked, scrub

NOT_CAPTURED: Final = "not captured"

_STATUS_ERROR: Final = 2
_EXCEPTION: Final = "exception"
_MESSAGES: Final = (
    *(semconv.STEP_ERROR_MESSAGE, semconv.TASK_ERROR_MESSAGE, semconv.SCREENSHOT_ERROR),
    *("exception.message", "error.message"),
)
_STACK_TRACE: Final = "exception.stacktrace"
# Attributes that others may have put a secret into, with the message of an error.
ERROR_TEXTS: Final = (*_MESSAGES, _STACK_TRACE)


def captured(span: Span, parts: frozenset[str], *, is_own: bool) -> Span:
    """
    Return *span* with the *parts* of the content alone.

    What may hold several parts stays only where all of them are captured. Of an exception the class
    stays, of a name what is known of it.

    Args:
        is_own: Whether the span is a task or a step of ours by its own word.
    """
    if not parts >= TEXT_PARTS:
        return reduced(span, parts, is_own=is_own, reason=NOT_CAPTURED)
    return span if parts >= CONTENT_PARTS else without_picture(span)


def reduced(span: Span, parts: frozenset[str], *, is_own: bool, reason: str) -> Span:
    """Return the facts of *span* and those *parts*; errors say their class, and *reason*."""
    kept = {
        key: kept
        for key, value in span.attributes.items()
        if (kept := _kept(key, value, span, parts, is_own, reason)) is not None
    }
    if "action" not in parts and _is_named_by_itself(span.attributes):
        kept.pop(semconv.STEP_ACTION_NAME, None)
    known_name = name(span.name, kept, span.scope_name)
    if semconv.STEP_ACTION_NAME in kept and kept[semconv.STEP_ACTION_NAME] == span.name:
        kept[semconv.STEP_ACTION_NAME] = known_name  # that of a tool that has no other
    return replace(
        span,
        name=known_name,
        attributes=kept,
        events=[
            {**event, "attributes": facts(event["attributes"])}
            for event in span.events
            if event["name"] == _EXCEPTION
        ],
        links=[{**link, "attributes": facts(link["attributes"])} for link in span.links],
        status_message=withheld(span.attributes, reason) if span.status_message else "",
    )


def _is_named_by_itself(attributes: Mapping[str, Any]) -> bool:
    """Tell whether the action is a mere text, and its name the beginning of that."""
    action, name = attributes.get(semconv.STEP_ACTION), attributes.get(semconv.STEP_ACTION_NAME)
    if not isinstance(action, str) or not isinstance(name, str):
        return False
    with contextlib.suppress(ValueError, RecursionError):
        action = json.loads(action)
    return isinstance(action, str) and action.startswith(name)


def _kept(
    key: str, value: Any, span: Span, parts: frozenset[str], is_own: bool, reason: str
) -> Any:
    part = part_of(key, is_own=is_own)
    if part == "":
        return fact(key, value)
    if part == "error":
        return withheld(span.attributes, reason)
    return value if part in parts else None


def withheld(attributes: Mapping[str, Any], reason: str) -> str:
    """Return what stands in place of the text of an error: its class, if known, and *reason*."""
    kind = attributes.get(semconv.ERROR_TYPE) or attributes.get(semconv.STEP_ERROR_KIND)
    is_class = isinstance(kind, str) and kind == fact(semconv.ERROR_TYPE, kind) and " " not in kind
    return f"{kind} (text {reason})" if is_class else f"text {reason}"


def without_picture(span: Span) -> Span:
    """Return *span* without what it says of pictures."""
    kept = {
        key: value
        for key, value in span.attributes.items()
        if not key.startswith(semconv.SCREENSHOT_PREFIX)
        and key not in (semconv.PICTURES, semconv.SPAN_PICTURES)
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
    """Return *span* with secrets in its error messages and in its exceptions masked."""
    attributes, events = _scrubbed(span.attributes), span.events
    if events:
        events = [{**each, "attributes": _scrubbed(each["attributes"])} for each in events]
    if attributes is span.attributes and not events and not span.status_message:
        return span
    return replace(
        span, attributes=attributes, events=events, status_message=scrub(span.status_message)
    )


def _scrubbed(attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    changed = {
        key: scrub(value) for key in _MESSAGES if isinstance(value := attributes.get(key), str)
    }
    if isinstance(trace := attributes.get(_STACK_TRACE), str):
        changed[_STACK_TRACE] = masked(trace)
    return {**attributes, **changed} if changed else attributes
