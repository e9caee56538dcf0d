"""A step that a `StepTracker` records: what it has, and how it is said in a span of its own."""

import hashlib
import os
import stat
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from otel_steps.emit.content_switch import error_text
from otel_steps.emit.protection import unharmed
from otel_steps.emit.step_data import ScreenshotInfo, StepData
from otel_steps.emit.step_span import StepSpan
from otel_steps.emit.stopwatch import Stopwatch
from otel_steps.pictures.sources import is_given, path_of

# A FIFO would wait for its writer; Windows would translate line ends.
_OPEN_FLAGS: Final = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_CLOEXEC", 0)
)


class TrackedStep(NamedTuple):
    """
    A step that has begun.

    Attributes:
        step: What its tracker says of it.
        watch: Since it began.
        record: Called with `step` once it is over.
    """

    step: StepData
    watch: Stopwatch
    record: Callable[[StepData], None]


def record(span: StepSpan, step: StepData) -> None:
    """Say in *span* all that *step* says, and end it."""
    with unharmed("record what a tracker says of a step"):
        if step.thinking is not None:
            span.tell(thinking=step.thinking)
        if step.action_result is not None:
            span.tell(action_result=step.action_result)
        if step.metadata is not None:
            span.tell(metadata=step.metadata)
        if not step.success:
            span.fail(
                None, error_text(step.error_message) if step.error_message is not None else None
            )
        if is_given(step.screenshot_path):
            _show(span, step.screenshot_path)
    span.end()


def _show(span: StepSpan, picture: Any) -> None:
    """Set what a tracker calls the path of a screenshot; it may be the picture itself."""
    if path := path_of(picture):
        span.set_screenshot_path(path)
    span.show(picture)


def screenshot_info(path: str, step: StepData) -> ScreenshotInfo | None:
    """Return size and hash of the file at *path*, whatever is in it; None where there is none."""
    try:
        descriptor = os.open(path, _OPEN_FLAGS)
    except (OSError, ValueError):
        return None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return None
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            file_hash = hashlib.file_digest(file, "sha256").hexdigest()
    finally:
        os.close(descriptor)
    return ScreenshotInfo(
        local_path=path,
        file_size=status.st_size,
        file_hash=file_hash,
        metadata={
            "captured_at": step.timestamp.isoformat() if step.timestamp else None,
            "task_id": step.task_id,
            "step_id": step.step_id,
        },
    )
