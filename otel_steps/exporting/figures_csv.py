"""The groups of `otel-steps stats` as CSV."""

import csv
import sys
from collections.abc import Mapping
from typing import Any, Final

from otel_steps.semconv import TASK_STATUSES

_COLUMNS: Final = (
    *("tasks", "ended", "completed", "success_rate"),
    *("steps", "successful_steps", "failed_steps", "steps_median", "steps_p95"),
    *("duration_ms_median", "duration_ms_p95", "input_tokens", "output_tokens"),
)


def write_csv(found: Mapping[str, Any]) -> None:
    """Print a line for each group, with how many tasks of it have which status."""
    known = (*TASK_STATUSES, "unknown")
    others = {status for row in found["groups"] for status in row["by_status"]}.difference(known)
    statuses = [status for status in (*known, *sorted(others)) if status != "completed"]
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([found["by"], *_COLUMNS, *statuses])
    for row in found["groups"]:
        counts = (row["by_status"].get(status, 0) for status in statuses)
        writer.writerow([row["group"], *(row[name] for name in _COLUMNS), *counts])
