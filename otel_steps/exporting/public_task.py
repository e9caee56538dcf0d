"""A task as it may be published: a reader like a store's, of that one task alone."""

from collections.abc import Mapping, Sequence
from typing import Any

from otel_steps.pricing.usage import rows_of
from otel_steps.rows.public import (
    public_index,
    public_screenshot,
    public_span,
    public_step,
    public_task,
    public_task_id,
)
from otel_steps.stores.contract import TaskReader
from otel_steps.stores.json_object import Json
from otel_steps.stores.report_totals import report_of
from otel_steps.why import Why, why_of


def reader_of(store: TaskReader, task_id: str, *, in_public: bool) -> TaskReader:
    """Return what a task is read from: *store*, or what of it may be published."""
    return PublicTask(store, task_id) if in_public else store


class PublicTask:
    """
    What `rows.public` lets through of a task, in the shapes in which stores give tasks.

    Whatever writes a task from a reader so writes a public one, and needs to know nothing of it.
    Ids of tasks mean this one, by its own id or by the one that it has in public; others are none.
    Its pictures have no names, so that nobody finds one.
    """

    def __init__(self, store: TaskReader, task_id: str) -> None:
        self._store = store
        self._own = task_id
        self._names = (task_id, public_task_id(task_id))

    def task(self, task_id: str) -> Json | None:
        """Return the row, or None."""
        row = self._store.task(self._own) if task_id in self._names else None
        return None if row is None else public_task(row)

    def index(self, task_id: str) -> Json | None:
        """Return the index with its flags, or None."""
        index = self._store.index(self._own) if task_id in self._names else None
        return None if index is None else public_index(index)

    def steps(self, task_id: str, *, limit: int | None = None, offset: int = 0) -> list[Json]:
        """Return the steps, in order."""
        if task_id not in self._names:
            return []
        sizes = self._sizes()
        rows = self._store.steps(self._own, limit=limit, offset=offset)
        return [public_step(row, sizes.get(row["id"], (None, None))) for row in rows]

    def step(self, task_id: str, step_id: str) -> Json | None:
        """Return `{"step", "screenshot"}` of one step, or None."""
        shown = {row["step_id"]: row for row in reversed(self.screenshots(task_id))}
        for row in self.steps(task_id):
            if row["id"] == step_id:
                return {"step": row, "screenshot": shown.get(step_id)}
        return None

    def screenshots(self, task_id: str) -> list[Json]:
        """Return what is to be said of each picture: how large it is, and when it was taken."""
        rows = self._store.screenshots(self._own) if task_id in self._names else []
        return [public_screenshot(row) for row in rows]

    def spans(self, task_id: str, step_id: str | None = None) -> list[Json]:
        """Return the spans of others; those of one step alone are none."""
        if task_id not in self._names or step_id is not None:
            return []
        return [public_span(row) for row in self._store.spans(self._own)]

    def indexes(self, task_ids: Sequence[str]) -> dict[str, Json]:
        """Return the index of the task by its id, where it is asked for."""
        found = {task_id: self.index(task_id) for task_id in task_ids}
        return {task_id: index for task_id, index in found.items() if index is not None}

    def texts(self, counts: Mapping[str, int]) -> dict[str, dict[str, Json]]:
        """Return nothing: what was said stays private."""
        return {}

    def report(self, task_id: str) -> Json | None:
        """Return the report of the task, or None."""
        task = self.task(task_id)
        return report_of(task, self.steps(task_id), self.screenshots(task_id))

    def usage(self, task_ids: Sequence[str]) -> dict[str, list[Json]]:
        """Return what the steps have used, by the id of the task, where it is asked for."""
        tasks = {task_id: self.task(task_id) for task_id in task_ids}
        return {
            task_id: rows_of(self.steps(task_id), task)
            for task_id, task in tasks.items()
            if task is not None
        }

    def similar(
        self, phash: int, *, task_id: str, project: str | None = None, limit: int = 24
    ) -> list[Json]:
        """Return nothing: steps of other tasks are not this one's to publish."""
        return []

    def why(self) -> Why | None:
        """Return why it did not end well: kind, steps and facts, without what was said."""
        task, index = self._store.task(self._own), self._store.index(self._own)
        if task is None or index is None:
            return None
        texts = self._store.texts({self._own: index["count"]}).get(self._own, {})
        return why_of(task, index, texts, in_public=True)

    def _sizes(self) -> dict[str, tuple[Any, Any]]:
        index = self._store.index(self._own)
        if index is None:
            return {}
        sizes = zip(index["width"], index["height"], strict=True)
        return dict(zip(index["id"], sizes, strict=True))
