"""The health of a journal and its shipper, as whoever records or receives tells it."""

from otel_steps.health.health import Health
from otel_steps.health.problems import Problems
from otel_steps.journal import Journal
from otel_steps.shipper import Shipper


def health_of(shipper: Shipper, problems: Problems, journal: Journal | None) -> Health:
    """
    Return how they stand.

    Args:
        journal: Of this process; None where only what others have left is shipped.
    """
    facts = shipper.facts()
    own = journal.facts() if journal is not None else None
    return Health(
        recorded=own.recorded if own else 0,
        shipped=facts.shipped,
        known=facts.known,
        batches=facts.batches,
        batch_seconds=facts.batch_seconds,
        waiting=facts.waiting,
        pictures_waiting=facts.pictures_waiting,
        dead=facts.dead,
        pictures_dead=facts.pictures_dead,
        refused=own.refused + own.removed if own else 0,
        in_memory=own.in_memory if own else 0,
        journal_bytes=own.size_bytes if own else facts.waiting_bytes,
        held=facts.held,
        problems=tuple(problems.all()),
    )
