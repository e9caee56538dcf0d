"""
What a consumer does, round by round: it commits no offset before the store has what came before it.

A round is: fetch some messages, put them into the journal, wait until the store has them, commit.
Where the store takes nothing, nothing more is fetched, so that the disk holds one round of messages
at most; the group is answered all the while. What was not committed comes again, to this member
or another one, and is the same rows.

All of it is on one thread; `consumed`, `standing` and `hindrance` may be read on any.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from confluent_kafka import KafkaError, Message

from otel_steps.consuming.kafka_source import KafkaSource
from otel_steps.consuming.member import ConsumeError, Member, offset_of, partition_of
from otel_steps.consuming.message_taker import MessageTaker, NotNow
from otel_steps.consuming.order import Partition
from otel_steps.consuming.uncommitted import Uncommitted
from otel_steps.journal import Journal
from otel_steps.shipper import Shipper

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


@dataclass(frozen=True, slots=True)
class Standing:
    """
    How a consumer stands.

    Attributes:
        partitions: Those that are its own.
        lag: Messages of these that the group does not know to be done with.
    """

    partitions: int = 0
    lag: int = 0


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
        standing: As of the last round, a few seconds old at most.

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
        self.standing = Standing()
        self._source = source
        self._taker = taker
        self._journal = journal
        self._shipper = shipper
        self._until_end = until_end
        self._on_trouble = on_trouble
        self._on_ready = on_ready
        self._trouble: str | None = None  # the last one, until something was acknowledged
        self._final: str | None = None
        self._waiting: deque[Message] = deque()  # fetched, and not in the journal
        self._uncommitted = Uncommitted()
        self._given_up = journal.given_up
        self._member = Member(source, settings, until_end=until_end, listener=self)

    def run(self, is_ended: Callable[[], bool]) -> None:
        """
        Read until *is_ended*, and leave the group.

        Raises:
            ConsumeError: Reading has come to an end for good.
        """
        self._member.join()
        try:
            while not is_ended() and not self._is_through():
                self._round()
                if self._final is not None:
                    raise ConsumeError(f"{self._source}: {self._final}")
        finally:
            self._member.leave()

    @property
    def hindrance(self) -> str | None:
        """Why nothing can be read, or None."""
        return self._member.hindrance

    def _is_through(self) -> bool:
        is_done = not self._waiting and not self._uncommitted
        return self._until_end and is_done and self._member.is_at_end

    def _round(self) -> None:
        # First, since it may call `gone`: what it returns belongs behind what that leaves.
        fetched = self._member.fetch()
        self._waiting.extend(fetched)
        self._take()
        is_settled = self._settle(_STORE_S)
        if is_settled and not self._waiting:
            self._member.resume()
        else:
            self._member.pause()
        partitions, behind = self._member.standing()
        self.standing = Standing(partitions, behind + len(self._waiting) + len(self._uncommitted))

    def _take(self) -> None:
        while self._waiting:
            message = self._waiting[0]
            partition, offset = partition_of(message), offset_of(message)
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
            self._uncommitted.add(partition, offset)

    # --- Done with

    def _settle(self, timeout_s: float) -> bool:
        """
        Commit what was taken, once the store has it.

        Returns:
            True where it has; while the group shares its partitions out anew it takes no offsets,
            and they are committed after that.
        """
        if not self._uncommitted:
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
        error = self._member.commit(self._uncommitted.ends())
        if error is not None:
            # This member tries again, or whoever has the partitions next gets all of it again.
            if error.code() not in _SHARING_OUT:
                self._tell(f"the group does not take offsets: {error.str()}")
            return
        self.consumed.acknowledged += len(self._uncommitted)
        self._uncommitted.clear()
        self._trouble = None

    def _rewind(self) -> None:
        """Fetch again what somebody has removed from the journal before the store had it."""
        self._given_up = self._journal.given_up
        self.consumed.messages -= len(self._uncommitted)
        starts = dict(self._uncommitted.starts())
        for message in self._waiting:
            starts.setdefault(partition_of(message), offset_of(message))
        self._waiting.clear()
        self._uncommitted.clear()
        self._member.fetch_again(starts)

    # --- What the member hears of its group

    def given(self, count: int) -> None:
        """Say so."""
        self._on_ready(count)

    def giving_up(self) -> None:
        """Commit what can be."""
        self._settle(_LEAVE_S)

    def gone(self, partitions: set[Partition]) -> None:
        """Leave them to whoever has them next, from what was committed on."""
        self._waiting = deque(
            each for each in self._waiting if partition_of(each) not in partitions
        )
        self._uncommitted.drop(partitions)

    def troubled(self, reason: str, *, is_final: bool) -> None:
        """Say so, or end."""
        if is_final:
            self._final = reason
        else:
            self._tell(f"{self._source}: {reason}")

    def _tell(self, trouble: str) -> None:
        if trouble != self._trouble:
            self._trouble = trouble
            self._on_trouble(trouble)
