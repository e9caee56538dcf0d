"""Whether there is anything to be read: brokers, topic, and how far a group has come."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from confluent_kafka import Consumer, KafkaException, TopicPartition

from otel_steps.consuming.kafka_source import KafkaSource
from otel_steps.consuming.member import ConsumeError, words

_ANSWER_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Topic:
    """
    What the brokers say of a topic.

    Attributes:
        brokers: How many there are.
        partitions: Of the topic; 0 where there is no such topic.
        lag: Messages that the group has not committed; None where it has committed nothing at all.
    """

    brokers: int
    partitions: int
    lag: int | None


def look(source: KafkaSource, settings: Mapping[str, str]) -> Topic:
    """
    Ask the brokers of *source*, without joining its group or changing anything.

    Args:
        settings: Of librdkafka, beside our own.

    Raises:
        ConsumeError: They do not answer, or a setting cannot be used; the message says why.
    """
    heard: list[str] = []
    ours = {
        "bootstrap.servers": source.brokers,
        "group.id": source.group,
        "enable.auto.commit": False,
        "error_cb": lambda error: heard.append(error.str()),
        "log_level": 0,
    }
    try:
        consumer = Consumer({**settings, **ours})
    except (KafkaException, ValueError, TypeError) as error:
        raise ConsumeError(words(error)) from error
    try:
        return _asked(consumer, source)
    except KafkaException as error:
        consumer.poll(0)  # has what went wrong on the way told
        raise ConsumeError(heard[0] if heard else words(error)) from error
    finally:
        consumer.close()


def _asked(consumer: Consumer, source: KafkaSource) -> Topic:
    found = consumer.list_topics(timeout=_ANSWER_S)  # of all: asking for one may make it
    topic = found.topics.get(source.topic)
    if topic is None or topic.error is not None:
        return Topic(len(found.brokers), 0, None)
    partitions = [TopicPartition(source.topic, number) for number in topic.partitions]
    committed = consumer.committed(partitions, _ANSWER_S)
    if all(each.offset < 0 for each in committed):
        return Topic(len(found.brokers), len(partitions), None)
    lag = 0
    for each in committed:
        first, end = consumer.get_watermark_offsets(each, _ANSWER_S)
        lag += end - max(first, each.offset)
    return Topic(len(found.brokers), len(partitions), lag)
