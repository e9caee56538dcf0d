"""What a span of another instrumentation is."""

from typing import Literal

# A run of an agent, a call of a model or of a tool, what holds some of these together, or what only
# hands on from one of them to the next: nothing to see but a picture that was taken in it.
Kind = Literal["agent", "model", "tool", "group", "part"]
