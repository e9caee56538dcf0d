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
        """Forget all of it: searches read steps until `extend_search` has made it anew."""


def search_index(subject: Subject) -> Iterator[Finding]:
    """Yield what is wrong with it."""
    store = subject.store
    if isinstance(store, KeepsIndex) and (wrong := store.wrong_index()):
        if subject.repair:
            store.forget_index()
        yield Finding.of(
            "search_index",
            "searches do not find steps of these tasks",
            wrong,
            "the index is made anew, by whoever searches next",
            is_mended=subject.repair,
        )
