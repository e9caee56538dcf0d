"""
How much the journal may take: of its cap, and of a disk that others need, too.

Nearing the cap, pictures are left out, which are nearly all of the bytes; at the cap nothing more
is written. What was written stays.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

from otel_steps.journal.files import size_of

SOFT_SHARE: Final = 0.8  # of the cap; from here on text only
FREE_SHARE: Final = 0.05  # of the disk, left to others


class DiskUsage(Protocol):
    """What `shutil.disk_usage` returns, in bytes."""

    @property
    def total(self) -> int:
        """All there is."""

    @property
    def free(self) -> int:
        """What is left."""


class DiskCap:
    """
    Counts the bytes below *folder*, which several processes share.

    Between two measurements it knows what this process has written and freed; so it may be wrong by
    what the others do in that time. The caller's lock protects it.

    Attributes:
        used_bytes: Of all files below *folder*.
    """

    def __init__(
        self, folder: Path, max_bytes: int, disk_usage: Callable[[Path], DiskUsage]
    ) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._disk_usage = disk_usage
        self._is_disk_low = False
        self._written_bytes = 0
        self.used_bytes = 0

    def refusal(self, size_bytes: int) -> str | None:
        """Return why that much may not be written, or None."""
        if self._is_disk_low:
            return f"the disk of the journal {self._folder} is nearly full"
        if self.used_bytes + size_bytes > self._max_bytes:
            return f"the journal {self._folder} has reached its {self._max_bytes:,} bytes"
        return None

    def has_room_for_picture(self, size_bytes: int) -> bool:
        """Tell whether a picture may be written as well."""
        return self.used_bytes + size_bytes <= SOFT_SHARE * self._max_bytes

    def wrote(self, size_bytes: int) -> None:
        """Count what this process has written."""
        self.used_bytes += size_bytes
        self._written_bytes += size_bytes

    def freed(self, size_bytes: int) -> None:
        """Count what this process has removed."""
        self.used_bytes = max(0, self.used_bytes - size_bytes)

    def measure(self) -> None:
        """
        Count anew, over all processes; needs no lock.

        Raises:
            OSError: The folder or its disk cannot be looked at.
        """
        before = self._written_bytes
        used_bytes = size_of(self._folder)
        disk = self._disk_usage(_existing(self._folder))
        # On a large disk five per cent is far more than a journal could ever take.
        self._is_disk_low = disk.free < min(FREE_SHARE * disk.total, self._max_bytes)
        self.used_bytes = used_bytes + self._written_bytes - before


def _existing(folder: Path) -> Path:
    return next(each for each in (folder, *folder.parents) if each.exists())
