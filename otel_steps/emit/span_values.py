"""What a value or an error becomes before it is an attribute of a span."""

import traceback
from collections.abc import Mapping
from typing import Any

from opentelemetry.util.types import AttributeValue

from otel_steps.emit.content_switch import captures_errors
from otel_steps.sanitize import clean, scrub, to_json


def error_type(error: BaseException) -> str:
    """Return the qualified name of an exception's class, the value of `error.type`."""
    kind = type(error)
    return (
        kind.__qualname__
        if kind.__module__ == "builtins"
        else f"{kind.__module__}.{kind.__qualname__}"
    )


def describe_error(error: BaseException) -> str:
    """Return one line that names an exception and, if captured, its message, secrets masked."""
    if not captures_errors():
        return error_type(error)
    lines = traceback.format_exception_only(type(error), error)
    return scrub("".join(lines).strip() or error_type(error))


def text_of(value: object) -> str | None:
    """Return *value* as a text, whatever it is: OpenTelemetry walks and prints what it is given."""
    if value is None or type(value) is str:
        return value
    cleaned, _ = clean(value)
    return cleaned if isinstance(cleaned, str) else to_json(cleaned)


def present(attributes: Mapping[str, Any]) -> dict[str, AttributeValue]:
    """Return *attributes* without those that are None."""
    return {key: value for key, value in attributes.items() if value is not None}
