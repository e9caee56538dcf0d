"""Tasks that are known from their steps, or from a span that names them. Pure."""

from collections.abc import Container, Iterable, Sequence
from typing import Any

from otel_steps import semconv
from otel_steps.rows.extraction import project_of, word_of
from otel_steps.rows.model import SpanRow, StepRow, TaskRow


def implied_tasks(rows: Iterable[StepRow | SpanRow], known: Container[str]) -> list[TaskRow]:
    """Return a row, without a status, for each task that is not *known* but from *rows*."""
    of_tasks: dict[str, list[StepRow | SpanRow]] = {}
    for row in rows:
        if row.task_id is not None and row.task_id not in known:
            of_tasks.setdefault(row.task_id, []).append(row)
    return [_implied_task(task_id, own) for task_id, own in of_tasks.items()]


def _implied_task(task_id: str, rows: Sequence[StepRow | SpanRow]) -> TaskRow:
    first = rows[0]
    resource = first.resource if isinstance(first, StepRow) else None
    said = (_text((row.attributes or {}).get(semconv.TASK_DESCRIPTION)) for row in rows)
    return TaskRow(
        task_id=task_id,
        task_description=next((text for text in said if text), None),
        # Times of one format and zone sort as text.
        created_at=min(row.started_at for row in rows),
        last_activity=max(row.ended_at or row.started_at for row in rows),
        device_id=word_of(first.attributes, semconv.DEVICE_ID)
        or word_of(resource, semconv.DEVICE_ID),
        project=word_of(first.attributes, semconv.PROJECT) or project_of(resource),
        trace_id=first.trace_id,
        resource=resource,
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
