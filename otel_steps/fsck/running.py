"""What is running though nobody goes on with it: tasks, and steps of tasks that have ended."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from otel_steps.fsck.finding import Finding
from otel_steps.fsck.rows import name_of, pages
from otel_steps.fsck.subject import Subject
from otel_steps.rows.interruption import STEP_INTERRUPTED_MESSAGE
from otel_steps.rows.model import Batch, StepRow
from otel_steps.rows.tables import ROW_COLUMNS
from otel_steps.stores.flaws import Flaw

# A phone may wait long for a person; a process that has died waits for ever.
STALE_S: Final = 86_400.0


def running_tasks(subject: Subject) -> Iterator[Finding]:
    """Yield tasks in which nothing has happened for a day."""
    before = datetime.fromtimestamp(subject.now - STALE_S, UTC).isoformat(timespec="microseconds")
    found: list[str] = []
    while some := subject.store.close_stale(before, mends=subject.repair):
        found += some
        if not subject.repair:  # the same would be told again
            break
    if found:
        yield Finding.of(
            "running",
            "tasks are running in which nothing has happened for a day",
            found,
            "they count as interrupted, until more of them arrives",
            is_mended=subject.repair,
        )


def running_steps(subject: Subject) -> Iterator[Finding]:
    """Yield steps that are running while their task has ended an hour ago, or earlier."""
    found: list[str] = []
    for page in pages(subject, "running_steps"):
        found += map(name_of, page)
        if subject.repair:
            # Written as a row that arrives: should the step's own end come, it takes its place.
            subject.store.write(Batch(steps=[_interrupted(flaw) for flaw in page]))
    if found:
        yield Finding.of(
            "running_steps",
            "steps are running in tasks that have ended",
            found,
            "they count as interrupted, until their end arrives",
            is_mended=subject.repair,
        )


def _interrupted(flaw: Flaw) -> StepRow:
    row = flaw.row or {}
    step = StepRow(**{name: row[name] for name in ROW_COLUMNS["task_steps"]})
    return replace(
        step,
        status="interrupted",
        success=False,
        error_kind="interrupted",
        error_message=step.error_message or STEP_INTERRUPTED_MESSAGE,
    )
