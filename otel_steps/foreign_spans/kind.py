"""What a span of another instrumentation is."""

from typing import Literal

# A run of an agent, a call of a model or of a tool, or what holds some of these together.
Kind = Literal["agent", "model", "tool", "group"]
