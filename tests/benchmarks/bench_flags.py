"""
Whether "no effect" is true, on pairs of screens of which it is known; and what that costs.
"""

import io
import random
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

from otel_steps.pictures.comparison import change_between
from otel_steps.pictures.decoding import decode
from otel_steps.pictures.sketch import sketch_of
from tests.benchmarks.changed_pairs import CHANGED
from tests.benchmarks.drawn_screen import DEVICES, THEMES
from tests.benchmarks.flag_pairs import judged
from tests.benchmarks.screen_pairs import KINDS, drawn, pairs
from tests.benchmarks.table import Benchmarks, Row

# Eight of each kind.
_PAIRS: Final = 8 * len(KINDS)
_TIMES: Final = 5


def flags() -> Iterator[Row]:
    """Yield how many "no effect" are true, how many are found, and what a comparison costs."""
    changed = unchanged = wrong = right = 0
    for pair in pairs(_PAIRS):
        is_said = not judged(pair)
        if pair.has_effect:
            changed += 1
            wrong += is_said
        else:
            unchanged += 1
            right += is_said
    yield Row(
        work="effects that are taken for none",
        figure=wrong,
        unit="pairs",
        against="pairs with an effect",
        reference=changed,
        at_most=0,
    )
    yield Row(
        work='"no effect" that is true (precision)',
        figure=right,
        unit="pairs",
        against='said "no effect"',
        reference=right + wrong,
        at_least=1,
    )
    yield Row(
        work='"no effect" that is found (recall)',
        figure=right,
        unit="pairs",
        against="pairs without an effect",
        reference=unchanged,
        at_least=0.9,
    )
    yield from _costs()


def _costs() -> Iterator[Row]:
    for kind in ("switch", "page"):
        pair = drawn(kind, CHANGED[kind], DEVICES[0], THEMES[0], "png", random.Random(1))
        before, after = (decode(data).image for data in (pair.before, pair.after))
        one = sketch_of(before)
        yield Row(
            work=f"compare two pictures of a phone ({kind})",
            figure=_ms(lambda one=one, after=after: change_between(one, sketch_of(after))),
            unit="ms",
            against="encoding one as WebP",
            reference=_ms(lambda after=after: _encode(after)),
            at_most=0.75,
        )


def _encode(image: Any) -> None:
    image.save(io.BytesIO(), "WEBP", quality=80, method=2)


def _ms(work: Callable[[], Any]) -> float:
    """Return how long it takes at best."""
    times = []
    for _ in range(_TIMES):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times) * 1000


BENCHMARKS: Benchmarks = {"flags": flags}
