"""An outage of what is shipped to: what has failed, and when to try again."""

import time
from typing import Generic, TypeVar

from otel_steps.errors import StoreOnHold, StoreUnavailable
from otel_steps.shipper.backoff import Backoff
from otel_steps.shipper.held_pictures import HOLD_S

_Error = TypeVar("_Error", bound=Exception)


class Outage(Generic[_Error]):
    """
    One thread notes and ends it, or the caller's lock protects it.

    Attributes:
        error: Why nothing passes, or None where something may.
        retry_at: When to try again, as `time.monotonic` has it.
        not_before: The server's word on that, which not even a flush breaks.

    Args:
        backoff: How long to wait after a failure.
    """

    def __init__(self, backoff: Backoff) -> None:
        self.error: _Error | None = None
        self.retry_at = 0.0
        self.not_before = 0.0
        self._backoff = backoff
        self._noted_at = float("-inf")

    @property
    def wait_s(self) -> float:
        """Seconds until the next try; 0 where it is due."""
        return max(0.0, self.retry_at - time.monotonic())

    @property
    def held(self) -> StoreOnHold | None:
        """Why nothing passes until a person acts, or None."""
        error = self.error
        return error if isinstance(error, StoreOnHold) else None

    def is_known(self, began_at: float) -> bool:
        """Tell whether a call that began then has only met what was noted since."""
        return began_at < self._noted_at

    def note(self, error: _Error) -> None:
        """Wait for a person, as long as the server asks, or longer each time."""
        self.error = error
        self._noted_at = time.monotonic()
        self.not_before = 0.0
        if isinstance(error, StoreOnHold):
            self.retry_at = self._noted_at + HOLD_S
            return
        asked_s = error.retry_after_s if isinstance(error, StoreUnavailable) else None
        self.retry_at = self._noted_at + self._backoff.next_s(asked_s)
        if asked_s is not None:
            self.not_before = self.retry_at

    def lift(self) -> None:
        """Try again as soon as the server allows."""
        self.error = None
        self.retry_at = self.not_before

    def end(self) -> None:
        """Take note that something has passed."""
        self._backoff.reset()
        self.not_before = 0.0
        self.lift()
