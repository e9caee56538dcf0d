"""Pictures are carried beside the rows: order, outages, threads, and what is remembered."""

import hashlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from otel_steps.errors import PictureOnHold, RowRejected, StoreOnHold, StoreUnavailable
from otel_steps.health.problems import Problems
from otel_steps.journal.backlog import Backlog
from otel_steps.journal.backlog_pictures import BacklogPictures
from otel_steps.rows.mapping import PICTURE_LOST
from otel_steps.shipper import courier
from otel_steps.shipper.backoff import Backoff
from otel_steps.shipper.courier import MAX_WANTED, WORKERS, Courier
from otel_steps.shipper.odd_errors import UNEXPECTED_TRIES
from otel_steps.shipper.picture_outcome import PictureRefusal
from tests.dict_store import DictPictures
from tests.patience import PATIENCE_S
from tests.pictures import png


class Bench:
    """A courier, a store of pictures that fails on demand, and pictures to carry."""

    def __init__(self, folder: Path, jitter: Callable[[], float] = lambda: 0.0) -> None:
        self.problems = Problems(None)
        self.store = DictPictures()
        self.backlog = Backlog(folder, problems=self.problems)
        self.news = threading.Event()
        self.backoff = Backoff(jitter=jitter)
        self.courier = Courier(self.problems, on_news=self.news.set, backoff=self.backoff)
        self.courier.use(self.store)

    def want(self, *numbers: int, is_there: bool = True) -> list[str]:
        pictures = {name_of(number): picture(number) for number in numbers if is_there}
        names = [name_of(number) for number in numbers]
        for name in names:
            self.courier.want(name, BacklogPictures(None, self.backlog, self.problems, pictures))
        return names

    def wait_for(self, is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not is_so():
            assert time.monotonic() < deadline
            self.news.wait(0.01)
            self.news.clear()

    def settled(self, names: list[str]) -> list[Any]:
        self.wait_for(lambda: all(self.courier.outcome(name) is not None for name in names))
        return [self.courier.outcome(name) for name in names]

    @property
    def threads(self) -> list[threading.Thread]:
        return [each for each in threading.enumerate() if each.name == "otel-steps-pictures"]


def picture(number: int) -> bytes:
    return png(1, 1, (number % 250, number // 250, 0))


def name_of(number: int) -> str:
    return hashlib.sha256(picture(number)).hexdigest()


@pytest.fixture(name="make")
def _make(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[Callable[..., Bench]]:
    caplog.set_level(logging.CRITICAL, logger="otel_steps")
    benches: list[Bench] = []

    def make(**settings: Any) -> Bench:
        benches.append(Bench(tmp_path, **settings))
        return benches[-1]

    yield make
    for bench in benches:
        bench.courier.close(PATIENCE_S)
        assert bench.threads == []


@pytest.fixture(name="bench")
def _bench(make: Callable[..., Bench]) -> Bench:
    return make()


def test_pictures_that_pile_up_are_carried_by_several(bench: Bench) -> None:
    """One thread carries what comes now and then; four carry what has piled up, and no more."""
    meeting = threading.Barrier(WORKERS)
    bench.store.fault = lambda _: meeting.wait(PATIENCE_S) and None

    names = bench.want(*range(3 * WORKERS))

    assert {outcome.sha256 for outcome in bench.settled(names)} == set(names)
    assert len(bench.threads) == WORKERS


def test_one_picture_needs_one_thread(bench: Bench) -> None:
    """An agent that takes its steps does not find four threads beside it."""
    for number in range(3):
        bench.settled(bench.want(number))

    assert len(bench.threads) == 1


def test_a_picture_is_not_believed_to_be_stored_for_ever(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may have been removed with the tasks that had it, and be captured once more."""
    (name,) = bench.want(1)
    bench.settled([name])
    bench.store.saved.clear()
    bench.want(1)
    bench.courier.wait()
    assert bench.store.saved == {}

    monkeypatch.setattr(courier, "_BELIEVED_S", -1.0)
    assert bench.courier.outcome(name) is None
    bench.want(1)
    bench.courier.wait()
    assert name in bench.store.saved


def test_no_more_are_wanted_than_can_be_kept_in_mind(bench: Bench) -> None:
    """However many wait on disk, a bounded number is asked for; the others later."""
    release = threading.Event()
    bench.store.fault = lambda _: release.wait(PATIENCE_S) and None

    names = bench.want(*range(MAX_WANTED + 10))
    assert bench.courier.is_full
    release.set()
    bench.settled(names[:MAX_WANTED])

    assert [bench.courier.outcome(name) for name in names[MAX_WANTED:]] == [None] * 10
    bench.settled(bench.want(*range(MAX_WANTED, MAX_WANTED + 10)))
    assert bench.courier.settled == MAX_WANTED + 10


def test_a_picture_is_wanted_once(bench: Bench) -> None:
    """Asking again, while it is under way or after it has arrived, does nothing."""
    saved: list[str] = []
    bench.store.fault = saved.append

    bench.settled(bench.want(1, 1))
    bench.settled(bench.want(1))

    assert saved == [name_of(1)]


def test_a_picture_that_is_nowhere_is_lost(bench: Bench) -> None:
    """Neither in the journal nor in the store: it will never come, and that is known."""
    assert bench.settled(bench.want(1, is_there=False)) == [PICTURE_LOST]


def test_a_refused_picture_holds_up_no_other(bench: Bench) -> None:
    """What can never be stored is settled with its reason, and reported."""

    def refuse(name: str) -> None:
        if name == name_of(1):
            raise RowRejected("not a picture", code="415")

    bench.store.fault = refuse
    refused, stored = bench.settled(bench.want(1, 2))

    assert refused == "the picture cannot be stored: not a picture"
    assert stored.sha256 == name_of(2)
    assert [problem.kind for problem in bench.problems.all()] == ["screenshot"]


def too_large(*numbers: int) -> Callable[[str], None]:
    """Return a fault: the bucket takes no pictures of these numbers, until a person acts."""
    names = {name_of(number) for number in numbers}

    def fault(name: str) -> None:
        if name in names:
            raise PictureOnHold("too large", remedy="raise the limit")

    return fault


def test_a_picture_that_is_held_holds_up_no_other(bench: Bench) -> None:
    """More than can be wanted at a time wait for a person; all others pass, and it is told."""
    held = range(MAX_WANTED + 10)
    bench.store.fault = too_large(*held)
    names = bench.want(*held[:MAX_WANTED])
    bench.wait_for(lambda: bench.courier.is_stuck)
    names += bench.want(*held[MAX_WANTED:])
    others = bench.want(*range(100, 110))
    bench.settled(others)
    bench.wait_for(lambda: bench.courier.is_stuck)

    assert [bench.courier.outcome(name) for name in names] == [None] * len(names)
    assert str(bench.courier.failure) == "too large"
    (problem,) = bench.problems.all()
    assert (problem.kind, problem.remedy) == ("store", "raise the limit")

    bench.want(*held)  # not before their time
    assert bench.courier.is_stuck
    bench.store.fault = lambda _: None
    bench.courier.hurry()
    bench.settled(bench.want(*held[:MAX_WANTED]))
    bench.settled(bench.want(*held[MAX_WANTED:]))
    assert bench.courier.failure is None


def test_one_that_is_no_longer_held_frees_the_others(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first that is stored after a fix tells that the fix is there: nobody waits his turn."""
    bench.store.fault = too_large(1, 2)
    monkeypatch.setattr("otel_steps.shipper.held_pictures.HOLD_S", 0.0)
    bench.want(1)
    bench.wait_for(lambda: bench.courier.is_stuck)
    monkeypatch.setattr("otel_steps.shipper.held_pictures.HOLD_S", 3600.0)
    bench.want(2)
    bench.wait_for(lambda: bench.courier.is_stuck)

    bench.store.fault = lambda _: None
    bench.settled(bench.want(1))

    bench.settled(bench.want(2))
    assert bench.courier.failure is None


def test_what_nobody_asks_for_any_more_is_held_no_longer(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process has seen to it: this one does not speak of it for ever."""
    bench.store.fault = too_large(1)
    bench.want(1)
    bench.wait_for(lambda: bench.courier.is_stuck)
    bench.courier.hurry()
    assert bench.courier.failure is not None

    monkeypatch.setattr("otel_steps.shipper.held_pictures._KEPT_S", -1.0)
    assert bench.courier.failure is None


def test_a_place_that_fails_oddly_for_all_is_to_blame(bench: Bench) -> None:
    """Pictures are refused one by one at first; then the place is held, until it takes one."""

    def fail(name: str) -> None:
        if name != name_of(9):
            raise ZeroDivisionError("odd")

    bench.store.fault = fail
    for number in (1, 2):
        (outcome,) = bench.settled(bench.want(number))
        assert isinstance(outcome, PictureRefusal)
    bench.want(3)
    bench.wait_for(lambda: bench.courier.is_stuck)
    assert "refuses every picture: ZeroDivisionError: odd" in str(bench.courier.failure)

    bench.settled(bench.want(9))
    bench.courier.hurry()
    assert isinstance(bench.settled(bench.want(3))[0], PictureRefusal)


def test_a_picture_that_always_fails_lets_others_pass(bench: Bench) -> None:
    """One that is never taken goes to the end of the line, again and again."""

    def fail(name: str) -> None:
        if name == name_of(0):
            raise StoreUnavailable("time-out")

    bench.store.fault = fail
    names = bench.want(*range(10))
    bench.settled(names[1:])

    assert bench.courier.outcome(names[0]) is None
    bench.store.fault = lambda _: None
    bench.settled(names)


@pytest.mark.parametrize("error", [ZeroDivisionError("odd"), SystemExit("odd")], ids=repr)
def test_an_odd_error_is_a_passing_one_at_first(bench: Bench, error: BaseException) -> None:
    """An error that nobody knows is tried some times; then the picture is given up."""
    tries: list[str] = []

    def fail(name: str) -> None:
        tries.append(name)
        raise error

    bench.store.fault = fail
    (outcome,) = bench.settled(bench.want(1))

    assert outcome == f"the picture cannot be stored: {type(error).__name__}: odd"
    assert len(tries) == UNEXPECTED_TRIES


def test_an_outage_is_asked_about_now_and_then(make: Callable[..., Bench]) -> None:
    """Several threads that meet one outage back off once; afterwards everything arrives."""
    bench = make(jitter=lambda: 1.0)
    meeting = threading.Barrier(WORKERS)

    def fail(_: str) -> None:
        meeting.wait(PATIENCE_S)
        raise StoreUnavailable("bucket down")

    bench.store.fault = fail
    names = bench.want(*range(WORKERS))
    bench.wait_for(lambda: bench.courier.failure is not None)
    bench.courier.wait()  # does not wait for what fails
    assert str(bench.courier.failure) == "bucket down"
    assert bench.backoff.next_s() == 2.0  # once, whoever has met it

    bench.store.fault = lambda _: None
    bench.courier.hurry()
    bench.settled(names)
    assert bench.courier.failure is None


def test_the_server_is_not_asked_before_it_wants_to_be(bench: Bench) -> None:
    """Retry-After is kept, even by a flush."""
    tries: list[str] = []

    def fail(name: str) -> None:
        tries.append(name)
        raise StoreUnavailable("slow down", retry_after_s=3600)

    bench.store.fault = fail
    bench.want(1)
    assert bench.news.wait(PATIENCE_S)
    bench.news.clear()

    bench.courier.hurry()
    bench.want(2)
    assert not bench.news.wait(0.1)
    assert len(tries) == 1


def test_a_store_on_hold_is_asked_anew_once_it_is_opened_anew(bench: Bench) -> None:
    """The reason and its remedy are told; what a person changes is seen by opening again."""
    hold = StoreOnHold("no bucket", remedy="run `otel-steps migrate`")

    def fail(_: str) -> None:
        raise hold

    bench.store.fault = fail
    names = bench.want(1)
    assert bench.news.wait(PATIENCE_S)
    assert bench.courier.failure is hold
    assert [problem.remedy for problem in bench.problems.all()] == [hold.remedy]

    bench.courier.use(None)
    bench.store.fault = lambda _: None
    bench.courier.use(bench.store)

    bench.settled(names)


def test_who_is_abandoned_tries_no_more(bench: Bench) -> None:
    """What gevent carries of a parent's courier into a child comes to an end there."""

    def fail(_: str) -> None:
        raise StoreUnavailable("refused")

    bench.store.fault = fail
    bench.want(1)
    bench.wait_for(lambda: bool(bench.threads))

    bench.courier.abandon()

    bench.wait_for(lambda: not bench.threads)


def test_without_a_store_pictures_wait(bench: Bench) -> None:
    """What is wanted before a store is open goes as soon as one is."""
    bench.courier.use(None)
    names = bench.want(1, 2)
    assert not bench.news.wait(0.05)

    bench.courier.use(bench.store)

    bench.settled(names)


def test_a_closed_store_says_nothing_of_the_next(bench: Bench) -> None:
    """A call that was cut off by closing its store is made again, and is no failure."""
    begun, closed = threading.Event(), threading.Event()

    def cut_off(_: str) -> None:
        begun.set()
        closed.wait(PATIENCE_S)
        raise StoreUnavailable("the store has been closed")

    bench.store.fault = cut_off
    names = bench.want(1)
    assert begun.wait(PATIENCE_S)
    bench.courier.use(None)
    closed.set()
    other = DictPictures()
    bench.courier.use(other)

    bench.settled(names)
    assert set(other.saved) == set(names)
    assert bench.problems.all() == []


def test_an_idle_thread_goes(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing to carry for a while: the thread ends, and the next picture starts another."""
    monkeypatch.setattr("otel_steps.shipper.courier._IDLE_S", 0.01)
    bench.settled(bench.want(1))
    bench.wait_for(lambda: bench.threads == [])

    bench.settled(bench.want(2))


def test_an_interpreter_that_ends_starts_no_thread(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where threads are refused, pictures wait on disk for the next start."""

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        names = bench.want(1)
    assert bench.courier.outcome(names[0]) is None

    bench.settled(names + bench.want(2))


def test_a_closed_courier_takes_nothing(bench: Bench) -> None:
    """After its end it starts no thread, however often it is asked."""
    bench.courier.close(PATIENCE_S)

    bench.want(1)

    assert bench.threads == []
    assert bench.courier.outcome(name_of(1)) is None


def test_a_courier_that_was_closed_goes_on_with_the_next_store(bench: Bench) -> None:
    """Where the shipper's thread has died of something, the next one carries what was left."""
    begun = threading.Event()

    def fail(_: str) -> None:
        begun.set()
        raise StoreUnavailable("closing")

    bench.store.fault = fail
    names = bench.want(1, 2)
    assert begun.wait(PATIENCE_S)
    bench.courier.close(PATIENCE_S)
    bench.store.fault = lambda _: None

    bench.courier.use(bench.store)

    bench.settled(names)
