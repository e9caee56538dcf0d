"""
What the thread that ships does when it wakes up, and when that is due.

Rows of this process come first, then pictures that have arrived, then what others have left; after
a failure all of it waits, longer each time.
"""

import contextlib
import math
import time
from collections.abc import Callable
from typing import Final

from otel_steps.errors import StoreOnHold, StoreUnavailable
from otel_steps.health.problems import Problems
from otel_steps.journal import Journal
from otel_steps.journal.backlog import Backlog
from otel_steps.pictures.store import ScreenshotStore
from otel_steps.process import forks
from otel_steps.shipper.backoff import Backoff
from otel_steps.shipper.courier import Courier
from otel_steps.shipper.delivery import Delivery
from otel_steps.shipper.dispatch import Dispatch, Waiting
from otel_steps.shipper.outage import Outage
from otel_steps.shipper.requests import Requests
from otel_steps.shipper.store_opening import StoreOpening
from otel_steps.stores.contract import Store

# With an embedded store: long enough for the spans of a step to come together, too short to see.
COALESCE_S: Final = 0.05
# With a store far away: long enough for some pictures to come together.
COALESCE_PICTURES_S: Final = 0.5
ADOPT_S: Final = 30.0
# For the courier's threads to end; one that is in a call is left to itself.
CLOSE_S: Final = 1.0
SYNC_S: Final = 1.0
MEASURE_S: Final = 30.0


class Rounds:
    """
    Ships all that is due, one round after the other, on one thread.

    What is written here is written by that thread alone; what others write as well is in the
    `Requests`, and says how. The arguments are those of `Shipper`.

    Attributes:
        backoff: How long to wait after a failure of the store.
        courier: Carries the pictures.
        delivery: Knows what was shipped.
        dispatch: Knows what comes first.
        opening: Of the store.
        outage: Of the store, since it last took something.
    """

    def __init__(
        self,
        journal: Journal | None,
        backlog: Backlog,
        *,
        open_store: Callable[[], Store],
        open_screenshots: Callable[[Store], ScreenshotStore],
        buffer_size: int,
        flush_interval_s: float,
        problems: Problems,
        jitter: Callable[[], float] | None,
    ) -> None:
        self._journal = journal
        self._backlog = backlog
        self._open_store = open_store
        self._open_screenshots = open_screenshots
        self._buffer_size = buffer_size
        self._flush_interval_s = flush_interval_s
        self._problems = problems
        self._jitter = jitter
        self._inherited: list[object] = []

    def start(self, requests: Requests) -> None:
        """Begin anew, with what *requests* are to come."""
        self._requests = requests
        self.backoff = self._new_backoff()
        self.outage = Outage[Exception](self.backoff)
        self._adopted_at = -math.inf
        self._adopt_s = ADOPT_S
        self._measure_at = 0.0
        self._synced_at = 0.0
        self._rows_in = 0  # the last flush whose rows are in the store
        self._lacking: set[Waiting] = set()  # what it waits for besides

        self.courier = Courier(
            self._problems, on_news=self._pictures_arrived, backoff=self._new_backoff()
        )
        self.delivery = Delivery(self._backlog.dead_letters, self.courier, self._problems)
        self.dispatch = Dispatch(self._journal, self._backlog, self.delivery, self._problems)
        self.opening = StoreOpening(
            self.delivery, self._open_store, self._open_screenshots, self._problems
        )

    def _new_backoff(self) -> Backoff:
        return Backoff(self._jitter) if self._jitter else Backoff()

    def abandon(self) -> None:
        """Leave the store and all threads to the parent, after a fork; `start` follows."""
        # Never closed here: SQLite must not so much as close what another process has opened.
        self._inherited.append(self.delivery)
        self.courier.abandon()

    # --- When

    def due_at(self) -> float:
        """Return when something is due, as `time.monotonic` has it."""
        return min(self._ship_at(), self._sync_at(), self._measure_at)

    def _ship_at(self) -> float:
        if self._requests.is_hurried:
            return self.outage.not_before
        if self.outage.error is not None:
            return self.outage.retry_at
        return min(self._rows_at(), self._pictures_due_at())

    def _rows_at(self) -> float:
        if not self._requests.pending:
            return self._adopt_at
        if self.delivery.is_embedded:
            return self._requests.pending_since + COALESCE_S
        if self._requests.pending >= self._buffer_size:
            return self._requests.pending_since
        return min(self._adopt_at, self._requests.pending_since + self._flush_interval_s)

    @property
    def _adopt_at(self) -> float:
        # A child that cannot ship leaves its steps to us; they should not be later than our own.
        most_s = self._flush_interval_s if forks.has_cut_off() else math.inf
        return self._adopted_at + min(self._adopt_s, most_s)

    def _pictures_due_at(self) -> float:
        is_awaited = self.delivery.is_embedded or self._rows_in > max(
            self._requests.answered, self._requests.given_up
        )
        return self._requests.pictures_at + (COALESCE_S if is_awaited else COALESCE_PICTURES_S)

    def _sync_at(self) -> float:
        is_unsynced = self._journal is not None and self._journal.is_unsynced
        # Not every notify wakes this thread: while something is pending, look each second.
        return self._synced_at + SYNC_S if is_unsynced or self._requests.pending else math.inf

    # --- What

    def go(self) -> None:
        """Do what is due; raises nothing that a store or a disk may raise."""
        now = time.monotonic()
        if self._journal is not None and now >= self._sync_at():
            self._journal.sync()
            self._synced_at = now
        if now >= self._measure_at:
            self._measure_at = now + MEASURE_S
            if self._journal is not None:
                self._journal.measure()
        if now >= self._ship_at():
            self._ship()

    def _ship(self) -> None:
        is_asked = self._requests.is_hurried or self.outage.error is not None
        asks_rows = is_asked or time.monotonic() >= self._rows_at()
        # Before anything fails: a hurry that stayed would be tried again at once, without end.
        asked = self._take() if asks_rows else self._requests.asked
        try:
            self.open()
            if asks_rows:
                self._ship_own(asked)
            else:
                self._show_pictures()
            if time.monotonic() >= self._adopt_at:
                self._ship_left_behind()
            if asks_rows and self.dispatch.held is not None:
                raise self.dispatch.held  # all others have had their turn
        except StoreUnavailable as error:
            self._problems.report("store", str(error))
            self.outage.note(error)
        except StoreOnHold as error:
            self._hold(error, asked)
        except Exception as error:  # noqa: BLE001 - the edge of the loop: reported, and tried again
            # Half of an import that a fork cut off may fail at once; the hindrance says it better.
            if self.opening.hindrance() is None:
                self._problems.report("shipper", f"{type(error).__name__}: {error}")
            self.outage.note(error)
        else:
            self.outage.end()

    def _take(self) -> int:
        with self._requests.changed:
            if self._requests.is_hurried:
                self.courier.hurry()
            self._requests.pending = 0
            self._requests.is_hurried = False
            self._requests.pictures_at = math.inf
            return self._requests.asked

    def _ship_own(self, asked: int) -> None:
        shipped, dead = self.delivery.shipped, self.delivery.dead
        self.dispatch.own()
        with self._requests.changed:
            if self.delivery.shipped > shipped:
                self.outage.lift()
            self._requests.dead += self.delivery.dead - dead
        self._answer(asked)

    def _show_pictures(self) -> None:
        with self._requests.changed:
            self._requests.pictures_at = math.inf
        self.dispatch.own_pictures()
        self._answer(self._rows_in)

    def _answer(self, asked: int) -> None:
        """Answer the flushes up to *asked*, whose rows are in, once their pictures are as well."""
        if self.dispatch.held is not None:
            return
        lacking = self.dispatch.own_waiting()
        with self._requests.changed:
            self._lacking = lacking if asked > self._rows_in else self._lacking & lacking
            self._rows_in = asked
            if not self._lacking:
                self._requests.answered = asked
            elif self.courier.is_stuck:
                self._requests.given_up = asked
            self._requests.changed.notify_all()

    def _ship_left_behind(self) -> None:
        with contextlib.closing(self.dispatch.left_behind()) as portions:
            for _ in portions:
                if self._requests.is_stopped:
                    return
                # However much was left behind, the steps of this process stay visible at once.
                if self._requests.pending or self._requests.is_hurried:
                    self._ship_own(self._take())
        is_going_on = self.dispatch.others_wait and not self.courier.is_stuck
        with self._requests.changed:
            self._requests.has_left = False
        self._adopted_at = time.monotonic()
        self._adopt_s = COALESCE_PICTURES_S if is_going_on else ADOPT_S

    def _hold(self, error: StoreOnHold, asked: int) -> None:
        held = self.outage.held
        if held is None or str(held) != str(error):
            self._problems.report("store", str(error), remedy=error.remedy)
        self.outage.note(error)
        # What a person changes (a key, a file) is seen by opening anew.
        self.opening.close()
        with self._requests.changed:
            self._requests.given_up = asked
            self._requests.changed.notify_all()

    # --- The store

    def open(self) -> None:
        """Open the store, unless it is; anew where that may help a courier that is stuck."""
        is_due = self._requests.is_hurried or time.monotonic() >= self._adopt_at
        if is_due and self.courier.is_stuck:
            self.opening.close()  # as in `_hold`
        self.opening.open()

    def close(self) -> None:
        """Close the store, and wait a moment for the courier's threads to end."""
        self.opening.close()
        self.courier.close(CLOSE_S)

    # --- A thread of the courier

    def _pictures_arrived(self) -> None:
        with self._requests.changed:
            self._requests.pictures_at = min(self._requests.pictures_at, time.monotonic())
        self._requests.wakes.put(None)
