"""What is told of a task that has ended."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from otel_steps.pricing.price_table import PriceTable
from otel_steps.pricing.usage import priced
from otel_steps.stores import Store
from otel_steps.webhook.hook import Hook
from otel_steps.why.reading import why_of_task

_MAX_CHARS: Final = 300


@dataclass(frozen=True, slots=True)
class Event:
    """
    That a task has ended.

    Attributes:
        id: Equal for the same end of the same task, whoever sends it and however often.
        data: `task_id`, `description`, `status`, `agent`, `model`, `device_id`, `why` (`kind`,
            `step` and `sentence` by language; None for a task that went well), `steps`,
            `failed_steps`, `duration_ms`, `usage` (see `pricing.usage.priced`), `started_at`,
            `ended_at`, `url`.
    """

    id: str
    data: Mapping[str, Any]


def event_id(task: Mapping[str, Any]) -> str:
    """Return the id of the end that a row of `tasks` tells of; an id may be used by two tasks."""
    said = json.dumps([task["task_id"], task["trace_id"], task["status"]])
    return f"task-{hashlib.sha256(said.encode()).hexdigest()[:32]}"


def event_of(task: Mapping[str, Any], store: Store, prices: PriceTable, hook: Hook) -> Event:
    """
    Return what to tell of the task of a row.

    Raises:
        StoreUnavailable, StoreOnHold: The store cannot be read.
    """
    task_id = task["task_id"]
    why = why_of_task(store, task)
    data = {
        "task_id": task_id,
        "description": _line(task["task_description"]),
        "status": task["status"] or "unknown",
        "agent": task["agent"],
        "model": task["model"],
        "device_id": task["device_id"],
        "why": None if why is None else {name: why[name] for name in ("kind", "step", "sentence")},
        "steps": task["total_steps"],
        "failed_steps": task["failed_steps"],
        "duration_ms": task["total_duration_ms"],
        "usage": priced(store.usage([task_id]).get(task_id, ()), prices),
        "started_at": task["started_at"] or task["created_at"],
        "ended_at": task["end_time"] or task["last_activity"],
        "url": hook.link(task_id),
    }
    return Event(event_id(task), data)


def _line(text: str | None) -> str | None:
    line = " ".join((text or "").split())
    return f"{line[: _MAX_CHARS - 1]}…" if len(line) > _MAX_CHARS else line or None
