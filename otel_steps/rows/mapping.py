"""
Spans to rows: which span is a task, a step or neither, and what stands in which column. Pure.

Whatever the attributes of an admitted span hold, of whatever type, it becomes a storable row: a
value that does not fit its column stays among the row's `attributes`, and the rest of the row is
not affected.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from otel_steps import semconv
from otel_steps.otlp.span import Span
from otel_steps.pictures.change import ChangeSince
from otel_steps.pictures.step_pictures import step_pictures
from otel_steps.pictures.stored import StoredPicture
from otel_steps.rows.extraction import MAX_INT32, Extraction, filling, project_of, word_of
from otel_steps.rows.ids import screenshot_id
from otel_steps.rows.implied import implied_tasks
from otel_steps.rows.interruption import INTERRUPTED
from otel_steps.rows.merging import merged
from otel_steps.rows.model import Batch, ScreenshotRow, SpanRow, StepRow, TaskRow
from otel_steps.rows.roles import is_step, is_task
from otel_steps.rows.succession import picture_row_name

PICTURE_LOST: Final = "the picture was lost before it could be stored"
PICTURE_BLACK: Final = (
    "the picture is all black: the capture failed, or the screen is protected against it"
)
PICTURE_SECURE: Final = "the phone refused the picture: a secure window, which nothing may capture"

_STATUS_ERROR: Final = 2
# Made once: a span costs no look at the table of columns.
_STEP: Final = filling(StepRow)
_TASK: Final = filling(TaskRow)
# An agent that another one calls adds up what its own steps have used, which count as well.
_AGENT_STEP: Final = tuple(each for each in _STEP if not each[0].endswith("_tokens"))

# By sha256: what the store of pictures has, or why it never will have it.
Pictures = Mapping[str, StoredPicture | str]
# By the id of its span and `picture_row_name`: what has changed since the picture before.
Changes = Mapping[tuple[str, str], ChangeSince]
_NO_CHANGES: Final[Changes] = {}


def batch_of(spans: Iterable[Span], pictures: Pictures, changes: Changes = _NO_CHANGES) -> Batch:
    """
    Return the rows of *spans*; of a span that comes more than once, the one that knows most.

    A task that is known only from its steps, or from a span that names it, gets a row without a
    status. Of two task spans of one trace the one that began first counts, as the one that has
    called the other; of two traces the later one, which does the task anew.

    Args:
        spans: In the order in which they were recorded; storable, as they are once admitted.
        pictures: What has become of the pictures that the spans name; those that are not there
            are on their way, and `Store.attach` gives them to their rows later.
        changes: As far as they are known; no row says anything of the others.
    """
    tasks: dict[str, TaskRow] = {}
    steps: list[StepRow] = []
    screenshots: list[ScreenshotRow] = []
    others: list[SpanRow] = []
    for span in merged(spans):
        taken = Extraction(span)
        if is_step(span.attributes):
            picture = _picture(taken, pictures)
            if picture:
                screenshots.append(_screenshot_row(taken, picture, changes))
            screenshots += _further_rows(taken, pictures, changes)
            steps.append(_step_row(taken, picture))
        elif is_task(span.attributes):
            row = _task_row(taken)
            known = tasks.get(row.task_id)
            if known is None or _counts(row, known):
                tasks[row.task_id] = row
        else:
            others.append(_span_row(taken))
    implied = implied_tasks([*steps, *others], tasks.keys())
    return Batch(
        tasks=[*tasks.values(), *implied], steps=steps, screenshots=screenshots, spans=others
    )


def _counts(row: TaskRow, known: TaskRow) -> bool:
    """Tell whether *row* is what is to be said of a task, and not *known*; see the stores."""
    if row.trace_id != known.trace_id:
        return row.created_at >= known.created_at
    return row.created_at < known.created_at


def _picture(taken: Extraction, pictures: Pictures) -> StoredPicture | None:
    """Return the picture of a step; where there will be none, see that the row says why."""
    sha256 = taken.rest.get(semconv.SCREENSHOT_SHA256)
    picture = pictures.get(sha256) if isinstance(sha256, str) else None
    if isinstance(picture, str):
        taken.rest.setdefault(semconv.SCREENSHOT_ERROR, picture)
        return None
    if picture is not None and picture.black:
        reason = PICTURE_SECURE if _is_sensitive(taken) else PICTURE_BLACK
        taken.rest.setdefault(semconv.SCREENSHOT_ERROR, reason)
    return picture


def _is_sensitive(taken: Extraction) -> bool | None:
    value = taken.rest.get(semconv.SCREENSHOT_SENSITIVE)
    return value if isinstance(value, bool) else None


def _screenshot_row(taken: Extraction, picture: StoredPicture, changes: Changes) -> ScreenshotRow:
    def number(key: str) -> int | None:
        value = taken.rest.get(key)
        return value if type(value) is int and 0 <= value <= MAX_INT32 else None

    width, height = (number(key) for key in (semconv.SCREENSHOT_WIDTH, semconv.SCREENSHOT_HEIGHT))
    # What EXIF turns by a quarter is upright once it is stored.
    if None in (width, height) or (height, width) == (picture.width, picture.height):
        width, height = picture.width, picture.height
    row = _picture_row(
        taken,
        picture,
        changes=changes,
        name=picture_row_name(picture.sha256),
        told={"original_size": number(semconv.SCREENSHOT_SIZE)},
        sensitive=_is_sensitive(taken),
    )
    return replace(row, width=width, height=height)


def _further_rows(
    taken: Extraction, pictures: Pictures, changes: Changes
) -> Iterable[ScreenshotRow]:
    """Yield the rows of the further pictures of a step: these alone have a role."""
    for each in step_pictures(taken.rest.get(semconv.PICTURES)):
        picture = pictures.get(each.sha256 or "")
        if isinstance(picture, StoredPicture):
            yield _picture_row(
                taken,
                picture,
                changes=changes,
                name=picture_row_name(picture.sha256, each.role),
                told={"role": each.role, "caption": each.caption},
                sensitive=each.sensitive,
            )


def _picture_row(
    taken: Extraction,
    picture: StoredPicture,
    *,
    changes: Changes,
    name: str,
    told: Mapping[str, Any],
    sensitive: bool | None,
) -> ScreenshotRow:
    since = changes.get((taken.span.span_id, name))
    return ScreenshotRow(
        id=screenshot_id(taken.id, name),
        task_id=taken.task_id,
        step_id=taken.id,
        screenshot_path=picture.path,
        file_size=picture.file_size,
        file_hash=picture.file_hash,
        compressed=picture.compressed,
        metadata={"sha256": picture.sha256, **told, "black": picture.black},
        created_at=taken.started_at,
        remote_url=picture.remote_url,
        width=picture.width,
        height=picture.height,
        mime_type=picture.mime_type,
        phash=picture.phash,
        sensitive=sensitive,
        change_since=since.picture if since else None,
        change_share=since.change.share if since else None,
        change_boxes=[list(box) for box in since.change.boxes] if since else None,
    )


def _step_row(taken: Extraction, picture: StoredPicture | None) -> StepRow:
    span = taken.span
    is_agent = taken.rest.get(semconv.GEN_AI_OPERATION_NAME) == semconv.INVOKE_AGENT
    said = taken.take(_AGENT_STEP if is_agent else _STEP)
    success = said.get("success")
    if success is None and not span.is_open:
        success = said["success"] = span.status_code != _STATUS_ERROR
    said["error_message"] = taken.error_message(
        said.get("error_message"), is_failed=success is False
    )
    if span.events:
        taken.rest[semconv.SPAN_EVENTS] = list(span.events)
    return StepRow(
        id=taken.id,
        task_id=taken.task_id,
        screenshot_path=picture.path if picture else None,
        duration_ms=_duration_ms(span),
        created_at=taken.started_at,
        screenshot_url=picture.remote_url if picture else None,
        status=_step_status(span, said.get("error_kind"), success),
        started_at=taken.started_at,
        ended_at=taken.ended_at,
        trace_id=span.trace_id,
        span_id=span.span_id,
        parent_span_id=span.parent_span_id,
        timings=taken.take_timings(),
        attributes=taken.rest,
        resource=span.resource,
        **said,
    )


def _step_status(span: Span, error_kind: str | None, success: bool | None) -> str:
    if span.is_open:
        return "running"
    if error_kind == INTERRUPTED:
        return INTERRUPTED
    return "completed" if success else "failed"


def _task_row(taken: Extraction) -> TaskRow:
    span = taken.span
    # The conventions' own word for it, where a span has no other.
    taken.rest.setdefault(semconv.SESSION_ID, taken.rest.pop(semconv.GEN_AI_CONVERSATION_ID, None))
    said = taken.take(_TASK)
    config = said.get("config")
    if config is not None and not isinstance(config, dict):
        said["config"] = {"value": config}
    said.setdefault("device_id", word_of(span.resource, semconv.DEVICE_ID))
    said.setdefault("project", project_of(span.resource))
    said["status"] = _task_status(span, said.get("status"))
    said["error_message"] = taken.error_message(
        said.get("error_message"), is_failed=span.status_code == _STATUS_ERROR
    )
    return TaskRow(
        task_id=taken.task_id,
        created_at=taken.started_at,
        last_activity=taken.ended_at or taken.started_at,
        end_time=taken.ended_at,
        trace_id=span.trace_id,
        resource=span.resource,
        **said,
    )


def _task_status(span: Span, status: str | None) -> str:
    # Open is running, whatever it says: a store replaces no other status by a later one.
    if span.is_open:
        return "running"
    if status is None or status == "running":
        return "failed" if span.status_code == _STATUS_ERROR else "completed"
    return status


def _span_row(taken: Extraction) -> SpanRow:
    span = taken.span
    nanos = max(0, span.end_time_unix_nano - span.start_time_unix_nano)
    return SpanRow(
        trace_id=span.trace_id,
        span_id=span.span_id,
        parent_span_id=span.parent_span_id,
        task_id=taken.task_id if taken.names_task else None,
        name=span.name,
        kind=span.kind,
        started_at=taken.started_at,
        ended_at=taken.ended_at,
        duration_ms=None if span.is_open else nanos / 1e6,
        status_code=span.status_code,
        status_message=span.status_message or None,
        attributes=taken.rest,
        events=list(span.events),
        links=list(span.links),
        scope=f"{span.scope_name} {span.scope_version}".strip() or None,
    )


def _duration_ms(span: Span) -> int | None:
    if span.is_open:
        return None
    nanos = span.end_time_unix_nano - span.start_time_unix_nano
    return max(0, min(round(nanos / 1e6), MAX_INT32))
