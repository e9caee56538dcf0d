"""Files of pictures that no row needs: what a removal has not come to, and what is left over."""

from collections.abc import Iterator
from itertools import islice

from otel_steps.fsck.finding import MAX_EXAMPLES, Finding
from otel_steps.fsck.rows import pages
from otel_steps.fsck.set_aside import set_aside
from otel_steps.fsck.subject import GRACE_S, Subject
from otel_steps.retention import sweep
from otel_steps.stores.removal import MAX_UNNEEDED


def let_go(subject: Subject) -> Iterator[Finding]:
    """Yield pictures that rows have let go of: the rest of a removal that was cut off."""
    stores = (subject.store, *subject.others)
    found: list[str] = []
    for page in pages(subject, "let_go"):
        names = [flaw.key for flaw in page]
        for start in range(0, len(names), MAX_UNNEEDED):
            some = names[start : start + MAX_UNNEEDED]
            needed = {name for store in stores for name in store.needed_pictures(some)}
            found += [name for name in some if name not in needed]
    if not found:
        return
    if subject.repair:
        list(sweep(subject.store, subject.pictures, subject.others))
        for name in found:
            subject.saved().pop(name, None)
    yield Finding.of(
        "let_go",
        "a removal has left files of pictures",
        found,
        "their files are removed",
        is_mended=subject.repair,
    )


def unneeded_files(subject: Subject) -> Iterator[Finding]:
    """Yield pictures that no row needs, of which no file is younger than an hour."""
    if set_aside(subject):
        return  # rows that could not be saved may be in there, and need them
    if subject.store.recount("") == ([], None):  # there is no task
        yield from _of_nobody(subject)
        return
    count = 0
    examples: list[str] = []
    for looked_at, unneeded in _unneeded(subject):
        if subject.repair:
            subject.pictures.remove(unneeded)
        count += len(unneeded)
        examples += islice(unneeded, MAX_EXAMPLES - len(examples))
        subject.progress("pictures", looked_at)
    if count:
        yield Finding(
            "pictures",
            "no row needs these pictures",
            count,
            tuple(examples),
            "their files are removed",
            is_mended=subject.repair,
        )


def _of_nobody(subject: Subject) -> Iterator[Finding]:
    """Yield pictures of a store without any task: a database that was lost had the rows."""
    found = [name for _, some in _unneeded(subject) for name in some]
    if found:
        yield Finding.of(
            "no_tasks",
            "pictures are there, and not a single task",
            found,
            "they stay: put a backup of the database in its place, or name the right one; where "
            "none is wanted, delete the pictures by hand",
            is_mended=False,
        )


def _unneeded(subject: Subject) -> Iterator[tuple[int, list[str]]]:
    """Yield how many pictures were looked at, and which of them no row needs."""
    saved = subject.saved()
    old = [name for name, each in saved.items() if each.at < subject.now - GRACE_S]
    for start in range(0, len(old), MAX_UNNEEDED):
        some = old[start : start + MAX_UNNEEDED]
        stores = (subject.store, *subject.others)
        needed = {name for store in stores for name in store.needed_pictures(some)}
        yield start + len(some), [name for name in some if name not in needed]
