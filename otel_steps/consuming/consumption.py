"""
A member of a consumer group, which commits no offset before the store has what came before it.

A round is: fetch some messages, put them into the journal, wait until the store has them, commit.
Where the store takes nothing, nothing more is fetched, so that the disk holds one round of messages
at most; the group is answered all the while. What was not committed comes again, to this member
or another one, and is the same rows.

An offset says that all before it is done with, so no message may be passed over: whoever reads from
Kafka with pauses and changing partitions may be given them with gaps (`Order` sees to it).

All of it is on one thread: librdkafka calls back from within `poll`, `consume` and `close`.
"""

import sys
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from otel_steps.consuming.kafka_source import KafkaSource
from otel_steps.consuming.message_taker import MessageTaker, NotNow
from otel_steps.consuming.order import Order, Partition
from otel_steps.journal import Journal
from otel_steps.shipper import Shipper

# Of a round. A message of the Collector has up to a megabyte.
MAX_MESSAGES: Final = 128
# For the first message, and for others that come with it.
_POLL_S: Final = 0.5
_LINGER_S: Final = 0.02
# Where a group begins that has committed nothing yet.
_RESET: Final = "auto.offset.reset"
_EARLIEST: Final = frozenset({"earliest", "smallest", "beginning"})
# For the group to say where it is.
_COMMITTED_S: Final = 5.0
# For the store, before the group is answered again.
_STORE_S: Final = 1.0
# The same before partitions are given up: the rest of the group waits meanwhile.
_LEAVE_S: Final = 2.0

# A group takes no offsets while it shares its partitions out anew.
_SHARING_OUT: Final = frozenset(
    {
        KafkaError.REBALANCE_IN_PROGRESS,
        KafkaError.ILLEGAL_GENERATION,
        KafkaError.UNKNOWN_MEMBER_ID,
    }
)


class ConsumeError(Exception):
    """Nothing can be read; the message says why and what to do."""


@dataclass(slots=True)
class Consumed:
    """
    What has become of messages.

    Attributes:
        messages: Taken, those that were set aside included.
        acknowledged: Of these, messages that the store has, and the group knows it.
        aside: Set aside, as a whole or for some of their spans.
    """

    messages: int = 0
    acknowledged: int = 0
    aside: int = 0


@dataclass(slots=True)
class _Span:
    """Messages of a partition that are in the journal: from *first* up to, not with, *end*."""

    first: int
    end: int
    count: int


class Consumption:
    """
    Reads one source, from `run` to its end.

    Args:
        source: What to read.
        settings: Of librdkafka, beside our own.
        taker: Puts messages into *journal*.
        shipper: Carries that on.
        until_end: True to end once all that is there has been stored.
        on_trouble: Told, once each, what stands in the way; it goes on by itself.
        on_ready: Told the number of partitions whenever this member has been given some.

    Attributes:
        consumed: What has become of messages so far.

    Raises:
        ConsumeError: A setting cannot be used.
    """

    def __init__(
        self,
        source: KafkaSource,
        settings: Mapping[str, str],
        *,
        taker: MessageTaker,
        journal: Journal,
        shipper: Shipper,
        until_end: bool = False,
        on_trouble: Callable[[str], None],
        on_ready: Callable[[int], None],
    ) -> None:
        self.consumed = Consumed()
        self._source = source
        self._taker = taker
        self._journal = journal
        self._shipper = shipper
        self._until_end = until_end
        self._on_trouble = on_trouble
        self._on_ready = on_ready
        self._trouble: str | None = None  # the last one, until something was acknowledged
        self._fatal: str | None = None
        self._waiting: deque[Message] = deque()  # fetched, and not in the journal
        self._taken: dict[Partition, _Span] = {}  # in the journal, and not committed
        self._at_end: set[Partition] = set()
        self._order = Order()
        self._starts_early = settings.get(_RESET, "earliest") in _EARLIEST
        # Exactly those: resuming what is not paused would drop what was fetched of it ahead.
        self._paused: set[Partition] = set()
        self._given_up = journal.given_up
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
                    "error_cb": self._on_error,
                }
            )
        except (KafkaException, ValueError, TypeError) as error:
            raise ConsumeError(f"{_words(error)}; mend the file of --kafka-config") from error

    def run(self, is_ended: Callable[[], bool]) -> None:
        """
        Read until *is_ended*, and leave the group.

        Raises:
            ConsumeError: Reading has come to an end for good.
        """
        self._consumer.subscribe(
            [self._source.topic],
            on_assign=self._assigned,
            on_revoke=self._revoked,
            on_lost=self._lost,
        )
        try:
            while not is_ended() and not self._is_through():
                self._round()
                if self._fatal is not None:
                    raise ConsumeError(f"{self._source}: {self._fatal}")
        finally:
            self._consumer.close()

    def _is_through(self) -> bool:
        if not self._until_end or self._waiting or self._taken:
            return False
        assigned = {(each.topic, each.partition) for each in self._consumer.assignment()}
        return bool(assigned) and assigned <= self._at_end

    def _round(self) -> None:
        self._waiting.extend(self._fetched())
        self._take()
        is_settled = self._settle(_STORE_S)
        self._pause(not is_settled or bool(self._waiting))

    # --- In

    def _fetched(self) -> Iterable[Message]:
        first = self._consumer.poll(_POLL_S)
        if first is None:
            return []
        more = self._consumer.consume(MAX_MESSAGES - 1, _LINGER_S)
        fetched = [each for each in (first, *more) if self._has_value(each)]
        passed_over = self._order.gaps(
            (_partition_of(each), each.offset() or 0) for each in fetched
        )
        for partition, due in passed_over.items():
            self._seek(partition, due)
        return [
            each
            for each in fetched
            if (each.offset() or 0) < passed_over.get(_partition_of(each), sys.maxsize)
        ]

    def _seek(self, partition: Partition, offset: int) -> None:
        with suppress(KafkaException):  # where it cannot be now, `Order` asks again
            self._consumer.seek(TopicPartition(*partition, offset))

    def _has_value(self, message: Message) -> bool:
        error = message.error()
        if error is None:
            self._at_end.discard(_partition_of(message))
            return True
        if error.code() == KafkaError._PARTITION_EOF:
            self._at_end.add(_partition_of(message))
        elif self._until_end:
            self._fatal = error.str()
        else:  # such as a topic that nobody has written to yet
            self._tell(f"{self._source}: {error.str()}")
        return False

    def _take(self) -> None:
        while self._waiting:
            message = self._waiting[0]
            partition, offset = _partition_of(message), message.offset() or 0
            place = f"message {offset} of partition {partition[1]} of topic {partition[0]}"
            value = message.value()
            try:
                # A message without a value says that the one before it with its key is gone.
                is_whole = not value or self._taker.take(bytes(value), place)
            except NotNow as error:
                self._tell(str(error))
                return
            self._waiting.popleft()
            self.consumed.messages += 1
            self.consumed.aside += not is_whole
            taken = self._taken.setdefault(partition, _Span(offset, offset, 0))
            taken.end = offset + 1
            taken.count += 1

    # --- Done with

    def _settle(self, timeout_s: float) -> bool:
        """
        Commit what was taken, once the store has it.

        Returns:
            True where it has; while the group shares its partitions out anew it takes no offsets,
            and they are committed after that.
        """
        if not self._taken:
            return True
        is_stored = self._shipper.flush(timeout_s)
        if self._journal.given_up != self._given_up:
            self._rewind()
            return False
        if not is_stored:
            facts = self._shipper.facts()
            if reason := facts.held or facts.last_error:
                self._tell(f"the store does not take them: {reason}")
            return False
        self._commit()
        return True

    def _commit(self) -> None:
        offsets = [TopicPartition(*each, taken.end) for each, taken in self._taken.items()]
        try:
            done = self._consumer.commit(offsets=offsets, asynchronous=False)
            failed = [each.error for each in done if each.error is not None]
        except KafkaException as error:
            failed = [error.args[0]]
        if failed:
            # This member tries again, or whoever has the partitions next gets all of it again.
            if failed[0].code() not in _SHARING_OUT:
                self._tell(f"the group does not take offsets: {failed[0].str()}")
            return
        self.consumed.acknowledged += sum(taken.count for taken in self._taken.values())
        self._taken.clear()
        self._trouble = None

    def _rewind(self) -> None:
        """Fetch again what somebody has removed from the journal before the store had it."""
        self._given_up = self._journal.given_up
        starts: dict[Partition, int] = {}
        for partition, taken in self._taken.items():
            self.consumed.messages -= taken.count
            starts[partition] = taken.first
        for message in self._waiting:
            starts.setdefault(_partition_of(message), message.offset() or 0)
        self._waiting.clear()
        self._taken.clear()
        for partition, start in starts.items():
            self._order.begin(partition, start)
            self._seek(partition, start)

    def _pause(self, is_paused: bool) -> None:
        assigned = {(each.topic, each.partition) for each in self._consumer.assignment()}
        if is_paused:
            more = assigned - self._paused
            self._consumer.pause([TopicPartition(*each) for each in more])
            self._paused |= more
        elif self._paused:
            self._resume(self._paused)

    def _resume(self, partitions: set[Partition]) -> None:
        with suppress(KafkaException):  # one that is another member's by now
            self._consumer.resume([TopicPartition(*each) for each in partitions])
        self._paused = self._paused - partitions

    # --- What librdkafka calls

    def _assigned(self, _: Consumer, partitions: list[TopicPartition]) -> None:
        with suppress(KafkaException):
            for each in self._consumer.committed(partitions, _COMMITTED_S):
                due = each.offset
                if due < 0 and self._starts_early:  # nobody has read it yet
                    due = self._consumer.get_watermark_offsets(each, _COMMITTED_S)[0]
                if due >= 0:
                    self._order.begin((each.topic, each.partition), due)
        if partitions:
            self._on_ready(len(partitions))

    def _revoked(self, _: Consumer, partitions: list[TopicPartition]) -> None:
        self._settle(_LEAVE_S)
        self._drop(partitions)

    def _lost(self, _: Consumer, partitions: list[TopicPartition]) -> None:
        self._drop(partitions)

    def _drop(self, partitions: list[TopicPartition]) -> None:
        gone = {(each.topic, each.partition) for each in partitions}
        self._resume(self._paused & gone)  # for whoever has them next, who may be this member
        self._order.end(gone)
        self._waiting = deque(each for each in self._waiting if _partition_of(each) not in gone)
        self._taken = {each: span for each, span in self._taken.items() if each not in gone}
        self._at_end -= gone

    def _on_error(self, error: KafkaError) -> None:
        if error.fatal():
            self._fatal = error.str()
        else:
            self._tell(error.str())

    def _tell(self, trouble: str) -> None:
        if trouble != self._trouble:
            self._trouble = trouble
            self._on_trouble(trouble)


def _partition_of(message: Message) -> Partition:
    return message.topic() or "", message.partition() or 0


def _words(error: Exception) -> str:
    cause = error.args[0] if error.args else error
    return cause.str() if isinstance(cause, KafkaError) else str(cause)
