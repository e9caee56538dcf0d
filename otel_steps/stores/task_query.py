"""
Which tasks a reader wants to see, checked before any store hears of it, and the page that it gets.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, get_args

from otel_steps.rows import flags
from otel_steps.semconv import ErrorKind

# Columns of `tasks` that a list may be sorted by.
SORTS: Final = (
    "created_at",
    "last_activity",
    "total_steps",
    "failed_steps",
    "total_duration_ms",
    "status",
)
# What a list may be narrowed down to of that which marks a step: what a column of it says, and what
# is told from all steps of the task, which only its digest keeps.
_ERROR_KINDS: Final = get_args(ErrorKind)
COMPUTED_FLAGS: Final = tuple(name for name in flags.ALL if name not in _ERROR_KINDS)
FLAGS: Final = ("failed", *_ERROR_KINDS, *COMPUTED_FLAGS)
# What a person looks for is shorter; a longer text costs the database more than it is worth.
MAX_SEARCH_CHARS: Final = 200
# Of each kind, in a menu that a person reads.
MAX_FACETS: Final = 200

# The largest number that databases take for LIMIT and OFFSET.
_MAX_INT: Final = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskQuery:
    """
    Which tasks to list, and in what order. What is None or empty does not narrow the list.

    Attributes:
        text: Anywhere in the task's description, id, result, error or notes, or in a step's
            thinking, action, result, data, app or error. Letters of the alphabet match in both
            cases; cut after `MAX_SEARCH_CHARS`.
        status: Any of these; "unknown" is that of a task that nobody has spoken for.
        app: Some step was in this app.
        project: Whose tasks they are; see `otel_steps.project`.
        flag: One of `FLAGS`: some step failed, went wrong in this way, or is odd in this way. Of
            `COMPUTED_FLAGS` a store knows the tasks whose digests it keeps; see `undigested`.
        flagged: Ids of tasks that have the flag, too: no digest of them is kept.
        session: What else the same person did in one go; see `session.id`.
        agent: The agent's name.
        version: That of the service that ran the task, `service.version` of its resource.
        description: The task's whole description, exactly so: the same errand again.
        tag: The task has it.
        step_tag: Some step of the task has it.
        judged: Whether the task or some step of it has a score.
        min_score: Some score of the task is at least this.
        since, until: Times of ISO 8601 that the creation of a task is compared with, UTC where
            they do not say; the second one is not part of the range.
        limit, offset: Cut to what a database can count.
        sort: One of `SORTS`; tasks without a value come last, equal ones in the order of their ids.

    Raises:
        ValueError: *sort* or *flag* is unknown, or a time is none.
    """

    text: str | None = None
    status: Sequence[str] = ()
    app: str | None = None
    model: str | None = None
    device: str | None = None
    project: str | None = None
    session: str | None = None
    tag: str | None = None
    agent: str | None = None
    version: str | None = None
    description: str | None = None
    step_tag: str | None = None
    flag: str | None = None
    flagged: Sequence[str] = ()
    judged: bool | None = None
    min_score: float | None = None
    since: str | None = None
    until: str | None = None
    sort: str = "created_at"
    descending: bool = True
    limit: int = 50
    offset: int = 0

    def __post_init__(self) -> None:
        if self.sort not in SORTS:
            raise ValueError(
                f"tasks cannot be sorted by {self.sort[:80]!r}; use {', '.join(SORTS)}"
            )
        if self.flag and self.flag not in FLAGS:
            raise ValueError(f"no flag {self.flag[:80]!r} to filter by; use {', '.join(FLAGS)}")
        for name in ("since", "until"):
            object.__setattr__(self, name, _utc(name, getattr(self, name)))
        for name in ("limit", "offset"):
            object.__setattr__(self, name, min(max(getattr(self, name), 0), _MAX_INT))


def _utc(name: str, time: str | None) -> str | None:
    """Return *time* as the rows have it, so that the two compare as text."""
    if time is None:
        return None
    try:
        at = datetime.fromisoformat(time)
        aware = at if at.tzinfo else at.replace(tzinfo=UTC)
        return aware.astimezone(UTC).isoformat(timespec="microseconds")
    except (ValueError, OverflowError) as error:
        raise ValueError(
            f"{name} is {time[:80]!r}; expected a time like 2026-11-24T08:00"
        ) from error


@dataclass(frozen=True, slots=True)
class TaskPage:
    """
    Some of the tasks that a query asks for.

    Attributes:
        tasks: Rows of `tasks`.
        total: How many the query finds in all.
        by_status: Status, "unknown" where nobody has spoken for a task -> how many "tasks" and
            "steps" the query finds, and would find if it did not ask for a status.
        hits: Task id -> number of its first step that has the query's text.
        unseen: In how many tasks nobody has looked for the flag that the query asks for.
    """

    tasks: list[dict[str, Any]]
    total: int
    by_status: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    hits: Mapping[str, int] = field(default_factory=dict)
    unseen: int = 0


def total_of(query: TaskQuery, by_status: Mapping[str, Mapping[str, int]]) -> int:
    """Return how many tasks *query* finds of those that `TaskPage.by_status` counts."""
    return sum(
        counts["tasks"]
        for status, counts in by_status.items()
        if not query.status or status in query.status
    )
