"""
What is to be removed, and what is kept whatever the rest says.
"""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """
    Rules of what goes. A task that runs never does.

    Attributes:
        older_than: Goes, if nothing has happened in it for that long.
        max_bytes: The oldest go until what is left takes no more.
        max_tasks: The oldest go until no more are left.
        statuses: Only tasks with one of these go; "unknown" is that of a task that nobody has
            spoken for. Empty for any.
        tags: Only tasks with one of these go. Empty for any.
        score_below: Only tasks go that have scores, all of them less than this.
        keep_failed: Tasks that have failed stay: also at their limit of steps, or interrupted.
        keep_tagged: Tasks that have tags, notes or scores stay.
        pictures_only: Their pictures go, and all else stays.
        keep_first_last_failed: Of the pictures, those of the first and of the last step that has
            one stay, and those of steps that have failed. Only with `pictures_only`.
    """

    older_than: timedelta | None = None
    max_bytes: int | None = None
    max_tasks: int | None = None
    statuses: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    score_below: float | None = None
    keep_failed: bool = False
    keep_tagged: bool = False
    pictures_only: bool = False
    keep_first_last_failed: bool = False

    def __str__(self) -> str:
        """Return the rules as a setting writes them."""
        words = [
            None if self.older_than is None else _age(self.older_than),
            None if self.max_bytes is None else f"max={self.max_bytes}",
            None if self.max_tasks is None else f"tasks={self.max_tasks}",
            *(f"status={status}" for status in sorted(self.statuses)),
            *(f"tag={tag}" for tag in sorted(self.tags)),
            None if self.score_below is None else f"score-below={self.score_below:g}",
            "keep=failed" if self.keep_failed else None,
            "keep=tagged" if self.keep_tagged else None,
            "pictures" if self.pictures_only else None,
            "keep=first-last-failed" if self.keep_first_last_failed else None,
        ]
        return ",".join(word for word in words if word is not None)

    @property
    def is_empty(self) -> bool:
        """True where nothing says what goes: that is never all."""
        chosen_by_itself = self.statuses or self.tags or self.score_below is not None
        return not (self.has_limit or chosen_by_itself)

    @property
    def has_limit(self) -> bool:
        """True where not all go that the statuses, tags and scores choose."""
        return any(each is not None for each in (self.older_than, self.max_bytes, self.max_tasks))


def _age(age: timedelta) -> str:
    hours = age // timedelta(hours=1)
    return f"{hours // 24}d" if hours % 24 == 0 else f"{hours}h"
