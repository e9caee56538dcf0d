"""
A method of one object, watched for the length of a step.

Wrapping the class is not enough: tools around an agent replace `ModelClient.request` on the class
after an instrumentor has wrapped it there. What the object itself has is what the agent calls.
"""

import functools
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Final, NamedTuple

from otel_steps.emit.protection import unharmed

Call = Callable[..., Any]
# Called with the original method and its arguments; calls it and returns what it returned.
Watch = Callable[[Call, tuple[Any, ...], Mapping[str, Any]], Any]

# Two steps of one client come one after the other, as a rule. But the client is foreign code, which
# runs meanwhile: it may wait for another thread, which then must not wait here; what it does may
# come back here; and what interrupts it must get in, too.
_lock = threading.RLock()
_PATIENCE_S: Final = 0.1


class _Watcher(NamedTuple):
    watch: Watch
    is_current: Callable[[], bool]


class _Shim:
    """
    What stands in for a method on its object while at least one step watches it.

    Several agents may share one client, each in its own thread, so there may be several watchers.
    """

    def __init__(self, method: Call, *, is_own: bool) -> None:
        functools.update_wrapper(self, method)
        self.method = method
        self.is_own = is_own
        self.watchers: list[_Watcher] = []

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        watchers = tuple(self.watchers)
        chosen = [watcher for watcher in watchers if watcher.is_current()]
        if not chosen and len(watchers) == 1:
            # The agent calls its client from a thread of its own, where no step is current.
            chosen = list(watchers)
        if not chosen:
            return self.method(*args, **kwargs)
        return chosen[-1].watch(self.method, args, kwargs)


class Shims:
    """
    The shims of one step.

    Args:
        is_current: Tells whether the step is the one that the calling thread is in.
    """

    def __init__(self, is_current: Callable[[], bool]) -> None:
        self._is_current = is_current
        self._placed: list[tuple[Any, str, _Shim, _Watcher]] = []

    def place(self, owner: Any, name: str, watch: Watch) -> None:
        """Send calls of `owner.name` through *watch*; an owner that refuses stays as it is."""
        with unharmed(f"watch {type(owner).__name__}.{name}"), _one_at_a_time():
            shim = getattr(owner, name, None)
            if not callable(shim):
                return
            if not isinstance(shim, _Shim):
                shim = _Shim(shim, is_own=name in vars(owner))
                setattr(owner, name, shim)
            watcher = _Watcher(watch, self._is_current)
            shim.watchers.append(watcher)
            self._placed.append((owner, name, shim, watcher))

    def remove(self) -> None:
        """Put everything back as it was."""
        while self._placed:
            owner, name, shim, watcher = self._placed.pop()
            with unharmed(f"stop watching {type(owner).__name__}.{name}"), _one_at_a_time():
                shim.watchers.remove(watcher)
                # Whoever has replaced the shim meanwhile keeps his replacement.
                if not shim.watchers and vars(owner).get(name) is shim:
                    _restore(owner, name, shim)


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    try:
        _lock.acquire(timeout=_PATIENCE_S)
        yield
    finally:
        with suppress(RuntimeError):  # it is not ours: another thread took too long
            _lock.release()


def _restore(owner: Any, name: str, shim: _Shim) -> None:
    if shim.is_own:
        setattr(owner, name, shim.method)
    else:
        delattr(owner, name)
