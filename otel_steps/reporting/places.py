"""Where a step touched the screen, in words. Pure."""

from collections.abc import Mapping
from typing import Any


def place_text(index: Mapping[str, Any], at: int) -> str:
    """
    Return `(500, 82)` or `(500, 800) to (500, 200)`; "" for a step that touched nothing.

    Args:
        index: As `Store.index` returns it, in 0 to 1000 of the picture.
    """
    x, y, x2, y2 = (index[name][at] for name in ("x", "y", "x2", "y2"))
    if x is None or y is None:
        return ""
    return f"({x:g}, {y:g})" + ("" if x2 is None or y2 is None else f" to ({x2:g}, {y2:g})")
