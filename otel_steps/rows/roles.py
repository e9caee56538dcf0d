"""What a span is, told from its attributes: a task, a step or neither. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from otel_steps import semconv
from otel_steps.otlp.span import Span

_OUR_SCOPE: Final = "otel_steps"


def is_step(attributes: Mapping[str, Any]) -> bool:
    """Tell whether a span with *attributes* is a step."""
    return semconv.STEP_NUMBER in attributes or semconv.STEP_TYPE in attributes


def is_task(attributes: Mapping[str, Any]) -> bool:
    """Tell whether a span with *attributes* is a task."""
    if is_step(attributes):
        return False
    is_agent = attributes.get(semconv.GEN_AI_OPERATION_NAME) == semconv.INVOKE_AGENT
    return semconv.TASK_STATUS in attributes or (is_agent and semconv.TASK_ID in attributes)


def is_step_or_task(attributes: Mapping[str, Any]) -> bool:
    """Tell whether a span with *attributes* is one that is recorded for its own sake."""
    return is_step(attributes) or is_task(attributes)


def speaks_for_itself(span: Span) -> bool:
    """Tell whether *span* is a task or a step of ours, or is made by us for the waterfall."""
    return is_step_or_task(span.attributes) or span.scope_name.startswith(_OUR_SCOPE)
