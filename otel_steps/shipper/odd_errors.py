"""Errors that no backend has classified: whether to wait, or what is to blame for them."""

from collections import Counter
from typing import Final

# Such an error is taken for a passing one that often.
UNEXPECTED_TRIES: Final = 5
# That many pictures in a row with such errors, and it is the place that is to blame.
SUSPICIOUS_PICTURES: Final = 3


class OddErrors:
    """Of pictures, by name; the caller's lock protects it."""

    def __init__(self) -> None:
        self._tries: Counter[str] = Counter()
        self._in_a_row = 0  # given up, and none stored since

    def is_passing(self, name: str) -> bool:
        """Count one more of a picture; True where to try again."""
        self._tries[name] += 1
        return self._tries[name] < UNEXPECTED_TRIES

    def is_alone(self) -> bool:
        """Tell whether to blame a picture that is given up, the next one in a row, or the place."""
        self._in_a_row += 1
        return self._in_a_row < SUSPICIOUS_PICTURES

    def forget(self, name: str) -> None:
        """Begin anew with a picture: its place has answered for it."""
        self._tries.pop(name, None)

    def stored(self) -> None:
        """Take note that the place stores pictures."""
        self._in_a_row = 0
