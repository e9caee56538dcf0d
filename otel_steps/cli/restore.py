"""`otel-steps restore`: what a backup or the archive has, back in the store."""

from pathlib import Path
from typing import Annotated

import typer

from otel_steps.cli.archive import restore_tasks
from otel_steps.cli.backup import restore_backup
from otel_steps.cli.completing import tasks
from otel_steps.cli.options import DirOption, JsonOption, StoreOption
from otel_steps.cli.terminal import USAGE_ERROR, CommandError


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
    restore_tasks(names, as_json=as_json, store=store, folder=folder)


def _is_file(names: list[str]) -> bool:
    """Return whether a file is meant, there or not: no task is called by a path."""
    name = names[0]
    is_path = "/" in name or "\\" in name or name.endswith(".tar")
    return len(names) == 1 and (is_path or Path(name).is_file())
