"""
Two drawn screens and the action between them, and what several kinds of pairs have in common.
"""

import random
from collections.abc import Callable
from typing import NamedTuple

from tests.benchmarks.drawn_screen import Screen


class Drawn(NamedTuple):
    """Two screens, what the agent did (in units) and whether it had an effect."""

    before: Screen
    after: Screen
    action: str
    at: tuple[float, float] | None
    has_effect: bool
    to: tuple[float, float] | None = None


Draw = Callable[[Screen, Screen, random.Random], Drawn]


def tap(before: Screen, after: Screen, at: tuple[float, float], has_effect: bool) -> Drawn:
    return Drawn(before, after, "tap", at, has_effect)


def far_below(screen: Screen, rng: random.Random) -> tuple[float, float]:
    return screen.width * rng.uniform(0.2, 0.8), screen.height * rng.uniform(0.78, 0.95)
