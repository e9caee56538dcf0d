"""The whys of tasks from a store: few questions, and bounded answers."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Protocol, TypedDict, runtime_checkable

from otel_steps.stores import Store, TaskQuery
from otel_steps.stores.contract import TaskReader
from otel_steps.why.answer import ENDINGS, Why, why_of

# Of the newest tasks that did not end well: what went wrong long ago is mended, or is known.
NEWEST: Final = 100


class Cause(TypedDict):
    """A cause that several tasks may share: its fingerprint, how many, and the newest of them."""

    fingerprint: str
    tasks: int
    newest: str
    sentence: dict[str, str]


@runtime_checkable
class KnowsWhy(Protocol):
    """A reader of one task that tells why itself: its rows do not say all that this takes."""

    def why(self) -> Why | None:
        """Return why the task did not end well, or None."""


def why_of_task(
    store: TaskReader, task: Mapping[str, Any], index: Mapping[str, Any] | None = None
) -> Why | None:
    """
    Return why a task did not end well, or None.

    Args:
        task: Its row.
        index: Its index, where that is known already, best with its flags; None has it asked for.
    """
    if isinstance(store, KnowsWhy):
        return store.why()
    task_id = task["task_id"]
    return whys_of(store, [task], None if index is None else {task_id: index}).get(task_id)


def whys_of(
    store: TaskReader,
    tasks: Sequence[Mapping[str, Any]],
    indexes: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, Why]:
    """
    Return why tasks did not end well, by their ids; those that did have no entry.

    Args:
        tasks: Rows of `tasks`.
        indexes: Those of the tasks that are known already; None has them asked for.
    """
    asked = [task for task in tasks if task["status"] in ENDINGS]
    ids = [task["task_id"] for task in asked]
    if not ids:
        return {}
    known = store.indexes(ids) if indexes is None else indexes
    texts = store.texts({task_id: known[task_id]["count"] for task_id in ids if task_id in known})
    whys = {
        task["task_id"]: why_of(task, known[task["task_id"]], texts.get(task["task_id"], {}))
        for task in asked
        if task["task_id"] in known
    }
    return {task_id: why for task_id, why in whys.items() if why is not None}


def causes(store: Store, chosen: TaskQuery) -> list[Cause]:
    """
    Return the causes of the `NEWEST` tasks that did not end well, the most frequent first.

    Args:
        chosen: Only of these tasks; its order and page mean nothing here.
    """
    newest = replace(
        chosen, status=ENDINGS, sort="created_at", descending=True, limit=NEWEST, offset=0
    )
    tasks = store.find_tasks(newest).tasks
    found: dict[str, Cause] = {}
    for task_id, why in whys_of(store, tasks).items():
        fresh: Cause = {
            "fingerprint": why["fingerprint"],
            "tasks": 0,
            "newest": task_id,
            "sentence": why["sentence"],
        }
        found.setdefault(why["fingerprint"], fresh)["tasks"] += 1
    # What is not clear is no one cause, however often it comes.
    return sorted(found.values(), key=lambda it: (it["fingerprint"] == "not_clear", -it["tasks"]))
