"""`otel-steps tasks`: what has been recorded."""

from typing import Annotated, Any, Final

import typer

from otel_steps.cli.completing import statuses
from otel_steps.cli.options import DirOption, JsonOption, StoreOption
from otel_steps.cli.reading import reading
from otel_steps.cli.tasks_table import tasks_table
from otel_steps.cli.terminal import USAGE_ERROR, CommandError, err, out, print_json
from otel_steps.digest.digests import MOST_LISTED, Digests
from otel_steps.pricing import price_table
from otel_steps.pricing.usage import priced
from otel_steps.semconv import TASK_STATUSES
from otel_steps.stores.annotation import LEAST_SCORE, MOST_SCORE
from otel_steps.stores.task_query import FLAGS, TaskQuery

# Of the tasks that the store has no digest of; a command that looks keeps none.
_LOOKED_AT: Final = MOST_LISTED


def tasks(
    status: Annotated[
        str | None,
        typer.Option(
            help="Only tasks with this status: " + ", ".join(TASK_STATUSES) + ".",
            autocompletion=statuses,
        ),
    ] = None,
    project: Annotated[str | None, typer.Option(help="Only tasks of this project.")] = None,
    tag: Annotated[str | None, typer.Option(help="Only tasks with this tag.")] = None,
    step_tag: Annotated[
        str | None, typer.Option(help="Only tasks with a step that has this tag.")
    ] = None,
    flag: Annotated[
        str | None,
        typer.Option(
            help="Only tasks with a step that went wrong, or is odd, so: " + ", ".join(FLAGS) + "."
        ),
    ] = None,
    min_score: Annotated[
        float | None,
        typer.Option(
            min=LEAST_SCORE, max=MOST_SCORE, help="Only tasks with a score of at least this."
        ),
    ] = None,
    judged: Annotated[
        bool | None, typer.Option("--judged/--unjudged", help="Only tasks with a score, or none.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="Show at most this many.")] = 20,
    as_json: JsonOption = False,
    store: StoreOption = None,
    folder: DirOption = None,
) -> None:
    """List the recorded tasks, the newest first, with what is odd about their steps."""
    if status is not None and status not in TASK_STATUSES:
        known = ", ".join(TASK_STATUSES)
        raise CommandError(f"unknown status {status!r}; use one of {known}", status=USAGE_ERROR)
    filters: dict[str, Any] = {
        "status": [status] if status else [],
        "project": project,
        "tag": tag,
        "step_tag": step_tag,
        "flag": flag,
        "judged": judged,
        "min_score": min_score,
    }
    try:
        query = TaskQuery(**filters, limit=limit)
    except ValueError as error:
        raise CommandError(str(error), status=USAGE_ERROR) from error
    with reading(store, folder) as opened:
        digests = Digests(opened.store, _leave_it, looked_at=_LOOKED_AT)
        resolved, unseen = digests.resolved(query)
        rows = opened.store.find_tasks(resolved).tasks
        cards = digests.cards(rows)
        prices = price_table.load(opened.settings.prices)
    rows = [{**row, "usage": priced(cards[row["task_id"]]["used"], prices)} for row in rows]
    if unseen:
        err.print(
            f"{unseen} older tasks are not searched for the flag yet; `otel-steps view` does so "
            "while its list is open"
        )
    if as_json:
        print_json([{**row, "why": cards[row["task_id"]]["why"]} for row in rows])
    elif rows:
        out.print(tasks_table(rows, cards, out.width), soft_wrap=True)
    elif any(value not in (None, []) for value in filters.values()):
        err.print("no task matches; ask for less")
    else:
        err.print("no tasks; record some: `otel-steps demo`")


def _leave_it() -> None:
    """Keep nothing: commands that look change nothing."""
