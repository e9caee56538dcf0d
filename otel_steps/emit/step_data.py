"""`StepType` and `StepData`: a step as users of the hand-written tracker know it."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Self

from otel_steps.emit.moment import Moment
from otel_steps.pictures.sources import path_of
from otel_steps.sanitize import clean

_log = logging.getLogger(__name__)


class StepType(Enum):
    """What kind of step it is."""

    THINKING = "thinking"
    ACTION = "action"
    SCREENSHOT = "screenshot"
    ERROR = "error"
    VALIDATION = "validation"
    COMPLETION = "completion"


def type_of(value: object) -> StepType | str:
    """Return the type that *value* is or names; any other name stays as it is."""
    if isinstance(value, StepType):
        return value
    try:
        return StepType(value)
    except ValueError:
        return str(clean(value)[0])


@dataclass
class StepData:
    """
    One step, as callbacks and `get_steps()` see it.

    Attributes:
        step_id: The id of its row in `task_steps`.
        step_type: A `StepType`, or the name of a kind that is none of them.
        screenshot_path: As it was given: a path or, as for `step()`, the picture itself.
        success: As it was given; None, as any other value that is not true, is a failure.
        timestamp: When it was recorded, with its time zone; by default now. It may be compared with
            times that have no zone, and subtracted from them: those are local.
    """

    step_id: str
    task_id: str
    step_number: int
    step_type: StepType | str
    step_data: Any
    thinking: str | None = None
    action_result: Any = None
    screenshot_path: str | None = None
    duration_ms: int | None = None
    success: bool | None = True
    error_message: str | None = None
    timestamp: datetime | None = None
    metadata: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        if self.timestamp is None:
            self.timestamp = Moment.now(UTC)
        elif isinstance(self.timestamp, datetime):
            self.timestamp = Moment.of(self.timestamp)

    def to_dict(self) -> dict[str, Any]:
        """Return the step as JSON values."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        values["screenshot_path"] = path_of(self.screenshot_path)
        if isinstance(self.step_type, StepType):
            values["step_type"] = self.step_type.value
        if isinstance(self.timestamp, datetime):
            values["timestamp"] = self.timestamp.isoformat()
        cleaned: dict[str, Any] = clean(values)[0]
        return cleaned

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """
        Return the step that `to_dict` described; *data* stays as it is, unknown keys are ignored.

        A type that is none of `StepType` is read as ACTION, and a time that is none as now; both
        are logged.

        Raises:
            TypeError: A field without a default is missing.
        """
        known = {each.name for each in fields(cls)}
        values = {key: value for key, value in data.items() if key in known}
        for name, parse in (("step_type", _parsed_type), ("timestamp", _parsed_time)):
            if name in values:
                values[name] = parse(values[name])
        return cls(**values)


def _parsed_type(value: object) -> StepType:
    step_type = type_of(value)
    if isinstance(step_type, StepType):
        return step_type
    _log.warning("%.80r is not a step type; it is read as an action", step_type)
    return StepType.ACTION


def _parsed_time(value: object) -> datetime | None:
    if value is None or isinstance(value, datetime):
        return value
    try:
        return datetime.fromisoformat(str(value))
    except ValueError:
        _log.warning("%.80r is not an ISO 8601 time; it is read as now", value)
        return None


@dataclass
class ScreenshotInfo:
    """A screenshot file that a step named."""

    local_path: str
    file_size: int
    file_hash: str
    compressed: bool = False
    metadata: dict[str, Any] | None = None
    remote_url: str | None = None
