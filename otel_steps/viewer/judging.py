"""
Routes by which a person says something of a task or a step. What somebody else has said meanwhile
is not lost: who has not seen it is refused.
"""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import Response

from otel_steps.sanitize import clean
from otel_steps.serving.envelope import data
from otel_steps.serving.refusal import NotFound, Refusal
from otel_steps.stores.annotation import (
    LEAST_SCORE,
    MOST_SCORE,
    Annotation,
    AnnotationChanged,
)
from otel_steps.stores.json_object import Json
from otel_steps.viewer import schemas
from otel_steps.viewer.library import Library, LibraryDependency
from otel_steps.viewer.schemas import Data
from otel_steps.viewer.task_path import TASK
from otel_steps.viewer.tasks import one_task

router = APIRouter(tags=["tasks"])

Tag = Annotated[str, Field(min_length=1, max_length=100)]
Tags = Annotated[list[Tag], Field(max_length=50)]


class Score(BaseModel):
    """What is judged, and how: as the events `gen_ai.evaluation.result` of OpenTelemetry."""

    name: str = Field(min_length=1, max_length=100)
    value: float | None = Field(None, ge=LEAST_SCORE, le=MOST_SCORE, allow_inf_nan=False)
    label: str | None = Field(None, max_length=100)
    explanation: str | None = Field(None, max_length=10_000)


class Words(BaseModel):
    """What a person says; of what is missing or null nothing is said."""

    tags: Tags | None = None
    notes: str | None = Field(None, max_length=100_000)
    scores: list[Score] | None = Field(None, max_length=50)

    def annotation(self) -> Annotation:
        """Return them as a store takes them."""
        scores = self.scores
        return Annotation(
            tags=None if self.tags is None else cleaned(self.tags),
            notes=self.notes,
            scores=None if scores is None else [each.model_dump() for each in scores],
        )


class Annotations(Words):
    """What a person says of a task or a step; `seen` is what stood there when it was written."""

    seen: Words | None = None


def cleaned(tags: list[str]) -> list[str]:
    """Return *tags* as a row can hold them, without spaces around them, each once."""
    storable: list[str] = clean([tag.strip() for tag in tags])[0]
    return list(dict.fromkeys(tag for tag in storable if tag))


@router.post(f"/api/tasks/{TASK}/steps/{{step_id}}/annotations", response_model=Data[schemas.Step])
def annotate_step(
    task_id: str, step_id: UUID, annotations: Annotations, library: LibraryDependency
) -> Response:
    """Replace what a person says of a step; 409 where that is not as it was seen."""
    changed = _annotated(library, annotations, task_id, step_id=str(step_id))
    if changed is None:
        raise NotFound(f"no step {step_id} in the task {task_id[:200]!r}")
    return data(changed)


@router.post(f"/api/tasks/{TASK}/annotations", response_model=Data[schemas.OneTask])
def annotate(task_id: str, annotations: Annotations, library: LibraryDependency) -> Response:
    """Replace what a person says of a task; 409 where that is not as it was seen."""
    changed = _annotated(library, annotations, task_id)
    if changed is None:
        raise NotFound(f"no task {task_id[:200]!r} in this store")
    return data(one_task(changed, library))


def _annotated(library: Library, written: Annotations, task_id: str, **place: Any) -> Json | None:
    seen = written.seen.annotation() if written.seen else None
    try:
        return library.store.annotate(task_id, written.annotation(), seen=seen, **place)
    except AnnotationChanged as error:
        raise Refusal(409, str(error)) from error
