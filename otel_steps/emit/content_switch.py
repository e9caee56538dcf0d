"""
Which parts of the content this process records: decided before anything is said in a span.

So a part that is switched off reaches no backend at all, not only no row. What others put into
their own spans is the business of `admit`.
"""

from otel_steps.config import CONTENT_PARTS, TEXT_PARTS

_capture: frozenset[str] = CONTENT_PARTS


def set_capture(parts: frozenset[str]) -> None:
    """Record only these parts of the content from now on (`config.CONTENT_PARTS` names them)."""
    global _capture  # noqa: PLW0603 - the policy is one for the process, as the tracer is
    _capture = parts


def captures(part: str) -> bool:
    """Tell whether *part* of the content is recorded."""
    return part in _capture


def captures_errors() -> bool:
    """Tell whether texts of errors are recorded: they may quote any other text."""
    return _capture >= TEXT_PARTS


def error_text(text: str) -> str:
    """Return what may be said of an error that others describe as *text*."""
    return text if captures_errors() else "text not captured"
