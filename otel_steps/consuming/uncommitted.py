"""Messages that are in the journal, and that the group has not been told to be done with."""

from collections.abc import Mapping
from dataclasses import dataclass

from otel_steps.consuming.order import Partition


@dataclass(slots=True)
class _Span:
    """Messages of a partition, one after the other: from *first* up to, not with, *end*."""

    first: int
    end: int
    count: int


class Uncommitted:
    """Counts them by partition; of each partition they are added in order."""

    def __init__(self) -> None:
        self._spans: dict[Partition, _Span] = {}

    def __len__(self) -> int:
        """Return how many messages there are."""
        return sum(span.count for span in self._spans.values())

    def add(self, partition: Partition, offset: int) -> None:
        """Add one that is in the journal."""
        span = self._spans.setdefault(partition, _Span(offset, offset, 0))
        span.end = offset + 1
        span.count += 1

    def starts(self) -> Mapping[Partition, int]:
        """Return the offset of the first message of each partition."""
        return {partition: span.first for partition, span in self._spans.items()}

    def ends(self) -> Mapping[Partition, int]:
        """Return what to commit: the offset behind the last message of each partition."""
        return {partition: span.end for partition, span in self._spans.items()}

    def clear(self) -> None:
        """Forget all: they are committed, or come again."""
        self._spans.clear()

    def drop(self, partitions: set[Partition]) -> None:
        """Forget those of *partitions*, which are another member's now."""
        self._spans = {each: span for each, span in self._spans.items() if each not in partitions}
