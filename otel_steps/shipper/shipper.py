"""
The thread that carries the journal to the store.

It decides when; `Dispatch` knows what, `Delivery` how, and `Courier` carries the pictures. Ordinary
traffic and what a crash has left take the same way, so the recovery code runs all day.
"""

import contextlib
import logging
import math
import queue
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from opentelemetry.instrumentation.utils import suppress_instrumentation

from otel_steps import forks, log_line
from otel_steps.errand import start_thread
from otel_steps.errors import StoreOnHold, StoreUnavailable
from otel_steps.journal import Journal
from otel_steps.journal.backlog import Backlog
from otel_steps.pictures.store import ScreenshotStore
from otel_steps.problems import Problems
from otel_steps.shipper.backoff import Backoff
from otel_steps.shipper.courier import UNEXPECTED_TRIES, Courier
from otel_steps.shipper.delivery import Delivery
from otel_steps.shipper.dispatch import Dispatch, Waiting
from otel_steps.shipper.held_pictures import HOLD_S
from otel_steps.shipper.shipper_facts import Shipped, ShipperFacts
from otel_steps.stores.contract import Store

_log = logging.getLogger(__name__)

# With an embedded store: long enough for the spans of a step to come together, too short to see.
COALESCE_S: Final = 0.05
# With a store far away: long enough for some pictures to come together.
COALESCE_PICTURES_S: Final = 0.5
ADOPT_S: Final = 30.0
# For the courier's threads to end; one that is in a call is left to itself.
CLOSE_S: Final = 1.0
SYNC_S: Final = 1.0
# For a thread to begin that was asked for; then another one is.
START_S: Final = 1.0
MEASURE_S: Final = 30.0
# By then a store has opened or said why it does not.
STUCK_S: Final = 30.0
LEFT_TO_OTHERS: Final = (
    "its steps are on disk: the process that forked it ships them, or `otel-steps sync`"
)

Progress = Callable[[int, int], None]


class Shipper:
    """
    Ships in a daemon thread that starts with the first `notify`, or at once in `ship_all`.

    Args:
        journal: Of this process; None where only what others have left is to be shipped.
        backlog_folder: Holds the folders of all processes.
        open_store: Called in the shipper's thread: drivers are slow to import.
        open_screenshots: As above, after it.
        buffer_size: Spans that go at once; a full buffer does not wait.
        flush_interval_s: Seconds after which fewer go, too. An embedded store has them at once.
        problems: Hears of everything that goes wrong.
        jitter: Of the back-off, a number from 0 to 1.
    """

    def __init__(
        self,
        journal: Journal | None,
        backlog_folder: Path,
        *,
        open_store: Callable[[], Store],
        open_screenshots: Callable[[Store], ScreenshotStore],
        buffer_size: int = 50,
        flush_interval_s: float = 5.0,
        problems: Problems,
        jitter: Callable[[], float] | None = None,
    ) -> None:
        self._journal = journal
        self._open_store = open_store
        self._open_screenshots = open_screenshots
        self._buffer_size = buffer_size
        self._flush_interval_s = flush_interval_s
        self._problems = problems
        self._jitter = jitter
        self._inherited: list[object] = []
        self._backlog = Backlog(
            backlog_folder,
            problems=problems,
            on_freed=journal.freed if journal else lambda _: None,
        )
        self._start()
        forks.in_child(self._start_in_child)

    def _start(self) -> None:
        # Of the agent's threads: written without a lock, since `notify` may interrupt anything.
        # Two at a time may count as one. Never lost is that there was something: the journal has it
        # before it is counted, and is read after the count was set to 0.
        self._pending = 0  # notified since the last look into the journal
        self._pending_since = 0.0
        self._start_asked_at = -math.inf  # when a thread was last asked for
        self._wakes: queue.SimpleQueue[None] = queue.SimpleQueue()  # what the thread sleeps on

        # Guards what follows up to the blank line, and wakes those who wait for an answer. Who has
        # it may be interrupted by a call on the journal; never the other way round: what interrupts
        # the journal takes no lock (`notify`), or does not get one (`flush`).
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None  # the one that ships
        self._is_stopped = False
        self._asked = 0  # flushes
        self._answered = 0  # the last flush whose spans are in the store
        self._given_up = 0  # the last flush that met a store on hold
        self._is_hurried = False  # a flush waits, and has not been tried yet
        self._pictures_at = math.inf  # when the first picture arrived whose row does not show it
        self._dead = 0  # dead letters among the spans of this process
        self._missed = 0  # spans that the journal has given up, as far as a flush has told
        self._has_left = False  # spans to other processes, and has not seen to them since

        self._backoff = self._new_backoff()
        self._is_failing = False
        self._retry_at = 0.0
        self._not_before = 0.0  # the server's word, which not even a flush breaks
        self._adopted_at = -math.inf
        self._adopt_s = ADOPT_S
        self._measure_at = 0.0
        self._synced_at = 0.0
        self._opening_since: float | None = None
        self._has_opened = False
        self._hindrance_told: str | None = None
        self._held: StoreOnHold | None = None
        self._last_error: str | None = None
        self._rows_in = 0  # the last flush whose rows are in the store
        self._lacking: set[Waiting] = set()  # what it waits for besides

        self._courier = Courier(
            self._problems, on_news=self._pictures_arrived, backoff=self._new_backoff()
        )
        self._delivery = Delivery(self._backlog.dead_letters, self._courier, self._problems)
        self._dispatch = Dispatch(self._journal, self._backlog, self._delivery, self._problems)

    def _new_backoff(self) -> Backoff:
        return Backoff(self._jitter) if self._jitter else Backoff()

    # --- The agent's threads

    def notify(self) -> None:
        """
        Say that the journal has something new.

        Never raises, takes no lock and waits for nobody: it may interrupt anything.
        """
        pending = self._pending = self._pending + 1
        if pending == 1:
            self._pending_since = time.monotonic()
        self._ensure_thread()
        if pending in (1, self._buffer_size):
            self._wakes.put(None)
        self._watch()

    def flush(self, timeout_s: float) -> bool:
        """
        Wait until the store has all that was recorded before the call; True only if it has.

        A store on hold is asked at once, and the wait ends with its answer. There is no wait at all
        in a signal handler or a finalizer that has interrupted what the shipper needs.
        """
        if self._would_wait_for_itself():
            return False
        deadline = time.monotonic() + timeout_s
        with self._changed:
            if self._is_idle():
                return True
            self._ensure_thread()
        self._watch()
        with self._changed:
            dead, missed = self._dead, self._missed
            self._asked += 1
            asked = self._asked
            self._is_hurried = True
            self._wakes.put(None)
            while self._answered < asked and self._given_up < asked and self._has_thread():
                remaining_s = deadline - time.monotonic()
                if remaining_s <= 0:
                    break
                self._changed.wait(min(remaining_s, START_S))
            if self._answered < asked or self._dead != dead or self._has_left:
                return False
            self._missed = self._journal.given_up if self._journal else 0
            return self._missed == missed

    def shutdown(self, timeout_s: float = 2.0) -> None:
        """
        Ship for a moment, as a courtesy, and stop; what is left on disk arrives at the next start.

        Starts no thread, so it may be called while the interpreter ends. Further calls do nothing.
        """
        deadline = time.monotonic() + timeout_s
        with self._changed:
            has_thread, is_stopped = self._has_thread(), self._is_stopped
        if is_stopped:
            return
        if has_thread:
            self.flush(timeout_s)
        with self._changed:
            self._is_stopped = True
            self._wakes.put(None)
            if not self._would_wait_for_itself():
                remaining_s = max(0.0, deadline - time.monotonic())
                self._changed.wait_for(lambda: self._thread is None, remaining_s)
            is_running = self._thread is not None
        if self._journal is None:
            return
        facts = self._journal.facts()
        for lost, what in ((facts.in_memory, "spans"), (facts.pictures_in_memory, "pictures")):
            if lost:
                message = f"{lost} {what} were in memory only when the process ended"
                self._problems.report("lost", message, count=lost, level=logging.ERROR)
        if not is_running:
            self._journal.close()

    def _would_wait_for_itself(self) -> bool:
        is_in_journal = self._journal is not None and self._journal.is_interrupted
        is_shipping = self._thread is not None and self._thread.ident == threading.get_ident()
        return is_in_journal or is_shipping

    def facts(self) -> ShipperFacts:
        """Return counts; reads the journal's folder."""
        self._watch()
        waiting = self._backlog.waiting()
        in_memory = self._journal.facts().in_memory if self._journal else 0
        failure = self._courier.failure
        held = self._held or (failure if isinstance(failure, StoreOnHold) else None)
        return ShipperFacts(
            shipped=self._delivery.shipped,
            known=self._delivery.known,
            batches=self._delivery.batches,
            batch_seconds=self._delivery.batch_seconds,
            waiting=waiting.lines + in_memory,
            waiting_bytes=waiting.size_bytes,
            pictures_waiting=waiting.pictures,
            oldest_at=waiting.oldest_at,
            dead=self._backlog.dead_letters.count(),
            pictures_dead=self._backlog.dead_letters.count_pictures(),
            unread=waiting.unread,
            held=str(held) if held else None,
            remedy=held.remedy if held else None,
            last_error=self._last_error or (str(failure) if failure else None),
        )

    # --- In the foreground

    def ship_all(self, *, progress: Progress | None = None) -> Shipped:
        """
        Ship what dead processes have left until nothing is, or until the store takes no more.

        Args:
            progress: Called with the spans done so far and the spans that waited at the start.
        """
        total = self._backlog.waiting().lines
        failure: StoreUnavailable | StoreOnHold | None = None
        with suppress_instrumentation():
            # Often enough for a row whose error nobody has classified to be found out.
            for _ in range(UNEXPECTED_TRIES):
                failure = self._try_all(total, progress)
                if not isinstance(failure, StoreUnavailable) or failure.retry_after_s:
                    break
                time.sleep(self._backoff.next_s())
            self._close()
            self._courier.close(CLOSE_S)
        waiting = self._backlog.waiting()
        return Shipped(
            shipped=self._delivery.shipped,
            known=self._delivery.known,
            pictures_dead=self._delivery.pictures_dead,
            dead=self._delivery.dead + self._backlog.dead_lines,
            waiting=waiting.lines,
            pictures_waiting=waiting.pictures,
            reason=str(failure) if failure else None,
            remedy=failure.remedy if isinstance(failure, StoreOnHold) else None,
            troubles=self._backlog.troubles,
        )

    def _try_all(
        self, total: int, progress: Progress | None
    ) -> StoreUnavailable | StoreOnHold | None:
        try:
            self._open()
            self._courier.hurry()
            self._dispatch.own()
            while True:
                settled = self._courier.settled
                for _ in self._dispatch.left_behind():
                    if progress is not None:
                        progress(min(total, self._delivery.shipped + self._delivery.dead), total)
                if not self._dispatch.others_wait:
                    break
                self._courier.wait()
                if self._courier.settled == settled:
                    break
            return self._courier.failure or self._dispatch.held
        except (StoreUnavailable, StoreOnHold) as error:
            return error
        except OSError as error:
            return StoreUnavailable(f"the journal cannot be read or written: {error}")

    # --- The shipper's thread

    def _run(self) -> None:
        changed = self._changed
        with changed:
            # Two may have been asked for at once: the first one stays.
            if self._thread is not None:
                return
            self._thread = threading.current_thread()
            # Looked up here: gevent, which a program may bring later, puts another one there.
            self._wakes = queue.SimpleQueue()
        try:
            # Our own calls must not become spans, which would be shipped, and so on.
            with suppress_instrumentation():
                while self._wait(changed):
                    self._cycle()
        except BaseException as error:  # noqa: BLE001 - the edge of the thread; the next notify starts another
            message = f"the shipper's thread has ended: {type(error).__name__}: {error}"
            self._problems.report("shipper", message, level=logging.ERROR)
        finally:
            if changed is self._changed:
                self._close()
                self._courier.close(CLOSE_S)
                with changed:
                    self._thread = None
                    self._start_asked_at = -math.inf
                    changed.notify_all()

    def _wait(self, changed: threading.Condition) -> bool:
        """
        Wait until something is due; False where the thread is to end.

        One that gevent has carried over a fork is to: it knows the condition of the parent.
        """
        wakes = self._wakes
        while changed is self._changed and not self._is_stopped:
            due_at = min(self._ship_at(), self._sync_at(), self._measure_at)
            wait_s = due_at - time.monotonic()
            if wait_s <= 0:
                return True
            with contextlib.suppress(queue.Empty):
                wakes.get(timeout=wait_s)
        return False

    def _ship_at(self) -> float:
        if self._is_hurried:
            return self._not_before
        if self._is_failing:
            return self._retry_at
        return min(self._rows_at(), self._pictures_due_at())

    def _rows_at(self) -> float:
        if not self._pending:
            return self._adopt_at
        if self._delivery.is_embedded:
            return self._pending_since + COALESCE_S
        if self._pending >= self._buffer_size:
            return self._pending_since
        return min(self._adopt_at, self._pending_since + self._flush_interval_s)

    @property
    def _adopt_at(self) -> float:
        # A child that cannot ship leaves its steps to us; they should not be later than our own.
        most_s = self._flush_interval_s if forks.has_cut_off() else math.inf
        return self._adopted_at + min(self._adopt_s, most_s)

    def _pictures_due_at(self) -> float:
        is_awaited = self._delivery.is_embedded or self._rows_in > max(
            self._answered, self._given_up
        )
        return self._pictures_at + (COALESCE_S if is_awaited else COALESCE_PICTURES_S)

    def _sync_at(self) -> float:
        is_unsynced = self._journal is not None and self._journal.is_unsynced
        # Not every notify wakes this thread: while something is pending, look each second.
        return self._synced_at + SYNC_S if is_unsynced or self._pending else math.inf

    def _cycle(self) -> None:
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
        asks_rows = self._is_hurried or self._is_failing or time.monotonic() >= self._rows_at()
        # Before anything fails: a hurry that stayed would be tried again at once, without end.
        asked = self._take() if asks_rows else self._asked
        try:
            self._open()
            if asks_rows:
                self._ship_own(asked)
            else:
                self._show_pictures()
            if time.monotonic() >= self._adopt_at:
                self._ship_left_behind()
            if asks_rows and self._dispatch.held is not None:
                raise self._dispatch.held  # all others have had their turn
        except StoreUnavailable as error:
            self._problems.report("store", str(error))
            self._fail(error, self._backoff.next_s(error.retry_after_s))
            self._not_before = self._retry_at if error.retry_after_s is not None else 0.0
        except StoreOnHold as error:
            self._hold(error, asked)
        except Exception as error:  # noqa: BLE001 - the edge of the loop: reported, and tried again
            self._problems.report("shipper", f"{type(error).__name__}: {error}")
            self._fail(error, self._backoff.next_s())
        else:
            self._is_failing = False
            self._held = self._last_error = None
            self._backoff.reset()

    def _take(self) -> int:
        with self._changed:
            if self._is_hurried:
                self._courier.hurry()
            self._pending = 0
            self._is_hurried = False
            self._pictures_at = math.inf
            return self._asked

    def _ship_own(self, asked: int) -> None:
        shipped, dead = self._delivery.shipped, self._delivery.dead
        self._dispatch.own()
        with self._changed:
            if self._delivery.shipped > shipped:
                self._held = self._last_error = None
            self._dead += self._delivery.dead - dead
        self._answer(asked)

    def _show_pictures(self) -> None:
        with self._changed:
            self._pictures_at = math.inf
        self._dispatch.own_pictures()
        self._answer(self._rows_in)

    def _answer(self, asked: int) -> None:
        """Answer the flushes up to *asked*, whose rows are in, once their pictures are as well."""
        if self._dispatch.held is not None:
            return
        lacking = self._dispatch.own_waiting()
        with self._changed:
            self._lacking = lacking if asked > self._rows_in else self._lacking & lacking
            self._rows_in = asked
            if not self._lacking:
                self._answered = asked
            elif self._courier.is_stuck:
                self._given_up = asked
            self._changed.notify_all()

    def _ship_left_behind(self) -> None:
        with contextlib.closing(self._dispatch.left_behind()) as portions:
            for _ in portions:
                if self._is_stopped:
                    return
                # However much was left behind, the steps of this process stay visible at once.
                if self._pending or self._is_hurried:
                    self._ship_own(self._take())
        is_going_on = self._dispatch.others_wait and not self._courier.is_stuck
        with self._changed:
            self._has_left = False
        self._adopted_at = time.monotonic()
        self._adopt_s = COALESCE_PICTURES_S if is_going_on else ADOPT_S

    def _fail(self, error: Exception, wait_s: float) -> None:
        self._is_failing = True
        self._last_error = str(error)
        self._retry_at = time.monotonic() + wait_s

    def _hold(self, error: StoreOnHold, asked: int) -> None:
        if self._held is None or str(self._held) != str(error):
            self._problems.report("store", str(error), remedy=error.remedy)
        self._held = error
        self._not_before = 0.0
        self._fail(error, HOLD_S)
        # What a person changes (a key, a file) is seen by opening anew.
        self._close()
        with self._changed:
            self._given_up = asked
            self._changed.notify_all()

    def _open(self) -> None:
        is_due = self._is_hurried or time.monotonic() >= self._adopt_at
        if is_due and self._courier.is_stuck:
            self._close()  # as in `_hold`
        self._opening_since = time.monotonic()
        try:
            self._delivery.open(self._open_store, self._open_screenshots)
            self._has_opened = True
        finally:
            self._opening_since = None

    def _close(self) -> None:
        try:
            self._delivery.close()
        except Exception as error:  # noqa: BLE001 - a backend is foreign code; it is given up anyway
            self._problems.report("store", f"closing failed: {type(error).__name__}: {error}")

    # --- A thread of the courier

    def _pictures_arrived(self) -> None:
        with self._changed:
            self._pictures_at = min(self._pictures_at, time.monotonic())
        self._wakes.put(None)

    # --- Whether there is a thread

    def _is_idle(self) -> bool:
        """True where nothing was recorded yet, so that a flush need not start a thread."""
        if self._has_thread() or self._journal is None:
            return not self._has_thread()
        return self._journal.is_unused

    def _has_thread(self) -> bool:
        """True while a thread ships, or is about to."""
        return self._thread is not None or time.monotonic() - self._start_asked_at < START_S

    def _ensure_thread(self) -> None:
        if self._has_thread() or self._is_stopped or sys.is_finalizing():
            return
        self._start_asked_at = time.monotonic()
        try:
            start_thread("otel-steps-shipper", self._run)
        except RuntimeError as error:
            # The interpreter is about to end: what is on disk ships at the next start.
            self._start_asked_at = -math.inf
            log_line.write(_log, logging.DEBUG, "the shipper does not start: %s", error)

    def _watch(self) -> None:
        """Where the store may never open, say so, and leave to others what is recorded."""
        hindrance = self._hindrance()
        if hindrance is None:
            return
        if hindrance != self._hindrance_told:
            self._hindrance_told = hindrance
            self._problems.report("shipper", hindrance, remedy=LEFT_TO_OTHERS)
        if self._journal is not None and self._journal.hand_over():
            self._has_left = True

    def _hindrance(self) -> str | None:
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

    # --- After a fork

    def _start_in_child(self) -> None:
        # Never closed here: SQLite must not so much as close what another process has opened.
        self._inherited.append(self._delivery)
        self._courier.abandon()
        self._start()
