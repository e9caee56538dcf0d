"""What is old is removed beside an agent, where settings ask for it; else this costs nothing."""

import contextlib
from typing import TYPE_CHECKING, Final

from otel_steps.config import Settings
from otel_steps.health.problems import Problems
from otel_steps.process.background import start_thread

if TYPE_CHECKING:
    from otel_steps.retention.daily import Daily

# The first moments of a program are left alone; one that is over by then removes nothing.
_AFTER_S: Final = 10.0


class Tidying:
    """The rules of *settings*, applied by a thread that nobody waits for."""

    def __init__(self, settings: Settings, problems: Problems) -> None:
        self._has_begun = False
        self._daily = None if settings.retention is None else _daily(settings, problems)

    def begin(self) -> None:
        """Begin, if it has not; takes no lock, as the agent's thread calls it with each start."""
        if self._daily is None or self._has_begun:
            return
        self._has_begun = True
        with contextlib.suppress(RuntimeError):  # the interpreter is about to end
            start_thread(self._daily.THREAD, self._daily.run)

    def close(self) -> None:
        """Begin no more, and let what is being removed be the last."""
        self._has_begun = True
        if self._daily is not None:
            self._daily.close(timeout_s=0)


def _daily(settings: Settings, problems: Problems) -> "Daily":
    from otel_steps.retention.daily import Daily

    return Daily(settings, problems, first_after_s=_AFTER_S)
