"""
What a fork must not interrupt, and what begins anew in a forked child.

A child has the thread that forked and no other, and every lock as it stood. Our own locks are made
anew there (`in_child`). Locks of others cannot be: that of a module which a thread was importing,
SQLite's account of its files. In the child they are held for ever, by a thread that is not there.
So our threads take such locks inside `no_fork`, and a fork waits until they have let go: as a rule
not at all, while a driver is loaded some tenths of a second, and never longer than `PATIENCE_S`.

Nothing here takes a lock itself: a signal handler may fork, whatever line it has interrupted.
Each thread writes its own entries only, and the two sides look in opposite order: who enters says
so and then looks for forks, who forks says so and then looks for those inside.
"""

import os
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final

# How long a fork waits for threads inside `no_fork`, and these for a fork.
PATIENCE_S: Final = 5.0
_POLL_S: Final = 0.001

# Thread -> how many `no_fork` it is inside of.
_inside: Final[dict[int, int]] = {}
# Threads that fork at this moment -> whether the wait was in vain.
_forking: Final[dict[int, bool]] = {}
_is_cut_off = False
_has_cut_off = False


@contextmanager
def no_fork() -> Iterator[None]:
    """Keep other threads from forking inside the block; one that has waited long enough does."""
    thread = threading.get_ident()
    depth = _inside.get(thread, 0)
    try:
        if depth == 0:
            _wait_for_forks(thread)
        _inside[thread] = depth + 1
        yield
    finally:
        if depth:
            _inside[thread] = depth
        else:
            _inside.pop(thread, None)


def is_cut_off() -> bool:
    """True where the fork that made this process, or its parent, came amid a `no_fork`."""
    return _is_cut_off


def has_cut_off() -> bool:
    """True where this process has forked such a child."""
    return _has_cut_off


def in_child(method: Callable[[], None]) -> None:
    """Have a bound *method* called in every forked child, for as long as its object lives."""
    if hasattr(os, "register_at_fork"):
        alive = weakref.WeakMethod(method)
        os.register_at_fork(after_in_child=partial(_call_alive, alive))


def _call_alive(method: "weakref.WeakMethod[Callable[[], None]]") -> None:
    if (alive := method()) is not None:
        alive()


def _wait_for_forks(thread: int) -> None:
    """Enter, and step back for as long as another thread forks."""
    until = time.monotonic() + PATIENCE_S
    _inside[thread] = 1
    while set(_forking) - {thread} and time.monotonic() < until:
        del _inside[thread]
        time.sleep(_POLL_S)
        _inside[thread] = 1


def _before_fork() -> None:
    thread = threading.get_ident()
    until = time.monotonic() + PATIENCE_S
    _forking[thread] = False
    while set(_inside) - {thread}:
        if time.monotonic() > until:
            _forking[thread] = True
            return
        time.sleep(_POLL_S)


def _after_fork_in_parent() -> None:
    global _has_cut_off  # noqa: PLW0603 - of the process, like its locks
    _has_cut_off |= _forking.pop(threading.get_ident(), False)


def _after_fork_in_child() -> None:
    global _is_cut_off, _has_cut_off  # noqa: PLW0603 - as above
    thread = threading.get_ident()
    _is_cut_off |= _forking.get(thread, False)
    _has_cut_off = False
    _forking.clear()
    for other in set(_inside) - {thread}:
        del _inside[other]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=_after_fork_in_parent,
        after_in_child=_after_fork_in_child,
    )
