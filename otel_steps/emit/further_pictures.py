"""The pictures of a step beside the one before its action: after it, cut out, drawn on."""

import itertools
from typing import Any

from opentelemetry.trace import Span

from otel_steps import semconv
from otel_steps.emit import side_channel
from otel_steps.emit.picture_facts import Given, facts_of
from otel_steps.emit.span_values import describe_error, text_of
from otel_steps.pictures import sources
from otel_steps.pictures.captured import PictureError
from otel_steps.pictures.step_pictures import MAX_PICTURES, MAX_ROLE_CHARS, StepPicture, to_text
from otel_steps.process import background
from otel_steps.process.background import BackgroundCall
from otel_steps.sanitize import scrub


class FurtherPictures:
    """
    Those of one open span; the attribute names each in the order in which they were given.

    A picture is named and kept beside the agent, as the step's own is, so several threads may be at
    work here. Each writes its own entry, and the attribute is made of all of them; whoever ends the
    span makes it last, when each has its name.
    """

    def __init__(self, span: Span) -> None:
        self._span = span
        self._places = itertools.count(1)  # 0 is that of the picture before the action
        self._entries: dict[int, StepPicture] = {}
        self._begun: list[tuple[BackgroundCall, BackgroundCall]] = []

    def add(self, source: Any, *, role: str, caption: str | None) -> None:
        """
        Add the picture *source*, a `pictures.sources.Source`; the step goes on where it is none.

        Beyond `MAX_PICTURES` nothing is kept, and the step says so.
        """
        place = next(self._places)
        entry = {"role": (text_of(role) or "")[:MAX_ROLE_CHARS] or "after"}
        if words := text_of(caption):
            entry["caption"] = words
        if place > MAX_PICTURES:
            if place == MAX_PICTURES + 1:
                self._say(place, {**entry, "error": f"a step keeps {MAX_PICTURES} more pictures"})
            return
        try:
            picture = sources.take(source)
        except PictureError as error:
            self._say(place, {**entry, "error": scrub(str(error))})
            return
        if sources.is_sensitive(source):
            self._begin(place, {**entry, "sensitive": True}, picture)
        else:
            self._begin(place, entry, picture)

    def _begin(self, place: int, entry: dict[str, Any], picture: Given) -> None:
        named = BackgroundCall(lambda: self._name(place, entry, picture, named))
        self._begun.append((named, background.begin(lambda: self._keep(named))))

    def _name(
        self, place: int, entry: dict[str, Any], picture: Given, named: BackgroundCall
    ) -> None:
        data, facts = facts_of(picture)
        if named.is_done:
            return  # by the agent's own thread, which does not wait for this one
        sha256: str | None = None
        error = facts.get(semconv.SCREENSHOT_ERROR)
        if data is not None:
            sha256 = facts[semconv.SCREENSHOT_SHA256]
            try:
                # First of all: an attribute that names it must not be written without it.
                side_channel.attach_picture(
                    self._span, facts[semconv.SCREENSHOT_SHA256], data, place=place
                )
            except Exception as failure:  # noqa: BLE001 - an edge: the step says what became of it
                sha256, error = None, f"not recorded: {describe_error(failure)}"
        self._say(place, {**entry, "sha256": sha256, "error": error})

    def _say(self, place: int, entry: dict[str, Any]) -> None:
        self._entries[place] = StepPicture(**entry)
        self._tell()

    def _tell(self) -> None:
        if self._entries and self._span.is_recording():
            known = self._entries.copy()
            text = to_text(known[place] for place in sorted(known))
            self._span.set_attribute(semconv.PICTURES, text)

    def _keep(self, named: BackgroundCall) -> None:
        named.finish()
        side_channel.changed(self._span)

    def await_all(self) -> None:
        """Do what is left of what `add` has begun: from then on a crash does not lose it."""
        for _, kept in self._begun.copy():
            kept.finish()

    def finish(self) -> None:
        """Give each its name, before the span ends."""
        for named, _ in self._begun.copy():
            named.finish()
        self._tell()
