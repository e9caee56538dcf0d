"""Spans whose end nobody has recorded, closed in their place. Pure."""

from dataclasses import replace
from typing import Final

from otel_steps import semconv
from otel_steps.otlp.span import Span
from otel_steps.rows.roles import is_step, is_task

INTERRUPTED: Final = "interrupted"
STEP_INTERRUPTED_MESSAGE: Final = "the process ended before the step did"
STEP_END_LOST_MESSAGE: Final = "the end of the step was lost before it could be stored"


def interrupted(span: Span, at_unix_nano: int, message: str = STEP_INTERRUPTED_MESSAGE) -> Span:
    """Return the open *span* closed at that time; *message* says why its own end did not come."""
    attributes = dict(span.attributes)
    if is_step(attributes):
        attributes |= {semconv.STEP_SUCCESS: False, semconv.STEP_ERROR_KIND: INTERRUPTED}
        attributes.setdefault(semconv.STEP_ERROR_MESSAGE, message)
    elif is_task(attributes):
        attributes[semconv.TASK_STATUS] = INTERRUPTED
    # 1 at least: an end of 0 would leave it open.
    end = max(span.start_time_unix_nano, at_unix_nano, 1)
    return replace(span, end_time_unix_nano=end, attributes=attributes)
