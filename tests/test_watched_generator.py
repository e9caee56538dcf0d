"""A generator that is watched does what it does unwatched, and its observer hears how it ended."""

from collections.abc import Callable, Generator
from contextlib import suppress
from types import TracebackType
from typing import Any

import pytest

from otel_steps.instrumentation.watched_generator import watched


class Observer:
    """Keeps what it hears; raises where an observer must not be missed."""

    def __init__(self) -> None:
        self.heard: list[Any] = []
        self.is_inside = False

    def __enter__(self) -> None:
        assert not self.is_inside
        self.is_inside = True

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.is_inside = False

    def see(self, event: Any) -> None:
        assert not self.is_inside
        self.heard.append(event)

    def end(self, error: BaseException | None) -> None:
        self.heard.append(type(error).__name__)


def counting() -> Generator[Any, Any, str]:
    """Yield what it is sent or thrown, and stop at `stop`."""
    told: Any = 0
    while told != "stop":
        try:
            told = yield told
        except LookupError as error:
            told = str(error)
    return "stopped"


def stubborn() -> Generator[Any, Any, None]:
    """Yield once more when it is closed, which Python forbids."""
    try:
        yield 1
    finally:
        yield 2


Moves = Callable[[Generator[Any, Any, Any]], Any]
MOVES: dict[str, Moves] = {
    "read": lambda it: [next(it), next(it)],
    "send": lambda it: [next(it), it.send("a"), it.send(None)],
    "throw": lambda it: [next(it), it.throw(LookupError("b")), it.throw(ValueError("c"))],
    "return": lambda it: [next(it), it.send("stop")],
    "close": lambda it: [next(it), it.close()],
}
ENDS = {"throw": ["ValueError"], "return": ["NoneType"], "close": ["GeneratorExit"]}


def outcome(moves: Moves, generator: Generator[Any, Any, Any]) -> Any:
    try:
        return moves(generator)
    except BaseException as error:  # noqa: BLE001 - what it is, is the outcome
        return type(error), str(error), getattr(error, "value", None)


@pytest.mark.parametrize("name", MOVES)
def test_its_reader_sees_no_difference(name: str) -> None:
    """What is sent, thrown or returned passes; the observer is out while it stands still."""
    observer = Observer()
    generator = watched(counting(), lambda: observer)

    assert outcome(MOVES[name], generator) == outcome(MOVES[name], counting())
    ended = [each for each in observer.heard if isinstance(each, str) and each[0].isupper()]
    assert ended == ENDS.get(name, [])


def test_one_that_does_not_let_itself_be_closed_has_been_closed() -> None:
    """Its reader is told what Python says of it; the observer, what its reader wanted."""
    observer = Observer()
    generator = watched(stubborn(), lambda: observer)
    next(generator)

    with pytest.raises(RuntimeError, match="ignored GeneratorExit"):
        generator.close()
    assert observer.heard == [1, "GeneratorExit"]


def test_an_observer_that_cannot_begin_is_done_without() -> None:
    """The generator works on."""

    def broken() -> Any:
        raise LookupError

    generator = watched(counting(), broken)
    with suppress(StopIteration):
        assert [next(generator), generator.send("a")] == [0, "a"]
        generator.send("stop")
