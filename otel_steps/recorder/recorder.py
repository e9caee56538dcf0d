"""
What happens to a span on the agent's thread: made storable, redacted, put into the journal.

One recorder serves a data folder; the span processor and the exporter are thin shells around it.
Nothing here touches the network, and no exception leaves it: a span that cannot be recorded is
counted and reported, and the agent goes on.

Threads, signal handlers and finalizers meet here, each at any point of the others, so nothing here
takes a lock: what they share are dicts by span, and each step on them is one operation, which the
interpreter does whole. The one lock of the agent's thread is the journal's (see `Journal`).
"""

import contextlib
import itertools
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Any, Final, ParamSpec

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import Span as ApiSpan
from opentelemetry.trace import SpanContext

from otel_steps import otlp
from otel_steps.admit import Admission, Redact, picture_names
from otel_steps.config import Settings
from otel_steps.foreign_spans.evaluations import evaluations
from otel_steps.foreign_spans.traces import Traces
from otel_steps.health.health import Health
from otel_steps.health.problems import Problems
from otel_steps.journal import Journal
from otel_steps.otlp.span import Span
from otel_steps.process.forks import in_child
from otel_steps.process.remembering import remember
from otel_steps.recorder.open_span import OpenSpan
from otel_steps.recorder.others import OtherSpans
from otel_steps.recorder.tidying import Tidying
from otel_steps.recorder.told_health import health_of
from otel_steps.rows.interruption import interrupted
from otel_steps.rows.roles import is_step_or_task
from otel_steps.shipper import Shipper
from otel_steps.stores import open_database
from otel_steps.stores.pictures import open_screenshots

P = ParamSpec("P")
# The name of a picture, and its bytes.
Picture = tuple[str, bytes]

# Spans of other instrumentations are kept for the waterfall if their trace is one of these many.
_TRACES_KEPT: Final = 1024
# Ended spans remembered, so that processor and exporter together record each of them once.
_ENDED_KEPT: Final = 4096
_OPEN_KEPT: Final = 4096
_PICTURES_KEPT_BYTES: Final = 64 * 2**20


class Recorder:
    """
    Records the tasks and steps of this process, and the other spans of their traces.

    What other instrumentations tell of an agent becomes a task and its steps, too.

    Args:
        settings: Where and how.
        redact: Sees each text of a span before it is written; see `admit.redaction`.

    Attributes:
        has_ended: True once it has been shut down; what ends later is still recorded.
    """

    def __init__(self, settings: Settings, *, redact: Redact | None = None) -> None:
        self.settings = settings
        self.has_ended = False
        self.problems = Problems(settings.problems_dir)
        self.admit = Admission(settings, problems=self.problems, redact=redact)
        self._has_unseen_starts = False
        self._journal = Journal(
            settings.backup_dir,
            durability=settings.durability,
            max_disk_bytes=settings.max_disk_bytes,
            problems=self.problems,
        )
        self.shipper = new_shipper(settings, self.problems, self._journal)
        self._reset()
        in_child(self._reset)

    def _reset(self) -> None:
        # Spans that are open when the process forks end in the parent; the child has its own.
        self._states = itertools.count(1)
        self._open: OrderedDict[int, OpenSpan] = OrderedDict()
        # By span and place, see `side_channel`; the journal does not have these yet.
        self._pictures: OrderedDict[tuple[int, int], Picture] = OrderedDict()
        self._traces: OrderedDict[int, None] = OrderedDict()
        self._ended: OrderedDict[int, None] = OrderedDict()
        self._others, self._foreign = OtherSpans(), Traces()
        self._tidying = Tidying(self.settings, self.problems)

    # --- what the processor and the exporter call -------------------------------------------------

    def started(self, span: ReadableSpan) -> None:
        """Note that a span is in flight; of others than tasks and steps nothing is written yet."""
        self._guard(self._started, span)

    def ended(self, span: ReadableSpan) -> bool:
        """
        Record *span* if it belongs to a task; when this returns True it survives the process.

        Returns:
            False where the span belongs to a task and could be kept nowhere.
        """
        return bool(self._guard(self._record_ended, span))

    def on_picture(self, span: ApiSpan, sha256: str, picture: bytes, place: int = 0) -> None:
        """Keep the picture of an open span (see `side_channel.SpanListener`)."""
        self._guard(self._keep_picture, span, sha256, picture, place)

    def on_change(self, span: ApiSpan) -> None:
        """Let what an open span knows by now survive a crash (see `side_channel.SpanListener`)."""
        self._guard(self._changed, span)

    def on_problem(self, kind: str, message: str) -> None:
        """Count a problem (see `side_channel.SpanListener`)."""
        self.problems.report(kind, message)

    def has_heard(self, span: ReadableSpan) -> bool:
        """Tell whether the task or step *span* is known to be in flight."""
        return _context_of(span).span_id in self._open

    @property
    def expects_unseen_starts(self) -> bool:
        """True where an exporter hears of spans, too."""
        return self._has_unseen_starts

    def expect_unseen_starts(self) -> None:
        """Keep pictures of spans of which only the end will be told, as an exporter is told."""
        self._has_unseen_starts = True

    # --- what the owner calls ---------------------------------------------------------------------

    def flush(self, timeout_s: float) -> bool:
        """Wait until all that is recorded is in the store; True only if it is."""
        return self.shipper.flush(timeout_s)

    def shutdown(self, timeout_s: float = 2.0) -> None:
        """
        Mark what is still in flight as interrupted and ship for a moment, as a courtesy.

        A span that ends later is still recorded, and takes the place of the interrupted one.
        Whoever asks for the recorder of this folder from now on gets a new one.
        """
        self.has_ended = True
        for known in self._open.copy().values():
            self._guard(self._interrupt, known.span)
        self._tidying.close()
        self.shipper.shutdown(timeout_s)

    def health(self) -> Health:
        """Return counts and problems."""
        return health_of(self.shipper, self.problems, self._journal)

    # --- on the agent's thread --------------------------------------------------------------------

    def _guard(self, call: Callable[P, Any], *args: P.args, **kwargs: P.kwargs) -> Any:
        try:
            return call(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - an edge that protects the agent
            self.problems.report("recorder", f"{call.__name__}: {type(error).__name__}: {error}")
            return None

    def _started(self, span: ReadableSpan) -> None:
        context = _context_of(span)
        if not _is_ours(span):
            self._others.started(span, context.span_id)
            return
        known = OpenSpan(span)
        remember(self._traces, context.trace_id, None, _TRACES_KEPT)
        remember(self._open, context.span_id, known, _OPEN_KEPT)
        self._write_open(known)
        self._tidying.begin()

    def _changed(self, span: ApiSpan) -> None:
        known = self._open.get(span.get_span_context().span_id)
        if known is not None:
            self._write_open(known)

    def _keep_picture(self, span: ApiSpan, sha256: str, picture: bytes, place: int) -> None:
        span_id = span.get_span_context().span_id
        is_ours = self._has_unseen_starts or span_id in self._open
        if self.settings.screenshots == "off" or not is_ours or span_id in self._ended:
            return
        self._pictures[span_id, place] = (sha256, picture)
        if span_id in self._ended:
            self._pictures.pop((span_id, place), None)  # by another thread, in this moment
        while sum(len(data) for _, data in self._pictures.copy().values()) > _PICTURES_KEPT_BYTES:
            with contextlib.suppress(KeyError):  # another thread has made room
                self._pictures.popitem(last=False)
                self.problems.report("screenshot", "too many pictures of open steps: one dropped")

    def _write_open(self, known: "OpenSpan") -> None:
        state, said = next(self._states), known.says()
        if said == known.written:
            return  # the journal has it
        record, pictures = self._admitted(known.span)
        if not record.is_open:
            return  # it has ended meanwhile, and its end says more
        is_kept = self._journal.put_open(
            record.span_id,
            otlp.to_line(record),
            pictures=pictures,
            is_due=lambda: known.claim(state),
        )
        if is_kept:
            known.written = said
        if is_kept and pictures:
            # The journal has them now, or the store after it: the ended span need not bring them.
            for place, picture in self._pictures_of(_context_of(known.span).span_id).items():
                if picture in pictures:
                    self._pictures.pop(place, None)
        self.shipper.notify()

    def _record_ended(self, span: ReadableSpan) -> bool:
        context = _context_of(span)
        if context.span_id in self._ended:
            return True
        self._others.closed(context.span_id)
        # What an agent of somebody else does stays so where a task of ours is a part of it.
        is_known = context.trace_id in self._traces and not self._others.has_agent(context.trace_id)
        if not _is_ours(span) and not is_known:
            return self._record_other(span, context)
        remember(self._traces, context.trace_id, None, _TRACES_KEPT)
        known = self._open.pop(context.span_id, None)
        if known is not None:
            known.has_ended = True
        record, pictures = self._admitted(span)
        kept = self._append(record, pictures)
        for verdict in evaluations(record):
            kept &= self._append(verdict, [])
        remember(self._ended, context.span_id, None, _ENDED_KEPT)
        for place in self._pictures_of(context.span_id):
            self._pictures.pop(place, None)
        return kept

    def _record_other(self, span: ReadableSpan, context: SpanContext) -> bool:
        """Record what another instrumentation tells, if it is of an agent."""
        is_start_unseen = self._has_unseen_starts
        if not self._others.is_of_agent(span, context.trace_id, is_start_unseen=is_start_unseen):
            return True
        inline = self.admit.pictures()
        kept = True
        # An agent that another has called ends after what it has done, and is a step before it.
        called = reversed(self._others.agents_above(span)[:-1])
        begun = [(f"{each.trace_id:032x}", f"{each.span_id:016x}") for each in called]
        told = self._foreign.told([otlp.from_sdk(span, prepare=inline.take_out)], begun)
        for each, is_own in told:
            record = self.admit(each, is_own=is_own)
            names = dict.fromkeys(picture_names(record))
            kept &= self._append(record, [(name, inline[name]) for name in names if name in inline])
        remember(self._ended, context.span_id, None, _ENDED_KEPT)
        return kept

    def _interrupt(self, span: ReadableSpan) -> None:
        record, pictures = self._admitted(span)
        if record.is_open:
            self._append(interrupted(record, time.time_ns()), pictures)

    def _append(self, record: Span, pictures: list[Picture]) -> bool:
        kept = self._journal.append(
            otlp.to_line(record),
            span_id=record.span_id,
            pictures=pictures,
        )
        self.shipper.notify()
        return kept

    def _admitted(self, span: ReadableSpan) -> tuple[Span, list[Picture]]:
        """Return what may be written of *span*, and the pictures that it names, its own first."""
        inline = self.admit.pictures()
        record = self.admit(otlp.from_sdk(span, prepare=inline.take_out))
        own = self._pictures_of(int(record.span_id, 16))
        if not own and not inline:
            return record, []
        known = {**inline, **dict(own.values())}
        names = dict.fromkeys(picture_names(record))
        return record, [(name, known[name]) for name in names if name in known]

    def _pictures_of(self, span_id: int) -> dict[tuple[int, int], Picture]:
        """Return the pictures of an open span that the journal does not have, by their places."""
        if not self._pictures:
            return {}
        known = self._pictures.copy()  # other threads add to it
        return {place: picture for place, picture in known.items() if place[0] == span_id}


def _is_ours(span: ReadableSpan) -> bool:
    return is_step_or_task(span.attributes or {})


def _context_of(span: ReadableSpan) -> SpanContext:
    context = span.get_span_context()
    if context is None:
        raise ValueError("a span has no context; only spans of a tracer have one")
    return context


def new_shipper(settings: Settings, problems: Problems, journal: Journal | None) -> Shipper:
    """Return a shipper for the journal of *settings*; it opens the store when it needs it."""
    return Shipper(
        journal,
        settings.backup_dir,
        open_store=partial(open_database, settings=settings),
        open_screenshots=partial(open_screenshots, settings),
        buffer_size=settings.buffer_size,
        flush_interval_s=settings.flush_interval_s,
        problems=problems,
    )
