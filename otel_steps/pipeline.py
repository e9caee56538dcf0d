"""
`configure()`: the only module that knows all parts, and puts them together.

Three ways lead here: a call in the program, `otel-steps run`, and `zero_code` for
`opentelemetry-instrument`. All three end with a `Guest` at the program's `TracerProvider`, so all
three make the same promise. A processor of our own is needed because the SDK wraps an exporter
named by `OTEL_TRACES_EXPORTER` in its batch processor, whose queue dies with the process.
"""

import logging
import threading
from collections.abc import Iterator
from typing import Any

from opentelemetry.metrics import MeterProvider
from opentelemetry.sdk.trace import TracerProvider

from otel_steps.admit import Redact
from otel_steps.config import ConfigError, Settings, resolve
from otel_steps.emit import content_switch, side_channel, tracing, vocabularies
from otel_steps.guest import Guest
from otel_steps.health import metrics
from otel_steps.health.health import Health
from otel_steps.health.problems import Problems
from otel_steps.instrumentation.agent_instrumentor import AgentInstrumentor
from otel_steps.process.forks import no_fork
from otel_steps.recorder import Recorder, new_shipper, settings_in_use, shared_recorder
from otel_steps.shipper import Shipper
from otel_steps.version import DISTRIBUTION

_log = logging.getLogger(__name__)


class Recording:
    """
    What `configure()` has set up.

    Attributes:
        settings: The settings in force.
    """

    def __init__(self, settings: Settings, recorder: Recorder, guest: Guest) -> None:
        self.settings = settings
        self._recorder = recorder
        self._guest = guest

    @property
    def problems(self) -> Problems:
        """Where problems of this recording are counted."""
        return self._recorder.problems

    @property
    def has_ended(self) -> bool:
        """True once it has been shut down; `configure()` then begins another one."""
        return self._guest.has_left

    def flush(self, timeout_s: float = 30.0) -> bool:
        """Wait until the store has all that ended before; False where it has not by then."""
        return self._recorder.flush(timeout_s)

    def health(self) -> Health:
        """Return counts and problems of the recording."""
        return self._recorder.health()

    def shutdown(self) -> None:
        """Mark steps in flight as interrupted and ship for two seconds at most."""
        self._guest.leave()


_lock = threading.RLock()  # reentrant: a signal handler may be the first to begin a task
_recording: Recording | None = None


def active() -> Recording | None:
    """Return what records now, or None before `configure()` and after `shutdown()`."""
    recording = _recording
    return None if recording is None or recording.has_ended else recording


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
    The program's `TracerProvider` keeps its processors and gets ours beside them, whether it is set
    before this call or later; where it has none, tasks and steps come from one of our own, which
    nobody else sees. A second call changes no setting and returns what the first one set up, but
    looks for agents that have been imported in a way of their own since; after `shutdown()` it
    begins anew.

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
    with no_fork(), _lock:
        resolved = resolve(store=store, **settings)
        recording = former = _recording
        if recording is None or recording.has_ended:
            _recording = recording = _wire(resolved, redact, tracer_provider)
            metrics.observe(recording.health, meter_provider)
        elif resolved != recording.settings:
            _log.warning("otel-steps is configured already; the new settings are not used")
        if instrument:
            _instrument(tracer_provider, is_anew=former is not None and former is not recording)
        return recording


def _wire(settings: Settings, redact: Redact | None, provider: TracerProvider | None) -> Recording:
    content_switch.set_capture(settings.capture_content)
    vocabularies.set_openinference(settings.openinference)
    recorder = shared_recorder(settings, redact=redact)
    side_channel.subscribe(recorder)
    guest = Guest(recorder, provider)
    tracing.follow(guest)
    return Recording(settings, recorder, guest)


def _instrument(tracer_provider: TracerProvider | None, *, is_anew: bool) -> None:
    for instrumentor in instrumentors():
        if is_anew and instrumentor.is_instrumented_by_opentelemetry:
            instrumentor.uninstrument()
        if instrumentor.is_instrumented_by_opentelemetry:
            instrumentor.look_again()
        else:
            instrumentor.instrument(tracer_provider=tracer_provider)


def instrumentors() -> Iterator[AgentInstrumentor[Any]]:
    """Yield those that the distribution names, which `opentelemetry-instrument` loads as well."""
    for each in DISTRIBUTION.entry_points.select(group="opentelemetry_instrumentor"):
        yield each.load()()


def _values(settings: Settings) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in settings.__dataclass_fields__}


def configure_zero_code() -> Guest | None:
    """
    Set up the recording in a program that was started by `opentelemetry-instrument`.

    Never raises; returns None where a setting cannot be used, which is logged.
    """
    try:
        # An exporter that a configuration file has made brings settings; they hold for both.
        settings = settings_in_use()
        # The instrumentors have entry points of their own, which the user may have disabled.
        values = _values(settings) if settings is not None else {}
        return configure(instrument=False, **values)._guest
    except ConfigError as error:
        _log.error("otel-steps records nothing: %s", error)
    except Exception:  # noqa: BLE001 - an edge that protects the program
        _log.exception("otel-steps records nothing")
    return None


def backlog_shipper(settings: Settings, problems: Problems) -> Shipper:
    """Return a shipper for what other, dead processes have left in the journal of *settings*."""
    return new_shipper(settings, problems, None)
