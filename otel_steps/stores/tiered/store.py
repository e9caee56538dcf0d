"""
The store that whoever reads wants: tasks are there, wherever their rows lie.

What is asked of one task that is archived is answered from the archive. What is asked of many at
once, such as lists and figures, is answered by what the database keeps of archived ones.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from otel_steps.config import ConfigError
from otel_steps.errors import StoreError, StoreOnHold, StoreUnavailable
from otel_steps.pictures.store import ScreenshotStore
from otel_steps.process.forks import no_fork
from otel_steps.stores.annotation import Annotation
from otel_steps.stores.contract import Store
from otel_steps.stores.json_object import Json
from otel_steps.stores.report_totals import report_of

if TYPE_CHECKING:
    from otel_steps.stores.cold import Archive
    from otel_steps.stores.tiered.thawed import Thawed

_T = TypeVar("_T")

_FSCK: Final = "run `otel-steps fsck`"


class TieredStore:
    """
    The tasks of *hot*, with those that are archived, as if they all lay there; see `Store`.

    A task is marked as archived before any of its rows go, and until all of them are back. So a
    question is asked of *hot* first, and of the archive where the task was marked by then.

    Writes go to *hot*; the steps of an archived task cannot be annotated. Closing it closes *hot*.

    Args:
        hot: The database.
        open_archive: Called when an archived task is asked for, not before.

    Attributes:
        hot: The database alone, for whoever looks after it.
    """

    def __init__(self, hot: Store, open_archive: Callable[[], "Archive"]) -> None:
        self.hot = hot
        self.name = hot.name
        self.is_embedded = hot.is_embedded
        self._open_archive = open_archive
        self._lock = threading.Lock()  # guards the next one
        self._opened: tuple[Archive, Thawed] | None = None

        # Both tiers answer alike, for the database keeps what is asked of many tasks.
        self.task, self.tasks, self.find_tasks = hot.task, hot.tasks, hot.find_tasks
        self.places, self.version, self.facets = hot.places, hot.version, hot.facets
        self.statistics, self.similar, self.tag = hot.statistics, hot.similar, hot.tag
        self.task_figures, self.action_figures = hot.task_figures, hot.action_figures
        self.usage, self.usage_figures = hot.usage, hot.usage_figures
        self.usage_by_day = hot.usage_by_day
        self.extend_search, self.extend_sums = hot.extend_search, hot.extend_sums
        self.digests, self.undigested = hot.digests, hot.undigested
        self.keep_digests = hot.keep_digests
        self.write, self.attach = hot.write, hot.attach
        self.holdings, self.remove, self.claim = hot.holdings, hot.remove, hot.claim
        self.remove_months = hot.remove_months
        self.unneeded_pictures, self.needed_pictures = hot.unneeded_pictures, hot.needed_pictures
        self.forget_pictures = hot.forget_pictures
        self.recount, self.close_stale = hot.recount, hot.close_stale
        self.flaws, self.mend = hot.flaws, hot.mend
        self.picture_rows, self.lose_pictures = hot.picture_rows, hot.lose_pictures
        self.stored_rows, self.archived = hot.stored_rows, hot.archived
        self.let_go, self.put_back, self.wake = hot.let_go, hot.put_back, hot.wake

    def steps(self, task_id: str, *, limit: int | None = None, offset: int = 0) -> list[Json]:
        """Return rows of the steps of a task."""
        return self._of(task_id, lambda it: it.steps(task_id, limit=limit, offset=offset))

    def count_steps(self, task_id: str) -> int:
        """Return how many steps a task has."""
        return self._of(task_id, lambda it: it.count_steps(task_id))

    def screenshots(self, task_id: str) -> list[Json]:
        """Return rows of the pictures of a task."""
        return self._of(task_id, lambda it: it.screenshots(task_id))

    def spans(self, task_id: str, step_id: str | None = None) -> list[Json]:
        """Return rows of the other spans of a task."""
        return self._of(task_id, lambda it: it.spans(task_id, step_id))

    def step(self, task_id: str, step_id: str) -> Json | None:
        """Return the rows of one step of a task, or None."""
        return self._of(task_id, lambda it: it.step(task_id, step_id))

    def find_steps(self, task_id: str, text: str) -> list[str]:
        """Return the ids of the steps that have *text*."""
        return self._of(task_id, lambda it: it.find_steps(task_id, text))

    def report(self, task_id: str) -> Json | None:
        """Return the report of a task, or None."""
        found = self._of(task_id, lambda it: it.report(task_id))
        if found is None:
            return None
        # That of the database has its totals, and what people say of it.
        return report_of(self.task(task_id), found["steps"], found["screenshots"])

    def index(self, task_id: str) -> Json | None:
        """Return the index of a task, or None."""
        return self.indexes([task_id]).get(task_id)

    def indexes(self, task_ids: Sequence[str]) -> dict[str, Json]:
        """Return the indexes of several tasks."""
        answers = dict(self.hot.indexes(task_ids))
        for task_id, place in self.places(task_ids).items():
            answers |= self._of_archived(task_id, place, partial(_indexes, [task_id]))
        return answers

    def texts(self, counts: Mapping[str, int]) -> dict[str, dict[str, Json]]:
        """Return what was said in the last steps of several tasks."""
        answers = dict(self.hot.texts(counts))
        for task_id, place in self.places(list(counts)).items():
            wanted = {task_id: counts[task_id]}
            answers |= self._of_archived(task_id, place, partial(_texts, wanted))
        return answers

    def annotate(
        self,
        task_id: str,
        said: Annotation,
        *,
        step_id: str | None = None,
        seen: Annotation | None = None,
    ) -> Json | None:
        """
        Write what a person says of a task or a step; see `Store.annotate`.

        Raises:
            StoreOnHold: The step is archived.
        """
        row = self.hot.annotate(task_id, said, step_id=step_id, seen=seen)
        if row is None and step_id is not None and self.step(task_id, step_id) is not None:
            raise StoreOnHold(
                f"the steps of the task {task_id[:200]!r} are archived, and can only be read",
                remedy=f"bring them back first: `otel-steps restore {task_id[:200]}`",
            )
        return row

    def archived_pictures(self) -> ScreenshotStore | None:
        """Return the pictures of archived tasks; None where nothing was ever archived."""
        archive, _ = self._cold()
        return archive.pictures() if archive.is_there() else None

    def close(self) -> None:
        """Release files and connections; any number of times."""
        with self._lock:
            opened, self._opened = self._opened, None
        if opened is not None:
            archive, thawed = opened
            thawed.close()
            archive.close()
        self.hot.close()

    def _of(self, task_id: str, question: Callable[[Store], _T]) -> _T:
        answer = question(self.hot)
        place = self.places([task_id]).get(task_id)
        return answer if place is None else self._of_archived(task_id, place, question)

    def _of_archived(self, task_id: str, place: str, question: Callable[[Store], _T]) -> _T:
        try:
            with self._reading(task_id, place) as store:
                return question(store)
        except StoreError:
            # It may have been restored just then, or written to another place.
            now = self.places([task_id]).get(task_id)
            if now == place:
                raise
        if now is None:
            return question(self.hot)
        with self._reading(task_id, now) as store:
            return question(store)

    @contextmanager
    def _reading(self, task_id: str, place: str) -> Iterator[Store]:
        """Give what has the rows of an archived task; what is wrong with it says where they are."""
        what = f"the steps of the task {task_id[:200]!r} are archived, at {place[:80]!r}, and"
        try:
            _, thawed = self._cold()
            with thawed.reading(task_id, place) as found:
                yield found
        except StoreOnHold as error:
            raise StoreOnHold(f"{what} {error}", remedy=error.remedy) from error
        except StoreUnavailable as error:
            raise StoreUnavailable(f"{what} {error}") from error

    def _cold(self) -> "tuple[Archive, Thawed]":
        with self._lock:
            if self._opened is None:
                try:
                    archive = self._open_archive()
                except ConfigError as error:
                    raise StoreOnHold(str(error), remedy="set OTEL_STEPS_ARCHIVE anew") from error
                with no_fork():
                    # Nobody else needs the driver of SQLite where the database is another one.
                    from otel_steps.stores.tiered.thawed import Thawed
                self._opened = archive, Thawed(self.hot, archive)
            return self._opened


def _indexes(task_ids: Sequence[str], store: Store) -> Mapping[str, Json]:
    return store.indexes(task_ids)


def _texts(counts: Mapping[str, int], store: Store) -> Mapping[str, dict[str, Json]]:
    return store.texts(counts)
