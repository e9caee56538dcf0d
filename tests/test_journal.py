"""The writer's side of the journal: what is on disk, what is in memory, what is refused."""

import errno
import hashlib
import logging
import os
import shutil
import subprocess
import sys
import threading
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from otel_steps import otlp
from otel_steps.health.problems import Problems
from otel_steps.journal.disk_use import AVOID_SLOW_DISK_S, RETRY_DISK_S, SLOW_S
from otel_steps.journal.in_flight import read_states
from otel_steps.journal.journal import Journal
from otel_steps.journal.memory import MAX_BYTES, MAX_LINES
from otel_steps.journal.owner import Owner
from otel_steps.journal.segment import SEGMENT_BYTES, SEGMENT_LINES
from tests.calls import calls_of
from tests.dict_store import numbers_of, span_id_of, step_line
from tests.patience import PATIENCE_S
from tests.pictures import png

PICTURE = png()
SHA256 = hashlib.sha256(PICTURE).hexdigest()

Usage = namedtuple("Usage", "total used free")

posix_only = pytest.mark.skipif(os.name == "nt", reason="POSIX modes, links and signals")


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0
        self.tick = 0.0  # seconds that pass at each look

    def __call__(self) -> float:
        self.now += self.tick
        return self.now


class Bench:
    """A journal in a folder of its own, and a look at what is in it."""

    def __init__(self, tmp_path: Path, **settings: Any) -> None:
        self.folder = tmp_path / "backup" / "steps"
        self.problems = Problems(None)
        self.clock = Clock()
        # Called once, in the middle of the next write: there the journal looks at its clock.
        self.in_turn: Callable[[], object] | None = None
        self.journal = Journal(self.folder, problems=self.problems, clock=self._look, **settings)

    def _look(self) -> float:
        call, self.in_turn = self.in_turn, None
        if call is not None:
            call()
        return self.clock()

    def append(self, number: int, **arguments: Any) -> bool:
        line = step_line(number)
        return self.journal.append(line, span_id=span_id_of(number), **arguments)

    def put_open(self, number: int, **arguments: Any) -> bool:
        line = step_line(number, is_open=True)
        return self.journal.put_open(span_id_of(number), line, **arguments)

    @property
    def on_disk(self) -> list[int]:
        paths = sorted(self.folder.glob("*/*.jsonl"))
        return numbers_of([line for path in paths for line in path.read_bytes().splitlines(True)])

    @property
    def in_memory(self) -> list[int]:
        return numbers_of([kept.line for kept in self.journal.remembered(MAX_LINES)])

    @property
    def kinds(self) -> set[str]:
        return {problem.kind for problem in self.problems.all()}

    def files(self, pattern: str) -> list[str]:
        return sorted(path.name for path in self.folder.glob(pattern))

    @property
    def log(self) -> Path:
        """The log of the spans in flight, of the one process that there is."""
        (path,) = self.folder.glob("*/in-flight.log")
        return path

    def in_flight(self) -> list[str]:
        """Return the ids of the spans that would come back as interrupted."""
        logs = sorted(self.folder.glob("*/in-flight.log"))
        return [span_id for log in logs for span_id, _ in read_states(log)]


@pytest.fixture(name="bench")
def _bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, logger="otel_steps")


def block(folder: Path) -> None:
    """Put a file where the journal's folder belongs, so that every write fails."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("in the way")


class TestOnDisk:
    def test_nothing_is_written_before_the_first_span(self, bench: Bench) -> None:
        """A journal that records nothing leaves no trace on disk."""
        assert not bench.folder.exists()
        assert bench.journal.is_unused
        assert bench.journal.seal() == []

    def test_a_line_is_on_disk_when_append_returns(self, bench: Bench) -> None:
        """An appended line can be read at once, by any OTLP reader, and its picture is there."""
        kept = bench.append(1, pictures=[(SHA256, PICTURE)])

        assert kept
        assert bench.on_disk == [1]
        assert [f"{SHA256}.png"] == bench.files("*/pictures/*")
        assert bench.journal.facts().recorded == 1
        assert not bench.journal.is_unused

    @posix_only
    def test_only_the_user_may_read(self, bench: Bench) -> None:
        """Folders are 0700 and files 0600: steps may hold what was typed."""
        bench.put_open(2)
        bench.append(1, pictures=[(SHA256, PICTURE)])

        paths = [bench.folder.parent, bench.folder, *bench.folder.rglob("*")]
        modes = {path.stat().st_mode & 0o777 for path in paths if path.is_dir()}
        file_modes = {path.stat().st_mode & 0o777 for path in paths if path.is_file()}
        assert {0o700} == modes
        assert {0o600} == file_modes

    def test_a_segment_is_sealed_at_its_number_of_lines(self, bench: Bench) -> None:
        """The next segment begins after 256 lines."""
        for number in range(SEGMENT_LINES + 1):
            bench.append(number)

        assert bench.files("*/*.jsonl") == ["000001.jsonl", "000002.jsonl"]
        assert list(range(SEGMENT_LINES + 1)) == bench.on_disk

    def test_a_segment_is_sealed_at_its_size(self, bench: Bench) -> None:
        """A line that fills a segment is the last one in it."""
        bench.journal.append(b"x" * SEGMENT_BYTES + b"\n", span_id=span_id_of(1))
        bench.append(2)

        assert bench.files("*/*.jsonl") == ["000001.jsonl", "000002.jsonl"]

    def test_a_sealed_segment_is_never_appended_to(self, bench: Bench) -> None:
        """What `seal` has returned may be shipped and removed: later lines are elsewhere."""
        bench.append(1)
        sealed = bench.journal.seal()
        bench.append(2)

        assert numbers_of([sealed[0].read_bytes()]) == [1]
        assert len(bench.journal.seal()) == 2

    def test_the_same_picture_is_kept_once(self, bench: Bench) -> None:
        """Identical frames are one file."""
        bench.append(1, pictures=[(SHA256, PICTURE)])
        bench.append(2, pictures=[(SHA256, PICTURE)])

        assert [f"{SHA256}.png"] == bench.files("*/pictures/*")

    def test_power_durability_syncs_as_it_writes(self, tmp_path: Path) -> None:
        """With durability `power` nothing is left for the background to sync."""
        bench = Bench(tmp_path, durability="power")
        bench.put_open(1, pictures=[(SHA256, PICTURE)])
        bench.append(1)

        assert bench.on_disk == [1]
        assert not bench.journal.is_unsynced

    def test_the_background_syncs_what_was_written(self, bench: Bench) -> None:
        """`sync` settles lines and pictures, also of segments that were shipped meanwhile."""
        bench.append(1, pictures=[(SHA256, PICTURE)])
        assert bench.journal.is_unsynced
        bench.journal.sync()
        assert not bench.journal.is_unsynced

        bench.append(2)
        shutil.rmtree(bench.folder)
        bench.journal.sync()

        assert not bench.journal.is_unsynced
        assert not bench.kinds

    @posix_only
    def test_a_failed_sync_is_not_repeated_on_its_segment(self, bench: Bench) -> None:
        """After an error of sync the next line goes to another segment, and somebody is told."""
        bench.append(1)
        segment = next(bench.folder.glob("*/*.jsonl"))
        segment.unlink()
        os.mkfifo(segment)  # opens, and cannot be synced

        bench.journal.sync()
        segment.unlink()
        bench.append(2)

        assert {"journal"} == bench.kinds
        assert bench.files("*/*.jsonl") == ["000002.jsonl"]

    def test_two_threads_never_mix_their_lines(self, bench: Bench) -> None:
        """Lines appended at the same time are whole, all of them."""

        def record(first: int) -> None:
            for number in range(first, first + 100):
                bench.append(number)

        threads = [threading.Thread(target=record, args=(first,)) for first in (0, 100, 200)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert list(range(300)) == sorted(bench.on_disk)

    def test_close_removes_an_empty_folder_and_an_append_makes_a_new_one(
        self, bench: Bench
    ) -> None:
        """A closed journal leaves no folder behind, and can still be written."""
        bench.append(1)
        for path in bench.journal.seal():
            path.unlink()
        bench.journal.close()
        assert list(bench.folder.iterdir()) == []
        bench.journal.close()

        bench.append(2)
        bench.journal.close()

        assert bench.on_disk == [2]
        (owner,) = Owner.all(bench.folder)
        assert owner.try_lock()
        owner.unlock()


class TestOpenStates:
    def test_a_state_is_replaced_and_dropped_with_its_end(self, bench: Bench) -> None:
        """The log tells what is known of a span in flight; the ended line takes its place."""
        bench.put_open(1)
        bench.put_open(1, pictures=[(SHA256, PICTURE)])
        assert bench.in_flight() == [span_id_of(1)]
        (state,) = bench.journal.open_states()
        assert state.span_id == span_id_of(1)

        bench.append(1)

        assert bench.in_flight() == []
        assert bench.journal.open_states() == []
        assert [f"{SHA256}.png"] == bench.files("*/pictures/*")

    def test_a_change_makes_a_new_state(self, bench: Bench) -> None:
        """Whoever has shipped a state sees by its identity whether there is another."""
        bench.put_open(1)
        first = bench.journal.open_states()
        assert first == bench.journal.open_states()

        bench.put_open(1)

        assert first != bench.journal.open_states()

    def test_a_dropped_state_is_gone(self, bench: Bench) -> None:
        """A span that is not to be recorded leaves nothing; dropping it twice does no harm."""
        bench.journal.drop_open(span_id_of(1))
        bench.put_open(1)
        bench.journal.drop_open(span_id_of(1))
        bench.journal.drop_open(span_id_of(1))

        assert bench.in_flight() == []

    def test_a_folder_that_cannot_be_closed_is_reported(self, bench: Bench) -> None:
        """Odd things in the folder do not make `close` raise."""
        bench.put_open(1)
        log = next(bench.folder.glob("*/in-flight.log"))
        log.unlink()
        log.mkdir()

        bench.journal.close()

        assert bench.kinds == {"journal"}

    @posix_only
    def test_a_state_that_cannot_be_dropped_is_reported(self, bench: Bench) -> None:
        """A disk that takes no more costs the agent nothing, and is told."""
        import resource

        bench.put_open(1)
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1, limits[1]))
        try:
            bench.journal.drop_open(span_id_of(1))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)

        assert {"journal"} == bench.kinds
        assert bench.in_flight() == [span_id_of(1)]

    def test_the_log_does_not_grow_without_end(
        self, bench: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It is written anew with what is still in flight; no state is lost by that."""
        monkeypatch.setattr("otel_steps.journal.in_flight.REWRITE_BYTES", 4096)
        bench.put_open(1)
        for number in range(2, 100):
            bench.put_open(number)
            bench.append(number)

        assert bench.in_flight() == [span_id_of(1)]
        (log,) = bench.folder.glob("*/in-flight.log")
        assert log.stat().st_size < 3 * 4096

    def test_the_log_is_in_proportion_to_what_is_in_flight(self, bench: Bench) -> None:
        """However many and large the states are, and as soon as they have ended."""
        size = 2**20
        states = [step_line(n, is_open=True, thinking="x" * size) for n in range(20)]
        sizes = []
        for _ in range(3):
            for number, line in enumerate(states):
                bench.journal.put_open(span_id_of(number), line)
                sizes.append(bench.log.stat().st_size)
        assert max(sizes) < (2 * len(states) + 2) * size
        assert bench.in_flight() == [span_id_of(number) for number in range(20)]

        for number in range(1, 20):
            bench.append(number)

        assert bench.log.stat().st_size < 4 * size
        assert bench.in_flight() == [span_id_of(0)]
        assert bench.journal.facts().in_memory == 0

    def test_a_torn_state_leaves_the_one_before_it(self, bench: Bench) -> None:
        """A crash in the middle of a write costs what that write would have added, no more."""
        bench.put_open(1)
        (log,) = bench.folder.glob("*/in-flight.log")
        whole = dict(read_states(log))
        log.write_bytes(log.read_bytes() + span_id_of(1).encode() + b' {"half')

        assert dict(read_states(log)) == whole

    def test_an_open_state_outlives_an_end_that_is_in_memory_only(self, bench: Bench) -> None:
        """While the ended line could die with the process, the state on disk is kept."""
        bench.put_open(1)
        bench.journal._cap._is_disk_low = True  # as measured
        bench.append(1)
        assert bench.in_flight() == [span_id_of(1)]

        bench.journal.forget(bench.journal.remembered(1))

        assert bench.in_flight() == []


class TestDamage:
    def test_a_removed_folder_costs_only_what_was_in_it(self, bench: Bench) -> None:
        """After `rm -r` of the journal, the next append makes a new folder."""
        bench.append(1)
        shutil.rmtree(bench.folder)

        assert bench.append(2, pictures=[(SHA256, PICTURE)])
        assert bench.on_disk == [2]
        assert [f"{SHA256}.png"] == bench.files("*/pictures/*")

    @posix_only
    def test_a_folder_moved_away_is_noticed(self, bench: Bench) -> None:
        """After `mv`, lines do not follow the old folder."""
        bench.append(1)
        bench.folder.rename(bench.folder.with_name("elsewhere"))

        bench.append(2)

        assert bench.on_disk == [2]

    def test_a_removed_segment_is_noticed(self, bench: Bench) -> None:
        """After `rm` of the segment that is being written, the next line is in another one."""
        bench.append(1)
        next(bench.folder.glob("*/*.jsonl")).unlink()

        bench.append(2)

        assert bench.on_disk == [2]

    @pytest.mark.parametrize("segments", [3, 30])
    def test_what_was_removed_is_looked_for_at_the_same_price(
        self, bench: Bench, segments: int
    ) -> None:
        """However many segments wait, the counts of a journal cost one look at its folder."""
        for number in range(segments):
            bench.append(number)
            bench.journal.seal()
        (folder,) = bench.folder.iterdir()
        os.utime(folder, ns=(0, 1_700_000_000 * 10**9))
        assert bench.journal.facts().removed == 0

        assert calls_of(bench.journal.facts) == {"stat": 1}
        (folder / "000001.jsonl").unlink()
        assert bench.journal.facts().removed == 1

    @pytest.mark.parametrize("in_its_place", [None, "file", "folder"])
    def test_a_removed_lock_ends_the_folder(self, bench: Bench, in_its_place: str | None) -> None:
        """Without its lock a folder could be adopted under our feet: another one is made."""
        bench.append(1)
        lock = next(bench.folder.glob("*/lock"))
        lock.unlink()
        if in_its_place is not None:
            lock.touch() if in_its_place == "file" else lock.mkdir()
        bench.journal.seal()

        bench.append(2)

        assert len({path.parent for path in bench.folder.glob("*/*.jsonl")}) == 2

    def test_a_folder_that_vanishes_while_spans_are_in_flight(self, bench: Bench) -> None:
        """States and pictures, too, find their way into a new folder."""
        bench.append(1)
        shutil.rmtree(bench.folder)

        bench.put_open(2, pictures=[(SHA256, PICTURE)])

        assert bench.in_flight() == [span_id_of(2)]
        assert [f"{SHA256}.png"] == bench.files("*/pictures/*")

    @posix_only
    @pytest.mark.parametrize(
        ("name", "kind"),
        [
            *(("in-flight.log", kind) for kind in ("folder", "pipe", "link")),
            *(("pictures", kind) for kind in ("file", "pipe", "link")),
            *(("../uploads", kind) for kind in ("file", "pipe", "link")),
            (f"../uploads/{SHA256}", "folder"),
        ],
    )
    def test_what_stands_in_the_way_of_a_write_is_set_aside(
        self, bench: Bench, tmp_path: Path, name: str, kind: str
    ) -> None:
        """The disk is not given up for it: states, lines and pictures are where they belong."""
        bench.put_open(1)
        bench.append(2)
        assert bench.journal.owner is not None
        path = Path(os.path.normpath(bench.journal.owner.path / name))
        path.unlink(missing_ok=True)
        path.parent.mkdir(exist_ok=True)
        make = {
            "file": lambda: path.write_text("in the way"),
            "folder": path.mkdir,
            "pipe": lambda: os.mkfifo(path),
            "link": lambda: path.symlink_to(tmp_path / "elsewhere"),
        }
        make[kind]()

        bench.put_open(3, pictures=[(SHA256, PICTURE)])
        bench.append(4)
        assert bench.journal.put_picture((SHA256, PICTURE))

        assert bench.journal.facts().in_memory == 0
        assert bench.on_disk == [2, 4]
        assert bench.in_flight() == [span_id_of(1), span_id_of(3)]
        assert len(bench.files("*/pictures/*")) == 1
        assert len(bench.files("uploads/*")) == 1
        assert bench.kinds == {"journal"}
        assert not (tmp_path / "elsewhere").exists()

    @posix_only
    def test_a_pipe_that_somebody_reads_is_no_log(self, bench: Bench) -> None:
        """States in flight go to no stranger."""
        bench.append(1)
        assert bench.journal.owner is not None
        os.mkfifo(bench.journal.owner.in_flight)
        reader = os.open(bench.journal.owner.in_flight, os.O_RDONLY | os.O_NONBLOCK)
        try:
            bench.put_open(2)
            assert os.read(reader, 100) == b""
        finally:
            os.close(reader)

        assert bench.in_flight() == [span_id_of(2)]

    @posix_only
    def test_a_full_disk_never_leaves_half_a_line(self, bench: Bench) -> None:
        """A write that the disk takes half of is cut back; the earlier lines stay readable."""
        import resource

        line = b"x" * 999 + b"\n"
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (3500, limits[1]))
        try:
            kept = [bench.journal.append(line, span_id=span_id_of(n)) for n in range(5)]
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)

        assert kept == [True] * 5
        assert bench.journal.facts().in_memory == 2
        (segment,) = bench.folder.glob("*/*.jsonl")
        assert segment.read_bytes() == 3 * line

    @posix_only
    def test_ctrl_c_in_an_append_leaves_whole_lines(self, tmp_path: Path) -> None:
        """KeyboardInterrupt passes through, and every line in the file is whole."""
        code = """
import random, signal, sys
from pathlib import Path
from otel_steps.journal import Journal
from otel_steps.health.problems import Problems
random.seed(1)
journal = Journal(Path(sys.argv[1]), problems=Problems(None))
line = b"x" * 4999 + b"\\n"
signal.signal(signal.SIGALRM, signal.default_int_handler)
number = acked = journal.append(line, span_id=f"{0:016x}")
for _ in range(100):
    try:
        signal.setitimer(signal.ITIMER_REAL, random.uniform(0.0005, 0.005))
        while True:
            number += 1
            acked += journal.append(line, span_id=f"{number:016x}")
    except KeyboardInterrupt:
        pass
print(acked - journal.facts().in_memory)
"""
        done = run_python(code, str(tmp_path / "steps"))

        lines = [
            line
            for path in tmp_path.glob("steps/*/*.jsonl")
            for line in path.read_bytes().splitlines(keepends=True)
        ]
        assert {5000} == {len(line) for line in lines}
        assert len(lines) >= int(done.stdout)


class TestTurns:
    """What happens while another call is at work: further down the stack, or in another thread."""

    def test_what_interrupts_a_write_does_not_depend_on_it(
        self, bench: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A line that a handler has put down stays, even where the one that it interrupts fails."""
        bench.append(1)
        write, handled = os.write, []

        def interrupted(descriptor: int, line: bytes) -> int:
            monkeypatch.undo()
            write(descriptor, line[:-1])
            handled.append(bench.append(2, pictures=[(SHA256, PICTURE)]))
            assert 2 in bench.on_disk
            return len(line) - 1

        monkeypatch.setattr(os, "write", interrupted)
        bench.append(3)

        assert handled == [True]
        assert bench.on_disk == [1, 2]
        assert bench.in_memory == [3]
        assert bench.files("*/pictures/*") == [f"{SHA256}.png"]
        assert bench.journal.facts().recorded == 3

    def test_what_interrupts_the_first_write_is_done_before_it_returns(self, bench: Bench) -> None:
        """Where there is no folder yet, the interrupted call keeps both; one folder is made."""
        bench.in_turn = lambda: bench.append(1)
        bench.append(2)

        assert sorted(bench.on_disk) == [1, 2]
        assert len(bench.files("*")) == 1

    def test_a_state_that_interrupts_is_written_afterwards(self, bench: Bench) -> None:
        """A span that a handler begins is in flight from the end of the interrupted call on."""
        kept: list[bool] = []
        bench.in_turn = lambda: kept.append(bench.put_open(1))
        bench.append(2)

        assert kept == [False]
        assert bench.in_flight() == [span_id_of(1)]

    def test_a_span_that_a_handler_begins_and_ends_is_not_in_flight(self, bench: Bench) -> None:
        """Its states are of no more use once it has ended, in whatever order they are written."""
        has_ended: list[bool] = []

        def handle() -> None:
            bench.put_open(1, pictures=[(SHA256, PICTURE)], is_due=lambda: not has_ended)
            has_ended.append(True)
            bench.append(1, pictures=[(SHA256, PICTURE)])

        bench.append(3)
        bench.in_turn = handle
        bench.append(2)

        assert sorted(bench.on_disk) == [1, 2, 3]
        assert bench.in_flight() == []
        assert bench.journal.open_states() == []

    def test_nobody_waits_long_for_another_thread(self, bench: Bench) -> None:
        """While a thread hangs in a write, others write for themselves; it keeps the accounts."""
        gate, begun = threading.Event(), threading.Event()
        bench.append(1)
        bench.put_open(3)

        def hang() -> None:
            begun.set()
            gate.wait(PATIENCE_S)

        bench.in_turn = hang
        thread = threading.Thread(target=bench.append, args=(2,))
        thread.start()
        assert begun.wait(PATIENCE_S)

        assert bench.append(3)
        assert bench.on_disk == [1, 3]
        bench.journal.count_removed()  # as the shipper does with each round
        assert thread.is_alive()
        gate.set()
        thread.join()
        assert bench.journal.facts().recorded == 3
        assert sorted(bench.on_disk) == [1, 2, 3]
        assert bench.in_flight() == []

    def test_what_is_found_is_reported_after_the_turn(
        self, bench: Bench, caplog: pytest.LogCaptureFixture
    ) -> None:
        """The program's log is foreign code: it may record, and finds the journal free."""
        kept: list[bool] = []

        class Handler(logging.Handler):
            def emit(self, _: logging.LogRecord) -> None:
                kept.append(bench.journal.is_interrupted)

        handler = Handler()
        caplog.set_level(logging.WARNING, logger="otel_steps")
        logging.getLogger("otel_steps").addHandler(handler)
        try:
            block(bench.folder)
            bench.append(1)
        finally:
            logging.getLogger("otel_steps").removeHandler(handler)

        assert kept == [False]

    def test_an_exception_of_a_handler_ends_the_turn(self, bench: Bench) -> None:
        """Ctrl-C in the middle of a write goes its way, and the next write finds the journal."""

        def interrupt() -> None:
            bench.append(1)
            raise KeyboardInterrupt

        bench.in_turn = interrupt
        with pytest.raises(KeyboardInterrupt):
            bench.append(2)

        assert bench.append(3)
        assert bench.on_disk == [1, 3]


class TestMemory:
    def test_a_broken_disk_makes_memory_take_over_until_it_is_back(self, bench: Bench) -> None:
        """Steps are kept in memory while the folder cannot be written, then on disk again."""
        block(bench.folder)

        assert bench.append(1, pictures=[(SHA256, PICTURE)])
        bench.folder.unlink()
        assert bench.append(2)  # the disk is not asked again at once
        bench.clock.now += RETRY_DISK_S
        assert bench.append(3)

        assert bench.in_memory == [1, 2]
        assert bench.on_disk == [3]
        assert {"journal"} == bench.kinds
        assert bench.journal.remembered(1)[0].pictures == ((SHA256, PICTURE),)
        assert bench.journal.facts().recorded == 3
        assert bench.journal.facts().in_memory == 2

    def test_what_memory_cannot_hold_is_refused_and_counted(self, tmp_path: Path) -> None:
        """The newest is refused, exactly counted, and what was accepted stays."""
        bench = Bench(tmp_path, durability="memory")
        kept = [bench.append(number) for number in range(MAX_LINES + 2)]

        assert kept == [True] * MAX_LINES + [False] * 2
        assert list(range(MAX_LINES)) == bench.in_memory
        assert bench.journal.facts().refused == 2
        assert bench.journal.facts().recorded == MAX_LINES
        assert {"lost"} == bench.kinds
        assert not bench.folder.exists()

    def test_a_picture_too_many_is_left_out(self, tmp_path: Path) -> None:
        """Where memory has no room for a picture, the step is kept without it."""
        bench = Bench(tmp_path, durability="memory")
        huge = b"\x89PNG" + bytes(MAX_BYTES)

        assert bench.append(1, pictures=[(SHA256, huge)])
        assert bench.in_memory == [1]
        assert {"screenshot"} == bench.kinds

    def test_all_pictures_of_a_step_have_room(self, tmp_path: Path) -> None:
        """Those that came while it was open, too; without room the last ones go first."""
        bench = Bench(tmp_path, durability="memory")
        pictures = [(letter * 64, b"\x89PNG" + bytes(MAX_BYTES // 3)) for letter in "abc"]
        bench.put_open(1, pictures=pictures[1:2])

        assert bench.append(1, pictures=[pictures[0]])
        assert bench.append(2, pictures=pictures[2:])

        first, second = bench.journal.remembered(2)
        assert (first.pictures, second.pictures) == (tuple(pictures[:2]), ())
        assert {"screenshot"} == bench.kinds

    def test_a_line_too_large_for_memory_is_refused(self, tmp_path: Path) -> None:
        """Memory is bounded in bytes, too."""
        bench = Bench(tmp_path, durability="memory")

        assert not bench.journal.append(bytes(MAX_BYTES + 1), span_id=span_id_of(1))
        assert bench.journal.facts().refused == 1

    def test_states_in_flight_live_in_memory_with_their_picture(self, tmp_path: Path) -> None:
        """With durability `memory` a picture handed over early is there at the end."""
        bench = Bench(tmp_path, durability="memory")
        bench.put_open(1, pictures=[(SHA256, PICTURE)])
        bench.put_open(1)
        assert bench.journal.open_states()[0].pictures == ((SHA256, PICTURE),)

        bench.append(1)

        assert bench.journal.remembered(1)[0].pictures == ((SHA256, PICTURE),)
        assert bench.journal.open_states() == []

    def test_a_state_without_room_loses_its_picture_first(self, tmp_path: Path) -> None:
        """A state in flight that does not fit is reported for its picture, and never raises."""
        bench = Bench(tmp_path, durability="memory")
        bench.put_open(1, pictures=[(SHA256, bytes(MAX_BYTES))])
        assert {"screenshot"} == bench.kinds

        bench.journal.put_open(span_id_of(2), bytes(MAX_BYTES))

        assert [span_id_of(1)] == [state.span_id for state in bench.journal.open_states()]

    def test_two_slow_writes_make_memory_take_over(self, bench: Bench) -> None:
        """A slow disk is avoided for a while; one slow write alone may be a busy machine."""
        bench.clock.tick = SLOW_S * 1.1
        bench.append(1)
        bench.append(2)
        bench.clock.tick = 0
        bench.append(3)
        bench.clock.now += AVOID_SLOW_DISK_S
        bench.append(4)

        assert bench.in_memory == [3]
        assert bench.on_disk == [1, 2, 4]
        assert {"journal"} == bench.kinds


class TestCap:
    def test_nearing_the_cap_pictures_are_left_out(self, tmp_path: Path) -> None:
        """Above 80 % the text is kept, and the picture is not."""
        bench = Bench(tmp_path, max_disk_bytes=20_000)
        filler = b"\x89PNG" + bytes(15_000)
        bench.append(1, pictures=[("a" * 64, filler)])

        assert bench.append(2, pictures=[(SHA256, b"\x89PNG" + bytes(3_000))])

        assert bench.on_disk == [1, 2]
        assert bench.files("*/pictures/*") == ["a" * 64 + ".png"]
        assert {"disk_cap"} == bench.kinds

    def test_at_the_cap_nothing_more_is_written(self, tmp_path: Path) -> None:
        """At the cap the newest goes to memory; room that shipping makes is used again."""
        size = len(step_line(1))
        bench = Bench(tmp_path, max_disk_bytes=2 * size + 10)

        for number in (1, 2, 3):
            bench.append(number)
        assert (bench.on_disk, bench.in_memory) == ([1, 2], [3])
        assert bench.journal.facts().size_bytes <= 2 * size + 10

        bench.journal.freed(size)
        bench.append(4)
        assert bench.on_disk == [1, 2, 4]
        assert {"disk_cap"} == bench.kinds

    def test_other_processes_and_dead_letters_count(self, tmp_path: Path) -> None:
        """A measurement sees all that is below the folder."""
        bench = Bench(tmp_path, max_disk_bytes=10_000)
        (bench.folder / "dead").mkdir(parents=True)
        (bench.folder / "dead" / "letter.jsonl").write_bytes(bytes(9_999))

        bench.journal.measure()
        bench.append(1)

        assert bench.in_memory == [1]

    def test_a_nearly_full_disk_is_left_to_others(self, tmp_path: Path) -> None:
        """Below five per cent of free space nothing more is written, until there is room."""
        usage = [Usage(10**9, 0, 10**7)]
        bench = Bench(tmp_path, disk_usage=lambda _: usage[0])
        bench.journal.measure()
        bench.append(1)
        usage[0] = Usage(10**9, 0, 10**8)
        bench.journal.measure()
        bench.append(2)

        assert (bench.in_memory, bench.on_disk) == ([1], [2])

    def test_a_disk_that_cannot_be_measured_is_reported(self, tmp_path: Path) -> None:
        """A measurement that fails changes nothing and is told."""

        def fail(_: Path) -> Usage:
            raise OSError(errno.EIO, "broken")

        bench = Bench(tmp_path, disk_usage=fail)
        bench.journal.measure()

        assert bench.append(1)
        assert {"journal"} == bench.kinds


@posix_only
class TestSafety:
    def test_a_link_of_another_user_is_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A journal folder that somebody else has pointed elsewhere is not written to."""
        (tmp_path / "trap").mkdir()
        bench = Bench(tmp_path)
        bench.folder.parent.mkdir(parents=True)
        bench.folder.symlink_to(tmp_path / "trap")
        if os.getuid() == 0:
            os.lchown(bench.folder, 12345, 12345)
        else:
            monkeypatch.setattr(os, "getuid", lambda: 12345)

        bench.append(1)

        assert list((tmp_path / "trap").iterdir()) == []
        assert bench.in_memory == [1]

    def test_a_link_of_ones_own_is_followed(self, tmp_path: Path) -> None:
        """A user may keep the journal on another disk."""
        (tmp_path / "disk").mkdir()
        bench = Bench(tmp_path)
        bench.folder.parent.mkdir(parents=True)
        bench.folder.symlink_to(tmp_path / "disk")

        bench.append(1)

        assert bench.on_disk == [1]

    def test_odd_names_never_become_paths(self, bench: Bench) -> None:
        """A span id or a picture name that is none is refused before it can name a file."""
        with pytest.raises(ValueError, match="span id"):
            bench.journal.put_open("../../x", b"{}\n")
        with pytest.raises(ValueError, match="picture name"):
            bench.append(1, pictures=[("../../x", PICTURE)])

    def test_a_folder_that_others_always_take_first_is_given_up(
        self, bench: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Where no new folder can be owned, memory takes over."""
        monkeypatch.setattr(Owner, "try_lock", lambda _: False)

        assert bench.append(1)
        assert bench.in_memory == [1]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
class TestFork:
    def test_a_child_writes_to_a_folder_of_its_own(self, bench: Bench) -> None:
        """What the parent has open or in memory stays the parent's."""
        bench.put_open(1)
        bench.append(2)
        in_child(lambda: bench.append(3) and not bench.journal.open_states())
        bench.append(4)

        owners = [
            numbers_of(path.read_bytes().splitlines(True))
            for path in sorted(bench.folder.glob("*/*.jsonl"))
        ]
        assert owners == [[2, 4], [3]]
        assert bench.in_flight() == [span_id_of(1)]

    def test_a_child_does_not_keep_the_segment_of_its_parent_open(self, bench: Bench) -> None:
        """Space that the parent's shipper frees is free, however long a child lives."""
        bench.append(1)

        def holds_none() -> bool:
            links = (path.readlink() for path in Path("/proc/self/fd").glob("*") if path.is_file())
            return not any(link.is_relative_to(bench.folder) and link.suffix for link in links)

        assert not holds_none() or not Path("/proc/self/fd").exists()
        in_child(holds_none)

    def test_a_child_of_a_process_without_disk_starts_empty(self, tmp_path: Path) -> None:
        """The parent's spans in memory are not shipped twice."""
        bench = Bench(tmp_path, durability="memory")
        bench.append(1)

        in_child(lambda: not bench.in_memory and bench.journal.is_unused)

        assert bench.in_memory == [1]

    def test_a_process_that_forked_unseen_is_noticed(self, bench: Bench) -> None:
        """Where no hook runs at a fork, the process id tells."""
        bench.append(1)
        bench.journal._pid = -1  # `os.getpid` cannot be replaced: filelock relies on it

        bench.append(2)

        assert len(bench.files("*/*.jsonl")) == 2

    def test_a_folder_is_handed_over_once_nothing_is_in_flight(self, bench: Bench) -> None:
        """A child that cannot ship leaves what has ended to others, and no open span."""
        bench.append(1)
        bench.put_open(2)
        (folder,) = Owner.all(bench.folder)
        assert not bench.journal.hand_over()
        assert not folder.try_lock()

        bench.append(2)
        assert bench.journal.hand_over()
        assert not bench.journal.hand_over()
        bench.append(3)

        assert folder.try_lock()
        folder.unlock()
        assert len(bench.files("*/*.jsonl")) == 2

    def test_a_journal_that_is_gone_is_no_matter_to_a_fork(self, tmp_path: Path) -> None:
        """The hook of a journal that was collected does nothing."""
        bench = Bench(tmp_path)
        del bench

        in_child(lambda: True)


def in_child(check: Any) -> None:
    """Run *check* in a forked child and expect it to be true."""
    pid = os.fork()
    if pid == 0:
        try:
            os._exit(0 if check() else 1)
        finally:
            os._exit(2)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0


def run_python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    # Not measured: an interrupt in the middle of coverage's own lock would leave that locked.
    environ = {name: os.environ[name] for name in os.environ if not name.startswith("COV")}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=environ,
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE_S,
    )


def test_lines_are_plain_otlp(bench: Bench) -> None:
    """What is on disk is what was handed over, byte for byte."""
    line = step_line(1)
    bench.journal.append(line, span_id=span_id_of(1))

    assert line == next(bench.folder.glob("*/*.jsonl")).read_bytes()
    assert [span_id_of(1)] == [span.span_id for span in otlp.from_line(line)]
