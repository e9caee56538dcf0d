"""What a list can show of tasks although an archive cannot be read."""

from collections.abc import Mapping, Sequence
from typing import Any

from otel_steps.errors import StoreError
from otel_steps.stores.contract import Store
from otel_steps.stores.json_object import Json


def indexes_at_hand(store: Store, tasks: Sequence[Mapping[str, Any]]) -> dict[str, Json]:
    """
    Return the indexes of tasks, by their ids.

    Without those of archived ones where the archive cannot be read: a list is there for all others
    as well, and whoever opens one of these is told what is wrong.

    Args:
        tasks: Rows of `tasks`.

    Raises:
        StoreUnavailable, StoreOnHold: The database cannot be read.
    """
    try:
        return store.indexes([task["task_id"] for task in tasks])
    except StoreError:
        return store.indexes([task["task_id"] for task in tasks if task["archived"] is None])
