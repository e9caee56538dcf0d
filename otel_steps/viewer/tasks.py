"""
Routes of the list of tasks and of one task; the page of a task reads these.
"""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from otel_steps.pricing.usage import of_all
from otel_steps.serving.envelope import data
from otel_steps.stores.json_object import Json
from otel_steps.stores.span_nodes import span_nodes
from otel_steps.stores.task_query import SORTS
from otel_steps.viewer import schemas
from otel_steps.viewer.library import Library, LibraryDependency
from otel_steps.viewer.paging import PageDependency
from otel_steps.viewer.schemas import Data
from otel_steps.viewer.task_filter import FilterDependency, Text, query_of
from otel_steps.viewer.task_path import TASK

router = APIRouter(tags=["tasks"])

Sort = Annotated[str, Query(json_schema_extra={"enum": list(SORTS)})]


@router.get("/api/tasks", response_model=Data[schemas.TasksPage])
def tasks(
    library: LibraryDependency,
    page: PageDependency,
    chosen: FilterDependency,
    sort: Sort = "created_at",
    order: Literal["asc", "desc"] = "desc",
) -> Response:
    """Return a page of the tasks, each with what its card shows."""
    query = query_of(
        chosen,
        sort=sort,
        descending=order == "desc",
        limit=page.size,
        offset=page.offset,
    )
    # First: what changes from here on is news to whoever has the answer.
    version = library.store.version()
    found = library.find_tasks(query)
    return data(
        {
            "tasks": library.cards.of(found.tasks, found.hits),
            "pagination": page.pagination(found.total),
            "by_status": found.by_status,
            "unseen": found.unseen,
            "facets": library.facets(),
            "version": version,
        }
    )


@router.get(f"/api/tasks/{TASK}/index", response_model=Data[dict[str, Any]])
def index(task_id: str, library: LibraryDependency) -> Response:
    """Return what is to be known of every step of a task, in columns, with its flags."""
    return data(library.index(task_id))


@router.get(f"/api/tasks/{TASK}/steps/{{step_id}}", response_model=Data[schemas.StepDetail])
def step(task_id: str, step_id: UUID, library: LibraryDependency) -> Response:
    """Return one step with its picture's row, and what it has used of its model."""
    return data(library.step(task_id, str(step_id)))


@router.get(f"/api/tasks/{TASK}/search", response_model=Data[schemas.StepIds])
def search(task_id: str, q: Text, library: LibraryDependency) -> Response:
    """Return the ids of the steps that hold a text, in order."""
    library.task(task_id)
    return data({"ids": library.store.find_steps(task_id, q) if q else []})


@router.get(f"/api/tasks/{TASK}/spans", response_model=Data[schemas.Spans])
def spans(task_id: str, library: LibraryDependency, step: UUID | None = None) -> Response:
    """Return the other spans of a task, or those below one step, by start time."""
    library.task(task_id)
    step_id = None if step is None else str(step)
    return data({"spans": library.store.spans(task_id, step_id)})


@router.get(f"/api/tasks/{TASK}/waterfall", response_model=Data[schemas.Waterfall])
def waterfall(task_id: str, library: LibraryDependency) -> Response:
    """Return when all spans of a task were, steps first, and which is below which."""
    library.task(task_id)
    store = library.store
    return data(span_nodes(store.steps(task_id), store.spans(task_id)))


@router.get(f"/api/tasks/{TASK}", response_model=Data[schemas.OneTask])
def task(task_id: str, library: LibraryDependency) -> Response:
    """Return the row of a task, what its steps have used, and why it did not end well."""
    return data(one_task(library.task(task_id), library))


def one_task(task: Json, library: Library) -> Json:
    """Return the answer about a task, of its row."""
    return {"task": task, "usage": library.usage(task["task_id"]), "why": library.why(task)}


@router.get("/api/statistics", response_model=Data[schemas.Overall])
def statistics(library: LibraryDependency) -> Response:
    """Return counts of all tasks, as of a few seconds ago."""
    return data(dict(library.statistics()))


@router.get("/api/statistics/usage", response_model=Data[schemas.OverallUsage])
def usage(library: LibraryDependency) -> Response:
    """Return what all steps have used of their models, by day and by model; it reads them all."""
    return data(of_all(library.store.usage_by_day(), library.prices))


@router.get("/api/health", response_model=Data[schemas.HealthOut])
def health(library: LibraryDependency) -> Response:
    """Return what waits on this machine, what was set aside, and which problems were met."""
    return data(library.health())
