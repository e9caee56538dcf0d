"""
Rows of some archived tasks, as the embedded store reads them: one small database for each task.

So a question about an archived task is the same question as about any other one. What has come late
of a task, and lies in the database, is written behind what the archive has: a row that is in both,
as in the moment in which a task is archived or restored, is there once.
"""

import os
import shutil
import tempfile
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final

from otel_steps.errors import StoreOnHold
from otel_steps.rows.model import Batch, ScreenshotRow, SpanRow, StepRow, TaskRow
from otel_steps.rows.tables import ROW_COLUMNS
from otel_steps.stores.annotation import Annotation, annotation_in
from otel_steps.stores.cold import Archive
from otel_steps.stores.cold.layout import is_place
from otel_steps.stores.contract import Store
from otel_steps.stores.json_object import Json
from otel_steps.stores.sqlite.store import SqliteStore

# Table -> where its rows are in a batch, and what they are.
_ROWS: Final[Mapping[str, tuple[str, type[Any]]]] = {
    "tasks": ("tasks", TaskRow),
    "task_steps": ("steps", StepRow),
    "step_screenshots": ("screenshots", ScreenshotRow),
    "task_spans": ("spans", SpanRow),
}
# What is kept for the next question, as of a few pages; the one that is asked for may be longer.
MAX_TASKS: Final = 32
MAX_STEPS: Final = 50_000
_PORTION: Final = 1000


class ThawedTask(SqliteStore):
    """
    The rows of one task, as they are at a version of it in the database.

    It was filled in one go, and is only read from then on.
    """

    def __init__(self, folder: Path, pictures: Path | None, version: str) -> None:
        super().__init__(folder / "steps.db", screenshots=pictures or folder, missing_ok=True)
        self._version = version

    def version(self, task_id: str | None = None) -> str:
        """Return the version in the database: the archive has none."""
        return self._version

    def indexes(self, task_ids: Sequence[str]) -> dict[str, Json]:
        """Return the indexes of tasks, with that version."""
        found = super().indexes(task_ids)
        return {name: {**index, "version": self._version} for name, index in found.items()}


@dataclass
class _Task:
    """A task that is thawed: of which state, where, how long it is, and how many read it."""

    state: tuple[str, str]
    store: ThawedTask
    folder: Path
    steps: int
    readers: int = 0


class Thawed:
    """
    Archived tasks that somebody has asked for; any thread may ask.

    A task is kept by its place in the archive and its version in the database: where one of the two
    is another by now, it is thawed anew.

    Invariant: who looks for a task, thaws it or lets go of it holds `_changed`, and nobody lets go
    of one that has readers. So what a reader was given is there until it has read.

    Args:
        hot: The database that the tasks have gone from; it has what came of them later.
        archive: Where they are.
    """

    def __init__(self, hot: Store, archive: Archive) -> None:
        self._hot = hot
        self._archive = archive
        self._changed = threading.Condition()
        self._tasks: OrderedDict[str, _Task] = OrderedDict()
        self._folder: Path | None = None
        self._remove: Callable[[], object] = _nothing
        self._pid = os.getpid()

    @contextmanager
    def reading(self, task_id: str, place: str) -> Iterator[ThawedTask]:
        """
        Give a store that has the rows of a task.

        Raises:
            StoreUnavailable, StoreOnHold: The archive cannot be read, or has no such task.
        """
        with self._changed:
            task = self._task(task_id, place)
            task.readers += 1
        try:
            yield task.store
        finally:
            with self._changed:
                task.readers -= 1
                self._make_room()
                self._changed.notify_all()

    def close(self) -> None:
        """Let go of all tasks; any number of times."""
        with self._changed:
            if self._pid == os.getpid():
                for task_id in list(self._tasks):
                    self._let_go(task_id)
                self._remove()
                self._folder = None

    def _leave_to_parent(self) -> None:
        self._tasks = OrderedDict()
        self._folder = None
        self._pid = os.getpid()

    def _task(self, task_id: str, place: str) -> _Task:
        if self._pid != os.getpid():
            self._leave_to_parent()  # what there is belongs to the process that this is a fork of
        # First: what changes while the rows are read makes them old.
        state = place, self._hot.version(task_id)
        while (known := self._tasks.get(task_id)) is not None and known.state != state:
            if known.readers:
                self._changed.wait()
            else:
                self._let_go(task_id)
        if known is None:
            known = self._tasks[task_id] = self._thaw(task_id, state)
        self._tasks.move_to_end(task_id)
        return known

    def _make_room(self) -> None:
        """Let go of the tasks that were asked for longest ago, but of no last one."""
        for task_id in list(self._tasks)[:-1]:
            steps = sum(task.steps for task in self._tasks.values())
            if len(self._tasks) <= MAX_TASKS and steps <= MAX_STEPS:
                return
            if not self._tasks[task_id].readers:
                self._let_go(task_id)

    def _let_go(self, task_id: str) -> None:
        task = self._tasks.pop(task_id)
        task.store.close()
        _remove(task.folder, self._pid)

    def _thaw(self, task_id: str, state: tuple[str, str]) -> _Task:
        folder = self._new_folder()
        store = ThawedTask(folder, self._archive.picture_folder, state[1])
        try:
            self._fill(store, task_id, state[0])
            return _Task(state, store, folder, store.count_steps(task_id))
        except BaseException:
            store.close()
            _remove(folder, self._pid)
            raise

    def _fill(self, store: ThawedTask, task_id: str, place: str) -> None:
        cold, hot = self._archive, self._hot
        if not is_place(place):
            raise StoreOnHold(
                f"that is no place in the archive {cold.shown}", remedy="run `otel-steps fsck`"
            )
        task = next(cold.rows("tasks", place, task_id), None)
        if task is None:
            raise StoreOnHold(
                f"the archive {cold.shown} has no such task there",
                remedy="name the archive that has it with OTEL_STEPS_ARCHIVE",
            )
        # As the database has it now.
        rows: Iterator[tuple[str, Any]] = iter(
            [("tasks", _row("tasks", hot.task(task_id) or task))]
        )
        said: dict[str, Annotation] = {}
        for table, late in (
            ("task_steps", hot.steps),
            ("step_screenshots", hot.screenshots),
            ("task_spans", hot.spans),
        ):
            found = chain(cold.rows(table, place, task_id), _later(late, task_id))
            rows = chain(rows, _rows(table, found, said))
        while some := list(islice(rows, _PORTION)):
            store.write(
                Batch(
                    **{
                        name: [row for table, row in some if table == own]
                        for own, (name, _) in _ROWS.items()
                    }
                )
            )
        for step_id, words in said.items():
            store.annotate(task_id, words, step_id=step_id)

    def _new_folder(self) -> Path:
        try:
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix="otel-steps-"))
                self._remove = weakref.finalize(self, _remove, self._folder, os.getpid())
            return Path(tempfile.mkdtemp(dir=self._folder))
        except OSError as error:
            raise StoreOnHold(
                f"there is no room here for its rows: {error}",
                remedy="set TMPDIR to a folder with room for them",
            ) from error


def _later(ask: Callable[[str], list[Json]], task_id: str) -> Iterator[Json]:
    """Yield what the database has of a task, asked for when it is needed."""
    yield from ask(task_id)


def _rows(
    table: str, found: Iterable[Json], said: dict[str, Annotation]
) -> Iterator[tuple[str, Any]]:
    """Yield rows with their table; what people have said of steps goes to *said*, by their ids."""
    for row in found:
        if table == "task_steps" and (words := annotation_in(row)) is not None:
            said[row["id"]] = words
        yield table, _row(table, row)


def _row(table: str, found: Mapping[str, Any]) -> Any:
    _, row_class = _ROWS[table]
    return row_class(**{name: found[name] for name in ROW_COLUMNS[table]})


def _nothing() -> None:
    pass


def _remove(folder: Path, pid: int) -> None:
    if os.getpid() == pid:  # a forked child leaves it to its parent
        shutil.rmtree(folder, ignore_errors=True)
