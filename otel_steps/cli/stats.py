"""`otel-steps stats`: how tasks ended and why, how long they took, and what they have used."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Annotated, Any, Final

import typer

from otel_steps.cli.moments import moment
from otel_steps.cli.options import DirOption, JsonOption, StoreOption
from otel_steps.cli.reading import reading
from otel_steps.cli.stats_digest import digest
from otel_steps.cli.stats_tables import print_tables
from otel_steps.cli.terminal import USAGE_ERROR, CommandError, out, print_json
from otel_steps.cli.wording import one_line
from otel_steps.exporting.figures_csv import figures_csv
from otel_steps.pricing import price_table
from otel_steps.pricing.price_table import PriceTable
from otel_steps.pricing.usage import of_all
from otel_steps.stores import Store, TaskQuery
from otel_steps.stores.chance import between as told_between
from otel_steps.stores.figures import GROUPINGS, check_grouping
from otel_steps.why.answer import ENDINGS
from otel_steps.why.reading import causes, whys_of

# Asked for at once, to sum what they have used.
_PAGE: Final = 500
# Failed tasks that are told one by one.
_MOST_FAILED: Final = 20
_OF_FAILED: Final = ("task_id", "task_description", "status", "error_message", "created_at")


class StatsFormat(StrEnum):
    """How figures are printed."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"
    MD = "md"


def stats(
    since: Annotated[
        str | None,
        typer.Option(
            metavar="WHEN",
            help="Only tasks begun since then: 24h, 7d, or a time (UTC) as 2026-11-24T08:00.",
        ),
    ] = None,
    project: Annotated[str | None, typer.Option(help="Only tasks of this project.")] = None,
    by: Annotated[
        str, typer.Option(metavar="WHAT", help=f"Group the tasks by {', '.join(GROUPINGS)}.")
    ] = "model",
    between: Annotated[
        tuple[str, str] | None,
        typer.Option(
            metavar="ONE OTHER",
            help="Two of the groups: tell whether their success differs by more than chance.",
        ),
    ] = None,
    form: Annotated[
        StatsFormat, typer.Option("--format", help="md is a digest, csv the groups alone.")
    ] = StatsFormat.TEXT,
    as_json: JsonOption = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print the groups as CSV.")] = False,
    store: StoreOption = None,
    folder: DirOption = None,
) -> None:
    """Tell how tasks ended and why, how long they took by group and action, tokens and cost."""
    asked = _query(since, project, by)
    with reading(store, folder) as opened:
        prices = price_table.load(opened.settings.prices)
        found = _figures(opened.store, asked, by, prices)
    if between is not None:
        found["between"] = _between(found, *between)
    if as_json or form is StatsFormat.JSON:
        print_json(found)
    elif as_csv or form is StatsFormat.CSV:
        sys.stdout.writelines(figures_csv(by, found["groups"]))
    elif form is StatsFormat.MD:
        for line in digest(found):
            out.print(line, soft_wrap=True)
    else:
        print_tables(found, prices)


def _query(since: str | None, project: str | None, by: str) -> TaskQuery:
    try:
        check_grouping(by)
    except ValueError as error:
        raise CommandError(f"--by: {error}", status=USAGE_ERROR) from error
    try:
        return TaskQuery(project=project, since=None if since is None else moment(since))
    except ValueError as error:
        raise CommandError(f"--{error}, or 24h, 7d", status=USAGE_ERROR) from error


def _figures(store: Store, asked: TaskQuery, by: str, prices: PriceTable) -> dict[str, Any]:
    """Return all that is printed, whatever the format."""
    total = next(iter(store.task_figures(asked)), None)
    failed = store.find_tasks(replace(asked, status=ENDINGS, limit=_MOST_FAILED))
    whys = whys_of(store, failed.tasks)
    used = store.usage_by_day() if asked == TaskQuery() else _used(store, asked)
    return {
        "since": asked.since,
        "by": by,
        "total": total,
        "groups": store.task_figures(asked, by),
        "actions": store.action_figures(asked),
        "failed": [
            {**{name: task[name] for name in _OF_FAILED}, "why": whys.get(task["task_id"])}
            for task in failed.tasks
        ],
        "failed_count": failed.total,
        "causes": causes(store, asked),
        "usage": of_all(list(used), prices),
    }


def _between(found: Mapping[str, Any], one: str, other: str) -> dict[str, Any]:
    try:
        told = told_between(found["groups"], found["by"], one, other)
    except ValueError as error:
        raise CommandError(f"--between: {one_line(str(error))}", status=USAGE_ERROR) from error
    return {**told, "one": one, "other": other}


def _used(store: Store, asked: TaskQuery) -> Iterator[dict[str, Any]]:
    """Yield rows like those of `Store.usage_by_day`, of the chosen tasks; a day is a task's own."""
    for offset in range(0, 2**63, _PAGE):
        page = store.find_tasks(replace(asked, descending=False, limit=_PAGE, offset=offset))
        days = {task["task_id"]: task["created_at"][:10] for task in page.tasks}
        for task_id, rows in store.usage(list(days)).items():
            yield from ({"day": days[task_id], **row} for row in rows)
        if len(page.tasks) < _PAGE:
            return
