"""Options that several commands share, and the settings that they lead to."""

from pathlib import Path
from typing import Annotated

import typer

from otel_steps.cli.completing import tasks
from otel_steps.config import Settings, resolve

StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="URL",
        help="The store to use in place of OTEL_STEPS_STORE, or a pack to read.",
        show_default=False,
    ),
]


def _folder(value: str) -> Path:
    if not value.strip():
        raise typer.BadParameter("it is empty; name a folder, or leave the option out")
    return Path(value)


DirOption = Annotated[
    Path | None,
    typer.Option(
        "--dir",
        parser=_folder,
        metavar="PATH",
        help="The data folder to use in place of OTEL_STEPS_DIR.",
        show_default=False,
    ),
]
TaskArgument = Annotated[
    str,
    typer.Argument(
        metavar="TASK", help="Id of a task, its beginning, or `latest`.", autocompletion=tasks
    ),
]
TasksArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="TASK...",
        help="Ids of tasks, their beginnings, or `latest`.",
        autocompletion=tasks,
    ),
]
PublicOption = Annotated[
    bool,
    typer.Option(
        "--public",
        help="Only what may be published: kinds of actions, places, times, statuses, kinds of "
        "errors, flags, models and versions; no text, no picture, no address.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


def settings_of(store: str | None, folder: Path | None) -> Settings:
    """
    Return the settings of the environment with what the options say in front.

    Raises:
        ConfigError: A setting has a value that cannot be used.
    """
    return resolve(store=store, dir=folder)
