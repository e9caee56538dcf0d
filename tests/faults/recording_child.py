"""
A process that records steps until it is killed; run by the tests beside it.

    recording_child.py FOLDER FIRST COUNT HOW

It writes the number of each step to FOLDER/acked as soon as the journal has it, and ends as HOW
says: `run` (leaves the rest to the end of the interpreter), `exit` (os._exit), `fork` (a child
records the second half and ends by os._exit), `kill-after-write` (SIGKILL between the write of the
store and the removal of the segment), `wait` (until somebody kills it). With `serve` it makes a
process that waits for each FIRST that it reads: forty of them need not import everything anew.
"""

import os
import signal
import sys
from pathlib import Path

from otel_steps.journal import Journal
from otel_steps.model import Batch
from otel_steps.problems import Problems
from otel_steps.screenshots import ScreenshotFolder
from otel_steps.shipper import Shipper
from otel_steps.stores.contract import Store, Written
from otel_steps.stores.sqlite import SqliteStore
from tests.dict_store import span_id_of, step_line


class KillingStore(SqliteStore):
    """Dies at the worst moment: what it has written is not acknowledged yet."""

    def write(self, batch: Batch) -> Written:
        super().write(batch)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("still alive")


def open_store(folder: Path, how: str) -> Store:
    kind = KillingStore if how == "kill-after-write" else SqliteStore
    return kind(folder / "steps.db", screenshots=folder / "screenshots")


def main(folder: Path, first: int, count: int, how: str) -> None:
    problems = Problems(None)
    journal = Journal(folder / "steps", problems=problems)
    shipper = Shipper(
        journal,
        folder / "steps",
        open_store=lambda: open_store(folder, how),
        open_screenshots=lambda _: ScreenshotFolder(folder / "screenshots"),
        problems=problems,
    )
    acked = os.open(folder / "acked", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def record(numbers: range) -> None:
        for number in numbers:
            span_id = span_id_of(number)
            journal.put_open(span_id, step_line(number, is_open=True))
            os.write(acked, b"%d started\n" % number)
            shipper.notify()
            assert journal.append(step_line(number), span_id=span_id)
            os.write(acked, b"%d ended\n" % number)
            shipper.notify()

    if how == "fork":
        record(range(first, first + count // 2))
        pid = os.fork()
        if pid == 0:
            record(range(first + count // 2, first + count))
            os._exit(0)
        os.waitpid(pid, 0)
    else:
        record(range(first, first + count))
    if how in ("wait", "kill-after-write"):
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
