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
from typing import Any, Unpack

from opentelemetry.metrics import MeterProvider
from opentelemetry.sdk.trace import TracerProvider

from otel_steps.admit import Redact
from otel_steps.config import Arguments, ConfigError, Settings, SettingsArguments
from otel_steps.emit import (
    content_switch,
    element_switch,
    measures,
    side_channel,
    tracing,
    vocabularies,
)
from otel_steps.guest import Guest
from otel_steps.health import metrics
from otel_steps.health.health import Health
from otel_steps.health.problems import Problems
from otel_steps.instrumentation.agent_instrumentor import AgentInstrumentor
from otel_steps.process.forks import no_fork
from otel_steps.recorder import (
    Recorder,
    SettingsInUse,
    check_same,
    new_shipper,
    recorder_in_use,
    shared_recorder,
)
from otel_steps.shipper import Shipper
from otel_steps.version import DISTRIBUTION

_log = logging.getLogger(__name__)


class Recording:
    """
    What `configure()` has set up.

    Attributes:
        settings: The settings in force.
    """

    def __init__(self, recorder: Recorder, guest: Guest, *, is_automatic: bool) -> None:
        self.settings = recorder.settings
        self._recorder = recorder
        self._guest = guest
        self._is_automatic = is_automatic

    @property
    def problems(self) -> Problems:
        """Where problems of this recording are counted."""
        return self._recorder.problems

    @property
    def has_ended(self) -> bool:
        """True once it has been shut down; `configure()` then begins another one."""
        return self._guest.has_left

    @property
    def gives_way(self) -> bool:
        """True where nobody has chosen its settings, and no exporter works with it."""
        return self._is_automatic and not self._recorder.expects_unseen_starts

    def check_same(self, redact: Redact | None, arguments: Arguments) -> None:
        """Check that it does what is asked for; raises as `shared_recorder.check_same` does."""
        check_same(self._recorder, redact=redact, arguments=arguments)

    def flush(self, timeout_s: float = 30.0) -> bool:
        """Wait until the store has all that ended before; False where it has not by then."""
        measures.settle()
        return self._recorder.flush(timeout_s)

    def health(self) -> Health:
        """Return counts and problems of the recording."""
        return self._recorder.health()

    def shutdown(self) -> None:
        """Mark steps in flight as interrupted and ship for two seconds at most."""
        measures.settle()
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
    **settings: Unpack[SettingsArguments],
) -> Recording:
    """
    Record every agent of this process, and every task and step that is written by hand.

    Agents are those of Open-AutoGLM (`PhoneAgent` and its kin) and of AutoGLM-GUI.
    The program's `TracerProvider` keeps its processors and gets ours beside them, whether it is set
    before this call or later; where it has none, tasks and steps come from one of our own, which
    nobody else sees. A second call returns what the first one set up, and looks for agents that
    have been imported in a way of their own since; after `shutdown()` it begins anew. What
    `opentelemetry-instrument` has set up without any argument gives way to what is given here.

    Whatever is not given, or None, comes from the environment (the README names the variable of
    each setting), or is the default.

    Args:
        store: URL of the store: `sqlite:///path`, `postgresql://...` or `supabase`; by default
            Supabase where its address and key are set, else `steps.db` in the data folder.
        redact: Called as `redact(span_name, attributes)` before anything of a span is written;
            returns the attributes to keep, or None to keep none of the content.
        tracer_provider: The provider to use in place of the global one.
        meter_provider: Likewise, for the metrics of the recording and of the agents.
        instrument: False where the instrumentors are called elsewhere.
        dir: The data folder, `~/.otel-steps`: `steps.db`, `screenshots/`, `problems/`, the journal.
        backup_dir: The journal; `backup/steps` in the data folder.
        durability: What a step survives once it has ended: `"process"` (the default) the death of
            the process, `"power"` a power cut too, `"memory"` neither.
        buffer_size: Steps that go to the store at once, 50; a full buffer does not wait.
        flush_interval_s: Seconds after which fewer go, too, 5.0.
        max_disk_bytes: Cap of the journal in bytes, or with a unit, such as `"500MiB"`; 2 GiB.
        screenshots: `"on"`, `"off"`, or `"on_error"` (kept for steps that failed only).
        screenshot_format: What pictures are compressed to: `"webp"`, `"jpeg"`, or `"png"`, which
            keeps them as captured.
        screenshot_url: Where pictures live, if not in the data folder or the project's bucket: a
            path, a `file:` URL, or any fsspec URL.
        archive: Where `otel-steps archive` puts old tasks: the same; `archive` in the data folder.
        capture_content: The parts of the content that are recorded, of `thinking`, `action`,
            `result` and `screenshot`; True or `"all"` for all of them, False or `"none"` for none.
        openinference: True where spans also carry OpenInference's attributes, for other backends.
        record_unsampled: True where spans that the sampler drops are recorded nevertheless.
        elements: True where an Android phone is asked, by `uiautomator dump` while the model of a
            PhoneAgent thinks, what a tap is on.
        token: What programs send to the viewer and the receiver, as `Authorization: Bearer`.
        viewer_url: Where people open the viewer, for links in messages of the webhook.
        webhook: The address that `otel-steps view` and `collect` tell of tasks that have failed;
            this process tells nobody.
        webhook_on: What is told: "failed", or "ended" for every task that has ended.
        webhook_format: The shape of what is told: "json", "slack" or "feishu".
        webhook_secret: What messages of the webhook are signed with.
        trace_url: Where another backend shows a trace: a web address with `{trace_id}` in it.
        root_path: Where a reverse proxy has the viewer and the receiver: a path, such as
            `/otel-steps`, or the whole address that people open.
        prices: A table of prices to tell costs by, in place of the one that comes with this
            package; whoever looks reads it, the recorder does not.
        schema: The schema of a PostgreSQL or Supabase database that holds our tables, `public`.
        retention: What is removed once a day, on a thread of its own, by one process for all that
            use the store, such as `"90d,max=20GB,keep=failed"`; by default nothing.
        supabase_url: Address of a Supabase project.
        supabase_key: Its secret key.

    Raises:
        ConfigError: A setting cannot be used, or this process records already with another one; the
            message names it and says what to do.
    """
    global _recording  # noqa: PLW0603 - idempotent for the process, as the global provider is
    arguments: Arguments = {"store": store, **settings}
    with no_fork(), _lock:
        former, recording = _recording, active()
        if recording is not None:
            recording = _still_fits(recording, redact, arguments)
        if recording is None:
            recorder = shared_recorder(redact=redact, **arguments)
            _recording = recording = _begin(recorder, tracer_provider, meter_provider)
        if instrument:
            _look_for_agents(
                tracer_provider, is_anew=former is not None and former is not recording
            )
        return recording


def _still_fits(
    recording: Recording, redact: Redact | None, arguments: Arguments
) -> Recording | None:
    """
    Return *recording*, or None where it has ended to make room for other settings.

    Raises:
        ConfigError: It has other settings, and somebody has chosen them.
    """
    try:
        recording.check_same(redact, arguments)
    except SettingsInUse:
        if not recording.gives_way:
            raise
        recording.shutdown()
        return None
    return recording


def _begin(
    recorder: Recorder,
    tracer_provider: TracerProvider | None = None,
    meter_provider: MeterProvider | None = None,
    *,
    is_automatic: bool = False,
) -> Recording:
    content_switch.set_capture(recorder.settings.capture_content)
    vocabularies.set_openinference(recorder.settings.openinference)
    element_switch.set_asked(recorder.settings.elements)
    side_channel.subscribe(recorder)
    guest = Guest(recorder, tracer_provider)
    tracing.follow(guest)
    recording = Recording(recorder, guest, is_automatic=is_automatic)
    metrics.observe(recording.health, meter_provider)
    measures.use(meter_provider)
    return recording


def instrument() -> None:
    """Find agents for a recording that begins with the first one, or is here already."""
    with no_fork(), _lock:
        _look_for_agents(None, is_anew=False)


def _look_for_agents(tracer_provider: TracerProvider | None, *, is_anew: bool) -> None:
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


def configure_zero_code() -> Guest | None:
    """
    Set up the recording in a program that was started by `opentelemetry-instrument`.

    Never raises; returns None where a setting cannot be used, which is logged.
    """
    global _recording  # noqa: PLW0603 - see configure
    try:
        with no_fork(), _lock:
            recording = active()
            if recording is None:
                # An exporter that a configuration file has made brings settings; they hold for
                # both. The instrumentors have entry points of their own, which the user may have
                # disabled.
                recorder = recorder_in_use() or shared_recorder()
                _recording = recording = _begin(recorder, is_automatic=True)
            return recording._guest
    except ConfigError as error:
        _log.error("otel-steps records nothing: %s", error)
    except Exception:  # noqa: BLE001 - an edge that protects the program
        _log.exception("otel-steps records nothing")
    return None


def backlog_shipper(settings: Settings, problems: Problems) -> Shipper:
    """Return a shipper for what other, dead processes have left in the journal of *settings*."""
    return new_shipper(settings, problems, None)
