"""`otel-steps restore`: what a backup or the archive has, back in the store."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from otel_steps.archiving import restore as restore_task
from otel_steps.cli.backup import restore_backup
from otel_steps.cli.completing import tasks
from otel_steps.cli.find_task import find_task
from otel_steps.cli.options import DirOption, JsonOption, StoreOption
from otel_steps.cli.reading import reading
from otel_steps.cli.terminal import USAGE_ERROR, CommandError, err, out, print_json
from otel_steps.cli.wording import counted
from otel_steps.stores import open_database
from otel_steps.stores.cold import open_archive
from otel_steps.stores.pictures import open_screenshots


def restore(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="BACKUP|TASK...",
            help="A tar that `otel-steps backup` has written; or archived tasks, by their ids or "
            "the beginnings of these.",
            autocompletion=tasks,
            show_default=False,
        ),
    ],
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="A backup also where something is recorded: its database is kept beside the new "
            "one, its pictures stay.",
        ),
    ] = False,
    as_json: JsonOption = False,
    store: StoreOption = None,
    folder: DirOption = None,
) -> None:
    """
    Put a backup back as the embedded store, or bring archived tasks back into the store.

    End what records before you put a backup back; it is read through and compared before anything
    is changed. Tasks come back as they were, and may be restored while agents record.
    """
    if _is_file(names):
        restore_backup(Path(names[0]), force=force, as_json=as_json, store=store, folder=folder)
        return
    if force:
        raise CommandError("--force is for a backup; leave it out", status=USAGE_ERROR)
    _restore_tasks(names, as_json=as_json, store=store, folder=folder)


def _is_file(names: list[str]) -> bool:
    """Return whether a file is meant, there or not: no task is called by a path."""
    name = names[0]
    is_path = "/" in name or "\\" in name or name.endswith(".tar")
    return len(names) == 1 and (is_path or Path(name).is_file())


def _restore_tasks(
    names: Sequence[str], *, as_json: bool, store: str | None, folder: Path | None
) -> None:
    restored: list[str] = []
    with reading(store, folder, opener=open_database) as opened:
        cold = open_archive(opened.settings)
        task_ids = list(dict.fromkeys(find_task(opened.store, name) for name in names))
        pictures = open_screenshots(opened.settings, opened.store)
        columns = (TextColumn("restoring"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
            for task_id in bar.track(task_ids):
                if restore_task(opened.store, pictures, cold, task_id):
                    restored.append(task_id)
    here = [task_id for task_id in task_ids if task_id not in restored]
    if as_json:
        print_json({"restored": restored, "here": here})
        return
    if restored:
        out.print(f"restored {counted(len(restored), 'task')}", soft_wrap=True)
    if here:
        out.print(f"{counted(len(here), 'task')} not archived: nothing to restore", soft_wrap=True)
