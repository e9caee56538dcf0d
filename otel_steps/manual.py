"""
`task()` and `step()`: tasks and steps of any agent, written by hand.

Both are context managers, for `with` and for `async with`. An exception that leaves a block is
recorded as what it is and goes on its way unchanged; nothing that is passed in can raise one.
"""

import sys
from collections.abc import Callable, Mapping
from os import PathLike
from types import FrameType, TracebackType
from typing import Any, Generic, Protocol, TypeVar

from opentelemetry import context as otel_context
from opentelemetry.context import Context
from opentelemetry.trace import NoOpTracer, Tracer

from otel_steps import current_task, semconv, tracing
from otel_steps.instrumentation.border import unharmed
from otel_steps.picture import PictureError, read
from otel_steps.spans import StepSpan, TaskSpan, describe_error, error_text
from otel_steps.version import __version__

Picture = bytes | bytearray | memoryview | str | PathLike[str]


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
        self._error_message = error_text(message) if message else None

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

    def __init__(self, span: StepSpan) -> None:
        self._span = span
        self.number = span.number

    def set(
        self,
        *,
        thinking: str | None = None,
        action: Any = None,
        action_result: Any = None,
        screenshot: Picture | None = None,
        step_data: Any = None,
        app: str | None = None,
        finished: bool | None = None,
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
            screenshot: Bytes, base64, a data URL, or the path of a PNG, JPEG or WebP file. One
                that cannot be read is noted in the step, which goes on without it.
            step_data: Whatever else is worth keeping, any JSON value.
            app: The app in front.
            finished: Whether this step ends the task.
            attributes: Further span attributes.
        """
        self._span.await_picture()
        setters: list[tuple[str, Any, Callable[[Any], None]]] = [
            ("screenshot", screenshot, self._set_screenshot),
            ("thinking", thinking, self._span.set_thinking),
            ("action", action, self._span.set_action),
            ("action_result", action_result, self._span.set_action_result),
            ("step_data", step_data, self._span.set_data),
            ("app", app, self._span.set_app),
            ("finished", finished, self._set_finished),
            ("attributes", attributes, self._span.set_attributes),
        ]
        for name, value, setter in setters:
            if value is not None:
                with unharmed(f"record the {name} of a step"):
                    setter(value)
        self._span.changed()

    def fail(self, message: str, *, error_kind: semconv.ErrorKind = "action_error") -> None:
        """Say that the step failed, and why; the first reason stays."""
        with unharmed("record the failure of a step"):
            self._span.fail(error_kind, error_text(message))

    def _set_finished(self, finished: object) -> None:
        self._span.set_finished(bool(finished))

    def _set_screenshot(self, screenshot: Picture) -> None:
        try:
            picture = read(screenshot)
        except PictureError as error:
            self._span.set_screenshot_error(str(error))
        else:
            self._span.set_screenshot(picture)

    def _begun_in(self, frame: FrameType) -> Context:
        return self._span.context

    def _end(self, error: BaseException | None) -> None:
        if error is not None:
            kind: semconv.ErrorKind = (
                "action_error" if isinstance(error, Exception) else "interrupted"
            )
            self._span.fail(kind, describe_error(error), error=error)
        self._span.end()


class _Handle(Protocol):
    def _end(self, error: BaseException | None) -> None: ...

    def _begun_in(self, frame: FrameType) -> Context: ...


H = TypeVar("H", bound=_Handle)
S = TypeVar("S")


class Block(Generic[H]):
    """
    A context manager for `with` and for `async with`; used once.

    It may be left in another thread or context than it was entered in, as the blocks of generators
    are. So the context before it is put back only where the block's own is still the current one.
    """

    def __init__(self, begin: Callable[[], H]) -> None:
        self._begin = begin
        self._handle: H | None = None
        self._before: Context | None = None
        self._context: Context | None = None

    def __enter__(self) -> H:
        return self._enter(sys._getframe(1))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace_back: TracebackType | None,
    ) -> None:
        self._exit(error)

    async def __aenter__(self) -> H:
        return self._enter(sys._getframe(1))

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace_back: TracebackType | None,
    ) -> None:
        self._exit(error)

    def _enter(self, frame: FrameType) -> H:
        self._handle = handle = self._begin()
        self._before, self._context = current_task.place(), handle._begun_in(frame)
        otel_context.attach(self._context)
        return handle

    def _exit(self, error: BaseException | None) -> None:
        with unharmed("end a task or a step"):
            if self._handle is not None:
                self._handle._end(error)
        if self._before is not None and otel_context.get_current() is self._context:
            otel_context.attach(self._before)


def task(
    description: str,
    *,
    task_id: str | None = None,
    agent: str | None = None,
    model: str | None = None,
    device_id: str | None = None,
    config: Mapping[str, Any] | None = None,
) -> Block[TaskHandle]:
    """
    Record a task: every step in the block belongs to it.

    So does every step that is taken where OpenTelemetry's Context was carried to, and in a
    generator that has the block. Where neither is so, as in a plain thread, name the task:
    `step(task=...)`.

    Args:
        description: What the agent is asked to do.
        task_id: By default a new UUID.
        agent: The agent's name.
        model: The model's name.
        device_id: The device's serial number or address.
        config: Settings worth knowing later; no secrets.

    Example:
        >>> with otel_steps.task("打开相机", agent="my-agent") as task:
        ...     with otel_steps.step(action={"action": "Launch", "app": "相机"}) as step:
        ...         step.set(screenshot=png, thinking="先打开相机")
        ...     task.complete("拍好了")
    """

    def begin(tracer: Tracer) -> TaskSpan:
        return TaskSpan(
            tracer,
            description,
            agent=agent,
            task_id=task_id,
            model=model,
            device_id=device_id,
            config=config,
            context=current_task.place(),
        )

    return Block(lambda: TaskHandle(_begun(begin)))


def step(
    *,
    step_type: str = "action",
    thinking: str | None = None,
    action: Any = None,
    action_result: Any = None,
    screenshot: Picture | None = None,
    step_data: Any = None,
    app: str | None = None,
    task: TaskHandle | None = None,
) -> Block[StepHandle]:
    """
    Record a step of the task around it; a step without one is a task of its own.

    Args:
        step_type: One of thinking, action, screenshot, error, validation, completion.
        thinking, action, action_result, screenshot, step_data, app: What is known when the step
            begins, as for `StepHandle.set`.
        task: What `task()` has yielded, where the step is taken in a thread that nothing has
            carried the task to.
    """

    def begin(tracer: Tracer) -> StepSpan:
        here = current_task.place()
        named = task._span if isinstance(task, TaskHandle) else None
        owner = named or current_task.of_step(TaskSpan, here)
        context = current_task.for_step(owner, here) if owner is not None else here
        return StepSpan(tracer, owner, step_type=step_type, context=context)

    def begin_handle() -> StepHandle:
        handle = StepHandle(_begun(begin))
        handle.set(
            thinking=thinking,
            action=action,
            action_result=action_result,
            screenshot=screenshot,
            step_data=step_data,
            app=app,
        )
        return handle

    return Block(begin_handle)


def _begun(begin: Callable[[Tracer], S]) -> S:
    """Return what *begin* makes; where a part of the program's telemetry raises, without a span."""
    with unharmed("begin a task or a step"):
        return begin(tracing.tracer("otel_steps", __version__))
    return begin(NoOpTracer())
