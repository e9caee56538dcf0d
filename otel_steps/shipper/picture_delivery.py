"""
The pictures of one portion: which have arrived, which never will, which are on their way.

Carries nothing itself, that is the business of `Courier`; writes no row, that is `Delivery`'s.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from otel_steps import semconv
from otel_steps.health.problems import Problems
from otel_steps.journal.backlog_pictures import BacklogPictures
from otel_steps.journal.dead_letters import DeadLetters
from otel_steps.otlp.span import Span
from otel_steps.pictures import step_pictures
from otel_steps.pictures.change import NO_CHANGE, ChangeSince
from otel_steps.pictures.stored import StoredPicture
from otel_steps.rows.mapping import PICTURE_LOST
from otel_steps.rows.succession import PicturePair, Succession
from otel_steps.shipper.courier import Courier
from otel_steps.shipper.picture_outcome import Compared, PictureOutcome, PictureRefusal, Settled

# Span id -> sha256 of its picture, which is on its way.
Waiting = dict[str, str]


class PictureDelivery:
    """
    Has the pictures of spans saved, and takes those out of the journal that have an outcome.

    On the thread that ships only, as `Delivery`; `Courier` has threads of its own.

    Attributes:
        dead: BacklogPictures that went to the dead letters.
    """

    def __init__(self, dead_letters: DeadLetters, courier: Courier, problems: Problems) -> None:
        self.dead = 0
        self._dead_letters = dead_letters
        self._courier = courier
        self._problems = problems
        self._succession = Succession()

    @property
    def is_busy(self) -> bool:
        """True while no more pictures are taken: those that wait have to wait for others."""
        return self._courier.is_full

    def is_settled(self, sha256: str) -> bool:
        """Tell whether a picture is on its way no longer: it has arrived, or never will."""
        return self._courier.outcome(sha256) is not None

    def outcomes(self, spans: Sequence[Span], pictures: BacklogPictures) -> Settled:
        """Return what has become of the pictures of *spans*; have the others saved."""
        pairs = [pair for span in spans for pair in self._succession.pairs(span)]
        outcomes: dict[str, PictureOutcome] = {}
        for name in dict.fromkeys(name for span in spans for name in picture_names(span)):
            outcome = self._courier.outcome(name)
            if outcome == PICTURE_LOST and _is_here(name, pictures):
                # It was for another step; this one has brought it along.
                self._courier.forget(name)
                outcome = None
            elif outcome == PICTURE_LOST and (reason := self._dead_letters.picture_reason(name)):
                outcome = PictureRefusal(reason)  # it came before, with another step
            if outcome is None:
                self._courier.want(name, pictures, _before(name, pairs))
            else:
                outcomes[name] = outcome
        return Settled(outcomes, self._changes(pairs, outcomes, pictures))

    def _changes(
        self,
        pairs: Iterable[PicturePair],
        outcomes: dict[str, PictureOutcome],
        pictures: BacklogPictures,
    ) -> dict[tuple[str, str], ChangeSince]:
        """Return what has changed; take those out of *outcomes* that are still to be compared."""
        changes = {}
        for pair in pairs:
            if not isinstance(outcomes.get(pair.after), StoredPicture):
                continue
            compared = self._compared(pair)
            if compared is None:
                # It was saved for another step, behind another picture.
                self._courier.want(pair.after, pictures, pair.before)
                del outcomes[pair.after]
            elif compared.change is not None:
                changes[pair.span_id, pair.name] = ChangeSince(pair.before, compared.change)
        return changes

    def _compared(self, pair: PicturePair) -> Compared | None:
        if pair.before == pair.after:
            return Compared(NO_CHANGE)
        return self._courier.compared(pair.before, pair.after)

    def clear(
        self,
        spans: Sequence[Span],
        outcomes: Mapping[str, PictureOutcome],
        pictures: BacklogPictures,
    ) -> Waiting:
        """Take pictures that have an outcome out of the journal; return what stays in it."""
        gone = {}
        for sha256, outcome in outcomes.items():
            if isinstance(outcome, PictureRefusal) and not self._set_aside(
                sha256, outcome, spans, pictures
            ):
                continue
            pictures.remove(sha256)
            gone[sha256] = outcome
        return still_waiting(spans, gone)

    def tell_missing(self, spans: Sequence[Span]) -> None:
        """Report steps that had a picture nobody could take hold of: nothing of it is anywhere."""
        for span in spans:
            reason = span.attributes.get(semconv.SCREENSHOT_ERROR)
            if reason is not None and picture_name(span) is None:
                message = f"the step of span {span.span_id} has no picture: {reason}"
                self._problems.report("screenshot", message)

    def _set_aside(
        self, sha256: str, refusal: PictureRefusal, spans: Sequence[Span], pictures: BacklogPictures
    ) -> bool:
        """Make a dead letter of a picture; False where the disk does not take it for now."""
        named_by = [span for span in spans if sha256 in picture_names(span)]
        try:
            is_new = pictures.set_aside(sha256, named_by, reason=refusal, code=refusal.code)
        except OSError as error:
            self._problems.report("journal", f"picture {sha256} cannot be set aside: {error}")
            return False
        self.dead += is_new
        return True


def _before(name: str, pairs: Iterable[PicturePair]) -> str | None:
    """Return the picture that one is to be compared with, the first of several."""
    others = (pair.before for pair in pairs if pair.after == name and pair.before != name)
    return next(others, None)


def _is_here(name: str, pictures: BacklogPictures) -> bool:
    try:
        return pictures.read(name) is not None
    except OSError:
        return True  # whoever saves it says why it cannot be read now


def picture_name(span: Span) -> str | None:
    """Return the name of the picture of a step, or None."""
    name = span.attributes.get(semconv.SCREENSHOT_SHA256)
    return name if isinstance(name, str) else None


def row_pictures(span: Span) -> Iterator[str]:
    """Yield the names of the pictures that get a row: the one before the action, and the others."""
    if name := picture_name(span):
        yield name
    yield from step_pictures.picture_names(span.attributes.get(semconv.PICTURES))


def picture_names(span: Span) -> Iterator[str]:
    """Yield the names of the pictures of *span*, and of those that its messages refer to."""
    yield from row_pictures(span)
    names = span.attributes.get(semconv.SPAN_PICTURES)
    if isinstance(names, list):
        yield from (name for name in names if isinstance(name, str))


def still_waiting(spans: Sequence[Span], outcomes: Mapping[str, PictureOutcome]) -> Waiting:
    """Return those of *spans* that name a picture without an outcome."""
    return {
        span.span_id: name for span in spans for name in picture_names(span) if name not in outcomes
    }
