"""Steps and spans whose task has no row: it gets the one that their own arrival would make."""

from collections.abc import Iterator
from typing import Any

from otel_steps.fsck.finding import Finding
from otel_steps.fsck.rows import pages
from otel_steps.fsck.subject import Subject
from otel_steps.rows.implied import implied_tasks
from otel_steps.rows.model import Batch, SpanRow, StepRow
from otel_steps.rows.tables import ROW_COLUMNS
from otel_steps.stores import Store


def lost_tasks(subject: Subject) -> Iterator[Finding]:
    """Yield such tasks."""
    lost: list[str] = []
    for page in pages(subject, "lost_tasks"):
        for flaw in page:
            lost.append(flaw.key)
            if subject.repair:
                _restore(subject.store, flaw.key)
    if lost:
        yield Finding.of(
            "lost_tasks",
            "steps belong to tasks that have no row",
            lost,
            "the row is made from what they say",
            is_mended=subject.repair,
        )


def _restore(store: Store, task_id: str) -> None:
    rows: list[StepRow | SpanRow] = [
        StepRow(**_brought("task_steps", row)) for row in store.steps(task_id)
    ]
    rows += [
        SpanRow(**_brought("task_spans", row))
        for row in store.spans(task_id)
        if row["task_id"] == task_id
    ]
    if rows:
        store.write(Batch(tasks=implied_tasks(rows, ())))


def _brought(table: str, row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ROW_COLUMNS[table]}
