"""
What people say of a task or a step as a part of its span, and back. Pure.

Scores are events, as OpenTelemetry has evaluations, each with a sign that a person's word it is:
those of others are spans of their own (`foreign_spans.evaluations`). Tags and notes, which it has
no words for, are attributes of ours. No span of an agent has any of them, only one that a row was
made into again.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from otel_steps import semconv
from otel_steps.otlp.span import Span

Row = Mapping[str, Any]

EVALUATION_EVENT: Final = "gen_ai.evaluation.result"

# Of a score -> of the event.
_KEYS: Final = {
    "name": semconv.GEN_AI_EVALUATION_NAME,
    "value": semconv.GEN_AI_EVALUATION_SCORE_VALUE,
    "label": semconv.GEN_AI_EVALUATION_SCORE_LABEL,
    "explanation": semconv.GEN_AI_EVALUATION_EXPLANATION,
}
_PERSON: Final = "person"


def judgement_attributes(row: Row) -> dict[str, Any]:
    """Return the attributes that say a row's tags and notes."""
    said = {semconv.TAGS: row.get("tags"), semconv.NOTES: row.get("notes")}
    return {key: value for key, value in said.items() if value}


def judgement_events(row: Row, time_unix_nano: int) -> list[dict[str, Any]]:
    """Return the events that say a row's scores; nobody knows when they were given."""
    return [
        {
            "name": EVALUATION_EVENT,
            "time_unix_nano": time_unix_nano,
            "attributes": {
                **{_KEYS[name]: value for name, value in score.items() if name in _KEYS},
                semconv.EVALUATION_SOURCE: _PERSON,
            },
        }
        for score in row.get("scores") or ()
    ]


def without_judgement(span: Span) -> tuple[Span, dict[str, Any]]:
    """Return *span* without what people have said in it, and that by the columns of a row."""
    events = [event for event in span.events if _is_score(event)]
    said: dict[str, Any] = {}
    tags, notes = (span.attributes.get(key) for key in (semconv.TAGS, semconv.NOTES))
    if isinstance(tags, list | tuple):
        said["tags"] = [tag for tag in tags if isinstance(tag, str)]
    if isinstance(notes, str):
        said["notes"] = notes
    if events:
        said["scores"] = [score for event in events if (score := _score(event["attributes"]))]
    if not said:
        return span, said
    kept = {k: v for k, v in span.attributes.items() if k not in (semconv.TAGS, semconv.NOTES)}
    others = [event for event in span.events if not _is_score(event)]
    return replace(span, attributes=kept, events=others), said


def _is_score(event: Mapping[str, Any]) -> bool:
    source = event["attributes"].get(semconv.EVALUATION_SOURCE)
    return bool(event["name"] == EVALUATION_EVENT and source == _PERSON)


def _score(attributes: Mapping[str, Any]) -> dict[str, Any] | None:
    return score_in({name: attributes.get(key) for name, key in _KEYS.items()})


def score_in(found: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the score that *found* is, with what of it makes sense; None without a name."""
    texts = {name: text for name in _KEYS if isinstance(text := found.get(name), str)}
    value = found.get("value")
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and -1 <= value <= 1
    texts.pop("value", None)
    if not texts.get("name"):
        return None
    return {**texts, **({"value": value} if is_number else {})}
