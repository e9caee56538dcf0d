"""
The three routes of the user's guide, to the letter.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from otel_steps.pricing.usage import with_usage
from otel_steps.serving.envelope import data
from otel_steps.serving.refusal import NotFound
from otel_steps.viewer.library import LibraryDependency
from otel_steps.viewer.paging import PageDependency
from otel_steps.viewer.schemas import Data, Report, Screenshots, StepsPage
from otel_steps.viewer.task_path import TASK

router = APIRouter(tags=["guide"])


@router.get(f"/api/tasks/{TASK}/steps", response_model=Data[StepsPage])
def steps(
    task_id: str,
    library: LibraryDependency,
    page: PageDependency,
    limit: Annotated[
        int | None, Query(ge=1, description="At most this many steps, the first ones.")
    ] = None,
) -> Response:
    """Return a page of the steps of a task, in the order in which they were taken."""
    library.task(task_id)
    total = library.store.count_steps(task_id)
    if limit is not None:
        total = min(total, limit)
    rows = library.store.steps(task_id, limit=page.limit(total), offset=page.offset)
    return data({"steps": rows, "pagination": page.pagination(total)})


@router.get(f"/api/tasks/{TASK}/report", response_model=Data[Report])
def report(task_id: str, library: LibraryDependency) -> Response:
    """Return a task with all its steps, pictures and statistics."""
    whole = library.store.report(task_id)
    if whole is None:
        raise NotFound(f"no task {task_id[:200]!r} in this store")
    return data({**with_usage(whole, library.prices), "why": library.why(whole["task"])})


@router.get(f"/api/tasks/{TASK}/screenshots", response_model=Data[Screenshots])
def screenshots(task_id: str, library: LibraryDependency) -> Response:
    """Return what is known of the pictures of a task, in the order of their steps and by step."""
    library.task(task_id)
    rows = library.store.screenshots(task_id)
    by_step: dict[str, list[Any]] = {}
    for row in rows:
        by_step.setdefault(row["step_id"], []).append(row)
    return data({"screenshots": rows, "grouped_by_step": by_step, "total_count": len(rows)})
