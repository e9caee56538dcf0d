"""`otel-steps export`: one task as a file to keep or to send."""

import sys
from collections.abc import Iterator
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from otel_steps.cli.find_task import find_task
from otel_steps.cli.options import DirOption, StoreOption, TaskArgument
from otel_steps.cli.reading import reading
from otel_steps.cli.terminal import USAGE_ERROR, CommandError, err, out
from otel_steps.cli.wording import size_text
from otel_steps.exporting import FORMATS, FormatUnavailable, TaskGone, export, file_stem
from otel_steps.exporting.atif_file import in_itself
from otel_steps.film.layout import MAX_WIDTH, MIN_WIDTH
from otel_steps.pricing import price_table
from otel_steps.stores.pictures import open_screenshots

STDOUT: Final = Path("-")


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
            "--output", "-o", help="The file; `-` is stdout. By default TASK.html, .gif ... here."
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
        exported = bar.add_task("exported", total=None)
        try:
            path = output or Path(file_stem(task_id) + FORMATS[form.value].suffix)
            pieces = export(
                opened.store,
                open_screenshots(*opened),
                task_id,
                form.value,
                prices=price_table.load(opened.settings.prices),
                progress=lambda done, total: bar.update(exported, completed=done, total=total),
                keep=in_itself if path == STDOUT else partial(_keep_beside, path),
                width=width,
            )
            _write(pieces, path)
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


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
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
