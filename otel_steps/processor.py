"""`StepSpanProcessor`: the batch span processor of this project."""

from typing import Unpack

from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor

from otel_steps.admit import Redact
from otel_steps.config import SettingsArguments
from otel_steps.emit import side_channel
from otel_steps.health.health import Health
from otel_steps.recorder import Recorder, shared_recorder


class StepSpanProcessor(SpanProcessor):
    """
    Records tasks and steps durably and sends them to a store in batches.

    The batch is on disk, not in memory: once `on_end` has returned, the span survives the death of
    the process. A full batch (50 steps) goes to the store at once, a smaller one after 5 seconds;
    an embedded store has its rows at once. `on_start` and `on_end` never wait for the network and
    raise nothing.

    It inherits from the SDK's public `SpanProcessor` only: the SDK's own batch processor drops what
    an exporter cannot take, and keeps its queue in memory.

    Args:
        store: URL of the store: `sqlite:///path`, `postgresql://...` or `supabase`.
        redact: Called as `redact(span_name, attributes)` before anything of a span is written;
            returns the attributes to keep, or None to keep none of the content.
        settings: Any other of the settings that `configure()` takes.

    Raises:
        ConfigError: A setting cannot be used, or this process records in the same folder already
            with another one.
    """

    def __init__(
        self,
        store: str | None = None,
        *,
        redact: Redact | None = None,
        **settings: Unpack[SettingsArguments],
    ) -> None:
        self._recorder = shared_recorder(redact=redact, store=store, **settings)
        side_channel.subscribe(self._recorder)

    @property
    def recorder(self) -> Recorder:
        """What this processor shares with an exporter of the same journal."""
        return self._recorder

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Make a task or step in flight visible, and durable as far as it is known."""
        self._recorder.started(span)

    def on_end(self, span: ReadableSpan) -> None:
        """Put the span on disk; from here on it survives the process."""
        self._recorder.ended(span)

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Wait until the store has all that ended before; tell the truth about whether it has."""
        return self._recorder.flush(timeout_millis / 1000)

    def shutdown(self) -> None:
        """Ship for two seconds at most; what is left arrives at the next start."""
        self._recorder.shutdown()

    def health(self) -> Health:
        """Return counts and problems of the recording."""
        return self._recorder.health()
