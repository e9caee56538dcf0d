"""How long something takes, whatever becomes of the clock on the wall meanwhile."""

import time


class Stopwatch:
    """
    Begins at a time of the wall's clock, by default now, and goes on by one that never jumps.

    What is told only when it is over has a watch that has stopped.

    Args:
        started_ns: When it began, as Unix time in nanoseconds.
        ended_ns: When it was over, likewise; None for what goes on. Never before it began.

    Attributes:
        started_ns: As given.
    """

    def __init__(self, started_ns: int | None = None, ended_ns: int | None = None) -> None:
        now_ns = time.time_ns()
        self.started_ns = now_ns if started_ns is None else started_ns
        self._since_ns = time.perf_counter_ns() - (now_ns - self.started_ns)
        self._stopped_ns: int | None = None
        if ended_ns is not None:
            self.stop(ended_ns)

    def stop(self, ended_ns: int) -> None:
        """Stop at *ended_ns*, Unix time in nanoseconds, however late that is said."""
        self._stopped_ns = max(0, ended_ns - self.started_ns)

    @property
    def elapsed_ns(self) -> int:
        """Nanoseconds since it began, until now or until it stopped."""
        if self._stopped_ns is not None:
            return self._stopped_ns
        return time.perf_counter_ns() - self._since_ns

    @property
    def elapsed_ms(self) -> float:
        """The same in milliseconds."""
        return self.elapsed_ns / 1e6

    def now_ns(self) -> int:
        """Return the time by this watch, as Unix time in nanoseconds."""
        return self.started_ns + self.elapsed_ns
