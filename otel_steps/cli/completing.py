"""
What a shell offers to complete: the statuses, and the tasks that there are.

Whatever goes wrong there is nothing to offer: a shell waits, and has no place for messages.
"""

from collections.abc import Iterator
from contextlib import closing
from typing import Any, Final

import typer

from otel_steps.cli.wording import one_line
from otel_steps.config import resolve
from otel_steps.semconv import TASK_STATUSES
from otel_steps.stores import open_store

_MOST: Final = 200
_DESCRIPTION_CHARS: Final = 60


def statuses(incomplete: str) -> list[str]:
    """Return the statuses that begin so."""
    return [each for each in TASK_STATUSES if each.startswith(incomplete)]


def tasks(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Return ids of tasks that begin so, the newest first, each with its description."""
    try:
        return list(_tasks(context.params, incomplete))
    except Exception:  # noqa: BLE001 - see above
        return []


def _tasks(options: dict[str, Any], incomplete: str) -> Iterator[tuple[str, str]]:
    if "latest".startswith(incomplete):
        yield "latest", "the newest"
    settings = resolve(store=options.get("store"), dir=options.get("folder"))
    with closing(open_store(settings=settings)) as store:
        for row in store.tasks(limit=_MOST):
            if row["task_id"].startswith(incomplete):
                yield row["task_id"], one_line(row["task_description"])[:_DESCRIPTION_CHARS]
