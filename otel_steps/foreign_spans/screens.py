"""
Pictures that spans of their own hold, beside the calls that look at them.

mobilerun tells of each screen so, by a `droidrun.screenshot`. A call of a model that shows no
picture itself has seen the last one that was taken before it, unless something was done meanwhile:
what the screen was after that, nobody has said.
"""

import bisect
from collections import OrderedDict
from typing import Final

from otel_steps import semconv
from otel_steps.otlp.span import Span

_MAX_TRACES: Final = 256
# Of one trace; what comes late enough for older ones to matter has its step shown without.
_MAX_MOMENTS: Final = 64
_MAX_HOLDERS: Final = 4096


class Screens:
    """What is known of the screens of traces, in whatever order it is told; not thread-safe."""

    def __init__(self) -> None:
        # When a picture was taken, and its name; no name from when on the screen is another one.
        self._moments: OrderedDict[str, list[tuple[int, str]]] = OrderedDict()
        # Spans below which one was taken directly.
        self._taken_in: OrderedDict[tuple[str, str], str] = OrderedDict()

    def take(self, span: Span) -> None:
        """Note the picture in *span*, which is nothing else; none if there is none."""
        names = span.attributes.get(semconv.SPAN_PICTURES)
        if not isinstance(names, list) or not names or not isinstance(names[-1], str):
            return
        self._note(span, names[-1])
        if span.parent_span_id is not None:
            self._taken_in[span.trace_id, span.parent_span_id] = names[-1]
            if len(self._taken_in) > _MAX_HOLDERS:
                self._taken_in.popitem(last=False)

    def change(self, span: Span) -> None:
        """Note that after *span* the screen may be another one."""
        self._note(span, "")

    def before(self, span: Span) -> str | None:
        """Return the name of the picture of what the screen was when *span* began."""
        moments = self._moments.get(span.trace_id, [])
        place = bisect.bisect_right(moments, span.start_time_unix_nano, key=lambda each: each[0])
        return moments[place - 1][1] or None if place else None

    def within(self, span: Span) -> str | None:
        """Return the name of the picture that was taken in *span* itself, last."""
        return self._taken_in.get((span.trace_id, span.span_id))

    def _note(self, span: Span, name: str) -> None:
        moments = self._moments.setdefault(span.trace_id, [])
        self._moments.move_to_end(span.trace_id)
        moment = (span.end_time_unix_nano, name)
        if moment not in moments:  # a request whose answer was lost comes again
            bisect.insort(moments, moment)
        del moments[:-_MAX_MOMENTS]
        if len(self._moments) > _MAX_TRACES:
            self._moments.popitem(last=False)
