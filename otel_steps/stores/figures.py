"""
Figures over many tasks: what they can be grouped by, and what is made of the sums of a database.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson

from otel_steps.stores.json_object import Json

# `version` is that of the service that ran the task, `task` its description: the same errand again.
GROUPINGS: Final = (
    *("all", "day", "app", "model", "device", "agent"),
    *("version", "task", "tag"),
)
# More than anybody reads.
MAX_GROUPS: Final = 1000

# Of these nobody knows yet how they end.
_OPEN: Final = frozenset({"running", "unknown"})
_SUMS: Final = (
    *("tasks", "steps", "successful_steps", "failed_steps"),
    *("input_tokens", "output_tokens"),
)


def check_grouping(by: str) -> None:
    """
    Check that tasks can be grouped by *by*.

    Raises:
        ValueError: They cannot.
    """
    if by not in GROUPINGS:
        raise ValueError(f"tasks cannot be grouped by {by[:80]!r}; use {', '.join(GROUPINGS)}")


def task_figures_of(rows: Iterable[Mapping[str, Any]], by: str) -> list[Json]:
    """
    Return what `Store.task_figures` does.

    Args:
        rows: Of some tasks of one group and status: "group", "status", the sums, and the medians
            and the 95th percentiles of the whole group.
        by: What they are grouped by.
    """
    groups: dict[str | None, Json] = {}
    for row in rows:
        known = groups.setdefault(row["group"], {"group": row["group"], "by_status": {}})
        status = row["status"]
        known["by_status"][status] = known["by_status"].get(status, 0) + row["tasks"]
        for name in row.keys() - {"group", "status"}:
            if name in _SUMS:
                known[name] = _plus(known.get(name), row[name])
            else:
                known[name] = row[name] if row[name] is not None else known.get(name)
    shown = first_groups({group: _tasks(known) for group, known in groups.items()}, by)
    return [_with_rate(groups[group]) for group in shown]


def first_groups(tasks: Mapping[str | None, int], by: str) -> list[str | None]:
    """Return the groups that are shown, in order, of those with so many *tasks* each."""

    def most_first(group: str | None) -> tuple[int, bool, str]:
        return -tasks[group], group is not None, group or ""

    if by == "day":
        return sorted(tasks, key=lambda day: day or "", reverse=True)[:MAX_GROUPS]
    return sorted(tasks, key=most_first)[:MAX_GROUPS]


def percentiles(name: str, values: Iterable[int]) -> dict[str, int | None]:
    """Return the median and the 95th percentile of *values* by nearest rank, under their names."""
    # Counted before they are sorted: of a million times, few are different.
    counts = Counter(values)
    ordered = sorted(counts)
    return {
        f"{name}_median": _nearest_rank(ordered, counts, 50),
        f"{name}_p95": _nearest_rank(ordered, counts, 95),
    }


def _nearest_rank(ordered: Iterable[int], counts: Counter[int], percent: int) -> int | None:
    # In whole numbers: a share of 0.95 is none in a float.
    left = -(-counts.total() * percent // 100)
    for value in ordered:
        left -= counts[value]
        if left <= 0:
            return value
    return None


def action_figures_of(rows: Iterable[Mapping[str, Any]]) -> list[Json]:
    """
    Return what `Store.action_figures` does.

    Args:
        rows: Of each action: "action", "steps", "successful_steps", "failed_steps", and in
            "durations_ms" the milliseconds of its steps, with commas between them; may be None.
    """
    most_first = sorted(rows, key=lambda row: (-row["steps"], row["action"]))
    return [_action_figures(**row) for row in most_first[:MAX_GROUPS]]


def _action_figures(*, durations_ms: str | None, **counts: Any) -> Json:
    successful, failed = counts["successful_steps"], counts["failed_steps"]
    return {
        **counts,
        **percentiles("duration_ms", orjson.loads(f"[{durations_ms or ''}]")),
        "failure_rate": _share(failed, failed + successful),
    }


def _with_rate(row: Json) -> Json:
    by_status = dict(sorted(row["by_status"].items()))
    ended = sum(count for status, count in by_status.items() if status not in _OPEN)
    completed = by_status.get("completed", 0)
    return {
        **row,
        "by_status": by_status,
        "ended": ended,
        "completed": completed,
        "success_rate": _share(completed, ended),
    }


def _tasks(known: Json) -> int:
    return sum(known["by_status"].values())


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _plus(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else one + other
