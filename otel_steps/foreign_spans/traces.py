"""
What is remembered of traces from one request to the next: bounded, and lost with the process.

Spans come in any order and in any number of requests, children mostly before their parents. What
does not stand in a span is whether its trace speaks our language, which step of the task it is,
and, in many agents' spans, what the task was.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final, TypeVar

from otel_steps import semconv
from otel_steps.foreign_spans import genai_spans
from otel_steps.otlp.span import Span
from otel_steps.rows.roles import is_step

_MAX_TRACES: Final = 4096
# Texts, which may be long.
_MAX_OVERHEARD: Final = 256
# Numbers are remembered one by one: a request whose answer was lost comes again.
_MAX_NUMBERS: Final = 16_384
# A chain of parents that is longer is a circle.
_MAX_DEPTH: Final = 64

_Key = tuple[str, str]
_K = TypeVar("_K")
_V = TypeVar("_V")


class Traces:
    """Tells spans of other instrumentations as ours, and numbers steps; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ours: OrderedDict[str, None] = OrderedDict()
        self._overheard: OrderedDict[str, dict[str, str]] = OrderedDict()
        self._counts: OrderedDict[str, int] = OrderedDict()
        self._numbers: OrderedDict[_Key, int] = OrderedDict()

    def told(self, spans: Sequence[Span]) -> list[Span]:
        """
        Return the spans of one request, agents and what they do as tasks and steps.

        In a trace that has tasks or steps of ours, spans of others are what they are everywhere:
        parts of the waterfall. Where such a trace begins with them, the first few are taken for
        steps; nothing in a span tells what is yet to come.
        """
        with self._lock:
            for span in spans:
                if genai_spans.is_ours(span):
                    _remember(self._ours, span.trace_id, None, _MAX_TRACES)
            agents = _Agents(each for each in spans if each.trace_id not in self._ours)
            told = [self._as_ours(span, agents) for span in spans]
            return self._numbered(told)

    def _as_ours(self, span: Span, agents: "_Agents") -> Span:
        if span.trace_id in self._ours:
            return span
        overheard = self._overheard.get(span.trace_id, {})
        if genai_spans.is_agent(span) and not agents.is_above(span):
            return genai_spans.task(span, overheard)
        if not genai_spans.is_agent(span) and not genai_spans.is_step(span):
            return span
        overheard = genai_spans.overheard(span, overheard)
        _remember(self._overheard, span.trace_id, overheard, _MAX_OVERHEARD)
        return genai_spans.step(span)

    def _numbered(self, spans: list[Span]) -> list[Span]:
        """Number the steps that have no number, in the order in which they began."""
        unnumbered = [each for each in spans if _lacks_number(each)]
        numbers = {
            id(span): self._number(span)
            for span in sorted(unnumbered, key=lambda each: each.start_time_unix_nano)
        }
        return [
            _with_number(each, numbers[id(each)]) if id(each) in numbers else each for each in spans
        ]

    def _number(self, span: Span) -> int:
        key = (span.trace_id, span.span_id)
        number = self._numbers.get(key)
        if number is None:
            number = self._counts.get(span.trace_id, 0) + 1
            _remember(self._counts, span.trace_id, number, _MAX_TRACES)
            _remember(self._numbers, key, number, _MAX_NUMBERS)
        return number


class _Agents:
    """The agents of one request, and who called whom."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self._parents: dict[_Key, _Key] = {}
        self._agents: set[_Key] = set()
        for span in spans:
            key = (span.trace_id, span.span_id)
            self._parents[key] = (span.trace_id, span.parent_span_id or "")
            if genai_spans.is_agent(span):
                self._agents.add(key)

    def is_above(self, span: Span) -> bool:
        """Tell whether an agent has, in the end, caused *span*."""
        key: _Key | None = (span.trace_id, span.span_id)
        for _ in range(_MAX_DEPTH):
            key = self._parents.get(key) if key else None
            if key in self._agents:
                return True
        return False


def _lacks_number(span: Span) -> bool:
    return is_step(span.attributes) and semconv.STEP_NUMBER not in span.attributes


def _with_number(span: Span, number: int) -> Span:
    return replace(span, attributes={**span.attributes, semconv.STEP_NUMBER: number})


def _remember(known: OrderedDict[_K, _V], key: _K, value: _V, most: int) -> None:
    known[key] = value
    known.move_to_end(key)
    if len(known) > most:
        known.popitem(last=False)
