"""The span of a step, written through the OpenTelemetry API alone; see `task_span`."""

from collections.abc import Callable, Mapping
from typing import Any, Unpack

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer
from opentelemetry.util.types import AttributeValue

from otel_steps import semconv
from otel_steps.emit import side_channel, vocabularies
from otel_steps.emit.content_switch import captures
from otel_steps.emit.further_pictures import FurtherPictures
from otel_steps.emit.picture_facts import facts_of
from otel_steps.emit.span_values import describe_error, error_type, present, text_of
from otel_steps.emit.step_attributes import Known, said
from otel_steps.emit.stopwatch import Stopwatch
from otel_steps.emit.task_span import TaskSpan
from otel_steps.pictures import sources
from otel_steps.pictures.captured import PictureError
from otel_steps.process import background
from otel_steps.process.background import BackgroundCall
from otel_steps.rows.ids import step_id
from otel_steps.sanitize import clean, scrub


class StepSpan:
    """
    The span of one step, a child of its task's.

    Attributes are set as they become known; `changed()` tells the recorder that a crash from here
    on must not lose them.

    Args:
        number: By default the next one of *task*.
        known: What `said` returns of all that is known when the step begins: a crash from there on
            does not lose it.
        since: When it began; by default now.

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
        known: Mapping[str, AttributeValue] | None = None,
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
        self._identity = present({semconv.STEP_NUMBER: self.number, semconv.TASK_ID: task_id})
        first: dict[str, AttributeValue] = {
            **self._identity,
            semconv.STEP_TYPE: text_of(step_type) or "action",
            **(known or {}),
            **vocabularies.kind({}),
        }
        self.span = tracer.start_span(
            semconv.STEP_SPAN_NAME,
            context=context,
            kind=SpanKind.INTERNAL,
            attributes=first,
            start_time=self.watch.started_ns,
        )
        if not self.span.get_span_context().trace_flags.sampled:
            # A sampler that drops a span drops these as well, even where it is recorded.
            self.span.set_attributes(first)
        self.context = trace.set_span_in_context(self.span, context)
        self._tracer = tracer
        # What `set_screenshot` has begun: first the picture gets its name, then it is kept.
        self._named: BackgroundCall | None = None
        self._picture: BackgroundCall | None = None
        self._data: bytes | None = None
        self._further = FurtherPictures(self.span)

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
        known = present(attributes or {})
        return self._tracer.start_span(
            name, context=self.context, kind=kind, attributes=known | vocabularies.kind(known)
        )

    def set_type(self, step_type: str) -> None:
        """Set one of `semconv.StepTypeName`; others are stored as they are."""
        self.span.set_attribute(semconv.STEP_TYPE, step_type)

    def tell(self, **known: Unpack[Known]) -> None:
        """Set what is *known* of the step by now."""
        if words := said(**known):
            self.span.set_attributes(words)

    def set_timing(self, key: str, milliseconds: float) -> None:
        """Set one of the `semconv.TIMING_*` keys."""
        self.span.set_attribute(key, round(milliseconds, 3))

    def set_attributes(self, attributes: Mapping[str, Any]) -> None:
        """Set further attributes of any value; those that are None are left out."""
        cleaned, _ = clean(attributes)
        if isinstance(cleaned, dict):
            self.span.set_attributes(present(cleaned))

    def set_screenshot(
        self, picture: bytes | Callable[[], bytes], *, sensitive: bool | None = None
    ) -> None:
        """
        Hand over *picture*, as captured; attributes that name it follow soon.

        It is read, hashed and made durable beside the agent, in milliseconds; whoever must be sure
        calls `await_picture`, as `end` does. What is no picture is noted as
        `otel_steps.screenshot.error`, and its bytes are handed over all the same.

        Args:
            picture: The bytes, or what returns them on another thread; it may raise `PictureError`.
            sensitive: Whether the phone said that the screen must not be shown.
        """
        if not captures("screenshot"):
            return
        if sensitive is not None:
            self.span.set_attribute(semconv.SCREENSHOT_SENSITIVE, sensitive)
        self._named = named = BackgroundCall(lambda: self._name_picture(picture, named))
        self._picture = background.begin(lambda: self._keep_picture(named))

    def show(self, source: Any) -> None:
        """
        Set the picture *source*, a `pictures.sources.Source`.

        One that cannot be read is noted as `otel_steps.screenshot.error`; the step goes on without.
        """
        if not captures("screenshot"):
            return
        try:
            picture = sources.take(source)
        except PictureError as error:
            self.set_screenshot_error(str(error))
        else:
            self.set_screenshot(picture, sensitive=sources.is_sensitive(source))

    def add_picture(self, source: Any, *, role: str = "after", caption: str | None = None) -> None:
        """Add a further picture, a `pictures.sources.Source`; its role is a `PictureRole`."""
        if captures("screenshot"):
            self._further.add(source, role=role, caption=caption)

    def _name_picture(self, picture: bytes | Callable[[], bytes], named: BackgroundCall) -> None:
        data, facts = facts_of(picture)
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
            side_channel.attach_picture(self.span, sha256, data)
        except Exception as error:  # noqa: BLE001 - an edge: the step says what became of it
            return {semconv.SCREENSHOT_ERROR: f"not recorded: {describe_error(error)}"}
        self.sha256, self._data = sha256, data
        return facts

    def _keep_picture(self, named: BackgroundCall) -> None:
        named.finish()
        self.changed()
        data = self._data
        if data is not None and not self.has_ended:
            self.thumbnail = vocabularies.thumbnail(data)
        self._data = None

    def await_picture(self) -> None:
        """
        Do what is left of what `set_screenshot` and `add_picture` have begun: from then on a crash
        does not lose it.

        As a rule that is nothing: hashing takes milliseconds, a model seconds.
        """
        if self._picture is not None:
            self._picture.finish()
        self._further.await_all()

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
        side_channel.changed(self.span)

    def end(self) -> None:
        """End the step: it succeeded, unless somebody said otherwise. Further calls do nothing."""
        if self.has_ended:
            return
        self.has_ended = True
        if self._named is not None:
            self._named.finish()
            self._data = None
        self._further.finish()
        self.succeed()
        # The others once more: beyond 128 attributes the SDK drops the oldest, and they make it a
        # step.
        self.span.set_attributes({semconv.STEP_SUCCESS: bool(self.success), **self._identity})
        if words := vocabularies.step(getattr(self.span, "attributes", None)):
            self.span.set_attributes(words)
        self.span.end(self.watch.now_ns())
