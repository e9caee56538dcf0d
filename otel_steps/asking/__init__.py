"""
Questions about recorded tasks, and answers that are JSON values: for a terminal or an assistant.

Nothing is changed. Every answer is small: who wants all of a task reads its report.
"""

from otel_steps.asking.errors import NotRecorded
from otel_steps.asking.recorded_task import Side
from otel_steps.asking.recording import Chosen, Recording

__all__ = ["Chosen", "NotRecorded", "Recording", "Side"]
