"""
What the routes read from: one store, its pictures, and how recording on this machine stands.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from typing import Annotated, Any, Final

from fastapi import Depends, Request

from otel_steps.config import Settings, redacted_url
from otel_steps.digest.digests import Digests
from otel_steps.exporting import FORMATS
from otel_steps.exporting.script_file import step_script
from otel_steps.health.problems import Problems, noted
from otel_steps.pictures.store import ScreenshotStore
from otel_steps.pricing import price_table
from otel_steps.pricing.usage import of_step, priced
from otel_steps.retention.neighbours import neighbours
from otel_steps.retention.removing import Progress, remove
from otel_steps.rows.flags import with_flags
from otel_steps.serving.access import Access
from otel_steps.serving.refusal import NotFound
from otel_steps.shipper import Shipper
from otel_steps.stores import Store, StoreOnHold, TaskPage, TaskQuery, pack_of
from otel_steps.stores.json_object import Json
from otel_steps.stores.pictures import open_screenshots
from otel_steps.stores.project_store import ProjectStore
from otel_steps.viewer.cards import Cards
from otel_steps.viewer.channels import Channels
from otel_steps.viewer.indexing import Indexing
from otel_steps.why import Why
from otel_steps.why.reading import why_of_task

# In the scope of a request: what may be done with it, an `Access`.
ACCESS: Final = "otel_steps.access"

# Every page of the list has them, and they are read from all tasks.
KEPT_S: Final = 5.0
# `doctor` tells of older ones; a page would show them for ever.
PROBLEMS_SHOWN_S: Final = 86_400.0


class Library:
    """
    Everything that can be looked at; any thread may ask.

    Args:
        store: Closed by whoever opened it.
        shipper: Of what dead processes have left; it tells what waits.
        pictures: Where those of *store* are; by default where its settings say.

    Raises:
        ConfigError: The settings name a place for pictures, or a table of prices, that cannot be
            used.

    Attributes:
        prices: The table as it was when this was made.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        *,
        shipper: Shipper,
        pictures: ScreenshotStore | None = None,
    ) -> None:
        self.store = store
        self.pictures = pictures or open_screenshots(settings, store)
        self.prices = price_table.load(settings.prices)
        problems = Problems(settings.problems_dir)
        self.channels = Channels(store, index=self.index, problems=problems)
        self._indexing = Indexing(store.extend_search, "indexing for the search", problems=problems)
        self._summing = Indexing(store.extend_sums, "adding up for figures", problems=problems)
        self._digesting = Indexing(self._digest_some, "telling flags for lists", problems=problems)
        self._digests = Digests(store, self._digesting.begin)
        self.cards = Cards(self._digests, self.prices)
        self._settings = settings
        # Name -> when it was asked, and the answer; two who ask at once may both ask the store.
        self._kept: dict[str, tuple[float, Any]] = {}
        self._shipper = shipper
        self._parts: dict[str, Library] = {}  # by project
        self._parts_lock = threading.Lock()

    def within(self, project: str) -> "Library":
        """Return what can be looked at of one project, the same whoever asks; closed with this."""
        with self._parts_lock:
            if project not in self._parts:
                part = ProjectStore(self.store, project)
                self._parts[project] = Library(
                    self._settings, part, shipper=self._shipper, pictures=self.pictures
                )
            return self._parts[project]

    def task(self, task_id: str) -> Json:
        """
        Return the row of a task.

        Raises:
            NotFound: The store has no such task.
        """
        task = self.store.task(task_id)
        if task is None:
            raise NotFound(f"no task {task_id[:200]!r} in this store")
        return task

    def usage(self, task_id: str) -> Json | None:
        """Return what the steps of a task have used and cost, None where nothing is known."""
        return priced(self.store.usage([task_id]).get(task_id, ()), self.prices)

    def why(self, task: Json) -> Why | None:
        """Return why the task of a row did not end well, None for one that did."""
        return why_of_task(self.store, task)

    def step(self, task_id: str, step_id: str) -> Json:
        """
        Return a step with its picture's row, what it has used, and how to do it again.

        Raises:
            NotFound: The task has no such step.
        """
        found, task = self.store.step(task_id, step_id), self.store.task(task_id)
        if found is None or task is None:
            raise NotFound(f"no step {step_id} in the task {task_id[:200]!r}")
        usage = of_step(found["step"], task, self.prices)
        return {**found, "usage": usage, "script": step_script(found["step"], found["screenshot"])}

    def find_tasks(self, query: TaskQuery) -> TaskPage:
        """Return the page that *query* asks for; who looks for a text will look for others."""
        resolved, unseen = self.resolved(query)
        found = self.store.find_tasks(resolved)
        if query.text:
            self._indexing.begin()
        return replace(found, unseen=unseen)

    def resolved(self, query: TaskQuery) -> tuple[TaskQuery, int]:
        """Return what to ask the store for *query*, and of how many tasks the flag is not known."""
        return self._digests.resolved(query)

    def remove(self, task_ids: Sequence[str], *, before: str | None) -> Progress:
        """
        Remove tasks, but those that run or in which something has happened since *before*.

        Raises:
            StoreUnavailable, StoreOnHold: Some are not removed; ask again.
        """
        with neighbours(self._settings, self.store) as others:
            *_, done = remove(self.store, self.pictures, task_ids, before=before, others=others)
        return done

    def sum_up(self) -> None:
        """Have added up what figures ask for; who looks at some will look at others."""
        self._summing.begin()

    def index(self, task_id: str) -> Json:
        """
        Return the index of a task with its flags.

        Raises:
            NotFound: The store has no such task.
        """
        index = self.store.index(task_id)
        if index is None:
            raise NotFound(f"no task {task_id[:200]!r} in this store")
        return with_flags(index)

    def close(self) -> None:
        """Let go of those who listen and of the store; from the event loop, if there is one."""
        for part in self._parts.values():
            part.close()
        self.channels.close()
        self._indexing.close()
        self._summing.close()
        self._digesting.close()

    def _digest_some(self) -> bool:
        """Keep some digests for lists; return whether there are more to keep."""
        # In this order: a digest is kept beside the sums of its task. A store that takes no writes
        # is looked at as it is.
        with suppress(StoreOnHold):
            return self.store.extend_sums() or self._digests.keep_some()
        return False

    def facets(self) -> Mapping[str, list[str]]:
        """Return what tasks can be filtered by, as of a few seconds ago."""
        facets: Mapping[str, list[str]] = self._recent("facets", self.store.facets)
        return facets

    def statistics(self) -> Mapping[str, Any]:
        """Return counts over all tasks, as of a few seconds ago."""
        counts: Mapping[str, Any] = self._recent("statistics", self.store.statistics)
        return counts

    def _recent(self, name: str, ask: Callable[[], Any]) -> Any:
        now = time.monotonic()
        kept = self._kept.get(name)
        if kept is None or now - kept[0] > KEPT_S:
            kept = self._kept[name] = (now, ask())
        return kept[1]

    def health(self) -> dict[str, Any]:
        """Return what waits, was set aside or went wrong within a day, and what can be had."""
        facts = self._shipper.facts()
        since = time.time() - PROBLEMS_SHOWN_S
        problems = [each for each in noted(self._settings.problems_dir) if each.last_at >= since]
        pack = pack_of(self._settings.store)
        return {
            "store": redacted_url(self._settings.store),
            "pack": pack.name if pack else None,
            "waiting": facts.waiting,
            "pictures_waiting": facts.pictures_waiting,
            "dead": facts.dead,
            "pictures_dead": facts.pictures_dead,
            "problems": [asdict(problem) for problem in problems],
            "trace_url": self._settings.trace_url,
            "has_video": FORMATS["mp4"].is_available,
        }


async def _library(request: Request) -> Library:
    library: Library = request.app.state.library
    access = await _access(request)
    return library if access.project is None else library.within(access.project)


async def _access(request: Request) -> Access:
    access: Access = request.scope[ACCESS]
    return access


AccessDependency = Annotated[Access, Depends(_access)]
LibraryDependency = Annotated[Library, Depends(_library)]
