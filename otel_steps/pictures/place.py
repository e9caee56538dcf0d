"""Where the files of pictures lie."""

from collections.abc import Collection, Iterable, Mapping
from typing import Protocol


class Place(Protocol):
    """
    Where files lie, by paths such as `ab/<sha256>.webp`; several processes may share one.

    Attributes:
        facts_first: True where a thumbnail counts only with its picture's facts: what lies there
            may be cut off, or left of a picture that somebody has deleted. False where every file
            is whole, and asking for the facts costs a request.

    Raises:
        StoreUnavailable, StoreOnHold: Any method but `address`, as a store of rows does.
    """

    facts_first: bool

    def get(self, path: str) -> bytes | None:
        """Return the content of a file, or None where there is none."""

    def put(self, files: Mapping[str, bytes]) -> None:
        """
        Write *files*, content by path, in their order; they are there for good at the return.

        Raises:
            RowRejected: The place takes no such file, whoever sends it.
            PictureOnHold: It takes no such file until a person acts; it takes others.
        """

    def remove(self, paths: Collection[str]) -> None:
        """Remove files, those of *paths* that are there; repeating a call is harmless."""

    def files(self, folder: str) -> Iterable[tuple[str, float]]:
        """
        Yield the names of the files in a *folder* such as `ab`, and when each was written.

        In seconds since 1970; infinity where nobody knows.
        """

    def is_gone(self, path: str) -> bool:
        """Tell whether a file that facts speak of is known to be gone; False where that is dear."""

    def address(self, path: str) -> str | None:
        """Return the stable address of a file, without a secret; None on this machine."""
