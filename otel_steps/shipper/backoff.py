"""How long to wait before the next try."""

import random
from collections.abc import Callable
from typing import Final

FIRST_S: Final = 1.0
MAX_S: Final = 60.0
# A server that asks for more is mistaken, or lies.
MAX_RETRY_AFTER_S: Final = 300.0


class Backoff:
    """
    Doubles from 1 to 60 seconds, with full jitter, so that a fleet does not return at once.

    There is no last try: what waits is on disk and may wait for days.

    Args:
        jitter: Returns a number from 0 to 1.
    """

    def __init__(self, jitter: Callable[[], float] = random.random) -> None:
        self._jitter = jitter
        self._limit_s = FIRST_S

    def next_s(self, retry_after_s: float | None = None) -> float:
        """Return the seconds to wait; those that the server has asked for, if it has."""
        limit_s, self._limit_s = self._limit_s, min(MAX_S, 2 * self._limit_s)
        if retry_after_s is not None:
            return min(max(0.0, retry_after_s), MAX_RETRY_AFTER_S)
        return self._jitter() * limit_s

    def reset(self) -> None:
        """Begin again, after a success."""
        self._limit_s = FIRST_S
