"""
What `opentelemetry-instrument` loads of this package in every program: next to nothing.

Most programs of an environment have no agent. So the recording starts when an agent's module is
imported or a task or step begins, and until then nothing of it is loaded, and no span waits for it.
"""

import os
from typing import TYPE_CHECKING

from otel_steps.emit import tracing

if TYPE_CHECKING:
    from otel_steps.guest import Guest


def prepare() -> None:
    """
    Set up the recording for later: the entry point of the group `opentelemetry_pre_instrument`.

    Never raises: an exception here would switch off all instrumentation of the program.
    """
    if os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return
    if os.environ.get("OTEL_TRACES_EXPORTER", "").strip().lower() == "none":
        return
    tracing.follow_later(start)


def start() -> "Guest | None":
    """Set up the recording; None where a setting cannot be used, which is logged."""
    from otel_steps.process.forks import no_fork

    with no_fork():
        from otel_steps import pipeline

        return pipeline.configure_zero_code()
