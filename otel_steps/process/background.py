"""
Work that is done beside the agent while it waits for its phone or its model.

A megabyte is hashed and written in two milliseconds: nothing beside a call to a model, but too much
for a thread that promises to cost the agent nothing. So the call is begun on another thread, and
whoever needs its result calls `finish`, which as a rule finds it made.

Nobody waits for that thread: it may need a lock that the one who waits has, further down its stack.
"""

import _thread
import os
import queue
import threading
from collections.abc import Callable
from contextlib import suppress


class BackgroundCall:
    """
    One call, made by the thread, by `finish`, or by both.

    Args:
        call: Raises nothing, and does no harm when it is made twice, even at the same time.
    """

    def __init__(self, call: Callable[[], None]) -> None:
        self._call: Callable[[], None] | None = call

    @property
    def is_done(self) -> bool:
        """Whether the call has been made."""
        return self._call is None

    def finish(self) -> None:
        """Return once the call has been made: here, unless the thread is through with it."""
        call = self._call
        if call is not None:
            try:
                call()
            finally:
                self._call = None  # with what it holds: pictures are large


class _Runner:
    """The thread that runs calls, one after the other; there is one in a process."""

    def __init__(self) -> None:
        self._pid = os.getpid()
        self._has_ended = False
        # Looked up here: gevent, which a program may bring later, puts another one there.
        self._calls: queue.SimpleQueue[BackgroundCall] = queue.SimpleQueue()
        start_thread("otel-steps-background", self._run)

    @property
    def is_alive(self) -> bool:
        return self._pid == os.getpid() and not self._has_ended

    def take(self, call: BackgroundCall) -> None:
        self._calls.put(call)

    def _run(self) -> None:
        try:
            while True:
                self._calls.get().finish()
        finally:
            self._has_ended = True


_runner: _Runner | None = None


def begin(call: Callable[[], None]) -> BackgroundCall:
    """Have *call* made on another thread; at the end of the interpreter, which has none, here."""
    global _runner  # noqa: PLW0603 - a thread of the process, made when it is first needed
    begun = BackgroundCall(call)
    try:
        if _runner is None or not _runner.is_alive:
            _runner = _Runner()
    except RuntimeError:  # no thread can be started any more
        begun.finish()
    else:
        _runner.take(begun)
    return begun


def start_thread(name: str, run: Callable[[], None]) -> None:
    """
    Start a daemon thread that calls *run*, and do not wait until it has begun.

    `Thread.start` does wait, and garbage may be collected in the new thread before it has begun:
    finalizers, which may want what the starter has. So another thread does the waiting.

    Raises:
        RuntimeError: No thread can be started any more. Where only the second one is refused, *run*
            is not called.
    """
    thread = threading.Thread(target=run, name=name, daemon=True)
    _thread.start_new_thread(_start, (thread,))


def _start(thread: threading.Thread) -> None:
    with suppress(RuntimeError):
        thread.start()
