"""
`traced_task` and `traced_step`: functions that are a task or a step, whatever their kind.

A coroutine function, a generator and an asynchronous generator are recorded from the moment they
run until they end; what they return, yield, are sent or raise passes untouched.
"""

import functools
import inspect
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextlib import aclosing
from typing import Any, ParamSpec, TypeVar, overload

from otel_steps.emit.protection import unharmed
from otel_steps.manual.blocks import Block, step, task
from otel_steps.manual.handles import StepHandle, TaskHandle

P = ParamSpec("P")
R = TypeVar("R")
H = TypeVar("H", StepHandle, TaskHandle)


@overload
def traced_task(function: Callable[P, R], /) -> Callable[P, R]: ...
@overload
def traced_task(
    *,
    description: str | None = None,
    agent: str | None = None,
    model: str | None = None,
    device_id: str | None = None,
    session: str | None = None,
    config: Mapping[str, Any] | None = None,
) -> Callable[[Callable[P, R]], Callable[P, R]]: ...
def traced_task(
    function: Callable[..., Any] | None = None,
    /,
    *,
    description: str | None = None,
    agent: str | None = None,
    model: str | None = None,
    device_id: str | None = None,
    session: str | None = None,
    config: Mapping[str, Any] | None = None,
) -> Any:
    """
    Record each call of a function as a task: every step within belongs to it.

    A text that it returns is the result of the task; an exception fails it, and goes on its way.

    Args:
        description: What the agent is asked to do; by default the first argument of the call that
            is a text, else the name of the function.
        agent, model, device_id, session, config: As for `task()`.

    Example:
        >>> @otel_steps.traced_task(agent="my-agent")
        ... async def run(goal: str) -> str: ...
    """

    def decorate(function: Callable[..., Any]) -> Any:
        def begin(arguments: Mapping[str, Any]) -> Block[TaskHandle]:
            texts = (value for value in arguments.values() if isinstance(value, str))
            asked = description or next(texts, function.__name__)
            return task(
                asked,
                agent=agent,
                model=model,
                device_id=device_id,
                session=session,
                config=config,
            )

        def tell(handle: TaskHandle, result: Any) -> None:
            handle.complete(result if isinstance(result, str) else None)

        return _traced(function, begin, tell)

    return decorate if function is None else decorate(function)


@overload
def traced_step(function: Callable[P, R], /) -> Callable[P, R]: ...
@overload
def traced_step(
    *, step_type: str = "action", name: str | None = None
) -> Callable[[Callable[P, R]], Callable[P, R]]: ...
def traced_step(
    function: Callable[..., Any] | None = None,
    /,
    *,
    step_type: str = "action",
    name: str | None = None,
) -> Any:
    """
    Record each call of a function as a step of the task around it.

    The action is the function with its arguments by name, and what it returns is the action's
    result. An exception fails the step, and goes on its way.

    Args:
        step_type: As for `step()`.
        name: Of the action, by default that of the function.

    Example:
        >>> @otel_steps.traced_step
        ... def tap(x: int, y: int) -> None: ...
    """

    def decorate(function: Callable[..., Any]) -> Any:
        def begin(arguments: Mapping[str, Any]) -> Block[StepHandle]:
            action = {**arguments, "action": name or function.__name__}
            return step(step_type=step_type, action=action)

        def tell(handle: StepHandle, result: Any) -> None:
            handle.set(action_result=result)

        return _traced(function, begin, tell)

    return decorate if function is None else decorate(function)


def _traced(
    function: Callable[..., Any],
    begin: Callable[[Mapping[str, Any]], Block[H]],
    tell: Callable[[H, Any], None],
) -> Any:
    """
    Return *function* as one of its own kind, each call of which is recorded.

    Args:
        begin: Returns the block for a call with these arguments, by name.
        tell: Tells what the call has returned.
    """
    arguments_of = _reader_of(function)

    @functools.wraps(function)
    def generate(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        with begin(arguments_of(args, kwargs)) as handle:
            result = yield from function(*args, **kwargs)
            tell(handle, result)
            return result

    @functools.wraps(function)
    async def await_it(*args: Any, **kwargs: Any) -> Any:
        with begin(arguments_of(args, kwargs)) as handle:
            result = await function(*args, **kwargs)
            tell(handle, result)
            return result

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        with begin(arguments_of(args, kwargs)) as handle:
            result = function(*args, **kwargs)
            tell(handle, result)
            return result

    if inspect.isasyncgenfunction(function):
        return _async_generator(function, lambda args, kwargs: begin(arguments_of(args, kwargs)))
    if inspect.isgeneratorfunction(function):
        return generate
    return await_it if inspect.iscoroutinefunction(function) else call


def _async_generator(
    function: Callable[..., AsyncGenerator[Any, Any]],
    block_of: Callable[[tuple[Any, ...], dict[str, Any]], Block[H]],
) -> Callable[..., AsyncGenerator[Any, Any]]:
    """Return *function* within its block, passing on what `yield from` would, had it been one."""

    @functools.wraps(function)
    async def generate_async(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        with block_of(args, kwargs):
            async with aclosing(function(*args, **kwargs)) as events:
                try:
                    event = await anext(events)
                    while True:
                        try:
                            sent = yield event
                        except GeneratorExit:
                            raise
                        except BaseException as error:  # noqa: BLE001 - it is the generator's
                            event = await events.athrow(error)
                        else:
                            event = await events.asend(sent)
                except StopAsyncIteration:
                    return

    return generate_async


def _reader_of(
    function: Callable[..., Any],
) -> Callable[[tuple[Any, ...], dict[str, Any]], Mapping[str, Any]]:
    """Return what names the arguments of a call, without the object that a method belongs to."""
    signature: inspect.Signature | None = None
    with unharmed("read the arguments of a function"):
        signature = inspect.signature(function)

    def read(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Mapping[str, Any]:
        if signature is None:
            return kwargs
        try:
            bound = signature.bind(*args, **kwargs).arguments
        except TypeError:  # the call itself will say so
            return kwargs
        return {name: value for name, value in bound.items() if name not in ("self", "cls")}

    return read
