"""
The user's `redact` callable, applied to a span before anything of it is written.

It fails closed: where the callable raises, the content of that span is left out and the span says
so, because a redaction that did not run must not let a password through.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from otel_steps import semconv
from otel_steps.model import Span
from otel_steps.sanitize import clean

# Takes the name of a span and a copy of its attributes (keys: see `semconv`); returns those to
# write. None means: none of the content.
Redact = Callable[[str, dict[str, Any]], Mapping[str, Any] | None]


class RedactionError(Exception):
    """The callable raised or returned something that is no mapping; `span` is what may be kept."""

    def __init__(self, span: Span, cause: str) -> None:
        super().__init__(f"the redact callable failed on a span {span.name!r}: {cause}")
        self.span = span


def apply(redact: Redact, span: Span) -> Span:
    """
    Return *span* with the attributes that *redact* lets through.

    Raises:
        RedactionError: The callable failed; the error carries the span without its content.
    """
    try:
        kept = redact(span.name, dict(span.attributes))
    except Exception as error:
        raise RedactionError(_without_content(span, type(error).__name__), str(error)) from error
    if kept is None:
        return _without_content(span, None)
    if not isinstance(kept, Mapping):
        cause = f"it returned a {type(kept).__name__}, not a mapping"
        raise RedactionError(_without_content(span, cause), cause)
    attributes, _ = clean(dict(kept))
    return replace(span, attributes=attributes)


def _without_content(span: Span, failure: str | None) -> Span:
    """
    Leave out content and picture; of a span that is not ours, everything.

    What other instrumentations put into their attributes and events nobody here can tell apart.
    """
    ours = {
        key: value
        for key, value in span.attributes.items()
        if key.startswith(("otel_steps.", "gen_ai.", "device.", "os."))
        and key not in semconv.CONTENT_ATTRIBUTES
        and not key.startswith("otel_steps.screenshot.")
    }
    if failure is not None:
        ours[semconv.STEP_REDACTION_ERROR] = failure
    return replace(span, attributes=ours, events=(), status_message="")
