"""What the steps of a task, or of all tasks, add up to, as a report says it."""

from collections.abc import Mapping, Sequence
from typing import Any

from otel_steps.stores.json_object import Json


def statistics_of_all(
    tasks_by_status: Mapping[str, int],
    *,
    steps: int,
    successful: int,
    failed: int,
    screenshots: int,
) -> Json:
    """Return what `Store.statistics` does, from totals of all tasks."""
    ended = successful + failed
    return {
        "tasks": sum(tasks_by_status.values()),
        "steps": steps,
        "screenshots": screenshots,
        "tasks_by_status": dict(tasks_by_status),
        "success_rate": successful / ended if ended else 0.0,
    }


def statistics_of(steps: Sequence[Mapping[str, Any]], screenshots_count: int) -> Json:
    """Return the `statistics` object of a report, counted from rows of `task_steps`."""
    successful = sum(1 for step in steps if step["success"] is True)
    failed = sum(1 for step in steps if step["success"] is False)
    durations = [step["duration_ms"] for step in steps if step["duration_ms"] is not None]
    ended = successful + failed
    return {
        "total_steps": len(steps),
        "successful_steps": successful,
        "failed_steps": failed,
        "success_rate": successful / ended if ended else 0.0,
        "total_duration_ms": sum(durations),
        "average_step_duration_ms": sum(durations) / len(durations) if durations else 0.0,
        "screenshots_count": screenshots_count,
    }


def report_of(task: Json | None, steps: list[Json], screenshots: list[Json]) -> Json | None:
    """Return the report that `Store.report` describes, or None where there is no such task."""
    if task is None:
        return None
    return {
        "task": task,
        "steps": steps,
        "screenshots": screenshots,
        "statistics": statistics_of(steps, len(screenshots)),
    }
