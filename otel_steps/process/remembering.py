"""What is remembered of much that comes and goes: the last so many."""

import contextlib
from collections import OrderedDict
from typing import TypeVar

_K = TypeVar("_K")
_V = TypeVar("_V")


def remember(known: OrderedDict[_K, _V], key: _K, value: _V, most: int) -> None:
    """Keep *value* under *key*, and *most* of such in all; each step is one operation."""
    known[key] = value
    with contextlib.suppress(KeyError):  # forgotten by another thread just now
        known.move_to_end(key)
        if len(known) > most:
            known.popitem(last=False)
