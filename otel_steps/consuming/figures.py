"""The figures of a consumer, as text that Prometheus reads, beside those of its recording."""

from otel_steps.consuming.consumption import Consumption
from otel_steps.health.prometheus import sample


def exposition(reading: Consumption) -> str:
    """Return how *reading* stands."""
    consumed, standing = reading.consumed, reading.standing
    return (
        sample("messages_total", "Messages of Kafka that were taken.", consumed.messages)
        + sample("messages_acknowledged_total", "Of these, committed.", consumed.acknowledged)
        + sample("messages_aside_total", "Of these, set aside in whole or part.", consumed.aside)
        + sample("partitions", "Partitions that are this consumer's.", standing.partitions)
        + sample("lag_messages", "Messages in these that are not committed.", standing.lag)
    )
