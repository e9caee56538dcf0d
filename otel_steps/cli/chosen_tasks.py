"""Which tasks a command is for: those that are named, or those that options choose."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Final

import typer

from otel_steps.cli.completing import statuses, tasks
from otel_steps.cli.find_task import find_task
from otel_steps.cli.moments import moment
from otel_steps.cli.terminal import USAGE_ERROR, CommandError
from otel_steps.semconv import TASK_STATUSES
from otel_steps.stores import Store, TaskQuery
from otel_steps.stores.annotation import LEAST_SCORE, MOST_SCORE

_PAGE: Final = 500
_STATUSES: Final = (*TASK_STATUSES, "unknown")

SomeTasksArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[TASK]...",
        help="Ids of tasks, their beginnings, or `latest`; without any, the options choose.",
        autocompletion=tasks,
        show_default=False,
    ),
]
StatusOption = Annotated[
    list[str] | None,
    typer.Option(
        "--status",
        help=f"Tasks with this status: {', '.join(_STATUSES)}. Several are allowed.",
        autocompletion=statuses,
        show_default=False,
    ),
]
ModelOption = Annotated[
    str | None, typer.Option("--model", help="Tasks of this model.", show_default=False)
]
TagOption = Annotated[
    str | None, typer.Option("--tag", help="Tasks with this tag.", show_default=False)
]
SinceOption = Annotated[
    str | None,
    typer.Option(
        "--since",
        metavar="WHEN",
        help="Tasks begun since then: 24h, 7d, or a time (UTC) as 2026-11-24T08:00.",
        show_default=False,
    ),
]
ProjectOption = Annotated[
    str | None, typer.Option("--project", help="Tasks of this project.", show_default=False)
]
MinScoreOption = Annotated[
    float | None,
    typer.Option(
        "--min-score",
        min=LEAST_SCORE,
        max=MOST_SCORE,
        help="Tasks with a score of at least this.",
        show_default=False,
    ),
]
LimitOption = Annotated[
    int | None,
    typer.Option("--limit", min=1, help="At most so many, the newest.", show_default=False),
]


def chosen_by(
    status: Sequence[str] | None,
    model: str | None,
    tag: str | None,
    project: str | None,
    min_score: float | None,
    since: str | None,
    limit: int | None,
) -> TaskQuery | None:
    """
    Return what the options ask for, None where none is given.

    Raises:
        CommandError: One of them has a value that cannot be used.
    """
    if not any((status, model, tag, project, since, limit)) and min_score is None:
        return None
    for each in status or ():
        if each not in _STATUSES:
            known = ", ".join(_STATUSES)
            raise CommandError(f"unknown status {each!r}; use one of {known}", status=USAGE_ERROR)
    try:
        return TaskQuery(
            status=tuple(status or ()),
            model=model,
            tag=tag,
            project=project,
            min_score=min_score,
            since=None if since is None else moment(since),
            limit=2**63 - 1 if limit is None else limit,
        )
    except ValueError as error:
        raise CommandError(f"--{error}, or 24h, 7d", status=USAGE_ERROR) from error


def check_choice(names: Sequence[str], query: TaskQuery | None) -> None:
    """
    Check that tasks are named or chosen, and not both.

    Raises:
        CommandError: They are both, or neither.
    """
    if names and query is not None:
        raise CommandError(
            f"the task {names[0]!r} is named, and options choose tasks; leave out one of the two",
            status=USAGE_ERROR,
        )
    if not names and query is None:
        raise CommandError(
            "no task is named; name one or more, such as `latest`, or choose some by --status, "
            "--model, --tag, --project, --min-score, --since or --limit",
            status=USAGE_ERROR,
        )


def chosen_tasks(store: Store, names: Sequence[str], query: TaskQuery | None) -> list[str]:
    """
    Return the ids of the tasks that are named, or that *query* chooses, the newest first.

    Raises:
        CommandError: There is no such task, or not one.
    """
    if query is None:
        return list(dict.fromkeys(find_task(store, name) for name in names))
    found: dict[str, None] = {}
    while len(found) < query.limit:
        page = store.find_tasks(
            replace(query, limit=min(_PAGE, query.limit - len(found)), offset=len(found))
        ).tasks
        known = len(found)
        found |= dict.fromkeys(task["task_id"] for task in page)
        if len(found) == known:
            break
    if not found:
        raise CommandError("no task is chosen by these options; see `otel-steps tasks`")
    return list(found)
