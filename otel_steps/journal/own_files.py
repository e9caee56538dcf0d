"""
The files of this process in the journal: its folder, the segment, the log of what is in flight.

Whatever somebody removes of them, or puts in their place, is met by the next write, which makes
new ones; what was removed before it was shipped is counted as lost.
"""

import contextlib
import errno
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from otel_steps.config import Durability
from otel_steps.journal.disk_cap import DiskCap
from otel_steps.journal.disk_use import DiskUse
from otel_steps.journal.folder_memo import FolderMemo
from otel_steps.journal.in_flight import InFlightLog
from otel_steps.journal.memory import Memory, Picture
from otel_steps.journal.odd_files import OddFiles
from otel_steps.journal.owner import Owner
from otel_steps.journal.segment import Segment
from otel_steps.journal.uploads import Uploads
from otel_steps.process.private_files import sync_folder

_REMOVED: Final = "remove nothing from the journal while steps wait; `otel-steps sync` empties it"


class OwnFiles:
    """
    Writes them, in the turns of the journal that it belongs to; only `add_aside` is out of turn.

    None raises OSError but `put_lines`, `put_state`, `put_picture` and `put_upload`, which are for
    what `write` is given.

    Args:
        memory: Of the journal; what is in flight there is in each new log.
        found: Hears of what goes wrong; called in turn, so it must not wait.

    Attributes:
        owner: The folder of this process, once something has been written.
        unsynced: What was written and not synced, in the order of writing: pictures first.
        removed: Ended spans whose files somebody has removed before they were delivered.
        left_behind: Ended spans in folders that this process has left.
    """

    def __init__(
        self,
        folder: Path,
        durability: Durability,
        *,
        cap: DiskCap,
        disk: DiskUse,
        odd_files: OddFiles,
        memory: Memory,
        found: Callable[..., None],
    ) -> None:
        self._folder = folder
        self._durability = durability
        self._is_synced = durability == "power"  # with each write
        self._cap = cap
        self._disk = disk
        self._odd_files = odd_files
        self._memory = memory
        self._found = found
        self.owner: Owner | None = None
        self._segment: Segment | None = None
        self._in_flight: InFlightLog | None = None
        self.unsynced: dict[Path, None] = {}
        # Of each segment in the folder of this process: ended spans that are not delivered.
        self._undelivered: dict[Path, int] = {}
        # Whether all that is missing in the folder as it is has been counted.
        self._counted: FolderMemo[bool] = FolderMemo()
        self.removed = 0
        self.left_behind = 0

    # --- Writing

    def write(
        self, write: Callable[[Owner], object], size_bytes: int, *, is_watched: bool = True
    ) -> bool:
        """Have *write* write into the folder, where the disk may be used; True if it has."""

        def do() -> None:
            try:
                self._write(write)
            except OSError:
                self.close_segment()
                raise

        return self._disk.write(do, size_bytes, is_watched=is_watched)

    def _write(self, write: Callable[[Owner], object]) -> None:
        try:
            write(self._current_owner())
        except OSError as error:
            if not self._make_way(error):
                raise
            write(self._current_owner())

    def put_lines(self, owner: Owner, data: bytes) -> None:
        """Append lines of ended spans to the segment."""
        segment = self._segment_of(owner)
        segment.append(data, is_synced=self._is_synced)
        self._undelivered[segment.path] = self._undelivered.get(segment.path, 0) + data.count(b"\n")
        self._count(segment.path, len(data))
        if segment.is_full:
            self.close_segment()

    def put_state(self, owner: Owner, span_id: str, line: bytes) -> None:
        """Replace the state of a span in flight."""
        log = self._in_flight_of(owner)
        self._count(log.path, log.put(span_id, line, is_synced=self._is_synced))

    def put_picture(self, owner: Owner, picture: Picture) -> None:
        """Keep a picture where the cap has room for it."""
        sha256, data = picture
        if not self._cap.has_room_for_picture(len(data)):
            message = f"the journal is nearly full: picture {sha256} is dropped, its step is kept"
            self._found("disk_cap", message)
            return
        path = owner.save_picture(sha256, data, is_synced=self._is_synced)
        if path is not None:
            self._count(path, len(data))

    def put_upload(self, owner: Owner, picture: Picture) -> None:
        """Keep a picture whose span comes later."""
        sha256, data = picture
        uploads = Uploads(owner.path.parent)
        uploads.keep(sha256, data, is_synced=self._is_synced)
        self._count(uploads.path_of(sha256), len(data))

    def drop_state(self, span_id: str) -> None:
        """Say that a span is in flight no longer."""
        if self._in_flight is None:
            return
        try:
            self._in_flight.drop(span_id)
        except OSError as error:
            # It will come back as interrupted, and lose against the ended one.
            self._found("journal", f"a state in flight cannot be dropped: {error}")

    def _count(self, path: Path, size_bytes: int) -> None:
        self._cap.wrote(size_bytes)
        if self._durability == "process":
            self.unsynced[path] = None

    def take_unsynced(self) -> dict[Path, None]:
        """Return `unsynced`; the caller syncs it, after the turn."""
        unsynced, self.unsynced = self.unsynced, {}
        return unsynced

    # --- Out of turn

    def add_aside(self, line: bytes, pictures: Sequence[Picture]) -> dict[Path, int]:
        """
        Write the line of an ended span into a segment of its own, its pictures before it.

        Changes nothing here: `book_aside` does, in turn.

        Returns:
            The files that were written, the segment last, and their bytes; none where the disk
            cannot be used like this.
        """
        written: dict[Path, int] = {}
        owner = self.owner
        if owner is not None and owner.is_in_place and self._disk.allows(len(line)):
            with contextlib.suppress(OSError):  # whose turn it is tries again, and reports
                written = self._write_aside(owner, line, pictures)
        # A folder that was given up meanwhile may have lost the picture.
        return written if self.owner is owner else {}

    def _write_aside(
        self, owner: Owner, line: bytes, pictures: Sequence[Picture]
    ) -> dict[Path, int]:
        written: dict[Path, int] = {}
        for picture in pictures:
            if self._cap.has_room_for_picture(len(picture[1])):
                path = owner.save_picture(*picture, is_synced=self._is_synced)
                written |= {path: len(picture[1])} if path is not None else {}
        path = owner.add_segment(line, is_synced=self._is_synced)
        return written | {path: len(line)}

    def book_aside(self, written: dict[Path, int]) -> None:
        """Count what `add_aside` has returned."""
        for path, size_bytes in written.items():
            self._count(path, size_bytes)
        segment = [*written][-1]
        if segment.exists():  # else it is delivered already
            self._undelivered[segment] = 1

    # --- The folder

    def _current_owner(self) -> Owner:
        if self.owner is None:
            self.owner = Owner.create(self._folder)
            if self._is_synced:
                sync_folder(self._folder)
        return self.owner

    def _make_way(self, error: OSError) -> bool:
        """Clear the way for a write that has failed; True where it is worth another try."""
        owner = self.owner
        if owner is None:
            return False
        if isinstance(error, FileNotFoundError) or not owner.is_in_place:
            # Somebody has removed our folder; what was in it is gone, what follows need not be.
            self.leave()
            return True
        odd = [*owner.odd(), *self._odd_files.shared_folders(), *Uploads(self._folder).odd()]
        return self._odd_files.clear(odd)

    def leave(self) -> None:
        """Give up the folder, and remove it if nothing waits in it; a write makes a new one."""
        self._close_in_flight()
        owner, self.owner = self.owner, None
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
            self.left_behind += sum(self._undelivered.values())
            self._undelivered.clear()
            self._counted.keep_only(())
            owner.unlock()

    def delivered(self, segments: Sequence[Path]) -> None:
        """Take note that the store has all of *segments*, which are about to be removed."""
        for path in segments:
            self._undelivered.pop(path, None)

    def count_removed(self) -> None:
        """Count, as lost, the spans whose segments somebody has removed before `delivered`."""
        owner = self.owner
        if owner is not None and self._undelivered:
            # A folder as it was lacks nothing more, however many segments wait in it.
            self._counted.of(owner.path, lambda: self._count_removed_of(owner), keeps=bool)

    def _count_removed_of(self, owner: Owner) -> bool:
        """Do so; False where the folder cannot be listed."""
        try:
            left = set(owner.segments()) if owner.path.is_dir() else set()
        except OSError as error:
            self._found("journal", f"{owner.path} cannot be listed: {error}")
            return False
        missing = [path for path in self._undelivered if path not in left]
        lost = sum(self._undelivered.pop(path) for path in missing)
        if lost:
            self.removed += lost
            message = f"{lost} spans are lost: their files in {owner.path} were removed unshipped"
            self._found("lost", message, remedy=_REMOVED, count=lost, level=logging.ERROR)
        return True

    # --- The segment

    def seal(self) -> list[Path]:
        """Return all segments but the one that the next lines go into, which is made here."""
        if self.owner is not None and not self.owner.is_in_place:
            self.leave()
            if self._memory.open_states():  # nobody may write them again for long
                self.write(self._in_flight_of, 0)
        if self.owner is None:
            return []
        if self._segment is not None and self._segment.size:
            self.close_segment()
            if self.owner.is_in_place:
                with contextlib.suppress(OSError):  # the next append tries, and reports
                    self._segment = self._new_segment(self.owner)
        active = self._segment.path if self._segment else None
        try:
            return [path for path in self.owner.segments() if path != active]
        except OSError as error:
            self._found("journal", f"{self.owner.path} cannot be listed: {error}")
            self.leave()
            return []

    def _segment_of(self, owner: Owner) -> Segment:
        if self._segment is not None and not self._segment.is_in_place:
            self.close_segment()
        if self._segment is None:
            _check_in_place(owner)
            self._segment = self._new_segment(owner)
        return self._segment

    def _new_segment(self, owner: Owner) -> Segment:
        segment = Segment(*owner.new_segment())
        if self._is_synced:
            sync_folder(owner.path)
        return segment

    def close_segment(self) -> None:
        """Have the next lines go into another one."""
        segment, self._segment = self._segment, None
        if segment is not None:
            segment.close()

    def _remove_unused_segment(self) -> None:
        segment = self._segment
        self.close_segment()
        if segment is not None and not segment.size:
            segment.path.unlink(missing_ok=True)

    # --- The log of what is in flight

    def _in_flight_of(self, owner: Owner) -> InFlightLog:
        if self._in_flight is not None and not self._in_flight.is_in_place:
            self._close_in_flight()
        if self._in_flight is None:
            _check_in_place(owner)
            self._in_flight = self._new_log(owner)
        return self._in_flight

    def _new_log(self, owner: Owner) -> InFlightLog:
        log = InFlightLog(owner.in_flight)
        # Of what was in one that somebody has removed, and what the disk had not taken before.
        for state in self._memory.open_states():
            self._count(log.path, log.put(state.span_id, state.line, is_synced=self._is_synced))
        return log

    def _close_in_flight(self) -> None:
        log, self._in_flight = self._in_flight, None
        if log is not None:
            log.close()

    def close(self) -> None:
        """Close the files, and touch nothing that lies there: after a fork it is the parent's."""
        self.close_segment()
        self._close_in_flight()


def _check_in_place(owner: Owner) -> None:
    if not owner.is_in_place:
        raise FileNotFoundError(errno.ENOENT, "the lock is gone", str(owner.path))
