"""Which span has caused which, and what holds steps, as far as the spans that came have told."""

from collections import OrderedDict
from collections.abc import Iterator
from typing import Final

from otel_steps.otlp.span import Span
from otel_steps.process.remembering import remember

_MAX_PARENTS: Final = 65_536
# A chain of parents that is longer is a circle.
_MAX_DEPTH: Final = 64

# Of a span: its trace, and it.
Key = tuple[str, str]


def key_of(span: Span) -> Key:
    """Return what *span* is remembered by."""
    return span.trace_id, span.span_id


class Lineage:
    """The parents of spans, in whatever order these are told; bounded, not thread-safe."""

    def __init__(self) -> None:
        self._parents: OrderedDict[Key, Key] = OrderedDict()
        # Spans that have a step somewhere below them, with whether one is the call of a model.
        self._with_steps: OrderedDict[Key, bool] = OrderedDict()

    def note(self, span: Span) -> None:
        """Take note of who has caused *span*."""
        if span.parent_span_id is None:
            return
        remember(self._parents, key_of(span), (span.trace_id, span.parent_span_id), _MAX_PARENTS)
        if key_of(span) in self._with_steps:
            self.note_step(span, is_model=self._with_steps[key_of(span)])

    def note_step(self, span: Span, *, is_model: bool) -> None:
        """Note that whatever has caused *span*, as far as that is known, has a step below it."""
        for key in self.above(span):
            if self._with_steps.get(key, None) in (True, is_model):
                return
            remember(self._with_steps, key, is_model, _MAX_PARENTS)

    def above(self, span: Span) -> Iterator[Key]:
        """Yield what has caused *span*, from its parent on."""
        key = self._parents.get(key_of(span))
        for _ in range(_MAX_DEPTH):
            if key is None:
                return
            yield key
            key = self._parents.get(key)

    def is_above(self, one: Span, other: Span) -> bool:
        """Tell whether *one* has caused *other*."""
        return key_of(one) in self.above(other)

    def holds_steps(self, span: Span) -> bool:
        """Tell whether there is a step somewhere below *span*."""
        return key_of(span) in self._with_steps

    def holds_model_call(self, span: Span) -> bool:
        """Tell whether the call of a model is somewhere below *span*."""
        return self._with_steps.get(key_of(span), False)
