"""
Questions about recorded tasks, and answers that are JSON values: for a terminal or an assistant.

Nothing is changed. Every answer is small: who wants all of a task reads its report.
"""

from otel_steps.asking.recording import Chosen, Recording
from otel_steps.reporting.not_recorded import NotRecorded
from otel_steps.reporting.recorded_task import Side

__all__ = ["Chosen", "NotRecorded", "Recording", "Side"]
