"""
A member of a consumer group, as librdkafka has it: what it is given, in order and without gaps.

An offset says that all before it is done with, so no message may be passed over: whoever reads from
Kafka with pauses and changing partitions may be given them with gaps (`Order` sees to it).

All of it is on one thread: librdkafka calls back from within `fetch` and `leave`.
"""

import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Final, Protocol

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from otel_steps.consuming.kafka_source import KafkaSource
from otel_steps.consuming.order import Order, Partition

# Of one fetch. A message of the Collector has up to a megabyte.
MAX_MESSAGES: Final = 128
# For the first message, and for others that come with it.
_POLL_S: Final = 0.5
_LINGER_S: Final = 0.02
# Where a group begins that has committed nothing yet.
_RESET: Final = "auto.offset.reset"
_EARLIEST: Final = frozenset({"earliest", "smallest", "beginning"})
# For the group to say where it is.
_COMMITTED_S: Final = 5.0
# For a broker to say anything, where nothing hangs on it.
_ASKED_S: Final = 1.0
_LOOK_S: Final = 5.0


class ConsumeError(Exception):
    """Nothing can be read; the message says why and what to do."""


class Listener(Protocol):
    """Hears of the group; called from within `Member.fetch` and `Member.leave`."""

    def given(self, count: int) -> None:
        """*count* more partitions are this member's."""

    def giving_up(self) -> None:
        """Partitions are about to go, and what is done with may still be committed."""

    def gone(self, partitions: set[Partition]) -> None:
        """*partitions* are another member's, or nobody's."""

    def troubled(self, reason: str, *, is_final: bool) -> None:
        """Something stands in the way; it goes on by itself unless *is_final*."""


class Member:
    """
    Reads one source, from `join` to `leave`.

    Args:
        source: What to read.
        settings: Of librdkafka, beside our own.
        until_end: True for a reader that wants all there is now, and to whom any error is final.
        listener: Hears of the group.

    Raises:
        ConsumeError: A setting cannot be used.
    """

    def __init__(
        self,
        source: KafkaSource,
        settings: Mapping[str, str],
        *,
        until_end: bool,
        listener: Listener,
    ) -> None:
        self._source = source
        self._until_end = until_end
        self._listener = listener
        self._order = Order()
        self._at_end: set[Partition] = set()
        self._starts_early = settings.get(_RESET, "earliest") in _EARLIEST
        # Exactly those: resuming what is not paused would drop what was fetched of it ahead.
        self._paused: set[Partition] = set()
        self._has_joined = False
        self._is_cut_off = False  # no broker has answered since
        self._behind = 0
        self._looked_at = -_LOOK_S
        try:
            self._consumer = Consumer(
                {
                    "partition.assignment.strategy": "cooperative-sticky",
                    _RESET: "earliest",
                    # Of what is fetched ahead, in all.
                    "queued.max.messages.kbytes": 32 * 1024,
                    "client.id": "otel-steps",
                    **settings,
                    "bootstrap.servers": source.brokers,
                    "group.id": source.group,
                    "enable.auto.commit": False,
                    "enable.auto.offset.store": False,
                    "enable.partition.eof": until_end,
                    "error_cb": self._failed,
                }
            )
        except (KafkaException, ValueError, TypeError) as error:
            raise ConsumeError(f"{words(error)}; mend the file of --kafka-config") from error

    def join(self) -> None:
        """Ask the group for partitions; `fetch` is what it gives them in."""
        self._consumer.subscribe(
            [self._source.topic],
            on_assign=self._assigned,
            on_revoke=self._revoked,
            on_lost=self._lost,
        )

    def leave(self) -> None:
        """Leave the group."""
        self._consumer.close()

    # --- How it stands

    @property
    def hindrance(self) -> str | None:
        """Why nothing can be read, or None."""
        if self._is_cut_off:
            return "no broker answers"
        return None if self._has_joined else "the group has not given out its partitions yet"

    @property
    def is_at_end(self) -> bool:
        """True where there is no more of anything that this member has; see *until_end*."""
        assigned = self._partitions()
        return bool(assigned) and assigned <= self._at_end

    def standing(self) -> tuple[int, int]:
        """Return how many partitions are this member's, and how many messages wait in them."""
        assigned = self._partitions()
        if time.monotonic() - self._looked_at >= _LOOK_S:
            self._looked_at = time.monotonic()
            with suppress(KafkaException):  # what was known stands
                self._behind = sum(map(self._behind_in, assigned))
        return len(assigned), self._behind

    def _behind_in(self, partition: Partition) -> int:
        # What is paused is not fetched, so only the broker knows how much there is.
        is_fetched = partition not in self._paused
        found = self._consumer.get_watermark_offsets(
            TopicPartition(*partition), _ASKED_S, cached=is_fetched
        )
        due = self._order.due(partition)
        return max(0, found[1] - due) if due is not None else 0

    def _partitions(self) -> set[Partition]:
        return {(each.topic, each.partition) for each in self._consumer.assignment()}

    # --- What is read

    def fetch(self) -> list[Message]:
        """Return some messages that have come, of each partition in order."""
        first = self._consumer.poll(_POLL_S)
        if first is None:
            self._look_for_brokers()
            return []
        more = self._consumer.consume(MAX_MESSAGES - 1, _LINGER_S)
        # Between these two partitions may have gone: what came of them is for whoever has them now.
        owned = self._partitions()
        fetched = [
            each for each in (first, *more) if self._has_value(each) and partition_of(each) in owned
        ]
        passed_over = self._order.gaps((partition_of(each), offset_of(each)) for each in fetched)
        for partition, due in passed_over.items():
            self._seek(partition, due)
        return [
            each
            for each in fetched
            if offset_of(each) < passed_over.get(partition_of(each), sys.maxsize)
        ]

    def fetch_again(self, starts: Mapping[Partition, int]) -> None:
        """Go back to *starts*."""
        for partition, start in starts.items():
            self._order.begin(partition, start)
            self._seek(partition, start)

    def _seek(self, partition: Partition, offset: int) -> None:
        try:
            self._consumer.seek(TopicPartition(*partition, offset))
        except KafkaException:  # not now, such as before it is fetched at all
            self._order.not_sought(partition)

    def _has_value(self, message: Message) -> bool:
        error = message.error()
        if error is None:
            self._is_cut_off = False
            self._at_end.discard(partition_of(message))
            return True
        if error.code() == KafkaError._PARTITION_EOF:
            self._at_end.add(partition_of(message))
        else:  # such as a topic that nobody has written to yet
            self._listener.troubled(error.str(), is_final=self._until_end)
        return False

    def _look_for_brokers(self) -> None:
        if self._is_cut_off:
            with suppress(KafkaException):
                self._consumer.list_topics(self._source.topic, _ASKED_S)
                self._is_cut_off = False

    def pause(self) -> None:
        """Fetch nothing, and be answered by the group all the same."""
        more = self._partitions() - self._paused
        self._consumer.pause([TopicPartition(*each) for each in more])
        self._paused |= more

    def resume(self) -> None:
        """Fetch what was paused."""
        self._resume(self._paused)

    def _resume(self, partitions: set[Partition]) -> None:
        if partitions:
            with suppress(KafkaException):  # one that is another member's by now
                self._consumer.resume([TopicPartition(*each) for each in partitions])
        self._paused = self._paused - partitions

    # --- What is done with

    def commit(self, ends: Mapping[Partition, int]) -> KafkaError | None:
        """Tell the group that all before *ends* is done with; return why that is not so, if not."""
        offsets = [TopicPartition(*each, end) for each, end in ends.items()]
        try:
            done = self._consumer.commit(offsets=offsets, asynchronous=False)
        except KafkaException as error:
            failed: KafkaError = error.args[0]
            return failed
        return next((each.error for each in done if each.error is not None), None)

    # --- What librdkafka calls

    def _assigned(self, _: Consumer, partitions: list[TopicPartition]) -> None:
        self._has_joined, self._is_cut_off = True, False
        self._begin(partitions)
        if partitions:
            self._listener.given(len(partitions))

    def _begin(self, partitions: Iterable[TopicPartition]) -> None:
        try:
            for each in self._consumer.committed(list(partitions), _COMMITTED_S):
                if each.error is not None:
                    raise KafkaException(each.error)
                due = each.offset
                if due < 0 and self._starts_early:  # nobody has read it yet
                    due = self._consumer.get_watermark_offsets(each, _COMMITTED_S)[0]
                if due >= 0:
                    self._order.begin((each.topic, each.partition), due)
        except KafkaException as error:
            # Read from wherever librdkafka begins, which asks the group as well.
            self._listener.troubled(
                f"the group does not say where it is: {words(error)}", is_final=False
            )

    def _revoked(self, _: Consumer, partitions: list[TopicPartition]) -> None:
        self._listener.giving_up()
        self._drop(partitions)

    def _lost(self, _: Consumer, partitions: list[TopicPartition]) -> None:
        self._drop(partitions)

    def _drop(self, partitions: list[TopicPartition]) -> None:
        gone = {(each.topic, each.partition) for each in partitions}
        self._resume(self._paused & gone)  # for whoever has them next, who may be this member
        self._order.end(gone)
        self._at_end -= gone
        self._listener.gone(gone)

    def _failed(self, error: KafkaError) -> None:
        self._is_cut_off |= error.code() == KafkaError._ALL_BROKERS_DOWN
        self._listener.troubled(error.str(), is_final=error.fatal())


def partition_of(message: Message) -> Partition:
    """Return where *message* stands."""
    return message.topic() or "", message.partition() or 0


def offset_of(message: Message) -> int:
    """Return which one of its partition *message* is."""
    return message.offset() or 0


def words(error: Exception) -> str:
    """Return what librdkafka says of *error*."""
    cause = error.args[0] if error.args else error
    return cause.str() if isinstance(cause, KafkaError) else str(cause)
