"""How the store is opened for a delivery, and where that may never end."""

import time
from collections.abc import Callable
from typing import Final

from otel_steps.config import ConfigError
from otel_steps.errors import StoreOnHold
from otel_steps.health.problems import Problems
from otel_steps.pictures.store import ScreenshotStore
from otel_steps.process import forks
from otel_steps.shipper.delivery import Delivery
from otel_steps.stores.contract import Store

# By then a store has opened or said why it does not.
STUCK_S: Final = 30.0


class StoreOpening:
    """
    Opens and closes on the thread that ships; `hindrance` is asked on any, and takes no lock.

    Args:
        open_store: Called in the shipper's thread: drivers are slow to import.
        open_screenshots: As above, after it.
    """

    def __init__(
        self,
        delivery: Delivery,
        open_store: Callable[[], Store],
        open_screenshots: Callable[[Store], ScreenshotStore],
        problems: Problems,
    ) -> None:
        self._delivery = delivery
        self._open_store = open_store
        self._open_screenshots = open_screenshots
        self._problems = problems
        self._opening_since: float | None = None
        self._has_opened = False

    def open(self) -> None:
        """Open what is not open yet; may raise what `Delivery.open` does."""
        self._opening_since = time.monotonic()
        try:
            self._delivery.open(self._open_store, self._open_screenshots)
            self._has_opened = True
        except ConfigError as error:
            # What has changed since the settings were checked, such as a package that was removed.
            remedy = "mend that setting and start the program again; what waits is kept on disk"
            raise StoreOnHold(str(error), remedy=remedy) from error
        finally:
            self._opening_since = None

    def close(self) -> None:
        """Close what is open; where that fails it is given up, and reported."""
        try:
            self._delivery.close()
        except Exception as error:  # noqa: BLE001 - a backend is foreign code; it is given up anyway
            self._problems.report("store", f"closing failed: {type(error).__name__}: {error}")

    def hindrance(self) -> str | None:
        """Return why the store may never open in this process, or None."""
        # What a thread of the parent was about at the fork, such as an import, stays so for ever.
        if forks.is_cut_off() and not self._has_opened:
            return (
                "this process was forked while a thread of its parent loaded a driver or used the "
                "store; it may never open the store itself"
            )
        since = self._opening_since
        if since is not None and time.monotonic() - since > STUCK_S:
            return f"the store has been opening for more than {STUCK_S:g} s"
        return None
