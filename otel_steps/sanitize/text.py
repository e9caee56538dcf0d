"""Text that can be stored, and that is short enough. Pure."""

from typing import Final

REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"
# What the mark between head and tail may take.
CUT_MARK_BYTES: Final = 48


def repaired(text: str) -> str:
    """Return *text* without U+0000 and lone surrogates; two halves that belong together join."""
    data = text.encode("utf-16-le", "surrogatepass")
    return data.decode("utf-16-le", "replace").replace("\0", REPLACEMENT)


def shortened(text: str, limit_bytes: int) -> str:
    """Return head and tail of *text* with a mark between them, together at most the limit."""
    data = text.encode()
    half = max(0, limit_bytes - CUT_MARK_BYTES) // 2
    head = data[:half].decode("utf-8", "ignore")
    tail = data[len(data) - half :].decode("utf-8", "ignore")
    cut = len(data) - len(head.encode()) - len(tail.encode())
    return f"{head}…[{cut} bytes cut]…{tail}"
