"""
Tells the webhook of each task that ends, from a thread of its own.

The database is the queue: what has ended within a day and has no mark is still to be told, so an
outage of the receiver, or a server that was not running, loses nothing that is younger, and nothing
grows meanwhile. A task is told once its row has stood still from one look to the next: its last
steps may arrive after its end.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from typing import Any, Final

from otel_steps.config import Settings
from otel_steps.health.problems import Problems
from otel_steps.pricing import price_table
from otel_steps.pricing.price_table import PriceTable
from otel_steps.shipper.backoff import Backoff
from otel_steps.stores import Store, StoreError, TaskQuery, open_store
from otel_steps.webhook.delivery import Refused, Unavailable, send
from otel_steps.webhook.hook import Hook, hook_of
from otel_steps.webhook.message import event_id, event_of
from otel_steps.webhook.sent import Sent

EMBEDDED_S: Final = 2.0
SHARED_S: Final = 10.0
# A look takes at most one part of the time in so many.
_SHARE: Final = 5
_PAGE: Final = 200
_MOST: Final = 1_000

Row = Mapping[str, Any]


class Watcher:
    """
    Looks at the store of *open_store* as long as it is not closed.

    All but `start` and `close` belongs to its thread.

    Args:
        problems: Hears, as `webhook`, of what kept a message from being sent.
        interval_s: Between two looks; None for what suits the store.
    """

    def __init__(
        self,
        hook: Hook,
        open_store: Callable[[], Store],
        sent: Sent,
        prices: PriceTable,
        problems: Problems,
        *,
        interval_s: float | None = None,
    ) -> None:
        self._hook, self._open, self._sent = hook, open_store, sent
        self._prices, self._problems = prices, problems
        self._interval_s = interval_s
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="otel-steps-webhook", daemon=True)
        # Of the last look: the version of the list, and what was seen of events that wait.
        self._version: str | None = None
        self._waiting: dict[str, tuple[Any, ...]] = {}

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """End, after the request that is under way."""
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        try:
            self._watch()
        finally:
            self._sent.release()  # a lock is that of its thread

    def _watch(self) -> None:
        backoff = Backoff()
        while not self._closed.is_set():
            try:
                with closing(self._open()) as store:
                    pause_s = self._interval_s or (EMBEDDED_S if store.is_embedded else SHARED_S)
                    while not self._closed.is_set():
                        began = time.monotonic()
                        if self._sent.has_turn():
                            self._look(store)
                            backoff.reset()
                        self._closed.wait(max(pause_s, _SHARE * (time.monotonic() - began)))
            except Unavailable as error:
                self._problems.report("webhook", str(error))
                self._closed.wait(backoff.next_s(error.retry_after_s))
            except StoreError as error:
                self._problems.report("store", f"the webhook waits: {error}")
                self._closed.wait(backoff.next_s())
            except Exception as error:  # noqa: BLE001 - the server goes on without it
                self._problems.report("webhook", f"{type(error).__name__}: {error}")
                self._closed.wait(backoff.next_s())

    def _look(self, store: Store) -> None:
        version = store.version()
        if version == self._version and not self._waiting:
            return
        seen = {event_id(task): task for task in self._untold(store)}
        before, self._waiting = self._waiting, {name: _stamp(task) for name, task in seen.items()}
        for name, task in seen.items():
            if before.get(name) == self._waiting[name] and not self._closed.is_set():
                self._tell(store, task)
                self._sent.mark(name)
                del self._waiting[name]
        self._version = version

    def _tell(self, store: Store, task: Row) -> None:
        try:
            send(event_of(task, store, self._prices, self._hook), self._hook)
        except Refused as error:
            self._problems.report("webhook", f"the end of {task['task_id']!r}: {error}")

    def _untold(self, store: Store) -> list[Row]:
        """Return the tasks that have ended and are to be told, the oldest first."""
        since = datetime.fromtimestamp(self._sent.since(), UTC).isoformat(timespec="microseconds")
        found = [task for task in self._newest(store, since) if not self._sent.has(event_id(task))]
        return found[::-1]

    def _newest(self, store: Store, since: str) -> Iterator[Row]:
        statuses = sorted(self._hook.statuses)
        for offset in range(0, _MOST, _PAGE):
            page = store.find_tasks(
                TaskQuery(status=statuses, sort="last_activity", limit=_PAGE, offset=offset)
            ).tasks
            yield from (task for task in page if task["last_activity"] >= since)
            if len(page) < _PAGE or page[-1]["last_activity"] < since:
                return


def watcher_of(
    settings: Settings, problems: Problems, *, viewer: str | None = None
) -> Watcher | None:
    """
    Return what tells the webhook of *settings*, not started; None where there is none.

    Args:
        viewer: The address of the viewer of this process, if it has one.

    Raises:
        ConfigError: The table of prices cannot be used.
    """
    hook = hook_of(settings, viewer)
    if hook is None:
        return None
    return Watcher(
        hook,
        lambda: open_store(settings=settings),
        Sent(settings.dir / "webhook"),
        price_table.load(settings.prices),
        problems,
    )


def _stamp(task: Row) -> tuple[Any, ...]:
    return task["last_activity"], task["total_steps"], task["end_time"], task["error_message"]
