"""`otel-steps export`: one task as a file to keep or to send."""

import sys
from collections.abc import Iterator
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from otel_steps.cli.find_task import find_task
from otel_steps.cli.options import DirOption, StoreOption, TaskArgument
from otel_steps.cli.reading import reading
from otel_steps.cli.terminal import USAGE_ERROR, CommandError, err, out
from otel_steps.cli.wording import size_text
from otel_steps.exporting import (
    FORMATS,
    Form,
    FormatUnavailable,
    TaskGone,
    export,
    file_title,
)
from otel_steps.exporting.atif_file import in_itself
from otel_steps.film.layout import MAX_WIDTH, MIN_WIDTH
from otel_steps.pricing import price_table
from otel_steps.stores import Store
from otel_steps.stores.pictures import open_screenshots

STDOUT: Final = Path("-")
_TOLD_BYTES: Final = 500_000


class ExportFormat(StrEnum):
    """What a task can be exported as."""

    HTML = "html"
    JSON = "json"
    OTLP = "otlp"
    ATIF = "atif"
    ADB = "adb"
    PYTHON = "python"
    GIF = "gif"
    MP4 = "mp4"
    WEBM = "webm"


FILMS: Final = (ExportFormat.GIF, ExportFormat.MP4, ExportFormat.WEBM)


def export_(
    task: TaskArgument,
    form: Annotated[
        ExportFormat,
        typer.Option(
            "--format",
            help="A page to look at, rows, spans for other backends, a trajectory of ATIF with "
            "its pictures in a folder beside, a script for adb, or a film.",
        ),
    ] = ExportFormat.HTML,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="The file; `-` is stdout. By default one here that says when, what and how.",
        ),
    ] = None,
    store: StoreOption = None,
    folder: DirOption = None,
    width: Annotated[
        int | None,
        typer.Option(
            min=MIN_WIDTH,
            max=MAX_WIDTH,
            help="Pixels of a film's width. By default 30 steps take at most 5 MB.",
        ),
    ] = None,
) -> None:
    """
    Write a task to one file.

    An HTML page opens without a server, with all pictures in it. A GIF, MP4 or WebM plays the
    steps with their taps, swipes and texts; MP4 and WebM need the extra `video`.
    """
    if width is not None and form not in FILMS:
        raise CommandError(
            f"--width {width}: a file of the format {form.value} has none; leave it out, or name "
            f"one of {', '.join(FILMS)} by --format",
            status=USAGE_ERROR,
        )
    with reading(store, folder) as opened, _progress() as bar:
        task_id = find_task(opened.store, task)
        row = bar.add_task("reading the task", total=None)
        try:
            path = output or _free_path(opened.store, task_id, form.value)
            pieces = export(
                opened.store,
                open_screenshots(*opened),
                task_id,
                form.value,
                prices=price_table.load(opened.settings.prices),
                progress=lambda done, total: bar.update(
                    row,
                    description=f"{done} of {total} {'steps' if form in FILMS else 'pictures'}",
                    completed=done,
                    total=total,
                ),
                keep=in_itself if path == STDOUT else partial(_keep_beside, path),
                width=width,
            )
            is_counted = form in (ExportFormat.JSON, ExportFormat.OTLP)
            _write(_counted(pieces, bar, row) if is_counted else pieces, path)
        except FormatUnavailable as error:
            raise CommandError(str(error)) from error
        except TaskGone as error:
            raise CommandError(f"{error}; it was removed while it was exported") from error
    if path != STDOUT:
        out.print(f"written to {path} ({size_text(path.stat().st_size)})", soft_wrap=True)


def _keep_beside(path: Path, name: str, data: bytes) -> str:
    """Write a picture into the folder of pictures of the file at *path*."""
    folder = path.with_name(f"{path.name.removesuffix('.json')}-images")
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(data)
    return f"{folder.name}/{name}"


def _free_path(store: Store, task_id: str, form: Form) -> Path:
    """Return a name that no file of another task has: where it is taken, one of this task alone."""
    task = store.task(task_id)
    if task is None:
        raise TaskGone(task_id)
    suffix = FORMATS[form].suffix
    path = Path(file_title(task) + suffix)
    return Path(file_title(task, is_alone=False) + suffix) if path.exists() else path


def _counted(pieces: Iterator[bytes], bar: Progress, row: TaskID) -> Iterator[bytes]:
    """Yield *pieces*, and tell how much that was: nobody knows how much is to come."""
    written = told = 0
    for piece in pieces:
        yield piece
        written += len(piece)
        # Most pieces are a few characters.
        if written - told > _TOLD_BYTES:
            told = written
            bar.update(row, description=f"{size_text(written)} written")


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn())
    return Progress(*columns, console=err, transient=True, disable=not err.is_terminal)


def _write(pieces: Iterator[bytes], path: Path) -> None:
    if path == STDOUT:
        sys.stdout.flush()
        for piece in pieces:
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
        return
    # Rename last: an export that breaks off leaves the file of the one before as it was.
    partial = path.with_name(f"{path.name}.partial")
    try:
        with partial.open("wb") as file:
            file.writelines(pieces)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
