"""`otel-steps archive`: old tasks out of the store, into files that are read as it is."""

from dataclasses import dataclass
from typing import Annotated, Any, Final

import typer
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)

from otel_steps.archiving import archive as archive_tasks
from otel_steps.archiving import clean as clean_archive
from otel_steps.archiving import settle, unneeded, unsettled
from otel_steps.archiving.archiver import MAX_STEPS
from otel_steps.archiving.archiver import Progress as Done
from otel_steps.archiving.settling import archived_tasks
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
from otel_steps.config.retention_text import age
from otel_steps.retention.neighbours import neighbours
from otel_steps.retention.planning import Plan
from otel_steps.stores import open_database
from otel_steps.stores.archived import Archived
from otel_steps.stores.cold import Archive, open_archive
from otel_steps.stores.pictures import open_screenshots
from otel_steps.stores.removal import Holding

_NO_RULE: Final = (
    "nothing says what is to go: name --older-than, such as 30d, --status or --tag; or --clean"
)


@dataclass(frozen=True, slots=True)
class _Chosen:
    """What is to be done: tasks that go, and what an earlier run has left to do."""

    rules: Plan
    going: tuple[Holding, ...]
    long: int
    left: tuple[Archived, ...]


def archive(
    older_than: OlderThanOption = None,
    status: OfStatusOption = None,
    tag: OfTagOption = None,
    keep_failed: KeepFailedOption = False,
    keep_tagged: KeepTaggedOption = False,
    clean: Annotated[
        bool,
        typer.Option(
            "--clean",
            help="Remove from the archive what no task needs, an hour after it was written: it was "
            "restored or pruned. Other stores may have archived to the same place.",
        ),
    ] = False,
    yes: YesOption = False,
    as_json: JsonOption = False,
    store: StoreOption = None,
    folder: DirOption = None,
) -> None:
    """
    Move the steps and pictures of old tasks to the archive, OTEL_STEPS_ARCHIVE.

    All of it is read back and compared before the store lets go of it. The tasks stay in the list.
    """
    rules = Retention(
        older_than=None if older_than is None else age("--older-than", older_than),
        statuses=frozenset(status or ()),
        tags=frozenset(tag or ()),
        keep_failed=keep_failed,
        keep_tagged=keep_tagged,
    )
    if rules.is_empty and not clean:
        raise CommandError(_NO_RULE, status=USAGE_ERROR)
    if clean and rules != Retention():
        raise CommandError("--clean goes alone; leave out the rules", status=USAGE_ERROR)
    with reading(store, folder, opener=open_database) as opened:
        cold = open_archive(opened.settings)
        cold.is_there()  # one that cannot be read is said before anything is done
        if clean:
            _clean(opened, cold, yes=yes, as_json=as_json)
            return
        chosen = _chosen(opened, rules)
        if not as_json:
            _tell(chosen, cold)
        is_asked = not as_json and bool(chosen.going or chosen.left)
        is_meant = yes or (is_asked and is_agreed("Archive this?"))
        done = _archive(opened, cold, chosen) if is_meant else None
    if as_json:
        print_json(_for_scripts(chosen, done, cold))
    elif done is not None:
        _tell_done(done, cold)
    elif chosen.going or chosen.left:
        out.print("nothing was archived; add --yes to do it", soft_wrap=True)
    for task_id, reason in done.refused if done else ():
        warn(f"{task_id} stays: {reason}")
    if done and done.refused:
        raise typer.Exit(1)


def _chosen(opened: Opened, rules: Retention) -> _Chosen:
    found = planned(opened, rules)
    known = {each.task_id for each in archived_tasks(opened.store)}
    hot = [held for held in found.going if held.task_id not in known]
    going = tuple(held for held in hot if held.steps <= MAX_STEPS)
    return _Chosen(found, going, len(hot) - len(going), tuple(unsettled(opened.store)))


def _tell(chosen: _Chosen, cold: Archive) -> None:
    held = f"of {counted(chosen.rules.tasks, 'task')}"
    if not chosen.going:
        out.print(f"nothing is to be archived {held}", soft_wrap=True)
    else:
        steps = counted(sum(each.steps for each in chosen.going), "step")
        pictures = counted(sum(each.pictures for each in chosen.going), "picture")
        size = size_text(sum(each.row_bytes + each.picture_bytes for each in chosen.going))
        out.print(
            f"to {cold.shown}: {counted(len(chosen.going), 'task')} {span_of(chosen.going)} "
            f"({steps}, {pictures}; about {size}) {held}",
            soft_wrap=True,
        )
    if chosen.long:
        out.print(
            f"to stay: {counted(chosen.long, 'task')} of more than {MAX_STEPS:,} steps",
            soft_wrap=True,
        )
    if chosen.left:
        out.print(
            f"to be finished: {counted(len(chosen.left), 'archived task')} of which some is here "
            "as well",
            soft_wrap=True,
        )


def _archive(opened: Opened, cold: Archive, chosen: _Chosen) -> Done:
    pictures = open_screenshots(opened.settings, opened.store)
    before = chosen.rules.before
    words = TextColumn("{task.description}")
    columns = (SpinnerColumn(), words, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    done = Done()
    with (
        neighbours(opened.settings, opened.store) as others,
        Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar,
    ):
        row = bar.add_task("indexing for searches", total=len(chosen.going) + len(chosen.left))
        for task in chosen.left:
            settle(opened.store, pictures, cold, task, before=before)
            bar.advance(row)
        ids = [held.task_id for held in chosen.going]
        for done in archive_tasks(opened.store, pictures, cold, ids, before=before, others=others):
            count = len(done.archived) + len(done.kept) + len(done.refused)
            what = "archiving" if count else None
            bar.update(row, description=what, completed=len(chosen.left) + count)
    return done


def _tell_done(done: Done, cold: Archive) -> None:
    what = f"{counted(done.steps, 'step')} and {counted(done.pictures, 'picture')}"
    out.print(
        f"archived {counted(len(done.archived), 'task')} with {what} to {cold.shown}",
        soft_wrap=True,
    )
    if done.kept:
        out.print(
            f"{counted(len(done.kept), 'task')} went on meanwhile: not archived", soft_wrap=True
        )


def _clean(opened: Opened, cold: Archive, *, yes: bool, as_json: bool) -> None:
    with neighbours(opened.settings, opened.store) as others:
        found = list(unneeded([opened.store, *others], cold))
        tasks, kept = sum(each.tasks for each in found), sum(len(each.needed) for each in found)
        if not as_json:
            out.print(
                f"in {counted(len(found), 'bundle')} of {cold.shown}: "
                f"{counted(tasks, 'task')} that no store has archived there"
                + (f", beside {kept} that stay archived" if kept else ""),
                soft_wrap=True,
            )
        is_meant = yes or (not as_json and bool(found) and is_agreed("Remove this?"))
        gone: list[str] = []
        if is_meant:
            pictures = open_screenshots(opened.settings, opened.store)
            columns = (TextColumn("cleaning"), BarColumn(), MofNCompleteColumn())
            with Progress(
                *columns, console=err, transient=True, disable=not err.is_terminal
            ) as bar:
                row = bar.add_task("", total=len(found))
                for each in clean_archive(opened.store, pictures, cold, found, others=others):
                    gone.append(each.place)
                    bar.advance(row)
    if as_json:
        print_json(
            {
                "dry_run": not is_meant,
                "archive": cold.shown,
                "tasks": tasks,
                "places": [each.place for each in found],
                "removed": gone if is_meant else None,
            }
        )
    elif is_meant:
        out.print(f"removed {counted(len(gone), 'bundle')}", soft_wrap=True)
    elif found:
        out.print("nothing was removed; add --yes to remove it", soft_wrap=True)


def _for_scripts(chosen: _Chosen, done: Done | None, cold: Archive) -> dict[str, Any]:
    return {
        "dry_run": done is None,
        "archive": cold.shown,
        "tasks": chosen.rules.tasks,
        "to_go": {
            "tasks": [held.task_id for held in chosen.going],
            "steps": sum(held.steps for held in chosen.going),
            "pictures": sum(held.pictures for held in chosen.going),
            "bytes": sum(held.row_bytes + held.picture_bytes for held in chosen.going),
        },
        "to_stay": {**chosen.rules.kept, **({"long": chosen.long} if chosen.long else {})},
        "to_finish": [task.task_id for task in chosen.left],
        "archived": None
        if done is None
        else {
            "tasks": list(done.archived),
            "kept": list(done.kept),
            "steps": done.steps,
            "pictures": done.pictures,
            "refused": [{"task": each, "reason": reason} for each, reason in done.refused],
        },
    }
