"""
The rules, in their order: what one needs comes before it.

The cheap ones ask the database alone; the others go through the pictures, or read all of a row.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

from otel_steps.fsck.archive import archive_files, half_archived, unkept_tasks
from otel_steps.fsck.archived_content import archived_content
from otel_steps.fsck.finding import Finding
from otel_steps.fsck.journal import dead_letters, odd_files
from otel_steps.fsck.leftovers import leftovers
from otel_steps.fsck.lost_tasks import lost_tasks
from otel_steps.fsck.picture_files import damaged_files, lost_files, rows_to_make, thumbnails
from otel_steps.fsck.rows import ROWS, look_at_rows
from otel_steps.fsck.running import running_steps, running_tasks
from otel_steps.fsck.search import search_index
from otel_steps.fsck.subject import Subject
from otel_steps.fsck.totals import totals
from otel_steps.fsck.unneeded import let_go, unneeded_files


@dataclass(frozen=True, slots=True)
class Rule:
    """
    One rule.

    Attributes:
        look: Yields what is wrong and, where its subject asks for it, mends it: a second time it
            finds nothing.
        is_cheap: Whether it costs no more than some questions to a database that is near.
    """

    look: Callable[[Subject], Iterator[Finding]]
    is_cheap: bool = True


RULES: Final = (
    Rule(odd_files),
    Rule(dead_letters),
    Rule(leftovers),
    # Before what looks at rows: half of a task is none of their business.
    Rule(half_archived),
    # Before pictures are listed: what it puts back is among them.
    Rule(archived_content, is_cheap=False),
    Rule(unkept_tasks),
    *(Rule(partial(look_at_rows, rows), rows.is_cheap) for rows in ROWS),
    Rule(lost_tasks),
    Rule(running_tasks),
    Rule(running_steps),
    Rule(totals),
    Rule(search_index),
    # The content before the rows: what is set aside is gone to them.
    Rule(thumbnails, is_cheap=False),
    Rule(damaged_files, is_cheap=False),
    Rule(lost_files, is_cheap=False),
    Rule(rows_to_make, is_cheap=False),
    Rule(archive_files, is_cheap=False),
    Rule(let_go),
    # Last, when it is settled which pictures rows need.
    Rule(unneeded_files, is_cheap=False),
)


def examine(subject: Subject, *, only_cheap: bool = False) -> Iterator[Finding]:
    """
    Yield what is wrong, one kind after the other.

    Raises:
        StoreUnavailable, StoreOnHold, OSError: It cannot be looked at, or mended, to its end.
    """
    for rule in RULES:
        if rule.is_cheap or not only_cheap:
            yield from rule.look(subject)
