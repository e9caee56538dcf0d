"""
Which message of a partition is due: one that is passed over would be committed with those behind.

A topic may have gaps of its own, where it is compacted or written in transactions: what comes again
after it was sought is one of these.
"""

from collections.abc import Iterable, Mapping

Partition = tuple[str, int]


class Order:
    """Knows of each partition which offset is due, once that is known."""

    def __init__(self) -> None:
        self._due: dict[Partition, int] = {}
        self._sought: dict[Partition, int] = {}

    def begin(self, partition: Partition, due: int) -> None:
        """Expect *due* next."""
        self._due[partition] = due
        self._sought.pop(partition, None)

    def due(self, partition: Partition) -> int | None:
        """Return which offset is due, where that is known."""
        return self._due.get(partition)

    def not_sought(self, partition: Partition) -> None:
        """Take back that what is due was sought: it could not be, and is to be sought again."""
        self._sought.pop(partition, None)

    def end(self, partitions: Iterable[Partition]) -> None:
        """Expect nothing of *partitions* any more."""
        for each in partitions:
            self._due.pop(each, None)
            self._sought.pop(each, None)

    def gaps(self, fetched: Iterable[tuple[Partition, int]]) -> Mapping[Partition, int]:
        """
        Take note of the offsets that were fetched, in their order.

        Returns:
            For partitions of which something was passed over, what is to be sought: nothing from
            there on counts as fetched.
        """
        passed_over: dict[Partition, int] = {}
        for partition, offset in fetched:
            if partition in passed_over:
                continue
            due = self._due.get(partition, offset)
            if offset > due and self._sought.get(partition) != due:
                self._sought[partition] = passed_over[partition] = due
                continue
            self._due[partition] = offset + 1
        return passed_over
