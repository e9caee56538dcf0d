"""Brokers of Kafka: librdkafka's own, which live in this process and talk to any other."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from confluent_kafka import Consumer, Producer, TopicPartition

from tests.patience import PATIENCE_S

PARTITIONS: Final = 4


class Kafka:
    """
    A cluster of one broker, from `Kafka()` until the object is gone.

    Attributes:
        brokers: Its address.
    """

    def __init__(self) -> None:
        self._producer = Producer({"test.mock.num.brokers": 1, "log_level": 0})
        (broker,) = self._producer.list_topics(timeout=PATIENCE_S).brokers.values()
        self.brokers = f"{broker.host}:{broker.port}"

    def write(self, topic: str, values: Sequence[bytes | None]) -> None:
        """Write messages, one partition after the other; they are there when this returns."""
        for number, value in enumerate(values):
            self._producer.produce(topic, value, partition=number % PARTITIONS)
        assert self._producer.flush(PATIENCE_S) == 0

    def committed(self, topic: str, group: str) -> int:
        """Return how many messages the group is done with."""
        asked = [TopicPartition(topic, number) for number in range(PARTITIONS)]
        consumer = Consumer({"bootstrap.servers": self.brokers, "group.id": group, "log_level": 0})
        try:
            return sum(max(0, each.offset) for each in consumer.committed(asked, PATIENCE_S))
        finally:
            consumer.close()


def consuming(url: str, folder: Path, *arguments: str, **environ: str) -> "subprocess.Popen[str]":
    """Start `otel-steps consume` as a process of its own."""
    config = folder / "kafka.properties"
    folder.mkdir(exist_ok=True)
    # Shorter than most would have it, for a group to miss a dead member soon.
    config.write_text("session.timeout.ms=4000\nheartbeat.interval.ms=300\n# a remark\n")
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "otel_steps", "consume", url),
            *("--kafka-config", str(config), *arguments),
        ],
        env={**os.environ, "OTEL_STEPS_DIR": str(folder), **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(
    process: "subprocess.Popen[str]", how: signal.Signals | None = None
) -> tuple[int, str, str]:
    """Return exit status and what a command has printed, once it has ended."""
    if how is not None:
        process.send_signal(how)
    out, err = process.communicate(timeout=PATIENCE_S)
    return process.returncode, out, err
