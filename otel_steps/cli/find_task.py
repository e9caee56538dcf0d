"""Which task is meant: an id, the beginning of one, or the newest."""

import difflib
from collections.abc import Iterator, Mapping
from typing import Any, Final

from otel_steps.cli.terminal import CommandError
from otel_steps.cli.wording import one_line
from otel_steps.stores import Store

_PAGE: Final = 500
_MOST_LISTED: Final = 5


def find_task(store: Store, name: str) -> str:
    """Return the id that *name* stands for: itself, a beginning that is unique, or `latest`."""
    if name == "latest":
        return _newest(store)
    if store.task(name) is not None:
        return name
    rows = {row["task_id"]: row for row in _all_tasks(store)}
    found: list[str] = [task_id for task_id in rows if task_id.startswith(name)]
    if len(found) == 1:
        return found[0]
    if found:
        many = "\n".join(_listed(rows[task_id]) for task_id in found[:_MOST_LISTED])
        raise CommandError(f"{len(found)} tasks begin with {name!r}; give more of the id:\n{many}")
    close = difflib.get_close_matches(name, rows, n=_MOST_LISTED, cutoff=0.3)
    hint = "\n".join(["the closest are:", *(_listed(rows[task_id]) for task_id in close)])
    raise CommandError(f"no task {name!r}; {hint if close else 'see `otel-steps tasks`'}")


def _newest(store: Store) -> str:
    for row in store.tasks(limit=1):
        return str(row["task_id"])
    raise CommandError("no tasks; record some: `otel-steps demo`")


def _all_tasks(store: Store) -> Iterator[Mapping[str, Any]]:
    offset = 0
    while page := store.tasks(limit=_PAGE, offset=offset):
        yield from page
        offset += len(page)


def _listed(row: Mapping[str, Any]) -> str:
    return f"  {one_line(row['task_id'])}  {one_line(row['task_description'])}".rstrip()
