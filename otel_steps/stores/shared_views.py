"""
A viewer's questions to the shared database: one call of one of its functions each.

What is found, and in which order, stands in `migrations/`; here are the values that go in and what
is made of the answers. Neither a driver nor a network is known.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from otel_steps.errors import StoreUnavailable
from otel_steps.stores.annotation import annotation_of
from otel_steps.stores.contract import Json
from otel_steps.stores.json_rows import row_of
from otel_steps.stores.search_text import are_storable, patterns_of
from otel_steps.stores.shared_state import Fault, faults_of
from otel_steps.stores.step_index import Row, index_of
from otel_steps.stores.task_query import MAX_FACETS, TaskPage, TaskQuery

_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class SharedViews(ABC):
    """
    What a store of the shared database answers by its functions; see `Store`.

    Attributes:
        schema: The schema that holds our tables and functions.
    """

    schema: str

    @abstractmethod
    def _ask(self, function: str, arguments: dict[str, Any]) -> Any:
        """Call a function of the database by the names of its arguments; return its JSON."""

    @abstractmethod
    def _to_show(self, rows: list[Json], column: str) -> list[Json]:
        """Make the path, and the address in *column*, of *rows* such that they can be opened."""

    def faults(self) -> list[Fault]:
        """Return what the database lacks of what this store needs."""
        return faults_of(_object(self._ask("otel_steps_state", {})), self.schema)

    def find_tasks(self, query: TaskQuery) -> TaskPage:
        """Return the page of tasks that *query* asks for."""
        asked = _asked(query)
        if not are_storable([*asked.values(), *query.status]):
            return TaskPage([], 0)
        match self._ask("otel_steps_find_tasks", {"query": asked}):
            case {"tasks": list(tasks), "total": int(total), "hits": dict(hits)}:
                return TaskPage([row_of("tasks", task) for task in tasks], total, hits)
            case other:
                raise _broken(other)

    def facets(self) -> dict[str, list[str]]:
        """Return what tasks can be narrowed down to: "apps", "models", "devices" and "tags"."""
        return _object(self._ask("otel_steps_facets", {"most": MAX_FACETS}))

    def index(self, task_id: str) -> Json | None:
        """Return what is to be known of every step of a task, in columns; see `step_index`."""
        return self.indexes([task_id]).get(task_id)

    def indexes(self, task_ids: Sequence[str]) -> dict[str, Json]:
        """Return the indexes of several tasks, by their ids; unknown tasks have none."""
        wanted = [task_id for task_id in task_ids if are_storable([task_id])]
        found: Json = {}
        if wanted:
            found = _object(self._ask("otel_steps_indexes", {"wanted": wanted}))
        return {task_id: _index(task_id, found[task_id]) for task_id in wanted if task_id in found}

    def step(self, task_id: str, step_id: str) -> Json | None:
        """Return `{"step", "screenshot"}`, the rows of one step of a task, or None."""
        found = self._about_step("otel_steps_step", task_id, step_id)
        if found is None:
            return None
        screenshots = [row_of("step_screenshots", row) for row in [found["screenshot"]] if row]
        (step,) = self._to_show([row_of("task_steps", found["step"])], "screenshot_url")
        shown = self._to_show(screenshots, "remote_url")
        return {"step": step, "screenshot": shown[0] if shown else None}

    def find_steps(self, task_id: str, text: str) -> list[str]:
        """Return the ids of the steps that have *text*, as `TaskQuery.text` has it, in order."""
        asked = {"task": task_id, **patterns_of(text)}
        if not are_storable(asked.values()):
            return []
        return _list(self._ask("otel_steps_find_steps", asked))

    def annotate(self, task_id: str, *, tags: Sequence[str], notes: str) -> Json | None:
        """Replace a person's tags and notes on a task; return the row as it is now, or None."""
        own_tags, own_notes = annotation_of(tags, notes)
        asked = {"task": task_id, "tags": own_tags, "notes": own_notes}
        row = self._ask("otel_steps_annotate", asked) if are_storable([task_id]) else None
        return None if row is None else row_of("tasks", _object(row))

    def version(self, task_id: str | None = None) -> str:
        """Return a word that changes with a task, or with the list of all; see `Store.version`."""
        if not are_storable([task_id]):
            return "0"
        return str(self._ask("otel_steps_version", {"task": task_id}))

    def _spans_below(self, task_id: str, step_id: str) -> list[Json]:
        spans = self._about_step("otel_steps_spans_below", task_id, step_id)
        return [row_of("task_spans", span) for span in _list(spans or [])]

    def _about_step(self, function: str, task_id: str, step_id: str) -> Any:
        if not _UUID.fullmatch(step_id) or not are_storable([task_id]):
            return None
        return self._ask(function, {"task": task_id, "step": step_id})


def _asked(query: TaskQuery) -> Json:
    values = {name: value for name, value in asdict(query).items() if value}
    text = values.pop("text", None)
    return {
        **values,
        **(patterns_of(text) if text else {}),
        "descending": query.descending,
        "limit": query.limit,
        "offset": query.offset,
    }


def _index(task_id: str, found: Mapping[str, Any]) -> Json:
    return index_of(task_id, found["version"], [Row(*row) for row in found["rows"]])


def _object(answer: Any) -> Json:
    if not isinstance(answer, dict):
        raise _broken(answer)
    return answer


def _list(answer: Any) -> list[Any]:
    if not isinstance(answer, list):
        raise _broken(answer)
    return answer


def _broken(answer: Any) -> StoreUnavailable:
    kind = type(answer).__name__
    return StoreUnavailable(f"the database has sent a broken answer: {kind}; ask again")
