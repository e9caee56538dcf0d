"""
Routes of figures over many tasks: by group, and by action.
"""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from otel_steps.serving.envelope import data
from otel_steps.serving.refusal import BadRequest
from otel_steps.stores.figures import GROUPINGS, check_grouping
from otel_steps.viewer import schemas
from otel_steps.viewer.library import LibraryDependency
from otel_steps.viewer.schemas import Data
from otel_steps.viewer.task_filter import FilterDependency, query_of

router = APIRouter(tags=["statistics"])

By = Annotated[str, Query(json_schema_extra={"enum": list(GROUPINGS)})]


@router.get("/api/statistics/tasks", response_model=Data[schemas.TaskFigures])
def task_figures(library: LibraryDependency, chosen: FilterDependency, by: By = "all") -> Response:
    """Return how the chosen tasks ended, their steps and their time, by group."""
    try:
        check_grouping(by)
    except ValueError as error:
        raise BadRequest(str(error)) from error
    return data({"by": by, "groups": library.store.task_figures(query_of(chosen), by)})


@router.get("/api/statistics/actions", response_model=Data[schemas.ActionFigures])
def action_figures(library: LibraryDependency, chosen: FilterDependency) -> Response:
    """Return how often each action of the chosen tasks was done, failed, and how long it took."""
    return data({"actions": library.store.action_figures(query_of(chosen))})
