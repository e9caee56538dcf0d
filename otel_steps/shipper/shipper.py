"""
The thread that carries the journal to the store.

`Rounds` decide when; `Dispatch` knows what, `Delivery` how, and `Courier` carries the pictures.
Ordinary traffic and what a crash has left take the same way, so the recovery code runs all day.
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

from otel_steps.errors import StoreOnHold
from otel_steps.health.problems import Problems
from otel_steps.journal import Journal
from otel_steps.journal.backlog import Backlog
from otel_steps.pictures.store import ScreenshotStore
from otel_steps.process import forks, log_line
from otel_steps.process.background import start_thread
from otel_steps.shipper.foreground import Foreground, Progress
from otel_steps.shipper.requests import Requests
from otel_steps.shipper.rounds import Rounds
from otel_steps.shipper.shipper_facts import Shipped, ShipperFacts
from otel_steps.stores.contract import Store

_log = logging.getLogger(__name__)

# For a thread to begin that was asked for; then another one is.
START_S: Final = 1.0
LEFT_TO_OTHERS: Final = (
    "its steps are on disk: the process that forked it ships them, or `otel-steps sync`"
)


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
        self._buffer_size = buffer_size
        self._problems = problems
        self._backlog = Backlog(
            backlog_folder,
            problems=problems,
            on_freed=journal.freed if journal else lambda _: None,
        )
        self._rounds = Rounds(
            journal,
            self._backlog,
            open_store=open_store,
            open_screenshots=open_screenshots,
            buffer_size=buffer_size,
            flush_interval_s=flush_interval_s,
            problems=problems,
            jitter=jitter,
        )
        self._start()
        forks.in_child(self._start_in_child)

    def _start(self) -> None:
        self._requests = Requests()
        self._start_asked_at = -math.inf  # when a thread was last asked for; written without a lock
        self._thread: threading.Thread | None = None  # the one that ships; `changed` guards it, too
        self._hindrance_told: str | None = None
        self._rounds.start(self._requests)

    # --- The agent's threads

    def notify(self, count: int = 1) -> None:
        """
        Say that the journal has *count* new spans.

        Never raises, takes no lock and waits for nobody: it may interrupt anything.
        """
        before = self._requests.pending
        self._requests.pending = before + count
        if before == 0:
            self._requests.pending_since = time.monotonic()
        self._ensure_thread()
        if before == 0 or before < self._buffer_size <= before + count:
            self._requests.wakes.put(None)
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
        with self._requests.changed:
            if self._is_idle():
                return True
            self._ensure_thread()
        self._watch()
        requests = self._requests
        with requests.changed:
            dead, missed = requests.dead, requests.missed
            requests.asked += 1
            asked = requests.asked
            requests.is_hurried = True
            requests.wakes.put(None)
            while requests.answered < asked and requests.given_up < asked and self._has_thread():
                remaining_s = deadline - time.monotonic()
                if remaining_s <= 0:
                    break
                requests.changed.wait(min(remaining_s, START_S))
            if requests.answered < asked or requests.dead != dead or requests.has_left:
                return False
            requests.missed = self._journal.given_up if self._journal else 0
            return requests.missed == missed

    def shutdown(self, timeout_s: float = 2.0) -> None:
        """
        Ship for a moment, as a courtesy, and stop; what is left on disk arrives at the next start.

        Starts no thread, so it may be called while the interpreter ends. Further calls do nothing.
        """
        deadline = time.monotonic() + timeout_s
        with self._requests.changed:
            has_thread, is_stopped = self._has_thread(), self._requests.is_stopped
        if is_stopped:
            return
        if has_thread:
            self.flush(timeout_s)
        with self._requests.changed:
            self._requests.is_stopped = True
            self._requests.wakes.put(None)
            if not self._would_wait_for_itself():
                remaining_s = max(0.0, deadline - time.monotonic())
                self._requests.changed.wait_for(lambda: self._thread is None, remaining_s)
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
        rounds, delivery = self._rounds, self._rounds.delivery
        failure = rounds.courier.failure
        error = rounds.outage.error or failure
        held = rounds.outage.held or (failure if isinstance(failure, StoreOnHold) else None)
        return ShipperFacts(
            shipped=delivery.shipped,
            known=delivery.known,
            batches=delivery.batches,
            batch_seconds=delivery.batch_seconds,
            waiting=waiting.lines + in_memory,
            waiting_bytes=waiting.size_bytes,
            pictures_waiting=waiting.pictures,
            oldest_at=waiting.oldest_at,
            dead=self._backlog.dead_letters.count(),
            pictures_dead=self._backlog.dead_letters.count_pictures(),
            unread=waiting.unread,
            held=str(held) if held else None,
            remedy=held.remedy if held else None,
            last_error=str(error) if error else None,
        )

    # --- In the foreground

    def ship_all(self, *, progress: Progress | None = None) -> Shipped:
        """
        Ship what dead processes have left until nothing is, or until the store takes no more.

        Args:
            progress: Called with the spans done so far and the spans that waited at the start.
        """
        return Foreground(self._rounds, self._backlog).ship_all(progress)

    # --- The shipper's thread

    def _run(self) -> None:
        requests = self._requests
        with requests.changed:
            # Two may have been asked for at once: the first one stays.
            if self._thread is not None:
                return
            self._thread = threading.current_thread()
            # Looked up here: gevent, which a program may bring later, puts another one there.
            requests.wakes = queue.SimpleQueue()
        try:
            # Our own calls must not become spans, which would be shipped, and so on.
            with suppress_instrumentation():
                while self._wait(requests):
                    self._rounds.go()
        except BaseException as error:  # noqa: BLE001 - the edge of the thread; the next notify starts another
            message = f"the shipper's thread has ended: {type(error).__name__}: {error}"
            self._problems.report("shipper", message, level=logging.ERROR)
        finally:
            if requests is self._requests:
                self._rounds.close()
                with requests.changed:
                    self._thread = None
                    self._start_asked_at = -math.inf
                    requests.changed.notify_all()

    def _wait(self, requests: Requests) -> bool:
        """
        Wait until something is due; False where the thread is to end.

        One that gevent has carried over a fork is to: it knows the requests of the parent.
        """
        wakes = requests.wakes
        while requests is self._requests and not requests.is_stopped:
            wait_s = self._rounds.due_at() - time.monotonic()
            if wait_s <= 0:
                return True
            with contextlib.suppress(queue.Empty):
                wakes.get(timeout=wait_s)
        return False

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
        if self._has_thread() or self._requests.is_stopped or sys.is_finalizing():
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
        hindrance = self._rounds.opening.hindrance()
        if hindrance is None:
            return
        if hindrance != self._hindrance_told:
            self._hindrance_told = hindrance
            self._problems.report("shipper", hindrance, remedy=LEFT_TO_OTHERS)
        if self._journal is not None and self._journal.hand_over():
            self._requests.has_left = True

    # --- After a fork

    def _start_in_child(self) -> None:
        self._rounds.abandon()
        self._start()
