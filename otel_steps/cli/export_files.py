"""Where what is exported goes: the names of its files, and how they are written."""

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from itertools import count
from pathlib import Path
from typing import Final

from rich.progress import BarColumn, Progress, TaskID, TextColumn

from otel_steps.cli.terminal import err
from otel_steps.cli.wording import size_text
from otel_steps.exporting import FORMATS, Form, TaskGone, file_title
from otel_steps.exporting.atif_file import Keep, in_itself
from otel_steps.stores.contract import TaskReader

STDOUT: Final = Path("-")
_TOLD_BYTES: Final = 500_000
_JSON: Final = re.compile(r"\.jsonl?$")


def keeper(path: Path, *, is_inline: bool | None = None) -> Keep:
    """
    Return what keeps the pictures of the file at *path*.

    Args:
        is_inline: Whether they stand in the file itself; None for what suits it.
    """
    inside = path == STDOUT if is_inline is None else is_inline
    return in_itself if inside else partial(_keep_beside, path)


def _keep_beside(path: Path, name: str, data: bytes) -> str:
    """Write a picture into the folder of pictures of the file at *path*."""
    folder = path.with_name(f"{_JSON.sub('', path.name)}-images")
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(data)
    return f"{folder.name}/{name}"


def free_path(store: TaskReader, task_id: str, form: Form, folder: Path = Path()) -> Path:
    """Return a name that no file of another task has: where it is taken, one of this task alone."""
    task = store.task(task_id)
    if task is None:
        raise TaskGone(task_id)
    suffix = FORMATS[form].suffix
    path = folder / (file_title(task) + suffix)
    return folder / (file_title(task, is_alone=False) + suffix) if path.exists() else path


def free_name_of_many(suffix: str) -> Path:
    """Return a name for a file or folder of many tasks that nothing here has: day and number."""
    day = f"{datetime.now().astimezone():%Y-%m-%d} tasks"
    names = (f"{day}{f' {number}' if number > 1 else ''}{suffix}" for number in count(1))
    return next(path for path in map(Path, names) if not path.exists())


def counted(pieces: Iterator[bytes], bar: Progress, row: TaskID) -> Iterator[bytes]:
    """Yield *pieces*, and tell how much that was: nobody knows how much is to come."""
    written = told = 0
    for piece in pieces:
        yield piece
        written += len(piece)
        # Most pieces are a few characters.
        if written - told > _TOLD_BYTES:
            told = written
            bar.update(row, description=f"{size_text(written)} written")


def progress_bar() -> Progress:
    """Return a bar for a terminal; elsewhere it shows nothing."""
    columns = (TextColumn("{task.description}"), BarColumn())
    return Progress(*columns, console=err, transient=True, disable=not err.is_terminal)


@contextmanager
def picture_progress() -> Iterator[Callable[[int, int], None]]:
    """Show on a terminal how many pictures of how many are written, by the function given."""
    with progress_bar() as bar:
        row = bar.add_task("reading", total=None)
        yield lambda done, total: bar.update(
            row, description=f"{done} of {total} pictures", completed=done, total=total
        )


def write(pieces: Iterator[bytes], path: Path) -> None:
    """Write *pieces* to the file at *path*, or to stdout."""
    if path == STDOUT:
        sys.stdout.flush()
        for piece in pieces:
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
        return
    # Rename last: an export that breaks off leaves the file of the one before as it was.
    unfinished = path.with_name(f"{path.name}.partial")
    try:
        with unfinished.open("wb") as file:
            file.writelines(pieces)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
