"""
What is remembered of traces from one call to the next: bounded, and lost with the process.

Spans come in any order and in any number of calls, children mostly before their parents. What does
not stand in a span is whether its trace speaks our language, who is the root of it, which step of
the task it is, and, in many agents' spans, what the task was.
"""

import threading
from collections import OrderedDict
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from otel_steps import semconv
from otel_steps.foreign_spans import told
from otel_steps.foreign_spans.evaluations import evaluations
from otel_steps.foreign_spans.lineage import Key, Lineage, key_of
from otel_steps.foreign_spans.numbers import Numbers
from otel_steps.foreign_spans.operation import Operation, kind_of, operation_of
from otel_steps.foreign_spans.overheard import Overheard
from otel_steps.foreign_spans.screens import Screens
from otel_steps.otlp.span import Span
from otel_steps.process.remembering import remember
from otel_steps.rows.roles import is_step, speaks_for_itself

_MAX_TRACES: Final = 4096
# Texts, which may be long: what was overheard, and the root itself.
_MAX_ROOTS: Final = 256
_MAX_OURS: Final = 65_536
# What a time in a row can tell apart.
_MICROSECOND: Final = 1_000


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
        # Traces that have tasks or steps of ours, and these.
        self._ours_in: OrderedDict[str, None] = OrderedDict()
        self._ours: OrderedDict[Key, None] = OrderedDict()
        self._roots: OrderedDict[str, _Root] = OrderedDict()
        self._numbers = Numbers()
        self._lineage = Lineage()
        self._screens = Screens(self._lineage)

    def told(self, spans: Sequence[Span], begun: Sequence[Key] = ()) -> list[tuple[Span, bool]]:
        """
        Return *spans*, agents and what they do as tasks and steps, each with whether it is ours.

        That is by its own word, and not told by us. There may be more than came: an agent that
        turns out to be another one's is told again, as a step, a root of which more is known by
        now as the same task, and a step whose picture has come since with that; what others have
        judged of a span stands below it.

        In a trace that has tasks or steps of ours, spans of others are what they are everywhere:
        parts of the waterfall; but an agent that has called ours is a task beside it. Where such a
        trace begins with spans of others, the first few are taken for steps; nothing in a span
        tells what is yet to come.

        Args:
            spans: As they came.
            begun: Agents that others have called and that go on, the outmost first: the steps that
                they will be come before those of *spans*.
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
            later = [
                each
                for trace_id in dict.fromkeys(each.trace_id for each in foreign)
                for each in self._seen_since(trace_id, instead)
            ]
            later += [each for root in self._touched(foreign) for each in self._root_again(root)]
            result = [(instead.pop(id(each), each), speaks_for_itself(each)) for each in spans]
            result += [(each, False) for each in (*instead.values(), *later)]
            result += [
                (verdict, speaks_for_itself(verdict))
                for each in spans
                if each.events
                for verdict in evaluations(each)
            ]
            listed = self._listed(result)
            for key in begun:
                if key[0] not in self._ours_in:
                    self._numbers.of(key)
            return self._numbered(listed)

    # --- who is who

    def _note(self, span: Span) -> None:
        if speaks_for_itself(span):
            remember(self._ours_in, span.trace_id, None, _MAX_TRACES)
            remember(self._ours, key_of(span), None, _MAX_OURS)
        self._lineage.note(span)

    def _foreign(self, spans: Sequence[Span]) -> list[Span]:
        """Return those of *spans* that may be a task or a step without being ours."""
        others = [each for each in spans if not self._is_ours(each) or self._is_beside(each)]
        agents = {
            each.trace_id for each in others if kind_of(each.attributes, each.name) == "agent"
        }
        return [
            each
            for each in others
            if not self._is_ours(each) or each.trace_id in agents or self._agent(each)
        ]

    def _is_beside(self, span: Span) -> bool:
        """Tell whether *span* is neither ours nor, as far as is known, below one that is."""
        return not speaks_for_itself(span) and not any(
            key in self._ours for key in self._lineage.above(span)
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
        for each in operations:
            if each.kind == "agent":
                result |= self._told_agent(each)
        # What holds others begins before them.
        inner_first = sorted(operations, key=_start, reverse=True)
        for each in inner_first:
            # One that has made another is the same call: a library that asks through a second one.
            if each.kind == "model" and not self._lineage.holds_model_call(each.span):
                result[id(each.span)] = self._model_call(each)
        for each in inner_first:
            if each.kind in ("group", "part") and (step := self._holder(each)) is not None:
                result[id(each.span)] = step
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
        is_above = self._lineage.is_above(one, other)
        if is_above != self._lineage.is_above(other, one):
            return is_above
        return _rank(one) < _rank(other)

    def _root_again(self, root: _Root) -> list[Span]:
        """Return the root once more, if what was heard since says more of it."""
        if root.agent is None:
            return []
        now = told.task(root.agent, root.overheard.facts())
        if root.told is not None and now.attributes == root.told.attributes:
            return []
        before, root.told = root.told, now
        return [now] if before is not None else []

    def _model_call(self, call: Operation) -> Span:
        """Return *call* as a step, with the screen that it has seen."""
        is_over = self._agent(call.span) is not None
        step = self._step(call, self._screens.seen_by(call.span, is_over=is_over))
        if semconv.SCREENSHOT_SHA256 not in step.attributes:
            self._screens.miss(call)
        return step

    def _holder(self, holder: Operation) -> Span | None:
        """Return *holder* as a step, if it holds no other and there is something to see in it."""
        if self._lineage.holds_steps(holder.span):
            return None
        screen = self._screens.within(holder.span)
        if screen is None:
            self._screens.miss(holder)
        return self._step(holder, screen) if holder.kind == "group" or screen else None

    def _seen_since(self, trace_id: str, now: Container[int]) -> list[Span]:
        """Return steps that were told without a picture, with the one that is known by now."""
        return [self._step(*each) for each in self._screens.seen_since(trace_id, now)]

    def _step(self, operation: Operation, screen: str | None = None) -> Span:
        self._lineage.note_step(operation.span, is_model=operation.kind == "model")
        return told.step(operation, screen)

    # --- what nobody speaks for

    def _listed(self, spans: list[tuple[Span, bool]]) -> list[tuple[Span, bool]]:
        """Let the first span of a trace without an agent name it, so that it is seen."""
        return [
            (self._naming(each) if not is_own and self._is_unspoken_for(each) else each, is_own)
            for each, is_own in spans
        ]

    def _is_unspoken_for(self, span: Span) -> bool:
        is_first = span.parent_span_id is None and not self._is_ours(span)
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
            id(span): self._numbers.of(key_of(span))
            for span in sorted(unnumbered, key=lambda each: each.start_time_unix_nano)
        }
        return [
            (_with_number(each, numbers[id(each)]) if id(each) in numbers else each, is_own)
            for each, is_own in spans
        ]

    # --- what is remembered

    def _is_ours(self, span: Span) -> bool:
        """Tell whether the trace of *span* has tasks or steps of ours."""
        return span.trace_id in self._ours_in

    def _root(self, span: Span) -> _Root:
        known = self._roots.get(span.trace_id) or _Root()
        remember(self._roots, span.trace_id, known, _MAX_ROOTS)
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


def _lacks_number(span: Span) -> bool:
    return is_step(span.attributes) and semconv.STEP_NUMBER not in span.attributes


def _with_number(span: Span, number: int) -> Span:
    return replace(span, attributes={**span.attributes, semconv.STEP_NUMBER: number})
