"""
`task()` and `step()`: tasks and steps of any agent, written by hand.

Both are context managers, for `with` and for `async with`. An exception that leaves a block is
recorded as what it is and goes on its way unchanged; nothing that is passed in can raise one.
"""

import sys
from collections.abc import Callable, Mapping
from functools import partial
from types import FrameType, TracebackType
from typing import Any, Generic, Protocol, TypeVar

from opentelemetry import context as otel_context
from opentelemetry.context import Context
from opentelemetry.trace import NoOpTracer, Tracer, get_current_span

from otel_steps.emit import current_task, tracing
from otel_steps.emit.protection import unharmed
from otel_steps.emit.step_attributes import said
from otel_steps.emit.step_span import StepSpan
from otel_steps.emit.task_span import TaskSpan
from otel_steps.emit.unix_time import Time
from otel_steps.manual.forgotten import tell_if_unrecorded
from otel_steps.manual.handles import StepHandle, TaskHandle
from otel_steps.manual.told_times import watch_of
from otel_steps.pictures.sources import Source
from otel_steps.version import __version__


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
    session: str | None = None,
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
        session: What one person does in one go: a name that several tasks share.
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
            session=session,
            config=config,
            context=current_task.place(),
        )

    return Block(lambda: TaskHandle(_begun("otel_steps.task()", begin)))


def step(
    *,
    step_type: str = "action",
    thinking: str | None = None,
    action: Any = None,
    action_result: Any = None,
    screenshot: Source | None = None,
    step_data: Any = None,
    app: str | None = None,
    coordinates: str | None = None,
    input_tokens: int | None = None,
    output_tokens: int | None = None,
    cached_tokens: int | None = None,
    task: TaskHandle | None = None,
    started_at: Time | None = None,
    ended_at: Time | None = None,
) -> Block[StepHandle]:
    """
    Record a step of the task around it; a step without one is a task of its own, or belongs to that
    of the trace around it.

    It lasts as long as the block. An agent that tells of its steps when they are over says when
    that was; a time that is none is reported, and the block's own time is taken in its place.

    Args:
        step_type: One of thinking, action, screenshot, error, validation, completion.
        thinking, action, action_result, screenshot, step_data, app, coordinates, input_tokens,
            output_tokens, cached_tokens: What is known when the step begins, as for
            `StepHandle.set`.
        task: What `task()` has yielded, where the step is taken in a thread that nothing has
            carried the task to.
        started_at, ended_at: When it began and when it was over: seconds since the epoch, as
            `time.time()` returns them, or a datetime, which is local where it has no time zone. A
            step with an end alone has no duration; an end before the beginning is taken as equal.
    """

    def begin(tracer: Tracer) -> StepHandle:
        # Not before there is a tracer: whoever gives it says what is captured.
        known = said(
            thinking=thinking,
            action=action,
            action_result=action_result,
            data=step_data,
            app=app,
            coordinates=coordinates,
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            cached_tokens=cached_tokens,
        )
        watch = watch_of(started_at, ended_at)
        begun = partial(StepSpan, tracer, step_type=step_type, known=known, since=watch)
        here = current_task.place()
        named = task._span if isinstance(task, TaskHandle) else None
        owner = named or current_task.of_step(TaskSpan, here)
        if owner is not None:
            return StepHandle(begun(owner, context=current_task.for_step(owner, here)))
        if get_current_span(here).get_span_context().is_valid:
            # Others may follow in this trace, which is their task.
            return StepHandle(begun(None, context=here))
        alone = TaskSpan(tracer, None, agent=None, context=here, is_named=False, since=watch)
        return StepHandle(begun(alone), alone)

    def begin_handle() -> StepHandle:
        handle = _begun("otel_steps.step()", begin)
        if screenshot is not None:
            handle.set(screenshot=screenshot)
        return handle

    return Block(begin_handle)


def _begun(call: str, begin: Callable[[Tracer], S]) -> S:
    """Return what *begin* makes; where a part of the program's telemetry raises, without a span."""
    with unharmed("begin a task or a step"):
        tell_if_unrecorded(call)
        return begin(tracing.tracer("otel_steps", __version__))
    return begin(NoOpTracer())
