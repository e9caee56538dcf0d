"""
The user's `redact` callable, shown every text of a span before anything of it is written.

It is called once for the span, and once for each event, each link with attributes, and the
resource, so that one callable of two arguments sees them all:

| `span_name` | `attributes` |
|---|---|
| the span's name | those of the span, `otel_steps.name` (its name) and, where it has one, `otel_steps.span.status_message` |
| `{span's name}/{event's name}` | those of the event, `otel_steps.name` (its name) |
| `{span's name}/link` | those of the link |
| `resource` | those of the resource; asked again only for another one |

Not shown are ids, times, and the name and version of the library that made the span.

It fails closed: of what it returns None for, raises on, or returns no mapping for, the facts alone
are kept (see `facts`), and of an event nothing. Its exceptions may quote what it was to hide, so
nobody is told more than their class.
"""  # noqa: E501 - a table

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from otel_steps import semconv
from otel_steps.admit.content import reduced
from otel_steps.admit.facts import facts, name
from otel_steps.health.problems import Problems
from otel_steps.otlp.span import Span
from otel_steps.sanitize import clean

# Takes the name of a span and a copy of its attributes (keys: see `semconv`); returns those to
# write. None means: none of the content.
Redact = Callable[[str, dict[str, Any]], Mapping[str, Any] | None]

REDACTED: Final = "redacted"
RESOURCE: Final = "resource"


class Redaction:
    """
    One span on its way through the callable.

    Attributes:
        failure: Why the callable failed: the class of its exception, or what it returned.
    """

    def __init__(self, redact: Redact, problems: Problems) -> None:
        self._redact = redact
        self._problems = problems
        self.failure: str | None = None

    def span(self, span: Span, *, is_own: bool) -> Span:
        """Return *span* with the texts that the callable lets through."""
        shown = {**span.attributes, semconv.REDACT_NAME: span.name}
        if span.status_message:
            shown[semconv.SPAN_STATUS_MESSAGE] = span.status_message
        kept = self._ask(span.name, shown)
        if kept is None:
            closed = reduced(span, frozenset(), is_own=is_own, reason=REDACTED)
            redacted = replace(closed, events=())
        else:
            redacted = self._let_through(span, kept)
        if self.failure is not None:
            failure = {semconv.STEP_REDACTION_ERROR: self.failure}
            redacted = replace(redacted, attributes={**redacted.attributes, **failure})
        return redacted

    def resource(self, attributes: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the attributes of a resource that the callable lets through."""
        kept = self._ask(RESOURCE, dict(attributes))
        return facts(attributes) if kept is None else kept

    def _let_through(self, span: Span, kept: dict[str, Any]) -> Span:
        given_name = kept.pop(semconv.REDACT_NAME, None)
        message = kept.pop(semconv.SPAN_STATUS_MESSAGE, "")
        return replace(
            span,
            name=_text(given_name) or name(span.name, kept, span.scope_name),
            attributes=kept,
            events=[known for event in span.events if (known := self._event(span, event))],
            links=[self._link(span, link) for link in span.links],
            status_message=_text(message),
        )

    def _event(self, span: Span, event: Mapping[str, Any]) -> Mapping[str, Any] | None:
        shown = {**event["attributes"], semconv.REDACT_NAME: event["name"]}
        kept = self._ask(f"{span.name}/{event['name']}", shown)
        if kept is None:
            return None
        given_name = _text(kept.pop(semconv.REDACT_NAME, None))
        return {**event, "name": given_name or REDACTED, "attributes": kept}

    def _link(self, span: Span, link: Mapping[str, Any]) -> Mapping[str, Any]:
        if not link["attributes"]:
            return link
        kept = self._ask(f"{span.name}/link", dict(link["attributes"]))
        return {**link, "attributes": {} if kept is None else kept}

    def _ask(self, shown_name: str, attributes: dict[str, Any]) -> dict[str, Any] | None:
        """Return what the callable keeps, cleaned; None where that is nothing, or it failed."""
        kept: object = None
        try:
            kept = self._redact(shown_name, attributes)
        except Exception as error:  # noqa: BLE001 - the user's code; reported
            self._fail(type(error).__name__)
        if kept is None:
            return None
        cleaned, _ = clean(kept)
        if isinstance(kept, Mapping) and isinstance(cleaned, dict):
            return cleaned
        self._fail(f"it returned a {type(kept).__name__}, not a mapping")
        return None

    def _fail(self, failure: str) -> None:
        self.failure = self.failure or failure
        message = f"the redact callable failed, the content is not written: {failure}"
        self._problems.report("redact", message)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
