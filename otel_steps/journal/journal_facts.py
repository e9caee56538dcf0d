"""What a journal tells of itself."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalFacts:
    """
    How the journal of this process stands.

    Attributes:
        recorded: Ended spans kept.
        refused: Ended spans that could be kept nowhere.
        removed: Ended spans whose files somebody has removed before they were shipped.
        in_memory: Ended spans that wait in memory, and would die with the process.
        pictures_in_memory: Of ended spans whose rows are stored; they would, too.
        size_bytes: Of all files in the journal's folder.
    """

    recorded: int
    refused: int
    removed: int
    in_memory: int
    pictures_in_memory: int
    size_bytes: int
