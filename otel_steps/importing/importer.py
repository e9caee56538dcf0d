"""Writes what a source finds, as a shipper would: pictures first, then rows, in small batches."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Final

from otel_steps import semconv
from otel_steps.admit import Admission, picture_names
from otel_steps.errors import RowRejected, StoreUnavailable
from otel_steps.foreign_spans.traces import Traces
from otel_steps.importing.item import (
    Found,
    Item,
    Message,
    NamedPictures,
    PictureFile,
    PictureHeld,
    Refused,
)
from otel_steps.otlp.span import Span
from otel_steps.pictures.captured import PictureError, describe
from otel_steps.pictures.change import ChangeSince
from otel_steps.pictures.sources import read
from otel_steps.pictures.store import ScreenshotStore
from otel_steps.pictures.stored import StoredPicture
from otel_steps.rows.ids import step_id
from otel_steps.rows.judgement import without_judgement
from otel_steps.rows.mapping import batch_of
from otel_steps.rows.roles import is_step, is_task
from otel_steps.rows.succession import Succession
from otel_steps.sanitize import scrub
from otel_steps.stores.annotation import NOTHING_SAID, Annotation, AnnotationChanged
from otel_steps.stores.contract import Store

BATCH_SPANS: Final = 64


@dataclass
class Imported:
    """
    What has become of everything so far.

    Attributes:
        tasks: Ids of the tasks that were found.
        steps: Steps that the store has, now or already.
        spans: Spans that it has and that are neither.
        pictures: Steps whose picture the store has.
        missing_pictures: Steps whose picture is not where the source says.
        known: Spans that the store had already.
        refused: What could not be imported.
    """

    tasks: set[str] = field(default_factory=set)
    steps: int = 0
    spans: int = 0
    pictures: int = 0
    missing_pictures: int = 0
    known: int = 0
    refused: list[Refused] = field(default_factory=list)


class Importer:
    """
    Takes what sources find; `flush` writes what is left of the last batch.

    Args:
        store, screenshots: Where it goes.
        admit: Decides what of it may be kept, as of any other span.

    Attributes:
        imported: What has become of it.
    """

    def __init__(self, store: Store, screenshots: ScreenshotStore, admit: Admission) -> None:
        self.imported = Imported()
        self._store = store
        self._screenshots = screenshots
        self._admit = admit
        self._traces = Traces()
        self._waiting: list[Span] = []
        self._pictures: dict[str, StoredPicture] = {}
        self._succession = Succession()
        self._changes: dict[tuple[str, str], ChangeSince] = {}
        # Of tasks and of steps, whose rows are not there yet: task, step, what people say.
        self._said: list[tuple[str, str | None, Annotation]] = []

    def take(self, found: Found) -> None:
        """
        Import what was *found*.

        Raises:
            StoreUnavailable, StoreOnHold: The batch is not stored; importing again is harmless.
        """
        if isinstance(found, Refused):
            self.imported.refused.append(found)
            return
        for span in self._kept(found):
            self._compare(span)
            self._waiting.append(span)
            if len(self._waiting) >= BATCH_SPANS:
                self.flush()

    def flush(self) -> None:
        """Write what waits; raises as `take` does."""
        spans, self._waiting = self._waiting, []
        if spans:
            self._write(spans)
        self._judge()
        self._pictures = {}
        self._changes = {}

    def _judge(self) -> None:
        """Write what people say of what is stored by now, where nobody has said anything yet."""
        said, self._said = self._said, []
        for task_id, step, annotation in said:
            with suppress(AnnotationChanged):
                self._store.annotate(task_id, annotation, step_id=step, seen=NOTHING_SAID)

    def _note(self, span: Span, said: Mapping[str, Any]) -> None:
        task_id = span.attributes.get(semconv.TASK_ID)
        if said and isinstance(task_id, str):
            own = step_id(span.trace_id, span.span_id) if is_step(span.attributes) else None
            self._said.append((task_id, own, Annotation(**said)))

    def _compare(self, span: Span) -> None:
        """Find out what has changed since the pictures before those of *span*."""
        for pair in self._succession.pairs(span):
            if pair.after in self._pictures:
                change = self._screenshots.change(pair.before, pair.after, lambda _: None)
                if change is not None:
                    self._changes[pair.span_id, pair.name] = ChangeSince(pair.before, change)

    def _kept(self, found: Item | Message) -> Iterator[Span]:
        """Yield what may be kept of what was *found*, its pictures saved."""
        if isinstance(found, Item):
            self._note(found.span, found.said)
            yield self._with_picture(found)
            return
        bare: list[Span] = []
        for each in found.spans:
            span, said = without_judgement(each)
            self._note(span, said)
            bare.append(span)
        for told, is_own in self._traces.told(bare):
            span = self._admit(told, is_own=is_own)
            self._save_named(span, found.pictures)
            yield span

    def _save_named(self, span: Span, pictures: NamedPictures) -> None:
        """Save the pictures that *span* names, as far as they are known, here or from before."""
        for sha256 in picture_names(span):
            if sha256 in self._pictures:
                continue
            try:
                stored = self._screenshots.find(sha256)
                if stored is None and (data := pictures.find(sha256)) is not None:
                    stored = self._screenshots.save(sha256, data)
            except (PictureError, RowRejected) as error:
                self._refuse(f"picture {sha256}", str(error))
            else:
                if stored is not None:
                    self._pictures[sha256] = stored

    def _refuse(self, source: str, reason: str) -> None:
        self.imported.refused.append(Refused(source, reason))

    def _with_picture(self, item: Item) -> Span:
        """Return what may be kept of *item*, and say of its picture what is to be said: saved."""
        span = self._admit(item.span)
        if not self._admit.captures("result"):
            span = _without(span, item.results)
        if item.picture is None or not self._admit.wants_picture(span):
            return span
        try:
            data = _content(item.picture)
            info = describe(data)
            self._pictures[info.sha256] = self._screenshots.save(info.sha256, data)
        except PictureError as error:
            self.imported.missing_pictures += 1
            return _with(span, {semconv.SCREENSHOT_ERROR: scrub(str(error))})
        except RowRejected as error:
            # A picture never costs the step.
            self._refuse(f"the picture of {_name(span)}", str(error))
            return _with(span, {semconv.SCREENSHOT_ERROR: scrub(str(error))})
        facts = {
            semconv.SCREENSHOT_SHA256: info.sha256,
            semconv.SCREENSHOT_WIDTH: info.width,
            semconv.SCREENSHOT_HEIGHT: info.height,
            semconv.SCREENSHOT_SIZE: info.size,
            semconv.SCREENSHOT_MIME_TYPE: info.mime_type,
        }
        return _with(span, facts)

    def _write(self, spans: Sequence[Span]) -> None:
        """Store *spans*; what the store refuses for good is found by bisection."""
        try:
            batch = batch_of(spans, self._pictures, self._changes)
            written = self._store.write(batch)
            if written.known and batch.screenshots:
                # Known rows stay as they are, and may have come without their pictures.
                self._store.attach(batch.steps, batch.screenshots)
        except RowRejected as error:
            if len(spans) == 1:
                self._refuse(_name(spans[0]), str(error))
                return
        except StoreUnavailable as error:
            if len(spans) == 1 or not error.halve:
                raise
        else:
            self._count(spans, written.known)
            return
        half = len(spans) // 2
        self._write(spans[:half])
        self._write(spans[half:])

    def _count(self, spans: Sequence[Span], known: int) -> None:
        steps = [span for span in spans if is_step(span.attributes)]
        tasks = [span for span in spans if is_task(span.attributes)]
        named = (span.attributes.get(semconv.TASK_ID) or span.trace_id for span in (*tasks, *steps))
        self.imported.tasks |= {str(each) for each in named}
        self.imported.steps += len(steps)
        self.imported.spans += len(spans) - len(steps) - len(tasks)
        shown = [span.attributes.get(semconv.SCREENSHOT_SHA256) for span in steps]
        self.imported.pictures += sum(each in self._pictures for each in shown)
        self.imported.missing_pictures += sum(
            each is not None and each not in self._pictures for each in shown
        )
        self.imported.known += known


def _content(picture: PictureFile | PictureHeld) -> bytes:
    """
    Return the picture.

    Raises:
        PictureError: There is none, or another one; of several reasons the first.
    """
    if isinstance(picture, PictureHeld):
        return read(picture.source)
    reasons = []
    for path in picture.paths:
        try:
            data = read(path)
        except PictureError as error:
            reasons.append(error)
            continue
        if picture.sha256 in (None, describe(data).sha256):
            return data
        reasons.append(PictureError(f"the file {path.name!r} is not the picture of this step"))
    raise reasons[0]


def _without(span: Span, keys: Collection[str]) -> Span:
    kept = {key: value for key, value in span.attributes.items() if key not in keys}
    return replace(span, attributes=kept)


def _with(span: Span, attributes: Mapping[str, Any]) -> Span:
    return replace(span, attributes={**span.attributes, **attributes})


def _name(span: Span) -> str:
    task_id = span.attributes.get(semconv.TASK_ID) or span.trace_id
    number = span.attributes.get(semconv.STEP_NUMBER)
    return f"task {task_id}" if number is None else f"task {task_id}, step {number}"
