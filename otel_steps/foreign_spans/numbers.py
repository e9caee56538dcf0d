"""Which step of its task a span is, counted as they come; bounded, and not thread-safe."""

from collections import OrderedDict
from typing import Final

from otel_steps.foreign_spans.lineage import Key
from otel_steps.process.remembering import remember

_MAX_TRACES: Final = 4096
# One by one: a request whose answer was lost comes again.
_MAX_NUMBERS: Final = 16_384


class Numbers:
    """The numbers of steps that have none of their own, from 1 in each trace."""

    def __init__(self) -> None:
        self._counts: OrderedDict[str, int] = OrderedDict()
        self._numbers: OrderedDict[Key, int] = OrderedDict()

    def of(self, key: Key) -> int:
        """Return the number of a step: the next one, unless it has one."""
        number = self._numbers.get(key)
        if number is None:
            trace_id, _ = key
            number = self._counts.get(trace_id, 0) + 1
            remember(self._counts, trace_id, number, _MAX_TRACES)
            remember(self._numbers, key, number, _MAX_NUMBERS)
        return number
