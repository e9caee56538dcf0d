"""
Routes about many tasks at once: those that are named, or all that a filter finds.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, Field
from starlette.responses import Response, StreamingResponse

from otel_steps.exporting import FORMATS, Form, export, file_title, zip_file
from otel_steps.rows.public import public_task
from otel_steps.serving.access import Role
from otel_steps.serving.envelope import data
from otel_steps.serving.refusal import BadRequest, NotFound, Refusal
from otel_steps.stores.json_object import Json
from otel_steps.stores.removal import MAX_HOLDINGS
from otel_steps.viewer.judging import Tags, cleaned
from otel_steps.viewer.library import AccessDependency, Library, LibraryDependency
from otel_steps.viewer.schemas import Data
from otel_steps.viewer.task_filter import FilterDependency, query_of

router = APIRouter(tags=["tasks"])

# More at once is the business of a command.
MAX_TASKS: Final = 10_000
_PAGE: Final = 500

TaskIds = Annotated[list[Annotated[str, Field(max_length=1000)]], Field(max_length=MAX_TASKS)]


class Retagging(BaseModel):
    """Which tags to add and to remove; of all tasks that the filter finds without `task_ids`."""

    task_ids: TaskIds | None = None
    add: Tags = []
    remove: Tags = []


class Counted(BaseModel):
    """How many tasks it was."""

    tasks: int


@router.post("/api/selection/tags", response_model=Data[Counted])
def tag(wanted: Retagging, chosen: FilterDependency, library: LibraryDependency) -> Response:
    """Add tags to many tasks, and remove others; what else they have stays."""
    task_ids = chosen_ids(library, wanted.task_ids, chosen)
    add, remove = cleaned(wanted.add), cleaned(wanted.remove)
    parts = (task_ids[at : at + _PAGE] for at in range(0, len(task_ids), _PAGE))
    count = sum(library.store.tag(part, add=add, remove=remove) for part in parts)
    return data({"tasks": count})


class Removing(BaseModel):
    """
    Which tasks to delete; of all that the filter finds without `task_ids`.

    Nothing goes unless `is_confirmed`, and then those that are named: what was said before.
    """

    task_ids: TaskIds | None = None
    is_confirmed: bool = False
    before: AwareDatetime | None = None


class Removed(BaseModel):
    """
    What would go, or has gone: `task_ids` are the tasks, `kept` those of the asked ones that stay.

    `bytes` is about what their rows and pictures take; unknown (null) once they are gone. `running`
    is how many tasks stay since they run. A task in which something has happened since `before`
    stays as well.
    """

    task_ids: list[str]
    tasks: int
    steps: int
    pictures: int
    bytes: int | None
    running: int
    kept: list[str]
    before: str | None


@router.post("/api/selection/removal", response_model=Data[Removed])
def remove_many(
    wanted: Removing, chosen: FilterDependency, library: LibraryDependency, access: AccessDependency
) -> Response:
    """Tell what would go with many tasks; or, where that is confirmed, delete them."""
    if not wanted.is_confirmed:
        return data(_plan(library, chosen_ids(library, wanted.task_ids, chosen)))
    if wanted.task_ids is None:
        raise Refusal(409, "name the tasks to delete as task_ids, as the answer before has them")
    access.require(Role.DELETE)
    before = (
        wanted.before.astimezone(UTC).isoformat(timespec="microseconds") if wanted.before else None
    )
    done = library.remove(wanted.task_ids, before=before)
    return data(
        {
            "task_ids": list(done.removed),
            "tasks": len(done.removed),
            "steps": done.steps,
            "pictures": done.pictures,
            "bytes": None,
            "running": 0,
            "kept": list(done.kept),
            "before": before,
        }
    )


def _plan(library: Library, task_ids: list[str]) -> Json:
    """Return what goes with tasks; one that runs stays."""
    # First: what happens from here on is not in what is said.
    before = datetime.now(UTC).isoformat(timespec="microseconds")
    parts = (task_ids[at : at + MAX_HOLDINGS] for at in range(0, len(task_ids), MAX_HOLDINGS))
    held = [each for part in parts for each in library.store.holdings(only=part)]
    going = [each for each in held if each.status != "running"]
    return {
        "task_ids": [each.task_id for each in going],
        "tasks": len(going),
        "steps": sum(each.steps for each in going),
        "pictures": sum(each.pictures for each in going),
        "bytes": sum(each.picture_bytes + each.row_bytes for each in going),
        "running": len(held) - len(going),
        "kept": [each.task_id for each in held if each.status == "running"],
        "before": before,
    }


@router.get(
    "/api/selection/export.zip",
    response_class=Response,
    responses={200: {"content": {"application/zip": {}}}},
)
def export_many(
    chosen: FilterDependency,
    library: LibraryDependency,
    form: Annotated[str, Query(json_schema_extra={"enum": list(FORMATS)})] = "html",
    task_id: Annotated[
        list[Annotated[str, Field(min_length=1)]] | None, Query(description="Repeated.")
    ] = None,
    public: bool = False,
) -> Response:
    """
    Return many tasks as the files of an archive; all that the filter finds without `task_id`.

    With `public` they hold only what may be published: no text, picture or address.
    """
    if form not in FORMATS:
        raise BadRequest(f"no export {form[:80]!r}; there are {', '.join(FORMATS)}")
    name: Form = form  # type: ignore[assignment] # see above
    if not FORMATS[name].is_available:
        raise NotFound(f'{form} needs the extra `video`: `pip install "otel-steps[video]"`')
    pieces = zip_file.render(
        _titles(library, chosen_ids(library, task_id, chosen), in_public=public),
        FORMATS[name].suffix,
        lambda task_id: export(
            library.store,
            library.pictures,
            task_id,
            name,
            prices=library.prices,
            in_public=public,
        ),
    )
    headers = {"Content-Disposition": 'attachment; filename="otel-steps-tasks.zip"'}
    return StreamingResponse(pieces, media_type="application/zip", headers=headers)


def chosen_ids(
    library: Library, task_ids: list[str] | None, chosen: Mapping[str, Any]
) -> list[str]:
    """
    Return the ids that are named, or those of all tasks that a filter finds.

    Raises:
        BadRequest: They are too many.
    """
    if task_ids is not None:
        return list(dict.fromkeys(task_ids))
    # All at first: what is done to them may change what the filter finds.
    found: list[str] = []
    asked, _ = library.resolved(query_of(chosen, limit=_PAGE))
    while True:
        page = library.store.find_tasks(replace(asked, offset=len(found)))
        if page.total > MAX_TASKS:
            raise BadRequest(f"{page.total} tasks match; at most {MAX_TASKS} at once: narrow down")
        found += [task["task_id"] for task in page.tasks]
        if len(page.tasks) < _PAGE:
            return list(dict.fromkeys(found))


def _titles(library: Library, task_ids: list[str], *, in_public: bool) -> Iterator[tuple[str, str]]:
    """Yield the ids of tasks, each with the title of its file."""
    for task_id in task_ids:
        task = library.store.task(task_id)
        if task is not None:
            yield task_id, file_title(public_task(task) if in_public else task)
