"""The cards and the flags of tasks: kept ones where they are current, others told now."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from threading import Lock
from typing import Any, Final

from otel_steps.digest.card import EMPTY
from otel_steps.digest.telling import digests_of
from otel_steps.stores import Store, TaskQuery
from otel_steps.stores.at_hand import indexes_at_hand
from otel_steps.stores.json_object import Json
from otel_steps.stores.task_query import COMPUTED_FLAGS

CARDS_KEPT: Final = 2000
# For so few a store is not written to: who only looks at a recording leaves it as it is.
FEW: Final = 200
# Of the tasks without a digest, when tasks are asked for by a flag: so many are looked up in what
# is kept here, and so many have their steps read while somebody waits.
MOST_LISTED: Final = 500
MOST_LOOKED_AT: Final = 20
# Told and kept at once, in the background.
PORTION: Final = 20
# Columns of a task that move with each of its steps.
_STAMP: Final = ("status", "last_activity", "end_time", "total_steps", "failed_steps")


class Digests:
    """
    Cards and flags of the tasks of *store*; any thread may ask.

    Args:
        begin: Called where `keep_some` has something to do: more than `FEW` tasks have no digest.
        looked_at: How many tasks have their steps read for a flag; see `resolved`.
    """

    def __init__(
        self, store: Store, begin: Callable[[], None], *, looked_at: int = MOST_LOOKED_AT
    ) -> None:
        self._store = store
        self._begin = begin
        self._looked_at = looked_at
        self._lock = Lock()
        # Of tasks that will stay as they are, for stores that keep nothing: stamp, card.
        self._known: OrderedDict[str, tuple[Any, Json]] = OrderedDict()

    def cards(self, tasks: Sequence[Json]) -> dict[str, Json]:
        """Return the cards of *tasks*, rows of `tasks`, by their ids; see `digests_of`."""
        cards = self._known_of(tasks)
        missing = [task for task in tasks if task["task_id"] not in cards]
        if missing:
            cards |= self._store.digests([task["task_id"] for task in missing])
        untold = [task for task in missing if task["task_id"] not in cards]
        if untold:
            cards |= self._told(untold)
        if untold and len(self._known) > FEW:
            self._begin()
        nothing = {**EMPTY, "why": None, "used": []}
        return {task["task_id"]: cards.get(task["task_id"], nothing) for task in tasks}

    def resolved(self, query: TaskQuery) -> tuple[TaskQuery, int]:
        """
        Return *query* such that a store finds by its flag those tasks, too, that have no digest.

        With it comes how many tasks nobody has looked at: all but the newest wait for `keep_some`.
        """
        if query.flag not in COMPUTED_FLAGS:
            return query, 0
        undigested = self._store.undigested(MOST_LISTED, project=query.project)
        if not undigested.count:
            return query, 0
        if undigested.count > FEW:
            self._begin()
        cards = self._known_of(undigested.tasks)
        # Of an archived task there may be no step here to look at.
        others = [
            task
            for task in undigested.tasks
            if task["task_id"] not in cards and task["archived"] is None
        ]
        cards |= self._told(others[: self._looked_at])
        flagged = tuple(task_id for task_id, card in cards.items() if query.flag in card["flags"])
        return replace(query, flagged=flagged), max(0, undigested.count - len(cards))

    def keep_some(self) -> bool:
        """
        Tell and keep the digests of some tasks that are at rest; return whether there may be more.

        Raises:
            StoreUnavailable, StoreOnHold: Nothing was kept.
        """
        tasks = self._store.undigested(PORTION, is_at_rest=True).tasks
        return self._store.keep_digests(digests_of(self._store, tasks)) > 0

    def _told(self, tasks: Sequence[Json]) -> dict[str, Json]:
        indexes = indexes_at_hand(self._store, tasks) if tasks else {}
        cards = {each.task_id: each.card for each in digests_of(self._store, tasks, indexes)}
        final = [task for task in tasks if _is_final(task, indexes.get(task["task_id"]))]
        with self._lock:
            for task in final:
                self._known[task["task_id"]] = (_stamp(task), cards[task["task_id"]])
                self._known.move_to_end(task["task_id"])
            while len(self._known) > CARDS_KEPT:
                self._known.popitem(last=False)
        return cards

    def _known_of(self, tasks: Sequence[Json]) -> dict[str, Json]:
        with self._lock:
            known = {task["task_id"]: self._known.get(task["task_id"]) for task in tasks}
        stamps = {task["task_id"]: _stamp(task) for task in tasks}
        return {
            task_id: each[1]
            for task_id, each in known.items()
            if each is not None and each[0] == stamps[task_id]
        }


def _is_final(task: Json, index: Mapping[str, Any] | None) -> bool:
    """Return whether the task has ended and has all its pictures, which may come much later."""
    return task["end_time"] is not None and index is not None and all(index["phash"])


def _stamp(task: Json) -> tuple[Any, ...]:
    return tuple(task[name] for name in _STAMP)
