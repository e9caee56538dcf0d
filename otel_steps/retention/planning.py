"""
Which tasks rules choose, among all that a store holds: looked at, and nothing removed.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from otel_steps.config import Retention
from otel_steps.stores import Store
from otel_steps.stores.removal import Holding

# As a person means it who says "keep what has failed".
_FAILED: Final = frozenset({"failed", "max_steps", "interrupted"})


@dataclass(frozen=True, slots=True)
class Plan:
    """
    What is to go.

    Attributes:
        going: The tasks, the oldest first.
        rules: What has chosen them.
        before: When it was made: a task in which something happens later stays.
        tasks: How many the store holds.
        bytes: About how much they take, without indexes and thumbnails.
        kept: Why others stay that would go by age or limit -> how many: "running", "failed",
            "tagged".
    """

    going: tuple[Holding, ...]
    rules: Retention
    before: str
    tasks: int
    bytes: int
    kept: Mapping[str, int]

    @property
    def steps(self) -> int:
        """How many steps they have."""
        return sum(held.steps for held in self.going)

    @property
    def pictures(self) -> int:
        """How many pictures of their steps are to go."""
        return sum(_pictures(held, self.rules) for held in self.going)

    @property
    def bytes_going(self) -> int:
        """About how much goes with them."""
        return sum(_bytes_going(held, self.rules) for held in self.going)


def holdings(store: Store, progress: Callable[[int], None] = lambda _: None) -> Iterator[Holding]:
    """Yield what a store holds of all its tasks; *progress* hears how many were told."""
    after, count = "", 0
    while page := store.holdings(after):
        yield from page
        after, count = page[-1].task_id, count + len(page)
        progress(count)


def plan(
    store: Store,
    rules: Retention,
    *,
    now: datetime | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Plan:
    """
    Return what *rules* choose.

    Args:
        now: What ages are counted from, by default this moment.
        progress: Hears how many tasks were looked at.

    Raises:
        ValueError: The rules do not say what goes.
        StoreUnavailable, StoreOnHold: It cannot be told.
    """
    if rules.is_empty:
        raise ValueError("no rule says what goes; name an age, a size, a number, a status or a tag")
    now = now or datetime.now(UTC)
    held = list(holdings(store, progress))
    held.sort(key=lambda each: (each.last_activity, each.task_id))
    counted = [each for each in held if _pictures(each, rules) or not rules.pictures_only]
    tasks, size = len(counted), sum(_bytes(each, rules.pictures_only) for each in held)
    oldest = _text(now - rules.older_than) if rules.older_than is not None else ""
    going: list[Holding] = []
    kept: Counter[str] = Counter()
    for each in counted:
        is_due = (
            each.last_activity < oldest
            or (rules.max_tasks is not None and tasks > rules.max_tasks)
            or (rules.max_bytes is not None and size > rules.max_bytes)
            or not rules.has_limit
        )
        if not is_due or not _is_meant(each, rules):
            continue
        if reason := _reason_to_keep(each, rules):
            kept[reason] += 1
            continue
        going.append(each)
        tasks -= 1
        size -= _bytes_going(each, rules)
    return Plan(
        going=tuple(going),
        rules=rules,
        before=_text(now),
        tasks=len(held),
        bytes=sum(_bytes(each, False) for each in held),
        kept=dict(kept),
    )


def _is_meant(held: Holding, rules: Retention) -> bool:
    has_status = not rules.statuses or (held.status or "unknown") in rules.statuses
    has_tag = not rules.tags or not rules.tags.isdisjoint(held.tags)
    is_judged_so = rules.score_below is None or (
        held.best_score is not None and held.best_score < rules.score_below
    )
    return has_status and has_tag and is_judged_so


def _reason_to_keep(held: Holding, rules: Retention) -> str | None:
    if held.status == "running":
        return "running"
    if rules.keep_failed and held.status in _FAILED:
        return "failed"
    return "tagged" if rules.keep_tagged and held.is_annotated else None


def _pictures(held: Holding, rules: Retention) -> int:
    return held.spare_pictures if rules.keep_first_last_failed else held.pictures


def _bytes_going(held: Holding, rules: Retention) -> int:
    return held.spare_bytes if rules.keep_first_last_failed else _bytes(held, rules.pictures_only)


def _bytes(held: Holding, pictures_only: bool) -> int:
    return held.picture_bytes + (0 if pictures_only else held.row_bytes)


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")
