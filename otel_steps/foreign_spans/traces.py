"""
What is remembered of traces from one call to the next: bounded, and lost with the process.

Spans come in any order and in any number of calls, children mostly before their parents. What does
not stand in a span is whether its trace speaks our language, who is the root of it, which step of
the task it is, and, in many agents' spans, what the task was.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

from otel_steps import semconv
from otel_steps.foreign_spans import told
from otel_steps.foreign_spans.evaluations import evaluations
from otel_steps.foreign_spans.operation import Operation, kind_of, operation_of
from otel_steps.foreign_spans.overheard import Overheard
from otel_steps.foreign_spans.screens import Screens
from otel_steps.otlp.span import Span
from otel_steps.rows.roles import is_step, speaks_for_itself

_MAX_TRACES: Final = 4096
# Texts, which may be long: what was overheard, and the root itself.
_MAX_ROOTS: Final = 256
# Numbers are remembered one by one: a request whose answer was lost comes again.
_MAX_NUMBERS: Final = 16_384
_MAX_PARENTS: Final = 65_536
# A chain of parents that is longer is a circle.
_MAX_DEPTH: Final = 64
# What a time in a row can tell apart.
_MICROSECOND: Final = 1_000

_Key = tuple[str, str]
_K = TypeVar("_K")
_V = TypeVar("_V")


@dataclass(slots=True)
class _Trace:
    """
    What is known of one trace.

    Attributes:
        is_ours: Whether it has tasks or steps of ours.
        steps: How many have been numbered.
    """

    is_ours: bool = False
    steps: int = 0


@dataclass(slots=True)
class _Root:
    """
    The agent that all else in its trace is done for, as far as is known.

    Attributes:
        agent: None while only others have been heard.
        overheard: What calls of models tell of the task.
        told: What was told of it last.
    """

    agent: Operation | None = None
    overheard: Overheard = field(default_factory=Overheard)
    told: Span | None = None


class Traces:
    """
    Tells spans of other instrumentations as ours, and numbers steps; thread-safe.

    A thread that is interrupted in here, by a signal or a finalizer that ends a span, may come in
    again: each step on what is shared leaves it whole.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._traces: OrderedDict[str, _Trace] = OrderedDict()
        self._roots: OrderedDict[str, _Root] = OrderedDict()
        self._numbers: OrderedDict[_Key, int] = OrderedDict()
        self._ours: OrderedDict[_Key, None] = OrderedDict()
        self._parents: OrderedDict[_Key, _Key] = OrderedDict()
        # Spans that have a step somewhere below them, with whether one is the call of a model.
        self._with_steps: OrderedDict[_Key, bool] = OrderedDict()
        self._screens = Screens()

    def told(self, spans: Sequence[Span]) -> list[tuple[Span, bool]]:
        """
        Return *spans*, agents and what they do as tasks and steps, each with whether it is ours.

        That is by its own word, and not told by us. There may be more than came: an agent that
        turns out to be another one's is told again, as a step, and a root of which more is known
        by now as the same task; what others have judged of a span stands below it.

        In a trace that has tasks or steps of ours, spans of others are what they are everywhere:
        parts of the waterfall; but an agent that has called ours is a task beside it. Where such a
        trace begins with spans of others, the first few are taken for steps; nothing in a span
        tells what is yet to come.
        """
        with self._lock:
            for span in spans:
                self._note(span)
            foreign = self._foreign(spans)
            known = {id(each): found for each in foreign if (found := operation_of(each))}
            for each in foreign:
                if id(each) not in known:
                    self._screens.take(each)
            instead = self._told(list(known.values()))
            later = [each for root in self._touched(foreign) for each in self._root_again(root)]
            result = [(instead.pop(id(each), each), speaks_for_itself(each)) for each in spans]
            result += [(each, False) for each in (*instead.values(), *later)]
            result += [
                (verdict, speaks_for_itself(verdict))
                for each in spans
                if each.events
                for verdict in evaluations(each)
            ]
            return self._numbered(self._listed(result))

    # --- who is who

    def _note(self, span: Span) -> None:
        if speaks_for_itself(span):
            self._trace(span).is_ours = True
            _remember(self._ours, _key(span), None, _MAX_PARENTS)
        if span.parent_span_id is not None:
            parent = (span.trace_id, span.parent_span_id)
            _remember(self._parents, _key(span), parent, _MAX_PARENTS)
            if _key(span) in self._with_steps:
                self._mark_above(span, has_model=self._with_steps[_key(span)])

    def _foreign(self, spans: Sequence[Span]) -> list[Span]:
        """Return those of *spans* that may be a task or a step without being ours."""
        others = [each for each in spans if not self._trace(each).is_ours or self._is_beside(each)]
        agents = {
            each.trace_id for each in others if kind_of(each.attributes, each.name) == "agent"
        }
        return [
            each
            for each in others
            if not self._trace(each).is_ours or each.trace_id in agents or self._agent(each)
        ]

    def _is_beside(self, span: Span) -> bool:
        """Tell whether *span* is neither ours nor, as far as is known, below one that is."""
        return not speaks_for_itself(span) and not any(
            key in self._ours for key in self._above(span)
        )

    def _agent(self, span: Span) -> Operation | None:
        root = self._roots.get(span.trace_id)
        return root.agent if root is not None else None

    def _told(self, operations: Sequence[Operation]) -> dict[int, Span]:
        """Return spans of ours by the identity of theirs; others that are told now besides."""
        result: dict[int, Span] = {}
        for each in operations:
            self._root(each.span).overheard.hear(each)
            if each.kind == "tool":
                self._screens.change(each.span)
                result[id(each.span)] = self._step(each)
        # What holds others begins before them.
        inner_first = sorted(operations, key=_start, reverse=True)
        for each in inner_first:
            # One that has made another is the same call: a library that asks through a second one.
            if each.kind == "model" and not self._with_steps.get(_key(each.span)):
                result[id(each.span)] = self._step(each, self._screens.before(each.span))
        for each in inner_first:
            screen = self._screens.within(each.span)
            is_seen = each.kind == "group" or (each.kind == "part" and screen is not None)
            if is_seen and _key(each.span) not in self._with_steps:
                result[id(each.span)] = self._step(each, screen)
        for each in operations:
            if each.kind == "agent":
                result |= self._told_agent(each)
        return result

    def _told_agent(self, agent: Operation) -> dict[int, Span]:
        """Return *agent* as the task of its trace or as a step, and the root that it replaces."""
        root = self._root(agent.span)
        before = root.agent
        if before is None or before.span.span_id == agent.span.span_id:
            root.agent = agent
        elif self._outranks(agent.span, before.span):
            root.agent = _begun_before(agent, before.span)
            root.told = told.task(root.agent, root.overheard.facts())
            return {id(agent.span): root.told, id(before.span): self._step(before)}
        else:
            return {id(agent.span): self._step(agent)}
        root.told = told.task(agent, root.overheard.facts())
        return {id(agent.span): root.told}

    def _outranks(self, one: Span, other: Span) -> bool:
        """Tell whether *one* is rather the root: it has called *other*, or has no caller."""
        if self._is_above(one, other) != self._is_above(other, one):
            return self._is_above(one, other)
        return _rank(one) < _rank(other)

    def _is_above(self, one: Span, other: Span) -> bool:
        return _key(one) in self._above(other)

    def _above(self, span: Span) -> Iterator[_Key]:
        """Yield what has caused *span*, as far as that is known, from its parent on."""
        key = self._parents.get(_key(span))
        for _ in range(_MAX_DEPTH):
            if key is None:
                return
            yield key
            key = self._parents.get(key)

    def _root_again(self, root: _Root) -> list[Span]:
        """Return the root once more, if what was heard since says more of it."""
        if root.agent is None:
            return []
        now = told.task(root.agent, root.overheard.facts())
        if root.told is not None and now.attributes == root.told.attributes:
            return []
        before, root.told = root.told, now
        return [now] if before is not None else []

    def _step(self, operation: Operation, screen: str | None = None) -> Span:
        self._mark_above(operation.span, has_model=operation.kind == "model")
        return told.step(operation, screen)

    def _mark_above(self, span: Span, *, has_model: bool) -> None:
        """Note that whatever has caused *span*, as far as that is known, has a step below it."""
        for key in self._above(span):
            if self._with_steps.get(key, None) in (True, has_model):
                return
            _remember(self._with_steps, key, has_model, _MAX_PARENTS)

    # --- what nobody speaks for

    def _listed(self, spans: list[tuple[Span, bool]]) -> list[tuple[Span, bool]]:
        """Let the first span of a trace without an agent name it, so that it is seen."""
        return [
            (self._naming(each) if not is_own and self._is_unspoken_for(each) else each, is_own)
            for each, is_own in spans
        ]

    def _is_unspoken_for(self, span: Span) -> bool:
        is_first = span.parent_span_id is None and not self._trace(span).is_ours
        return is_first and self._agent(span) is None

    def _naming(self, span: Span) -> Span:
        root = self._roots.get(span.trace_id)
        overheard = root.overheard.facts() if root is not None else {}
        return told.listed(span, overheard.get(semconv.TASK_DESCRIPTION))

    # --- numbers

    def _numbered(self, spans: list[tuple[Span, bool]]) -> list[tuple[Span, bool]]:
        """Number the steps that have no number, in the order in which they began."""
        unnumbered = [each for each, _ in spans if _lacks_number(each)]
        numbers = {
            id(span): self._number(span)
            for span in sorted(unnumbered, key=lambda each: each.start_time_unix_nano)
        }
        return [
            (_with_number(each, numbers[id(each)]) if id(each) in numbers else each, is_own)
            for each, is_own in spans
        ]

    def _number(self, span: Span) -> int:
        number = self._numbers.get(_key(span))
        if number is None:
            trace = self._trace(span)
            number = trace.steps = trace.steps + 1
            _remember(self._numbers, _key(span), number, _MAX_NUMBERS)
        return number

    # --- what is remembered

    def _trace(self, span: Span) -> _Trace:
        known = self._traces.get(span.trace_id) or _Trace()
        _remember(self._traces, span.trace_id, known, _MAX_TRACES)
        return known

    def _root(self, span: Span) -> _Root:
        known = self._roots.get(span.trace_id) or _Root()
        _remember(self._roots, span.trace_id, known, _MAX_ROOTS)
        return known

    def _touched(self, spans: Iterable[Span]) -> list[_Root]:
        ids = dict.fromkeys(each.trace_id for each in spans)
        return [self._roots[each] for each in ids if each in self._roots]


def _begun_before(agent: Operation, other: Span) -> Operation:
    """
    Return *agent* as one that began before *other*, which it has called.

    Where clocks say otherwise, they differ, or tell no two moments apart: a store takes the task
    of a trace from who began first.
    """
    latest = other.start_time_unix_nano - _MICROSECOND
    if agent.span.start_time_unix_nano <= latest:
        return agent
    return replace(agent, span=replace(agent.span, start_time_unix_nano=max(0, latest)))


def _rank(span: Span) -> tuple[bool, int, str]:
    return span.parent_span_id is not None, span.start_time_unix_nano, span.span_id


def _start(operation: Operation) -> int:
    return operation.span.start_time_unix_nano


def _key(span: Span) -> _Key:
    return span.trace_id, span.span_id


def _lacks_number(span: Span) -> bool:
    return is_step(span.attributes) and semconv.STEP_NUMBER not in span.attributes


def _with_number(span: Span, number: int) -> Span:
    return replace(span, attributes={**span.attributes, semconv.STEP_NUMBER: number})


def _remember(known: OrderedDict[_K, _V], key: _K, value: _V, most: int) -> None:
    known[key] = value
    known.move_to_end(key)
    if len(known) > most:
        known.popitem(last=False)
