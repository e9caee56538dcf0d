"""Rows that no write has left like that, and that the store itself can mend."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from otel_steps import semconv
from otel_steps.fsck.finding import MAX_EXAMPLES, Finding
from otel_steps.fsck.subject import Subject
from otel_steps.stores.flaws import Flaw, FlawKind


@dataclass(frozen=True, slots=True)
class Rows:
    """
    One kind of flaw, in words.

    Attributes:
        is_cheap: False where every row has to be read.
    """

    kind: FlawKind
    message: str
    remedy: str
    is_cheap: bool = True


_EMPTIED: Final = "the value is emptied, and the row is kept in lost+found as it was"
ROWS: Final = (
    Rows("task_cells", "tasks have a value that is none of its column", _EMPTIED, is_cheap=False),
    Rows("step_cells", "steps have a value that is none of its column", _EMPTIED, is_cheap=False),
    Rows(
        "picture_cells",
        "rows of pictures have a value that is none of its column",
        _EMPTIED,
        is_cheap=False,
    ),
    Rows("span_cells", "spans have a value that is none of its column", _EMPTIED, is_cheap=False),
    Rows(
        "doubled_steps",
        "steps are there twice, with the same span",
        "the one that knows more stays, the other is kept in lost+found",
    ),
    Rows(
        "doubled_numbers",
        "steps have the number of another one",
        "they take the next ones, in the order in which they began; "
        "the rows are kept in lost+found as they were",
        is_cheap=False,
    ),
    Rows(
        "missing_numbers",
        "before these steps others are missing",
        f"they say how many, as {semconv.STEP_MISSING}; what the journals of other machines have "
        "takes its place when `otel-steps sync` brings it",
        is_cheap=False,
    ),
    Rows("step_times", "steps have ended before they began", "they end when they began"),
    Rows("task_times", "tasks have ended before they began", "they end with what happened last"),
    Rows(
        "orphan_pictures",
        "rows of pictures have no step",
        "they are removed, and kept in lost+found",
    ),
    Rows("orphan_names", "pictures are kept for spans that are gone", "they are let go of"),
    Rows("unnoted_names", "spans name pictures that are not kept for them", "they are kept"),
    Rows("unnumbered_tasks", "searches pass over these tasks", "they are found again"),
    Rows("kept_sums", "sums kept of tasks are not right", "they are added up anew", is_cheap=False),
)


def look_at_rows(rows: Rows, subject: Subject) -> Iterator[Finding]:
    """Yield what is wrong with rows of one kind."""
    count = 0
    examples: list[str] = []
    for page in pages(subject, rows.kind):
        if subject.repair:
            subject.keep(rows.kind, page)
            subject.store.mend(rows.kind, [flaw.key for flaw in page])
        count += len(page)
        examples += map(name_of, page[: MAX_EXAMPLES - len(examples)])
        subject.progress(rows.kind.replace("_", " "), count)
    if count:
        yield Finding(
            rows.kind, rows.message, count, tuple(examples), rows.remedy, is_mended=subject.repair
        )


def pages(subject: Subject, kind: FlawKind) -> Iterator[list[Flaw]]:
    """Yield all rows that have a flaw, a page at a time."""
    after = ""
    while page := subject.store.flaws(kind, after):
        after = page[-1].key
        yield page


def name_of(flaw: Flaw) -> str:
    """Return what a person knows a row by."""
    row = flaw.row or {}
    return str(row.get("id") or row.get("span_id") or row.get("task_id") or flaw.key)
