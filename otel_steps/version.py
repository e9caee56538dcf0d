"""The version of this package, as its distribution states it."""

from importlib.metadata import version
from typing import Final

__version__: Final = version("otel-steps")
