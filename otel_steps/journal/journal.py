"""
The journal, writer's side: what ended is on disk before the call returns.

It takes OTLP lines and pictures and knows neither spans nor stores. Where the disk fails, is full
or slow, memory takes over, bounded; where that is full as well, the newest is refused and counted.
Nothing accepted earlier is ever deleted here.
"""

import contextlib
import errno
import logging
import os
import shutil
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from otel_steps.config import Durability
from otel_steps.forks import in_child
from otel_steps.journal.disk_cap import DiskCap, DiskUsage
from otel_steps.journal.files import sync_file, sync_folder
from otel_steps.journal.in_flight import InFlightLog
from otel_steps.journal.memory import Kept, Memory, Picture
from otel_steps.journal.odd_files import OddFiles
from otel_steps.journal.owner import Owner
from otel_steps.journal.segment import Segment
from otel_steps.journal.uploads import Uploads
from otel_steps.problems import Problems
from otel_steps.turns import PATIENCE_S, Turns, TurnTaken

T = TypeVar("T")

RETRY_DISK_S: Final = 5.0
# One slow append may be a busy machine; two in a row are a slow disk, and the agent must not wait.
SLOW_S: Final = 0.25
AVOID_SLOW_DISK_S: Final = 30.0

_REMOVED: Final = "remove nothing from the journal while steps wait; `otel-steps sync` empties it"


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalFacts:
    """
    How the journal of this process stands.

    Attributes:
        recorded: Ended spans kept.
        refused: Ended spans that could be kept nowhere.
        removed: Ended spans whose files somebody has removed before they were shipped.
        in_memory: Ended spans that wait in memory, and would die with the process.
        pictures_in_memory: Of ended spans whose rows are stored; they would, too.
        size_bytes: Of all files in the journal's folder.
    """

    recorded: int
    refused: int
    removed: int
    in_memory: int
    pictures_in_memory: int
    size_bytes: int


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
        self._turns = Turns()
        self._findings: deque[Callable[[], None]] = deque()  # reports to make after the turn
        self._memory = Memory()
        self._owner: Owner | None = None
        self._segment: Segment | None = None
        self._in_flight: InFlightLog | None = None
        self._cap = self._new_cap()
        self._unsynced: dict[Path, None] = {}  # in the order of writing: pictures first
        self._avoid_disk_until = float("-inf")
        self._slow_appends = 0
        self._recorded = 0
        self._refused = 0
        # Of each segment in the folder of this process: ended spans that are not delivered.
        self._undelivered: dict[Path, int] = {}
        self._removed = 0
        self._left_behind = 0

    # --- The agent's threads

    def append(
        self,
        line: bytes,
        *,
        span_id: str,
        picture: Picture | None = None,
        more: Sequence[Picture] = (),
    ) -> bool:
        """
        Keep the line of an ended span, and its picture before it.

        Args:
            line: One OTLP JSON line, ending in a line feed.
            span_id: Its open state, if there is one, is dropped once the line is on disk.
            picture: Not needed again if `put_open` has had it.
            more: Further pictures; where the disk takes nothing they are lost, and reported.

        Returns:
            True if the line is kept, on disk or else in memory; False if it was refused.
        """
        self._check_process()
        try:
            return self._take(
                lambda: self._append(line, span_id, picture, more), timeout_s=PATIENCE_S
            )
        except TurnTaken:
            return self._append_aside(line, span_id, picture, more)

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
        data = b"".join(lines)

        def write(owner: Owner) -> None:
            for picture in pictures:
                self._write_picture(owner, picture)
            self._write_lines(owner, data)

        def keep() -> bool:
            is_kept = self._on_disk(write, len(data), is_watched=False)
            self._recorded += len(lines) if is_kept else 0
            return is_kept

        return self._take(keep)

    def put_picture(self, picture: Picture) -> bool:
        """
        Keep a picture whose span comes later, on disk, among the `Uploads`.

        Returns:
            False where the disk does not take it.
        """
        self._check_process()
        sha256, data = picture

        def write(owner: Owner) -> None:
            uploads = Uploads(owner.path.parent)
            uploads.keep(sha256, data, is_synced=self._durability == "power")
            self._count(uploads.path_of(sha256), len(data))

        def keep() -> bool:
            if not self._cap.has_room_for_picture(len(data)):
                self._found("disk_cap", f"the journal is nearly full: picture {sha256} is refused")
                return False
            return self._on_disk(write, len(data), is_watched=False)

        return self._take(keep)

    def put_open(
        self,
        span_id: str,
        line: bytes,
        *,
        picture: Picture | None = None,
        is_due: Callable[[], bool] = lambda: True,
    ) -> bool:
        """
        Replace what is known of the span in flight *span_id*, should the process die.

        Args:
            is_due: Asked in turn. Says no where more than this is known of the span by then.

        Returns:
            True if that is done, and *picture* need not come again. False if it was not due, or is
            left to the thread that is at work here.
        """
        self._check_process()

        def put() -> bool:
            return is_due() and self._put_open(span_id, line, picture)

        try:
            return self._take(put, timeout_s=PATIENCE_S)
        except TurnTaken:
            self._leave(put)
            return False

    def drop_open(self, span_id: str) -> None:
        """Forget the state of a span; `append` does so by itself."""
        self._check_process()
        self._take(lambda: self._drop_open(span_id))

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

        def give_up() -> bool:
            if self._owner is None or self._memory.open_states():
                return False
            self._leave_owner()
            return True

        try:
            return self._take(give_up, timeout_s=PATIENCE_S)
        except TurnTaken:
            return False  # the next call tries again

    # --- The shipper's thread

    @property
    def owner(self) -> Owner | None:
        """The folder of this process, once something has been written."""
        return self._owner

    def facts(self) -> JournalFacts:
        """Return counts; whoever has interrupted a write here gets them as they stand."""
        with contextlib.suppress(TurnTaken):
            self.count_removed()
        return self._turns.look(
            lambda: JournalFacts(
                recorded=self._recorded,
                refused=self._refused,
                removed=self._removed,
                in_memory=len(self._memory),
                pictures_in_memory=len(self._memory.kept_for_pictures()),
                size_bytes=self._cap.used_bytes,
            )
        )

    @property
    def is_unused(self) -> bool:
        """True while this process has recorded nothing."""
        return self._owner is None and not self._recorded and not self._memory.open_states()

    @property
    def is_unsynced(self) -> bool:
        """True while something written has not been synced."""
        return bool(self._unsynced)

    def seal(self) -> list[Path]:
        """
        Return all segments of this process but the one that the next append goes into.

        That one is made here: a new file is what an append would take longest for.
        """
        return self._take(self._seal)

    def delivered(self, segments: Sequence[Path]) -> None:
        """Take note that the store has all of *segments*, which are about to be removed."""

        def forget() -> None:
            for path in segments:
                self._undelivered.pop(path, None)

        self._take(forget)

    def count_removed(self) -> None:
        """Count, as lost, the spans whose segments somebody has removed before `delivered`."""
        self._take(self._count_removed, timeout_s=PATIENCE_S)

    @property
    def given_up(self) -> int:
        """Spans that this process does not ship: removed, or left in a folder that it has left."""
        return self._removed + self._left_behind

    def sync(self) -> None:
        """Wait until the disk has what was written, so that a power cut costs a second at most."""
        for path in self._take(self._take_unsynced):
            try:
                sync_file(path)
                sync_folder(path.parent)
            except FileNotFoundError:
                continue  # shipped meanwhile
            except OSError as error:
                # Asking again would succeed, and the data be gone all the same: use another file.
                self._problems.report("journal", f"{path} cannot be synced: {error}")
                self._take(self._close_segment)

    def measure(self) -> None:
        """Measure what the journals of all processes take, and what the disk has left."""
        try:
            self._cap.measure()
        except OSError as error:
            self._problems.report("journal", f"{self.folder} cannot be measured: {error}")

    def freed(self, size_bytes: int) -> None:
        """Take note that files of that size were removed from `folder`."""
        self._take(lambda: self._cap.freed(size_bytes))

    def remembered(self, count: int) -> list[Kept]:
        """Return the oldest ended spans that are in memory only."""
        return self._take(lambda: self._memory.oldest(count))

    def forget(self, shipped: list[Kept]) -> None:
        """Drop what `remembered` has returned, with open states that a broken disk has left."""

        def drop() -> None:
            self._memory.remove(shipped)
            for kept in shipped:
                self._drop_open(kept.span_id)

        self._take(drop)

    def keep_for_pictures(self, shipped: list[Kept]) -> None:
        """Keep what was forgotten just now in memory until its pictures are stored, too."""
        self._take(lambda: self._memory.keep_for_pictures(shipped))

    def kept_for_pictures(self) -> list[Kept]:
        """Return what `keep_for_pictures` has kept."""
        return self._take(self._memory.kept_for_pictures)

    def drop_shipped(self, kept: Kept) -> None:
        """Forget it, once its picture is stored or never will be."""
        self._take(lambda: self._memory.drop_shipped(kept))

    def open_states(self) -> list[Kept]:
        """Return the spans in flight; an object that was not there before is a new state."""
        return self._take(self._memory.open_states)

    def close(self) -> None:
        """Give up the folder, and remove it if nothing waits in it; an append makes a new one."""
        with contextlib.suppress(TurnTaken):  # by an append, which needs the folder
            self._take(self._leave_owner)

    # --- Turns

    def _take(self, work: Callable[[], T], *, timeout_s: float = -1) -> T:
        try:
            return self._turns.take(work, timeout_s=timeout_s)
        finally:
            self._report_findings()

    def _leave(self, work: Callable[[], object]) -> None:
        """Have *work* done in the turn that is taken, or now if that has ended meanwhile."""

        def do() -> None:
            try:
                work()
            except Exception as error:  # noqa: BLE001 - another call must not fail for it
                self._found("recorder", f"the journal: {type(error).__name__}: {error}")

        self._turns.leave(do)
        self._report_findings()

    def _found(self, kind: str, message: str, **details: Any) -> None:
        self._findings.append(partial(self._problems.report, kind, message, **details))

    def _report_findings(self) -> None:
        if not self._findings or self._turns.is_mine:  # what interrupts a turn is not after it
            return
        while self._findings:
            with contextlib.suppress(IndexError):  # another thread was faster
                self._findings.popleft()()

    # --- In turn

    def _append(
        self, line: bytes, span_id: str, picture: Picture | None, more: Sequence[Picture]
    ) -> bool:
        state = self._memory.pop_open(span_id)
        picture = picture or (state.picture if state else None)
        is_kept = self._append_on_disk(line, (picture, *more))
        if is_kept and state is not None:
            self._drop_on_disk(span_id)
        elif not is_kept:
            # An open state on disk stays: should the process die now, it is all that is left.
            is_kept = self._remember(Kept(span_id, line, picture))
            for lost in more:
                self._report_lost_picture(lost)
        self._recorded += is_kept
        return is_kept

    def _put_open(self, span_id: str, line: bytes, picture: Picture | None) -> bool:
        def write(owner: Owner) -> None:
            self._write_picture(owner, picture)
            log = self._in_flight_of(owner)
            size = log.put(span_id, line, is_synced=self._durability == "power")
            self._count(log.path, size)

        if self._on_disk(write, len(line)):
            self._memory.put_open(Kept(span_id, line))
            return True
        kept = self._memory.put_open(Kept(span_id, line, picture))
        if picture is not None and (kept is None or kept.picture is None):
            self._report_lost_picture(picture)
        return True

    def _drop_open(self, span_id: str) -> None:
        self._memory.pop_open(span_id)
        self._drop_on_disk(span_id)

    def _seal(self) -> list[Path]:
        if self._owner is not None and not self._owner.is_in_place:
            self._leave_owner()
            if self._memory.open_states():  # nobody may write them again for long
                self._on_disk(self._in_flight_of, 0)
        if self._owner is None:
            return []
        if self._segment is not None and self._segment.size:
            self._close_segment()
            if self._owner.is_in_place:
                with contextlib.suppress(OSError):  # the next append tries, and reports
                    self._segment = self._new_segment(self._owner)
        active = self._segment.path if self._segment else None
        try:
            return [path for path in self._owner.segments() if path != active]
        except OSError as error:
            self._found("journal", f"{self._owner.path} cannot be listed: {error}")
            self._leave_owner()
            return []

    def _take_unsynced(self) -> dict[Path, None]:
        unsynced, self._unsynced = self._unsynced, {}
        return unsynced

    # --- Out of turn

    def _append_aside(
        self, line: bytes, span_id: str, picture: Picture | None, more: Sequence[Picture]
    ) -> bool:
        """
        Keep the line of an ended span while the turn is taken: on disk, in a segment of its own.

        So it survives whatever becomes of the thread at work; which then does the accounts or,
        where the disk cannot be used like this, the whole of it.
        """
        written: dict[Path, int] = {}
        owner = self._owner
        if owner is not None and owner.is_in_place and self._may_use_disk(len(line)):
            with contextlib.suppress(OSError):  # whose turn it is tries again, and reports
                written = self._write_aside(owner, line, (picture, *more))
        # A folder that was given up meanwhile may have lost the picture.
        if written and self._owner is owner:
            self._leave(lambda: self._book_aside(written, span_id))
        else:
            self._leave(lambda: self._append(line, span_id, picture, more))
        return True

    def _write_aside(
        self, owner: Owner, line: bytes, pictures: Sequence[Picture | None]
    ) -> dict[Path, int]:
        """Return the files that were written, the segment last, and their bytes."""
        is_synced = self._durability == "power"
        written: dict[Path, int] = {}
        for picture in filter(None, pictures):
            if self._cap.has_room_for_picture(len(picture[1])):
                path = owner.save_picture(*picture, is_synced=is_synced)
                written |= {path: len(picture[1])} if path is not None else {}
        path = owner.add_segment(line, is_synced=is_synced)
        return written | {path: len(line)}

    def _book_aside(self, written: dict[Path, int], span_id: str) -> None:
        for path, size_bytes in written.items():
            self._count(path, size_bytes)
        segment = [*written][-1]
        if segment.exists():  # else it is delivered already
            self._undelivered[segment] = 1
        self._recorded += 1
        state = self._memory.pop_open(span_id)
        if state is None:
            return
        self._drop_on_disk(span_id)
        if state.picture is not None and self._owner is not None:
            self._write_picture(self._owner, state.picture)

    # --- On disk

    def _append_on_disk(self, line: bytes, pictures: Sequence[Picture | None]) -> bool:
        def write(owner: Owner) -> None:
            for picture in pictures:
                self._write_picture(owner, picture)
            self._write_lines(owner, line)

        return self._on_disk(write, len(line))

    def _write_lines(self, owner: Owner, data: bytes) -> None:
        segment = self._segment_of(owner)
        segment.append(data, is_synced=self._durability == "power")
        self._undelivered[segment.path] = self._undelivered.get(segment.path, 0) + data.count(b"\n")
        self._count(segment.path, len(data))
        if segment.is_full:
            self._close_segment()

    def _on_disk(
        self, write: Callable[[Owner], object], size_bytes: int, *, is_watched: bool = True
    ) -> bool:
        if not self._may_use_disk(size_bytes):
            return False
        started = self._clock()
        try:
            try:
                write(self._current_owner())
            except OSError as error:
                if not self._make_way(error):
                    raise
                write(self._current_owner())
        except OSError as error:
            self._close_segment()
            self._avoid_disk(RETRY_DISK_S, f"the journal {self.folder} cannot be written: {error}")
            return False
        if is_watched:
            self._watch_speed(self._clock() - started)
        return True

    def _make_way(self, error: OSError) -> bool:
        """Clear the way for a write that has failed; True where it is worth another try."""
        owner = self._owner
        if owner is None:
            return False
        if isinstance(error, FileNotFoundError) or not owner.is_in_place:
            # Somebody has removed our folder; what was in it is gone, what follows need not be.
            self._leave_owner()
            return True
        odd = [*owner.odd(), *self._odd_files.shared_folders(), *Uploads(self.folder).odd()]
        return self._odd_files.clear(odd)

    def _may_use_disk(self, size_bytes: int) -> bool:
        if self._durability == "memory" or self._clock() < self._avoid_disk_until:
            return False
        refusal = self._cap.refusal(size_bytes)
        if refusal is not None:
            self._found("disk_cap", refusal)
        return refusal is None

    def _avoid_disk(self, seconds: float, message: str) -> None:
        self._avoid_disk_until = self._clock() + seconds
        self._found("journal", message)

    def _watch_speed(self, seconds: float) -> None:
        self._slow_appends = self._slow_appends + 1 if seconds > SLOW_S else 0
        if self._slow_appends > 1:
            self._slow_appends = 0
            message = f"the disk of {self.folder} is slow: {seconds * 1000:.0f} ms for one write"
            self._avoid_disk(AVOID_SLOW_DISK_S, message)

    def _current_owner(self) -> Owner:
        if self._owner is None:
            self._owner = Owner.create(self.folder)
            if self._durability == "power":
                sync_folder(self.folder)
        return self._owner

    def _leave_owner(self) -> None:
        self._close_in_flight()
        owner, self._owner = self._owner, None
        if owner is None:
            return
        try:
            self._remove_unused_segment()
            self._count_removed_of(owner)
            self._odd_files.clear(owner.odd())
            if owner.is_empty:
                owner.remove()
        except OSError as error:
            self._found("journal", f"{owner.path} cannot be closed: {error}")
        finally:
            # What is left there is for whoever adopts it.
            self._left_behind += sum(self._undelivered.values())
            self._undelivered.clear()
            owner.unlock()

    def _count_removed(self) -> None:
        owner = self._owner
        if owner is not None and self._undelivered:
            self._count_removed_of(owner)

    def _count_removed_of(self, owner: Owner) -> None:
        try:
            left = set(owner.segments()) if owner.path.is_dir() else set()
        except OSError as error:
            self._found("journal", f"{owner.path} cannot be listed: {error}")
            return
        missing = [path for path in self._undelivered if path not in left]
        lost = sum(self._undelivered.pop(path) for path in missing)
        if lost:
            self._removed += lost
            message = f"{lost} spans are lost: their files in {owner.path} were removed unshipped"
            self._found("lost", message, remedy=_REMOVED, count=lost, level=logging.ERROR)

    def _segment_of(self, owner: Owner) -> Segment:
        if self._segment is not None and not self._segment.is_in_place:
            self._close_segment()
        if self._segment is None:
            if not owner.is_in_place:
                raise FileNotFoundError(errno.ENOENT, "the lock is gone", str(owner.path))
            self._segment = self._new_segment(owner)
        return self._segment

    def _new_segment(self, owner: Owner) -> Segment:
        segment = Segment(*owner.new_segment())
        if self._durability == "power":
            sync_folder(owner.path)
        return segment

    def _in_flight_of(self, owner: Owner) -> InFlightLog:
        if self._in_flight is not None and not self._in_flight.is_in_place:
            self._close_in_flight()
        if self._in_flight is None:
            if not owner.is_in_place:
                raise FileNotFoundError(errno.ENOENT, "the lock is gone", str(owner.path))
            self._in_flight = self._new_log(owner)
        return self._in_flight

    def _new_log(self, owner: Owner) -> InFlightLog:
        log = InFlightLog(owner.in_flight)
        is_synced = self._durability == "power"
        # Of what was in one that somebody has removed, and what the disk had not taken before.
        for state in self._memory.open_states():
            self._count(log.path, log.put(state.span_id, state.line, is_synced=is_synced))
        return log

    def _drop_on_disk(self, span_id: str) -> None:
        if self._in_flight is None:
            return
        try:
            self._in_flight.drop(span_id)
        except OSError as error:
            # It will come back as interrupted, and lose against the ended one.
            self._found("journal", f"a state in flight cannot be dropped: {error}")

    def _close_in_flight(self) -> None:
        log, self._in_flight = self._in_flight, None
        if log is not None:
            log.close()

    def _close_segment(self) -> None:
        segment, self._segment = self._segment, None
        if segment is not None:
            segment.close()

    def _remove_unused_segment(self) -> None:
        segment = self._segment
        self._close_segment()
        if segment is not None and not segment.size:
            segment.path.unlink(missing_ok=True)

    def _write_picture(self, owner: Owner, picture: Picture | None) -> None:
        if picture is None:
            return
        sha256, data = picture
        if not self._cap.has_room_for_picture(len(data)):
            message = f"the journal is nearly full: picture {sha256} is dropped, its step is kept"
            self._found("disk_cap", message)
            return
        path = owner.save_picture(sha256, data, is_synced=self._durability == "power")
        if path is not None:
            self._count(path, len(data))

    def _count(self, path: Path, size_bytes: int) -> None:
        self._cap.wrote(size_bytes)
        if self._durability == "process":
            self._unsynced[path] = None

    # --- In memory

    def _remember(self, ended: Kept) -> bool:
        kept = self._memory.add(ended)
        if kept is None:
            self._refused += 1
            message = f"span {ended.span_id} is lost: neither the disk nor memory has room for it"
            self._found("lost", message, level=logging.ERROR)
        elif ended.picture is not None and kept.picture is None:
            self._report_lost_picture(ended.picture)
        return kept is not None

    def _report_lost_picture(self, picture: Picture) -> None:
        self._found("screenshot", f"no room in memory for picture {picture[0]}")

    # --- After a fork

    def _check_process(self) -> None:
        if os.getpid() != self._pid:
            self._start_in_child()

    def _start_in_child(self) -> None:
        # The parent's folder, lines and open spans stay the parent's. Its lock is no matter of
        # ours: filelock has closed the descriptor that would have kept it alive.
        self._close_segment()
        self._close_in_flight()
        self._start()
