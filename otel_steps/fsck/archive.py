"""Archiving and restoring that was cut off: tasks on both sides, and files that are not whole."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeVar

from otel_steps.archiving import archived_tasks, restore, settle, unsettled
from otel_steps.errors import RowRejected, StoreOnHold
from otel_steps.fsck.finding import Finding
from otel_steps.fsck.rows import pages
from otel_steps.fsck.subject import GRACE_S, Subject
from otel_steps.rows.times import iso

T = TypeVar("T")

_NOT_MENDED: Final = "; not mended: the archive cannot be read"


def half_archived(subject: Subject) -> Iterator[Finding]:
    """Yield archived tasks of which the store has steps or pictures as well."""
    found = unsettled(subject.store)
    cold = subject.cold
    if not found or cold is None:
        return
    before = iso(int(subject.now * 1e9))
    is_mended = subject.repair and _are_mended(
        found,
        lambda task: settle(subject.store, subject.pictures, cold, task, before=before),
    )
    yield Finding.of(
        "archived",
        "tasks are in the archive, and some of them in the store as well",
        [task.task_id for task in found],
        "what the archive has goes from the store; where the store has more, the task comes back"
        + ("" if is_mended == subject.repair else _NOT_MENDED),
        is_mended=is_mended,
    )


def unkept_tasks(subject: Subject) -> Iterator[Finding]:
    """Yield archived tasks of whose steps the store does not keep what is asked of many tasks."""
    cold = subject.cold
    found = [flaw.key for page in pages(subject, "unkept_tasks") for flaw in page]
    if not found or cold is None:
        return
    is_mended = subject.repair and _are_mended(
        found, lambda task_id: restore(subject.store, subject.pictures, cold, task_id)
    )
    yield Finding.of(
        "unkept_tasks",
        "figures and searches pass over these archived tasks",
        found,
        "they come back into the store; `otel-steps archive` takes them again"
        + ("" if is_mended == subject.repair else _NOT_MENDED),
        is_mended=is_mended,
    )


def archive_files(subject: Subject) -> Iterator[Finding]:
    """Yield bundles of the archive that were not finished, none younger than an hour."""
    cold = subject.cold
    found = [] if cold is None else cold.broken_places(before=subject.now - GRACE_S)
    if not found or cold is None:
        return
    # What tasks are archived in was finished, and has lost a file since.
    stores = (subject.store, *subject.others)
    needed = {task.place for store in stores for task in archived_tasks(store)}
    found = [place for place in found if place not in needed]
    if not found:
        return
    if subject.repair:
        for place in found:
            cold.remove(place)
    yield Finding.of(
        "archive",
        "the archive has bundles that were not finished",
        found,
        "their files are removed: the tasks are in the store",
        is_mended=subject.repair,
    )


def _are_mended(found: Iterable[T], mend: Callable[[T], object]) -> bool:
    """Mend each of what was found; return whether all could be: one holds up no other."""
    are_all = True
    for each in found:
        try:
            mend(each)
        except (StoreOnHold, RowRejected, ValueError):
            are_all = False
    return are_all
