"""
The rules of a setting, applied once a day beside what runs for long: by one process for all.
"""

import threading
from collections.abc import Sequence
from contextlib import closing
from typing import ClassVar, Final

from opentelemetry.instrumentation.utils import suppress_instrumentation

from otel_steps.config import Retention, Settings
from otel_steps.health.problems import Problems
from otel_steps.pictures.store import ScreenshotStore
from otel_steps.retention.neighbours import neighbours
from otel_steps.retention.planning import Plan, plan
from otel_steps.retention.removing import remove
from otel_steps.stores import Store, file_of, open_database
from otel_steps.stores.pictures import open_screenshots

CHORE: Final = "retention"
_EVERY_S: Final = 86_400.0
# How often one looks whether it is due: another process may do it, or end.
_LOOK_S: Final = 3_600.0


class Daily:
    """
    Applies the rules of *settings*, if there are any; any thread may begin and close it.

    Args:
        problems: Hears of what has kept it from that; it is tried again.
        first_after_s: How long it waits before it looks for the first time.
    """

    THREAD: ClassVar[str] = "otel-steps-retention"

    def __init__(
        self, settings: Settings, problems: Problems, *, first_after_s: float = 0.0
    ) -> None:
        self._settings = settings
        self._problems = problems
        self._first_after_s = first_after_s
        self._is_closed = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Look now, and from then on, on a thread of its own."""
        if self._settings.retention is None or self._thread is not None:
            return
        self._thread = threading.Thread(target=self.run, name=self.THREAD, daemon=True)
        self._thread.start()

    def close(self, timeout_s: float = 2.0) -> None:
        """End it after the portion that it is at; the next process finishes what is left."""
        self._is_closed.set()
        if self._thread is not None:
            self._thread.join(timeout_s)

    def run(self) -> None:
        """Look, and again, until it is closed; for a thread that the caller has made."""
        rules = self._settings.retention
        if rules is None or self._is_closed.wait(self._first_after_s):
            return
        # Calls of our own must not become spans of the agent's process.
        with suppress_instrumentation():
            self._look_again_and_again(rules)

    def _look_again_and_again(self, rules: Retention) -> None:
        while not self._is_closed.is_set():
            try:
                self._look(rules)
            except Exception as error:  # noqa: BLE001 - nobody else hears of it; tried again
                message = f"OTEL_STEPS_RETENTION was not applied: {type(error).__name__}: {error}"
                self._problems.report("retention", message)
            self._is_closed.wait(_LOOK_S)

    def _look(self, rules: Retention) -> None:
        file = file_of(self._settings.store)
        if file is not None and not file.exists():
            return  # nothing is recorded yet
        with closing(open_database(settings=self._settings)) as store:
            if store.claim(CHORE, _EVERY_S):
                self._apply(rules, store)

    def _apply(self, rules: Retention, store: Store) -> None:
        pictures = open_screenshots(self._settings, store)
        chosen = plan(store, rules)
        with neighbours(self._settings, store) as others:
            self._remove(chosen, store, pictures, others)

    def _remove(
        self, chosen: Plan, store: Store, pictures: ScreenshotStore, others: Sequence[Store]
    ) -> None:
        lost: tuple[str, ...] = ()
        for done in remove(
            store,
            pictures,
            [held.task_id for held in chosen.going],
            pictures_only=chosen.rules.pictures_only,
            keep_first_last_failed=chosen.rules.keep_first_last_failed,
            before=chosen.before,
            others=others,
        ):
            lost = done.lost
            if self._is_closed.is_set():
                break
        if lost:
            self._problems.report("retention", lost_text(lost))


def lost_text(names: tuple[str, ...]) -> str:
    """Return what is said of pictures that were needed again in the moment that they went."""
    return f"a step came to need a picture just when it was removed: {', '.join(names)}"
