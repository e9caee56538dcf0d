"""Work for one thread at a time: in turn, left to another, never waited for by its own thread."""

import threading

import pytest

from otel_steps.process.turns import Turns, TurnTaken
from tests.patience import PATIENCE_S


def test_what_interrupts_a_turn_is_turned_away_and_done_before_it_ends() -> None:
    """It does not get in to what is half done; what it leaves is done when the call returns."""
    turns = Turns()
    done: list[str] = []

    def work() -> None:
        assert turns.is_mine
        with pytest.raises(TurnTaken):
            turns.take(lambda: done.append("inside"))
        turns.leave(lambda: done.append("left"))
        assert turns.look(lambda: list(done)) == []
        done.append("work")

    turns.take(work)

    assert done == ["work", "left"]
    assert not turns.is_mine


def test_an_exception_ends_a_turn() -> None:
    """What was left is done all the same, and the next one gets his turn."""
    turns = Turns()
    done: list[str] = []

    def work() -> None:
        turns.leave(lambda: done.append("left"))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        turns.take(work)

    assert done == ["left"]
    assert turns.take(lambda: "next") == "next"


def test_another_thread_waits_as_long_as_it_likes() -> None:
    """Then it leaves its work to the thread that has the turn."""
    turns = Turns()
    begun, gate = threading.Event(), threading.Event()
    done: list[str] = []

    def work() -> None:
        begun.set()
        assert gate.wait(PATIENCE_S)
        done.append("work")

    thread = threading.Thread(target=turns.take, args=(work,))
    thread.start()
    assert begun.wait(PATIENCE_S)
    assert not turns.is_mine
    with pytest.raises(TurnTaken):
        turns.take(lambda: done.append("impatient"), timeout_s=0.01)
    turns.leave(lambda: done.append("left"))
    assert done == []

    gate.set()
    assert turns.take(lambda: list(done)) == ["work", "left"]
    thread.join()


def test_nothing_that_is_left_is_lost_or_done_twice() -> None:
    """Threads that meet at every moment of a turn: each piece of work is done once."""
    turns = Turns()
    count = [0]

    def add() -> None:
        count[0] += 1

    def leave() -> None:
        for _ in range(2_000):
            turns.leave(add)

    threads = [threading.Thread(target=leave) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert turns.look(lambda: count[0]) == 8_000
