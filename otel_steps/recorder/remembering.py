"""Memory that forgets the oldest, for threads that share it without a lock."""

import contextlib
from collections import OrderedDict
from typing import Any


def remember(known: OrderedDict[int, Any], key: int, value: Any, most: int) -> None:
    """Keep *value* under *key*, and *most* of such in all; each step is one operation."""
    known[key] = value
    with contextlib.suppress(KeyError):  # forgotten by another thread just now
        known.move_to_end(key)
        if len(known) > most:
            known.popitem(last=False)
