"""
An archive: tasks in bundles, each written once and never changed, and their pictures.
"""

import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from otel_steps.config import Settings
from otel_steps.pictures.location import folder_at
from otel_steps.pictures.store import ScreenshotStore
from otel_steps.stores.cold import layout
from otel_steps.stores.cold.files import SETTING, Files, FolderFiles, UrlFiles
from otel_steps.stores.cold.parquet import RowsFile, connect, rows_in, translated
from otel_steps.stores.json_object import Json

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

# A task: table -> its rows. They are read once, so that a long task need not be in memory.
TaskRows = Mapping[str, Iterable[Json]]


class Archive:
    """
    Tasks of some store in Parquet, as that store had them; any thread may read.

    Rows have the columns of `rows.tables`, their paths as the store keeps them. Opening makes and
    reads nothing; an archive that is not there reads as an empty one.

    Raises:
        StoreUnavailable, StoreOnHold: Any method, where the archive cannot be read or written.
    """

    def __init__(self, files: Files) -> None:
        self.shown = files.shown
        self.picture_folder = files.picture_folder
        self._files = files
        self._lock = threading.Lock()
        self._connection: DuckDBPyConnection | None = None
        self._is_known = False

    def write(self, day: str, tasks: Iterable[TaskRows]) -> str:
        """
        Write a bundle of tasks of a day (YYYY-MM-DD); return its place.

        Nothing knows of it yet: to say in a store that its tasks are there is the caller's, who has
        read them back.

        Raises:
            ValueError: *day* is none.
        """
        place = layout.new_place(day)
        self._make()
        with tempfile.TemporaryDirectory(prefix="otel-steps-") as name:
            folder = Path(name)
            files = {table: RowsFile(table, folder) for table in layout.WRITTEN}
            for rows in tasks:
                (task,) = rows["tasks"]
                files["tasks"].add(task["task_id"], [task])
                for table in layout.WRITTEN[:-1]:
                    files[table].add(task["task_id"], rows[table])
            with closing(connect(folder)) as writer, translated(self.shown):
                made = {
                    layout.file_of(place, table): file.finish(writer)
                    for table, file in files.items()
                }
            self._files.keep(made)
        return place

    def places(self) -> Iterator[str]:
        """Yield the places that are whole, day by day."""
        for folder, names in self._files.days():
            for name in names:
                match layout.place_of(folder, name):
                    case (place, "tasks"):
                        yield place

    def tasks(self, place: str | None = None) -> Iterator[Json]:
        """Yield the rows of `tasks` of a place, or of all places, as they were when they went."""
        for each in self.places() if place is None else [place]:
            yield from self.rows("tasks", each)

    def rows(self, table: str, place: str, task_id: str | None = None) -> Iterator[Json]:
        """
        Yield the rows of a table at a place, of one task or of all, in the order of the store.

        Raises:
            ValueError: *place* is none.
        """
        address = self._files.address(layout.file_of(place, table))
        connection = self._opened()
        with translated(self.shown):
            yield from rows_in(connection, table, address, task_id)

    def rows_of(self, task_id: str, place: str) -> dict[str, list[Json]]:
        """
        Return all rows of a task by their table; lists are empty where the place has none.

        Raises:
            ValueError: *place* is none.
        """
        return {table: list(self.rows(table, place, task_id)) for table in layout.WRITTEN}

    def pictures(self) -> ScreenshotStore:
        """Return the pictures of all tasks, as the store of pictures had them."""
        return ScreenshotStore(self._files.pictures())

    def remove(self, place: str) -> None:
        """Remove the files of a place to which nothing refers; what is gone already is no error."""
        for table in reversed(layout.WRITTEN):
            self._files.remove(layout.file_of(place, table))

    def written_at(self, place: str) -> float:
        """Return when a place was finished, in seconds since 1970; infinite where nobody knows."""
        return self._files.written_at(layout.file_of(place, layout.WRITTEN[-1]))

    def broken_places(self, *, before: float = float("inf")) -> list[str]:
        """Return places that somebody has begun before a moment, and not finished."""
        whole = set(self.places())
        found = {
            known[0]: f"{folder}/{name}"
            for folder, names in self._files.days()
            for name in names
            if (known := layout.place_of(folder, name)) is not None
        }
        return sorted(
            place
            for place, file in found.items()
            if place not in whole and self._files.written_at(file) <= before
        )

    def is_there(self) -> bool:
        """
        Return whether anything was archived here.

        Raises:
            StoreOnHold: Something else is there, or an archive of a later version.
        """
        if not self._is_known and (text := self._files.read(layout.MANIFEST)) is not None:
            layout.check_manifest(text, self.shown)
            self._is_known = True
        return self._is_known

    def check_readable(self) -> None:
        """
        Check that rows can be read at all, before what cannot be is taken for lost.

        Raises:
            StoreOnHold: DuckDB is not installed, or something else is there; see `is_there`.
        """
        self.is_there()
        self._opened()

    def close(self) -> None:
        """Release what is open; the next use opens it again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _make(self) -> None:
        if not self.is_there():
            self._files.write(layout.MANIFEST, layout.manifest())

    def _opened(self) -> "DuckDBPyConnection":
        with self._lock:
            if self._connection is None:
                connection = connect()
                self._files.lend(connection)
                self._connection = connection
            return self._connection


def open_archive(settings: Settings) -> Archive:
    """
    Open the archive that *settings* name, by default `archive` in the data folder.

    Raises:
        ConfigError: `OTEL_STEPS_ARCHIVE` names nothing that files can be written to.
    """
    if settings.archive is None:
        return archive_in(settings.dir)
    url = settings.archive.reveal()
    folder = folder_at(url, SETTING)
    return Archive(UrlFiles(url) if folder is None else FolderFiles(folder))


def archive_in(folder: Path) -> Archive:
    """Open the archive that is in a data folder where no setting names another one."""
    return Archive(FolderFiles(folder / "archive"))
