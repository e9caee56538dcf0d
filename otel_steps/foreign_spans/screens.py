"""
Pictures that spans of their own hold, beside the calls that look at them.

mobilerun tells of each screen so, by a `droidrun.screenshot`. A call of a model that shows no
picture itself has seen the last one that was taken before it, unless something was done meanwhile:
what the screen was after that, nobody has said.

Requests overtake each other, in a Collector at least. So one screen is not given to a call while
another request may know a later one: it waits for the next, unless it was taken in what holds the
call, too, or the agent is over. What was told without a picture is told again once there is one.
"""

import bisect
from collections import OrderedDict
from collections.abc import Container, Iterator
from typing import Final, NamedTuple

from otel_steps import semconv
from otel_steps.foreign_spans.lineage import Key, Lineage, key_of
from otel_steps.foreign_spans.operation import Operation
from otel_steps.otlp.span import Span
from otel_steps.process.remembering import remember

_MAX_TRACES: Final = 256
# Of one trace; what comes late enough for older ones to matter has its step shown without.
_MAX_MOMENTS: Final = 64
_MAX_HOLDERS: Final = 4096
# Whole spans; what comes later than so many others stays without.
_MAX_UNSEEN: Final = 64


class Screen(NamedTuple):
    """
    From when on the screen is what it is, as far as somebody has told.

    Attributes:
        since: In nanoseconds.
        name: Of the picture; empty where something was done and nobody has looked since.
        holder: The id of the span that it was taken in; empty without one.
    """

    since: int
    name: str
    holder: str


class Screens:
    """
    What is known of the screens of traces, in whatever order it is told; not thread-safe.

    Args:
        lineage: Knows what holds what.
    """

    def __init__(self, lineage: Lineage) -> None:
        self._lineage = lineage
        # By trace, sorted.
        self._moments: OrderedDict[str, list[Screen]] = OrderedDict()
        # Spans below which one was taken directly.
        self._taken_in: OrderedDict[Key, str] = OrderedDict()
        # What was told without a picture, and may get one.
        self._unseen: OrderedDict[Key, Operation] = OrderedDict()

    def take(self, span: Span) -> None:
        """Note the picture in *span*, which is nothing else; none if there is none."""
        names = span.attributes.get(semconv.SPAN_PICTURES)
        if not isinstance(names, list) or not names or not isinstance(names[-1], str):
            return
        self._note(span, names[-1])
        if span.parent_span_id is not None:
            holder = (span.trace_id, span.parent_span_id)
            remember(self._taken_in, holder, names[-1], _MAX_HOLDERS)

    def change(self, span: Span) -> None:
        """Note that after *span* the screen may be another one."""
        self._note(span, "")

    def seen_by(self, call: Span, *, is_over: bool) -> str | None:
        """
        Return the name of the picture of what the screen was when *call* began.

        Args:
            is_over: Whether the agent is; then nothing more is waited for.
        """
        screen = self._before(call)
        if screen is None:
            return None
        is_certain = is_over or (call.trace_id, screen.holder) in self._lineage.above(call)
        return screen.name if is_certain else None

    def within(self, span: Span) -> str | None:
        """Return the name of the picture that was taken in *span* itself, last."""
        return self._taken_in.get(key_of(span))

    def miss(self, operation: Operation) -> None:
        """Note that *operation* was told without a picture."""
        remember(self._unseen, key_of(operation.span), operation, _MAX_UNSEEN)

    def seen_since(self, trace_id: str, now: Container[int]) -> Iterator[tuple[Operation, str]]:
        """
        Yield what was told without a picture and has one by now, with that, once.

        Args:
            trace_id: Of the trace that something new has come of.
            now: The identities of spans that are new themselves: the next request may tell more.
        """
        if trace_id not in self._moments:
            return
        for key, each in list(self._unseen.items()):
            if key[0] == trace_id and id(each.span) not in now:
                name = self._seen_by_now(each)
                if name is not None and self._unseen.pop(key, None) is not None:
                    yield each, name

    def _seen_by_now(self, operation: Operation) -> str | None:
        span = operation.span
        if operation.kind != "model":
            return None if self._lineage.holds_steps(span) else self.within(span)
        screen = None if self._lineage.holds_model_call(span) else self._before(span)
        return None if screen is None else screen.name

    def _before(self, span: Span) -> Screen | None:
        moments = self._moments.get(span.trace_id, [])
        place = bisect.bisect_right(moments, span.start_time_unix_nano, key=lambda each: each.since)
        return moments[place - 1] if place and moments[place - 1].name else None

    def _note(self, span: Span, name: str) -> None:
        moments = self._moments.setdefault(span.trace_id, [])
        self._moments.move_to_end(span.trace_id)
        moment = Screen(span.end_time_unix_nano, name, span.parent_span_id or "")
        if moment not in moments:  # a request whose answer was lost comes again
            bisect.insort(moments, moment)
        del moments[:-_MAX_MOMENTS]
        if len(self._moments) > _MAX_TRACES:
            self._moments.popitem(last=False)
