"""
`AutoGLMGUISyncInstrumentor`: tasks and steps of AutoGLM-GUI's synchronous agents, as they are.

It knows the OpenTelemetry API only. Covered are the agents that AutoGLM-GUI has of its own beside
those that `AutoGLMGUIInstrumentor` knows: for GLM in 1.5.0 to 1.5.8, for MAI in 1.4.1 to 1.5.14.
They have the shape of `PhoneAgent`, with calls of their own.
"""

from types import ModuleType
from typing import TYPE_CHECKING, Final

from opentelemetry.trace import Tracer

from otel_steps.instrumentation.agent_instrumentor import AgentInstrumentor
from otel_steps.instrumentation.watched_modules import WatchedModules, classes_of

if TYPE_CHECKING:
    from otel_steps.instrumentation.agent_recorder import AgentRecorder

_MODULES: Final = tuple(
    f"AutoGLM_GUI.agents.{name}" for name in ("glm.agent", "mai.agent", "mai_adapter")
)


class AutoGLMGUISyncInstrumentor(AgentInstrumentor["AgentRecorder"]):
    """
    Instruments `AutoGLM_GUI`, whether it is imported already, later or never.

    `instrument(tracer_provider=None, meter_provider=None)` and `uninstrument()` may be called at
    any time and repeated.
    """

    @classmethod
    def _modules(cls) -> WatchedModules:
        return _modules

    @classmethod
    def _make_recorder(cls, tracer: Tracer) -> "AgentRecorder":
        from otel_steps.instrumentation.agent_recorder import AgentRecorder
        from otel_steps.instrumentation.device_step import DeviceStepRun

        return AgentRecorder(tracer, _patch_class, DeviceStepRun)


def _patch_module(module: ModuleType) -> None:
    for cls in classes_of(module):
        _patch_class(cls)


_modules: Final = WatchedModules(_MODULES, _patch_module)


def _patch_class(cls: type) -> None:
    """Patch *cls* and its parents, as far as they are agents."""
    recorder = AutoGLMGUISyncInstrumentor.recorder()
    if recorder is None:
        return
    for relative in cls.__mro__:
        if callable(getattr(relative, "_execute_step", None)):
            _modules.patch(relative, "__init__", recorder.init)
            _modules.patch(relative, "run", recorder.run)
            _modules.patch(relative, "_execute_step", recorder.execute_step)
            _modules.patch(relative, "reset", recorder.reset)
