"""
What a card of the task list shows beside the task's row: key frames, flags, the first failed step,
why it did not end well, what was used.
"""

from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from threading import Lock
from typing import Any, Final

from otel_steps.pricing.price_table import PriceTable
from otel_steps.pricing.usage import priced
from otel_steps.rows.flags import Flags, flags_of, summary_of
from otel_steps.stores import Store
from otel_steps.stores.at_hand import indexes_at_hand
from otel_steps.stores.json_object import Json
from otel_steps.why.reading import whys_of

MAX_FRAMES: Final = 5
MAX_APPS: Final = 5
CARDS_KEPT: Final = 2000
# Columns of a task that move with each of its steps.
_STAMP: Final = ("status", "last_activity", "end_time", "total_steps", "failed_steps")


class Cards:
    """Makes cards and keeps those that will stay as they are; any thread may ask."""

    def __init__(self, store: Store, prices: PriceTable) -> None:
        self._store = store
        self._prices = prices
        self._lock = Lock()
        self._kept: OrderedDict[str, tuple[Any, Json]] = OrderedDict()

    def of(self, tasks: Sequence[Json], hits: Mapping[str, int]) -> list[Json]:
        """Return *tasks*, rows of `tasks`, each with its card; *hits* are steps with a text."""
        facts = self._facts(tasks)
        used = self._store.usage([task["task_id"] for task in tasks])
        alike = _alike(facts.values())
        return [
            {
                **task,
                **facts[task["task_id"]],
                "alike": alike[_cause(facts[task["task_id"]])],
                "usage": priced(used.get(task["task_id"], ()), self._prices),
                "hit": hits.get(task["task_id"]),
            }
            for task in tasks
        ]

    def _facts(self, tasks: Sequence[Json]) -> dict[str, Json]:
        with self._lock:
            kept = {task["task_id"]: self._kept.get(task["task_id"]) for task in tasks}
        facts = {
            task["task_id"]: known[1]
            for task in tasks
            if (known := kept[task["task_id"]]) is not None and known[0] == _stamp(task)
        }
        missing = [task for task in tasks if task["task_id"] not in facts]
        found = indexes_at_hand(self._store, missing)
        indexes = {name: {**index, "flags": flags_of(index)} for name, index in found.items()}
        whys = whys_of(self._store, missing, indexes)
        for task in missing:
            index = indexes.get(task["task_id"])
            own = _EMPTY if index is None else facts_of(index, index["flags"])
            facts[task["task_id"]] = {**own, "why": whys.get(task["task_id"])}
        final = [task for task in missing if _is_final(task, indexes.get(task["task_id"]))]
        self._keep(final, facts)
        return facts

    def _keep(self, tasks: Sequence[Json], facts: Mapping[str, Json]) -> None:
        with self._lock:
            for task in tasks:
                self._kept[task["task_id"]] = (_stamp(task), facts[task["task_id"]])
                self._kept.move_to_end(task["task_id"])
            while len(self._kept) > CARDS_KEPT:
                self._kept.popitem(last=False)


_EMPTY: Final[Json] = {
    "frames": [],
    "flags": {},
    "flag_steps": {},
    "first_failed": None,
    "apps": [],
}


def _cause(card: Json) -> str | None:
    """Return the fingerprint of the cause that a card tells, None where it tells none."""
    why = card["why"]
    return None if why is None or why["kind"] == "not_clear" else str(why["fingerprint"])


def _alike(cards: Iterable[Json]) -> Counter[str | None]:
    """Return how many of *cards* have each cause; 0 for none."""
    return Counter(cause for card in cards if (cause := _cause(card)) is not None)


def _is_final(task: Json, index: Json | None) -> bool:
    """Return whether the task has ended and has all its pictures, which may come much later."""
    return task["end_time"] is not None and index is not None and all(index["phash"])


def _stamp(task: Json) -> tuple[Any, ...]:
    return tuple(task[name] for name in _STAMP)


def facts_of(index: Json, flags: Flags) -> Json:
    """Return what a card shows of the steps in *index*."""
    failed = _first_failed(index)
    flagged = summary_of(flags)
    return {
        "frames": list(_frames(index, failed)),
        "flags": {name: len(positions) for name, positions in flagged.items()},
        "flag_steps": {name: index["number"][at] for name, (at, *_) in flagged.items()},
        "first_failed": None if failed is None else index["number"][failed],
        "apps": list(dict.fromkeys(app for app in index["app"] if app))[:MAX_APPS],
    }


def _first_failed(index: Json) -> int | None:
    return next((at for at, success in enumerate(index["success"]) if success is False), None)


def _frames(index: Json, failed: int | None) -> Iterator[Json]:
    """Yield the first picture, that of the first failure, the last, and what changed most."""
    # A step may have but the picture after it, as the first one of some agents has.
    pictures = [own or after for own, after in zip(index["picture"], index["after"], strict=True)]
    pictured = [at for at, name in enumerate(pictures) if name]
    if not pictured:
        return
    chosen: dict[int, str] = {pictured[0]: "first"}
    chosen.setdefault(pictured[-1], "last")
    if failed is not None and pictures[failed]:
        chosen[failed] = "failure"
    seen = {pictures[at] for at in chosen}
    for at in _by_change(index, pictured):
        if len(chosen) >= MAX_FRAMES:
            break
        if pictures[at] not in seen:
            seen.add(pictures[at])
            chosen[at] = "change"
    for at in sorted(chosen):
        yield {
            "sha256": pictures[at],
            "number": index["number"][at],
            "kind": chosen[at],
            "width": index["width"][at],
            "height": index["height"][at],
        }


def _by_change(index: Json, pictured: Sequence[int]) -> list[int]:
    """Return positions, those first whose picture differs most from the one before."""
    changes = [
        (_distance(index["phash"][before], index["phash"][at]), at)
        for before, at in pairwise(pictured)
    ]
    return [at for _, at in sorted(changes, key=lambda change: (-change[0], change[1]))]


def _distance(one: str | None, other: str | None) -> int:
    if one is None or other is None:
        return 0
    return (int(one, 16) ^ int(other, 16)).bit_count()
