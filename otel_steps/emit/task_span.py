"""
The span of a task, written through the OpenTelemetry API alone.

The one place that knows which attribute holds what when a task is *written*, as `step_span` does
for a step; the instrumentors, `StepTracker`, `task()` and `step()` all go through these (`mapping`
is their counterpart for reading). What `content_switch` leaves out is never set, so that it reaches
no backend at all.
"""

import itertools
import uuid
from collections.abc import Mapping
from functools import partial
from types import FrameType
from typing import Any

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import SpanKind, Status, StatusCode, Tracer

from otel_steps import semconv
from otel_steps.emit import current_task, measures, vocabularies
from otel_steps.emit.content_switch import captures
from otel_steps.emit.span_values import describe_error, error_type, present, text_of
from otel_steps.emit.stopwatch import Stopwatch
from otel_steps.sanitize import scrub, to_json


class TaskSpan:
    """
    The span of one task: `invoke_agent {agent}`.

    Args:
        agent_version: Of the package that the agent comes from.
        context: That it begins in; by default the current one.
        since: When it began; by default now.
        is_named: False for a task that has no other name than its trace.
        steps: How many have been taken already, under the same id.

    Attributes:
        span: The OpenTelemetry span.
        task_id: The task's id.
        context: A context that has the span as its current one, and carries the task.
        outer: The context that it began in.
        frame: Of the block that has begun it, if one has; see `current_task`.
        steps: The highest number of a step that has been opened.
        has_ended: True once it has.
    """

    def __init__(
        self,
        tracer: Tracer,
        description: str | None,
        *,
        agent: str | None,
        agent_version: str | None = None,
        task_id: str | None = None,
        model: str | None = None,
        device_id: str | None = None,
        session: str | None = None,
        os_name: str | None = None,
        config: Mapping[str, Any] | None = None,
        context: Context | None = None,
        since: Stopwatch | None = None,
        is_named: bool = True,
        steps: int = 0,
    ) -> None:
        self.task_id = text_of(task_id) or str(uuid.uuid4())
        self.outer = otel_context.get_current() if context is None else context
        self.frame: FrameType | None = None
        self.steps = steps
        self.has_ended = False
        if not captures("action"):
            description = config = None
        self._watch = since or Stopwatch()
        self._numbers = itertools.count(steps + 1)  # steps may begin on several threads at once
        self._go_on = partial(
            TaskSpan,
            tracer,
            description,
            agent=agent,
            agent_version=agent_version,
            model=model,
            device_id=device_id,
            session=session,
            os_name=os_name,
            config=config,
            context=self.outer,
        )
        agent, description = text_of(agent) or "agent", text_of(description)
        if config is not None and agent_version is not None:
            config = {**config, "agent_version": agent_version}  # which no column has
        settings = to_json(config) if config is not None else "{}"
        attributes = present(
            {
                semconv.GEN_AI_OPERATION_NAME: semconv.INVOKE_AGENT,
                semconv.GEN_AI_AGENT_NAME: agent,
                semconv.GEN_AI_AGENT_VERSION: text_of(agent_version),
                semconv.GEN_AI_CONVERSATION_ID: text_of(session),
                semconv.GEN_AI_REQUEST_MODEL: text_of(model),
                semconv.TASK_ID: self.task_id if is_named else None,
                semconv.TASK_STATUS: "running",
                semconv.TASK_DESCRIPTION: description,
                semconv.DEVICE_ID: text_of(device_id),
                semconv.SESSION_ID: text_of(session),
                semconv.OS_NAME: text_of(os_name),
                semconv.TASK_CONFIG: settings if settings != "{}" else None,
            }
        )
        names = (semconv.GEN_AI_AGENT_NAME, semconv.GEN_AI_REQUEST_MODEL)
        self._measured = {key: attributes[key] for key in names if key in attributes}
        attributes |= vocabularies.asked(description)
        self.span = tracer.start_span(
            f"{semconv.INVOKE_AGENT} {agent}",
            context=self.outer,
            kind=SpanKind.INTERNAL,
            attributes=attributes | vocabularies.kind(attributes),
            start_time=self._watch.started_ns,
        )
        if not is_named:
            self.task_id = trace.format_trace_id(self.span.get_span_context().trace_id)
        self.context = current_task.carried(trace.set_span_in_context(self.span, self.outer), self)

    def count_step(self, number: int | None = None) -> int:
        """Return the number of the next step, or *number* if given; the next one comes after it."""
        if number is None:
            # In one operation: what interrupts this, and opens a step, gets another one.
            number = next(self._numbers)
        else:
            self._numbers = itertools.count(number + 1)
        self.steps = max(number, self.steps)
        return number

    def go_on(self) -> "TaskSpan":
        """Return the span of what is done later for the same task, after this one has ended."""
        return self._go_on(task_id=self.task_id, steps=self.steps)

    def end(
        self,
        status: semconv.TaskStatus,
        *,
        result: str | None = None,
        error_message: str | None = None,
        error: BaseException | None = None,
    ) -> None:
        """End the task as *status*; further calls do nothing."""
        if self.has_ended:
            return
        self.has_ended, self.frame = True, None
        kind = None if status == "completed" else error_type(error) if error else status
        ended_ns = self._watch.now_ns()
        try:
            self._say_how_it_ended(status, text_of(result), text_of(error_message), error)
            if kind is not None:
                self.span.set_attribute(semconv.ERROR_TYPE, kind)
        finally:
            self.span.end(ended_ns)
        seconds = (ended_ns - self._watch.started_ns) / 1e9
        measures.task(self.span, seconds, self._measured, error=kind)

    def _say_how_it_ended(
        self,
        status: semconv.TaskStatus,
        result: str | None,
        error_message: str | None,
        error: BaseException | None,
    ) -> None:
        if error is not None:
            error_message = error_message or describe_error(error)
        self.span.set_attribute(semconv.TASK_STATUS, status)
        if result is not None and captures("result"):
            self.span.set_attribute(semconv.TASK_RESULT, result)
            self.span.set_attributes(vocabularies.answered(result))
        reason = scrub(error_message) if error_message else None
        if reason is not None:
            self.span.set_attribute(semconv.TASK_ERROR_MESSAGE, reason)
        if status != "completed":
            self.span.set_status(Status(StatusCode.ERROR, reason))
