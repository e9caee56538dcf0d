"""The index for searches, where a store keeps one that can be told to be wrong."""

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

from otel_steps.fsck.finding import Finding
from otel_steps.fsck.subject import Subject


@runtime_checkable
class KeepsIndex(Protocol):
    """A store with an index of what steps say."""

    def wrong_index(self) -> list[str]:
        """Return tasks of whose steps it has not what it says to have."""

    def forget_index(self) -> None:
        """Forget what it has of them: searches read their steps until `extend_search` has."""


def search_index(subject: Subject) -> Iterator[Finding]:
    """Yield what is wrong with it."""
    store = subject.store
    if isinstance(store, KeepsIndex) and (wrong := store.wrong_index()):
        found = wrong
        while subject.repair and wrong:  # it tells of some at a time
            store.forget_index()
            wrong = store.wrong_index()
            found += wrong
        yield Finding.of(
            "search_index",
            "searches do not find steps of these tasks",
            found,
            "the index is made anew, by whoever searches next",
            is_mended=subject.repair,
        )
