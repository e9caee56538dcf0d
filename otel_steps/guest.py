"""
Our place at the `TracerProvider`s of a program, which are not ours.

The rules of a guest: no global provider is set; what a provider has stays; we sit down at the one
that the program has when a task or a step begins, again where it has been rebuilt meanwhile, and at
one of our own, which nobody else sees, only where the program has none.
"""

import atexit
import logging
import os
import socket
import threading

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.environment_variables import OTEL_SDK_DISABLED
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import AlwaysRecordSampler
from opentelemetry.trace import Span as ApiSpan
from opentelemetry.util.types import Attributes

from otel_steps.emit import tracing
from otel_steps.health.span_limits import cutting_variables, no_attribute_limits
from otel_steps.recorder import Recorder
from otel_steps.rows.roles import is_step_or_task

_log = logging.getLogger(__name__)

_COURTESY_S = 2.0


class Guest:
    """
    Sits at the providers that our spans come from; see `tracing.Guest`.

    Args:
        recorder: Hears of the spans of these providers.
        provider: The one to sit at in any case, in place of the global one.

    Attributes:
        has_left: True once the recording has been shut down.
    """

    def __init__(self, recorder: Recorder, provider: TracerProvider | None) -> None:
        self.has_left = False
        self._recorder = recorder
        self._given = provider
        self._own: TracerProvider | None = None
        # Reentrant: a signal handler may begin a task while a step begins.
        self._lock = threading.RLock()  # guards the making of `_own` and the taking of a seat
        self._seat = _Seat(self)
        self._met: list[trace.TracerProvider] = []  # few: a program has one global provider
        self._strange: type | None = None
        atexit.register(self.leave)
        if provider is not None or _takes_processors(trace.get_tracer_provider()):
            # Spans may also be made without our help, by whoever knows their attributes.
            self.provider()

    def provider(self) -> trace.TracerProvider:
        """Return the provider that the next span is to come from, with a seat of ours at it."""
        provider = self._given or trace.get_tracer_provider()
        if not _takes_processors(provider):
            self._note_strange(provider)
            provider = self._own_provider()
        if not any(provider is each for each in self._met):
            self._sit_down(provider)
        return provider

    def began(self, span: ApiSpan, attributes: Attributes) -> None:
        """See that a new task or step is heard of, whatever became of our seat meanwhile."""
        if self.has_left or not is_step_or_task(attributes or {}):
            return
        if not span.is_recording():
            self._note_unsampled()
        elif isinstance(span, ReadableSpan) and not self._recorder.has_heard(span):
            # The provider was rebuilt, as a second `logfire.configure()` does.
            self._sit_down(self.provider())
            self._recorder.started(span)

    def leave(self) -> None:
        """End the recording; spans that are open may still end."""
        if self.has_left:
            return
        self.has_left = True
        atexit.unregister(self.leave)
        self._recorder.shutdown(_COURTESY_S)

    def _own_provider(self) -> TracerProvider:
        with self._lock:
            if self._own is None:
                resource = Resource.create({"host.name": socket.gethostname()})
                self._own = TracerProvider(
                    resource=resource, shutdown_on_exit=False, span_limits=no_attribute_limits()
                )
            return self._own

    def _sit_down(self, provider: trace.TracerProvider) -> None:
        with self._lock:
            if not any(provider is each for each in self._met):
                self._met.append(provider)
                self._note_limits(provider)
                if self._recorder.settings.record_unsampled:
                    _record_unsampled(provider)
            if isinstance(provider, TracerProvider):
                # Past what a subclass makes of it: Phoenix's takes its own exporter away.
                TracerProvider.add_span_processor(provider, self._seat)
            else:
                provider.add_span_processor(self._seat)  # type: ignore[attr-defined] # see above
        # Called before what the provider has registered: it shuts us down, and we must have ended.
        atexit.unregister(self.leave)
        atexit.register(self.leave)

    def _note_unsampled(self) -> None:
        if os.environ.get(OTEL_SDK_DISABLED, "").strip().lower() != "true":
            message = "the sampler has dropped a task or step, so that it is not recorded"
            self._recorder.problems.report("unsampled", message)

    def _note_limits(self, provider: trace.TracerProvider) -> None:
        if provider is not self._own and (variables := cutting_variables(os.environ)):
            message = f"the program's TracerProvider cuts what tasks and steps say: {variables}"
            self._recorder.problems.report("limits", message)

    def _note_strange(self, provider: trace.TracerProvider) -> None:
        kind = type(provider)
        if isinstance(provider, trace.ProxyTracerProvider) or kind is self._strange:
            return
        self._strange = kind
        _log.warning(
            "the global TracerProvider (%s.%s) takes no span processors: tasks and steps are "
            "recorded, but do not reach it",
            *(kind.__module__, kind.__qualname__),
        )


class _Seat(SpanProcessor):
    """
    Hands on what one provider says.

    A provider that is shut down is not the end of the recording: the program may make another one.
    """

    def __init__(self, guest: Guest) -> None:
        self._guest = guest

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        if self._is_in_use:
            self._guest._recorder.started(span)

    def on_end(self, span: ReadableSpan) -> None:
        if self._is_in_use or self._guest._recorder.has_heard(span):
            self._guest._recorder.ended(span)

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._guest._recorder.flush(timeout_millis / 1000)

    def shutdown(self) -> None:
        if not self._guest.has_left:
            self._guest._recorder.flush(_COURTESY_S)

    @property
    def _is_in_use(self) -> bool:
        # After the end of a recording, until another one takes over, ends are still recorded.
        return tracing.is_followed(self._guest)


def _takes_processors(provider: trace.TracerProvider) -> bool:
    return hasattr(provider, "add_span_processor")


def _record_unsampled(provider: trace.TracerProvider) -> None:
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
