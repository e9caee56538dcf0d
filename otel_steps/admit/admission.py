"""What of a span may be written, decided in one call, when the span enters."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from otel_steps import semconv
from otel_steps.admit import content
from otel_steps.admit.facts import facts
from otel_steps.admit.redaction import Redact, Redaction
from otel_steps.config import CONTENT_PARTS, TEXT_PARTS, ScreenshotMode, Settings
from otel_steps.emit import openinference
from otel_steps.health.problems import Problems
from otel_steps.otlp.span import Span
from otel_steps.pictures import step_pictures
from otel_steps.pictures.inline import Pictures
from otel_steps.pictures.names import is_picture_name
from otel_steps.rows.roles import is_step, speaks_for_itself

# What has other names of pictures, words of another convention that are ours, or secrets.
_UNUSUAL: Final = frozenset({semconv.SPAN_PICTURES, semconv.OI_SPAN_KIND, *content.ERROR_TEXTS})


class Admission:
    """
    Decides what of a span may be written; thread-safe.

    What it returns is storable: nobody behind it cleans, cuts or redacts anything again.

    Args:
        settings: Which parts of the content are captured, and which pictures.
        problems: Hears of a `redact` that fails; never of what it failed on.
        redact: Shown every text of each span; see `redaction`.
    """

    def __init__(
        self, settings: Settings, *, problems: Problems, redact: Redact | None = None
    ) -> None:
        self.redact = redact
        self._parts = settings.capture_content
        self._mode: ScreenshotMode = settings.screenshots if "screenshot" in self._parts else "off"
        self._keeps_all = self._parts >= CONTENT_PARTS and self._mode == "on"
        self._problems = problems
        # The last resource, by identity, with what may be written of it: a process has one, and
        # each of its spans carries it. Read and replaced as a whole: threads need no lock.
        self._resource: tuple[Mapping[str, Any], Redact | None, Mapping[str, Any]] | None = None

    def captures(self, part: str) -> bool:
        """Tell whether *part* of the content is kept."""
        return part in self._parts

    @property
    def hides_nothing(self) -> bool:
        """True where no text is held back, so that a message may quote what came in."""
        return self.redact is None and self._parts >= TEXT_PARTS

    @property
    def keeps_pictures(self) -> bool:
        """True where some pictures are kept."""
        return self._mode != "off"

    def pictures(self) -> Pictures:
        """Return what takes the pictures out of attributes, before these are cleaned."""
        return Pictures(is_kept=self.keeps_pictures)

    def wants_picture(self, span: Span) -> bool:
        """Tell whether the picture of *span* is kept."""
        return content.wants_picture(span, self._mode)

    def __call__(self, span: Span, *, is_own: bool | None = None) -> Span:
        """
        Return what may be written of *span*.

        Args:
            span: Cleaned, as `otlp` returns it, its pictures taken out.
            is_own: Whether it is a task or a step by its own word; by default that is asked now,
                and a span that `foreign_spans` has told as ours would pass for one.
        """
        redact = self.redact
        if redact is None and self._keeps_all and _is_usual(span):
            return span
        is_own = speaks_for_itself(span) if is_own is None else is_own
        span = content.scrubbed(openinference.without(_with_pictures(span, is_own=is_own)))
        span = content.captured(span, self._parts, is_own=is_own)
        if redact is not None:
            span = Redaction(redact, self._problems).span(span, is_own=is_own)
        if not self.wants_picture(span):
            span = content.without_picture(span)
        resource = self._admitted(span.resource, redact)
        return span if resource is span.resource else replace(span, resource=resource)

    def _admitted(self, resource: Mapping[str, Any], redact: Redact | None) -> Mapping[str, Any]:
        if self.hides_nothing or not resource:
            return resource
        last = self._resource
        if last is None or last[0] is not resource or last[1] is not redact:
            known = resource if self._parts >= TEXT_PARTS else facts(resource)
            if redact is not None:
                known = Redaction(redact, self._problems).resource(known)
            last = self._resource = (resource, redact, known)
        return last[2]


def _is_usual(span: Span) -> bool:
    """Tell at a glance what nearly every span is: one that stays as it is, by default."""
    return (
        not span.events and not span.status_message and _UNUSUAL.isdisjoint(span.attributes.keys())
    )


def picture_names(span: Span) -> Iterator[str]:
    """Yield the names of the pictures that *span* refers to."""
    return names_in(span.attributes)


def names_in(attributes: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of the pictures that *attributes* of a span, or of its row, refer to."""
    names = attributes.get(semconv.SPAN_PICTURES)
    named = attributes.get(semconv.SCREENSHOT_SHA256)
    further = step_pictures.picture_names(attributes.get(semconv.PICTURES))
    for name in (named, *further, *(names if isinstance(names, list) else ())):
        if isinstance(name, str) and is_picture_name(name):
            yield name


def _with_pictures(span: Span, *, is_own: bool) -> Span:
    """
    Return *span* with the pictures of its events among its own, and a step with one as its picture.

    Of several it is the last one, if the step names none itself: the screen at that time. What a
    call of another instrumentation shows, `foreign_spans` tells from its messages.
    """
    if not span.events and semconv.SPAN_PICTURES not in span.attributes:
        return span
    holders = (*(event["attributes"] for event in span.events), span.attributes)
    names = dict.fromkeys(name for each in holders for name in each.get(semconv.SPAN_PICTURES, ()))
    if not names:
        return span
    attributes = {**span.attributes, semconv.SPAN_PICTURES: list(names)}
    if is_own and is_step(attributes):
        attributes.setdefault(semconv.SCREENSHOT_SHA256, list(names)[-1])
    return replace(span, attributes=attributes)
