"""
The border between an agent and its observation: nothing that fails here reaches the agent.

An instrumentor runs inside somebody else's calls. What it does on its own account stands in a
`with unharmed(...)` block; the agent's own call never does, so its exceptions pass untouched.
"""

import logging
import time
from types import TracebackType
from typing import Final

from otel_steps.emit.content_switch import captures_errors
from otel_steps.process import log_line

_log = logging.getLogger(__name__)

# An agent takes a step a second; the same line for each of them would bury its own output.
_SECONDS_BETWEEN_LINES: Final = 60.0


class _Silence:
    """How long ago a failure was last told, and how many have been kept back since."""

    def __init__(self) -> None:
        self._told_at = -_SECONDS_BETWEEN_LINES
        self._kept_back = 0

    def tell(self, what: str, error: Exception) -> None:
        now = time.monotonic()
        if now - self._told_at < _SECONDS_BETWEEN_LINES:
            self._kept_back += 1
            return
        kept_back, self._kept_back, self._told_at = self._kept_back, 0, now
        # The type alone: the message may hold what was on the screen.
        log_line.write(
            _log,
            logging.WARNING,
            "could not %s: %s (%d more since the last such line); the agent goes on, "
            "its record lacks that part",
            what,
            type(error).__name__,
            kept_back,
        )
        if captures_errors():
            log_line.write(_log, logging.DEBUG, "could not %s", what, exc_info=error)


_silence = _Silence()


class unharmed:  # noqa: N801 - reads as the word it is: with unharmed("take the picture")
    """
    A block whose exceptions are logged, at most once a minute, and go no further.

    KeyboardInterrupt and its kind are not ours to keep and pass.

    Args:
        what: What the block does, to complete "could not ...".
    """

    __slots__ = ("_what",)

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        if not isinstance(error, Exception):
            return False
        _silence.tell(self._what, error)
        return True
