"""What a store keeps of the steps of a task beside their sums, as clients tell it from its rows."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

from otel_steps.stores.json_object import Json

# Of the rules that flags, causes and cards are told by. Raise it where one of them tells something
# else than before: all digests are then made anew, in the background.
RULES: Final = 2


@dataclass(frozen=True, slots=True)
class Digest:
    """
    What a list shows of a task beside its row, so that no step is read for it.

    Attributes:
        version: Of the task as this was told from it, as its index has it.
        flags: What some step of it has, of `TaskQuery.flag`.
        card: What its card shows.
        rules: The number of the rules it is told by.
    """

    task_id: str
    version: str
    flags: Sequence[str]
    card: Json
    rules: int = RULES

    def as_json(self) -> Json:
        """Return it by the names of its attributes."""
        return {**asdict(self), "flags": list(self.flags)}


@dataclass(frozen=True, slots=True)
class Undigested:
    """
    Tasks of which no digest is kept by the rules of today.

    Attributes:
        tasks: Rows of `tasks`, the newest first.
        count: How many there are in all.
    """

    tasks: list[Json]
    count: int
