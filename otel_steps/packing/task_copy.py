"""How a task, with all that belongs to it, gets from one store into another as it is."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from pathlib import PureWindowsPath
from typing import Any, Final, TypeVar

from otel_steps.admit import names_in
from otel_steps.errors import RowRejected, StoreUnavailable
from otel_steps.exporting import TaskGone, reader_of
from otel_steps.pictures.names import picture_name_in
from otel_steps.pictures.stored import StoredPicture
from otel_steps.rows.model import Batch, ScreenshotRow, SpanRow, StepRow, TaskRow
from otel_steps.rows.tables import ROW_COLUMNS
from otel_steps.stores import Store
from otel_steps.stores.annotation import NOTHING_SAID, AnnotationChanged, annotation_in
from otel_steps.stores.json_object import Json

_Row = TypeVar("_Row")

_PAGE: Final = 64
_PLAIN_NAME: Final = re.compile(r"(?!.*\.\.)[\w.-]{1,200}")
_ELSEWHERE: Final = "elsewhere"


@dataclass
class Copied:
    """
    What has been copied so far.

    Attributes:
        tasks: Ids of the tasks.
        known: Ids of those that the target had before.
        steps, spans, pictures: How many, whether or not the target had them before.
        missing_pictures: How many pictures are named by rows and not in the source.
        refused: What the target does not take, and why.
    """

    tasks: list[str] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    steps: int = 0
    spans: int = 0
    pictures: int = 0
    missing_pictures: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)


class TaskCopier:
    """
    Copies tasks of *source* to *target*, as they are: with what people say of them and their
    steps, and with their totals.

    A row that is there already stays, as for any write; so does what is said of it. What says
    where a picture lies (path, address, file) becomes that of the target.

    Args:
        keep: Keeps the picture of a name where the target has its own; returns what is known of
            it then, None where the source has no such picture.
        in_public: Whether only that is copied which may be published; see `rows.public`.

    Attributes:
        copied: What has been copied so far.
    """

    def __init__(
        self,
        source: Store,
        target: Store,
        keep: Callable[[str], StoredPicture | None],
        *,
        in_public: bool = False,
    ) -> None:
        self.copied = Copied()
        self._source = source
        self._target = target
        self._keep = keep
        self._in_public = in_public
        self._pictures: dict[str, StoredPicture | None] = {}

    def copy(self, task_id: str, progress: Callable[[int], None] = lambda _: None) -> None:
        """
        Copy a task; *progress* hears of so many steps more.

        Raises:
            TaskGone: The source has no such task.
            StoreUnavailable, StoreOnHold: Copying again goes on where it was; nothing doubles.
        """
        reader = reader_of(self._source, task_id, in_public=self._in_public)
        task = reader.task(task_id)
        if task is None:
            raise TaskGone(task_id)
        task_id = task["task_id"]  # another one in public
        self._pictures = {}
        if self._target.task(task_id) is not None:
            self.copied.known.append(task_id)
        self._copy_task(task)
        pictures: dict[str, list[Json]] = {}
        for row in reader.screenshots(task_id):
            pictures.setdefault(row["step_id"], []).append(row)
        for page in _pages(lambda offset: reader.steps(task_id, limit=_PAGE, offset=offset)):
            own = [row for step in page for row in pictures.pop(step["id"], ())]
            self._write(Batch(steps=[*map(self._step, page)], screenshots=self._screenshots(own)))
            for step in page:
                self._annotate(task_id, step, step["id"])
            self.copied.steps += len(page)
            progress(len(page))
        # Those whose step is not there, which some other recorders have left.
        for some in _portions([row for rows in pictures.values() for row in rows]):
            self._write(Batch(screenshots=self._screenshots(some)))
        for some in _portions(reader.spans(task_id)):
            self._write(Batch(spans=[*map(self._span, some)]))
            self.copied.spans += len(some)
        self._annotate(task_id, task)
        self.copied.tasks.append(task_id)

    def _copy_task(self, task: Json) -> None:
        row = _row("tasks", TaskRow, task)
        began = task["started_at"] or row.created_at
        self._write(Batch(tasks=[replace(row, created_at=began)]))
        # A step may be older than its task's own span, which tells it from a later one of that id.
        if row.status is not None and began != row.created_at:
            times = TaskRow(
                task_id=row.task_id, created_at=row.created_at, last_activity=row.last_activity
            )
            self._write(Batch(tasks=[times]))

    def _annotate(self, task_id: str, row: Json, step_id: str | None = None) -> None:
        """Copy what people have said in *row*, where nobody has said anything yet."""
        said = annotation_in(row)
        if said is not None:
            with suppress(AnnotationChanged):
                self._target.annotate(task_id, said, step_id=step_id, seen=NOTHING_SAID)

    def _step(self, found: Json) -> StepRow:
        self._keep_named(found)
        row = _row("task_steps", StepRow, found)
        picture = self._kept(picture_name_in(row.screenshot_path and _name(row.screenshot_path)))
        if picture is None:
            path = row.screenshot_path and _path_within(row.screenshot_path)
            return replace(row, screenshot_path=path, screenshot_url=None)
        return replace(row, screenshot_path=picture.path, screenshot_url=picture.remote_url)

    def _screenshots(self, found: Iterable[Json]) -> list[ScreenshotRow]:
        return [self._screenshot(_row("step_screenshots", ScreenshotRow, row)) for row in found]

    def _screenshot(self, row: ScreenshotRow) -> ScreenshotRow:
        picture = self._kept(picture_name_in(_name(row.screenshot_path)))
        if picture is None:
            path = _path_within(row.screenshot_path)
            return replace(row, screenshot_path=path, remote_url=None)
        return replace(
            row,
            screenshot_path=picture.path,
            remote_url=picture.remote_url,
            file_size=picture.file_size,
            file_hash=picture.file_hash,
            compressed=picture.compressed,
            mime_type=picture.mime_type,
        )

    def _span(self, found: Json) -> SpanRow:
        self._keep_named(found)
        return _row("task_spans", SpanRow, found)

    def _keep_named(self, row: Json) -> None:
        """Keep the pictures that only the attributes of *row* name."""
        for name in names_in(row["attributes"] or {}):
            self._kept(name)

    def _kept(self, name: str | None) -> StoredPicture | None:
        """Return the picture of that name, kept; None where there is none."""
        if name is None:
            return None
        if name not in self._pictures:
            try:
                found = self._keep(name)
            except RowRejected as error:
                # A picture never costs the step.
                self.copied.refused.append((f"picture {name}", str(error)))
                found = None
            self.copied.pictures += found is not None
            self.copied.missing_pictures += found is None
            self._pictures[name] = found
        return self._pictures[name]

    def _write(self, batch: Batch) -> None:
        """Store *batch*; what the target refuses for good is found by bisection."""
        try:
            written = self._target.write(batch)
            if written.known and batch.screenshots:
                # Known rows stay as they are, and may have come without their pictures.
                self._target.attach(batch.steps, batch.screenshots)
        except RowRejected as error:
            if len(batch) == 1:
                self.copied.refused.append((_place(batch), str(error)))
                return
        except StoreUnavailable as error:
            if len(batch) == 1 or not error.halve:
                raise
        else:
            return
        for half in _halves(batch):
            self._write(half)


def _row(table: str, row_class: type[_Row], found: Mapping[str, Any]) -> _Row:
    return row_class(**{name: found[name] for name in ROW_COLUMNS[table]})


def _name(path: str) -> str:
    """Return the last part of a path, of whichever system."""
    return PureWindowsPath(path).name


def _path_within(path: str) -> str:
    """Return a path below the folder of pictures, whatever another recorder has called its file."""
    name = _name(path)
    if (sha256 := picture_name_in(name)) is not None:
        return f"{sha256[:2]}/{name}"
    return name if _PLAIN_NAME.fullmatch(name) else _ELSEWHERE


def _pages(ask: Callable[[int], list[Json]]) -> Iterator[list[Json]]:
    offset = 0
    while page := ask(offset):
        yield page
        offset += len(page)


def _portions(rows: Sequence[Json]) -> Iterator[Sequence[Json]]:
    return (rows[start : start + _PAGE] for start in range(0, len(rows), _PAGE))


def _halves(batch: Batch) -> Iterator[Batch]:
    names = [each.name for each in fields(batch)]
    rows = [(name, row) for name in names for row in getattr(batch, name)]
    half = len(rows) // 2
    for some in (rows[:half], rows[half:]):
        yield Batch(**{name: [row for own, row in some if own == name] for name in names})


def _place(batch: Batch) -> str:
    """Return what the one row of *batch* is."""
    rows: list[Any] = [row for each in fields(batch) for row in getattr(batch, each.name)]
    (row,) = rows
    number = f", step {row.step_number}" if isinstance(row, StepRow) else ""
    return f"{type(row).__name__} of task {row.task_id}{number}"
