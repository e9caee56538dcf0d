"""What the journal cannot read: letters that nobody can send again, and what it has not written."""

from collections.abc import Iterator

from otel_steps.fsck.finding import Finding
from otel_steps.fsck.subject import Subject
from otel_steps.health.problems import Problems
from otel_steps.journal.dead_letters import DeadLetters
from otel_steps.journal.odd_files import OddFiles
from otel_steps.journal.owner import Owner
from otel_steps.journal.uploads import Uploads


def dead_letters(subject: Subject) -> Iterator[Finding]:
    """Yield letters of spans that cannot be read any more: `sync --dead` passes them over."""
    if subject.journal is None:
        return
    unreadable = DeadLetters(subject.journal).unreadable()
    if not unreadable:
        return
    if subject.repair:
        OddFiles(subject.journal, Problems(None)).clear(unreadable)
    yield Finding.of(
        "dead_letters",
        "dead letters cannot be read",
        unreadable,
        "they are set aside as `.unreadable`; look at them and delete them",
        is_mended=subject.repair,
    )


def odd_files(subject: Subject) -> Iterator[Finding]:
    """Yield what stands where the journal has its files, and is none of them."""
    if subject.journal is None or not subject.journal.is_dir():
        return
    odd = OddFiles(subject.journal, Problems(None))
    owners = Owner.all(subject.journal)
    found = [
        *odd.shared_folders(),
        *odd.owners(),
        *Uploads(subject.journal).odd(),
        *(path for owner in owners for path in owner.odd()),
    ]
    if not found:
        return
    if subject.repair:
        odd.clear(found)
    yield Finding.of(
        "journal",
        "the journal has files that it has not written",
        found,
        "they are set aside as `.unreadable`; look at them and delete them",
        is_mended=subject.repair,
    )
