"""
Which task a step belongs to, wherever it is taken.

A task travels in OpenTelemetry's Context, as the current span does, so whatever carries that to
another thread or coroutine carries the task as well. Where nothing did, the trace tells; and where
there is no trace either, the call stack: a generator runs each of its steps in the context of
whoever asks for it, but always inside the frame that has begun the task.
"""

import sys
import weakref
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Final, Protocol, TypeVar

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Span

_KEY: Final = otel_context.create_key("otel_steps-task")
_EXPECTED: Final = otel_context.create_key("otel_steps-expected-task")


class Task(Protocol):
    """
    What has to be known of a task.

    Attributes:
        span: Its span.
        context: A context that carries it.
        outer: The context that it began in.
        frame: Of the block that has begun it; None where no block has.
        has_ended: True once it has.
    """

    span: Span
    context: Context
    outer: Context
    frame: FrameType | None
    has_ended: bool


T = TypeVar("T", bound=Task)

# By id. One operation of C takes all of them out: another thread may begin a task meanwhile.
_begun: "weakref.WeakValueDictionary[int, Task]" = weakref.WeakValueDictionary()


def carried(context: Context, task: Task) -> Context:
    """Return *context* with *task* in it, which is known from now on."""
    _begun[id(task)] = task
    return otel_context.set_value(_KEY, task, context)


class Namer:
    """
    Names the task of the agent that holds it as an attribute, as a `StepTracker` does.

    Attributes:
        task_id: The name.
    """

    task_id: str


def expecting(context: Context, begin: Callable[[], Task]) -> Context:
    """
    Return *context* with a task in it that begins when the first thing in it needs it.

    An agent may name its task only after its `run` has begun.
    """
    return otel_context.set_value(_EXPECTED, begin, context)


def place(context: Context | None = None) -> Context:
    """
    Return the context that a new step or task belongs into: *context*, or the current one.

    A block that ends elsewhere than it began leaves its context behind; what is begun there
    afterwards belongs to what was around the block.
    """
    context = otel_context.get_current() if context is None else context
    if (begin := otel_context.get_value(_EXPECTED, context)) is not None:
        context = begin().context  # type: ignore[operator] # ours
    while (task := _in(context)) is not None and task.has_ended:
        context = task.outer
    return context


def of_step(kind: type[T], context: Context) -> T | None:
    """
    Return the open task of a step that is begun in *context*, or None.

    Args:
        kind: The class of tasks.
        context: As `place` returns it.
    """
    task = _in(context) or _by_trace(context) or _on_stack()
    return task if isinstance(task, kind) else None


def for_step(task: Task, context: Context) -> Context:
    """Return the context of a step of *task*: *context*, where the step is in its trace there."""
    if _in(context) is task:
        return context
    here = trace.get_current_span(context).get_span_context()
    is_in_trace = here.trace_id == task.span.get_span_context().trace_id
    return carried(context, task) if is_in_trace else task.context


def _in(context: Context) -> Task | None:
    task: Task | None = otel_context.get_value(_KEY, context)  # type: ignore[assignment] # ours
    return task


def _open_tasks() -> Iterator[Task]:
    """Yield the open tasks of the process, the last one begun first."""
    for reference in reversed(_begun.valuerefs()):
        task = reference()
        if task is not None and not task.has_ended:
            yield task


def _by_trace(context: Context) -> Task | None:
    """Return the task whose span is the current one, or the only one of the trace."""
    here = trace.get_current_span(context).get_span_context()
    if not here.is_valid:
        return None
    of_trace = [
        task for task in _open_tasks() if task.span.get_span_context().trace_id == here.trace_id
    ]
    for task in of_trace:
        if task.span.get_span_context().span_id == here.span_id:
            return task
    return of_trace[0] if len(of_trace) == 1 else None


def _on_stack() -> Task | None:
    """Return the task whose block the caller is in, by the frames of the call stack."""
    tasks = {task.frame: task for task in reversed([*_open_tasks()]) if task.frame is not None}
    frame: FrameType | None = sys._getframe() if tasks else None
    while frame is not None and frame not in tasks:
        frame = frame.f_back
    return tasks[frame] if frame is not None else None
