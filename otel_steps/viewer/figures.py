"""
Routes of figures over many tasks: by group, and by action, where they tapped and what took time.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from otel_steps.exporting.figures_csv import figures_csv
from otel_steps.pricing.usage import priced
from otel_steps.serving.envelope import data
from otel_steps.serving.refusal import BadRequest, NotFound
from otel_steps.stores.chance import between
from otel_steps.stores.figures import GROUPINGS, check_grouping
from otel_steps.stores.json_object import Json
from otel_steps.stores.task_query import TaskQuery
from otel_steps.viewer import figure_schemas as schemas
from otel_steps.viewer.library import LibraryDependency
from otel_steps.viewer.newest import newest
from otel_steps.viewer.schemas import Data
from otel_steps.viewer.taps import taps_of
from otel_steps.viewer.task_filter import FilterDependency, Name, query_of
from otel_steps.viewer.times import times_of


def _sum_up(library: LibraryDependency) -> None:
    library.sum_up()


router = APIRouter(tags=["statistics"], dependencies=[Depends(_sum_up)])

By = Annotated[str, Query(json_schema_extra={"enum": list(GROUPINGS)})]
Group = Annotated[str, Query(max_length=10_000)]


@router.get("/api/statistics/tasks", response_model=Data[schemas.TaskFigures])
def task_figures(library: LibraryDependency, chosen: FilterDependency, by: By = "all") -> Response:
    """Return how the chosen tasks ended, their steps and their time, by group."""
    asked, unseen = library.resolved(query_of(chosen))
    groups = library.store.task_figures(asked, _known(by))
    return data({"by": by, "groups": groups, "unseen": unseen})


@router.get(
    "/api/statistics/tasks.csv",
    response_class=Response,
    responses={200: {"content": {"text/csv": {}}}},
)
def task_figures_csv(
    library: LibraryDependency, chosen: FilterDependency, by: By = "all"
) -> Response:
    """Return the same for a spreadsheet."""
    groups = library.store.task_figures(_asked(library, chosen), _known(by))
    # With a mark: spreadsheets take a file without one for one of the system's old encoding.
    text = "\ufeff" + "".join(figures_csv(by, groups))
    headers = {"Content-Disposition": f'attachment; filename="tasks-by-{by}.csv"'}
    content = text.encode("utf-8", "replace")
    return Response(content, media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/api/statistics/tasks/usage", response_model=Data[schemas.UsageFigures])
def usage_figures(library: LibraryDependency, chosen: FilterDependency, by: By = "all") -> Response:
    """Return what the chosen tasks have used of their models and what it cost, by group."""
    groups: dict[str | None, list[Json]] = {}
    for row in library.store.usage_figures(_asked(library, chosen), _known(by)):
        groups.setdefault(row["group"], []).append(row)
    return data(
        {
            "by": by,
            "groups": [
                {
                    "group": group,
                    "tokens_median": rows[0]["tokens_median"],
                    "tokens_p95": rows[0]["tokens_p95"],
                    "usage": priced(rows, library.prices),
                }
                for group, rows in groups.items()
            ],
        }
    )


@router.get("/api/statistics/between", response_model=Data[schemas.Between])
def figures_between(
    library: LibraryDependency, chosen: FilterDependency, one: Group, other: Group, by: By = "model"
) -> Response:
    """Return two groups of the chosen tasks, and whether chance makes such a difference."""
    groups = library.store.task_figures(_asked(library, chosen), _known(by))
    try:
        return data({"by": by, **between(groups, by, one, other)})
    except ValueError as error:
        raise NotFound(str(error)) from error


@router.get("/api/statistics/actions", response_model=Data[schemas.ActionFigures])
def action_figures(library: LibraryDependency, chosen: FilterDependency) -> Response:
    """Return how often each action of the chosen tasks was done, failed, and how long it took."""
    return data({"actions": library.store.action_figures(_asked(library, chosen))})


@router.get("/api/statistics/time", response_model=Data[schemas.TimeFigures])
def time_figures(library: LibraryDependency, chosen: FilterDependency) -> Response:
    """Return where the time of the newest of the chosen tasks went; `tasks` says of how many."""
    found = newest(library.store, _asked(library, chosen))
    return data({**times_of(found.indexes.values()), **found.counts()})


@router.get("/api/statistics/taps", response_model=Data[schemas.TapFigures])
def tap_figures(
    library: LibraryDependency, chosen: FilterDependency, tapped: Name = None
) -> Response:
    """Return where the newest of the chosen tasks tapped in the app `tapped`, and a picture."""
    found = newest(library.store, _asked(library, chosen))
    return data({**taps_of(found.indexes, tapped), **found.counts()})


def _asked(library: LibraryDependency, chosen: FilterDependency) -> TaskQuery:
    asked, _ = library.resolved(query_of(chosen))
    return asked


def _known(by: str) -> str:
    try:
        check_grouping(by)
    except ValueError as error:
        raise BadRequest(str(error)) from error
    return by
