"""
What a store keeps for its answers, extended beside the viewer for as long as there is more to keep.
"""

import threading
import time
from collections.abc import Callable
from typing import Final

from otel_steps.health.problems import Problems
from otel_steps.stores import StoreError

# After each portion as long as that has taken, so that pages get their answers, too.
_SHORTEST_PAUSE_S: Final = 0.02


class Indexing:
    """
    Extends an index when it is asked to; any thread may ask.

    Args:
        extend: Extends it by a portion, and tells whether there is more.
        what: What is done for it, to begin a sentence with.
        problems: Hears of what keeps it from that. An answer only takes longer then.
    """

    def __init__(self, extend: Callable[[], bool], what: str, *, problems: Problems) -> None:
        self._extend_once = extend
        self._what = what
        self._problems = problems
        self._is_closed = threading.Event()
        # Held by the one thread that is at it, from before it starts until it ends.
        self._turn = threading.Lock()

    def begin(self) -> None:
        """Have all indexed that has changed, by a thread of its own, and do not wait for it."""
        if self._is_closed.is_set() or not self._turn.acquire(blocking=False):
            return
        try:
            threading.Thread(target=self._run, name="otel-steps-index", daemon=True).start()
        except RuntimeError:  # no thread can be started any more
            self._turn.release()

    def close(self) -> None:
        """End it after the portion that it is at."""
        self._is_closed.set()

    def _run(self) -> None:
        try:
            while self._extend():
                pass
        except Exception as error:  # noqa: BLE001 - nobody else hears of it
            if not self._is_closed.is_set():
                kind = "store" if isinstance(error, StoreError) else "viewer"
                message = f"{self._what} failed: {type(error).__name__}: {error}"
                self._problems.report(kind, message)
        finally:
            self._turn.release()

    def _extend(self) -> bool:
        """Index a portion, and wait; return whether there is more."""
        began = time.monotonic()
        has_more = self._extend_once()
        pause_s = max(time.monotonic() - began, _SHORTEST_PAUSE_S)
        return has_more and not self._is_closed.wait(pause_s)
