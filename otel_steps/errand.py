"""
Work that is done beside the agent while it waits for its phone or its model.

A megabyte is hashed and written in two milliseconds: nothing beside a call to a model, but too much
for a thread that promises to cost the agent nothing. An errand is begun on a thread of its own, and
whoever needs its result calls `finish`, which as a rule finds it done.
"""

import os
import queue
import threading
from collections.abc import Callable

# How long `finish` waits for a thread that has begun and does not come to an end.
PATIENCE_S = 5.0


class Errand:
    """
    One call, made once: by the thread, or by `finish` where the thread has not begun.

    Args:
        call: Raises nothing.
    """

    def __init__(self, call: Callable[[], None]) -> None:
        self._call = call
        self._pid = os.getpid()
        self._begun = threading.Lock()
        self._done = threading.Event()

    def run(self) -> None:
        """Make the call, unless somebody has begun to."""
        if self._begun.acquire(blocking=False):
            self._make_call()

    def finish(self, timeout_s: float = PATIENCE_S) -> bool:
        """Return once the call has been made; False if it takes longer than *timeout_s*."""
        if os.getpid() != self._pid and not self._done.is_set():
            # The thread that may have begun stayed behind in the parent, perhaps with the lock of
            # the event.
            self._done = threading.Event()
            self._make_call()
        self.run()
        return self._done.wait(timeout_s)

    def _make_call(self) -> None:
        try:
            self._call()
        finally:
            self._done.set()


class _Runner:
    """The thread that runs errands, one after the other; there is one in a process."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        # Looked up here: gevent, which a program may bring later, puts another one there.
        self._errands: queue.SimpleQueue[Errand] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="otel-steps-errands", daemon=True)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        return self.pid == os.getpid() and self._thread.is_alive()

    def take(self, errand: Errand) -> None:
        self._errands.put(errand)

    def _run(self) -> None:
        while True:
            self._errands.get().run()


_runner: _Runner | None = None


def begin(call: Callable[[], None]) -> Errand:
    """Have *call* made on another thread; at the end of the interpreter, which has none, here."""
    global _runner  # noqa: PLW0603 - a thread of the process, made when it is first needed
    errand = Errand(call)
    try:
        if _runner is None or not _runner.is_alive:
            _runner = _Runner()
    except RuntimeError:  # no thread can be started any more
        errand.run()
    else:
        _runner.take(errand)
    return errand
