"""`TaskStepsExporter`: a plain `SpanExporter`, for whoever brings a span processor of his own."""

import logging
from collections.abc import Sequence
from typing import Unpack

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from otel_steps.admit import Redact
from otel_steps.config import ConfigError, SettingsArguments
from otel_steps.emit import side_channel
from otel_steps.recorder import Recorder, SettingsInUse, shared_recorder

_log = logging.getLogger(__name__)


class TaskStepsExporter(SpanExporter):
    """
    Puts spans of tasks and steps into the journal, from where they reach the store.

    SUCCESS means that every span is on disk. It is a weaker promise than `StepSpanProcessor`'s:
    spans that wait in the processor in front (`BatchSpanProcessor` holds them for 5 seconds) die
    with the process, and steps in flight are not seen. Where both are wired for one journal, each
    span is still recorded once.

    The constructor connects to nothing and never raises, since the SDK would switch off all
    telemetry of the program: a setting that cannot be used is logged, and exports then fail. So
    they do where this process records in the same folder already with other settings, which stay;
    `health()` names what differs.

    Args:
        store: URL of the store: `sqlite:///path`, `postgresql://...` or `supabase`.
        redact: As for `StepSpanProcessor`.
        settings: Any other of the settings that `configure()` takes.
    """

    def __init__(
        self,
        *,
        store: str | None = None,
        redact: Redact | None = None,
        **settings: Unpack[SettingsArguments],
    ) -> None:
        self._recorder: Recorder | None = None
        try:
            self._recorder = shared_recorder(redact=redact, store=store, **settings)
        except SettingsInUse as error:
            error.recorder.problems.report("settings", f"an exporter is left out: {error.message}")
            return
        except ConfigError as error:
            _log.error("otel-steps records nothing: %s", error)
            return
        self._recorder.expect_unseen_starts()
        side_channel.subscribe(self._recorder)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Put *spans* on disk; spans that belong to no task are left out."""
        if self._recorder is None:
            return SpanExportResult.FAILURE
        kept = [self._recorder.ended(span) for span in spans]
        return SpanExportResult.SUCCESS if all(kept) else SpanExportResult.FAILURE

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Wait until the store has all that was exported before."""
        return self._recorder is None or self._recorder.flush(timeout_millis / 1000)

    def shutdown(self) -> None:
        """Ship for two seconds at most; what is left arrives at the next start."""
        if self._recorder is not None:
            self._recorder.shutdown()
