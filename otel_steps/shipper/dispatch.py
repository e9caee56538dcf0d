"""What is shipped, in which order: of this process, then of the dead."""

import itertools
from collections.abc import Generator, Iterator

from otel_steps.journal import Journal
from otel_steps.journal.backlog import Backlog, Pictures, Portion
from otel_steps.journal.memory import Kept
from otel_steps.journal.owner import Owner
from otel_steps.journal.segment import Line
from otel_steps.problems import Problems
from otel_steps.shipper.delivery import Delivery


class Dispatch:
    """
    Takes from the journal and the backlog, delivers, and only then removes.

    Every method may raise what `Delivery.deliver` does; whatever was not delivered is still there.
    """

    def __init__(
        self, journal: Journal | None, backlog: Backlog, delivery: Delivery, problems: Problems
    ) -> None:
        self._journal = journal
        self._backlog = backlog
        self._delivery = delivery
        self._problems = problems
        self._shown: dict[str, Kept] = {}  # the states in flight that the store has

    def own(self) -> None:
        """Ship all that this process has recorded so far."""
        if self._journal is None:
            return
        segments = self._journal.seal()
        pictures = self._pictures(self._journal.owner)
        for portion in self._backlog.portions(segments, self._max_spans):
            self._ship(portion, pictures)
        self._ship_remembered(self._journal)
        self._show_open(self._journal)

    def left_behind(self) -> Generator[None, None, None]:
        """Ship what dead processes have left, one portion for each step of the iteration."""
        own = self._journal.owner if self._journal else None
        for owner in self._backlog.others(own):
            with self._backlog.adopted(owner) as is_ours:
                if is_ours:
                    yield from self._adopted(owner)

    def _adopted(self, owner: Owner) -> Iterator[None]:
        pictures = self._pictures(owner)
        ended = self._backlog.portions(owner.segments(), self._max_spans)
        # After the ended ones: then a span that is among them is known to have ended.
        interrupted = self._backlog.interrupted(owner, self._max_spans)
        for portion in itertools.chain(ended, interrupted):
            self._ship(portion, pictures)
            yield

    def _ship(self, portion: Portion, pictures: Pictures) -> None:
        self._delivery.deliver(portion.spans, pictures)
        self._backlog.remove(portion.done)

    def _ship_remembered(self, journal: Journal) -> None:
        while kept := journal.remembered(self._max_spans()):
            lines = [Line(each.line) for each in kept]
            spans = [span for line in lines for span in self._backlog.spans_of(line)]
            self._delivery.deliver(spans, self._pictures(journal.owner, kept))
            journal.forget(kept)

    def _show_open(self, journal: Journal) -> None:
        states = journal.open_states()
        new = [each for each in states if self._shown.get(each.span_id) is not each]
        for some in _batched(new, self._max_spans()):
            spans = [span for each in some for span in self._backlog.spans_of(Line(each.line))]
            self._delivery.show(spans, self._pictures(journal.owner, some))
        self._shown = {each.span_id: each for each in states}

    def _max_spans(self) -> int:
        return self._delivery.max_spans

    def _pictures(self, owner: Owner | None, kept: list[Kept] | None = None) -> Pictures:
        in_memory = dict(each.picture for each in kept or () if each.picture)
        return Pictures(owner, self._backlog, self._problems, in_memory)


def _batched(states: list[Kept], count: int) -> Iterator[list[Kept]]:
    for start in range(0, len(states), count):
        yield states[start : start + count]
