"""
The newest of the tasks that a request is about, step by step: what no database adds up is told from
these, and says of how many tasks it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from otel_steps.stores import Store, TaskQuery
from otel_steps.stores.json_object import Json

MAX_TASKS: Final = 200
MAX_STEPS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Newest:
    """
    The indexes of some tasks.

    Attributes:
        indexes: By the id of the task, the newest first; at most `MAX_TASKS`, and no more than
            have `MAX_STEPS` steps together, but for the first of them.
        total: How many tasks the query chooses.
    """

    indexes: Mapping[str, Json]
    total: int

    def counts(self) -> dict[str, int]:
        """Return how many tasks were looked at, and how many there are."""
        return {"tasks": len(self.indexes), "total": self.total}


def newest(store: Store, query: TaskQuery) -> Newest:
    """Return the newest of the tasks that *query* chooses; its order and page mean nothing here."""
    asked = replace(query, sort="created_at", descending=True, limit=MAX_TASKS, offset=0)
    page = store.find_tasks(asked)
    chosen: list[str] = []
    steps = 0
    for task in page.tasks:
        steps += task["total_steps"] or 0
        if chosen and steps > MAX_STEPS:
            break
        chosen.append(task["task_id"])
    found = store.indexes(chosen)
    return Newest({name: found[name] for name in chosen if name in found}, page.total)
