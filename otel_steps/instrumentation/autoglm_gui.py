"""
`AutoGLMGUIInstrumentor`: tasks and steps of AutoGLM-GUI's asynchronous agents, as they are.

It knows the OpenTelemetry API only. Agents that tell of a task in events are covered: those of
AutoGLM-GUI 1.5.2 and later, which have no `phone_agent`, and the adapters of others that come with
it. `PhoneAgentInstrumentor` has what earlier versions bundle.
"""

from types import ModuleType
from typing import TYPE_CHECKING, Final

from opentelemetry.trace import Tracer

from otel_steps.instrumentation.agent_instrumentor import AgentInstrumentor
from otel_steps.instrumentation.watched_modules import WatchedModules, classes_of

if TYPE_CHECKING:
    from otel_steps.instrumentation.stream_recorder import StreamRecorder

_MODULES: Final = tuple(
    f"AutoGLM_GUI.agents.{name}"
    for name in (
        "base.async_agent_base",
        *("glm.async_agent", "gemini.async_agent", "qwen.async_agent", "mai.async_agent"),
        *("midscene.async_agent", "droidrun.async_agent"),
    )
)


class AutoGLMGUIInstrumentor(AgentInstrumentor["StreamRecorder"]):
    """
    Instruments `AutoGLM_GUI`, whether it is imported already, later or never.

    `instrument(tracer_provider=None, meter_provider=None)` and `uninstrument()` may be called at
    any time and repeated.
    """

    @classmethod
    def _modules(cls) -> WatchedModules:
        return _modules

    @classmethod
    def _make_recorder(cls, tracer: Tracer) -> "StreamRecorder":
        from otel_steps.instrumentation.stream_recorder import StreamRecorder

        return StreamRecorder(tracer, meet=_patch_class)


def _patch_module(module: ModuleType) -> None:
    for cls in classes_of(module):
        _patch_class(cls)


_modules: Final = WatchedModules(_MODULES, _patch_module)


def _patch_class(cls: type) -> None:
    """Patch *cls* and its parents, as far as they are agents and not what agents look like."""
    recorder = AutoGLMGUIInstrumentor.recorder()
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
