"""
The embedded store: one SQLite file beside the pictures, for one machine and no server.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from otel_steps.model import Batch
from otel_steps.stores.contract import (
    Json,
    StoreError,
    StoreUnavailable,
    Written,
    report_of,
)
from otel_steps.stores.span_tree import spans_of_task
from otel_steps.stores.sqlite_connections import Connections
from otel_steps.stores.sqlite_reads import Reader
from otel_steps.stores.sqlite_writes import EncodedBatch, write


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
        # Once more, into the new file, where the one it went to is no longer there.
        for _ in range(2):
            connections = self._own_connections()
            try:
                with connections.writing() as connection:
                    written = write(connection, encoded)
            except StoreError:
                if connections.is_current():
                    raise
            else:
                if connections.is_current():
                    return written
            connections.reopen()
        raise StoreUnavailable(f"the database {self._path} was replaced while it was written to")

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

    def spans(self, task_id: str) -> list[Json]:
        """Return rows of `task_spans` that belong to a task, by start time."""
        with self._reader() as reader:
            return spans_of_task(task_id, reader.steps(task_id), reader.spans_near(task_id))

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

    @contextmanager
    def _reader(self) -> Iterator[Reader]:
        with self._own_connections().reading() as connection:
            yield Reader(connection, self._screenshots)

    def _own_connections(self) -> Connections:
        if self._connections.pid != os.getpid():
            self._connections = Connections(self._path)
        return self._connections
