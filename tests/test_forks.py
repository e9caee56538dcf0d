"""What a fork waits for, and for how long."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from otel_steps.process import forks
from otel_steps.process.forks import no_fork
from tests.patience import PATIENCE_S

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform has no fork"),
    pytest.mark.filterwarnings("ignore:This process:DeprecationWarning"),
]


def a_fork_waits() -> bool:
    return bool(forks._forking)


@contextmanager
def beside(work: Callable[[], None]) -> Iterator[threading.Thread]:
    thread = threading.Thread(target=work)
    thread.start()
    yield thread
    thread.join(PATIENCE_S)
    assert not thread.is_alive()


def is_true_in_child(is_so: Callable[[], bool]) -> bool:
    pid = os.fork()
    if pid == 0:
        os._exit(0 if is_so() else 1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_a_fork_waits_until_others_have_left() -> None:
    """The child never sees a lock that a thread has taken inside."""
    foreign, inside = threading.Lock(), threading.Event()

    def work() -> None:
        with no_fork(), no_fork(), foreign:
            inside.set()
            while not a_fork_waits():
                time.sleep(0.001)

    with beside(work):
        assert inside.wait(PATIENCE_S)
        assert is_true_in_child(lambda: not foreign.locked() and not forks.is_cut_off())
    assert not forks.has_cut_off()


def test_who_comes_while_a_fork_waits_lets_it_pass() -> None:
    """A busy process can be forked, too: nobody enters before."""
    inside, leave, entered = threading.Event(), threading.Event(), threading.Event()

    def first() -> None:
        with no_fork():
            inside.set()
            leave.wait(PATIENCE_S)

    def second() -> None:
        while not a_fork_waits():
            time.sleep(0.001)
        threading.Timer(0.05, leave.set).start()
        with no_fork():
            entered.set()

    with beside(first):
        assert inside.wait(PATIENCE_S)
        with beside(second):
            assert is_true_in_child(lambda: not entered.is_set())
    assert entered.is_set()


def test_a_thread_does_not_wait_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who forks inside has nothing to wait for, and its child goes on inside."""
    monkeypatch.setattr(forks, "PATIENCE_S", PATIENCE_S)
    began_at = time.monotonic()

    with no_fork():
        assert is_true_in_child(lambda: list(forks._inside.values()) == [1])

    assert time.monotonic() - began_at < PATIENCE_S
    assert not forks._inside


def test_a_fork_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parent and child know that the child may find what is held for ever, and its children too."""
    monkeypatch.setattr(forks, "PATIENCE_S", 0.01)
    monkeypatch.setattr(forks, "_has_cut_off", False)
    inside, leave = threading.Event(), threading.Event()

    def work() -> None:
        with no_fork():
            inside.set()
            leave.wait(PATIENCE_S)

    def is_cut_off() -> bool:
        return forks.is_cut_off() and not forks.has_cut_off()

    with beside(work):
        assert inside.wait(PATIENCE_S)
        assert is_true_in_child(lambda: is_cut_off() and is_true_in_child(is_cut_off))
        leave.set()

    assert forks.has_cut_off()
    assert not forks.is_cut_off()
