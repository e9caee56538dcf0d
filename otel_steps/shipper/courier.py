"""
Pictures on their way to where they live, on threads of their own: no row waits for them.

The journal keeps a picture until its row points at it. What is known here is a list of names to
work through, so a crash costs nothing: whoever reads the journal next asks for them again.

A picture has one of three fates, each by itself: it settles (it is stored, lost or refused), it
waits for an outage that keeps all of them waiting, or it is held, alone, for what a person must do.
"""

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from opentelemetry.instrumentation.utils import suppress_instrumentation

from otel_steps.errors import PictureOnHold, RowRejected, StoreOnHold, StoreUnavailable
from otel_steps.health.problems import REMEDIES, Problems
from otel_steps.journal.backlog_pictures import BacklogPictures
from otel_steps.pictures.store import UNDECODABLE, ScreenshotStore
from otel_steps.pictures.stored import StoredPicture
from otel_steps.rows.mapping import PICTURE_LOST
from otel_steps.shipper.backoff import Backoff
from otel_steps.shipper.held_pictures import MAX_HELD, HeldPictures
from otel_steps.shipper.odd_errors import OddErrors
from otel_steps.shipper.outage import Outage
from otel_steps.shipper.picture_outcome import Compared, PictureOutcome, PictureRefusal

# One is enough while an agent takes its steps; more start where pictures have piled up.
WORKERS: Final = 4
# Asked for at a time. The rest waits where it is, on disk.
MAX_WANTED: Final = 64

_OUTCOMES_KEPT: Final = 512
# That a picture is stored is believed for as long: then it may have been removed with its tasks.
_BELIEVED_S: Final = 60.0
_IDLE_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A picture to save: where it is, and which one to compare it with."""

    pictures: BacklogPictures
    before: str | None


class Courier:
    """
    Saves the pictures that are wanted, the first ones first; any thread may ask.

    A picture is compared with the one before it in its task once it is saved. It settles in any
    case: where the two cannot be compared, nobody says what has changed.

    Attributes:
        settled: BacklogPictures that are on their way no longer, or held for the first time.

    Args:
        problems: Hears of pictures that cannot be stored, now or ever.
        on_news: Called on a thread of ours when pictures have arrived, or none will for a while.
        backoff: How long to wait after a failure.
    """

    def __init__(
        self, problems: Problems, *, on_news: Callable[[], None], backoff: Backoff
    ) -> None:
        self._problems = problems
        self._on_news = on_news
        # Guards all that follows; held for moments only.
        self._changed = threading.Condition()
        self._store: ScreenshotStore | None = None
        self._threads: list[threading.Thread] = []  # some of them not started yet
        self._is_closed = False
        self._wanted: dict[str, _Wanted] = {}
        self._queue: deque[str] = deque()  # those of `_wanted` that no thread works on
        # With the moment at which each was known.
        self._outcomes: OrderedDict[str, tuple[PictureOutcome, float]] = OrderedDict()
        self._compared: OrderedDict[tuple[str, str], Compared] = OrderedDict()
        self._held = HeldPictures()  # one that is tried again is wanted as well
        self._odd = OddErrors()
        self._outage = Outage[StoreUnavailable | StoreOnHold](backoff)
        self.settled = 0

    def use(self, store: ScreenshotStore | None) -> None:
        """Save to *store* from now on; with None, wait for another. What is known starts anew."""
        thread = None
        with self._changed:
            self._store = store
            self._outcomes.clear()
            if store is not None:
                self._is_closed = False
                if self._outage.held is not None:
                    self._outage.lift()
                thread = self._new_thread()
            self._changed.notify_all()
        self._begin(thread)

    def outcome(self, sha256: str) -> PictureOutcome | None:
        """Return what has become of a picture, or None while that is open."""
        with self._changed:
            return self._known(sha256)

    def compared(self, before: str, after: str) -> Compared | None:
        """Return what comparing a saved picture with another has shown, None while that is open."""
        with self._changed:
            return self._compared.get((before, after))

    def forget(self, sha256: str) -> None:
        """Let a picture be wanted anew, whatever has become of it."""
        with self._changed:
            self._outcomes.pop(sha256, None)

    def want(self, sha256: str, pictures: BacklogPictures, before: str | None = None) -> None:
        """
        Have a picture saved soon, unless enough others are to be; then ask again later.

        Args:
            before: The picture to compare it with, if any.
        """
        with self._changed:
            if self._is_done(sha256, before) or sha256 in self._wanted:
                return
            if self._is_closed or not self._has_room(sha256):
                return
            self._wanted[sha256] = _Wanted(pictures, before)
            self._queue.append(sha256)
            thread = self._new_thread()
            self._changed.notify_all()
        self._begin(thread)

    @property
    def is_full(self) -> bool:
        """True while nothing more is taken."""
        with self._changed:
            return len(self._wanted) >= MAX_WANTED or len(self._held) >= MAX_HELD

    @property
    def failure(self) -> StoreUnavailable | StoreOnHold | None:
        """Why pictures wait, all or some of them, or None while none does."""
        with self._changed:
            return self._outage.error or self._held.error

    @property
    def is_stuck(self) -> bool:
        """True where none of the pictures that wait moves until a person acts."""
        with self._changed:
            if self._outage.error is not None:
                return self._outage.held is not None
            return len(self._held) > 0 and not self._wanted

    def hurry(self) -> None:
        """Try again what has failed, as soon as the server allows."""
        with self._changed:
            self._outage.lift()
            self._held.release()
            self._changed.notify_all()

    def wait(self) -> None:
        """Wait until nothing is under way: all wanted pictures are settled, or it fails."""
        with self._changed:
            self._changed.wait_for(lambda: not self._wanted or self._outage.error is not None)

    def close(self, timeout_s: float) -> None:
        """End the threads, until a store is used again; one that hangs in a call is left alone."""
        deadline = time.monotonic() + timeout_s
        with self._changed:
            self._is_closed = True
            self._store = None
            self._changed.notify_all()
            threads = [thread for thread in self._threads if thread.ident is not None]
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def abandon(self) -> None:
        """
        Leave all to another courier, in a forked child.

        Under gevent "threads" of the parent run on there: ours end instead.
        """
        self._is_closed = True  # without the lock, which a thread of the parent may hold

    # --- Under the lock

    def _is_done(self, name: str, before: str | None) -> bool:
        outcome = self._known(name)
        if before is None or not isinstance(outcome, StoredPicture):
            return outcome is not None
        return (before, name) in self._compared

    def _known(self, name: str) -> PictureOutcome | None:
        outcome, known_at = self._outcomes.get(name, (None, 0.0))
        if isinstance(outcome, StoredPicture) and time.monotonic() > known_at + _BELIEVED_S:
            return None
        return outcome

    def _has_room(self, name: str) -> bool:
        if name in self._held:
            return self._held.is_due(name) and len(self._wanted) < MAX_WANTED
        return not self.is_full

    def _answered(self, name: str) -> None:
        """Take note that the place has answered for a picture, so that it is no longer away."""
        self._wanted.pop(name, None)
        self._odd.forget(name)
        self._outage.end()

    def _new_thread(self) -> threading.Thread | None:
        """Return a thread for `_begin`, or None while there are enough."""
        self._threads = [each for each in self._threads if each.ident is None or each.is_alive()]
        if len(self._threads) >= min(WORKERS, len(self._wanted)):
            return None
        thread = threading.Thread(target=self._run, name="otel-steps-pictures", daemon=True)
        self._threads.append(thread)
        return thread

    def _is_due(self) -> bool:
        is_ready = self._queue and self._store is not None
        return bool(is_ready) and not self._outage.wait_s

    def _patience_s(self) -> float:
        return (self._outage.wait_s if self._queue else 0.0) or _IDLE_S

    # --- Not under the lock

    def _begin(self, thread: threading.Thread | None) -> None:
        """
        Start what `_new_thread` has returned.

        `start` waits until the thread runs. Under gevent the thread then has the lock of its
        starter, too: a lock that was made before gevent has come takes both for one thread.
        """
        if thread is None:
            return
        try:
            thread.start()
        except RuntimeError:
            # The interpreter is about to end: the next start sees to the pictures.
            with self._changed:
                self._threads.remove(thread)

    # --- On our threads

    def _run(self) -> None:
        # Our own calls must not become spans, which would be shipped, and so on.
        with suppress_instrumentation():
            while (name := self._next()) is not None:
                self._save(name)

    def _next(self) -> str | None:
        """Return what to save, or None where the thread is to end: there has been nothing to do."""
        with self._changed:
            while not self._is_closed:
                if self._is_due():
                    return self._queue.popleft()
                if not self._changed.wait(self._patience_s()) and not self._queue:
                    break
            own = threading.current_thread()
            self._threads = [thread for thread in self._threads if thread is not own]
            return None

    def _save(self, name: str) -> None:
        with self._changed:
            store, wanted = self._store, self._wanted[name]
            if store is None:  # closed a moment ago
                self._queue.append(name)
                return
            known = self._known(name)
        if isinstance(known, StoredPicture):  # saved behind another picture
            self._compare(store, name, wanted)
            self._settle(name, known)
            return
        try:
            data = wanted.pictures.read(name)
        except OSError as error:
            message = f"a picture of the journal cannot be read now: {error}"
            self._hold(name, PictureOnHold(message, remedy="let this user read it"))
            return
        began_at = time.monotonic()
        try:
            found = store.find(name) if data is None else store.save(name, data)
        except PictureOnHold as error:
            self._hold(name, error)
        except (StoreUnavailable, StoreOnHold) as error:
            self._fail(name, error, store, began_at)
        except RowRejected as error:
            self._refuse(name, str(error), error.code)
        except BaseException as error:  # noqa: BLE001 - the edge of the thread; reported in any case
            self._classify(name, error, store, began_at)
        else:
            if found is not None:
                self._compare(store, name, wanted)
            self._settle(name, found or PICTURE_LOST)

    def _compare(self, store: ScreenshotStore, name: str, wanted: _Wanted) -> None:
        """Find out what has changed since the picture before *name*; raises nothing."""
        if wanted.before is None:
            return
        change = None
        try:
            change = store.change(wanted.before, name, wanted.pictures.read)
        except (StoreUnavailable, StoreOnHold, OSError):
            pass  # the one before is out of reach, and this one has arrived
        except Exception as error:  # noqa: BLE001 - the edge of the thread; reported
            pair = f"pictures {wanted.before} and {name}"
            message = f"{pair} cannot be compared: {type(error).__name__}"
            self._problems.report("screenshot", f"{message}: {error}")
        with self._changed:
            self._compared[wanted.before, name] = Compared(change)
            if len(self._compared) > _OUTCOMES_KEPT:
                self._compared.popitem(last=False)

    def _classify(
        self, name: str, error: BaseException, store: ScreenshotStore, began_at: float
    ) -> None:
        message = f"{type(error).__name__}: {error}"
        with self._changed:
            is_passing = self._odd.is_passing(name)
            is_alone = is_passing or self._odd.is_alone()
        if is_passing:
            self._fail(name, StoreUnavailable(message), store, began_at)
        elif is_alone:
            self._refuse(name, message, "unexpected")
        else:
            message = f"the place of pictures refuses every picture: {message}"
            remedy = "check that place: run `otel-steps doctor`"
            self._hold(name, PictureOnHold(message, remedy=remedy))

    def _refuse(self, name: str, reason: str, code: str | None) -> None:
        message = f"picture {name} cannot be stored and is kept: {reason}"
        remedy = REMEDIES["undecodable" if code == UNDECODABLE else "dead_letter"]
        self._problems.report("screenshot", message, remedy=remedy)
        self._settle(name, PictureRefusal(f"the picture cannot be stored: {reason}", code))

    def _hold(self, name: str, error: PictureOnHold) -> None:
        with self._changed:
            self._answered(name)
            self.settled += name not in self._held
            self._held.hold(name, error)
            self._changed.notify_all()
        self._problems.report("store", f"a picture waits: {error}", remedy=error.remedy)
        self._on_news()

    def _settle(self, name: str, outcome: PictureOutcome) -> None:
        with self._changed:
            self._answered(name)
            was_held = self._held.drop(name)
            if isinstance(outcome, StoredPicture):
                self._odd.stored()
                if was_held:
                    self._held.release()  # what has stood in the way of one is gone
            self._outcomes[name] = outcome, time.monotonic()
            self._outcomes.move_to_end(name)
            self.settled += 1
            if len(self._outcomes) > _OUTCOMES_KEPT:
                self._outcomes.popitem(last=False)
            self._changed.notify_all()
        self._on_news()

    def _fail(
        self,
        name: str,
        error: StoreUnavailable | StoreOnHold,
        store: ScreenshotStore,
        began_at: float,
    ) -> None:
        with self._changed:
            # Several threads meet the same outage; a store that was closed says nothing of another.
            counts = not self._outage.is_known(began_at) and store is self._store
            if counts:
                self._outage.note(error)
            # Last in the line: one that always fails does not hold up the others.
            self._queue.append(name)
            self._changed.notify_all()
        if counts:
            remedy = error.remedy if isinstance(error, StoreOnHold) else None
            self._problems.report("store", f"pictures wait: {error}", remedy=remedy)
            self._on_news()
