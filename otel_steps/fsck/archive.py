"""Archiving and restoring that was cut off: tasks on both sides, and files that are not whole."""

from collections.abc import Iterator

from otel_steps.archiving import settle, unsettled
from otel_steps.fsck.finding import Finding
from otel_steps.fsck.subject import GRACE_S, Subject
from otel_steps.rows.times import iso


def archived_tasks(subject: Subject) -> Iterator[Finding]:
    """Yield archived tasks of which the store has steps or pictures as well."""
    found = unsettled(subject.store)
    if not found or subject.cold is None:
        return
    if subject.repair:
        before = iso(int(subject.now * 1e9))
        for task in found:
            settle(subject.store, subject.pictures, subject.cold, task, before=before)
    yield Finding.of(
        "archived",
        "tasks are in the archive, and some of them in the store as well",
        [task.task_id for task in found],
        "what the archive has goes from the store; where the store has more, the task comes back",
        is_mended=subject.repair,
    )


def archive_files(subject: Subject) -> Iterator[Finding]:
    """Yield bundles of the archive that were not finished, none younger than an hour."""
    cold = subject.cold
    # No task can be in one: it is told of what is there when all of its files are.
    found = [] if cold is None else cold.broken_places(before=subject.now - GRACE_S)
    if not found or cold is None:
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
