"""
What goes, and how it goes: which tasks rules choose, and their rows and pictures removed together.
"""

from otel_steps.retention.removing import Progress, remove, sweep

__all__ = ["Progress", "remove", "sweep"]
