"""Where a span is kept: on disk, in memory where that takes nothing, and else nowhere."""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from otel_steps.journal.disk_cap import DiskCap
from otel_steps.journal.memory import Kept, Memory, Picture
from otel_steps.journal.own_files import OwnFiles
from otel_steps.journal.owner import Owner


class Keeper:
    """
    Does what a journal is asked for, in its turns: every method is called in one.

    Args:
        found: Hears of what goes wrong; called in turn, so it must not wait.

    Attributes:
        files: What is on disk.
        memory: What is not, and all that is in flight.
        recorded: Ended spans kept.
        refused: Ended spans that could be kept nowhere.
    """

    def __init__(
        self, files: OwnFiles, memory: Memory, cap: DiskCap, *, found: Callable[..., None]
    ) -> None:
        self.files = files
        self.memory = memory
        self._cap = cap
        self._found = found
        self.recorded = 0
        self.refused = 0

    # --- Ended spans

    def append(self, line: bytes, span_id: str, pictures: Sequence[Picture]) -> bool:
        """Keep an ended span; True unless it was refused."""
        state = self.memory.pop_open(span_id)
        ended = Kept(span_id, line, tuple(pictures)).after(state)
        is_kept = self._append_on_disk(line, ended.pictures)
        if is_kept and state is not None:
            self.files.drop_state(span_id)
        elif not is_kept:
            # An open state on disk stays: should the process die now, it is all that is left.
            is_kept = self._remember(ended)
        self.recorded += is_kept
        return is_kept

    def append_all(self, lines: Sequence[bytes], pictures: Sequence[Picture]) -> bool:
        """Keep ended spans on disk; True if all are there, else none of them is."""
        is_kept = self._append_on_disk(b"".join(lines), pictures, is_watched=False)
        self.recorded += len(lines) if is_kept else 0
        return is_kept

    def book_aside(self, written: dict[Path, int], span_id: str) -> None:
        """Count an ended span that was written aside, with the files that `add_aside` returned."""
        self.files.book_aside(written)
        self.recorded += 1
        state = self.memory.pop_open(span_id)
        if state is None:
            return
        self.files.drop_state(span_id)
        if self.files.owner is not None:
            for picture in state.pictures:
                self.files.put_picture(self.files.owner, picture)

    def _append_on_disk(
        self, data: bytes, pictures: Sequence[Picture], *, is_watched: bool = True
    ) -> bool:
        def write(owner: Owner) -> None:
            for picture in pictures:
                self.files.put_picture(owner, picture)
            self.files.put_lines(owner, data)

        return self.files.write(write, len(data), is_watched=is_watched)

    def _remember(self, ended: Kept) -> bool:
        kept = self.memory.add(ended)
        if kept is None:
            self.refused += 1
            message = f"span {ended.span_id} is lost: neither the disk nor memory has room for it"
            self._found("lost", message, level=logging.ERROR)
        else:
            self._report_lost(ended.pictures, kept)
        return kept is not None

    def _report_lost(self, pictures: Sequence[Picture], kept: Kept | None) -> None:
        for picture in pictures:
            if kept is None or picture not in kept.pictures:
                self._found("screenshot", f"no room in memory for picture {picture[0]}")

    def forget(self, shipped: Sequence[Kept]) -> None:
        """Drop ended spans from memory, with open states that a broken disk has left."""
        self.memory.remove(shipped)
        for kept in shipped:
            self.drop_open(kept.span_id)

    # --- Spans in flight

    def put_open(self, span_id: str, line: bytes, pictures: Sequence[Picture]) -> None:
        """Replace what is known of a span in flight."""

        def write(owner: Owner) -> None:
            for picture in pictures:
                self.files.put_picture(owner, picture)
            self.files.put_state(owner, span_id, line)

        if self.files.write(write, len(line)):
            self.memory.put_open(Kept(span_id, line))
            return
        kept = self.memory.put_open(Kept(span_id, line, tuple(pictures)))
        self._report_lost(pictures, kept)

    def drop_open(self, span_id: str) -> None:
        """Forget the state of a span."""
        self.memory.pop_open(span_id)
        self.files.drop_state(span_id)

    def hand_over(self) -> bool:
        """Give up the folder if there is one and no span is in flight; True if it is given up."""
        if self.files.owner is None or self.memory.open_states():
            return False
        self.files.leave()
        return True

    # --- Pictures

    def put_picture(self, picture: Picture) -> bool:
        """Keep a picture whose span comes later, on disk; False where that does not take it."""
        sha256, data = picture
        if not self._cap.has_room_for_picture(len(data)):
            self._found("disk_cap", f"the journal is nearly full: picture {sha256} is refused")
            return False
        return self.files.write(
            lambda owner: self.files.put_upload(owner, picture), len(data), is_watched=False
        )
