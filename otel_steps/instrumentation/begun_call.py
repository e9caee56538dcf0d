"""A call to a model or a tool that has begun: its span, and who measures it."""

from collections.abc import Callable
from typing import Any

from opentelemetry.trace import Span, Status, StatusCode

from otel_steps import semconv
from otel_steps.emit import measures
from otel_steps.emit.step_span import StepSpan
from otel_steps.emit.stopwatch import Stopwatch


class BegunCall:
    """
    Has the span of a call, which `end` ends.

    Args:
        measure: Called with the span, with the seconds that the call took, and with `error.type`.
    """

    def __init__(self, span: Span, measure: Callable[[Span, float, str | None], None]) -> None:
        self.span = span
        self._measure = measure
        self._error_type: str | None = None

    def fail(self, error_type: str, message: str | None = None) -> None:
        """Say that the call has failed."""
        self._error_type = error_type
        self.span.set_attribute(semconv.ERROR_TYPE, error_type)
        self.span.set_status(Status(StatusCode.ERROR, message))

    def end(self, watch: Stopwatch) -> None:
        """End the span of the call, which has taken as long as *watch* says."""
        ended_ns = watch.now_ns()
        self.span.end(ended_ns)
        self._measure(self.span, (ended_ns - watch.started_ns) / 1e9, self._error_type)


def tool_call(
    step: StepSpan, name: str | None, *, kind: str, attributes: dict[str, Any]
) -> BegunCall:
    """Begin the call of the tool *name*, of the `gen_ai.tool.type` *kind*, in *step*."""
    span = step.child(
        f"{semconv.EXECUTE_TOOL} {name or ''}".rstrip(),
        {
            semconv.GEN_AI_OPERATION_NAME: semconv.EXECUTE_TOOL,
            semconv.GEN_AI_TOOL_NAME: name,
            semconv.GEN_AI_TOOL_TYPE: kind,
            **attributes,
        },
    )
    return BegunCall(
        span,
        lambda span, seconds, error: measures.tool(
            span, seconds, name=name, kind=kind, error=error
        ),
    )
