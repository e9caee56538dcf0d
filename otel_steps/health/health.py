"""How the recording of a process stands: the answer to *is anything lost or waiting, and why*."""

from dataclasses import dataclass

from otel_steps.health.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """
    How the recording stands in this process.

    Attributes:
        recorded: Spans that are in the journal or have left it.
        shipped: Spans that the store has taken.
        known: Of those, how many it had already (replays).
        batches: Portions in which the store has taken them.
        batch_seconds: How long these took together.
        waiting: Spans in the journal that the store has not taken.
        pictures_waiting: Pictures in the journal that are not stored.
        dead: Spans set aside because the store can never take them, and what lay in the journal
            and was not written by one; of all processes.
        pictures_dead: Pictures set aside because nobody can decode them, or their place can never
            take them, likewise.
        refused: Spans that are lost: they could be kept nowhere, or somebody has removed the files
            of the journal before they were shipped. Each of them is reported.
        in_memory: Spans that wait in memory because the disk does not take them.
        journal_bytes: Size of what waits on disk, pictures included.
        held: Why the store takes nothing, or not all pictures, until a person acts, or None.
        problems: Everything that went wrong, by kind.
    """

    recorded: int
    shipped: int
    known: int
    batches: int
    batch_seconds: float
    waiting: int
    pictures_waiting: int
    dead: int
    pictures_dead: int
    refused: int
    in_memory: int
    journal_bytes: int
    held: str | None
    problems: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        """True where nothing is lost, set aside or on hold, and no problem was met."""
        is_aside = self.dead or self.pictures_dead
        return not (self.refused or is_aside or self.held or self.problems)
