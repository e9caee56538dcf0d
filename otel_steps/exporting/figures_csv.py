"""Figures of groups of tasks as CSV."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from otel_steps.semconv import TASK_STATUSES

_COLUMNS: Final = (
    *("tasks", "ended", "completed", "success_rate"),
    *("steps", "successful_steps", "failed_steps", "steps_median", "steps_p95"),
    *("duration_ms_median", "duration_ms_p95", "input_tokens", "output_tokens"),
)
# What a cell begins with that spreadsheets take for a formula; some do in wide letters, too.
_FORMULAS: Final = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


def figures_csv(by: str, groups: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """
    Yield a line for each group, with how many tasks of it have which status; names come first.

    A text that a spreadsheet would run as a formula has an apostrophe before it.

    Args:
        by: What they are grouped by.
        groups: As `Store.task_figures` has them.
    """
    known = (*TASK_STATUSES, "unknown")
    others = {status for row in groups for status in row["by_status"]}.difference(known)
    statuses = [status for status in (*known, *sorted(others)) if status != "completed"]
    yield _line([by, *_COLUMNS, *statuses])
    for row in groups:
        counts = (row["by_status"].get(status, 0) for status in statuses)
        yield _line([row["group"], *(row[name] for name in _COLUMNS), *counts])


def _line(values: Sequence[Any]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerow([_inert(value) for value in values])
    return written.getvalue()


def _inert(value: Any) -> Any:
    """Return what a spreadsheet shows and does not run; a name is what an agent has put there."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULAS) else value
