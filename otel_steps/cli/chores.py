"""What a server does beside answering: it tells of tasks that end, and removes what is old."""

from collections.abc import Iterator
from contextlib import contextmanager

from otel_steps.config import Settings
from otel_steps.health.problems import Problems
from otel_steps.retention.daily import Daily
from otel_steps.webhook import watcher_of
from otel_steps.webhook.watcher import Watcher


class Chores:
    """
    The chores that *settings* ask for, on threads of their own.

    Args:
        viewer: The address of this process's viewer, if it has one.
    """

    def __init__(
        self, settings: Settings, problems: Problems, *, viewer: str | None = None
    ) -> None:
        self._daily = Daily(settings, problems)
        self._news: Watcher | None = watcher_of(settings, problems, viewer=viewer)

    def begin(self) -> None:
        """Begin with them."""
        self._daily.begin()
        if self._news is not None:
            self._news.start()

    @contextmanager
    def ending(self) -> Iterator[None]:
        """End them with a block, whether they have begun or not."""
        try:
            yield
        finally:
            self._daily.close()
            if self._news is not None:
                self._news.close()
