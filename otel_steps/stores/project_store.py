"""A store as somebody sees it who may see the tasks of one project."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from otel_steps.errors import StoreOnHold
from otel_steps.rows.model import Batch, ScreenshotRow, StepRow
from otel_steps.stores.annotation import Annotation
from otel_steps.stores.archived import Archived, Keys
from otel_steps.stores.contract import Store, Written
from otel_steps.stores.digest import Digest, Undigested
from otel_steps.stores.flaws import Flaw, FlawKind
from otel_steps.stores.json_object import Json
from otel_steps.stores.removal import Holding, Removal
from otel_steps.stores.report_totals import statistics_of_all
from otel_steps.stores.task_query import MAX_FACETS, TaskPage, TaskQuery

# Facet -> what tasks are grouped by, whose groups are its words.
_FACETS: Final = {"apps": "app", "models": "model", "devices": "device", "tags": "tag"}
_READ_ONLY: Final = "a store of one project is there to be looked at"


class ProjectStore:
    """
    The tasks of *project* in *store*, as if there were no others; see `Store` for each method.

    A task of another project is one that is not there. Nothing is recorded through it.
    """

    def __init__(self, store: Store, project: str) -> None:
        self.name = store.name
        self.is_embedded = store.is_embedded
        self._store = store
        self._project = project

    # --- One task

    def task(self, task_id: str) -> Json | None:
        """Return one row of `tasks`, or None."""
        row = self._store.task(task_id)
        return row if row is not None and row["project"] == self._project else None

    def steps(self, task_id: str, *, limit: int | None = None, offset: int = 0) -> list[Json]:
        """Return rows of the steps of a task."""
        return self._store.steps(task_id, limit=limit, offset=offset) if self._has(task_id) else []

    def count_steps(self, task_id: str) -> int:
        """Return how many steps a task has."""
        return self._store.count_steps(task_id) if self._has(task_id) else 0

    def screenshots(self, task_id: str) -> list[Json]:
        """Return rows of the pictures of a task."""
        return self._store.screenshots(task_id) if self._has(task_id) else []

    def spans(self, task_id: str, step_id: str | None = None) -> list[Json]:
        """Return rows of the other spans of a task."""
        return self._store.spans(task_id, step_id) if self._has(task_id) else []

    def report(self, task_id: str) -> Json | None:
        """Return the report of a task, or None."""
        return self._store.report(task_id) if self._has(task_id) else None

    def index(self, task_id: str) -> Json | None:
        """Return the index of a task, or None."""
        return self._store.index(task_id) if self._has(task_id) else None

    def step(self, task_id: str, step_id: str) -> Json | None:
        """Return the rows of one step of a task, or None."""
        return self._store.step(task_id, step_id) if self._has(task_id) else None

    def find_steps(self, task_id: str, text: str) -> list[str]:
        """Return the ids of the steps that have *text*."""
        return self._store.find_steps(task_id, text) if self._has(task_id) else []

    def annotate(
        self,
        task_id: str,
        said: Annotation,
        *,
        step_id: str | None = None,
        seen: Annotation | None = None,
    ) -> Json | None:
        """Write what a person says of a task or a step."""
        if not self._has(task_id):
            return None
        return self._store.annotate(task_id, said, step_id=step_id, seen=seen)

    def version(self, task_id: str | None = None) -> str:
        """Return a word that changes with a task, or with any task of the whole store."""
        return self._store.version(task_id)

    # --- Several tasks

    def places(self, task_ids: Sequence[str]) -> dict[str, str]:
        """Return where in the archive the steps of tasks are."""
        return self._store.places(self._own(task_ids))

    def indexes(self, task_ids: Sequence[str]) -> dict[str, Json]:
        """Return the indexes of several tasks."""
        return self._store.indexes(self._own(task_ids))

    def texts(self, counts: Mapping[str, int]) -> dict[str, dict[str, Json]]:
        """Return what was said in the last steps of several tasks."""
        return self._store.texts({name: counts[name] for name in self._own(list(counts))})

    def usage(self, task_ids: Sequence[str]) -> Mapping[str, list[Json]]:
        """Return what the steps of tasks have used."""
        return self._store.usage(self._own(task_ids))

    def tag(
        self, task_ids: Sequence[str], *, add: Sequence[str] = (), remove: Sequence[str] = ()
    ) -> int:
        """Add and remove tags of tasks."""
        return self._store.tag(self._own(task_ids), add=add, remove=remove)

    def remove(
        self,
        task_ids: Sequence[str],
        *,
        pictures_only: bool = False,
        keep_first_last_failed: bool = False,
        before: str | None = None,
    ) -> Removal:
        """Remove rows of tasks; those of other projects are not there, and so count as removed."""
        own = self._own(task_ids)
        removal = self._store.remove(
            own,
            pictures_only=pictures_only,
            keep_first_last_failed=keep_first_last_failed,
            before=before,
        )
        others = tuple(task_id for task_id in task_ids if task_id not in own)
        return replace(removal, removed=removal.removed + others)

    def remove_months(self, task_ids: Sequence[str], *, before: str | None = None) -> int:
        """Remove none: months are of all projects."""
        return 0

    # --- All tasks

    def tasks(self, *, status: str | None = None, limit: int = 50, offset: int = 0) -> list[Json]:
        """Return rows of `tasks`, the newest first."""
        statuses = [] if status is None else [status]
        return self.find_tasks(TaskQuery(status=statuses, limit=limit, offset=offset)).tasks

    def find_tasks(self, query: TaskQuery) -> TaskPage:
        """Return the page of tasks that *query* asks for."""
        narrowed = self._narrowed(query)
        return TaskPage([], 0) if narrowed is None else self._store.find_tasks(narrowed)

    def task_figures(self, query: TaskQuery, by: str = "all") -> list[Json]:
        """Return figures of the tasks that *query* chooses."""
        narrowed = self._narrowed(query)
        return [] if narrowed is None else self._store.task_figures(narrowed, by)

    def action_figures(self, query: TaskQuery) -> list[Json]:
        """Return figures of the actions in them."""
        narrowed = self._narrowed(query)
        return [] if narrowed is None else self._store.action_figures(narrowed)

    def usage_figures(self, query: TaskQuery, by: str = "all") -> list[Json]:
        """Return what the tasks that *query* chooses have used."""
        narrowed = self._narrowed(query)
        return [] if narrowed is None else self._store.usage_figures(narrowed, by)

    def similar(
        self, phash: int, *, task_id: str, project: str | None = None, limit: int = 24
    ) -> list[Json]:
        """Return the steps of other tasks whose screens look like one."""
        if project not in (None, self._project):
            return []
        return self._store.similar(phash, task_id=task_id, project=self._project, limit=limit)

    def facets(self) -> Mapping[str, list[str]]:
        """Return what tasks can be narrowed down to; no sessions, which are people's."""
        words = {name: self._words(by) for name, by in _FACETS.items()}
        return {**words, "projects": [self._project], "sessions": [], "step_tags": []}

    def statistics(self) -> Mapping[str, Any]:
        """Return counts of the tasks; pictures are not counted: None."""
        figures = self.task_figures(TaskQuery())
        counts = figures[0] if figures else {}
        totals = statistics_of_all(
            counts.get("by_status", {}),
            steps=counts.get("steps", 0),
            successful=counts.get("successful_steps", 0),
            failed=counts.get("failed_steps", 0),
            screenshots=0,
        )
        return {**totals, "screenshots": None}

    def usage_by_day(self) -> list[Json]:
        """Return nothing: what was used is known of each task, and summed over all projects."""
        return []

    def extend_search(self) -> bool:
        """Index some tasks that have changed; return whether there are more."""
        return self._store.extend_search()

    def extend_sums(self) -> bool:
        """Add up the steps of some tasks that have changed; return whether there are more."""
        return self._store.extend_sums()

    def digests(self, task_ids: Sequence[str]) -> Mapping[str, Json]:
        """Return the cards kept of tasks."""
        return self._store.digests(self._own(task_ids))

    def undigested(
        self, most: int, *, project: str | None = None, is_at_rest: bool = False
    ) -> Undigested:
        """Return the newest tasks without a digest."""
        if project not in (None, self._project):
            return Undigested([], 0)
        return self._store.undigested(most, project=self._project, is_at_rest=is_at_rest)

    def keep_digests(self, digests: Sequence[Digest]) -> int:
        """Keep digests of tasks that have not changed."""
        own = set(self._own([each.task_id for each in digests]))
        return self._store.keep_digests([each for each in digests if each.task_id in own])

    # --- What is not for somebody who looks

    def write(self, batch: Batch) -> Written:
        """
        Refuse.

        Raises:
            StoreOnHold: In any case.
        """
        raise StoreOnHold(_READ_ONLY, remedy="record into the store itself")

    def attach(self, steps: Sequence[StepRow], screenshots: Sequence[ScreenshotRow]) -> None:
        """
        Refuse.

        Raises:
            StoreOnHold: In any case.
        """
        raise StoreOnHold(_READ_ONLY, remedy="record into the store itself")

    def holdings(self, after: str = "", *, only: Sequence[str] | None = None) -> list[Holding]:
        """Return what is held of tasks that are named; rules are for the whole store."""
        return [] if only is None else self._store.holdings(after, only=self._own(only))

    def unneeded_pictures(self) -> list[str]:
        """Return names of some pictures that no row needs."""
        return self._store.unneeded_pictures()

    def forget_pictures(self, names: Sequence[str]) -> list[str]:
        """Note that the files of pictures are gone."""
        return self._store.forget_pictures(names)

    def needed_pictures(self, names: Sequence[str]) -> list[str]:
        """Return those of *names* that a row needs, of whatever project."""
        return self._store.needed_pictures(names)

    def stored_rows(
        self, table: str, task_id: str, *, limit: int | None = None, offset: int = 0
    ) -> list[Json]:
        """Return rows of a task as they are stored."""
        if not self._has(task_id):
            return []
        return self._store.stored_rows(table, task_id, limit=limit, offset=offset)

    def archived(self, after: str = "") -> list[Archived]:
        """Leave the archive to whoever sees the whole store."""
        return []

    def let_go(self, task_id: str, place: str, keys: Keys, *, seen: str, before: str) -> str | None:
        """Leave the archive to whoever sees the whole store."""
        return None

    def put_back(self, task_id: str, place: str, rows: Mapping[str, Sequence[Json]]) -> bool:
        """Leave the archive to whoever sees the whole store."""
        return False

    def wake(self, task_id: str, place: str, *, steps: int) -> bool:
        """Leave the archive to whoever sees the whole store."""
        return False

    def recount(self, after: str = "", *, mends: bool = False) -> tuple[list[str], str | None]:
        """Leave totals to whoever sees the whole store."""
        return [], None

    def close_stale(self, before: str, *, mends: bool = False) -> list[str]:
        """Leave tasks that are left to whoever sees the whole store."""
        return []

    def flaws(self, kind: FlawKind, after: str = "") -> list[Flaw]:
        """Leave flaws to whoever sees the whole store."""
        return []

    def mend(self, kind: FlawKind, keys: Sequence[str]) -> None:
        """Leave them as they are."""

    def picture_rows(self, after: str = "") -> list[Flaw]:
        """Leave these to whoever sees the whole store."""
        return []

    def lose_pictures(self, keys: Sequence[str]) -> None:
        """Leave them as they are."""

    def claim(self, chore: str, for_s: float) -> bool:
        """Leave every chore to whoever sees the whole store."""
        return False

    def close(self) -> None:
        """Do nothing: the store is closed by whoever opened it."""

    def _narrowed(self, query: TaskQuery) -> TaskQuery | None:
        if query.project not in (None, self._project):
            return None
        return replace(query, project=self._project)

    def _has(self, task_id: str) -> bool:
        return self.task(task_id) is not None

    def _own(self, task_ids: Sequence[str]) -> list[str]:
        return [task_id for task_id in task_ids if self._has(task_id)]

    def _words(self, by: str) -> list[str]:
        groups = self.task_figures(TaskQuery(), by)
        return sorted(row["group"] for row in groups if row["group"] is not None)[:MAX_FACETS]
