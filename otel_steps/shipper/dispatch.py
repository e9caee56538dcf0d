"""What is shipped, in which order: of this process, then of the dead; rows first, then pictures."""

import itertools
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from otel_steps.errors import RowOnHold
from otel_steps.health.problems import Problems
from otel_steps.journal import Journal
from otel_steps.journal.backlog import Backlog, Portion
from otel_steps.journal.backlog_pictures import BacklogPictures
from otel_steps.journal.memory import Kept
from otel_steps.journal.owner import Owner
from otel_steps.journal.segment import Line
from otel_steps.otlp.span import Span
from otel_steps.rows.interruption import STEP_END_LOST_MESSAGE, interrupted
from otel_steps.shipper.delivery import Delivery
from otel_steps.shipper.lookahead import Lookahead
from otel_steps.shipper.picture_delivery import Waiting as WithoutPicture

T = TypeVar("T")

# What waits for its pictures: a file, or a span that only memory has.
Waiting = Path | Kept


class Dispatch:
    """
    Takes from the journal and the backlog, delivers, and only then removes.

    Every method may raise what `Delivery.deliver` does; whatever was not delivered is still there.

    Attributes:
        others_wait: True where pictures of dead processes were left at the last look.
        held: Why some rows stay where they are while the others go on, since the last `own`.
    """

    def __init__(
        self, journal: Journal | None, backlog: Backlog, delivery: Delivery, problems: Problems
    ) -> None:
        self._journal = journal
        self._backlog = backlog
        self._delivery = delivery
        self._problems = problems
        # The states in flight that the store has, and the picture that was not there yet.
        self._shown: dict[str, tuple[Kept, str | None]] = {}
        # Those of them that are in flight no longer, until the store has their end; while the store
        # is away none is shown, so they are no more than were in flight when it went.
        self._ended: dict[str, Kept] = {}
        # Of the files kept for their pictures: the steps that have theirs.
        self._attached: dict[Path, set[str]] = {}
        self.others_wait = False
        self.held: RowOnHold | None = None

    def own(self) -> None:
        """Ship all that this process has recorded so far, and the pictures that have arrived."""
        self.held = None
        if self._journal is None:
            return
        self._backlog.clear_shared()
        # Before the segments are sealed: then these have the ends of all that is not in flight.
        self._forget_ended(self._journal.open_states())
        segments = self._journal.seal()
        portions = self._backlog.portions(segments, self._max_spans)
        for _ in self._ship(portions, self._pictures(self._journal.owner)):
            pass
        self._ship_remembered(self._journal)
        self._journal.count_removed()
        owner = self._journal.owner
        if owner is None or not self._backlog.unread_of(owner):
            self._close_lost(self._journal)
        self.own_pictures()

    def own_pictures(self) -> None:
        """Give the steps of this process the pictures that have arrived."""
        if self._journal is None:
            return
        self._show_open(self._journal)
        if self._journal.owner is not None:
            self._attach_kept(self._journal.owner)
        self._attach_remembered(self._journal)

    def own_waiting(self) -> set[Waiting]:
        """Return what this process has shipped without its pictures, or cannot read now."""
        if self._journal is None:
            return set()
        owner = self._journal.owner
        files = {*owner.shipped(), *self._backlog.unread_of(owner)} if owner is not None else set()
        in_flight = [state for state, picture in self._shown.values() if picture is not None]
        return {*files, *self._journal.kept_for_pictures(), *in_flight}

    def left_behind(self) -> Generator[None, None, None]:
        """Ship what dead processes have left, one portion for each step of the iteration."""
        own = self._journal.owner if self._journal else None
        self.others_wait = False
        for owner in self._backlog.others(own):
            with self._backlog.adopted(owner) as is_ours:
                if is_ours:
                    yield from self._adopted(owner)

    def _adopted(self, owner: Owner) -> Iterator[None]:
        ended = self._backlog.portions(owner.segments(), self._max_spans)
        # After the ended ones: then a span that is among them is known to have ended.
        interrupted = self._backlog.interrupted(owner, self._max_spans)
        yield from self._ship(itertools.chain(ended, interrupted), self._pictures(owner))
        self._attach_kept(owner)
        self.others_wait |= bool(owner.shipped())

    # --- Rows

    def _ship(self, portions: Iterable[Portion], pictures: BacklogPictures) -> Iterator[None]:
        lacks_pictures = has_held = False
        ahead = Lookahead(portions, lambda each: self._delivery.prepare(each.spans, pictures))
        for portion in ahead:
            # While a database works on this portion, the next one is read and made rows.
            waiting, is_held = self._deliver(portion.spans, pictures, ahead.look)
            has_held |= is_held
            lacks_pictures |= bool(waiting)
            if not has_held and self._journal is not None:
                self._journal.delivered(portion.done)
            if has_held:
                pass  # the file stays and is read again; what is stored of it will be known
            elif lacks_pictures:
                self._backlog.keep_for_pictures(portion.done)
            else:
                self._backlog.remove(portion.done)
            if portion.done:
                # Of the next file, too, spans may have been among these.
                lacks_pictures, has_held = bool(waiting), is_held
            yield

    def _ship_remembered(self, journal: Journal) -> None:
        while kept := journal.remembered(self._max_spans()):
            spans = [span for each in kept for span in self._spans_of(each)]
            waiting, is_held = self._deliver(spans, self._pictures(journal.owner, kept))
            if is_held:
                return
            journal.forget(kept)
            if waiting:
                journal.keep_for_pictures(kept)

    def _deliver(
        self,
        spans: list[Span],
        pictures: BacklogPictures,
        meanwhile: Callable[[], None] | None = None,
    ) -> tuple[WithoutPicture, bool]:
        """Deliver *spans*; return those without their picture, and whether some must come again."""
        waiting = self._delivery.deliver(spans, pictures, meanwhile)
        held = self._delivery.taken_hold()
        self.held = held or self.held
        for span in spans:
            self._ended.pop(span.span_id, None)
        return waiting, held is not None

    def _forget_ended(self, in_flight: list[Kept]) -> None:
        """Take those off `_shown` that are in flight no longer: their end is to come."""
        ids = {state.span_id for state in in_flight}
        for span_id in self._shown.keys() - ids:
            self._ended[span_id], _ = self._shown.pop(span_id)

    def _close_lost(self, journal: Journal) -> None:
        """
        Show those as interrupted whose end is lost: it has not come with all that is recorded.

        Somebody has removed its segment, or it was kept nowhere. Else they would run for ever.
        """
        for some in _batched(list(self._ended.values()), self._max_spans()):
            spans = [
                interrupted(span, time.time_ns(), STEP_END_LOST_MESSAGE)
                for each in some
                for span in self._spans_of(each)
            ]
            self._delivery.show(spans, self._pictures(journal.owner, some))
            for each in some:
                del self._ended[each.span_id]

    def _show_open(self, journal: Journal) -> None:
        states = journal.open_states()
        self._forget_ended(states)
        shown = {each.span_id: self._shown.get(each.span_id) for each in states}
        new = [each for each in states if not self._is_shown(each, shown[each.span_id])]
        for some in _batched(new, self._max_spans()):
            spans = [span for each in some for span in self._spans_of(each)]
            waiting = self._delivery.show(spans, self._pictures(journal.owner, some))
            shown |= {each.span_id: (each, waiting.get(each.span_id)) for each in some}
        self._shown = {span_id: state for span_id, state in shown.items() if state is not None}

    def _is_shown(self, state: Kept, shown: tuple[Kept, str | None] | None) -> bool:
        if shown is None or shown[0] is not state:
            return False
        return shown[1] is None or not self._delivery.pictures.is_settled(shown[1])

    # --- Pictures

    def _attach_kept(self, owner: Owner) -> None:
        pictures = self._pictures(owner)
        for path, spans in self._backlog.kept_for_pictures(owner):
            if self._attach(path, spans, pictures):
                self._backlog.remove([path])
            elif self._delivery.pictures.is_busy:
                return  # what comes after has to wait for its turn

    def _attach(self, path: Path, spans: list[Span], pictures: BacklogPictures) -> bool:
        """Attach the pictures of a file that have arrived; True once all its steps have theirs."""
        attached = self._attached.setdefault(path, set())
        left = [span for span in spans if span.span_id not in attached]
        for some in _batched(left, self._max_spans()):
            waiting = self._delivery.attach(some, pictures)
            attached |= {span.span_id for span in some if span.span_id not in waiting}
        if len(attached) < len({span.span_id for span in spans}):
            return False
        del self._attached[path]
        return True

    def _attach_remembered(self, journal: Journal) -> None:
        for kept in journal.kept_for_pictures():
            pictures = self._pictures(journal.owner, [kept])
            if not self._delivery.attach(self._spans_of(kept), pictures):
                journal.drop_shipped(kept)

    def _spans_of(self, kept: Kept) -> list[Span]:
        return self._backlog.spans_of(Line(kept.line))

    def _max_spans(self) -> int:
        return self._delivery.max_spans

    def _pictures(self, owner: Owner | None, kept: list[Kept] | None = None) -> BacklogPictures:
        in_memory = dict(picture for each in kept or () for picture in each.pictures)
        return BacklogPictures(owner, self._backlog, self._problems, in_memory)


def _batched(items: list[T], count: int) -> Iterator[list[T]]:
    for start in range(0, len(items), count):
        yield items[start : start + count]
