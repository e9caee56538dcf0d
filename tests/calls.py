"""What a piece of work asks of the file system: counted, where time would depend on the machine."""

import sys
from collections import Counter
from collections.abc import Callable
from types import FrameType
from typing import Any

_FILE_CALLS = frozenset({"stat", "lstat", "open", "scandir", "listdir", "readlink", "access"})


def calls_of(work: Callable[[], object]) -> dict[str, int]:
    """Return how often *work* calls each of the functions that look at files, on this thread."""
    calls: Counter[str] = Counter()

    def count(_frame: FrameType, event: str, function: Any) -> None:
        if event == "c_call" and function.__name__ in _FILE_CALLS:
            calls[function.__name__] += 1

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return dict(calls)
