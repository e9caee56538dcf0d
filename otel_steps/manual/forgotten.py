"""What is said once where steps are taken by hand and nobody has switched the recording on."""

import logging
import os

from otel_steps.emit import side_channel, tracing

_log = logging.getLogger(__name__)

_is_told = False


def tell_if_unrecorded(call: str) -> None:
    """Warn, the first time in this process, if nobody hears of what *call* is about to begin."""
    global _is_told  # noqa: PLW0603 - once for the process
    if _is_told or tracing.is_heard() or side_channel.is_heard() or _is_switched_off():
        return
    _is_told = True
    _log.warning(
        "%s records nothing: call otel_steps.configure() once, before it, at the start of the "
        "program (spans still go to a TracerProvider of the program's own)",
        call,
    )


def _is_switched_off() -> bool:
    return os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
