"""The tracker's backup files, `backup/steps/<task>_<time>.pkl`: each a list of steps."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from otel_steps.importing import plain_pickle
from otel_steps.importing.former import duration_nano, picture_file, step_item
from otel_steps.importing.item import Found, Item, Refused, unix_nano
from otel_steps.importing.opened import READ_ERRORS, opened, reason_of

_FROM: Final = "pickle"


def read(path: Path) -> Iterator[Found]:
    """Return the steps of the file at *path*; nothing of it is executed."""
    try:
        with opened(path) as file:
            steps = plain_pickle.loads(file.read(plain_pickle.MAX_BYTES + 1))
    except (*READ_ERRORS, plain_pickle.NotPlainError) as error:
        yield Refused(str(path), reason_of(error))
        return
    if not isinstance(steps, list):
        yield Refused(str(path), f"a file of steps holds a list, not {type(steps).__name__}")
        return
    for number, step in enumerate(steps, start=1):
        yield _item(path, number, step) or Refused(
            f"{path}, entry {number}", "not a step: it has no task_id or no time"
        )


def _item(path: Path, number: int, step: Any) -> Item | None:
    if not isinstance(step, Mapping) or not step.get("task_id"):
        return None
    # The tracker wrote down the time when a step was over.
    end = unix_nano(step.get("timestamp"))
    if end is None:
        return None
    return step_item(
        step,
        step_id=step.get("step_id") or f"{path.name}/{number}",
        start=max(1, end - duration_nano(step)),
        end=end,
        picture=picture_file([step.get("screenshot_path")], _folders(path)),
        imported_from=_FROM,
    )


def _folders(path: Path) -> list[Path]:
    """Return the folders that the agent may have been started in: the file's, and here."""
    path = path.absolute()
    is_in_place = path.parts[-3:-1] == ("backup", "steps")
    return [path.parents[2] if is_in_place else path.parent, Path.cwd()]
