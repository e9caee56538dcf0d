"""
What was found in a folder, for as long as the folder is as it was.

Making, renaming and removing a file each change the time of its folder's last change; writing to a
file does not. So what is kept here may say which files there are, and more of those only that
nobody writes to any longer.
"""

import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, Generic, TypeVar

T = TypeVar("T")

# Two changes within one tick of a file system's clock leave the same time. That tick is a timer
# interrupt, up to 10 ms; where times have no fraction it is one second or, on FAT, two.
_TICK_S: Final = 0.1
_COARSE_TICK_S: Final = 2.5
_SECOND_NS: Final = 10**9

# Device, inode and the times of the last change of the content and of the rights.
_State = tuple[int, int, int, int]


class FolderMemo(Generic[T]):
    """
    Looks into folders, and not again into one that is as it was; any thread may ask.

    Invariant: what is kept of a folder was found after its state was read, and that state was older
    than a tick by then. So whatever has changed in it since has changed its state.
    """

    def __init__(self) -> None:
        # Entries are replaced as a whole, and one that is lost costs a look: threads need no lock.
        self._known: dict[Path, tuple[_State, T]] = {}

    def of(
        self, folder: Path, look: Callable[[], T], *, keeps: Callable[[T], bool] = lambda _: True
    ) -> T:
        """
        Return what *look* finds in *folder*, or found when it was as it is now.

        Args:
            keeps: Whether what was found may be kept: not where something could not be read.
        """
        state, is_settled = _state_of(folder)
        known = self._known.get(folder)
        if state is not None and known is not None and known[0] == state:
            return known[1]
        found = look()
        if state is not None and is_settled and keeps(found):
            self._known[folder] = (state, found)
        return found

    def keep_only(self, folders: Iterable[Path]) -> None:
        """Forget all other folders."""
        known = self._known
        self._known = {folder: known[folder] for folder in folders if folder in known}


def _state_of(folder: Path) -> tuple[_State | None, bool]:
    """Return the state of a folder, and whether its next change gives it another one."""
    try:
        found = os.stat(folder)  # noqa: PTH116 - three times faster, and asked for each process's folder
    except OSError:
        return None, False
    tick_s = _TICK_S if found.st_mtime_ns % _SECOND_NS else _COARSE_TICK_S
    is_settled = found.st_mtime + tick_s < time.time()
    return (found.st_dev, found.st_ino, found.st_mtime_ns, found.st_ctime_ns), is_settled
