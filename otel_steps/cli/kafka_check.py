"""The check of `otel-steps doctor --kafka` on the brokers that `otel-steps consume` reads from."""

from pathlib import Path

from otel_steps.cli.checks import Check
from otel_steps.cli.serving import needing_kafka
from otel_steps.cli.wording import counted
from otel_steps.config import ConfigError


def check_kafka(url: str, config: Path | None) -> Check:
    """
    Check that the brokers of *url* answer and have the topic, changing nothing.

    Args:
        url, config: As `consume` is given them.

    Raises:
        CommandError: The extra is not installed.
    """
    with needing_kafka("doctor --kafka"):
        from otel_steps.consuming import brokers, kafka_source, member

    try:
        source = kafka_source.kafka_source(url)
        settings = kafka_source.kafka_settings(config) if config is not None else {}
        topic = brokers.look(source, settings)
    except ConfigError as error:
        return Check("kafka", "fail", str(error), "mend what is given to --kafka or --kafka-config")
    except member.ConsumeError as error:
        remedy = "mend the address, or what stands in the file of --kafka-config: TLS, SASL"
        return Check("kafka", "fail", f"{source.brokers}: {error}", remedy)
    if not topic.partitions:
        message = (
            f"{counted(topic.brokers, 'broker')}, and no topic {source.topic} that may be read"
        )
        remedy = "make the topic, mend its name, or let this user describe it"
        return Check("kafka", "warn", message, remedy)
    progress = f"group {source.group} has committed nothing yet"
    if topic.lag is not None:
        progress = f"group {source.group} is {counted(topic.lag, 'message')} behind"
    message = (
        f"{counted(topic.brokers, 'broker')}, {counted(topic.partitions, 'partition')} of topic"
    )
    return Check("kafka", "ok", f"{message} {source.topic}; {progress}")
