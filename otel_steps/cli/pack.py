"""`otel-steps pack`: chosen tasks as one file that can be looked at anywhere."""

from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from otel_steps.cli.chosen_tasks import (
    LimitOption,
    MinScoreOption,
    ModelOption,
    ProjectOption,
    SinceOption,
    SomeTasksArgument,
    StatusOption,
    TagOption,
    check_choice,
    chosen_by,
    chosen_tasks,
)
from otel_steps.cli.options import DirOption, JsonOption, PublicOption, StoreOption
from otel_steps.cli.reading import reading
from otel_steps.cli.terminal import USAGE_ERROR, CommandError, err, out, print_json, warn
from otel_steps.cli.wording import counted, one_line, size_text
from otel_steps.config.store_url import PACK_SUFFIX
from otel_steps.exporting import TaskGone, file_title, reader_of
from otel_steps.packing.task_copy import Copied
from otel_steps.pictures.store import ScreenshotStore
from otel_steps.stores import Store
from otel_steps.stores.json_object import Json
from otel_steps.stores.pictures import open_screenshots

_MOST_SHOWN: Final = 20


def pack(
    tasks: SomeTasksArgument = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help=f"The file, such as run{PACK_SUFFIX}. By default a new one here that says when, "
            "what and how.",
        ),
    ] = None,
    status: StatusOption = None,
    model: ModelOption = None,
    tag: TagOption = None,
    project: ProjectOption = None,
    min_score: MinScoreOption = None,
    since: SinceOption = None,
    limit: LimitOption = None,
    in_public: PublicOption = False,
    as_json: JsonOption = False,
    store: StoreOption = None,
    folder: DirOption = None,
) -> None:
    """
    Write tasks with all that belongs to them to one file: rows, spans, pictures, tags and notes.

    `view FILE` looks at it, any command that reads takes it as --store FILE, and `import FILE`
    brings its tasks into a store. It holds all that was recorded, readable to whoever gets it.
    """
    query = chosen_by(status, model, tag, project, min_score, since, limit)
    check_choice(tasks or (), query)
    with reading(store, folder) as opened:
        chosen = chosen_tasks(opened.store, tasks or (), query)
        path = output or _free_path(_first(opened.store, chosen, in_public=in_public), chosen)
        if path.is_dir():
            raise CommandError(f"-o {path} is a folder; name a file in it", status=USAGE_ERROR)
        try:
            packed = _pack(opened.store, open_screenshots(*opened), chosen, path, in_public)
        except TaskGone as error:
            raise CommandError(f"{error}; it was removed while it was packed") from error
    size = path.stat().st_size
    if as_json:
        print_json({"file": str(path.absolute()), "bytes": size, **for_scripts(packed)})
    else:
        out.print(f"packed {summary(packed)} in {path} ({size_text(size)})", soft_wrap=True)
        if not in_public:
            err.print("whoever gets it can read all of that: texts, screens, notes", style="dim")
    warn_of(packed)


def _first(store: Store, chosen: list[str], *, in_public: bool) -> Json | None:
    """Return the row of the first task, as the name of a file may tell of it."""
    return reader_of(store, chosen[0], in_public=in_public).task(chosen[0])


def _free_path(task: Json | None, chosen: list[str]) -> Path:
    """Return a name that no file has here."""
    if len(chosen) > 1 or task is None:
        titles = [counted(len(chosen), "task").replace(" ", "-")]
    else:
        titles = [file_title(task), file_title(task, is_alone=False)]
    paths = [Path(title + PACK_SUFFIX) for title in titles]
    free = next((path for path in paths if not path.exists()), None)
    if free is None:
        raise CommandError(f"{paths[-1]} is there already; name another file by -o")
    return free


def _pack(
    store: Store, pictures: ScreenshotStore, chosen: list[str], path: Path, in_public: bool
) -> Copied:
    # Loads the driver of SQLite: no other command has to wait for it.
    from otel_steps.packing import packer

    columns = (TextColumn("packing"), BarColumn(), MofNCompleteColumn(), TextColumn("steps"))
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        total = sum(map(store.count_steps, chosen)) if err.is_terminal else None
        row = bar.add_task("", total=total)
        return packer.pack(
            store,
            pictures,
            chosen,
            path,
            lambda steps: bar.advance(row, steps),
            in_public=in_public,
        )


def summary(copied: Copied) -> str:
    """Return what was copied in a few words."""
    parts = [
        counted(len(copied.tasks), "task"),
        counted(copied.steps, "step"),
        counted(copied.pictures, "picture"),
    ]
    if copied.spans:
        parts.append(counted(copied.spans, "other span"))
    return ", ".join(parts)


def for_scripts(copied: Copied) -> dict[str, Any]:
    """Return the same for JSON."""
    return {
        "tasks": copied.tasks,
        "steps": copied.steps,
        "spans": copied.spans,
        "pictures": copied.pictures,
        "missing_pictures": copied.missing_pictures,
        "refused": [{"source": source, "reason": reason} for source, reason in copied.refused],
    }


def warn_of(copied: Copied) -> None:
    """
    Tell what was not there, or not taken.

    Raises:
        Exit: Something was not taken: the status is 1.
    """
    if copied.missing_pictures:
        verb = "is" if copied.missing_pictures == 1 else "are"
        warn(f"{counted(copied.missing_pictures, 'picture')} {verb} not where the rows say")
    for source, reason in copied.refused[:_MOST_SHOWN]:
        warn(f"{one_line(source)}: {one_line(reason)}")
    if len(copied.refused) > _MOST_SHOWN:
        warn(f"and {len(copied.refused) - _MOST_SHOWN} more; --json names all")
    if copied.refused:
        raise typer.Exit(1)
