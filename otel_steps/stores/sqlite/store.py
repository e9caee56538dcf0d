"""
The embedded store: one SQLite file beside the pictures, for one machine and no server.
"""

import os
import sqlite3
from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeVar

from otel_steps.errors import StoreError, StoreUnavailable
from otel_steps.rows.model import Batch, ScreenshotRow, StepRow
from otel_steps.stores.annotation import Annotation, AnnotationChanged
from otel_steps.stores.archived import Archived, Keys
from otel_steps.stores.contract import Written
from otel_steps.stores.digest import Digest, Undigested
from otel_steps.stores.figures import check_grouping
from otel_steps.stores.flaws import Flaw, FlawKind
from otel_steps.stores.json_object import Json
from otel_steps.stores.removal import Holding, Removal
from otel_steps.stores.report_totals import report_of
from otel_steps.stores.search_text import are_storable
from otel_steps.stores.span_tree import spans_of_task
from otel_steps.stores.sqlite import (
    annotations,
    archiving,
    copying,
    digests,
    figures,
    flaws,
    holdings,
    kept,
    removal,
    schema,
    search_index,
    similar,
    stale,
    sums,
    totals,
    unneeded,
    usage,
)
from otel_steps.stores.sqlite.connections import Connections
from otel_steps.stores.sqlite.counts import Counts
from otel_steps.stores.sqlite.readers import Changed
from otel_steps.stores.sqlite.reads import Reader
from otel_steps.stores.sqlite.search import Search
from otel_steps.stores.sqlite.writes import (
    EncodedBatch,
    EncodedPictures,
    attach,
    write,
)
from otel_steps.stores.task_query import TaskPage, TaskQuery, total_of

_T = TypeVar("_T")

_READ_TRIES: Final = 3
_CHECK: Final = "PRAGMA quick_check(5)"


class SqliteStore:
    """
    Tasks, steps, screenshots and spans in one SQLite file.

    The first write makes it where it does not exist. Reading makes and changes nothing, neither the
    file nor anything beside it, so it works on a disk that is read-only or full.

    Args:
        path: The file.
        screenshots: The folder that `screenshot_path` of a row is relative to.
        missing_ok: Let a file that is not there read as one without rows, in place of an error.

    Raises:
        StoreUnavailable, StoreOnHold: The file is there and cannot be read.
    """

    name = "sqlite"
    is_embedded = True

    def __init__(self, path: Path, *, screenshots: Path, missing_ok: bool = False) -> None:
        # Absolute now: the agent may change its working folder later.
        self._path = path.absolute()
        self._screenshots = screenshots.absolute()
        self._missing_ok = missing_ok
        self._connections = Connections(self._path, missing_ok=missing_ok)
        self._counts = Counts()

    def write(self, batch: Batch) -> Written:
        """Store *batch*: all of it, or nothing; see `Store.write`."""
        encoded = EncodedBatch(batch)

        def work(connection: sqlite3.Connection) -> Written:
            with kept.carrying(connection, encoded.task_ids):
                return write(connection, encoded)

        return self._write(work)

    def attach(self, steps: Sequence[StepRow], screenshots: Sequence[ScreenshotRow]) -> None:
        """Give stored *steps* their pictures; see `Store.attach`."""
        encoded = EncodedPictures(steps, screenshots)
        self._write(lambda connection: attach(connection, encoded))

    def annotate(
        self,
        task_id: str,
        said: Annotation,
        *,
        step_id: str | None = None,
        seen: Annotation | None = None,
    ) -> Json | None:
        """Write what a person says of a task or a step; see `Store.annotate`."""
        # First, for a write would make a file that is not there.
        if self._annotated(task_id, step_id) is None:
            return None
        is_written = self._write(
            lambda connection: annotations.annotate(connection, task_id, step_id, said, seen)
        )
        row = self._annotated(task_id, step_id)
        if row is not None and not is_written:
            raise AnnotationChanged(row)
        return row

    def _annotated(self, task_id: str, step_id: str | None) -> Json | None:
        if step_id is None:
            return self.task(task_id)
        found = self.step(task_id, step_id)
        return None if found is None else found["step"]

    def tag(
        self, task_ids: Sequence[str], *, add: Sequence[str] = (), remove: Sequence[str] = ()
    ) -> int:
        """Add and remove tags of tasks; return how many of them are known."""
        known = [task["task_id"] for task in self._ask(lambda reader: reader.tasks_named(task_ids))]
        if not known:
            return 0
        return self._write(lambda connection: annotations.tag(connection, known, add, remove))

    def holdings(self, after: str = "", *, only: Sequence[str] | None = None) -> list[Holding]:
        """Return what is held of some tasks, in the order of their ids; see `Store.holdings`."""
        return self._read(lambda connection: holdings.page(connection, after, only))

    def remove(
        self,
        task_ids: Sequence[str],
        *,
        pictures_only: bool = False,
        keep_first_last_failed: bool = False,
        before: str | None = None,
    ) -> Removal:
        """Remove some of the rows of tasks, in one transaction; see `Store.remove`."""
        known = [task_id for task_id in task_ids if are_storable([task_id])]
        return self._write(
            lambda connection: removal.remove(
                connection,
                known,
                pictures_only=pictures_only,
                keep_first_last_failed=keep_first_last_failed,
                before=before,
            )
        )

    def remove_months(self, task_ids: Sequence[str], *, before: str | None = None) -> int:
        """Remove none: a file does not keep months apart; see `Store.remove_months`."""
        return 0

    def unneeded_pictures(self) -> list[str]:
        """Return some pictures that no row needs any more; see `Store.unneeded_pictures`."""
        return self._write(unneeded.some)

    def forget_pictures(self, names: Sequence[str]) -> list[str]:
        """Note that the files of pictures are gone; see `Store.forget_pictures`."""
        return self._write(lambda connection: unneeded.forget(connection, names))

    def needed_pictures(self, names: Sequence[str]) -> list[str]:
        """Return those of *names* that a row needs; see `Store.needed_pictures`."""
        return self._read(lambda connection: sorted(unneeded.needed(connection, names)))

    def stored_rows(
        self, table: str, task_id: str, *, limit: int | None = None, offset: int = 0
    ) -> list[Json]:
        """Return rows of a task as they are stored; see `Store.stored_rows`."""

        def rows(connection: sqlite3.Connection) -> list[Json]:
            reader = Reader(connection, None)
            read = {"task_steps": reader.steps, "step_screenshots": reader.screenshots}[table]
            return read(task_id, limit, offset)

        return self._read(rows)

    def archived(self, after: str = "") -> list[Archived]:
        """Return archived tasks, in the order of their ids; see `Store.archived`."""
        return self._read(lambda connection: archiving.page(connection, after))

    def let_go(self, task_id: str, place: str, keys: Keys, *, seen: str, before: str) -> str | None:
        """Delete rows that are in the archive; see `Store.let_go`."""
        return self._write(
            lambda connection: archiving.let_go(connection, task_id, place, keys, seen, before)
        )

    def put_back(self, task_id: str, place: str, rows: Mapping[str, Sequence[Json]]) -> bool:
        """Insert rows out of the archive; see `Store.put_back`."""
        encoded = {table: archiving.encoded(table, some) for table, some in rows.items()}
        named = archiving.named_pictures(rows)
        return self._write(
            lambda connection: archiving.put_back(connection, task_id, place, encoded, named)
        )

    def wake(self, task_id: str, place: str, *, steps: int) -> bool:
        """Note that a task is whole again; see `Store.wake`."""
        return self._write(lambda connection: archiving.wake(connection, task_id, place, steps))

    def recount(self, after: str = "", *, mends: bool = False) -> tuple[list[str], str | None]:
        """Return whose totals are wrong, of some tasks; see `Store.recount`."""
        wrong, last = self._read(lambda connection: totals.wrong(connection, after))
        if mends and wrong:
            self._write(lambda connection: totals.count(connection, wrong))
        return wrong, last

    def close_stale(self, before: str, *, mends: bool = False) -> list[str]:
        """Return tasks that nobody goes on with; see `Store.close_stale`."""
        task_ids = self._read(lambda connection: stale.found(connection, before))
        if mends and task_ids:
            self._write(lambda connection: stale.close(connection, task_ids, before))
        return task_ids

    def flaws(self, kind: FlawKind, after: str = "") -> list[Flaw]:
        """Return rows that have a flaw; see `Store.flaws`."""
        return self._read(lambda connection: flaws.page(connection, kind, after))

    def mend(self, kind: FlawKind, keys: Sequence[str]) -> None:
        """Take a flaw out of rows; see `Store.mend`."""
        self._write(lambda connection: flaws.mend(connection, kind, keys))

    def picture_rows(self, after: str = "") -> list[Flaw]:
        """Return a page of rows of pictures; see `Store.picture_rows`."""
        return self._read(lambda connection: flaws.pictures(connection, after))

    def lose_pictures(self, keys: Sequence[str]) -> None:
        """Remove rows of pictures whose files are gone; see `Store.lose_pictures`."""
        self._write(lambda connection: flaws.lose(connection, keys))

    def claim(self, chore: str, for_s: float) -> bool:
        """Take a chore that is due; see `Store.claim`."""
        return self._write(lambda connection: holdings.claim(connection, chore, for_s))

    def tasks(self, *, status: str | None = None, limit: int = 50, offset: int = 0) -> list[Json]:
        """Return rows of `tasks`, the newest first."""
        return self._ask(lambda reader: reader.tasks(status, limit, offset))

    def task(self, task_id: str) -> Json | None:
        """Return one row of `tasks`, or None."""
        return self._ask(lambda reader: reader.task(task_id))

    def places(self, task_ids: Sequence[str]) -> dict[str, str]:
        """Return where in the archive the steps of tasks are, by the ids of archived ones."""
        return self._ask(lambda reader: reader.places(task_ids))

    def steps(self, task_id: str, *, limit: int | None = None, offset: int = 0) -> list[Json]:
        """Return rows of `task_steps` of a task in the order in which they were taken."""
        return self._ask(lambda reader: reader.steps(task_id, limit, offset))

    def count_steps(self, task_id: str) -> int:
        """Return how many steps a task has."""
        return self._ask(lambda reader: reader.count_steps(task_id))

    def screenshots(self, task_id: str) -> list[Json]:
        """Return rows of `step_screenshots` of a task in the order of their steps."""
        return self._ask(lambda reader: reader.screenshots(task_id))

    def spans(self, task_id: str, step_id: str | None = None) -> list[Json]:
        """Return rows of `task_spans` of a task, or of those below one step, by start time."""
        if step_id is not None:
            return self._ask(lambda reader: reader.spans_below(task_id, step_id))
        places, spans = self._ask(
            lambda reader: (reader.step_places(task_id), reader.spans_near(task_id))
        )
        return spans_of_task(task_id, places, spans)

    def find_tasks(self, query: TaskQuery) -> TaskPage:
        """Return the page of tasks that *query* asks for."""
        page, counted_from = self._read(lambda connection: self._page(connection, query))
        # Not before: what was read while the file was written to is read again.
        self._counts.keep(counted_from, page.by_status)
        return page

    def _page(self, connection: sqlite3.Connection, query: TaskQuery) -> tuple[TaskPage, Hashable]:
        search = Search(connection)
        counted_from = search.counted_from(query)
        task_ids, by_status = search.tasks(query, self._counts.get(counted_from))
        hits = search.hits(task_ids, query.text) if query.text else {}
        tasks = Reader(connection, self._screenshots).tasks_named(task_ids)
        return TaskPage(tasks, total_of(query, by_status), by_status, hits), counted_from

    def extend_search(self) -> bool:
        """Index some tasks that have changed; return whether there are more."""
        return search_index.extend(self._own_connections())

    def wrong_index(self) -> list[str]:
        """Return tasks whose index lacks some of their steps; see `search_index`."""
        return self._read(search_index.wrong)

    def forget_index(self) -> None:
        """Forget the index of what steps say; `extend_search` makes it anew."""
        self._write(search_index.forget_wrong)

    def facets(self) -> dict[str, list[str]]:
        """Return what tasks can be narrowed down to, by name; see `Store.facets`."""
        return self._read(lambda connection: Search(connection).facets())

    def index(self, task_id: str) -> Json | None:
        """Return what is to be known of every step of a task, in columns; see `step_index`."""
        return self._ask(lambda reader: reader.index(task_id))

    def indexes(self, task_ids: Sequence[str]) -> dict[str, Json]:
        """Return the indexes of several tasks, by their ids; unknown tasks have none."""
        found = self._ask(lambda reader: {task_id: reader.index(task_id) for task_id in task_ids})
        return {task_id: index for task_id, index in found.items() if index is not None}

    def texts(self, counts: Mapping[str, int]) -> dict[str, dict[str, Json]]:
        """Return what was said in the last steps of several tasks; see `Store.texts`."""
        return self._ask(lambda reader: {task_id: reader.texts(task_id) for task_id in counts})

    def step(self, task_id: str, step_id: str) -> Json | None:
        """Return `{"step", "screenshot"}`, the rows of one step of a task, or None."""
        return self._ask(lambda reader: reader.step(task_id, step_id))

    def find_steps(self, task_id: str, text: str) -> list[str]:
        """Return the ids of the steps that have *text*, as `TaskQuery.text` has it, in order."""
        return self._read(lambda connection: Search(connection).steps(task_id, text))

    def similar(
        self, phash: int, *, task_id: str, project: str | None = None, limit: int = 24
    ) -> list[Json]:
        """Return the steps of other tasks whose screens look like one; see `Store.similar`."""
        wanted = similar.Wanted(phash, task_id, project, limit)
        return self._read(lambda connection: similar.similar(connection, wanted))

    def version(self, task_id: str | None = None) -> str:
        """Return a word that changes with a task, or with the list of all; see `Store.version`."""
        return self._ask(lambda reader: reader.version(task_id))

    def report(self, task_id: str) -> Json | None:
        """Return task, steps, screenshots and statistics as one moment saw them, or None."""
        return report_of(
            *self._ask(
                lambda reader: (
                    reader.task(task_id),
                    reader.steps(task_id),
                    reader.screenshots(task_id),
                )
            )
        )

    def copy_to(self, target: Path, progress: Callable[[int, int], None]) -> None:
        """Copy the database to a new file, as it is at one moment; see `copying.copy`."""
        self._read(lambda connection: copying.copy(connection, target, progress))

    def damage(self) -> list[str]:
        """
        Return what is wrong with the file, in a few lines: nothing as a rule.

        What SQLite's `quick_check` finds, or else which of our tables, indexes and triggers are
        not those of the version that it says to have.
        """
        found = self._read(lambda connection: connection.execute(_CHECK).fetchall())
        if found == [("ok",)]:
            return self._read(schema.out_of_order)
        return [line for (line,) in found]

    def statistics(self) -> Json:
        """Return counts over all tasks; see `Store.statistics`."""
        return self._ask(lambda reader: reader.statistics())

    def usage(self, task_ids: Sequence[str]) -> dict[str, list[Json]]:
        """Return what the steps of tasks have used of their models; see `Store.usage`."""
        wanted = [task_id for task_id in task_ids if are_storable([task_id])]
        return self._read(lambda connection: usage.usage(connection, wanted))

    def usage_by_day(self) -> list[Json]:
        """Return what all steps have used, by day and model; see `Store.usage_by_day`."""
        return self._read(usage.usage_by_day)

    def task_figures(self, query: TaskQuery, by: str = "all") -> list[Json]:
        """Return figures of the tasks that *query* chooses; see `Store.task_figures`."""
        check_grouping(by)
        return self._read(lambda connection: figures.of_tasks(connection, query, by))

    def usage_figures(self, query: TaskQuery, by: str = "all") -> list[Json]:
        """Return what the steps of these tasks have used; see `Store.usage_figures`."""
        check_grouping(by)
        return self._read(lambda connection: figures.of_usage(connection, query, by))

    def action_figures(self, query: TaskQuery) -> list[Json]:
        """Return figures of the actions of these tasks; see `Store.action_figures`."""
        return self._read(lambda connection: figures.of_actions(connection, query))

    def extend_sums(self) -> bool:
        """Add up the steps of some tasks that have changed; return whether there are more."""
        return sums.extend(self._own_connections())

    def digests(self, task_ids: Sequence[str]) -> dict[str, Json]:
        """Return the cards kept of tasks, by their ids; see `Store.digests`."""
        wanted = [task_id for task_id in task_ids if are_storable([task_id])]
        return self._read(lambda connection: digests.cards(connection, wanted))

    def undigested(
        self, most: int, *, project: str | None = None, is_at_rest: bool = False
    ) -> Undigested:
        """Return the newest tasks without a digest; see `Store.undigested`."""

        def asked(connection: sqlite3.Connection) -> Undigested:
            task_ids, count = digests.undigested(connection, most, project, is_at_rest=is_at_rest)
            rows = Reader(connection, self._screenshots).tasks_named(task_ids)
            return Undigested(rows, count)

        return self._read(asked)

    def keep_digests(self, told: Sequence[Digest]) -> int:
        """Keep digests of tasks that have not changed; see `Store.keep_digests`."""
        return digests.keep(self._own_connections(), told) if told else 0

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
            connections.let_go()
        raise StoreUnavailable(f"the database {self._path} was replaced while it was written to")

    def _ask(self, question: Callable[[Reader], _T]) -> _T:
        return self._read(lambda connection: question(Reader(connection, self._screenshots)))

    def _read(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        # Again where a writer has come meanwhile; from then on its log keeps us apart.
        for _ in range(_READ_TRIES):
            with suppress(Changed), self._own_connections().reading() as connection:
                return work(connection)
        raise StoreUnavailable(f"the database {self._path} changes faster than it can be read")

    def _own_connections(self) -> Connections:
        if self._connections.pid != os.getpid():
            self._connections = Connections(self._path, missing_ok=self._missing_ok)
        return self._connections
