"""
A process that records steps until it is killed; run by the tests beside it.

    recording_child.py FOLDER FIRST COUNT HOW

Each step is a real span with a picture, behind a `StepSpanProcessor`. Its number is written to
FOLDER/acked when `on_start` has returned and when `on_end` has. The process ends as HOW says:
`run` (leaves the rest to the end of the interpreter), `exit` (os._exit), `fork` (a child records
the second half and ends by os._exit), `kill-after-write` (SIGKILL between the write of the store
and the removal of the segment), `kill-before-pictures` (SIGKILL once the rows are stored and their
pictures are not), `kill-after-pictures` (SIGKILL between the rows' getting their pictures and the
removal of what waited for that), `wait` (until somebody kills it). With `serve` it makes a process
that waits for each FIRST that it reads: forty of them need not import everything anew.
"""

import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from opentelemetry.sdk.trace import TracerProvider

from otel_steps import StepSpanProcessor
from otel_steps.emit.step_span import StepSpan
from otel_steps.pictures.folder import PictureFolder
from otel_steps.pictures.store import ScreenshotStore
from otel_steps.pictures.stored import StoredPicture
from otel_steps.recorder import recorder
from otel_steps.rows.model import Batch, ScreenshotRow, StepRow
from otel_steps.stores.contract import Written
from otel_steps.stores.sqlite.store import SqliteStore
from tests.pictures import png


class KillingStore(SqliteStore):
    """Dies at the worst moment: what it has written is not acknowledged yet."""

    def write(self, batch: Batch) -> Written:
        super().write(batch)
        die()


class KillingForPictures(SqliteStore):
    """Dies when rows have got their pictures and nobody knows of it yet."""

    def attach(self, steps: Sequence[StepRow], screenshots: Sequence[ScreenshotRow]) -> None:
        super().attach(steps, screenshots)
        die()


class KillingPictures(ScreenshotStore):
    """Dies when the first picture is to be saved whose row is stored and acknowledged."""

    def __init__(self, folder: Path) -> None:
        super().__init__(PictureFolder(folder / "screenshots"))
        self._journal = folder / "steps"

    def save(self, sha256: str, data: bytes) -> StoredPicture:
        while not list(self._journal.glob("*/*.shipped")):
            time.sleep(0.001)
        die()


def die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("still alive")


def open_killing_store(folder: Path, how: str) -> None:
    """Have the recorder of this process meet the death that *how* names."""
    kind = KillingForPictures if how == "kill-after-pictures" else KillingStore
    if how == "kill-before-pictures":
        recorder.open_screenshots = lambda *_: KillingPictures(folder)  # type: ignore[assignment]
    else:
        killing = kind(folder / "steps.db", screenshots=folder / "screenshots")
        recorder.open_database = lambda **_: killing  # type: ignore[assignment]


def after_step(number: int) -> bytes:
    """Return the picture after a step."""
    return png(4, 4, (number % 250, 7, 9))


def main(folder: Path, first: int, count: int, how: str) -> None:
    if how.startswith("kill-"):
        open_killing_store(folder, how)
    processor = StepSpanProcessor(
        f"sqlite:///{folder / 'steps.db'}", dir=folder, backup_dir=folder / "steps"
    )
    provider = TracerProvider()
    provider.add_span_processor(processor)
    tracer = provider.get_tracer("child")
    acked = os.open(folder / "acked", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def record(numbers: range) -> None:
        for number in numbers:
            step = StepSpan(tracer, None, task_id="task", number=number + 1)
            os.write(acked, b"%d started\n" % (number + 1))
            step.set_screenshot(png(4, 4, (number % 250, 0, 9)))
            step.add_picture(after_step(number), caption=f"after {number}")
            step.changed()
            step.end()
            os.write(acked, b"%d ended\n" % (number + 1))

    if how == "fork":
        record(range(first, first + count // 2))
        pid = os.fork()
        if pid == 0:
            record(range(first + count // 2, first + count))
            os._exit(0)
        os.waitpid(pid, 0)
    else:
        record(range(first, first + count))
    if how == "wait" or how.startswith("kill-"):
        signal.pause()
    if how != "run":
        os._exit(0)


def serve(folder: Path, count: int) -> None:
    """Fork a process for each number that is read, and say when it has died."""
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            main(folder, int(line), count, "wait")
        print(pid, flush=True)
        os.waitpid(pid, 0)
        print("dead", flush=True)


if __name__ == "__main__":
    if sys.argv[4] == "serve":
        serve(Path(sys.argv[1]), int(sys.argv[3]))
    else:
        main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
