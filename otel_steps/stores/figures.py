"""
Figures over many tasks: what they can be grouped by, and what is made of the sums of a database.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from otel_steps.stores.contract import Json

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
        rows: Of each group and status: "group", "status", the sums, and the medians and the 95th
            percentiles of the whole group, None in rows that do not know them.
        by: What they are grouped by.
    """
    groups: dict[str | None, Json] = {}
    for row in rows:
        known = groups.setdefault(row["group"], {"group": row["group"], "by_status": {}})
        known["by_status"][row["status"]] = row["tasks"]
        for name in row.keys() - {"group", "status"}:
            if name in _SUMS:
                known[name] = _plus(known.get(name), row[name])
            else:
                known[name] = row[name] if row[name] is not None else known.get(name)
    figures = sorted(map(_with_rate, groups.values()), key=_most_first)
    if by == "day":
        figures.sort(key=lambda row: row["group"] or "", reverse=True)
    return figures[:MAX_GROUPS]


def action_figures_of(rows: Iterable[Mapping[str, Any]]) -> list[Json]:
    """Return what `Store.action_figures` does, of rows that have all but the rate."""
    return [
        {
            **row,
            "failure_rate": _share(
                row["failed_steps"], row["failed_steps"] + row["successful_steps"]
            ),
        }
        for row in sorted(rows, key=lambda row: (-row["steps"], row["action"]))
    ][:MAX_GROUPS]


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


def _most_first(row: Mapping[str, Any]) -> tuple[int, bool, str]:
    return -row["tasks"], row["group"] is not None, row["group"] or ""


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _plus(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else one + other
