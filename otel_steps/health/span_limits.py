"""
OpenTelemetry's limits for attributes, which cut thinking, actions and the hashes of pictures.

They hold for every span of a provider that reads them from the environment. Ours does not; what a
program's own provider cuts is gone before we see it, so that can only be told.
"""

from collections.abc import Mapping
from typing import Final

from opentelemetry.sdk.environment_variables import (
    OTEL_ATTRIBUTE_COUNT_LIMIT,
    OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT,
    OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT,
    OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT,
)
from opentelemetry.sdk.trace import SpanLimits

from otel_steps.sanitize import MAX_TEXT_BYTES

# Variable -> from which value on it cuts nothing of a recording. 128 is the SDK's own default.
_HARMLESS_FROM: Final[Mapping[str, int]] = {
    OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: MAX_TEXT_BYTES,
    OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT: MAX_TEXT_BYTES,
    OTEL_ATTRIBUTE_COUNT_LIMIT: 128,
    OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: 128,
}


def no_attribute_limits() -> SpanLimits:
    """Return limits that cut no attribute, whatever the environment says."""
    return SpanLimits(
        max_attributes=SpanLimits.UNSET,
        max_span_attributes=SpanLimits.UNSET,
        max_event_attributes=SpanLimits.UNSET,
        max_link_attributes=SpanLimits.UNSET,
        max_attribute_length=SpanLimits.UNSET,
        max_span_attribute_length=SpanLimits.UNSET,
    )


def cutting_variables(environ: Mapping[str, str]) -> str:
    """Return the variables that make a provider cut recordings, as `NAME=value, ...`, or ""."""
    return ", ".join(
        f"{name}={value}"
        for name, least in _HARMLESS_FROM.items()
        if (value := environ.get(name, "").strip()).isdecimal() and int(value) < least
    )
