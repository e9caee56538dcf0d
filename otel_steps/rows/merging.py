"""Spans that come more than once: which telling of one counts. Pure."""

from collections.abc import Iterable

from otel_steps import semconv
from otel_steps.otlp.span import Span
from otel_steps.rows.interruption import INTERRUPTED
from otel_steps.rows.roles import is_task


def merged(spans: Iterable[Span]) -> Iterable[Span]:
    """Return each span once: ended before interrupted before running, as the stores have it."""
    best: dict[tuple[str, str], Span] = {}
    for span in spans:
        key = (span.trace_id, span.span_id)
        rank = _rank(span)
        known = _rank(best[key]) if key in best else -1
        if rank > known or (rank == known and _may_know_more(span, best[key])):
            best[key] = span
    return best.values()


def _may_know_more(span: Span, known: Span) -> bool:
    """
    Tell whether *span* may say more than it did as *known*.

    A later running state does, and so may a task that is told again, perhaps as a step of another
    one, and a step that has its picture now; any other that has ended says the same, however often
    it comes.
    """
    if known.is_open or is_task(known.attributes):
        return True
    picture = semconv.SCREENSHOT_SHA256
    return picture in span.attributes and picture not in known.attributes


def _rank(span: Span) -> int:
    if span.is_open:
        return 0
    words = (
        span.attributes.get(semconv.STEP_ERROR_KIND),
        span.attributes.get(semconv.TASK_STATUS),
    )
    return 1 if INTERRUPTED in words else 2
