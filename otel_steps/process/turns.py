"""
Work for one thread at a time, which nobody waits for who could be waited for.

A signal handler and a finalizer run wherever the interpreter happens to be, also in the middle of
such work and on the very thread that does it. A plain lock would have them wait for ever; a
reentrant one lets them in to what is half changed. Here they are turned away at once, and other
threads after the time that they give; what these then leave is done by the thread whose turn it is.
"""

import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Final, TypeVar

T = TypeVar("T")

# For the agent to wait until another thread has written its picture, which takes milliseconds.
PATIENCE_S: Final = 0.1
# For whoever wants to know how it stands, counts that were just left to another thread included.
LOOK_S: Final = 2.0


class TurnTaken(Exception):
    """Another thread was at work for too long, or this one is, further down its stack."""


class Turns:
    """
    The turns at one piece of work.

    What was left is done before a turn ends. So whoever interrupts a turn of his own thread finds
    his work done when the call that he has interrupted returns.
    """

    def __init__(self) -> None:
        # Reentrant, to tell one's own turn from that of others; nobody works in a turn twice.
        self._lock = threading.RLock()
        self._is_taken = False  # written by the thread that holds the lock
        self._left: deque[Callable[[], object]] = deque()  # appended to by any, without the lock

    def take(self, work: Callable[[], T], *, timeout_s: float = -1) -> T:
        """
        Return what *work* returns; before and after it, do what others have left.

        Args:
            work: Waits for nobody. Calls no foreign code, which might.
            timeout_s: How long to wait for the turn of another thread; by default until it ends.

        Raises:
            TurnTaken: It did not end in that time, or it is this thread's own.
        """
        try:
            return self._work(work, timeout_s)
        finally:
            self._catch_up()

    def look(self, work: Callable[[], T]) -> T:
        """Return what *work*, which changes nothing, returns: in turn, or else in between."""
        try:
            return self.take(work, timeout_s=LOOK_S)
        except TurnTaken:
            return work()

    def leave(self, work: Callable[[], object]) -> None:
        """Have *work*, which raises nothing, done now or else by the thread whose turn it is."""
        self._left.append(work)
        self._catch_up()

    @property
    def is_mine(self) -> bool:
        """True where this thread is at work, and what asks has interrupted it."""
        if not self._lock.acquire(blocking=False):
            return False
        try:
            return self._is_taken
        finally:
            self._lock.release()

    def _work(self, work: Callable[[], T], timeout_s: float) -> T:
        try:
            if not self._lock.acquire(timeout=timeout_s) or self._is_taken:
                raise TurnTaken
            self._is_taken = True
            try:
                while self._left:
                    self._left.popleft()()
                return work()
            finally:
                self._is_taken = False
        finally:
            # Also after a Ctrl-C between the lock and the line that would know of it.
            with suppress(RuntimeError):  # it was not ours
                self._lock.release()

    def _catch_up(self) -> None:
        # Whoever is turned away here need not come back: the other one looks once more, here,
        # after his turn has ended.
        while self._left:
            try:
                self._work(lambda: None, 0)
            except TurnTaken:
                return
