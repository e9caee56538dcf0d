"""What a rule has found."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

# Of names, for people.
MAX_EXAMPLES: Final = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """
    One kind of fault.

    Attributes:
        kind: A word for scripts, such as "totals".
        message: What is wrong, in a sentence.
        count: How many are.
        examples: Some of them: ids of tasks, names of pictures, paths of files.
        remedy: What mends it.
        is_mended: Whether that has been done.
    """

    kind: str
    message: str
    count: int
    examples: tuple[str, ...]
    remedy: str
    is_mended: bool = False

    @classmethod
    def of(
        cls, kind: str, message: str, found: Sequence[object], remedy: str, *, is_mended: bool
    ) -> Self:
        """Return the finding of all that is *found*, the first of which are its examples."""
        examples = tuple(map(str, found[:MAX_EXAMPLES]))
        return cls(kind, message, len(found), examples, remedy, is_mended)
