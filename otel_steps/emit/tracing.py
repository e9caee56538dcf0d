"""
The tracers of our own spans: they follow the program's `TracerProvider`, whenever it comes.

OpenTelemetry sets the global provider once, so whoever sets it first keeps out whoever comes later.
A recorder that is plugged into somebody's program must not be the first. So nothing is set here:
each span asks anew where it belongs, and a recording (`guest`) answers with the provider that the
program has by then, or with one of its own that nobody else sees.

Without a recording these are the tracers of the OpenTelemetry API.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from opentelemetry import trace
from opentelemetry.trace import Span, Tracer, TracerProvider
from opentelemetry.util.types import Attributes

from otel_steps.semconv.attribute import SCHEMA_URL


class Guest(Protocol):
    """What a recording does for our spans; it raises nothing."""

    def provider(self) -> TracerProvider:
        """Return the provider that the next span is to come from."""

    def began(self, span: Span, attributes: Attributes) -> None:
        """Take note of a span that has just begun with *attributes*."""


# Written as a whole and read without a lock, which a signal handler that begins a task might wait
# for: whoever meets a start that is under way makes it as well, so starting must bear repetition.
_guest: Guest | None = None
_later: Callable[[], Guest | None] | None = None
# By scope. Kept: the SDK finds its tracers under a lock, where a signal handler that writes a step
# would wait for the thread that it interrupts.
_following: "dict[str, _FollowingTracer]" = {}


def follow(guest: Guest | None) -> None:
    """Let *guest* hear of our spans from now on, in place of the one before."""
    global _guest, _later
    _guest, _later = guest, None


def follow_later(start: Callable[[], Guest | None]) -> None:
    """Have *start* called once an agent is met or a span of ours begins, unless one is here."""
    global _later  # noqa: PLW0603 - see follow
    if _guest is None:
        _later = start


def is_followed(guest: Guest) -> bool:
    """Tell whether *guest* is the one that hears of our spans."""
    return _guest is guest


def is_heard() -> bool:
    """Tell whether a guest hears of our spans, who is started now if that was put off."""
    return _present() is not None


def tracer(scope: str, version: str, provider: TracerProvider | None = None) -> Tracer:
    """Return a tracer of *provider*, or the one of that scope that follows the program's."""
    if provider is not None:
        return trace.get_tracer(scope, version, provider, SCHEMA_URL)
    _present()
    return _following.setdefault(scope, _FollowingTracer(scope, version))


def _present() -> Guest | None:
    """Return the guest, who is started now if that was put off."""
    if (start := _later) is not None:
        follow(start())
    return _guest


class _FollowingTracer(Tracer):
    def __init__(self, scope: str, version: str) -> None:
        self._scope = scope
        self._version = version
        # Replaced as a whole: several threads may begin spans.
        self._current: tuple[TracerProvider, Tracer] | None = None

    def start_span(self, name: str, *args: Any, **kwargs: Any) -> Span:
        guest = _present()
        provider = guest.provider() if guest is not None else trace.get_tracer_provider()
        span = self._tracer_of(provider).start_span(name, *args, **kwargs)
        if guest is not None:
            guest.began(span, kwargs.get("attributes"))
        return span

    @contextmanager
    def start_as_current_span(  # type: ignore[override] # typed as a decorator's own class there
        self, name: str, *args: Any, end_on_exit: bool = True, **kwargs: Any
    ) -> Iterator[Span]:
        with trace.use_span(self.start_span(name, *args, **kwargs), end_on_exit) as span:
            yield span

    def _tracer_of(self, provider: TracerProvider) -> Tracer:
        current = self._current
        if current is None or current[0] is not provider:
            tracer = provider.get_tracer(self._scope, self._version, SCHEMA_URL)
            current = self._current = (provider, tracer)
        return current[1]
