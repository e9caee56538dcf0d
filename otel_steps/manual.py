"""
`task()` and `step()`: tasks and steps of any agent, written by hand.

Both are context managers, for `with` and for `async with`. An exception that leaves a block is
recorded as what it is and goes on its way unchanged.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from functools import wraps
from os import PathLike
from types import TracebackType
from typing import Any, Generic, ParamSpec, TypeVar

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.context import Context

from otel_steps import semconv, tracing
from otel_steps.picture import PictureError, read
from otel_steps.spans import StepSpan, TaskSpan, describe_error
from otel_steps.version import __version__

Picture = bytes | bytearray | memoryview | str | PathLike[str]

P = ParamSpec("P")
T = TypeVar("T")

_current_task: ContextVar[TaskSpan | None] = ContextVar("otel_steps_task", default=None)


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
        self._status, self._error_message = "failed", message

    def cancel(self, message: str | None = None) -> None:
        """Say that a person stopped the task."""
        self._status, self._error_message = "cancelled", message

    def exhaust_steps(self) -> None:
        """Say that the task was given up at its limit of steps."""
        self._status = "max_steps"

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
        if screenshot is not None:
            self._set_screenshot(screenshot)
        setters: list[tuple[Any, Callable[[Any], None]]] = [
            (thinking, self._span.set_thinking),
            (action, self._span.set_action),
            (action_result, self._span.set_action_result),
            (step_data, self._span.set_data),
            (app, self._span.set_app),
            (finished, self._span.set_finished),
            (attributes, self._span.set_attributes),
        ]
        for value, setter in setters:
            if value is not None:
                setter(value)
        self._span.changed()

    def fail(self, message: str, *, error_kind: semconv.ErrorKind = "action_error") -> None:
        """Say that the step failed, and why; the first reason stays."""
        self._span.fail(error_kind, message)

    def _set_screenshot(self, screenshot: Picture) -> None:
        try:
            picture = read(screenshot)
        except PictureError as error:
            self._span.set_screenshot_error(str(error))
        else:
            self._span.set_screenshot(picture)

    def _end(self, error: BaseException | None) -> None:
        if error is not None:
            kind: semconv.ErrorKind = (
                "action_error" if isinstance(error, Exception) else "interrupted"
            )
            self._span.fail(kind, describe_error(error), error=error)
        self._span.end()


class Block(Generic[T]):
    """A context manager for `with` and for `async with`; used once."""

    def __init__(self, manager: AbstractContextManager[T]) -> None:
        self._manager = manager

    def __enter__(self) -> T:
        return self._manager.__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace_back: TracebackType | None,
    ) -> None:
        self._manager.__exit__(kind, error, trace_back)

    async def __aenter__(self) -> T:
        return self._manager.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace_back: TracebackType | None,
    ) -> None:
        self._manager.__exit__(kind, error, trace_back)


def _block(write: Callable[P, Iterator[T]]) -> Callable[P, Block[T]]:
    @wraps(write)
    def open_block(*args: P.args, **kwargs: P.kwargs) -> Block[T]:
        return Block(contextmanager(write)(*args, **kwargs))

    return open_block


@_block
def task(
    description: str,
    *,
    task_id: str | None = None,
    agent: str | None = None,
    model: str | None = None,
    device_id: str | None = None,
    config: Mapping[str, Any] | None = None,
) -> Iterator[TaskHandle]:
    """
    Record a task: every step in the block belongs to it.

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
    span = TaskSpan(
        _tracer(),
        description,
        agent=agent or "agent",
        task_id=task_id,
        model=model,
        device_id=device_id,
        config=config,
    )
    handle = TaskHandle(span)
    token = _current_task.set(span)
    try:
        with _ended(handle, span.context):
            yield handle
    finally:
        _current_task.reset(token)


@_block
def step(
    *,
    step_type: str = "action",
    thinking: str | None = None,
    action: Any = None,
    action_result: Any = None,
    screenshot: Picture | None = None,
    step_data: Any = None,
    app: str | None = None,
) -> Iterator[StepHandle]:
    """
    Record a step of the task around it; a step without one is a task of its own.

    Args:
        step_type: One of thinking, action, screenshot, error, validation, completion.
        thinking, action, action_result, screenshot, step_data, app: What is known when the step
            begins, as for `StepHandle.set`.
    """
    current = otel_context.get_current()
    span = StepSpan(_tracer(), _current_task.get(), step_type=step_type, context=current)
    handle = StepHandle(span)
    handle.set(
        thinking=thinking,
        action=action,
        action_result=action_result,
        screenshot=screenshot,
        step_data=step_data,
        app=app,
    )
    with _ended(handle, span.context):
        yield handle


@contextmanager
def _ended(handle: TaskHandle | StepHandle, context: Context) -> Iterator[None]:
    """Make *context* the current one for a block; end *handle* with it, or with its exception."""
    token = otel_context.attach(context)
    try:
        yield
    except BaseException as error:
        handle._end(error)
        raise
    else:
        handle._end(None)
    finally:
        otel_context.detach(token)


def _tracer() -> trace.Tracer:
    return tracing.tracer("otel_steps", __version__)
