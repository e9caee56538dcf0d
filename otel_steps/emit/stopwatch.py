"""How long something takes, whatever becomes of the clock on the wall meanwhile."""

import time


class Stopwatch:
    """
    Runs from now on: it begins at a time of the wall's clock and goes on by one that never jumps.

    Args:
        elapsed_ns: How long ago it was started, in nanoseconds.

    Attributes:
        started_ns: When, as Unix time in nanoseconds.
    """

    def __init__(self, elapsed_ns: int = 0) -> None:
        self.started_ns = time.time_ns() - elapsed_ns
        self._since_ns = time.perf_counter_ns() - elapsed_ns

    @property
    def elapsed_ns(self) -> int:
        """Nanoseconds since."""
        return time.perf_counter_ns() - self._since_ns

    @property
    def elapsed_ms(self) -> float:
        """Milliseconds since."""
        return self.elapsed_ns / 1e6

    def now_ns(self) -> int:
        """Return the time by this watch, as Unix time in nanoseconds."""
        return self.started_ns + self.elapsed_ns
