"""
The route of screens that look like that of a step.
"""

from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from otel_steps.reporting.not_recorded import NotRecorded
from otel_steps.reporting.recorded_task import RecordedTask
from otel_steps.serving.envelope import data
from otel_steps.serving.refusal import NotFound
from otel_steps.stores.similar import MAX_SIMILAR
from otel_steps.viewer import schemas
from otel_steps.viewer.library import LibraryDependency
from otel_steps.viewer.schemas import Data
from otel_steps.viewer.task_path import TASK

router = APIRouter(tags=["tasks"])

_MOST_CHARS: Final = 300


@router.get(
    f"/api/tasks/{TASK}/steps/{{number:int}}/similar", response_model=Data[schemas.SimilarSteps]
)
def similar(
    task_id: str,
    number: int,
    library: LibraryDependency,
    limit: Annotated[int, Query(ge=1, le=MAX_SIMILAR)] = 24,
) -> Response:
    """
    Return steps of other tasks whose screens look like the one before a step, by its number.

    One of each task: those first whose hashes differ in the fewest of 64 `bits`, then the newest.
    """
    try:
        task = RecordedTask(library.store, task_id)
        return data({"similar": task.similar(task.position(number), limit)})
    except NotRecorded as error:
        raise NotFound(str(error)[:_MOST_CHARS]) from error
