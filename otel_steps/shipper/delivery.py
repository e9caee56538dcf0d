"""
The rows of one portion into one store: what can never be stored goes aside.

Knows no threads, and of time how long it took: when to try again is the shipper's business, and
pictures on their way are that of `Courier`.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from otel_steps.errors import RowOnHold, RowRejected, StoreOnHold, StoreUnavailable
from otel_steps.health.problems import Problems
from otel_steps.journal.backlog import PORTION_SPANS
from otel_steps.journal.backlog_pictures import BacklogPictures
from otel_steps.journal.dead_letters import DeadLetters
from otel_steps.otlp.span import Span
from otel_steps.pictures.store import ScreenshotStore
from otel_steps.rows.mapping import batch_of
from otel_steps.rows.model import Batch
from otel_steps.shipper.bisection import Bisection
from otel_steps.shipper.courier import Courier
from otel_steps.shipper.picture_delivery import (
    PictureDelivery,
    Waiting,
    row_pictures,
    still_waiting,
)
from otel_steps.shipper.picture_outcome import Settled
from otel_steps.shipper.refusals import Refusals
from otel_steps.stores.contract import Overlapping, Store


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A portion before it is stored: what is known of its pictures, and its rows once made."""

    spans: Sequence[Span]
    outcomes: Settled
    batch: Batch | None


class Delivery:
    """
    Delivers spans to a store; what it has learned about them outlives a connection.

    Attributes:
        max_spans: The largest portion that the store is likely to take; halved where it says so.
        shipped: Ended spans that the store has taken.
        known: Of those, spans that it had already.
        dead: Spans that went to the dead letters.
        pictures: What has become of their pictures.
        batches: Portions of ended spans that the store has taken.
        batch_seconds: How long these took together.
    """

    def __init__(self, dead_letters: DeadLetters, courier: Courier, problems: Problems) -> None:
        self.max_spans = PORTION_SPANS
        self.shipped = 0
        self.known = 0
        self.dead = 0
        self.batches = 0
        self.batch_seconds = 0.0
        self._held: RowOnHold | None = None  # of the last spans that wait, until it is taken
        self._open: Store | None = None
        self._dead_letters = dead_letters
        self._courier = courier
        self.pictures = PictureDelivery(dead_letters, courier, problems)
        self._problems = problems
        self._bisection = Bisection()
        self._refusals = Refusals()
        self._prepared: _Prepared | None = None  # for the next delivery, if it is of these spans

    @property
    def is_embedded(self) -> bool:
        """True where a store is open whose rows may be visible at once."""
        return self._open is not None and self._open.is_embedded

    def open(
        self,
        open_store: Callable[[], Store],
        open_screenshots: Callable[[Store], ScreenshotStore],
    ) -> None:
        """Open the stores, unless they are open; raises what they raise."""
        if self._open is None:
            store = open_store()
            try:
                self._courier.use(open_screenshots(store))
            except BaseException:
                store.close()
                raise
            self._open = store

    def close(self) -> None:
        """Close the store; pictures that it is known to have are asked for again."""
        opened, self._open = self._open, None
        self._courier.use(None)
        if opened is not None:
            opened.close()

    def prepare(self, spans: Sequence[Span], pictures: BacklogPictures) -> None:
        """Do what `deliver` of *spans* does before it needs the store, if it is the next one."""
        if not spans:
            return
        try:
            outcomes = self.pictures.outcomes(spans, pictures)
            self._prepared = _Prepared(spans, outcomes, _rows_of(outcomes, spans))
        except Exception:  # noqa: BLE001 - `deliver` meets it again, and finds out of which span it is
            self._prepared = None

    def deliver(
        self,
        spans: Sequence[Span],
        pictures: BacklogPictures,
        meanwhile: Callable[[], None] | None = None,
    ) -> Waiting:
        """
        Store ended *spans*; when this returns, each is stored, a dead letter, or `taken_hold`.

        Args:
            meanwhile: Called while the store waits for a database, any number of times; it raises
                nothing, and may `prepare` the next spans.

        Returns:
            Those whose picture is on its way: `attach` them when it has arrived.

        Raises:
            StoreUnavailable, StoreOnHold: Some may be stored; deliver all of them again.
            OSError: A dead letter could not be written; as above.
        """
        return self._in_halves(spans, lambda some: self._deliver(some, pictures, meanwhile))

    def taken_hold(self) -> RowOnHold | None:
        """Return why some spans of the last delivery have to be delivered again, once, or None."""
        held, self._held = self._held, None
        return held

    def show(self, spans: Sequence[Span], pictures: BacklogPictures) -> Waiting:
        """
        Store spans in flight, as far as the store takes them: their end comes in any case.

        Returns:
            Those whose picture is on its way: show them again when it has arrived.

        Raises:
            StoreUnavailable, StoreOnHold: None is stored.
        """
        known = self.known
        outcomes = self.pictures.outcomes(spans, pictures)
        for span, error in self._bisection.store(
            spans, partial(_rows_of, outcomes), self._write_rows
        ):
            self._problems.report("store", f"running span {span.span_id} is not shown: {error}")
        self.known = known  # of ended spans only
        return still_waiting(spans, outcomes.pictures)

    def attach(self, spans: Sequence[Span], pictures: BacklogPictures) -> Waiting:
        """
        Give stored *spans* their pictures, as far as these have arrived.

        Returns:
            Those whose picture is still on its way.

        Raises:
            StoreUnavailable, StoreOnHold: Some may have theirs; attach all of them again.
        """
        return self._in_halves(spans, lambda some: self._attach(some, pictures))

    def _in_halves(
        self, spans: Sequence[Span], work: Callable[[Sequence[Span]], Waiting]
    ) -> Waiting:
        if not spans:
            return {}
        try:
            waiting = work(spans)
        except StoreUnavailable as error:
            if not error.halve or len(spans) == 1:
                raise
            half = len(spans) // 2
            self.max_spans = half
            return self._in_halves(spans[:half], work) | self._in_halves(spans[half:], work)
        if len(spans) >= self.max_spans:
            self.max_spans = min(PORTION_SPANS, 2 * self.max_spans)
        return waiting

    @property
    def _store(self) -> Store:
        if self._open is None:
            raise StoreUnavailable("the store is not open; call `open` first")
        return self._open

    def _deliver(
        self,
        spans: Sequence[Span],
        pictures: BacklogPictures,
        meanwhile: Callable[[], None] | None,
    ) -> Waiting:
        started = time.perf_counter()
        known = self.known
        # What has become of the pictures since, `attach` is told.
        prepared, self._prepared = self._prepared, None
        if prepared is None or prepared.spans is not spans:
            prepared = _Prepared(spans, self.pictures.outcomes(spans, pictures), None)
        outcomes = prepared.outcomes
        failed = self._bisection.store(
            spans,
            partial(_rows_of, outcomes),
            partial(self._write_rows, meanwhile=meanwhile),
            prepared.batch,
        )
        held = {span.span_id: error for span, error in failed if isinstance(error, RowOnHold)}
        rejected = [(span, error) for span, error in failed if isinstance(error, RowRejected)]
        judged = [span for span in spans if span.span_id not in held]
        if self._refusals.are_suspicious(judged, [span for span, _ in rejected]):
            self.known = known  # they come again
            raise StoreOnHold(
                f"store {self._store.name!r} refuses every row: {rejected[0][1]}",
                remedy="compare the tables with this version: run `otel-steps doctor`",
            )
        for span, error in rejected:
            self._bury(span, error)
        self._held = next(iter(held.values()), self._held)
        if self.known > known:
            # Known rows stay as they are, so those that came without their pictures have none yet.
            self._write_arrived(spans, outcomes)
        self.pictures.tell_missing(judged)
        self.shipped += len(spans) - len(failed)
        self.batches += 1
        self.batch_seconds += time.perf_counter() - started
        return self.pictures.clear(spans, outcomes.pictures, pictures)

    def _attach(self, spans: Sequence[Span], pictures: BacklogPictures) -> Waiting:
        outcomes = self.pictures.outcomes(spans, pictures)
        self._write_arrived(spans, outcomes)
        return self.pictures.clear(spans, outcomes.pictures, pictures)

    def _write_arrived(self, spans: Sequence[Span], outcomes: Settled) -> None:
        arrived = [
            span for span in spans if any(name in outcomes.pictures for name in row_pictures(span))
        ]
        if not arrived:
            return
        for span, error in self._bisection.store(
            arrived, partial(_rows_of, outcomes), self._write_pictures
        ):
            self._problems.report("screenshot", f"span {span.span_id} gets no picture: {error}")

    def _write_rows(self, batch: Batch, meanwhile: Callable[[], None] | None = None) -> None:
        store = self._store
        try:
            if meanwhile is not None and isinstance(store, Overlapping):
                self.known += store.write_meanwhile(batch, meanwhile).known
            else:
                self.known += store.write(batch).known
        except RowOnHold:
            # It is not the row where the way lets nothing pass at all.
            with _for_all_rows():
                store.write(Batch())
            raise

    def _write_pictures(self, batch: Batch) -> None:
        with _for_all_rows():
            self._store.attach(batch.steps, batch.screenshots)

    def _bury(self, span: Span, error: RowRejected) -> None:
        self._dead_letters.add(span, reason=str(error), code=error.code)
        self.dead += 1
        message = f"span {span.span_id} can never be stored ({error.code}): {error}"
        self._problems.report("dead_letter", message)


def _rows_of(outcomes: Settled, spans: Sequence[Span]) -> Batch:
    return batch_of(spans, outcomes.pictures, outcomes.changes)


@contextmanager
def _for_all_rows() -> Iterator[None]:
    """Let what holds up one row hold up all of them."""
    try:
        yield
    except RowOnHold as error:
        raise StoreOnHold(str(error), remedy=error.remedy) from error
