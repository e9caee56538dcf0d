"""
The values that flow from the journal to a store: spans as OTLP has them, and rows as tables do.

Rows are ready for JSON: a time is an ISO 8601 string in UTC with six decimals, an id a string, and
a JSONB column holds plain Python values (`sanitize` has already made them storable). Field names
and order of a row class are the columns of its table.
"""

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

# Namespace of the ids derived from (trace_id, span_id); never change it: rows would double.
_ID_NAMESPACE: Final = uuid.UUID("8b1f6c52-7d0e-5c57-9a3b-0f6c1f0b7f7e")


def step_id(trace_id: str, span_id: str) -> str:
    """Return the id of the `task_steps` row of a span: the same for every arrival of that span."""
    return _uuid5(f"{trace_id}/{span_id}")


def screenshot_id(step: str, sha256: str) -> str:
    """Return the id of the `step_screenshots` row that joins a step to a picture."""
    return _uuid5(f"{step}/{sha256}")


def _uuid5(name: str) -> str:
    """Return `str(uuid.uuid5(...))` of our namespace, at a fraction of its time."""
    digits = hashlib.sha1(_ID_NAMESPACE.bytes + name.encode(), usedforsecurity=False).hexdigest()
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-5{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:32]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """
    A span as OTLP has it, with plain values and nothing of the SDK.

    Attributes:
        trace_id: 32 lower-case hex digits.
        span_id: 16 lower-case hex digits.
        parent_span_id: 16 lower-case hex digits, or None at the root.
        kind: The OTLP enum (1 INTERNAL, 2 SERVER, 3 CLIENT, ...).
        end_time_unix_nano: 0 while the span is open.
        status_code: The OTLP enum (0 UNSET, 1 OK, 2 ERROR).
        attributes: Keys to JSON values; also those of `resource`.
        events: `{"name", "time_unix_nano", "attributes"}` each.
        links: `{"trace_id", "span_id", "attributes"}` each.
    """

    trace_id: str
    span_id: str
    parent_span_id: str | None = None
    name: str
    kind: int = 1
    start_time_unix_nano: int
    end_time_unix_nano: int = 0
    attributes: Mapping[str, Any] = field(default_factory=dict)
    events: Sequence[Mapping[str, Any]] = ()
    links: Sequence[Mapping[str, Any]] = ()
    status_code: int = 0
    status_message: str = ""
    resource: Mapping[str, Any] = field(default_factory=dict)
    scope_name: str = ""
    scope_version: str = ""

    @property
    def is_open(self) -> bool:
        """True while the span has started and not ended."""
        return self.end_time_unix_nano == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPicture:
    """
    A picture that a store of pictures has taken: what is known once it has been read and saved.

    Attributes:
        sha256: Of the picture as captured; its name everywhere.
        path: Key below the root of the pictures, "ab/abcd....webp".
        file_size: Bytes of the saved file.
        file_hash: sha256 of the saved file.
        compressed: True where the saved file is not byte for byte the captured one.
        phash: 64-bit difference hash as a signed integer, None where the picture cannot be decoded.
        black: True where every pixel is black: a secure screen, or a capture that failed.
        remote_url: Stable address of the object where the pictures live elsewhere.
    """

    sha256: str
    path: str
    file_size: int
    file_hash: str
    compressed: bool
    mime_type: str
    width: int | None = None
    height: int | None = None
    phash: int | None = None
    black: bool = False
    remote_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """A row of `task_steps`."""

    id: str
    task_id: str
    step_number: int
    step_type: str
    step_data: Any
    thinking: str | None = None
    action_result: Any = None
    screenshot_path: str | None = None
    duration_ms: int | None = None
    success: bool | None = None
    error_message: str | None = None
    created_at: str
    screenshot_url: str | None = None
    status: str
    error_kind: str | None = None
    app: str | None = None
    action: Any = None
    started_at: str
    ended_at: str | None = None
    trace_id: str
    span_id: str
    parent_span_id: str | None = None
    timings: Mapping[str, Any] | None = None
    attributes: Mapping[str, Any] | None = None
    resource: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenshotRow:
    """A row of `step_screenshots`."""

    id: str
    task_id: str
    step_id: str
    screenshot_path: str
    file_size: int | None = None
    file_hash: str | None = None
    compressed: bool = False
    metadata: Mapping[str, Any] | None = None
    created_at: str
    remote_url: str | None = None
    width: int | None = None
    height: int | None = None
    mime_type: str | None = None
    phash: int | None = None
    sensitive: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRow:
    """
    A row of `tasks`, without its totals: the store counts those from the steps that it holds.

    A task known only from its steps has no status: nobody has said how it stands.
    """

    task_id: str
    task_description: str | None = None
    status: str | None = None
    created_at: str
    last_activity: str
    end_time: str | None = None
    result: str | None = None
    error_message: str | None = None
    config: Mapping[str, Any] | None = None
    agent: str | None = None
    model: str | None = None
    device_id: str | None = None
    trace_id: str | None = None
    resource: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanRow:
    """A row of `task_spans`: a span of the trace that is neither task nor step, as it was."""

    trace_id: str
    span_id: str
    parent_span_id: str | None = None
    task_id: str | None = None
    name: str
    kind: int
    started_at: str
    ended_at: str | None = None
    duration_ms: float | None = None
    status_code: int
    status_message: str | None = None
    attributes: Mapping[str, Any] | None = None
    events: Sequence[Mapping[str, Any]] | None = None
    links: Sequence[Mapping[str, Any]] | None = None
    scope: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Rows to store in one transaction; any order, duplicates already merged."""

    tasks: Sequence[TaskRow] = ()
    steps: Sequence[StepRow] = ()
    screenshots: Sequence[ScreenshotRow] = ()
    spans: Sequence[SpanRow] = ()

    def __len__(self) -> int:
        return len(self.tasks) + len(self.steps) + len(self.screenshots) + len(self.spans)
