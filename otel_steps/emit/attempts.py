"""Ids of tasks that have ended: an agent may keep one id for all that it is asked to do."""

import threading
from collections import OrderedDict
from typing import Final

_MOST: Final = 4096

_lock = threading.RLock()  # reentrant: a signal handler may begin or end a task
_ended: OrderedDict[str, int] = OrderedDict()  # how many tasks have ended under the id


def fresh(task_id: str | None) -> str | None:
    """Return *task_id* where no task has ended under it in this process, else `id-2`, `id-3`..."""
    with _lock:
        count = _ended.get(task_id, 0) if task_id is not None else 0
    return f"{task_id}-{count + 1}" if count else task_id


def ended(task_id: str | None) -> None:
    """Note that a task that was given *task_id* has come to its end."""
    if task_id is None:
        return
    with _lock:
        _ended[task_id] = _ended.pop(task_id, 0) + 1
        if len(_ended) > _MOST:
            _ended.popitem(last=False)
