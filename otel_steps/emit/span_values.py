"""What a value or an error becomes before it is an attribute of a span."""

import traceback
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final

from opentelemetry.util.types import AttributeValue

from otel_steps.emit.content_switch import captures_errors
from otel_steps.sanitize import clean, scrub, to_json

# Of the errors of a group: most often one has cancelled the others.
MAX_REASONS: Final = 5


def error_type(error: BaseException) -> str:
    """Return the qualified name of an exception's class, the value of `error.type`."""
    kind = type(error)
    return (
        kind.__qualname__
        if kind.__module__ == "builtins"
        else f"{kind.__module__}.{kind.__qualname__}"
    )


def describe_error(error: BaseException) -> str:
    """
    Return a line that names an exception and, if captured, its message, secrets masked.

    Of a group, such as a `TaskGroup` raises, the first few errors in it are told as well, however
    deep they lie: the group's own message only counts them.
    """
    if not captures_errors():
        return error_type(error)
    told = scrub(_line(error))
    if not isinstance(error, BaseExceptionGroup):
        return told
    reasons = list(islice(_leaves(error), MAX_REASONS + 1))
    lines = [scrub(_line(each)) for each in reasons[:MAX_REASONS]]
    return f"{told}: {'; '.join(lines)}{'; ...' if len(reasons) > MAX_REASONS else ''}"


def _line(error: BaseException) -> str:
    lines = traceback.format_exception_only(type(error), error)
    return "".join(lines).strip() or error_type(error)


def _leaves(group: "BaseExceptionGroup[BaseException]") -> Iterator[BaseException]:
    """Yield the errors of a group that are none themselves, in order; no depth is too much."""
    left: list[BaseException] = [group]
    while left:
        error = left.pop()
        if isinstance(error, BaseExceptionGroup):
            left += reversed(error.exceptions)
        else:
            yield error


def text_of(value: object) -> str | None:
    """Return *value* as a text, whatever it is: OpenTelemetry walks and prints what it is given."""
    if value is None or type(value) is str:
        return value
    cleaned, _ = clean(value)
    return cleaned if isinstance(cleaned, str) else to_json(cleaned)


def present(attributes: Mapping[str, Any]) -> dict[str, AttributeValue]:
    """Return *attributes* without those that are None."""
    return {key: value for key, value in attributes.items() if value is not None}
