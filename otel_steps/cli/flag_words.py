"""What the flags of steps are called on a terminal: as in the viewer."""

from collections.abc import Mapping
from typing import Final

from otel_steps.rows import flags

FLAG_WORDS: Final[Mapping[str, str]] = {
    flags.LOOP: "loop",
    flags.NO_OP: "no effect",
    flags.BLACK: "black screen",
    flags.SENSITIVE: "sensitive screen",
    flags.OUT_OF_RANGE: "outside the screen",
    flags.PARSE_ERROR: "not understood",
    flags.TAKE_OVER: "take-over",
    flags.SLOW: "slow",
}


def flag_text(counts: Mapping[str, int]) -> str:
    """Return how many steps have which flag, such as `4 x no effect, 1 x slow`."""
    return ", ".join(f"{count} x {FLAG_WORDS[name]}" for name, count in counts.items())
