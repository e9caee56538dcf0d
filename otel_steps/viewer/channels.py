"""
What goes on in the store, told to everyone who listens: one look at a time, however many they are.
"""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Final

from otel_steps.health.problems import Problems
from otel_steps.serving.refusal import NotFound, Refusal
from otel_steps.stores import Store, StoreError
from otel_steps.stores.json_object import Json

EMBEDDED_POLL_S: Final = 0.25
SHARED_POLL_S: Final = 2.0
# Between looks that go on to fail.
MAX_PAUSE_S: Final = 30.0
# One look serves all pages of a task, but each page costs a connection and is written to.
MAX_LISTENERS: Final = 100
# An address may be a tunnel or a proxy, with many people behind it; others have a place, too.
MAX_OF_CLIENT: Final = 64
_RETRY_AFTER_S: Final = 5
# Changes that a listener may have missed and still catch up with.
_CHANGES_KEPT: Final = 1000
# Channels without a listener that are remembered, for one who comes back.
_QUIET_KEPT: Final = 16


@dataclass(frozen=True, slots=True)
class Moment:
    """
    What the store said at a moment.

    Attributes:
        version: Another one wherever anything is different.
        task, index: Of the task that is watched; None for the list.
    """

    version: str
    task: Json | None = None
    index: Json | None = None


class Channel:
    """
    One subject, looked at while somebody listens; belongs to the event loop.

    Args:
        look: Called in a thread with the last moment; returns it again where nothing has changed.
        interval_s: Between two looks.
        problems: Hears of looks that failed for another reason than the store.

    Attributes:
        moment: The last one, or None before the first since somebody listens.
        is_closed: True where there will be no other.
    """

    def __init__(
        self, look: Callable[[Moment | None], Moment], *, interval_s: float, problems: Problems
    ) -> None:
        self.moment: Moment | None = None
        self.is_closed = False
        self.listeners = 0
        self._look = look
        self._last: Moment | None = None
        self._interval_s = interval_s
        self._problems = problems
        self._changes: deque[tuple[str, int]] = deque(maxlen=_CHANGES_KEPT)
        self._changed = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Look at the subject at least until the block is left."""
        self.listeners += 1
        if self._looking is None:
            self.moment = None  # what was known when the last one left may be old
            self._looking = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            self.listeners -= 1
            if not self.listeners:
                self._looking.cancel()
                self._looking = None

    async def changed(self, timeout_s: float) -> None:
        """Return when there is another moment, or no other will come; or after a time."""
        if self.is_closed:
            return
        event = self._changed
        try:
            await asyncio.wait_for(event.wait(), timeout_s)
        except TimeoutError:
            return

    def changed_from(self, version: str) -> int | None:
        """Return the first position at which the index differs from *version*, if that is known."""
        if self.moment is not None and version == self.moment.version:
            return _count(self.moment)
        for at, (before, _) in enumerate(self._changes):
            if before == version:
                return min(first for _, first in list(self._changes)[at:])
        return None

    def close(self) -> None:
        """Let everyone who listens go."""
        self.is_closed = True
        self._tell()

    async def _watch(self) -> None:
        # Nobody else would look: whatever fails, pages that are open must hear of what comes next.
        pause_s = self._interval_s
        while True:
            try:
                self._take(await asyncio.to_thread(self._look, self._last))
                pause_s = self._interval_s
            except (StoreError, NotFound):
                pass  # whoever asks a route hears what is wrong
            except Exception as error:  # noqa: BLE001 - see above
                self._problems.report("viewer", f"looking failed: {type(error).__name__}: {error}")
                self._forget()
                pause_s = min(2 * pause_s, max(MAX_PAUSE_S, self._interval_s))
            await asyncio.sleep(pause_s)

    def _forget(self) -> None:
        """Compare the next moment with none: what cannot be compared would fail for ever."""
        self._last = None
        self._changes.clear()

    def _take(self, moment: Moment) -> None:
        if self._last is not None and moment is not self._last:
            self._changes.append((self._last.version, _first_change(self._last, moment)))
        self._last = moment
        if moment is not self.moment:
            self.moment = moment
            self._tell()

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


class Channels:
    """The channels of one viewer: the list, and each task that somebody looks at."""

    def __init__(self, store: Store, *, index: Callable[[str], Json], problems: Problems) -> None:
        self._store = store
        self._problems = problems
        self._index = index
        self._interval_s = EMBEDDED_POLL_S if store.is_embedded else SHARED_POLL_S
        self._channels: OrderedDict[str | None, Channel] = OrderedDict()
        self._seats: Counter[str] = Counter()
        self._is_closed = False

    @asynccontextmanager
    async def listening(self, task_id: str | None) -> AsyncIterator[Channel]:
        """Give the channel of a task, or that of the list, to one who has a `seat`."""
        channel = self._channel(task_id)
        async with channel.listening():
            yield channel

    def report(self, message: str) -> None:
        """Note what kept a page from being told; it goes on."""
        self._problems.report("viewer", message)

    def close(self) -> None:
        """Let everyone who listens go, now and later."""
        self._is_closed = True
        for channel in self._channels.values():
            channel.close()

    @contextmanager
    def seat(self, client: str) -> Iterator[None]:
        """
        Keep a place for one who listens, until the block is left.

        Args:
            client: Whose place it is: the address.

        Raises:
            Refusal: All are taken, or too many of them by this client.
        """
        # Asked and taken in one go: of those who come together none slips through.
        if self._seats.total() >= MAX_LISTENERS:
            message = f"{MAX_LISTENERS} pages are kept up to date already; close some"
            raise Refusal(503, message, code="busy", retry_after_s=_RETRY_AFTER_S)
        if self._seats[client] >= MAX_OF_CLIENT:
            message = f"{MAX_OF_CLIENT} pages of {client} are kept up to date already; close some"
            raise Refusal(429, message, retry_after_s=_RETRY_AFTER_S)
        self._seats[client] += 1
        try:
            yield
        finally:
            self._seats[client] -= 1
            if not self._seats[client]:
                del self._seats[client]

    def _channel(self, task_id: str | None) -> Channel:
        if task_id not in self._channels:
            self._forget_quiet()
            look = self._look_at_list if task_id is None else self._looker(task_id)
            self._channels[task_id] = Channel(
                look, interval_s=self._interval_s, problems=self._problems
            )
        channel = self._channels[task_id]
        self._channels.move_to_end(task_id)
        channel.is_closed = self._is_closed
        return channel

    def _forget_quiet(self) -> None:
        quiet = [key for key, channel in self._channels.items() if not channel.listeners]
        for key in quiet[: max(0, len(quiet) - _QUIET_KEPT + 1)]:
            del self._channels[key]

    def _look_at_list(self, last: Moment | None) -> Moment:
        version = self._store.version()
        return last if last is not None and last.version == version else Moment(version)

    def _looker(self, task_id: str) -> Callable[[Moment | None], Moment]:
        def look(last: Moment | None) -> Moment:
            if last is not None and last.version == self._store.version(task_id):
                return last
            task, index = self._store.task(task_id), self._index(task_id)
            return Moment(index["version"], task, index)

        return look


def _count(moment: Moment) -> int:
    return 0 if moment.index is None else int(moment.index["count"])


def _first_change(before: Moment, after: Moment) -> int:
    """Return the first position at which two indexes differ."""
    if before.index is None or after.index is None:
        return 0
    first = min(_count(before), _count(after))
    for name, column in after.index.items():
        old = before.index.get(name)
        # Flags are told for all steps anyway: a loop is seen late.
        if not isinstance(column, list) or not isinstance(old, list) or name == "flags":
            continue
        if column[:first] != old[:first]:
            first = next(at for at in range(first) if column[at] != old[at])
    return first
