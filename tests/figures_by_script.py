"""
Figures over many tasks, by a plain script over their rows: what every store is compared with.

Nothing of the package counts here, and no database.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from otel_steps.semconv import STEP_ACTION_NAME

Row = dict[str, Any]
# Tasks, each with its steps.
Tasks = Iterable[tuple[Row, list[Row]]]


def task_figures(tasks: Tasks, by: str) -> list[Row]:
    """Return what `Store.task_figures` is to answer, however many groups there are."""
    groups: dict[str | None, list[tuple[Row, list[Row]]]] = {}
    for task, steps in tasks:
        for group in _groups_of(task, steps, by):
            groups.setdefault(group, []).append((task, steps))
    rows = [_figures(group, members) for group, members in groups.items()]
    if by == "day":
        return sorted(rows, key=lambda row: row["group"], reverse=True)
    return sorted(
        rows, key=lambda row: (-row["tasks"], row["group"] is not None, row["group"] or "")
    )


def usage_figures(tasks: Tasks, by: str) -> list[Row]:
    """Return what `Store.usage_figures` is to answer, however many groups there are."""
    groups: dict[str | None, list[tuple[Row, list[Row]]]] = {}
    for task, steps in tasks:
        told = [s for s in steps if not s["input_tokens"] is s["output_tokens"] is None]
        for group in _groups_of(task, steps, by) if told else ():
            groups.setdefault(group, []).append((task, told))
    rows = []
    for group, members in groups.items():
        tokens = [
            sum((step["input_tokens"] or 0) + (step["output_tokens"] or 0) for step in steps)
            for _, steps in members
        ]
        whole = {
            "tokens_median": _nearest_rank(tokens, 50),
            "tokens_p95": _nearest_rank(tokens, 95),
        }
        models: dict[tuple[str | None, bool], list[Row]] = {}
        for task, steps in members:
            for step in steps:
                is_whole = None not in (step["input_tokens"], step["output_tokens"])
                models.setdefault((step["model"] or task["model"], is_whole), []).append(step)
        for (model, is_whole), steps in models.items():
            sums = {
                name: _sum([step[name] for step in steps])
                for name in ("input_tokens", "output_tokens", "cached_tokens")
            }
            own = {"group": group, "model": model, "is_whole": is_whole, "steps": len(steps)}
            rows.append({**own, **sums, **whole})
    return sorted(
        rows,
        key=lambda row: [
            *((row[name] is not None, row[name] or "") for name in ("group", "model")),
            row["is_whole"],
        ],
    )


def action_figures(tasks: Tasks) -> list[Row]:
    """Return what `Store.action_figures` is to answer, however many names there are."""
    names: dict[str, list[Row]] = {}
    for _, steps in tasks:
        for step in steps:
            name = (step["attributes"] or {}).get(STEP_ACTION_NAME)
            if isinstance(step["action"], dict):
                own = step["action"].get("action")
                name = own if isinstance(own, str) and own else name
            if name:
                names.setdefault(name[:100], []).append(step)
    rows = []
    for name, steps in names.items():
        took = [step["duration_ms"] for step in steps if step["duration_ms"] is not None]
        good = sum(step["success"] is True for step in steps)
        bad = sum(step["success"] is False for step in steps)
        rows.append(
            {
                "action": name,
                "steps": len(steps),
                "successful_steps": good,
                "failed_steps": bad,
                "failure_rate": bad / (good + bad) if good + bad else None,
                "duration_ms_median": _nearest_rank(took, 50),
                "duration_ms_p95": _nearest_rank(took, 95),
            }
        )
    return sorted(rows, key=lambda row: (-row["steps"], row["action"]))


def _groups_of(task: Row, steps: list[Row], by: str) -> set[str | None]:
    one = {
        "all": None,
        "day": task["created_at"][:10],
        "model": task["model"],
        "device": task["device_id"],
        "agent": task["agent"],
        "version": (task["resource"] or {}).get("service.version"),
        "task": task["task_description"],
    }
    if by in one:
        return {one[by]}
    if by == "tag":
        return set(task["tags"] or [None])
    return {step["app"] for step in steps if step["app"]} or {None}


def _figures(group: str | None, members: list[tuple[Row, list[Row]]]) -> Row:
    by_status = Counter(task["status"] or "unknown" for task, _ in members)
    ended = sum(by_status.values()) - by_status["running"] - by_status["unknown"]
    every = [step for _, steps in members for step in steps]
    counts = [len(steps) for _, steps in members]
    took = [sum(step["duration_ms"] or 0 for step in steps) for _, steps in members]
    return {
        "group": group,
        "tasks": len(members),
        "by_status": {status: by_status[status] for status in sorted(+by_status)},
        "ended": ended,
        "completed": by_status["completed"],
        "success_rate": by_status["completed"] / ended if ended else None,
        "steps": len(every),
        "successful_steps": sum(step["success"] is True for step in every),
        "failed_steps": sum(step["success"] is False for step in every),
        "steps_median": _nearest_rank(counts, 50),
        "steps_p95": _nearest_rank(counts, 95),
        "duration_ms_median": _nearest_rank(took, 50),
        "duration_ms_p95": _nearest_rank(took, 95),
        "input_tokens": _sum([step["input_tokens"] for step in every]),
        "output_tokens": _sum([step["output_tokens"] for step in every]),
    }


def _nearest_rank(values: list[int], percent: int) -> int | None:
    ordered = sorted(values)
    return ordered[-(-len(ordered) * percent // 100) - 1] if ordered else None


def _sum(values: list[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
