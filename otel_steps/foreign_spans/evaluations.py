"""
What others have judged of a span, in events `gen_ai.evaluation.result`. Pure.

A task's row has no place for events, and those of a step are among its attributes, where nobody
looks. So each verdict is a span of its own as well, below the one that it is about: the waterfall
shows it, and whatever reads spans has it.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator
from typing import Final

from otel_steps import semconv
from otel_steps.otlp.span import Span
from otel_steps.rows.judgement import EVALUATION_EVENT

_INTERNAL: Final = 1
_ID_DIGITS: Final = 16


def evaluations(span: Span) -> Iterator[Span]:
    """
    Yield the verdicts among the events of *span*, which has ended.

    They are the same ones each time, also where the event comes again by another way.
    """
    told: Counter[str] = Counter()
    for event in span.events:
        if event["name"] == EVALUATION_EVENT:
            name = event["attributes"].get(semconv.GEN_AI_EVALUATION_NAME)
            key = f"{span.trace_id} {span.span_id} {event['time_unix_nano']} {name}"
            told[key] += 1
            task_id = span.attributes.get(semconv.TASK_ID)
            yield Span(
                trace_id=span.trace_id,
                span_id=_id_of(f"{key} {told[key]}"),
                parent_span_id=span.span_id,
                name=f"evaluation {name or ''}".rstrip(),
                kind=_INTERNAL,
                start_time_unix_nano=event["time_unix_nano"] or span.end_time_unix_nano,
                end_time_unix_nano=event["time_unix_nano"] or span.end_time_unix_nano,
                attributes={
                    **event["attributes"],
                    **({} if task_id is None else {semconv.TASK_ID: task_id}),
                },
                resource=span.resource,
                scope_name=span.scope_name,
                scope_version=span.scope_version,
            )


def _id_of(verdict: str) -> str:
    return hashlib.sha256(f"{EVALUATION_EVENT} {verdict}".encode()).hexdigest()[:_ID_DIGITS]
