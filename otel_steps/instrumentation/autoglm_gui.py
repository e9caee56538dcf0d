"""
`AutoGLMGUIInstrumentor`: tasks and steps of AutoGLM-GUI's asynchronous agents, as they are.

It knows the OpenTelemetry API only. Agents that tell of a task in events are covered: those of
AutoGLM-GUI 1.5.2 and later, which have no `phone_agent`, and the adapters of others that come with
it. `PhoneAgentInstrumentor` has what earlier versions bundle.
"""

from collections.abc import Collection
from types import ModuleType
from typing import Any, ClassVar, Final

from opentelemetry import trace
from opentelemetry.instrumentation.instrumentor import BaseInstrumentor  # type: ignore[attr-defined]

from otel_steps.instrumentation.stream_recorder import StreamRecorder
from otel_steps.instrumentation.watched_modules import WatchedModules, classes_of
from otel_steps.version import __version__

_MODULES: Final = tuple(
    f"AutoGLM_GUI.agents.{name}"
    for name in (
        "base.async_agent_base",
        *("glm.async_agent", "gemini.async_agent", "qwen.async_agent", "mai.async_agent"),
        *("midscene.async_agent", "droidrun.async_agent"),
    )
)


class AutoGLMGUIInstrumentor(BaseInstrumentor):  # type: ignore[misc] # untyped
    """
    Instruments `AutoGLM_GUI`, whether it is imported already, later or never.

    `instrument(tracer_provider=None)` and `uninstrument()` may be called at any time and repeated.
    """

    _recorder: ClassVar[StreamRecorder | None] = None

    def instrumentation_dependencies(self) -> Collection[str]:
        """Return none: it may run from a clone, so that no distribution of it need exist."""
        return ()

    def _instrument(self, **kwargs: Any) -> None:
        tracer = trace.get_tracer(__name__, __version__, kwargs.get("tracer_provider"))
        AutoGLMGUIInstrumentor._recorder = StreamRecorder(tracer, meet=_patch_class)
        _modules.watch()

    def _uninstrument(self, **kwargs: Any) -> None:
        _modules.leave()
        recorder, AutoGLMGUIInstrumentor._recorder = AutoGLMGUIInstrumentor._recorder, None
        if recorder is not None:
            recorder.close()


def _patch_module(module: ModuleType) -> None:
    for cls in classes_of(module):
        _patch_class(cls)


_modules: Final = WatchedModules(_MODULES, _patch_module)


def _patch_class(cls: type) -> None:
    """Patch *cls* and its parents, as far as they are agents and not what agents look like."""
    recorder = AutoGLMGUIInstrumentor._recorder
    if recorder is None:
        return
    for relative in cls.__mro__:
        if callable(getattr(relative, "stream", None)) and not _is_protocol(relative):
            _modules.patch(relative, "__init__", recorder.init)
            _modules.patch(relative, "stream", recorder.stream)
            _modules.patch(relative, "reset", recorder.reset)


def _is_protocol(cls: type) -> bool:
    """Tell whether *cls* is a Protocol itself, whose `__init__` is not to be touched."""
    return bool(vars(cls).get("_is_protocol"))
