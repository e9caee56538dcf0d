"""A span as this project passes it on, from where it enters to its row."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

from otel_steps.otlp.record import record


@record
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
