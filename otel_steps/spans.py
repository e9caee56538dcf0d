"""
Task and step spans, written through the OpenTelemetry API alone.

The one place that knows which attribute holds what when a task or a step is *written*; the
instrumentors, `StepTracker`, `task()` and `step()` all go through it (`mapping` is its counterpart
for reading). What `content_switch` leaves out is never set, so that it reaches no backend at all.
"""

import itertools
import traceback
import uuid
from collections.abc import Callable, Mapping
from functools import partial
from types import FrameType
from typing import Any

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer
from opentelemetry.util.types import AttributeValue

from otel_steps import conventions, current_task, errand, live, semconv
from otel_steps.action import action_name
from otel_steps.content_switch import captures, captures_errors
from otel_steps.errand import Errand
from otel_steps.model import step_id
from otel_steps.pictures.captured import PictureError, describe
from otel_steps.sanitize import clean, scrub, to_json
from otel_steps.stopwatch import Stopwatch


def error_type(error: BaseException) -> str:
    """Return the qualified name of an exception's class, the value of `error.type`."""
    kind = type(error)
    return (
        kind.__qualname__
        if kind.__module__ == "builtins"
        else f"{kind.__module__}.{kind.__qualname__}"
    )


def describe_error(error: BaseException) -> str:
    """Return one line that names an exception and, if captured, its message, secrets masked."""
    if not captures_errors():
        return error_type(error)
    lines = traceback.format_exception_only(type(error), error)
    return scrub("".join(lines).strip() or error_type(error))


def text_of(value: object) -> str | None:
    """Return *value* as a text, whatever it is: OpenTelemetry walks and prints what it is given."""
    if value is None or type(value) is str:
        return value
    cleaned, _ = clean(value)
    return cleaned if isinstance(cleaned, str) else to_json(cleaned)


class TaskSpan:
    """
    The span of one task: `invoke_agent {agent}`.

    Args:
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
        task_id: str | None = None,
        model: str | None = None,
        device_id: str | None = None,
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
            model=model,
            device_id=device_id,
            os_name=os_name,
            config=config,
            context=self.outer,
        )
        agent, description = text_of(agent) or "agent", text_of(description)
        settings = to_json(config) if config is not None else "{}"
        attributes = _present(
            {
                semconv.GEN_AI_OPERATION_NAME: semconv.INVOKE_AGENT,
                semconv.GEN_AI_AGENT_NAME: agent,
                semconv.GEN_AI_REQUEST_MODEL: text_of(model),
                semconv.TASK_ID: self.task_id if is_named else None,
                semconv.TASK_STATUS: "running",
                semconv.TASK_DESCRIPTION: description,
                semconv.DEVICE_ID: text_of(device_id),
                semconv.OS_NAME: text_of(os_name),
                semconv.TASK_CONFIG: settings if settings != "{}" else None,
            }
        )
        attributes |= conventions.asked(description)
        self.span = tracer.start_span(
            f"{semconv.INVOKE_AGENT} {agent}",
            context=self.outer,
            kind=SpanKind.INTERNAL,
            attributes=attributes | conventions.kind(attributes),
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
        try:
            self._say_how_it_ended(status, text_of(result), text_of(error_message), error)
        finally:
            self.span.end(self._watch.now_ns())

    def _say_how_it_ended(
        self,
        status: semconv.TaskStatus,
        result: str | None,
        error_message: str | None,
        error: BaseException | None,
    ) -> None:
        if error is not None:
            error_message = error_message or describe_error(error)
            self.span.set_attribute(semconv.ERROR_TYPE, error_type(error))
        self.span.set_attribute(semconv.TASK_STATUS, status)
        if result is not None and captures("result"):
            self.span.set_attribute(semconv.TASK_RESULT, result)
            self.span.set_attributes(conventions.answered(result))
        reason = scrub(error_message) if error_message else None
        if reason is not None:
            self.span.set_attribute(semconv.TASK_ERROR_MESSAGE, reason)
        if status != "completed":
            self.span.set_status(Status(StatusCode.ERROR, reason))


class StepSpan:
    """
    The span of one step, a child of its task's.

    Attributes are set as they become known; `changed()` tells the recorder that a crash from here
    on must not lose them.

    Attributes:
        span: The OpenTelemetry span.
        number: From 1, counted by the task unless given.
        watch: Tells how long it has taken.
        has_ended: True once it has.
        context: A context that has the span as its current one.
        success: What has been said of it so far: None while nothing is known.
        error_message: Why it failed, if that was said.
        sha256, thumbnail: Of the picture, once `await_picture` has returned; None without one.
    """

    def __init__(
        self,
        tracer: Tracer,
        task: TaskSpan | None,
        *,
        step_type: str = "action",
        number: int | None = None,
        task_id: str | None = None,
        context: Context | None = None,
        since: Stopwatch | None = None,
    ) -> None:
        if task is not None:
            number = task.count_step(number)
            task_id, context = task.task_id, context or task.context
        self.number = number or 1
        self.watch = since or Stopwatch()
        self.has_ended = False
        self.success: bool | None = None
        self.error_message: str | None = None
        self.sha256: str | None = None
        self.thumbnail: str | None = None
        self._identity = _present({semconv.STEP_NUMBER: self.number, semconv.TASK_ID: task_id})
        self.span = tracer.start_span(
            semconv.STEP_SPAN_NAME,
            context=context,
            kind=SpanKind.INTERNAL,
            attributes={
                **self._identity,
                semconv.STEP_TYPE: text_of(step_type) or "action",
                **conventions.kind({}),
            },
            start_time=self.watch.started_ns,
        )
        self.context = trace.set_span_in_context(self.span, context)
        self._tracer = tracer
        # What `set_screenshot` has begun: first the picture gets its name, then it is kept.
        self._named: Errand | None = None
        self._picture: Errand | None = None
        self._data: bytes | None = None

    @property
    def row_id(self) -> str:
        """The id of its row in `task_steps`."""
        ids = self.span.get_span_context()
        return step_id(trace.format_trace_id(ids.trace_id), trace.format_span_id(ids.span_id))

    def child(
        self,
        name: str,
        attributes: Mapping[str, Any] | None = None,
        *,
        kind: SpanKind = SpanKind.INTERNAL,
    ) -> Span:
        """Start a child span of this step, for the waterfall; the caller ends it."""
        known = _present(attributes or {})
        return self._tracer.start_span(
            name, context=self.context, kind=kind, attributes=known | conventions.kind(known)
        )

    def set_type(self, step_type: str) -> None:
        """Set one of `semconv.StepTypeName`; others are stored as they are."""
        self.span.set_attribute(semconv.STEP_TYPE, step_type)

    def set_app(self, app: str) -> None:
        """Set the name of the app in front when the step began."""
        if captures("action"):
            self.span.set_attribute(semconv.STEP_APP, text_of(app) or "")

    def set_thinking(self, thinking: str) -> None:
        """Set the model's reasoning, in full."""
        if captures("thinking"):
            self.span.set_attribute(semconv.STEP_THINKING, text_of(thinking) or "")

    def set_action(self, action: Any) -> None:
        """
        Set the action as the model asked for it; its name is recorded even without content.

        One that is a mere text has no name to be told from it.
        """
        name = action_name(action)
        if name is not None and (captures("action") or not isinstance(action, str)):
            self.span.set_attribute(semconv.STEP_ACTION_NAME, name)
        if captures("action"):
            self.span.set_attribute(semconv.STEP_ACTION, to_json(action))

    def set_action_result(self, result: Any) -> None:
        """Set what came of the action."""
        if captures("result"):
            self.span.set_attribute(semconv.STEP_ACTION_RESULT, to_json(result))

    def set_data(self, data: Any) -> None:
        """Set whatever else the author of the step wants to keep."""
        if captures("action"):
            self.span.set_attribute(semconv.STEP_DATA, to_json(data))

    def set_metadata(self, metadata: Any) -> None:
        """Set what `StepTracker` calls so."""
        if captures("action"):
            self.span.set_attribute(semconv.STEP_METADATA, to_json(metadata))

    def set_finished(self, finished: bool) -> None:
        """Say whether this step ended its task."""
        self.span.set_attribute(semconv.STEP_FINISHED, finished)

    def set_timing(self, key: str, milliseconds: float) -> None:
        """Set one of the `semconv.TIMING_*` keys."""
        self.span.set_attribute(key, round(milliseconds, 3))

    def set_attributes(self, attributes: Mapping[str, Any]) -> None:
        """Set further attributes of any value; those that are None are left out."""
        cleaned, _ = clean(attributes)
        if isinstance(cleaned, dict):
            self.span.set_attributes(_present(cleaned))

    def set_screenshot(
        self, picture: bytes | Callable[[], bytes], *, sensitive: bool | None = None
    ) -> None:
        """
        Hand over *picture* (PNG, JPEG or WebP, as captured); attributes that name it follow soon.

        It is read, hashed and made durable beside the agent, in milliseconds; whoever must be sure
        calls `await_picture`, as `end` does. What is no picture is noted as
        `otel_steps.screenshot.error`; the step goes on without it.

        Args:
            picture: The bytes, or what returns them on another thread; it may raise `PictureError`.
            sensitive: Whether the phone said that the screen must not be shown.
        """
        if not captures("screenshot"):
            return
        if sensitive is not None:
            self.span.set_attribute(semconv.SCREENSHOT_SENSITIVE, sensitive)
        self._named = named = Errand(lambda: self._name_picture(picture, named))
        self._picture = errand.begin(lambda: self._keep_picture(named))

    def _name_picture(self, picture: bytes | Callable[[], bytes], named: Errand) -> None:
        data, facts = _described(picture)
        if named.is_done:
            return  # by the agent's own thread, which does not wait for this one
        if data is not None:
            facts = self._hand_over(data, facts)
        if self.span.is_recording():
            self.span.set_attributes(facts)

    def _hand_over(self, data: bytes, facts: dict[str, Any]) -> dict[str, Any]:
        sha256 = facts[semconv.SCREENSHOT_SHA256]
        try:
            # First of all: an attribute that names it must not be written without it.
            live.attach_picture(self.span, sha256, data)
        except Exception as error:  # noqa: BLE001 - an edge: the step says what became of it
            return {semconv.SCREENSHOT_ERROR: f"not recorded: {describe_error(error)}"}
        self.sha256, self._data = sha256, data
        return facts

    def _keep_picture(self, named: Errand) -> None:
        named.finish()
        self.changed()
        data = self._data
        if data is not None and not self.has_ended:
            self.thumbnail = conventions.thumbnail(data)
        self._data = None

    def await_picture(self) -> None:
        """
        Do what is left of what `set_screenshot` has begun: from then on a crash does not lose it.

        As a rule that is nothing: hashing takes milliseconds, a model seconds.
        """
        if self._picture is not None:
            self._picture.finish()

    def set_screenshot_path(self, path: str) -> None:
        """Say where the author of the step keeps the picture."""
        if captures("screenshot"):
            self.span.set_attribute(semconv.SCREENSHOT_PATH, text_of(path) or "")

    def set_screenshot_error(self, message: str) -> None:
        """Say why there is no picture."""
        if captures("screenshot"):
            self.span.set_attribute(semconv.SCREENSHOT_ERROR, scrub(message))

    def succeed(self) -> None:
        """Say that the step did what it should, unless it has failed already."""
        if self.success is None:
            self.success = True

    def fail(
        self,
        kind: semconv.ErrorKind | None,
        message: str | None,
        *,
        error: BaseException | None = None,
    ) -> None:
        """Say that the step failed; the first reason stays, later ones are its consequences."""
        if self.success is False:
            return
        self.success = False
        self.error_message = message = scrub(text) if (text := text_of(message)) else None
        self.set_attributes(
            {
                semconv.STEP_ERROR_KIND: kind,
                semconv.STEP_ERROR_MESSAGE: message,
                semconv.ERROR_TYPE: error_type(error) if error is not None else kind,
            }
        )
        self.span.set_status(Status(StatusCode.ERROR, message or kind or "failed"))

    def changed(self) -> None:
        """Let what is known so far survive a crash."""
        live.changed(self.span)

    def end(self) -> None:
        """End the step: it succeeded, unless somebody said otherwise. Further calls do nothing."""
        if self.has_ended:
            return
        self.has_ended = True
        if self._named is not None:
            self._named.finish()
            self._data = None
        self.succeed()
        self.span.set_attribute(semconv.STEP_SUCCESS, bool(self.success))
        # Once more: beyond 128 attributes the SDK drops the oldest, and these make it a step.
        self.span.set_attributes(self._identity)
        if words := conventions.step(getattr(self.span, "attributes", None)):
            self.span.set_attributes(words)
        self.span.end(self.watch.now_ns())


def _described(picture: bytes | Callable[[], bytes]) -> tuple[bytes | None, dict[str, Any]]:
    """Return a picture and the attributes that name it; or None, and the one that says why."""
    try:
        data = picture() if callable(picture) else picture
        info = describe(data)
    except PictureError as error:
        message = str(error)
    except Exception as error:  # noqa: BLE001 - an edge: the step says what became of it
        message = f"not recorded: {describe_error(error)}"
    else:
        return data, {
            semconv.SCREENSHOT_SHA256: info.sha256,
            semconv.SCREENSHOT_WIDTH: info.width,
            semconv.SCREENSHOT_HEIGHT: info.height,
            semconv.SCREENSHOT_SIZE: info.size,
            semconv.SCREENSHOT_MIME_TYPE: info.mime_type,
        }
    return None, {semconv.SCREENSHOT_ERROR: scrub(message)}


def _present(attributes: Mapping[str, Any]) -> dict[str, AttributeValue]:
    return {key: value for key, value in attributes.items() if value is not None}
