"""Totals of tasks that are not what their steps add up to."""

from collections.abc import Iterator

from otel_steps.fsck.finding import Finding
from otel_steps.fsck.subject import Subject


def totals(subject: Subject) -> Iterator[Finding]:
    """Yield tasks whose totals are wrong."""
    wrong: list[str] = []
    after: str | None = ""
    while after is not None:
        some, after = subject.store.recount(after, mends=subject.repair)
        wrong += some
        subject.progress("wrong totals", len(wrong))
    if wrong:
        yield Finding.of(
            "totals",
            "totals of tasks are not what their steps add up to",
            wrong,
            "they are counted anew",
            is_mended=subject.repair,
        )
