"""
What a process keeps in memory: spans in flight, and ended ones that the disk would not take.

Ended spans whose rows are stored stay while their pictures are not: no file has those. Bounded, so
that neither a dead disk nor a dead store makes the agent grow. It belongs to a journal, whose lock
protects it.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

# The name of a picture and its bytes as captured.
Picture = tuple[str, bytes]

MAX_LINES: Final = 256
MAX_BYTES: Final = 32 * 2**20
# Of a span: a step that is given one after the other keeps the last ones.
MAX_PICTURES: Final = 32


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """
    A span as one OTLP line, with those of its pictures that no file holds.

    Compared by identity: a state that replaces another is another, even if it says the same.
    """

    span_id: str
    line: bytes
    pictures: tuple[Picture, ...] = ()

    @property
    def size(self) -> int:
        """Bytes that it takes."""
        return len(self.line) + sum(len(data) for _, data in self.pictures)

    def after(self, before: "Kept | None") -> "Kept":
        """Return it with the pictures of the state *before* it, behind those that it brings."""
        if before is None or not before.pictures:
            return self
        own = {name for name, _ in self.pictures}
        others = [each for each in before.pictures if each[0] not in own]
        return replace(self, pictures=(*self.pictures, *others)[:MAX_PICTURES])


class Memory:
    """Open states by span, and a queue of ended spans; refuses what goes beyond its bounds."""

    def __init__(self, *, max_lines: int = MAX_LINES, max_bytes: int = MAX_BYTES) -> None:
        self._max_lines = max_lines
        self._max_bytes = max_bytes
        self._ended: deque[Kept] = deque()
        self._open: dict[str, Kept] = {}
        self._shipped: list[Kept] = []
        self.size = 0  # bytes, of both

    def __len__(self) -> int:
        return len(self._ended)

    def add(self, kept: Kept) -> Kept | None:
        """Queue an ended span and return it as queued: with as many pictures as there is room."""
        if len(self._ended) >= self._max_lines:
            return None
        fitting = self._fitting(kept)
        if fitting is not None:
            self._ended.append(fitting)
            self.size += fitting.size
        return fitting

    def oldest(self, count: int) -> list[Kept]:
        """Return the *count* oldest ended spans; they stay until `remove`."""
        return list(self._ended)[:count]

    def remove(self, shipped: Sequence[Kept]) -> None:
        """Take the oldest spans, just returned by `oldest`, off the queue."""
        for kept in shipped:
            # A fork in between has emptied the queue of the child.
            if self._ended and self._ended[0] is kept:
                self._ended.popleft()
                self.size -= kept.size

    def keep_for_pictures(self, shipped: Sequence[Kept]) -> None:
        """Keep spans just removed, of which only the pictures are still to be stored."""
        for kept in shipped:
            self._shipped.append(kept)
            self.size += kept.size

    def kept_for_pictures(self) -> list[Kept]:
        """Return the spans of which only the pictures are still to be stored."""
        return list(self._shipped)

    def drop_shipped(self, kept: Kept) -> None:
        """Forget such a span: its picture is stored, or never will be."""
        if kept in self._shipped:  # a fork in between has emptied the list of the child
            self._shipped.remove(kept)
            self.size -= kept.size

    def put_open(self, kept: Kept) -> Kept | None:
        """
        Replace the state of a span in flight and return it as kept.

        Returns:
            None if it did not fit: then the one before it stays, if there was one.
        """
        before = self.pop_open(kept.span_id)
        fitting = self._fitting(kept.after(before))
        if stays := fitting or before:
            self._open[kept.span_id] = stays
            self.size += stays.size
        return fitting

    def pop_open(self, span_id: str) -> Kept | None:
        """Forget the state of a span, and return it."""
        kept = self._open.pop(span_id, None)
        self.size -= kept.size if kept else 0
        return kept

    def open_states(self) -> list[Kept]:
        """Return the states of all spans in flight, in the order of their last change."""
        return list(self._open.values())

    def _fitting(self, kept: Kept) -> Kept | None:
        if self.size + kept.size <= self._max_bytes:
            return kept
        if not kept.pictures:
            return None
        return self._fitting(replace(kept, pictures=kept.pictures[:-1]))
