"""The spans of a file in portions: cleaned, with their pictures, and closed where none will be."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from otel_steps import semconv
from otel_steps.importing.item import Found, Message, Refused
from otel_steps.importing.pictures_beside import PicturesBeside
from otel_steps.otlp.raw import RawSpan, all_cleaned
from otel_steps.otlp.span import Span
from otel_steps.pictures.inline import Pictures
from otel_steps.pictures.names import is_picture_name
from otel_steps.rows.interruption import interrupted
from otel_steps.rows.roles import is_step, is_task
from otel_steps.sanitize import MAX_READ_BYTES

NewPictures = Callable[[], Pictures]

# Spans that are told together: who is root is decided with all of them in sight.
_PORTION_SPANS: Final = 256
_PORTION_PICTURE_BYTES: Final = 32 * 2**20


@dataclass(slots=True)
class Portions:
    """
    Makes portions of the messages of the file at *path*.

    Attributes:
        new_pictures: Makes what takes pictures out of attributes.
        close_at: When spans that have not ended are closed; by default those of ours run on, and
            others are refused.
    """

    path: Path
    new_pictures: NewPictures
    close_at: int | None = None
    _pictures: Pictures = field(init=False)
    _spans: list[Span] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self._pictures = self.new_pictures()

    def take(self, where: str, raws: Iterable[RawSpan | ValueError]) -> Iterator[Found]:
        """Yield the portions that *raws*, which stand at a place, make full; then the refused."""
        refused: list[Refused] = []
        for span in self._cleaned(raws, lambda reason: refused.append(Refused(where, reason))):
            self._spans.append(span)
            held = sum(map(len, self._pictures.values()))
            if len(self._spans) >= _PORTION_SPANS or held >= _PORTION_PICTURE_BYTES:
                yield from self.rest()
        yield from refused

    def rest(self) -> Iterator[Message]:
        """Yield what waits, if anything."""
        spans, pictures = self._spans, self._pictures
        self._spans, self._pictures = [], self.new_pictures()
        if spans:
            yield Message(spans, PicturesBeside(self.path, pictures))

    def _cleaned(
        self, raws: Iterable[RawSpan | ValueError], refuse: Callable[[str], None]
    ) -> Iterator[Span]:
        try:
            for span in all_cleaned(
                raws,
                max_bytes=MAX_READ_BYTES,
                prepare=self._without_pictures,
                on_bad=lambda error: refuse(str(error)),
            ):
                if not span.is_open:
                    yield span
                elif self.close_at is not None:
                    yield interrupted(span, self.close_at)
                elif _says_it_runs(span.attributes):
                    yield span
                # A task of which only steps are known is exported with a span without an end.
                elif not is_task(span.attributes):
                    refuse(f"span {span.span_id} has not ended; export what has ended")
        except ValueError as error:
            refuse(str(error))
        except RecursionError:
            refuse("nested too deep")

    def _without_pictures(self, attributes: dict[str, Any]) -> dict[str, Any]:
        """Take the pictures out; the names of those that were taken out before stay."""
        before = attributes.get(semconv.SPAN_PICTURES)
        taken = self._pictures.take_out(attributes)
        if isinstance(before, list):
            names = [each for each in before if isinstance(each, str) and is_picture_name(each)]
            if names := [*dict.fromkeys((*names, *taken.get(semconv.SPAN_PICTURES, ())))]:
                taken[semconv.SPAN_PICTURES] = names
        return taken


def _says_it_runs(attributes: Mapping[str, Any]) -> bool:
    return is_step(attributes) or (is_task(attributes) and semconv.TASK_STATUS in attributes)
