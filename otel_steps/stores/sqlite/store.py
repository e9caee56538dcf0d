"""
The embedded store: one SQLite file beside the pictures, for one machine and no server.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from otel_steps.errors import StoreError, StoreUnavailable
from otel_steps.rows.model import Batch, ScreenshotRow, StepRow
from otel_steps.stores.contract import Json, Written, report_of
from otel_steps.stores.span_tree import spans_of_task
from otel_steps.stores.sqlite.connections import Connections
from otel_steps.stores.sqlite.reads import Reader
from otel_steps.stores.sqlite.search import Search
from otel_steps.stores.sqlite.writes import (
    EncodedBatch,
    EncodedPictures,
    annotate,
    attach,
    write,
)
from otel_steps.stores.task_query import TaskPage, TaskQuery

_T = TypeVar("_T")


class SqliteStore:
    """
    Tasks, steps, screenshots and spans in one SQLite file; it is made where it does not exist.

    Args:
        path: The file.
        screenshots: The folder that `screenshot_path` of a row is relative to.

    Raises:
        StoreUnavailable, StoreOnHold: The file cannot be opened.
    """

    name = "sqlite"
    is_embedded = True

    def __init__(self, path: Path, *, screenshots: Path) -> None:
        # Absolute now: the agent may change its working folder later.
        self._path = path.absolute()
        self._screenshots = screenshots.absolute()
        self._connections = Connections(self._path)

    def write(self, batch: Batch) -> Written:
        """Store *batch*: all of it, or nothing; see `Store.write`."""
        encoded = EncodedBatch(batch)
        return self._write(lambda connection: write(connection, encoded))

    def attach(self, steps: Sequence[StepRow], screenshots: Sequence[ScreenshotRow]) -> None:
        """Give stored *steps* their pictures; see `Store.attach`."""
        encoded = EncodedPictures(steps, screenshots)
        self._write(lambda connection: attach(connection, encoded))

    def annotate(self, task_id: str, *, tags: Sequence[str], notes: str) -> Json | None:
        """Replace a person's tags and notes on a task; return the row as it is now, or None."""
        if self.task(task_id) is None:
            return None
        self._write(lambda connection: annotate(connection, task_id, tags, notes))
        return self.task(task_id)

    def tasks(self, *, status: str | None = None, limit: int = 50, offset: int = 0) -> list[Json]:
        """Return rows of `tasks`, the newest first."""
        with self._reader() as reader:
            return reader.tasks(status, limit, offset)

    def task(self, task_id: str) -> Json | None:
        """Return one row of `tasks`, or None."""
        with self._reader() as reader:
            return reader.task(task_id)

    def steps(self, task_id: str, *, limit: int | None = None, offset: int = 0) -> list[Json]:
        """Return rows of `task_steps` of a task in the order in which they were taken."""
        with self._reader() as reader:
            return reader.steps(task_id, limit, offset)

    def count_steps(self, task_id: str) -> int:
        """Return how many steps a task has."""
        with self._reader() as reader:
            return reader.count_steps(task_id)

    def screenshots(self, task_id: str) -> list[Json]:
        """Return rows of `step_screenshots` of a task in the order of their steps."""
        with self._reader() as reader:
            return reader.screenshots(task_id)

    def spans(self, task_id: str, step_id: str | None = None) -> list[Json]:
        """Return rows of `task_spans` of a task, or of those below one step, by start time."""
        with self._reader() as reader:
            if step_id is not None:
                return reader.spans_below(task_id, step_id)
            return spans_of_task(task_id, reader.step_places(task_id), reader.spans_near(task_id))

    def find_tasks(self, query: TaskQuery) -> TaskPage:
        """Return the page of tasks that *query* asks for."""
        with self._own_connections().reading() as connection:
            search = Search(connection)
            task_ids, total = search.tasks(query)
            hits = search.hits(task_ids, query.text) if query.text else {}
            tasks = Reader(connection, self._screenshots).tasks_named(task_ids)
        return TaskPage(tasks, total, hits)

    def facets(self) -> dict[str, list[str]]:
        """Return what tasks can be narrowed down to: "apps", "models", "devices" and "tags"."""
        with self._own_connections().reading() as connection:
            return Search(connection).facets()

    def index(self, task_id: str) -> Json | None:
        """Return what is to be known of every step of a task, in columns; see `step_index`."""
        with self._reader() as reader:
            return reader.index(task_id)

    def indexes(self, task_ids: Sequence[str]) -> dict[str, Json]:
        """Return the indexes of several tasks, by their ids; unknown tasks have none."""
        with self._reader() as reader:
            found = {task_id: reader.index(task_id) for task_id in task_ids}
        return {task_id: index for task_id, index in found.items() if index is not None}

    def step(self, task_id: str, step_id: str) -> Json | None:
        """Return `{"step", "screenshot"}`, the rows of one step of a task, or None."""
        with self._reader() as reader:
            return reader.step(task_id, step_id)

    def find_steps(self, task_id: str, text: str) -> list[str]:
        """Return the ids of the steps that have *text*, as `TaskQuery.text` has it, in order."""
        with self._own_connections().reading() as connection:
            return Search(connection).steps(task_id, text)

    def version(self, task_id: str | None = None) -> str:
        """Return a word that changes with a task, or with the list of all; see `Store.version`."""
        with self._reader() as reader:
            return reader.version(task_id)

    def report(self, task_id: str) -> Json | None:
        """Return task, steps, screenshots and statistics as one moment saw them, or None."""
        with self._reader() as reader:
            task = reader.task(task_id)
            steps = reader.steps(task_id)
            screenshots = reader.screenshots(task_id)
        return report_of(task, steps, screenshots)

    def statistics(self) -> Json:
        """Return counts over all tasks; see `Store.statistics`."""
        with self._reader() as reader:
            return reader.statistics()

    def close(self) -> None:
        """Release files and connections; any number of times."""
        if self._connections.pid == os.getpid():
            self._connections.close()

    def _write(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        # Once more, into the new file, where the one it went to is no longer there.
        for _ in range(2):
            connections = self._own_connections()
            try:
                with connections.writing() as connection:
                    done = work(connection)
            except StoreError:
                if connections.is_current():
                    raise
            else:
                if connections.is_current():
                    return done
            connections.reopen()
        raise StoreUnavailable(f"the database {self._path} was replaced while it was written to")

    @contextmanager
    def _reader(self) -> Iterator[Reader]:
        with self._own_connections().reading() as connection:
            yield Reader(connection, self._screenshots)

    def _own_connections(self) -> Connections:
        if self._connections.pid != os.getpid():
            self._connections = Connections(self._path)
        return self._connections
