"""Generators of either kind, observed from the first thing that they yield to how they end."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator
from functools import partial
from types import TracebackType
from typing import Any, Protocol, TypeVar

from otel_steps.emit.protection import unharmed

T = TypeVar("T")


class Observer(Protocol):
    """
    Who watches a generator. What it does on its own account raises nothing.

    It is entered whenever the generator runs and left whenever it stands still: what is current for
    a generator must not stay so for the program that reads it, which may read several in turn.
    """

    def __enter__(self) -> None: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...

    def see(self, event: Any) -> None:
        """Take note of what the generator yields, before its reader gets it."""
        ...

    def end(self, error: BaseException | None) -> None:
        """
        Take note of how it ended; *error* is None where it came to its end.

        GeneratorExit says that the reader has stopped reading.
        """
        ...


async def observed(
    events: AsyncIterator[T], begin: Callable[[], Observer]
) -> AsyncGenerator[T, None]:
    """
    Yield what *events* yields, and close it with itself.

    Args:
        events: The generator; its exceptions pass untouched.
        begin: Returns the observer. Called when the first event is asked for, so that a generator
            that nobody reads leaves no trace.
    """
    observer = _begun(begin)
    try:
        while True:
            with observer:
                try:
                    event = await anext(events)
                except StopAsyncIteration:
                    break
            observer.see(event)
            yield event
    except BaseException as error:
        observer.end(error)
        raise
    else:
        observer.end(None)
    finally:
        close = getattr(events, "aclose", None)
        if close is not None:
            await close()


def watched(
    events: Generator[T, Any, Any], begin: Callable[[], Observer]
) -> Generator[T, Any, Any]:
    """
    Do as `yield from events` does, with an observer; see `observed`.

    What the generator does when it is closed is observed as well: its reader may close it in the
    middle of a step, which it then brings to an end.
    """
    observer = _begun(begin)
    resume: Callable[[], T] = partial(next, events)
    closed: GeneratorExit | None = None
    try:
        while True:
            with observer:
                try:
                    event = resume()
                except StopIteration as end:
                    returned = end.value
                    break
            observer.see(event)
            try:
                sent = yield event
            except GeneratorExit as error:
                closed = error
                with observer:
                    events.close()  # may raise: one that yields once more is told so
                raise
            except BaseException as thrown:  # noqa: BLE001 - it is the generator's
                resume = partial(events.throw, thrown)
            else:
                resume = partial(next, events) if sent is None else partial(events.send, sent)
    except BaseException as error:
        observer.end(closed or error)
        raise
    observer.end(None)
    return returned


def _begun(begin: Callable[[], Observer]) -> Observer:
    with unharmed("begin to watch a generator"):
        return begin()
    return _Nobody()


class _Nobody:
    """Who watches when the observer could not begin."""

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        return None

    def see(self, event: Any) -> None:
        """Look away."""

    def end(self, error: BaseException | None) -> None:
        """Look away."""
