"""
A line in the program's log, written so that it harms nobody.

The handlers of a log are the program's own code: they may raise, and they have locks. Whoever
interrupts a thread in the middle of its logging (in a signal handler, in a finalizer) and logs
would wait there for a lock of that very thread. Such a line is written by another thread.
"""

import logging
import sys
from collections.abc import Callable
from functools import partial
from types import FrameType

from otel_steps.process import background


def write(
    log: logging.Logger,
    level: int,
    text: str,
    *arguments: object,
    exc_info: Exception | None = None,
    failed: Callable[[Exception], None] = lambda _: None,
) -> None:
    """
    Log *text* now, or in a moment where this thread is logging already; raises nothing.

    Args:
        failed: Called with what a handler of the program has raised.
    """
    line = partial(_write, partial(log.log, level, text, *arguments, exc_info=exc_info), failed)
    if _is_logging(sys._getframe(1)):
        background.begin(line)
    else:
        line()


def _write(call: Callable[[], None], failed: Callable[[Exception], None]) -> None:
    try:
        call()
    except Exception as error:  # noqa: BLE001 - foreign code; the caller counts it
        failed(error)


def _is_logging(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_globals.get("__name__") == logging.__name__:
            return True
        frame = frame.f_back
    return False
