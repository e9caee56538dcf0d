"""An outage that keeps all pictures waiting: what has failed, and when to try again."""

import time

from otel_steps.errors import StoreOnHold, StoreUnavailable
from otel_steps.shipper.backoff import Backoff
from otel_steps.shipper.held_pictures import HOLD_S


class PictureOutage:
    """
    The caller's lock protects it.

    Attributes:
        error: Why nothing can be saved, or None where something can.

    Args:
        backoff: How long to wait after a failure.
    """

    def __init__(self, backoff: Backoff) -> None:
        self.error: StoreUnavailable | StoreOnHold | None = None
        self._backoff = backoff
        self._noted_at = float("-inf")
        self._retry_at = 0.0
        self._not_before = 0.0  # the server's word, which not even a flush breaks

    @property
    def wait_s(self) -> float:
        """Seconds until the next try; 0 where it is due."""
        return max(0.0, self._retry_at - time.monotonic())

    def is_known(self, began_at: float) -> bool:
        """Tell whether a call that began then has only met what was noted since."""
        return began_at < self._noted_at

    def note(self, error: StoreUnavailable | StoreOnHold) -> None:
        """Wait for a person, as long as the server asks, or longer each time."""
        self.error = error
        self._noted_at = time.monotonic()
        self._not_before = 0.0
        if isinstance(error, StoreOnHold):
            self._retry_at = self._noted_at + HOLD_S
            return
        self._retry_at = self._noted_at + self._backoff.next_s(error.retry_after_s)
        if error.retry_after_s is not None:
            self._not_before = self._retry_at

    def lift(self) -> None:
        """Try again as soon as the server allows."""
        self.error = None
        self._retry_at = self._not_before

    def end(self) -> None:
        """Take note that the place has answered."""
        self._backoff.reset()
        self._not_before = 0.0
        self.lift()
