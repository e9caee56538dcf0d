"""
What the instrumentors of agents have in common: each recorder is made when an agent is met.

`opentelemetry-instrument` loads every instrumentor in every program. So these import nothing that
watches an agent, which takes longer than many a program, before there is one.
"""

from abc import abstractmethod
from collections.abc import Collection, Sequence
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from opentelemetry.instrumentation.instrumentor import BaseInstrumentor  # type: ignore[attr-defined]
from opentelemetry.metrics import MeterProvider
from opentelemetry.trace import Tracer, TracerProvider

from otel_steps.instrumentation.watched_modules import WatchedModules


class Closing(Protocol):
    """A recorder of agents."""

    def close(self) -> None:
        """Stop recording."""


R = TypeVar("R", bound=Closing)


class AgentInstrumentor(BaseInstrumentor, Generic[R]):  # type: ignore[misc] # untyped
    """
    Instruments agents of a package, whether it is imported already, later or never.

    `instrument(tracer_provider=None, meter_provider=None)` and `uninstrument()` may be called at
    any time and repeated.
    """

    # Of the class: OpenTelemetry's instrumentors are singletons whose `__init__` runs again.
    _is_active: ClassVar[bool] = False
    _provider: ClassVar[TracerProvider | None] = None
    _meters: ClassVar[MeterProvider | None] = None
    _recorder: Any = None

    @classmethod
    @abstractmethod
    def _modules(cls) -> WatchedModules:
        """Return the modules that may have agents."""

    @classmethod
    def module_names(cls) -> Sequence[str]:
        """Return the full names of the modules that may have agents."""
        return cls._modules().names

    @classmethod
    @abstractmethod
    def _make_recorder(cls, tracer: Tracer) -> R:
        """Return what records agents."""

    @classmethod
    def recorder(cls) -> R | None:
        """Return what records agents, for the first one who asks made now; None while inactive."""
        from otel_steps.emit import measures, tracing
        from otel_steps.version import __version__

        if cls._is_active and cls._recorder is None:
            if cls._meters is not None:
                measures.use(cls._meters)
            cls._recorder = cls._make_recorder(
                tracing.tracer(cls.__module__, __version__, cls._provider)
            )
        recorder: R | None = cls._recorder
        return recorder

    def look_again(self) -> None:
        """Instrument agents that have come, or come anew, in a way that could not be heard of."""
        if type(self)._is_active:
            self._modules().watch()

    def instrumentation_dependencies(self) -> Collection[str]:
        """Return none: most users run a clone, so that no distribution of it need exist."""
        return ()

    def _instrument(self, **kwargs: Any) -> None:
        cls = type(self)
        cls._is_active, cls._provider = True, kwargs.get("tracer_provider")
        cls._meters = kwargs.get("meter_provider")
        self._modules().watch()

    def _uninstrument(self, **kwargs: Any) -> None:
        cls = type(self)
        self._modules().leave()
        cls._is_active = False
        recorder, cls._recorder = cls._recorder, None
        if recorder is not None:
            recorder.close()
