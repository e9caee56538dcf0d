"""
`configure()`: the only module that knows all parts, and puts them together.

Three ways lead here: a call in the program, the `opentelemetry_pre_instrument` hook of
`opentelemetry-instrument`, and `otel-steps run`. All three end with a `StepSpanProcessor`, so all
three make the same promise. The hook is needed because the SDK wraps an exporter named by
`OTEL_TRACES_EXPORTER` in its own batch processor, whose queue dies with the process, and because a
processor has no entry point of its own.
"""

import logging
import os
import socket
import threading
from typing import Any, Protocol

from opentelemetry import trace
from opentelemetry.metrics import MeterProvider
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import AlwaysRecordSampler

from otel_steps import conventions, metrics, spans
from otel_steps.config import ConfigError, Settings, resolve
from otel_steps.health import Health
from otel_steps.instrumentation.autoglm_gui import AutoGLMGUIInstrumentor
from otel_steps.instrumentation.phone_agent import PhoneAgentInstrumentor
from otel_steps.problems import Problems
from otel_steps.processor import StepSpanProcessor
from otel_steps.recorder import new_shipper, settings_in_use
from otel_steps.redaction import Redact
from otel_steps.shipper import Shipper

_log = logging.getLogger(__name__)


class _TakesProcessors(Protocol):
    def add_span_processor(self, span_processor: SpanProcessor) -> None: ...


class Recording:
    """
    What `configure()` has set up.

    Attributes:
        settings: The settings in force.
    """

    def __init__(self, settings: Settings, processor: StepSpanProcessor) -> None:
        self.settings = settings
        self._processor = processor

    @property
    def problems(self) -> Problems:
        """Where problems of this recording are counted."""
        return self._processor.recorder.problems

    def flush(self, timeout_s: float = 30.0) -> bool:
        """Wait until the store has all that ended before; False where it has not by then."""
        return self._processor.recorder.flush(timeout_s)

    def health(self) -> Health:
        """Return counts and problems of the recording."""
        return self._processor.health()

    def shutdown(self) -> None:
        """Mark steps in flight as interrupted and ship for two seconds at most."""
        self._processor.shutdown()


_lock = threading.Lock()
_recording: Recording | None = None


def configure(
    store: str | None = None,
    *,
    redact: Redact | None = None,
    tracer_provider: TracerProvider | None = None,
    meter_provider: MeterProvider | None = None,
    instrument: bool = True,
    **settings: Any,
) -> Recording:
    """
    Record every agent of this process, and every task and step that is written by hand.

    Agents are those of Open-AutoGLM (`PhoneAgent` and its kin) and of AutoGLM-GUI.
    The provider that is there keeps its processors and gets ours beside them; where there is none,
    one is made. A second call changes nothing and returns what the first one set up.

    Args:
        store: URL of the store: `sqlite:///path`, `postgresql://...` or `supabase`.
        redact: Called as `redact(span_name, attributes)` before anything of a span is written;
            returns the attributes to keep, or None to keep none of the content.
        tracer_provider: The provider to use in place of the global one.
        meter_provider: Likewise, for the metrics of the recording itself.
        instrument: False where the instrumentors are called elsewhere.
        settings: Any other of the settings that `otel_steps.config.Settings` lists.

    Raises:
        ConfigError: A setting has a value that cannot be used.
    """
    global _recording  # noqa: PLW0603 - idempotent for the process, as the global provider is
    with _lock:
        resolved = resolve(store=store, **settings)
        if _recording is None:
            _recording = _wire(resolved, redact, tracer_provider or _global_provider())
            metrics.observe(_recording.health, meter_provider)
        elif resolved != _recording.settings:
            _log.warning("otel-steps is configured already; the new settings are not used")
        if instrument:
            _instrument(tracer_provider)
        return _recording


def _wire(settings: Settings, redact: Redact | None, provider: _TakesProcessors) -> Recording:
    spans.set_capture(settings.capture_content)
    conventions.set_openinference(settings.openinference)
    if settings.record_unsampled:
        _record_unsampled(provider)
    processor = StepSpanProcessor(redact=redact, **_values(settings))
    provider.add_span_processor(processor)
    return Recording(settings, processor)


def _instrument(tracer_provider: TracerProvider | None) -> None:
    for instrumentor in (PhoneAgentInstrumentor(), AutoGLMGUIInstrumentor()):
        if not instrumentor.is_instrumented_by_opentelemetry:
            instrumentor.instrument(tracer_provider=tracer_provider)


def _values(settings: Settings) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in settings.__dataclass_fields__}


def _record_unsampled(provider: _TakesProcessors) -> None:
    """
    Have tracers of *provider* record what its sampler drops, marked as not sampled.

    A span that was dropped has no attributes, so nothing can be done about it later. Processors
    that send spans elsewhere leave out those that are not sampled. Tracers that exist already keep
    the sampler they have; ours is made after this.
    """
    if isinstance(provider, TracerProvider):
        provider.sampler = AlwaysRecordSampler(provider.sampler)
    else:
        kind = type(provider).__name__
        _log.warning("OTEL_STEPS_RECORD_UNSAMPLED has no effect on a %s; set its sampler", kind)


def _global_provider() -> _TakesProcessors:
    provider = trace.get_tracer_provider()
    if not hasattr(provider, "add_span_processor"):
        resource = Resource.create({"host.name": socket.gethostname()})
        trace.set_tracer_provider(TracerProvider(resource=resource))
        provider = trace.get_tracer_provider()
    return provider  # type: ignore[return-value] # checked by the attribute that is used


def configure_zero_code() -> None:
    """
    Set up the recording for `opentelemetry-instrument`.

    This is the entry point of the group `opentelemetry_pre_instrument`.

    Never raises: an exception here would switch off all instrumentation of the program.
    """
    if os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return
    if os.environ.get("OTEL_TRACES_EXPORTER", "").strip().lower() == "none":
        return
    try:
        # An exporter that a configuration file has made brings settings; they hold for both.
        settings = settings_in_use()
        # The instrumentors have entry points of their own, which the user may have disabled.
        configure(instrument=False, **(_values(settings) if settings is not None else {}))
    except ConfigError as error:
        _log.error("otel-steps records nothing: %s", error)
    except Exception:  # noqa: BLE001 - an edge that protects the program
        _log.exception("otel-steps records nothing")


def backlog_shipper(settings: Settings, problems: Problems) -> Shipper:
    """Return a shipper for what other, dead processes have left in the journal of *settings*."""
    return new_shipper(settings, problems, None)
