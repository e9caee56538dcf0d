"""This package as its distribution states it: the version, and what it has for others to find."""

from importlib.metadata import distribution
from typing import Final

DISTRIBUTION: Final = distribution("otel-steps")
__version__: Final = DISTRIBUTION.version
