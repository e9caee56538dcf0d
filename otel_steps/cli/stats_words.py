"""How figures over many tasks read, on a terminal and in a digest (pure)."""

from collections.abc import Mapping
from typing import Any

from otel_steps.cli.wording import counted, one_line


def headline(found: Mapping[str, Any]) -> str:
    """Return `23 tasks (17 completed, 6 failed), 74% of those that ended succeeded, 312 steps`."""
    total = found["total"]
    if total is None:
        return "0 tasks"
    by_status = ", ".join(f"{number} {name}" for name, number in total["by_status"].items())
    rate = total["success_rate"]
    parts = [
        f"{counted(total['tasks'], 'task')} ({by_status})",
        "" if rate is None else f"{rate_text(rate)} of those that have ended succeeded",
        f"{counted(total['steps'], 'step')} ({total['failed_steps']} failed)",
    ]
    return ", ".join(part for part in parts if part)


def rate_text(rate: float | None) -> str:
    """Return a share as `74%`; `-` where nobody knows it."""
    return "-" if rate is None else f"{rate:.0%}"


def between_text(between: Mapping[str, Any]) -> str:
    """Return which two groups are compared, and whether they differ by more than chance."""
    names = f"{one_line(between['one'])} and {one_line(between['other'])}"
    return f"{names}: {between['sentence']['en']}"


def of_no_name(by: str) -> str:
    """Return what stands for the group of what has nothing to be grouped by."""
    return f"(no {by})"
