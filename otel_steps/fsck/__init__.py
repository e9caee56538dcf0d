"""
What is wrong with a store and its pictures: looked at first, and mended when that is asked for.
"""

from otel_steps.fsck.examination import Finding, examine

__all__ = ["Finding", "examine"]
