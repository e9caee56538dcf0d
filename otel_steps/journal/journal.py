"""
The journal, writer's side: what ended is on disk before the call returns.

It takes OTLP lines and pictures and knows neither spans nor stores. Where the disk fails, is full
or slow, memory takes over, bounded; where that is full as well, the newest is refused and counted.
Nothing accepted earlier is ever deleted here.
"""

import contextlib
import os
import shutil
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from otel_steps.config import Durability
from otel_steps.health.problems import Problems
from otel_steps.journal.disk_cap import DiskCap, DiskUsage
from otel_steps.journal.disk_use import DiskUse
from otel_steps.journal.files import sync_file
from otel_steps.journal.journal_facts import JournalFacts
from otel_steps.journal.keeper import Keeper
from otel_steps.journal.memory import Kept, Memory, Picture
from otel_steps.journal.odd_files import OddFiles
from otel_steps.journal.own_files import OwnFiles
from otel_steps.journal.owner import Owner
from otel_steps.journal.reported_turns import ReportedTurns
from otel_steps.process.forks import in_child
from otel_steps.process.private_files import sync_folder
from otel_steps.process.turns import PATIENCE_S, TurnTaken

T = TypeVar("T")


class Journal:
    """
    Keeps lines and pictures for the shipper.

    `append` and `put_open` run on the agent's threads, in signal handlers and in finalizers,
    `append_all` and `put_picture` on the threads that receive; none raises for anything that a disk
    does. `hand_over` runs on the agent's threads as well, the others belong to the shipper. A
    forked child has a folder of its own.

    All that changes is changed in a turn (`Turns`), and nothing that happens in a turn waits: it
    takes no other lock, and what is to be reported is reported after it. A call on an agent's
    thread that is not given a turn goes another way; it never waits for long.

    Attributes:
        folder: Holds one folder per writing process.
    """

    def __init__(
        self,
        folder: Path,
        *,
        durability: Durability = "process",
        max_disk_bytes: int = 2 * 2**30,
        problems: Problems,
        disk_usage: Callable[[Path], DiskUsage] = shutil.disk_usage,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.folder = folder
        self._durability = durability
        self._new_cap = partial(DiskCap, folder, max_disk_bytes, disk_usage)
        self._problems = problems
        self._odd_files = OddFiles(folder, problems)
        self._clock = clock
        self._start()
        in_child(self._start_in_child)

    def _start(self) -> None:
        self._pid = os.getpid()
        self._turns = ReportedTurns(self._problems)
        found = self._turns.found
        self._cap = self._new_cap()
        self._disk = DiskUse(
            self.folder, self._durability, self._cap, clock=self._clock, found=found
        )
        memory = Memory()
        files = OwnFiles(
            self.folder,
            self._durability,
            cap=self._cap,
            disk=self._disk,
            odd_files=self._odd_files,
            memory=memory,
            found=found,
        )
        self._keeper = Keeper(files, memory, self._cap, found=found)

    def _take(self, work: Callable[[Keeper], T], *, timeout_s: float = -1) -> T:
        # Looked up in the turn, not before: after a fork it is another one.
        return self._turns.take(lambda: work(self._keeper), timeout_s=timeout_s)

    # --- The agent's threads

    def append(
        self,
        line: bytes,
        *,
        span_id: str,
        pictures: Sequence[Picture] = (),
    ) -> bool:
        """
        Keep the line of an ended span, and its pictures before it.

        Args:
            line: One OTLP JSON line, ending in a line feed.
            span_id: Its open state, if there is one, is dropped once the line is on disk.
            pictures: The first ones matter most. Not needed again if `put_open` has had them.

        Returns:
            True if the line is kept, on disk or else in memory; False if it was refused.
        """
        self._check_process()
        try:
            return self._take(
                lambda keeper: keeper.append(line, span_id, pictures), timeout_s=PATIENCE_S
            )
        except TurnTaken:
            self._append_aside(line, span_id, pictures)
            return True

    def _append_aside(self, line: bytes, span_id: str, pictures: Sequence[Picture]) -> None:
        """
        Keep the line of an ended span while the turn is taken: on disk, in a segment of its own.

        So it survives whatever becomes of the thread at work; which then does the accounts or,
        where the disk cannot be used like this, the whole of it.
        """
        written = self._keeper.files.add_aside(line, pictures)
        if written:
            self._turns.leave(lambda: self._keeper.book_aside(written, span_id))
        else:
            self._turns.leave(lambda: self._keeper.append(line, span_id, pictures))

    def append_all(self, lines: Sequence[bytes], *, pictures: Sequence[Picture] = ()) -> bool:
        """
        Keep the lines of ended spans, and their pictures before them, on disk: never in memory.

        For senders that wait for the answer and can send again. A slow disk makes them wait.

        Args:
            lines: OTLP JSON lines, each ending in a line feed; as many as one segment should hold.

        Returns:
            True if all are on disk; else none of the lines is.
        """
        self._check_process()
        return self._take(lambda keeper: keeper.append_all(lines, pictures))

    def put_picture(self, picture: Picture) -> bool:
        """
        Keep a picture whose span comes later, on disk, among the `Uploads`.

        Returns:
            False where the disk does not take it.
        """
        self._check_process()
        return self._take(lambda keeper: keeper.put_picture(picture))

    def put_open(
        self,
        span_id: str,
        line: bytes,
        *,
        pictures: Sequence[Picture] = (),
        is_due: Callable[[], bool] = lambda: True,
    ) -> bool:
        """
        Replace what is known of the span in flight *span_id*, should the process die.

        Args:
            is_due: Asked in turn. Says no where more than this is known of the span by then.

        Returns:
            True if that is done, and *pictures* need not come again. False if it was not due, or is
            left to the thread that is at work here.
        """
        self._check_process()

        def put() -> bool:
            if not is_due():
                return False
            self._keeper.put_open(span_id, line, pictures)
            return True

        try:
            return self._turns.take(put, timeout_s=PATIENCE_S)
        except TurnTaken:
            self._turns.leave(put)
            return False

    def drop_open(self, span_id: str) -> None:
        """Forget the state of a span; `append` does so by itself."""
        self._check_process()
        self._take(lambda keeper: keeper.drop_open(span_id))

    @property
    def is_interrupted(self) -> bool:
        """True where this thread is at work here, and what asks has interrupted it."""
        return self._turns.is_mine

    def hand_over(self) -> bool:
        """
        Give up the folder, for another process to ship, unless a span is in flight.

        To others, one that is in flight in a folder that nobody owns has been interrupted.

        Returns:
            True if there was a folder, and it is given up.
        """
        try:
            return self._take(Keeper.hand_over, timeout_s=PATIENCE_S)
        except TurnTaken:
            return False  # the next call tries again

    # --- The shipper's thread

    @property
    def owner(self) -> Owner | None:
        """The folder of this process, once something has been written."""
        return self._keeper.files.owner

    def facts(self) -> JournalFacts:
        """Return counts; whoever has interrupted a write here gets them as they stand."""
        self.count_removed()
        return self._turns.look(
            lambda: JournalFacts(
                recorded=self._keeper.recorded,
                refused=self._keeper.refused,
                removed=self._keeper.files.removed,
                in_memory=len(self._keeper.memory),
                pictures_in_memory=len(self._keeper.memory.kept_for_pictures()),
                size_bytes=self._cap.used_bytes,
            )
        )

    @property
    def is_unused(self) -> bool:
        """True while this process has recorded nothing."""
        keeper = self._keeper
        is_written = keeper.files.owner is not None or keeper.recorded
        return not is_written and not keeper.memory.open_states()

    @property
    def is_unsynced(self) -> bool:
        """True while something written has not been synced."""
        return bool(self._keeper.files.unsynced)

    def seal(self) -> list[Path]:
        """
        Return all segments of this process but the one that the next append goes into.

        That one is made here: a new file is what an append would take longest for.
        """
        return self._take(lambda keeper: keeper.files.seal())

    def delivered(self, segments: Sequence[Path]) -> None:
        """Take note that the store has all of *segments*, which are about to be removed."""
        self._take(lambda keeper: keeper.files.delivered(segments))

    def count_removed(self) -> None:
        """
        Count, as lost, the spans whose segments somebody has removed before `delivered`.

        While another thread is at work for long, that is left to the next time.
        """
        with contextlib.suppress(TurnTaken):
            self._take(lambda keeper: keeper.files.count_removed(), timeout_s=PATIENCE_S)

    @property
    def given_up(self) -> int:
        """Spans that this process does not ship: removed, or left in a folder that it has left."""
        return self._keeper.files.removed + self._keeper.files.left_behind

    def sync(self) -> None:
        """Wait until the disk has what was written, so that a power cut costs a second at most."""
        for path in self._take(lambda keeper: keeper.files.take_unsynced()):
            try:
                sync_file(path)
                sync_folder(path.parent)
            except FileNotFoundError:
                continue  # shipped meanwhile
            except OSError as error:
                # Asking again would succeed, and the data be gone all the same: use another file.
                self._problems.report("journal", f"{path} cannot be synced: {error}")
                self._take(lambda keeper: keeper.files.close_segment())

    def measure(self) -> None:
        """Measure what the journals of all processes take, and what the disk has left."""
        try:
            self._cap.measure()
        except OSError as error:
            self._problems.report("journal", f"{self.folder} cannot be measured: {error}")

    def freed(self, size_bytes: int) -> None:
        """Take note that files of that size were removed from `folder`."""
        self._turns.take(lambda: self._cap.freed(size_bytes))

    def remembered(self, count: int) -> list[Kept]:
        """Return the oldest ended spans that are in memory only."""
        return self._take(lambda keeper: keeper.memory.oldest(count))

    def forget(self, shipped: list[Kept]) -> None:
        """Drop what `remembered` has returned, with open states that a broken disk has left."""
        self._take(lambda keeper: keeper.forget(shipped))

    def keep_for_pictures(self, shipped: list[Kept]) -> None:
        """Keep what was forgotten just now in memory until its pictures are stored, too."""
        self._take(lambda keeper: keeper.memory.keep_for_pictures(shipped))

    def kept_for_pictures(self) -> list[Kept]:
        """Return what `keep_for_pictures` has kept."""
        return self._take(lambda keeper: keeper.memory.kept_for_pictures())

    def drop_shipped(self, kept: Kept) -> None:
        """Forget it, once its picture is stored or never will be."""
        self._take(lambda keeper: keeper.memory.drop_shipped(kept))

    def open_states(self) -> list[Kept]:
        """Return the spans in flight; an object that was not there before is a new state."""
        return self._take(lambda keeper: keeper.memory.open_states())

    def close(self) -> None:
        """Give up the folder, and remove it if nothing waits in it; an append makes a new one."""
        with contextlib.suppress(TurnTaken):  # by an append, which needs the folder
            self._take(lambda keeper: keeper.files.leave())

    # --- After a fork

    def _check_process(self) -> None:
        if os.getpid() != self._pid:
            self._start_in_child()

    def _start_in_child(self) -> None:
        # The parent's folder, lines and open spans stay the parent's. Its lock is no matter of
        # ours: filelock has closed the descriptor that would have kept it alive.
        self._keeper.files.close()
        self._start()
