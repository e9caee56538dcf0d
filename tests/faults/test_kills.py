"""Processes that die at any moment: what they were told is recorded arrives, exactly once."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from otel_steps.health.problems import Problems
from otel_steps.pictures.folder import PictureFolder
from otel_steps.pictures.store import ScreenshotStore
from otel_steps.shipper import Shipper
from otel_steps.shipper.shipper_facts import Shipped
from otel_steps.stores.sqlite.store import SqliteStore
from tests.dict_store import span_id_of
from tests.patience import PATIENCE_S

ROOT = Path(__file__).parent.parent.parent
CHILD = "tests.faults.recording_child"
pytestmark = pytest.mark.skipif(os.name == "nt", reason="POSIX modes, links and signals")


class Site:
    """A folder in which processes record, and its store."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, first: int, count: int, how: str) -> subprocess.Popen[bytes]:
        # Children are not measured: most are killed, and all are many.
        environ = {name: os.environ[name] for name in os.environ if not name.startswith("COV")}
        process = subprocess.Popen(
            [sys.executable, "-m", CHILD, str(self.folder), str(first), str(count), how],
            cwd=ROOT,
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.processes.append(process)
        return process

    def wait_for_ack(self, process: subprocess.Popen[bytes], count: int) -> None:
        """Wait until that many steps are acknowledged, or the process has ended."""
        deadline = time.monotonic() + PATIENCE_S
        while len(self.acked("ended")) < count and process.poll() is None:
            assert time.monotonic() < deadline
            os.sched_yield()

    def acked(self, what: str) -> set[int]:
        path = self.folder / "acked"
        lines = path.read_text().splitlines() if path.exists() else []
        return {int(line.split()[0]) for line in lines if line.endswith(f" {what}")}

    def drain(self) -> Shipped:
        shipper = Shipper(
            None,
            self.folder / "steps",
            open_store=self.open_store,
            open_screenshots=lambda _: ScreenshotStore(PictureFolder(self.folder / "screenshots")),
            problems=Problems(None),
        )
        return shipper.ship_all()

    def open_store(self) -> SqliteStore:
        database, pictures = self.folder / "steps.db", self.folder / "screenshots"
        return SqliteStore(database, screenshots=pictures, missing_ok=True)

    def rows(self) -> list[dict[str, Any]]:
        store = self.open_store()
        try:
            return store.steps("task")
        finally:
            store.close()

    def check_pictures_after(self, numbers: dict[str, int]) -> None:
        """Expect one row, with its file, of the picture after each of these steps, and no other."""
        store = self.open_store()
        try:
            shots = store.screenshots("task")
        finally:
            store.close()
        after = [row for row in shots if row["step_id"] in numbers and "role" in row["metadata"]]
        told = [(numbers[row["step_id"]], row["metadata"]["caption"]) for row in after]
        assert told == [(number, f"after {number - 1}") for number in sorted(numbers.values())]
        assert all(Path(row["screenshot_path"]).is_file() for row in after)

    @property
    def torn(self) -> list[Path]:
        """The lines that a kill has torn in the middle of the write, so that nobody was told of."""
        return list((self.folder / "steps" / "dead").glob("torn-*.raw"))

    def check(self) -> None:
        """Expect each acknowledged step once, as it ended, and nothing left in the journal."""
        rows = self.rows()
        by_status = {
            status: {row["step_number"] for row in rows if row["status"] == status}
            for status in ("completed", "running", "interrupted")
        }
        assert len({row["span_id"] for row in rows}) == len(rows)
        assert self.acked("ended") <= by_status["completed"]
        assert by_status["running"] == set()
        assert by_status["interrupted"].isdisjoint(by_status["completed"])
        assert self.acked("started") <= by_status["completed"] | by_status["interrupted"]
        assert all(Path(row["screenshot_path"]).is_file() for row in rows if row["success"])
        self.check_pictures_after({row["id"]: row["step_number"] for row in rows if row["success"]})
        left = [path for path in (self.folder / "steps").rglob("*") if path.is_file()]
        assert left == self.torn


@pytest.fixture(name="site")
def _site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path)
    yield site
    for process in site.processes:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def test_forty_kills_lose_nothing(site: Site) -> None:
    """40 processes killed at random points: every acknowledged step is stored, once."""
    chance = random.Random(20_261_124)
    server = site.start(0, 50, "serve")
    assert server.stdin is not None
    assert server.stdout is not None
    for first in range(0, 2_000, 50):
        before = len(site.acked("ended"))
        server.stdin.write(b"%d\n" % first)
        server.stdin.flush()
        pid = int(server.stdout.readline())
        site.wait_for_ack(server, before + chance.randint(1, 49))
        os.kill(pid, signal.SIGKILL)
        assert server.stdout.readline() == b"dead\n"

    report = site.drain()

    assert report.reason is None
    assert report.dead == len(site.torn)
    assert len(site.acked("ended")) >= 40
    site.check()


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
def test_a_signal_costs_nothing(site: Site, sign: signal.Signals) -> None:
    """Whatever ends the process, every step that it has recorded arrives."""
    process = site.start(0, 300, "wait")
    site.wait_for_ack(process, 100)
    process.send_signal(sign)
    process.wait(PATIENCE_S)

    site.drain()
    site.check()
    assert len(site.acked("ended")) >= 100


@pytest.mark.parametrize("how", ["run", "exit", "fork"])
def test_an_end_without_goodbye_costs_nothing(site: Site, how: str) -> None:
    """At the interpreter's end, at os._exit, in a forked child: nothing was to be flushed."""
    process = site.start(0, 100, how)
    assert process.wait(PATIENCE_S) == 0

    site.drain()
    site.check()
    assert site.acked("ended") == set(range(1, 101))


def test_a_kill_between_write_and_acknowledgement_repeats_the_write(site: Site) -> None:
    """Rows that the store had already stay, but for their pictures, when they come again."""
    process = site.start(0, 20, "kill-after-write")
    assert process.wait(PATIENCE_S) == -signal.SIGKILL
    before = {row["id"]: row for row in site.rows()}
    assert before

    report = site.drain()

    site.check()
    ended = {key: row for key, row in before.items() if row["status"] == "completed"}
    after = {row["id"]: row for row in site.rows()}
    pictures = {key: {"screenshot_path": after[key]["screenshot_path"]} for key in ended}
    assert {key: after[key] for key in ended} == {key: ended[key] | pictures[key] for key in ended}
    # Known are these, and a step whose end was written down before its beginning was crossed out.
    assert report.shipped - report.known == len(after) - len(ended)


@pytest.mark.parametrize("how", ["kill-before-pictures", "kill-after-pictures"])
def test_a_kill_between_row_and_picture_costs_neither(site: Site, how: str) -> None:
    """Rows that were stored without their pictures get them from the next process."""
    process = site.start(0, 20, how)
    assert process.wait(PATIENCE_S) == -signal.SIGKILL
    assert list((site.folder / "steps").glob("*/*.shipped"))
    assert site.rows()

    report = site.drain()

    site.check()
    assert (report.reason, report.pictures_waiting) == (None, 0)


def test_the_step_in_flight_is_interrupted(site: Site) -> None:
    """A step whose process was killed is in the store as interrupted, with what was known."""
    folder = site.folder / "steps"
    code = (
        "import os, signal, sys; from pathlib import Path\n"
        "from otel_steps.journal import Journal; from otel_steps.health.problems import Problems\n"
        "from tests.dict_store import span_id_of, step_line\n"
        "journal = Journal(Path(sys.argv[1]), problems=Problems(None))\n"
        "line = step_line(1, is_open=True, **{'otel_steps.step.thinking': '想'})\n"
        "journal.put_open(span_id_of(1), line)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(folder)], cwd=ROOT)
    assert done.returncode == -signal.SIGKILL

    site.drain()

    (row,) = site.rows()
    assert row["span_id"] == span_id_of(1)
    assert (row["status"], row["success"], row["thinking"]) == ("interrupted", False, "想")
    assert list(folder.iterdir()) == []


def test_a_living_child_does_not_keep_the_folder_of_its_dead_parent(site: Site) -> None:
    """The parent's folder can be adopted at once after its death, whoever it has forked."""
    folder = site.folder / "steps"
    code = (
        "import os, signal, sys; from pathlib import Path\n"
        "from otel_steps.journal import Journal; from otel_steps.health.problems import Problems\n"
        "from tests.dict_store import span_id_of, step_line\n"
        "journal = Journal(Path(sys.argv[1]), problems=Problems(None))\n"
        "journal.append(step_line(1), span_id=span_id_of(1))\n"
        "if os.fork():\n"
        "    sys.stdin.readline()\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "journal.append(step_line(2), span_id=span_id_of(2))\n"
        "print(os.getpid(), flush=True)\n"
        "signal.pause()\n"
    )
    pipe = subprocess.PIPE
    parent = subprocess.Popen(
        [sys.executable, "-c", code, str(folder)], cwd=ROOT, stdin=pipe, stdout=pipe
    )
    site.processes.append(parent)
    assert parent.stdin is not None
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    try:
        parent.stdin.write(b"\n")
        parent.stdin.close()
        assert parent.wait(PATIENCE_S) == -signal.SIGKILL

        assert site.drain().waiting == 1
        assert [row["step_number"] for row in site.rows()] == [1]
    finally:
        os.kill(child, signal.SIGKILL)
        parent.stdout.close()
    deadline = time.monotonic() + PATIENCE_S
    while site.drain().waiting:
        assert time.monotonic() < deadline
    assert [row["step_number"] for row in site.rows()] == [1, 2]


def test_two_processes_on_one_journal_store_each_row_once(site: Site) -> None:
    """Processes that record and ship side by side do not get in each other's way."""
    processes = [site.start(first, 200, "run") for first in (0, 1_000)]
    assert [process.wait(PATIENCE_S) for process in processes] == [0, 0]

    site.drain()
    site.check()
    assert len(site.rows()) == 400
