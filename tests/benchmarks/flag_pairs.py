"""
What the pixels of a pair of screens say: whether the action between them did anything.
"""

from otel_steps.pictures.comparison import change_between
from otel_steps.pictures.decoding import decode
from otel_steps.pictures.sketch import sketch_of
from otel_steps.rows.effects import Target, boxes_of, effects
from tests.benchmarks.screen_pairs import Pair


def judged(pair: Pair) -> bool:
    """Return whether the action of a pair is found to have had an effect."""
    before, after = (decode(data).image for data in (pair.before, pair.after))
    change = change_between(sketch_of(before), sketch_of(after))
    boxes = boxes_of([list(box) for box in change.boxes])
    return bool(effects(Target(pair.action, *pair.places, before.size), boxes or []))
