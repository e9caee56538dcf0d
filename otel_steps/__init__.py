"""The flight recorder for phone and GUI agents: the public names, nothing else."""

from otel_steps.config import ConfigError
from otel_steps.exporter import TaskStepsExporter
from otel_steps.health import Health
from otel_steps.instrumentation.phone_agent import PhoneAgentInstrumentor
from otel_steps.manual import step, task
from otel_steps.pipeline import configure
from otel_steps.processor import StepSpanProcessor
from otel_steps.stores import open_store
from otel_steps.tracker import StepData, StepTracker, StepType
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
]
