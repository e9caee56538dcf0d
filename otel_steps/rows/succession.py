"""
Which picture of a task came before which, as far as this process has seen them.
"""

from collections import OrderedDict
from collections.abc import Iterator
from typing import Final, NamedTuple

from otel_steps import semconv
from otel_steps.otlp.span import Span
from otel_steps.pictures.step_pictures import step_pictures
from otel_steps.rows.roles import is_step

_AFTER: Final[semconv.PictureRole] = "after"
# Tasks that take turns in one process, and steps of which it is asked again.
_TASKS_KEPT: Final = 256
_STEPS_KEPT: Final = 2048


class PicturePair(NamedTuple):
    """
    A picture and the one that it is to be compared with.

    Attributes:
        span_id: Of the step whose picture it is.
        name: What it is called among the pictures of its step, see `picture_row_name`.
        before, after: The sha256 of both.
    """

    span_id: str
    name: str
    before: str
    after: str


class _Latest(NamedTuple):
    start_time_unix_nano: int
    sha256: str


def picture_row_name(sha256: str, role: str | None = None) -> str:
    """Return what a picture is called among those of its step."""
    # What has not changed the screen has the same picture before and after.
    return sha256 if role is None else f"{role}:{sha256}"


class Succession:
    """
    Remembers the latest picture of each task; one thread at a time.

    The picture of a step follows that of the step before it, its own one after the action follows
    the one before. The first one that this process sees of a task follows nothing, nor does a step
    that comes out of turn.
    """

    def __init__(self) -> None:
        self._latest: OrderedDict[str, _Latest] = OrderedDict()  # by task
        self._before: OrderedDict[str, str | None] = OrderedDict()  # by span

    def pairs(self, span: Span) -> Iterator[PicturePair]:
        """Yield the pairs that *span* has the second picture of; the same ones each time."""
        own = span.attributes.get(semconv.SCREENSHOT_SHA256)
        if not isinstance(own, str) or not is_step(span.attributes):
            return
        before = self._before_step(span, own)
        if before is not None:
            yield PicturePair(span.span_id, picture_row_name(own), before, own)
        for each in step_pictures(span.attributes.get(semconv.PICTURES)):
            if each.role == _AFTER and each.sha256:
                name = picture_row_name(each.sha256, each.role)
                yield PicturePair(span.span_id, name, own, each.sha256)

    def _before_step(self, span: Span, own: str) -> str | None:
        if span.span_id in self._before:
            return self._before[span.span_id]
        task = str(span.attributes.get(semconv.TASK_ID) or span.trace_id)
        latest = self._latest.get(task)
        is_next = latest is None or latest.start_time_unix_nano < span.start_time_unix_nano
        if is_next:
            self._latest[task] = _Latest(span.start_time_unix_nano, own)
            self._latest.move_to_end(task)
        before = latest.sha256 if latest is not None and is_next else None
        self._before[span.span_id] = before
        if len(self._latest) > _TASKS_KEPT:
            self._latest.popitem(last=False)
        if len(self._before) > _STEPS_KEPT:
            self._before.popitem(last=False)
        return before
