"""The thread from the journal to the store: order, outages, bad rows, pictures, time."""

import _thread
import hashlib
import logging
import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.instrumentation.utils import is_instrumentation_enabled

from otel_steps import otlp, semconv
from otel_steps.errors import RowRejected, StoreOnHold, StoreUnavailable
from otel_steps.health.problems import Problems
from otel_steps.journal import Journal
from otel_steps.journal.backlog import PORTION_SPANS
from otel_steps.journal.in_flight import read_states
from otel_steps.journal.memory import MAX_LINES
from otel_steps.journal.owner import Owner, mark_shipped
from otel_steps.rows.mapping import PICTURE_LOST, batch_of
from otel_steps.rows.model import Batch
from otel_steps.shipper import Shipper, delivery, store_opening
from otel_steps.shipper.backoff import Backoff
from otel_steps.shipper.courier import MAX_WANTED
from otel_steps.stores.contract import Written
from tests.collecting import eventually
from tests.dict_store import DictPictures, DictStore, span_id_of, step, step_line
from tests.full_disk import full_disk
from tests.patience import PATIENCE_S
from tests.pictures import png

PICTURE = png()
SHA256 = hashlib.sha256(PICTURE).hexdigest()
posix_only = pytest.mark.skipif(os.name == "nt", reason="POSIX modes, links and signals")


class Bench:
    """A journal, a shipper, and stores that fail on demand."""

    def __init__(self, tmp_path: Path, *, is_embedded: bool = True, **settings: Any) -> None:
        self.folder = tmp_path / "steps"
        self.problems = Problems(None)
        self.store = DictStore(is_embedded=is_embedded)
        self.pictures = DictPictures()
        self.opened = 0
        self.open_fault: Callable[[], None] = lambda: None
        durability = settings.pop("durability", "process")
        self.journal = Journal(self.folder, problems=self.problems, durability=durability)
        self.shipper = self.new_shipper(self.journal, **settings)

    def new_shipper(self, journal: Journal | None, **settings: Any) -> Shipper:
        return Shipper(
            journal,
            self.folder,
            open_store=self.open_store,
            open_screenshots=lambda _: self.pictures,
            problems=self.problems,
            **{"jitter": lambda: 0.0, **settings},
        )

    def open_store(self) -> DictStore:
        self.open_fault()
        self.opened += 1
        return self.store

    def record(self, *numbers: int, picture: bytes | None = None) -> None:
        for number in numbers:
            attributes, kept = {}, None
            if picture is not None:
                sha256 = sha256_of(picture)
                attributes, kept = {semconv.SCREENSHOT_SHA256: sha256}, (sha256, picture)
            line = step_line(number, **attributes)
            assert self.journal.append(
                line, span_id=span_id_of(number), pictures=[kept] if kept else []
            )
            self.shipper.notify()

    def start(self, number: int, **attributes: Any) -> None:
        line = step_line(number, is_open=True, **attributes)
        self.journal.put_open(span_id_of(number), line, pictures=attributes.pop("pictures", []))
        self.shipper.notify()

    def leave_behind(self, *numbers: int, picture: bytes | None = None) -> None:
        """Write as a process that is dead by now."""
        journal = Journal(self.folder, problems=self.problems)
        kept = (sha256_of(picture), picture) if picture is not None else None
        attributes = {semconv.SCREENSHOT_SHA256: kept[0]} if kept is not None else {}
        for number in numbers:
            line = step_line(number, **attributes)
            journal.append(line, span_id=span_id_of(number), pictures=[kept] if kept else [])
        journal.close()

    @property
    def kinds(self) -> set[str]:
        return {problem.kind for problem in self.problems.all()}

    @property
    def letters(self) -> list[str]:
        return sorted(path.name for path in self.folder.glob("dead/*"))

    @property
    def leftovers(self) -> list[str]:
        patterns = ("*/*.jsonl", "*/*.shipped", "*/pictures/*")
        found = [path for pattern in patterns for path in self.folder.glob(pattern)]
        in_flight = [
            id_ for log in self.folder.glob("*/in-flight.log") for id_, _ in read_states(log)
        ]
        waiting = [path for path in found if path.parent.name != "dead" and path.stat().st_size]
        return [path.name for path in waiting] + in_flight


@pytest.fixture(name="make")
def _make(tmp_path: Path) -> Iterator[Callable[..., Bench]]:
    benches: list[Bench] = []

    def make(**settings: Any) -> Bench:
        benches.append(Bench(tmp_path, **settings))
        return benches[-1]

    yield make
    for bench in benches:
        bench.store.fault = lambda _: None
        bench.shipper.shutdown(PATIENCE_S)


@pytest.fixture(name="bench")
def _bench(make: Callable[..., Bench]) -> Bench:
    return make()


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, logger="otel_steps")


def fail_times(count: int, error: Exception) -> Callable[[Any], None]:
    """Return a fault that happens *count* times."""
    left = [count]

    def fault(_: Any) -> None:
        if left[0]:
            left[0] -= 1
            raise error

    return fault


def always(error: Exception) -> Callable[[Any], None]:
    """Return a fault that does not pass."""
    return fail_times(10**6, error)


def sha256_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def reject(*numbers: int, error: Exception | None = None) -> Callable[[Batch], None]:
    """Return a fault of every batch that has one of the steps *numbers*."""

    def fault(batch: Batch) -> None:
        if any(row.step_number in numbers for row in batch.steps):
            raise error or RowRejected("no such step type", code="22P02")

    return fault


class TestShipping:
    def test_steps_arrive_and_their_files_go(self, bench: Bench) -> None:
        """What was recorded is in the store after a flush, and nothing of it is left on disk."""
        bench.record(*range(100), picture=PICTURE)

        assert bench.shipper.flush(PATIENCE_S)
        assert bench.store.numbers == list(range(100))
        assert bench.store.row(7)["screenshot_path"] == f"{SHA256[:2]}/{SHA256}.png"
        assert bench.leftovers == []
        facts = bench.shipper.facts()
        assert (facts.shipped, facts.known, facts.waiting, facts.dead) == (100, 0, 0, 0)
        assert bench.kinds == set()

    def test_an_embedded_store_has_steps_without_a_flush(self, bench: Bench) -> None:
        """Rows of an embedded store are visible at once."""
        bench.record(1)

        assert bench.store.wait_for(lambda: bench.store.numbers == [1])

    def test_a_full_buffer_does_not_wait(self, make: Callable[..., Bench]) -> None:
        """With a store far away, a full buffer goes at once."""
        bench = make(is_embedded=False, buffer_size=5, flush_interval_s=3600)
        bench.record(0)
        assert bench.shipper.flush(PATIENCE_S)
        bench.record(1, 2, 3, 4)
        assert bench.store.numbers == [0]

        bench.record(5)

        assert bench.store.wait_for(lambda: bench.store.numbers == [0, 1, 2, 3, 4, 5])

    def test_the_flush_interval_takes_what_is_there(self, make: Callable[..., Bench]) -> None:
        """With a store far away, less than a buffer goes after the flush interval."""
        bench = make(is_embedded=False, flush_interval_s=0.05)
        bench.record(0)
        assert bench.shipper.flush(PATIENCE_S)

        bench.record(1)

        assert bench.store.wait_for(lambda: bench.store.numbers == [0, 1])

    def test_spans_in_flight_are_shown_and_replaced(self, bench: Bench) -> None:
        """A step that has started is `running` until its end arrives."""
        bench.start(1)
        assert bench.shipper.flush(PATIENCE_S)
        assert bench.store.row(1)["status"] == "running"
        calls = len(bench.store.calls)
        assert bench.shipper.flush(PATIENCE_S)
        assert len(bench.store.calls) == calls  # a state that has not changed is not sent again

        bench.record(1)

        assert bench.shipper.flush(PATIENCE_S)
        assert bench.store.row(1)["status"] == "completed"
        assert bench.shipper.facts().shipped == 1

    def test_the_picture_of_a_span_in_flight_is_seen_and_kept(self, bench: Bench) -> None:
        """A running step shows its picture; the file stays until the step has ended."""
        attributes = {semconv.SCREENSHOT_SHA256: SHA256}
        line = step_line(1, is_open=True, **attributes)
        bench.journal.put_open(span_id_of(1), line, pictures=[(SHA256, PICTURE)])
        assert bench.shipper.flush(PATIENCE_S)
        assert bench.store.row(1)["screenshot_path"]
        assert f"{SHA256}.png" in bench.leftovers

        bench.journal.append(step_line(1, **attributes), span_id=span_id_of(1))

        assert bench.shipper.flush(PATIENCE_S)
        assert bench.store.row(1)["screenshot_path"]
        assert bench.leftovers == []

    def test_what_dead_processes_left_is_shipped(self, bench: Bench) -> None:
        """Steps of dead processes arrive, those in flight as interrupted, and their folders go."""
        bench.leave_behind(*range(70))
        journal = Journal(bench.folder, problems=bench.problems)
        journal.put_open(span_id_of(70), step_line(70, is_open=True))
        journal.close()

        bench.shipper.notify()

        assert bench.store.wait_for(lambda: len(bench.store.rows) == 71)
        assert bench.store.row(70)["status"] == "interrupted"
        bench.shipper.shutdown(PATIENCE_S)
        assert list(bench.folder.iterdir()) == []

    def test_a_large_backlog_does_not_hide_the_present(self, bench: Bench) -> None:
        """Steps of this process are shipped between two portions of what was left behind."""
        last = 2 * PORTION_SPANS
        bench.leave_behind(*range(last + 1))
        recorded = threading.Event()

        def record_meanwhile(batch: Batch) -> None:
            if not recorded.is_set() and batch.steps[0].step_number == PORTION_SPANS:
                recorded.set()
                bench.record(last + 1)

        bench.store.fault = record_meanwhile
        order: list[int] = []
        put = bench.store._put
        bench.store._put = lambda row: order.append(row.step_number) or put(row)  # type: ignore[method-assign]
        bench.shipper.notify()

        assert bench.store.wait_for(lambda: len(bench.store.rows) == last + 2)
        assert order.index(last + 1) < order.index(last)

    def test_the_thread_makes_no_spans_of_its_own_calls(self, bench: Bench) -> None:
        """Instrumentation is suppressed while the store is called."""
        seen: list[bool] = []
        bench.store.fault = lambda _: seen.append(is_instrumentation_enabled())
        bench.record(1)

        assert bench.shipper.flush(PATIENCE_S)
        assert seen == [False]

    def test_memory_is_drained_like_the_disk(self, make: Callable[..., Bench]) -> None:
        """With durability `memory`, spans and pictures take the same way."""
        bench = make(durability="memory")
        bench.start(99)
        bench.record(*range(70), picture=PICTURE)

        assert bench.shipper.flush(PATIENCE_S)
        assert bench.store.numbers == list(range(70))
        assert SHA256 in bench.pictures.saved
        assert bench.journal.facts().in_memory == 0
        assert not bench.folder.exists()

    def test_a_disk_that_takes_nothing_does_not_stop_the_shipping(self, bench: Bench) -> None:
        """Without a journal folder steps go through memory, more of them than memory holds."""
        bench.folder.write_text("in the way")
        for first in range(0, 1_000, 100):
            bench.record(*range(first, first + 100))
            assert bench.shipper.flush(PATIENCE_S)

        assert bench.store.numbers == list(range(1_000))
        assert bench.kinds == {"journal"}


class OverlappingStore(DictStore):
    """Has others work before it stores a batch, as a database that takes its time does."""

    def write_meanwhile(self, batch: Batch, work: Callable[[], None]) -> Written:
        work()
        return self.write(batch)


class TestLookahead:
    """While a database stores a portion, the next one is read, and nothing more than that."""

    def test_nothing_is_acknowledged_by_being_read(self, make: Callable[..., Bench]) -> None:
        """A crash at any write loses nothing: what is not stored yet is still in its file."""
        bench = make()
        bench.store = OverlappingStore()
        bench.leave_behind(*range(1_200))  # five segments, in portions of 500
        waiting: list[int] = []
        bench.store.fault = lambda _: waiting.append(bench.shipper.facts().waiting)

        assert bench.new_shipper(None).ship_all().shipped == 1_200

        assert waiting == [1_200, 944, 432]
        assert (len(bench.store.rows), bench.leftovers) == (1_200, [])

    def test_a_portion_is_read_while_the_one_before_is_stored(
        self, make: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Then its rows are made already, once; where a write fails, all is read again."""
        bench = make()
        bench.store = OverlappingStore()
        bench.leave_behind(*range(1_200))
        seen: list[str] = []
        monkeypatch.setattr(delivery, "batch_of", _noting_rows(seen))
        failures = iter([StoreUnavailable("gone")])

        def fault(_: Batch) -> None:
            seen.append("stored")
            for error in failures:
                raise error

        bench.store.fault = fault

        shipped = bench.new_shipper(None).ship_all()

        assert (shipped.shipped, shipped.known, len(bench.store.rows)) == (1_200, 0, 1_200)
        assert seen == ["0", "500", "stored", "0", "500", "stored", "1000", "stored", "stored"]

    def test_what_it_meets_is_told_once_and_in_its_turn(self, make: Callable[..., Bench]) -> None:
        """Bad lines and bad rows of a portion ahead cost themselves only, as others do."""
        bench = make()
        bench.store = OverlappingStore()
        bench.leave_behind(*range(700))
        (segment,) = bench.folder.glob("*/000003.jsonl")
        with segment.open("ab") as file:
            file.write(b"garbage\n")
        bench.store.fault = reject(600)

        shipped = bench.new_shipper(None).ship_all()

        assert (shipped.shipped, shipped.dead, shipped.waiting) == (699, 2, 0)
        assert [name.partition("-")[0] for name in bench.letters if name.endswith(".raw")] == [
            "unreadable"
        ]


def _noting_rows(seen: list[str]) -> Callable[..., Batch]:
    """Make rows, and note the number of the first of them."""

    def noting(*known: Any) -> Batch:
        batch = batch_of(*known)
        seen.append(str(batch.steps[0].step_number))
        return batch

    return noting


class TestOutage:
    def test_an_outage_keeps_everything(self, bench: Bench) -> None:
        """While the store cannot be reached everything waits on disk, and arrives afterwards."""
        bench.store.fault = fail_times(7, StoreUnavailable("connection refused"))
        bench.record(*range(10))

        assert bench.shipper.flush(PATIENCE_S)
        assert bench.store.numbers == list(range(10))
        assert bench.letters == []
        assert bench.kinds == {"store"}
        assert bench.shipper.facts().last_error is None

    def test_a_flush_that_runs_out_of_time_says_so(self, make: Callable[..., Bench]) -> None:
        """While the store cannot be reached, flush returns False in time and nothing is lost."""
        bench = make(jitter=lambda: 1.0)
        bench.store.fault = fail_times(10**6, StoreUnavailable("connection refused"))
        bench.record(1)

        assert not bench.shipper.flush(0.1)
        facts = bench.shipper.facts()
        assert (facts.waiting, facts.held) == (1, None)
        assert facts.waiting_bytes == len(step_line(1))
        assert facts.oldest_at is not None

    def test_the_server_is_not_asked_before_it_wants_to_be(
        self, make: Callable[..., Bench]
    ) -> None:
        """Retry-After is kept, even by a flush."""
        bench = make()
        bench.store.fault = fail_times(1, StoreUnavailable("slow down", retry_after_s=3600))
        bench.record(1)
        assert bench.store.wait_for(lambda: len(bench.store.calls) == 1)

        assert not bench.shipper.flush(0.1)
        assert not bench.shipper.flush(0.1)
        assert len(bench.store.calls) == 1
        bench.shipper.shutdown(0)

    def test_a_store_that_wants_less_gets_less(self, bench: Bench) -> None:
        """Batches are halved until the store takes them, and grow again."""

        def at_most_ten(batch: Batch) -> None:
            if len(batch.steps) > 10:
                raise StoreUnavailable("body too large", halve=True)

        bench.store.fault = at_most_ten
        bench.record(*range(64))
        assert bench.shipper.flush(PATIENCE_S)
        assert bench.store.numbers == list(range(64))

        bench.store.fault = lambda _: None
        for first in (100, 200, 300, 400, 500):
            bench.record(*range(first, first + 64))
            assert bench.shipper.flush(PATIENCE_S)
        assert bench.letters == []

    def test_one_row_that_is_too_large_waits(self, make: Callable[..., Bench]) -> None:
        """A batch of one cannot be halved: it is tried again later."""
        bench = make()
        bench.store.fault = fail_times(1, StoreUnavailable("time-out", halve=True))
        bench.record(1)

        assert bench.shipper.flush(PATIENCE_S)
        assert bench.store.numbers == [1]

    def test_a_store_that_cannot_be_opened_is_tried_again(self, bench: Bench) -> None:
        """Opening fails like any call."""
        fault = fail_times(2, StoreUnavailable("no route to host"))
        bench.open_fault = lambda: fault(None)
        bench.record(1)

        assert bench.shipper.flush(PATIENCE_S)
        assert bench.opened == 1

    def test_a_store_without_pictures_is_closed(self, make: Callable[..., Bench]) -> None:
        """Where the store of pictures cannot be opened, the other one is not left open."""
        bench = make()
        fault = fail_times(1, StoreUnavailable("bucket?"))

        def open_screenshots(_: Any) -> DictPictures:
            fault(None)
            return bench.pictures

        bench.shipper._rounds.opening._open_screenshots = open_screenshots
        bench.record(1)

        assert bench.shipper.flush(PATIENCE_S)
        assert (bench.opened, bench.store.closed) == (2, 1)

    def test_an_error_nobody_knows_is_taken_for_a_passing_one(self, bench: Bench) -> None:
        """Four times anything may happen."""
        bench.store.fault = fail_times(4, ZeroDivisionError("odd"))
        bench.record(1, 2)

        assert bench.shipper.flush(PATIENCE_S)
        assert bench.store.numbers == [1, 2]
        assert bench.letters == []

    def test_a_bug_of_ours_in_the_loop_is_reported_and_survived(self, bench: Bench) -> None:
        """An error outside of the store is told, and everything is tried again."""
        fault = fail_times(1, ZeroDivisionError("odd"))
        bench.open_fault = lambda: fault(None)
        bench.record(1)

        assert bench.shipper.flush(PATIENCE_S)
        assert bench.kinds == {"shipper"}

    def test_a_dead_thread_is_replaced(self, bench: Bench) -> None:
        """The thread may die of anything; the next step starts another."""
        died = threading.Event()

        def die(_: Batch) -> None:
            bench.store.fault = lambda _: None
            died.set()
            raise SystemExit

        bench.store.fault = die
        bench.record(1)
        assert died.wait(PATIENCE_S)
        thread = bench.shipper._thread
        if thread is not None:
            thread.join(PATIENCE_S)
        assert "shipper" in bench.kinds

        bench.record(2)

        assert bench.store.wait_for(lambda: bench.store.numbers == [1, 2])

    def test_a_flush_ends_with_its_thread(self, bench: Bench) -> None:
        """A flush does not wait for a thread that has died."""

        def die(_: Batch) -> None:
            raise SystemExit

        bench.store.fault = die
        bench.journal.append(step_line(1), span_id=span_id_of(1))

        assert not bench.shipper.flush(PATIENCE_S)

    def test_a_broken_close_is_reported(self, bench: Bench) -> None:
        """A store that cannot be closed is given up."""

        def close() -> None:
            raise ZeroDivisionError("odd")

        bench.store.close = close  # type: ignore[method-assign]
        bench.record(1)
        bench.shipper.shutdown(PATIENCE_S)

        assert bench.kinds == {"store"}


class TestRemoved:
    """What becomes of steps whose files somebody has removed before they were shipped."""

    @pytest.mark.parametrize("remove", ["journal", "folder", "segment", "replaced"])
    def test_they_are_counted_as_lost(self, make: Callable[..., Bench], remove: str) -> None:
        """Exactly those, once; one flush says that not all is in the store, and the next go on."""
        bench = make(jitter=lambda: 1.0)
        bench.store.fault = always(StoreUnavailable("away"))
        bench.record(1, 2, 3)
        assert not bench.shipper.flush(0.1)
        self.remove(bench, remove)
        bench.record(4)
        bench.store.fault = lambda _: None

        assert not bench.shipper.flush(PATIENCE_S)

        assert bench.store.numbers == [4]
        assert bench.journal.facts().removed == 3
        (lost,) = [each for each in bench.problems.all() if each.kind == "lost"]
        assert (lost.count, "3 spans are lost" in lost.message) == (3, True)
        bench.record(5)
        assert bench.shipper.flush(PATIENCE_S)
        assert bench.store.numbers == [4, 5]
        assert bench.journal.facts().removed == 3

    @staticmethod
    def remove(bench: Bench, what: str) -> None:
        assert bench.journal.owner is not None
        path = bench.journal.owner.path
        if what == "journal":
            shutil.rmtree(bench.folder)
        elif what == "folder":
            shutil.rmtree(path)
        elif what == "replaced":
            shutil.rmtree(path)
            path.write_text("in the way")
        else:
            for segment in path.glob("*.jsonl"):
                segment.unlink()

    def test_they_are_counted_without_a_flush(self, make: Callable[..., Bench]) -> None:
        """Whoever asks how the journal stands is told, also where nothing is recorded any more."""
        bench = make(jitter=lambda: 1.0)
        bench.store.fault = always(StoreUnavailable("away"))
        bench.record(1, 2)
        shutil.rmtree(bench.folder)

        assert bench.journal.facts().removed == 2

    def test_what_was_shipped_is_not_counted(self, bench: Bench) -> None:
        """Neither what the shipper has removed itself, nor what waits for its pictures only."""
        bench.pictures.fault = always(StoreUnavailable("bucket down"))
        bench.record(1, 2)
        bench.record(3, picture=PICTURE)
        assert bench.store.wait_for(lambda: bench.store.numbers == [1, 2, 3])
        # They are removed, or renamed, after that.
        eventually(
            lambda: (
                [*bench.folder.rglob("*.shipped")]
                and not any(each.stat().st_size for each in bench.folder.rglob("*.jsonl"))
            )
        )
        shutil.rmtree(bench.folder)

        bench.record(4)

        assert bench.shipper.flush(PATIENCE_S)
        assert bench.journal.facts().removed == 0
        assert "lost" not in bench.kinds

    def test_a_row_does_not_stay_running(self, make: Callable[..., Bench]) -> None:
        """A step whose end was removed is interrupted; one that goes on ends as ever."""
        bench = make(jitter=lambda: 0.0)
        bench.start(1)
        bench.start(2)
        assert bench.shipper.flush(PATIENCE_S)
        bench.store.fault = fail_times(10**6, StoreUnavailable("away"))
        bench.record(1)
        shutil.rmtree(bench.folder)
        bench.store.fault = lambda _: None

        assert not bench.shipper.flush(PATIENCE_S)

        assert bench.store.row(1)["status"] == "interrupted"
        assert bench.store.row(2)["status"] == "running"
        bench.record(2)
        assert bench.shipper.flush(PATIENCE_S)
        assert bench.store.row(2)["status"] == "completed"

    def test_a_row_whose_end_could_be_kept_nowhere_does_not_stay_running(
        self, make: Callable[..., Bench]
    ) -> None:
        """An end that was refused comes no more than one that was removed."""
        bench = make(durability="memory")
        bench.start(0)
        assert bench.shipper.flush(PATIENCE_S)
        bench.store.fault = always(StoreUnavailable("away"))
        bench.record(*range(1, MAX_LINES + 1))
        assert not bench.journal.append(step_line(0), span_id=span_id_of(0))
        bench.store.fault = lambda _: None

        assert bench.shipper.flush(PATIENCE_S)
        assert bench.store.row(0)["status"] == "interrupted"

    def test_states_in_flight_move_to_the_new_folder(self, bench: Bench) -> None:
        """Should the process die after its folder was removed, they are interrupted as ever."""
        bench.start(1)
        bench.start(2)
        assert bench.shipper.flush(PATIENCE_S)
        shutil.rmtree(bench.folder)

        assert bench.shipper.flush(PATIENCE_S)

        (log,) = bench.folder.glob("*/in-flight.log")
        assert [span_id for span_id, _ in read_states(log)] == [span_id_of(1), span_id_of(2)]


class TestHold:
    def test_a_store_on_hold_keeps_everything_and_says_why(self, bench: Bench) -> None:
        """Nothing is dead-lettered; a flush asks at once, and opens the store anew."""
        fault = StoreOnHold("the key is not valid", remedy="set a new key")
        bench.store.fault = fail_times(3, fault)
        bench.record(1)
        assert bench.store.wait_for(lambda: len(bench.store.calls) == 1)

        assert not bench.shipper.flush(PATIENCE_S)
        facts = bench.shipper.facts()
        assert (facts.held, facts.remedy) == ("the key is not valid", "set a new key")
        assert facts.last_error == "the key is not valid"
        assert facts.waiting == 1
        while not bench.shipper.flush(PATIENCE_S):
            pass
        assert bench.store.numbers == [1]
        assert bench.shipper.facts().held is None
        assert bench.opened > 1
        (problem,) = bench.problems.all()
        assert (problem.kind, problem.count, problem.remedy) == ("store", 1, "set a new key")

    def test_all_rows_refused_is_the_fault_of_the_store(self, bench: Bench) -> None:
        """Where every row is refused nothing is set aside; after the repair all arrive."""
        bench.store.fault = reject(*range(50), error=RowRejected("null value", code="23502"))
        bench.leave_behind(*range(50))
        bench.shipper.notify()
        assert bench.store.wait_for(lambda: len(bench.store.calls) >= 99)

        assert bench.letters == []
        bench.store.fault = lambda _: None
        report = bench.new_shipper(None).ship_all()
        assert (bench.letters, report.reason) == ([], None)

    def test_rows_refused_one_by_one_are_seen_through(self, bench: Bench) -> None:
        """A table that takes nothing is noticed, even if its steps come one at a time."""
        bench.store.fault = reject(*range(9))
        for number in range(4):
            bench.record(number)
            bench.shipper.flush(PATIENCE_S)

        assert len(bench.letters) == 2
        assert bench.shipper.facts().held is not None
        bench.store.fault = reject(2)
        assert not bench.shipper.flush(PATIENCE_S)  # one of them has gone to the dead letters
        assert bench.store.numbers == [3]
        assert len(bench.letters) == 3

    def test_one_table_that_refuses_everything_is_seen_beside_others(self, bench: Bench) -> None:
        """Other spans that are stored do not put the blame on steps that a broken table refuses."""

        def no_steps(batch: Batch) -> None:
            if batch.steps:
                raise RowRejected("null value", code="23502")

        bench.store.fault = no_steps
        journal = Journal(bench.folder, problems=bench.problems)
        for number in range(3):
            journal.append(step_line(number), span_id=span_id_of(number))
        others = [
            replace(step(10), attributes={semconv.TASK_ID: "task"}, name="chat"),
            replace(step(11), attributes={semconv.TASK_ID: "task", semconv.TASK_STATUS: "failed"}),
        ]
        for span in others:
            journal.append(otlp.to_line(span), span_id=span.span_id)
        journal.close()

        report = bench.new_shipper(None).ship_all()

        assert report.reason is not None
        assert "refuses every row" in report.reason
        assert bench.letters == []

    def test_bad_rows_alone_in_a_portion_do_not_wait_for_ever(self, bench: Bench) -> None:
        """Once the store has taken others of their kind, rows are to blame for themselves."""
        bench.store.fault = reject(0, 1, 2)
        bench.leave_behind(0, 1, 2)
        bench.shipper.notify()
        assert bench.store.wait_for(lambda: len(bench.store.calls) >= 5)
        bench.record(10)
        assert bench.shipper.flush(PATIENCE_S)
        bench.shipper.shutdown(PATIENCE_S)

        assert bench.store.numbers == [10]
        assert len(bench.letters) == 3


class TestBadRows:
    def test_one_bad_row_costs_itself_only(self, bench: Bench) -> None:
        """49 of 50 are stored, one is set aside with its code, in 15 calls at most."""
        bench.store.fault = reject(17)
        bench.leave_behind(*range(50))
        bench.shipper.notify()

        assert bench.store.wait_for(lambda: len(bench.store.rows) == 49)
        bench.shipper.shutdown(PATIENCE_S)
        assert [n for n in range(50) if n != 17] == bench.store.numbers
        (letter,) = bench.letters
        assert span_id_of(17) in letter
        assert '"22P02"' in (bench.folder / "dead" / letter).read_text()
        assert len(bench.store.calls) <= 15
        assert bench.kinds == {"dead_letter"}
        assert bench.shipper.facts().dead == 1

    def test_a_flush_tells_of_a_dead_letter(self, bench: Bench) -> None:
        """Flush is True only if everything is in the store."""
        bench.store.fault = reject(1)
        bench.record(1)

        assert not bench.shipper.flush(PATIENCE_S)
        assert bench.shipper.flush(PATIENCE_S)

    def test_an_error_nobody_knows_is_found_out(self, bench: Bench) -> None:
        """A row that always fails with an odd error is set aside after five tries."""
        bench.store.fault = reject(3, error=ZeroDivisionError("odd"))
        bench.record(*range(6))

        assert not bench.shipper.flush(PATIENCE_S)
        assert bench.store.numbers == [0, 1, 2, 4, 5]
        assert len(bench.letters) == 1

    def test_an_odd_row_is_found_out_while_others_pass(self, bench: Bench) -> None:
        """Portions that are stored in between do not hide one that never is."""
        bench.store.fault = reject(0, error=ZeroDivisionError("odd"))
        bench.leave_behind(0)
        for number in range(1, 40):
            bench.record(number)
            assert bench.shipper.flush(PATIENCE_S)
            if bench.letters:
                break

        assert len(bench.letters) == 1
        assert 0 not in bench.store.numbers

    def test_a_state_in_flight_that_is_refused_is_only_not_shown(self, bench: Bench) -> None:
        """A running row that cannot be stored is no dead letter: its end is still to come."""
        bench.store.fault = reject(1)
        bench.start(1)

        assert bench.shipper.flush(PATIENCE_S)
        assert bench.letters == []
        assert bench.kinds == {"store"}

    def test_bad_lines_alone_make_no_call(self, bench: Bench) -> None:
        """A segment of garbage is set aside and removed."""
        bench.journal.append(b"garbage\n", span_id=span_id_of(1))
        bench.shipper.notify()

        assert bench.shipper.flush(PATIENCE_S)
        assert (bench.store.calls, bench.leftovers, len(bench.letters)) == ([], [], 1)


class TestPictures:
    def test_a_picture_that_cannot_be_stored_costs_only_itself(self, bench: Bench) -> None:
        """The step is stored without it, and somebody is told."""
        bench.pictures.fault = fail_times(1, RowRejected("not a picture"))
        bench.record(1, picture=PICTURE)

        assert bench.shipper.flush(PATIENCE_S)
        assert bench.store.row(1)["screenshot_path"] is None
        assert bench.kinds == {"screenshot"}
        assert bench.leftovers == []

    def test_an_odd_error_of_a_picture_is_a_passing_one_at_first(self, bench: Bench) -> None:
        """Five odd errors cost the picture, never the row."""
        bench.pictures.fault = fail_times(5, ZeroDivisionError("odd"))
        bench.record(1, picture=PICTURE)

        assert bench.shipper.flush(PATIENCE_S)
        assert bench.store.row(1)["screenshot_path"] is None
        assert "screenshot" in bench.kinds

    @pytest.mark.parametrize(
        "error", [StoreUnavailable("bucket down"), StoreOnHold("no bucket", remedy="make it")]
    )
    def test_rows_do_not_wait_for_their_pictures(self, bench: Bench, error: Exception) -> None:
        """While pictures cannot be stored rows go at once; afterwards they show their pictures."""
        bench.pictures.fault = always(error)
        bench.record(*range(10), picture=PICTURE)

        assert bench.store.wait_for(lambda: bench.store.numbers == list(range(10)))
        assert not bench.shipper.flush(0.2)
        assert bench.store.row(3)["screenshot_path"] is None
        assert bench.store.row(3)["screenshot_error"] is None
        facts = bench.shipper.facts()
        assert (facts.waiting, facts.pictures_waiting, facts.shipped) == (0, 1, 10)
        assert facts.oldest_at is not None
        assert facts.last_error == str(error)
        assert facts.held == ("no bucket" if isinstance(error, StoreOnHold) else None)

        bench.pictures.fault = lambda _: None
        assert bench.shipper.flush(PATIENCE_S)
        assert all(bench.store.row(n)["screenshot_path"] for n in range(10))
        assert bench.leftovers == []
        facts = bench.shipper.facts()
        assert (facts.pictures_waiting, facts.shipped, facts.known) == (0, 10, 0)
        assert (facts.last_error, facts.held, facts.oldest_at) == (None, None, None)

    def test_pictures_survive_the_process(self, bench: Bench) -> None:
        """Pictures whose rows are stored wait in the journal, and the next process carries them."""
        bench.pictures.fault = always(StoreUnavailable("bucket down"))
        attributes = {semconv.SCREENSHOT_SHA256: SHA256}
        other = png(2, 2, (1, 2, 3))
        line = step_line(9, is_open=True, **{semconv.SCREENSHOT_SHA256: sha256_of(other)})
        dead = Journal(bench.folder, problems=bench.problems)
        dead.append(step_line(1, **attributes), span_id=span_id_of(1), pictures=[(SHA256, PICTURE)])
        dead.append(step_line(2), span_id=span_id_of(2))
        dead.put_open(span_id_of(9), line, pictures=[(sha256_of(other), other)])
        dead.close()

        report = bench.new_shipper(None).ship_all()
        assert (report.reason, report.shipped) == ("bucket down", 3)
        assert (report.waiting, report.pictures_waiting) == (0, 2)
        assert bench.store.row(9)["status"] == "interrupted"
        assert bench.store.row(1)["screenshot_path"] is None

        bench.pictures.fault = lambda _: None
        report = bench.new_shipper(None).ship_all()
        assert (report.reason, report.shipped, report.pictures_waiting) == (None, 0, 0)
        assert bench.store.row(1)["screenshot_path"] == f"{SHA256[:2]}/{SHA256}.png"
        assert bench.store.row(9)["screenshot_path"]
        assert list(bench.folder.iterdir()) == []

    def test_a_kill_after_the_rows_or_after_the_picture_repeats_no_harm(self, bench: Bench) -> None:
        """Wherever a process dies between row, picture and removal, the next one ends as well."""
        attributes = {semconv.SCREENSHOT_SHA256: SHA256}
        journal = Journal(bench.folder, problems=bench.problems)
        line = step_line(1, **attributes)
        for _ in range(3):  # as after a death before, between and after the two acknowledgements
            journal.append(line, span_id=span_id_of(1), pictures=[(SHA256, PICTURE)])
            journal.seal()
        owner = journal.owner
        assert owner is not None
        mark_shipped(owner.segments()[0])
        journal.close()
        bench.store.write(batch_of([step(1, **attributes)], {}))
        bench.pictures.save(SHA256, PICTURE)

        report = bench.new_shipper(None).ship_all()

        assert (report.reason, report.known, report.pictures_waiting) == (None, 1, 0)
        assert bench.store.numbers == [1]
        assert bench.store.row(1)["screenshot_path"]
        assert list(bench.folder.iterdir()) == []

    def test_a_row_that_comes_again_gets_its_picture(self, bench: Bench) -> None:
        """A row stored without its picture has it after a replay, even if that was known before."""
        bench.record(1, picture=PICTURE)
        assert bench.shipper.flush(PATIENCE_S)
        bench.store.write(batch_of([step(2, **{semconv.SCREENSHOT_SHA256: SHA256})], {}))

        bench.record(2, picture=PICTURE)

        assert bench.shipper.flush(PATIENCE_S)
        assert bench.store.row(2)["screenshot_path"]
        assert bench.leftovers == []

    def test_more_pictures_than_are_wanted_at_a_time_arrive(self, bench: Bench) -> None:
        """A long outage leaves many; all of them come, a bounded number at a time."""
        bench.pictures.fault = always(StoreUnavailable("bucket down"))
        count = 2 * MAX_WANTED + 10
        for number in range(count):
            bench.record(number, picture=b"\x89PNG" + str(number).encode())
            bench.journal.seal()
        assert not bench.shipper.flush(0.5)
        bench.pictures.fault = lambda _: None

        assert bench.shipper.flush(PATIENCE_S)
        assert all(bench.store.row(n)["screenshot_path"] for n in range(count))
        assert bench.leftovers == []

    def test_a_picture_that_never_comes_is_explained(self, bench: Bench) -> None:
        """A step whose picture is nowhere says so, once that is known."""
        line = step_line(1, **{semconv.SCREENSHOT_SHA256: SHA256})
        bench.journal.append(line, span_id=span_id_of(1))

        assert bench.shipper.flush(PATIENCE_S)
        assert bench.store.row(1)["screenshot_path"] is None
        assert bench.store.row(1)["screenshot_error"] == PICTURE_LOST

    def test_memory_keeps_pictures_whose_rows_are_stored(self, make: Callable[..., Bench]) -> None:
        """Where no file holds it a picture waits in memory; at the end it is missed, counted."""
        bench = make(durability="memory")
        bench.pictures.fault = always(StoreUnavailable("bucket down"))
        bench.record(1, 2, picture=PICTURE)
        assert not bench.shipper.flush(0.2)
        assert bench.store.numbers == [1, 2]
        facts = bench.journal.facts()
        assert (facts.in_memory, facts.pictures_in_memory) == (0, 2)

        bench.pictures.fault = lambda _: None
        assert bench.shipper.flush(PATIENCE_S)
        assert bench.store.row(2)["screenshot_path"]
        assert bench.journal.facts().pictures_in_memory == 0

        bench.pictures.fault = always(StoreUnavailable("bucket down"))
        bench.record(3, picture=png(2, 2, (1, 2, 3)))
        bench.shipper.shutdown(0.3)
        (lost,) = [each for each in bench.problems.all() if each.kind == "lost"]
        assert (lost.count, lost.message) == (
            1,
            "1 pictures were in memory only when the process ended",
        )

    def test_the_picture_of_a_dead_letter_is_stored(self, bench: Bench) -> None:
        """A row that is refused leaves its picture where a later try finds it."""
        bench.store.fault = reject(1)
        bench.record(0, 1, picture=PICTURE)
        assert not bench.shipper.flush(PATIENCE_S)

        assert bench.shipper.flush(PATIENCE_S)
        assert SHA256 in bench.pictures.saved
        assert (bench.leftovers, bench.shipper.facts().dead) == ([], 1)

        bench.store.fault = lambda _: None
        bench.shipper._backlog.dead_letters.retry()
        assert bench.new_shipper(None).ship_all().reason is None
        assert bench.store.row(1)["screenshot_path"]

    def test_a_row_that_takes_no_picture_costs_only_itself(self, bench: Bench) -> None:
        """Pictures are given by the batch; a step that refuses its own is found and told."""

        def refuse(steps: Sequence[Any]) -> None:
            if any(each.step_number == 2 for each in steps):
                raise RowRejected("no such column", code="22P02")

        bench.store.attach_fault = refuse
        bench.pictures.fault = lambda _: bench.store.wait_for(lambda: len(bench.store.rows) == 5)
        bench.leave_behind(*range(5), picture=PICTURE)

        assert bench.new_shipper(None).ship_all().reason is None
        paths = [bench.store.row(n)["screenshot_path"] for n in range(5)]
        assert [path is None for path in paths] == [False, False, True, False, False]
        assert bench.kinds == {"screenshot"}
        assert list(bench.folder.iterdir()) == []

    def test_pictures_are_given_in_smaller_parts_where_the_store_wants_that(
        self, bench: Bench
    ) -> None:
        """Too many at a time are halved, and given again as a whole after an outage."""
        faults = iter([StoreUnavailable("time-out", halve=True), StoreUnavailable("refused")])

        def fail(_: Sequence[Any]) -> None:
            if error := next(faults, None):
                raise error

        bench.store.attach_fault = fail
        bench.pictures.fault = lambda _: bench.store.wait_for(lambda: len(bench.store.rows) == 8)
        bench.leave_behind(*range(8), picture=PICTURE)

        assert bench.new_shipper(None).ship_all().reason is None
        assert all(bench.store.row(n)["screenshot_path"] for n in range(8))
        assert bench.store.attached[:2] == [8, 4]

    def test_pictures_come_together_to_a_store_far_away(self, make: Callable[..., Bench]) -> None:
        """Many pictures that arrive one after the other are few requests."""
        bench = make(is_embedded=False, flush_interval_s=0.05)
        bench.pictures.fault = always(StoreUnavailable("bucket down"))
        for number in range(50):
            bench.record(number, picture=b"\x89PNG" + str(number).encode())
        assert bench.store.wait_for(lambda: len(bench.store.numbers) == 50)
        calls = len(bench.store.calls)
        bench.pictures.fault = lambda _: None

        def is_done() -> bool:
            return all(row["screenshot_path"] for row in bench.store.rows.values())

        assert bench.store.wait_for(is_done)
        assert len(bench.store.calls) == calls
        assert len(bench.store.attached) <= 15

    def test_what_stands_where_pictures_wait_is_set_aside(self, bench: Bench) -> None:
        """Such a thing is reported, and holds up no other."""
        journal = Journal(bench.folder, problems=bench.problems)
        journal.append(step_line(1), span_id=span_id_of(1))
        owner = journal.owner
        assert owner is not None
        journal.close()
        (owner.path / "000000.jsonl.shipped").mkdir()

        assert bench.new_shipper(None).ship_all().reason is None
        assert bench.store.numbers == [1]
        assert "journal" in bench.kinds
        assert bench.letters == [f"{owner.path.name}.000000.jsonl.shipped.unreadable"]
        assert not owner.path.exists()

    def test_the_same_picture_is_stored_once(self, bench: Bench) -> None:
        """Identical frames of later steps need no file: the store has the picture."""
        bench.record(1, picture=PICTURE)
        assert bench.shipper.flush(PATIENCE_S)
        saved = []
        bench.pictures.fault = saved.append

        bench.record(2, picture=PICTURE)
        assert bench.shipper.flush(PATIENCE_S)
        assert saved == []

        line = step_line(3, **{semconv.SCREENSHOT_SHA256: SHA256})
        bench.journal.append(line, span_id=span_id_of(3))
        assert bench.shipper.flush(PATIENCE_S)

        assert all(bench.store.row(n)["screenshot_path"] for n in (1, 2, 3))
        assert bench.leftovers == []

    def test_known_pictures_are_not_remembered_without_end(self, bench: Bench) -> None:
        """Thousands of pictures go through, and those before are looked up where they are."""
        for first in range(0, 520, 65):
            for number in range(first, first + 65):
                bench.record(number, picture=b"\x89PNG" + str(number).encode())
        bench.record(1000, picture=b"\x89PNG0")

        assert bench.shipper.flush(PATIENCE_S)
        assert bench.store.row(1000)["screenshot_path"]


class TestEnds:
    def test_a_process_that_recorded_nothing_needs_no_thread(self, bench: Bench) -> None:
        """Flush and shutdown of an idle recorder start nothing and open nothing."""
        assert bench.shipper.flush(0)
        bench.shipper.shutdown()
        bench.shipper.shutdown()
        assert bench.opened == 0
        assert not bench.folder.exists()

    def test_shutdown_ships_closes_and_ends_the_thread(self, bench: Bench) -> None:
        """After shutdown nothing is left: no thread, no folder, no connection."""
        before = set(threading.enumerate())
        bench.record(1)
        bench.shipper.shutdown(PATIENCE_S)
        bench.shipper.shutdown(PATIENCE_S)

        assert bench.store.numbers == [1]
        assert bench.store.closed == 1
        assert list(bench.folder.iterdir()) == []
        left = set(threading.enumerate()) - before
        assert "otel-steps-shipper" not in {each.name for each in left}

    def test_steps_after_shutdown_wait_for_the_next_start(self, bench: Bench) -> None:
        """A late step is on disk, no thread starts for it, and flush tells the truth."""
        bench.record(1)
        bench.shipper.shutdown(PATIENCE_S)
        bench.record(2)

        assert not bench.shipper.flush(0.1)
        assert bench.store.numbers == [1]
        bench.journal.close()
        assert bench.new_shipper(None).ship_all().shipped == 1
        assert bench.store.numbers == [1, 2]

    def test_shutdown_does_not_wait_for_a_hanging_store(self, bench: Bench) -> None:
        """A store that never answers does not keep the process from ending."""
        release = threading.Event()
        bench.store.fault = lambda _: release.wait(PATIENCE_S) and None
        bench.record(1)

        bench.shipper.shutdown(0.1)
        assert bench.leftovers
        release.set()
        assert bench.store.wait_for(lambda: bench.store.numbers == [1])

    def test_spans_in_memory_are_missed_at_the_end(self, make: Callable[..., Bench]) -> None:
        """What only memory had when the process ended is counted as lost."""
        bench = make(durability="memory")
        bench.store.fault = fail_times(10**6, StoreOnHold("no table", remedy="migrate"))
        bench.record(1, 2)

        bench.shipper.shutdown(PATIENCE_S)

        (lost,) = [each for each in bench.problems.all() if each.kind == "lost"]
        assert lost.count == 2

    def test_an_interpreter_that_ends_starts_no_thread(
        self, bench: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Where threads are refused, steps wait on disk for the next start."""

        def refuse(*_: object) -> None:
            raise RuntimeError("can't create new thread at interpreter shutdown")

        with monkeypatch.context() as patch:
            patch.setattr(_thread, "start_new_thread", refuse)
            bench.record(1)
            assert not bench.shipper.flush(0)
        with monkeypatch.context() as patch:
            patch.setattr(sys, "is_finalizing", lambda: True)
            bench.record(2)

        assert bench.shipper.flush(PATIENCE_S)
        assert bench.store.numbers == [1, 2]

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
    def test_a_child_ships_its_own_and_only_that(self, bench: Bench) -> None:
        """After a fork the child opens a store of its own, and the parent goes on."""
        bench.record(1)
        assert bench.shipper.flush(PATIENCE_S)
        bench.start(2)
        pid = os.fork()
        if pid == 0:
            try:
                bench.record(3)
                bench.shipper.flush(PATIENCE_S)
                is_right = 3 in bench.store.numbers and bench.opened == 2
                os._exit(0 if is_right and bench.store.closed == 0 else 1)
            finally:
                os._exit(2)
        _, status = os.waitpid(pid, 0)
        bench.record(2)

        assert os.waitstatus_to_exitcode(status) == 0
        assert bench.shipper.flush(PATIENCE_S)
        assert bench.store.numbers == [1, 2]

    def test_a_store_that_does_not_open_is_told(
        self, bench: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """An import that hangs is no silence, and others may ship; no flush counts on them."""
        is_opening, go_on = threading.Event(), threading.Event()

        def hang() -> None:
            is_opening.set()
            go_on.wait(PATIENCE_S)

        bench.open_fault = hang
        bench.record(1)
        assert is_opening.wait(PATIENCE_S)
        assert bench.shipper.facts().waiting == 1
        assert not bench.kinds
        monkeypatch.setattr(store_opening, "STUCK_S", -1)
        assert bench.shipper.facts().waiting == 1
        assert not bench.shipper.flush(0)
        monkeypatch.undo()

        (problem,) = bench.problems.all()
        (folder,) = Owner.all(bench.folder)
        assert (problem.kind, problem.count) == ("shipper", 1)
        assert folder.try_lock()
        folder.unlock()
        go_on.set()
        # The first one may come while those are shipped that were left.
        assert any(bench.shipper.flush(PATIENCE_S) for _ in range(3))
        assert bench.store.numbers == [1]

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
    def test_a_shipper_that_is_gone_is_no_matter_to_a_fork(self, tmp_path: Path) -> None:
        """The hook of a shipper that was collected does nothing."""
        bench = Bench(tmp_path)
        del bench
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        assert os.waitpid(pid, 0)[1] == 0


class TestShipAll:
    def test_all_that_was_left_is_shipped(self, bench: Bench) -> None:
        """`ship_all` ships in the foreground and tells how far it is."""
        first, total = PORTION_SPANS + 36, PORTION_SPANS + 66
        bench.leave_behind(*range(first))
        bench.leave_behind(*range(first, total))
        seen: list[tuple[int, int]] = []

        report = bench.new_shipper(None).ship_all(progress=lambda *now: seen.append(now))

        assert (report.shipped, report.known, report.dead, report.waiting) == (total, 0, 0, 0)
        assert (report.reason, report.remedy) == (None, None)
        assert seen == [(PORTION_SPANS, total), (first, total), (total, total)]
        assert list(bench.folder.iterdir()) == []
        assert bench.store.closed == 1

    def test_it_says_why_it_stopped(self, bench: Bench) -> None:
        """A store on hold ends it with the reason and the remedy."""
        bench.leave_behind(1)
        bench.store.fault = fail_times(1, StoreOnHold("no table", remedy="run migrate"))

        report = bench.new_shipper(None).ship_all()

        assert (report.reason, report.remedy, report.waiting) == ("no table", "run migrate", 1)

    def test_it_tries_some_times_and_not_for_ever(self, bench: Bench) -> None:
        """A passing error passes; an outage ends it."""
        bench.leave_behind(1)
        bench.store.fault = fail_times(4, StoreUnavailable("refused"))
        assert bench.new_shipper(None).ship_all().reason is None

        bench.leave_behind(2)
        bench.store.fault = fail_times(5, StoreUnavailable("refused"))
        assert bench.new_shipper(None).ship_all().reason == "refused"

        bench.store.fault = fail_times(1, StoreUnavailable("later", retry_after_s=60))
        assert bench.new_shipper(None).ship_all().reason == "later"

    @posix_only
    def test_a_full_disk_is_no_matter_to_others(self, bench: Bench) -> None:
        """Where a dead letter cannot be written its line stays, and the next folder is served."""
        bench.leave_behind(1)
        bench.leave_behind(2)
        bench.store.fault = reject(1)
        with full_disk():
            report = bench.new_shipper(None).ship_all()

        (trouble,) = report.troubles
        assert "the disk took a part of the file" in trouble
        assert (report.reason, report.waiting, bench.store.numbers) == (None, 1, [2])

    def test_a_replay_is_counted_as_known(self, bench: Bench) -> None:
        """Spans that the store has already are shipped, and known."""
        bench.leave_behind(1, 2)
        bench.leave_behind(1, 3)

        report = bench.new_shipper(None).ship_all()

        assert (report.shipped, report.known) == (4, 1)

    def test_a_flush_without_a_journal_has_nothing_to_wait_for(self, bench: Bench) -> None:
        """A shipper for what others have left has recorded nothing itself."""
        shipper = bench.new_shipper(None)

        assert shipper.flush(0)
        assert shipper.facts().waiting == 0
        shipper.shutdown()


def test_dead_letters_can_be_shipped_after_a_fix(bench: Bench) -> None:
    """What `retry` moves back arrives with the next shipping."""
    bench.store.fault = reject(1)
    bench.record(1)
    bench.shipper.flush(PATIENCE_S)
    bench.store.fault = lambda _: None
    assert bench.shipper.facts().dead == 1

    bench.shipper._backlog.dead_letters.retry()
    bench.new_shipper(None).ship_all()

    assert (bench.store.numbers, bench.letters) == ([1], [])


def test_two_shippers_on_one_folder_store_each_row_once(tmp_path: Path, bench: Bench) -> None:
    """Shippers that meet at a backlog share it."""
    for first in range(0, 400, 40):
        bench.leave_behind(*range(first, first + 40))
    shippers = [bench.new_shipper(None) for _ in range(3)]
    threads = [threading.Thread(target=each.ship_all) for each in shippers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    bench.new_shipper(None).ship_all()

    assert bench.store.numbers == list(range(400))
    assert Owner.all(bench.folder) == []


def test_back_off_doubles_up_to_a_minute_and_begins_again() -> None:
    """Waits are between nothing and 1, 2, 4 ... 60 seconds; a server's wish counts up to 300."""
    backoff = Backoff(jitter=lambda: 1.0)

    assert [backoff.next_s() for _ in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert backoff.next_s(7) == 7
    assert backoff.next_s(999_999) == 300
    backoff.reset()
    assert backoff.next_s() == 1
    assert all(0 <= Backoff().next_s() <= 1 for _ in range(100))
