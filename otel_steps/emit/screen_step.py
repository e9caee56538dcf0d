"""A screen outside of any action, such as the last one of a task: a step of its own."""

from collections.abc import Mapping

from opentelemetry.trace import Tracer
from opentelemetry.util.types import AttributeValue

from otel_steps.emit.step_span import StepSpan
from otel_steps.emit.task_span import TaskSpan
from otel_steps.pictures.sources import Source


def show_screen(
    tracer: Tracer,
    task: TaskSpan,
    source: Source,
    *,
    known: Mapping[str, AttributeValue] | None = None,
) -> None:
    """
    Record the screen in *source* as what the last step of *task* has led to.

    Args:
        known: What else `said` says of it.
    """
    step = StepSpan(tracer, task, step_type="screenshot", known=known)
    step.show(source)
    step.end()
