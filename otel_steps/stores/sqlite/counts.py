"""How many tasks lists were found from, kept for as long as no task changes."""

from collections import OrderedDict
from collections.abc import Hashable, Mapping
from threading import Lock
from typing import Final

ByStatus = Mapping[str, Mapping[str, int]]

# Lists that people look at: each with its filters, at one moment.
_KEPT: Final = 64


class Counts:
    """
    Counts by what they were counted from; any thread may ask.

    A key holds the newest change of the database, so that an answer to it never goes out of date:
    it is only forgotten.
    """

    def __init__(self) -> None:
        self._lock = Lock()  # guards `_kept`
        self._kept: OrderedDict[Hashable, ByStatus] = OrderedDict()

    def get(self, key: Hashable) -> ByStatus | None:
        """Return what was kept, or None."""
        with self._lock:
            return self._kept.get(key)

    def keep(self, key: Hashable, counts: ByStatus) -> None:
        """Keep *counts*, which were read whole."""
        with self._lock:
            self._kept[key] = counts
            self._kept.move_to_end(key)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
