"""`otel-steps prune`: remove what is old, or too much."""

from collections import Counter
from typing import Annotated, Any, Final

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from otel_steps.cli.old_tasks import (
    KeepFailedOption,
    KeepTaggedOption,
    OfStatusOption,
    OfTagOption,
    OlderThanOption,
    YesOption,
    is_agreed,
    planned,
    span_of,
)
from otel_steps.cli.options import DirOption, JsonOption, StoreOption
from otel_steps.cli.reading import Opened, reading
from otel_steps.cli.terminal import USAGE_ERROR, CommandError, err, out, print_json, warn
from otel_steps.cli.wording import counted, size_text
from otel_steps.config import Retention
from otel_steps.config import values as config_values
from otel_steps.config.retention_text import age
from otel_steps.retention.daily import lost_text
from otel_steps.retention.neighbours import neighbours
from otel_steps.retention.planning import Plan
from otel_steps.retention.removing import Progress as Removed
from otel_steps.retention.removing import remove
from otel_steps.stores import open_database
from otel_steps.stores.annotation import LEAST_SCORE, MOST_SCORE
from otel_steps.stores.pictures import open_screenshots

_NO_RULE: Final = (
    "nothing says what is to go: name --older-than, --max-size, --max-tasks, --status, --tag "
    "or --score-below, or set OTEL_STEPS_RETENTION"
)
_WHY_KEPT: Final = {
    "running": "still running",
    "failed": "kept as they have failed",
    "tagged": "kept for their tags, notes or scores",
}


def prune(
    older_than: OlderThanOption = None,
    max_size: Annotated[
        str | None,
        typer.Option(metavar="SIZE", help="The oldest, until the rest takes no more than 20GB."),
    ] = None,
    max_tasks: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="The oldest, until N tasks are left.")
    ] = None,
    status: OfStatusOption = None,
    tag: OfTagOption = None,
    score_below: Annotated[
        float | None,
        typer.Option(
            min=LEAST_SCORE,
            max=MOST_SCORE,
            metavar="SCORE",
            help="Only tasks with scores, all of them less than this, -1 to 1.",
        ),
    ] = None,
    keep_failed: KeepFailedOption = False,
    keep_tagged: KeepTaggedOption = False,
    pictures_only: Annotated[
        bool, typer.Option("--pictures-only", help="Remove the pictures, and keep the steps.")
    ] = False,
    keep_first_last_failed: Annotated[
        bool,
        typer.Option(
            "--keep-first-last-failed",
            help="Of the pictures, keep a task's first and last, and those of failed steps.",
        ),
    ] = False,
    yes: YesOption = False,
    as_json: JsonOption = False,
    store: StoreOption = None,
    folder: DirOption = None,
) -> None:
    """Remove tasks that are old or too many, with all their pictures; one that runs never goes."""
    rules = Retention(
        older_than=None if older_than is None else age("--older-than", older_than),
        max_bytes=None if max_size is None else config_values.size("--max-size", max_size),
        max_tasks=max_tasks,
        statuses=frozenset(status or ()),
        tags=frozenset(tag or ()),
        score_below=score_below,
        keep_failed=keep_failed,
        keep_tagged=keep_tagged,
        pictures_only=pictures_only,
        keep_first_last_failed=keep_first_last_failed,
    )
    if keep_first_last_failed and not pictures_only:
        raise CommandError(
            "--keep-first-last-failed is about pictures: give --pictures-only as well",
            status=USAGE_ERROR,
        )
    with reading(store, folder, opener=open_database) as opened:
        chosen = _plan(opened, rules)
        if not as_json:
            _tell(chosen)
        is_asked = not as_json and bool(chosen.going)
        is_meant = yes or (is_asked and is_agreed("Remove this?"))
        done = _remove(opened, chosen) if is_meant else None
    if as_json:
        print_json(_for_scripts(chosen, done))
    elif done is not None:
        _tell_done(done, chosen.rules.pictures_only)
    elif chosen.going:
        out.print("nothing was removed; add --yes to remove it", soft_wrap=True)
    if done is not None and done.lost:
        warn(lost_text(done.lost))


def _plan(opened: Opened, rules: Retention) -> Plan:
    if rules.is_empty:
        of_setting = opened.settings.retention
        if rules != Retention() or of_setting is None:
            raise CommandError(_NO_RULE, status=USAGE_ERROR)
        rules = of_setting
    return planned(opened, rules)


def _tell(chosen: Plan) -> None:
    """Say what would go, and what stays though it is due."""
    held = f"of {counted(chosen.tasks, 'task')}, {size_text(chosen.bytes)}"
    if not chosen.going:
        out.print(f"nothing is to go {held}", soft_wrap=True)
    else:
        statuses = Counter(each.status or "unknown" for each in chosen.going)
        what = f"{counted(chosen.steps, 'step')}, {counted(chosen.pictures, 'picture')}"
        if chosen.rules.pictures_only:
            what = f"only {counted(chosen.pictures, 'picture')}"
        out.print(
            f"to go    {counted(len(chosen.going), 'task')} {span_of(chosen.going)} ({what}; "
            f"about {size_text(chosen.bytes_going)}) {held}",
            soft_wrap=True,
        )
        out.print("         " + ", ".join(f"{n} {s}" for s, n in statuses.most_common()))
    for reason, count in sorted(chosen.kept.items()):
        out.print(f"to stay  {counted(count, 'task')}, {_WHY_KEPT[reason]}", soft_wrap=True)


def _remove(opened: Opened, chosen: Plan) -> Removed:
    pictures = open_screenshots(opened.settings, opened.store)
    columns = (TextColumn("removing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    done = Removed()
    with (
        neighbours(opened.settings, opened.store) as others,
        Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar,
    ):
        row = bar.add_task("", total=len(chosen.going))
        for done in remove(
            opened.store,
            pictures,
            [held.task_id for held in chosen.going],
            pictures_only=chosen.rules.pictures_only,
            keep_first_last_failed=chosen.rules.keep_first_last_failed,
            before=chosen.before,
            others=others,
        ):
            bar.update(row, completed=len(done.removed) + len(done.kept))
    return done


def _tell_done(done: Removed, pictures_only: bool) -> None:
    tasks = counted(len(done.removed), "task")
    if pictures_only:
        text = f"removed the pictures of {tasks}: {counted(done.pictures, 'file')}"
    else:
        text = (
            f"removed {tasks}, {counted(done.steps, 'step')} and "
            f"{counted(done.pictures, 'picture')}"
        )
    out.print(text, soft_wrap=True)
    if done.kept:
        out.print(
            f"{counted(len(done.kept), 'task')} went on meanwhile: not removed", soft_wrap=True
        )


def _for_scripts(chosen: Plan, done: Removed | None) -> dict[str, Any]:
    return {
        "dry_run": done is None,
        "tasks": chosen.tasks,
        "bytes": chosen.bytes,
        "to_go": {
            "tasks": [held.task_id for held in chosen.going],
            "steps": chosen.steps,
            "pictures": chosen.pictures,
            "bytes": chosen.bytes_going,
            "pictures_only": chosen.rules.pictures_only,
        },
        "to_stay": dict(chosen.kept),
        "removed": None
        if done is None
        else {
            "tasks": list(done.removed),
            "kept": list(done.kept),
            "rows": done.steps,
            "pictures": done.pictures,
            "lost": list(done.lost),
        },
    }
