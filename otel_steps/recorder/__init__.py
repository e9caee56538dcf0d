"""Recorders: what happens to a span on the agent's thread, and who shares one."""

from otel_steps.recorder.recorder import Recorder, new_shipper
from otel_steps.recorder.shared import SettingsInUse, check_same, recorder_in_use, shared_recorder
from otel_steps.recorder.told_health import health_of

__all__ = [
    "Recorder",
    "SettingsInUse",
    "check_same",
    "health_of",
    "new_shipper",
    "recorder_in_use",
    "shared_recorder",
]
