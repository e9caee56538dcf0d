"""
A span as anybody may have made it, and the clean one that becomes of it: the only way in. Pure.

Whoever reads an encoding returns a `RawSpan`; what stands in it is seen by `prepare` as it came,
and then cleaned in one go, so that no part of it takes the room of another.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from otel_steps.otlp.span import Span
from otel_steps.sanitize import MAX_VALUE_BYTES, clean, is_clean, to_json
from otel_steps.semconv import STEP_CLEANED

Json = Mapping[str, Any]
# What sees the attributes of a span or event as they came, before anything of them is cut.
Prepare = Callable[[dict[str, Any]], dict[str, Any]]

_MAX_NANO: Final = 2**64 - 1


def unchanged(attributes: dict[str, Any]) -> dict[str, Any]:
    """Return *attributes* as they are: the `Prepare` of whoever has nothing to see to."""
    return attributes


@dataclass(slots=True, kw_only=True)
class RawSpan:
    """
    What is said of a span.

    Ids, numbers and the resource are as `model.Span` has them. All else may be of any type and of
    any size.

    Attributes:
        events: `{"name", "time", "attributes"}` each.
        links: `{"trace_id", "span_id", "attributes"}` each.
        is_cut: Whether something of it is lost already.
    """

    trace_id: str
    span_id: str
    parent_span_id: str | None
    kind: int
    start: int
    end: int
    status_code: int
    name: Any
    message: Any
    scope_name: Any
    scope_version: Any
    attributes: Any
    events: Sequence[Json]
    links: Sequence[Json]
    resource: Json
    is_cut: bool = False


def cleaned(
    raw: RawSpan, *, max_bytes: int = MAX_VALUE_BYTES, prepare: Prepare = unchanged
) -> Span:
    """
    Return the span of *raw*, cleaned, and marked where something of it could not be kept.

    Args:
        max_bytes: What it may hold; what goes beyond is cut.
        prepare: Sees the attributes of the span and of each event before anything is cut.
    """
    attributes = _prepared(raw.attributes, prepare)
    texts: Sequence[Any] = (raw.name, raw.message, raw.scope_name, raw.scope_version)
    events, links, is_cut = raw.events, raw.links, raw.is_cut
    # Nearly every span leaves here: it is clean as it stands, and has neither events nor links.
    if events or links or not is_clean(attributes, texts):
        whole, is_changed = clean(
            {
                "texts": texts,
                "attributes": attributes,
                "events": [
                    {**event, "attributes": _prepared(event["attributes"], prepare)}
                    for event in events
                ],
                "links": links,
            },
            max_bytes=max_bytes,
        )
        texts = [_text(each) for each in whole["texts"]]
        attributes = mapping_of(whole.get("attributes"))
        events = [_event(event) for event in _whole(whole.get("events", ()))]
        links = [_link(link) for link in _whole(whole.get("links", ()))]
        is_cut = is_cut or is_changed
    if is_cut:
        attributes[STEP_CLEANED] = True
    name, message, scope_name, scope_version = texts
    return Span(
        trace_id=raw.trace_id,
        span_id=raw.span_id,
        parent_span_id=raw.parent_span_id,
        name=name,
        kind=raw.kind,
        start_time_unix_nano=raw.start,
        end_time_unix_nano=raw.end,
        attributes=attributes,
        events=events,
        links=links,
        status_code=raw.status_code,
        status_message=message,
        resource=raw.resource,
        scope_name=scope_name,
        scope_version=scope_version,
    )


def all_cleaned(
    raws: Iterable[RawSpan | ValueError],
    *,
    max_bytes: int,
    prepare: Prepare,
    on_bad: Callable[[ValueError], None],
) -> Iterator[Span]:
    """Yield the spans of *raws*, cleaned; `on_bad` hears why others could not be read."""
    for raw in raws:
        if isinstance(raw, ValueError):
            on_bad(raw)
        else:
            yield cleaned(raw, max_bytes=max_bytes, prepare=prepare)


def clean_resource(attributes: object, *, max_bytes: int = MAX_VALUE_BYTES) -> Json:
    """Return the attributes of a resource, cleaned."""
    return mapping_of(clean(attributes, max_bytes=max_bytes)[0])


def nanos(value: Any) -> int:
    """Return *value* within the range of OTLP's fixed64: a wrong clock must not cost a span."""
    return max(0, min(int(value), _MAX_NANO))


def mapping_of(value: Any) -> dict[str, Any]:
    """Return *value* if it is a dict; else it is None, or the mark of one that was unreadable."""
    if isinstance(value, dict):
        return value
    return {} if value is None else {"otel_steps.unreadable": value}


def _prepared(attributes: Any, prepare: Prepare) -> Any:
    # What is no dict holds no picture that could be told: `clean` says what can be said of it.
    return prepare(attributes) if type(attributes) is dict else attributes


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else to_json(value)


def _whole(items: Iterable[Any]) -> Iterable[Json]:
    """Yield the events or links in *items* that are whole: a huge span has some of them cut."""
    return (item for item in items if isinstance(item, dict) and "attributes" in item)


def _event(event: Json) -> Json:
    return {
        "name": _text(event["name"]),
        "time_unix_nano": nanos(event["time"] or 0),
        "attributes": mapping_of(event["attributes"]),
    }


def _link(link: Json) -> Json:
    return {**link, "attributes": mapping_of(link["attributes"])}
