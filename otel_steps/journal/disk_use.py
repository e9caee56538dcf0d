"""Whether the journal may use its disk: not while that is full, fails or is slow."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from otel_steps.config import Durability
from otel_steps.journal.disk_cap import DiskCap

RETRY_DISK_S: Final = 5.0
# One slow append may be a busy machine; two in a row are a slow disk, and the agent must not wait.
SLOW_S: Final = 0.25
AVOID_SLOW_DISK_S: Final = 30.0


class DiskUse:
    """
    Keeps away from a disk that cannot be used; raises nothing for it.

    It belongs to a journal, whose turns protect it. `allows` changes nothing and is asked out of
    turn as well.

    Args:
        found: Hears why the disk is not used; called in turn, so it must not wait.
    """

    def __init__(
        self,
        folder: Path,
        durability: Durability,
        cap: DiskCap,
        *,
        clock: Callable[[], float],
        found: Callable[[str, str], None],
    ) -> None:
        self._folder = folder
        self._durability = durability
        self._cap = cap
        self._clock = clock
        self._found = found
        self._avoid_until = float("-inf")
        self._slow_appends = 0

    def allows(self, size_bytes: int) -> bool:
        """Tell whether that much may be written now."""
        if self._durability == "memory" or self._clock() < self._avoid_until:
            return False
        refusal = self._cap.refusal(size_bytes)
        if refusal is not None:
            self._found("disk_cap", refusal)
        return refusal is None

    def write(
        self, write: Callable[[], object], size_bytes: int, *, is_watched: bool = True
    ) -> bool:
        """
        Call *write* where the disk may be used; True if it has done its work.

        Args:
            write: May raise OSError; then the disk is left alone for a while.
            is_watched: Whether the disk is slow if this is, twice in a row.
        """
        if not self.allows(size_bytes):
            return False
        started = self._clock()
        try:
            write()
        except OSError as error:
            self._avoid(RETRY_DISK_S, f"the journal {self._folder} cannot be written: {error}")
            return False
        if is_watched:
            self._watch_speed(self._clock() - started)
        return True

    def _avoid(self, seconds: float, message: str) -> None:
        self._avoid_until = self._clock() + seconds
        self._found("journal", message)

    def _watch_speed(self, seconds: float) -> None:
        self._slow_appends = self._slow_appends + 1 if seconds > SLOW_S else 0
        if self._slow_appends > 1:
            self._slow_appends = 0
            message = f"the disk of {self._folder} is slow: {seconds * 1000:.0f} ms for one write"
            self._avoid(AVOID_SLOW_DISK_S, message)
