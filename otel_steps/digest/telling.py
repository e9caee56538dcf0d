"""Digests of tasks, told from what a store has of their steps: few questions for many tasks."""

from collections.abc import Mapping, Sequence

from otel_steps.digest.card import facts_of
from otel_steps.rows.flags import flags_of
from otel_steps.stores import Store
from otel_steps.stores.at_hand import indexes_at_hand
from otel_steps.stores.digest import Digest
from otel_steps.stores.json_object import Json
from otel_steps.stores.task_query import FLAGS
from otel_steps.why.reading import whys_of


def digests_of(
    store: Store, tasks: Sequence[Json], indexes: Mapping[str, Json] | None = None
) -> list[Digest]:
    """
    Return the digests of tasks, in their order; of those alone that are still there.

    A card has what `facts_of` returns, with "why", why the task did not end well or None, and
    "used", the rows of `Store.usage`.

    Args:
        tasks: Rows of `tasks`.
        indexes: Those of the tasks, by their ids; None has them asked for.
    """
    ids = [task["task_id"] for task in tasks]
    if not ids:
        return []
    # First: what changes from here on is not of the version that these tell.
    found = indexes_at_hand(store, tasks) if indexes is None else indexes
    flagged = {name: {**index, "flags": flags_of(index)} for name, index in found.items()}
    whys = whys_of(store, tasks, flagged)
    used = store.usage(ids)
    return [
        Digest(
            task_id,
            index["version"],
            _words(index),
            {
                **facts_of(index, index["flags"]),
                "why": whys.get(task_id),
                "used": list(used.get(task_id, ())),
            },
        )
        for task_id in ids
        if (index := flagged.get(task_id)) is not None
    ]


def _words(index: Json) -> list[str]:
    """Return what the task is found by: its flags, and in which ways its steps went wrong."""
    flags = {name for names in index["flags"] for name in names}
    return sorted(flags | {kind for kind in index["error_kind"] if kind in FLAGS})
