"""
What is wrong with a store and what belongs to it: looked at first, and mended when asked for.
"""

from otel_steps.fsck.database import database
from otel_steps.fsck.finding import Finding
from otel_steps.fsck.rules import RULES, Rule, examine
from otel_steps.fsck.subject import Subject, subject_of

__all__ = ["RULES", "Finding", "Rule", "Subject", "database", "examine", "subject_of"]
