"""
Which events have been told, in a folder of the data folder, and who tells them.

Servers on one data folder take turns: only who holds the lock sends, so no event is sent twice but
where one of them dies between the answer of the receiver and the mark. What is sent again then, or
by a server on another machine that shares the database, has the same id.
"""

import time
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from otel_steps.process.private_files import make_private, write_private

# As far back as an event may lie that nobody has told, such as while no server ran.
HORIZON_S: Final = 86_400.0
_SINCE: Final = "since"


class Sent:
    """
    The marks in *folder*, which is made when the turn is first asked for.

    One thread calls.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # Whoever serves makes this first: what ends from then on is news.
        self._made_at = time.time()
        self._lock = FileLock(folder / "turn.lock", mode=0o600)

    def has_turn(self) -> bool:
        """
        Take the turn, or keep it; return whether it is ours.

        Raises:
            OSError: The folder cannot be written to.
        """
        if self._lock.is_locked:
            return True
        make_private(self._folder)
        try:
            self._lock.acquire(blocking=False)
        except Timeout:
            return False
        self._tidy()
        return True

    def since(self) -> float:
        """Return the unix time before which events are none of ours: a day ago, or first use."""
        path = self._folder / _SINCE
        try:
            first = float(path.read_text(encoding="ascii"))
        except (FileNotFoundError, ValueError):
            first = self._made_at
            write_private(path, str(first).encode())
        return max(first, time.time() - HORIZON_S)

    def has(self, event_id: str) -> bool:
        """Tell whether an event was told, or refused."""
        return (self._folder / event_id).exists()

    def mark(self, event_id: str) -> None:
        """Note that there is nothing more to do about an event."""
        write_private(self._folder / event_id, b"")

    def release(self) -> None:
        """Leave the turn to another server."""
        self._lock.release()

    def _tidy(self) -> None:
        """Remove the marks of events that nobody would look at any more."""
        limit = time.time() - 2 * HORIZON_S
        for path in self._folder.glob("task-*"):
            if path.stat().st_mtime < limit:
                path.unlink(missing_ok=True)
