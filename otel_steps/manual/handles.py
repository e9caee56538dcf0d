"""What `task()` and `step()` yield: to say what is known only within their blocks."""

from collections.abc import Mapping
from types import FrameType
from typing import Any

from opentelemetry.context import Context

from otel_steps import semconv
from otel_steps.emit import tracing
from otel_steps.emit.content_switch import error_text
from otel_steps.emit.protection import unharmed
from otel_steps.emit.screen_step import show_screen
from otel_steps.emit.span_values import describe_error
from otel_steps.emit.step_attributes import said
from otel_steps.emit.step_span import StepSpan
from otel_steps.emit.task_span import TaskSpan
from otel_steps.pictures.sources import Source
from otel_steps.version import __version__


class TaskHandle:
    """
    What `task()` yields: to say how the task ended, where that is not plain from the block.

    Attributes:
        task_id: The id under which `otel-steps report` finds it.
    """

    def __init__(self, span: TaskSpan) -> None:
        self._span = span
        self.task_id = span.task_id
        self._status: semconv.TaskStatus = "completed"
        self._result: str | None = None
        self._error_message: str | None = None

    def complete(self, result: str | None = None) -> None:
        """Say that the task is done, and with which result."""
        self._status, self._result = "completed", result

    def fail(self, message: str) -> None:
        """Say that the task failed, and why."""
        self._status, self._error_message = "failed", error_text(message)

    def cancel(self, message: str | None = None) -> None:
        """Say that a person stopped the task."""
        self._status = "cancelled"
        self._error_message = None if message is None else error_text(message)

    def show(self, source: Source, *, caption: str | None = None) -> None:
        """
        Record the screen as it is now, such as the last one of a task, between or after its steps.

        It is a step of its own, of type "screenshot" and without an action, so the viewer shows it
        as what the step before it has led to.

        Args:
            source: What `StepHandle.set` takes as a screenshot.
            caption: What it shows.
        """
        with unharmed("record a screen of a task"):
            said_of_it = {} if caption is None else {"caption": caption}
            tracer = tracing.tracer("otel_steps", __version__)
            show_screen(tracer, self._span, source, known=said(data=said_of_it or None))

    def exhaust_steps(self) -> None:
        """Say that the task was given up at its limit of steps."""
        self._status = "max_steps"

    def _begun_in(self, frame: FrameType) -> Context:
        self._span.frame = frame
        return self._span.context

    def _end(self, error: BaseException | None) -> None:
        if error is None:
            self._span.end(self._status, result=self._result, error_message=self._error_message)
        else:
            self._span.end("failed" if isinstance(error, Exception) else "cancelled", error=error)


class StepHandle:
    """
    What `step()` yields: to set what is known later.

    Attributes:
        number: The step's number in its task, from 1.
    """

    def __init__(self, span: StepSpan, alone: TaskSpan | None = None) -> None:
        self._span = span
        self._alone = alone  # the task of this step only
        self.number = span.number

    def set(
        self,
        *,
        thinking: str | None = None,
        action: Any = None,
        action_result: Any = None,
        screenshot: Source | None = None,
        step_data: Any = None,
        app: str | None = None,
        coordinates: str | None = None,
        finished: bool | None = None,
        input_tokens: int | None = None,
        output_tokens: int | None = None,
        cached_tokens: int | None = None,
        attributes: Mapping[str, Any] | None = None,
    ) -> None:
        """
        Set what is given; it survives a crash from here on.

        A picture does so some milliseconds later, since it is hashed beside the agent: at the
        latest when the next call returns or the step ends.

        Args:
            thinking: The model's reasoning.
            action: The action as the model asked for it, any JSON value.
            action_result: What came of it, any JSON value.
            screenshot: A PNG, JPEG, WebP or GIF: as bytes or another buffer, base64, a data URL, a
                path or an open file; an image of Pillow; or an object that holds one of these as
                `base64_data`, as the agents' own screenshots do. What cannot be read is noted in
                the step, which goes on without it.
            step_data: Whatever else is worth keeping, any JSON value.
            app: The app in front.
            coordinates: What the places of the action count in: "pixel" of the screenshot,
                "permille" (0 to 1000 of its sides) or "unit" (0 to 1 of them). Without it the shape
                of the action tells, or its numbers do, and the viewer marks that as a guess.
            finished: Whether this step ends the task.
            input_tokens, output_tokens: What the step has used of its model in all.
            cached_tokens: Those of the input that the provider had in its cache.
            attributes: Further span attributes, such as `gen_ai.request.model` of a step that asks
                another model than its task.
        """
        self._span.await_picture()
        if screenshot is not None:
            with unharmed("record the screenshot of a step"):
                self._span.show(screenshot)
        with unharmed("record what is known of a step"):
            self._span.tell(
                thinking=thinking,
                action=action,
                action_result=action_result,
                data=step_data,
                app=app,
                coordinates=coordinates,
                finished=_truth_of(finished),
                input_tokens=input_tokens,
                output_tokens=output_tokens,
                cached_tokens=cached_tokens,
            )
        if attributes is not None:
            with unharmed("record the attributes of a step"):
                self._span.set_attributes(attributes)
        self._span.changed()

    def add_picture(
        self, source: Source, *, role: semconv.PictureRole = "after", caption: str | None = None
    ) -> None:
        """
        Add a picture beside the one before the action, as durable as that one; at most 16 are kept.

        Args:
            source: What `set` takes as a screenshot.
            role: "after" the action, one more "before" it, a "crop", or one "marked" with a
                person's or a program's drawing.
            caption: What it shows.
        """
        self._span.await_picture()
        with unharmed("record a picture of a step"):
            self._span.add_picture(source, role=role, caption=caption)
        self._span.changed()

    def fail(self, message: str, *, error_kind: semconv.ErrorKind = "action_error") -> None:
        """Say that the step failed, and why; the first reason stays."""
        with unharmed("record the failure of a step"):
            self._span.fail(error_kind, error_text(message))

    def _begun_in(self, frame: FrameType) -> Context:
        return self._span.context

    def _end(self, error: BaseException | None) -> None:
        if error is not None:
            kind: semconv.ErrorKind = (
                "action_error" if isinstance(error, Exception) else "interrupted"
            )
            self._span.fail(kind, describe_error(error), error=error)
        self._span.end()
        if self._alone is not None:
            self._end_alone(self._alone, error)

    def _end_alone(self, task: TaskSpan, error: BaseException | None) -> None:
        if self._span.success:
            task.end("completed")
        else:
            is_stop = error is not None and not isinstance(error, Exception)
            message = self._span.error_message
            task.end("cancelled" if is_stop else "failed", error_message=message, error=error)


def _truth_of(value: object) -> bool | None:
    with unharmed("record whether a step is finished"):
        return None if value is None else bool(value)
    return None
