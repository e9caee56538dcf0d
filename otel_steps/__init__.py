"""The flight recorder for phone and GUI agents: the public names, nothing else."""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from otel_steps.config import ConfigError
    from otel_steps.emit.step_data import StepData, StepType
    from otel_steps.exporter import TaskStepsExporter
    from otel_steps.health.health import Health
    from otel_steps.instrumentation.phone_agent import PhoneAgentInstrumentor
    from otel_steps.manual.blocks import step, task
    from otel_steps.manual.decorators import traced_step, traced_task
    from otel_steps.manual.tracker import StepTracker
    from otel_steps.pipeline import configure
    from otel_steps.processor import StepSpanProcessor
    from otel_steps.stores import open_store
    from otel_steps.version import __version__

__all__ = [
    "ConfigError",
    "Health",
    "PhoneAgentInstrumentor",
    "StepData",
    "StepSpanProcessor",
    "StepTracker",
    "StepType",
    "TaskStepsExporter",
    "__version__",
    "configure",
    "open_store",
    "step",
    "task",
    "traced_step",
    "traced_task",
]

# Loaded when first asked for: `opentelemetry-instrument` imports this package in every program.
_MODULES: Final = {
    "ConfigError": "config",
    "Health": "health.health",
    "PhoneAgentInstrumentor": "instrumentation.phone_agent",
    "StepData": "emit.step_data",
    "StepSpanProcessor": "processor",
    "StepTracker": "manual.tracker",
    "StepType": "emit.step_data",
    "TaskStepsExporter": "exporter",
    "__version__": "version",
    "configure": "pipeline",
    "open_store": "stores",
    "step": "manual.blocks",
    "task": "manual.blocks",
    "traced_step": "manual.decorators",
    "traced_task": "manual.decorators",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
