"""`otel-steps export`: tasks as files to keep, to send or to train a model with."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.progress import Progress, TaskID

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
from otel_steps.cli.export_files import (
    STDOUT,
    counted,
    free_name_of_many,
    free_path,
    keeper,
    progress_bar,
    write,
)
from otel_steps.cli.options import DirOption, JsonOption, PublicOption, StoreOption
from otel_steps.cli.reading import Opened, reading
from otel_steps.cli.terminal import USAGE_ERROR, CommandError, out, print_json
from otel_steps.cli.wording import counted as so_many
from otel_steps.cli.wording import size_text
from otel_steps.exporting import (
    FORMATS,
    FormatUnavailable,
    TaskGone,
    Wanted,
    export,
    export_many,
    reader_of,
)
from otel_steps.film.layout import MAX_WIDTH, MIN_WIDTH
from otel_steps.pricing import price_table
from otel_steps.stores.pictures import open_screenshots


class ExportFormat(StrEnum):
    """What a task can be exported as."""

    HTML = "html"
    JSON = "json"
    OTLP = "otlp"
    ATIF = "atif"
    JSONL = "jsonl"
    PARQUET = "parquet"
    ADB = "adb"
    PYTHON = "python"
    GIF = "gif"
    MP4 = "mp4"
    WEBM = "webm"


class Pictures(StrEnum):
    """Where the pictures of a file are."""

    FILES = "files"
    INLINE = "inline"
    NONE = "none"


class Lines(StrEnum):
    """What a line of training data is."""

    TASK = "task"
    STEP = "step"


class Only(StrEnum):
    """Which steps training data has."""

    SUCCESSFUL = "successful"
    SCORED = "scored"


FILMS: Final = (ExportFormat.GIF, ExportFormat.MP4, ExportFormat.WEBM)
_TRAINING: Final = (ExportFormat.JSONL, ExportFormat.PARQUET)
# Of these a picture may be elsewhere than where it is by default.
_PLACES: Final = {
    ExportFormat.ATIF: (Pictures.FILES, Pictures.INLINE),
    ExportFormat.JSONL: tuple(Pictures),
    ExportFormat.PARQUET: (Pictures.INLINE, Pictures.NONE),
}
# Nobody knows how much of these is to come.
_COUNTED: Final = (ExportFormat.JSON, ExportFormat.OTLP, *_TRAINING)


def export_(
    tasks: SomeTasksArgument = None,
    form: Annotated[
        ExportFormat,
        typer.Option(
            "--format",
            help="A page to look at, rows, spans for other backends, a trajectory of ATIF with "
            "its pictures in a folder beside, training data, a script for adb, or a film.",
        ),
    ] = ExportFormat.HTML,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="The file, or the folder where several tasks are a file each; `-` is stdout. By "
            "default one here that says when, what and how.",
        ),
    ] = None,
    status: StatusOption = None,
    model: ModelOption = None,
    tag: TagOption = None,
    project: ProjectOption = None,
    min_score: MinScoreOption = None,
    since: SinceOption = None,
    limit: LimitOption = None,
    lines: Annotated[
        Lines,
        typer.Option(help="Of training data: a line is a task with all its steps, or one step."),
    ] = Lines.TASK,
    only: Annotated[
        Only | None,
        typer.Option(
            help="Of training data: only steps that succeeded, or to which somebody has given a "
            "score above 0.",
            show_default=False,
        ),
    ] = None,
    pictures: Annotated[
        Pictures | None,
        typer.Option(
            help="Of atif, jsonl and parquet: pictures in a folder beside, in the file, or none. "
            "By default beside, in stdout and Parquet inline.",
            show_default=False,
        ),
    ] = None,
    in_public: PublicOption = False,
    as_json: JsonOption = False,
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
    Write tasks to files: each to one, or as training data all to one.

    An HTML page opens without a server, with all pictures in it. A GIF, MP4 or WebM plays the
    steps with their taps, swipes and texts; MP4 and WebM need the extra `video`.

    Training data (jsonl, or parquet with the extra `training`) has conversations: `messages` with
    `role` and `content`, `images` for each `<image>` in them, `task_id`, `steps`, `outcomes`,
    `coordinates`, `status`, `agent`, `model`.
    """
    if as_json and output == STDOUT:
        raise CommandError(
            "--json says where the file is, and --output - has it in the same place; leave one out",
            status=USAGE_ERROR,
        )
    _check_options(form, width, pictures, is_training=lines is Lines.STEP or only is not None)
    query = chosen_by(status, model, tag, project, min_score, since, limit)
    check_choice(tasks or (), query)
    wanted = Wanted(
        lines.value, None if only is None else only.value, pictures is not Pictures.NONE
    )
    how = _How(form, output, wanted, pictures, width, in_public=in_public)
    with reading(store, folder) as opened, progress_bar() as bar:
        ids = chosen_tasks(opened.store, tasks or (), query)
        row = bar.add_task("reading the task", total=None)
        try:
            path = how.write_all(opened, ids, bar, row)
        except FormatUnavailable as error:
            raise CommandError(str(error)) from error
        except TaskGone as error:
            raise CommandError(f"{error}; it was removed while it was exported") from error
    if path == STDOUT:
        return
    if as_json:
        print_json({"path": str(path), "tasks": ids})
        return
    what = f"{so_many(len(ids), 'task')} " if len(ids) > 1 else ""
    size = "" if path.is_dir() else f" ({size_text(path.stat().st_size)})"
    out.print(f"{what}written to {path}{size}", soft_wrap=True)


def _check_options(
    form: ExportFormat, width: int | None, pictures: Pictures | None, *, is_training: bool
) -> None:
    if width is not None and form not in FILMS:
        raise CommandError(
            f"--width {width}: a file of the format {form.value} has none; leave it out, or name "
            f"one of {', '.join(FILMS)} by --format",
            status=USAGE_ERROR,
        )
    if is_training and form not in _TRAINING:
        raise CommandError(
            f"--lines and --only are for training data, and --format is {form.value}; leave them "
            f"out, or name one of {', '.join(_TRAINING)}",
            status=USAGE_ERROR,
        )
    if pictures is not None and pictures not in _PLACES.get(form, ()):
        able = ", ".join(each for each, places in _PLACES.items() if pictures in places)
        raise CommandError(
            f"--pictures {pictures.value}: a file of the format {form.value} has them elsewhere; "
            f"leave it out, or name one of {able} by --format",
            status=USAGE_ERROR,
        )


class _How:
    """How tasks are written, as the options say."""

    def __init__(
        self,
        form: ExportFormat,
        output: Path | None,
        wanted: Wanted,
        pictures: Pictures | None,
        width: int | None,
        *,
        in_public: bool,
    ) -> None:
        self._form, self._output, self._in_public = form, output, in_public
        self._wanted, self._width = wanted, width
        self._is_inline = None if pictures is None else pictures is Pictures.INLINE

    def write_all(self, opened: Opened, ids: list[str], bar: Progress, row: TaskID) -> Path:
        """Write the tasks, and return the file or folder that they are in."""
        if len(ids) == 1:
            path = self._output or self._free_path(opened, ids[0])
            self._write_one(opened, ids[0], path, bar, row)
            return path
        if FORMATS[self._form.value].many is not None:
            return self._write_together(opened, ids, bar, row)
        return self._write_each(opened, ids, bar, row)

    def _write_one(
        self, opened: Opened, task_id: str, path: Path, bar: Progress, row: TaskID
    ) -> None:
        unit = "steps" if self._form in FILMS else "pictures"
        pieces = export(
            opened.store,
            open_screenshots(*opened),
            task_id,
            self._form.value,
            prices=price_table.load(opened.settings.prices),
            progress=lambda done, total: bar.update(
                row, description=f"{done} of {total} {unit}", completed=done, total=total
            ),
            keep=keeper(path, is_inline=self._is_inline),
            width=self._width,
            wanted=self._wanted,
            in_public=self._in_public,
        )
        write(counted(pieces, bar, row) if self._form in _COUNTED else pieces, path)

    def _write_together(self, opened: Opened, ids: list[str], bar: Progress, row: TaskID) -> Path:
        path = self._output or free_name_of_many(FORMATS[self._form.value].suffix)
        pieces = export_many(
            opened.store,
            open_screenshots(*opened),
            ids,
            self._form.value,
            progress=lambda done, total: bar.update(
                row, description=f"{done} of {total} tasks", completed=done, total=total
            ),
            keep=keeper(path, is_inline=self._is_inline),
            wanted=self._wanted,
            in_public=self._in_public,
        )
        write(pieces, path)
        return path

    def _write_each(self, opened: Opened, ids: list[str], bar: Progress, row: TaskID) -> Path:
        folder = self._output or free_name_of_many("")
        if folder == STDOUT or folder.is_file():
            raise CommandError(
                f"--output {folder}: {len(ids)} tasks are a file each; name a folder, or one of "
                f"{', '.join(_TRAINING)} by --format, of which a file holds many tasks",
                status=USAGE_ERROR,
            )
        folder.mkdir(parents=True, exist_ok=True)
        for task_id in ids:
            path = self._free_path(opened, task_id, folder)
            self._write_one(opened, task_id, path, bar, row)
        return folder

    def _free_path(self, opened: Opened, task_id: str, folder: Path = Path()) -> Path:
        # A name says what was to be done.
        reader = reader_of(opened.store, task_id, in_public=self._in_public)
        return free_path(reader, task_id, self._form.value, folder)
