"""
What is odd about the steps of a task, told from its index alone. Pure.

A flag is a hint for the eye, not a verdict: where a fact is missing, there is no flag.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from otel_steps.rows.effects import Box, Target, boxes_of, effects
from otel_steps.rows.step_index import INNER

Flags = list[list[str]]

LOOP: Final = "loop"
NO_OP: Final = "no_op"
BLACK: Final = "black"
SENSITIVE: Final = "sensitive"
OUT_OF_RANGE: Final = "out_of_range"
PARSE_ERROR: Final = "parse_error"
TAKE_OVER: Final = "take_over"
SLOW: Final = "slow"
# In the order of their severity.
ALL: Final = (PARSE_ERROR, LOOP, OUT_OF_RANGE, NO_OP, SENSITIVE, BLACK, TAKE_OVER, SLOW)

# A pattern of so many steps, so many times: `Tap, Back, Tap, Back, Tap, Back` is a loop of two.
MAX_PERIOD: Final = 4
REPEATS: Final = 3
# Of 1000: a model does not hit the same button at the very same point twice.
_SAME_POINT: Final = 25
# Bits of 64 in which the hashes of two pictures of one screen may differ: a clock, a cursor.
SAME_SCREEN_BITS: Final = 2

# A step is slow beside the others of its task, but not where there are too few to compare with,
# where all are much alike, or where nobody would have to wait for it.
SLOW_LEAST_STEPS: Final = 20
SLOW_LEAST_MS: Final = 5_000
_SLOW_PERCENTILE: Final = 0.95
_SLOW_TIMES_MEDIAN: Final = 2

# Width and height of a screen where nobody knows.
_PHONE: Final = (1080, 2400)

# Kinds of actions, see `action.kinds`: what is to change the screen.
_ACTING: Final = frozenset(
    {
        *("tap", "double_tap", "right_click", "long_press", "swipe", "scroll"),
        *("type", "launch", "back", "home"),
    }
)


def flags_of(index: Mapping[str, Any]) -> Flags:
    """
    Return the flags of each step, in the order of their severity.

    Args:
        index: As `Store.index` returns it; one that has its flags already keeps them.
    """
    known: Flags | None = index.get("flags")
    if known is not None:
        return known
    steps = _Steps(index)
    found: Flags = [[] for _ in range(steps.count)]
    for name, positions in _positions(steps):
        for at in positions:
            found[at].append(name)
    return found


def with_flags(index: Mapping[str, Any]) -> dict[str, Any]:
    """Return *index* with its `flags`, and without what nothing but those is told from."""
    shown = {name: column for name, column in index.items() if name not in INNER}
    return {**shown, "flags": flags_of(index)}


def summary_of(flags: Flags) -> dict[str, list[int]]:
    """Return the positions of the steps that have each flag; a flag that none has is left out."""
    found: dict[str, list[int]] = {}
    for at, names in enumerate(flags):
        for name in names:
            found.setdefault(name, []).append(at)
    return found


def repetitions(index: Mapping[str, Any]) -> Callable[[int, int], bool]:
    """Return what tells whether the step at one position does, on its screen, what another did."""
    return _Steps(index).is_repeated


def _positions(steps: "_Steps") -> Iterator[tuple[str, Iterable[int]]]:
    """Yield each flag with the steps that have it, in the order of their severity."""
    yield PARSE_ERROR, _where(steps.error_kinds, "parse_error")
    yield LOOP, _where(_looping(steps), True)
    yield OUT_OF_RANGE, filter(steps.is_out_of_range, range(steps.count))
    yield NO_OP, filter(steps.has_no_effect, range(steps.count))
    yield SENSITIVE, _where(steps.is_sensitive, True)
    # A sensitive screen is black by nature.
    yield BLACK, [at for at in _where(steps.is_black, True) if steps.is_sensitive[at] is not True]
    yield TAKE_OVER, _where(steps.kinds, "take_over")
    yield SLOW, _slow(steps.durations)


def _where(column: Sequence[Any], value: Any) -> list[int]:
    return [at for at, found in enumerate(column) if found == value]


class _Steps:
    """The columns of an index that flags are told from."""

    def __init__(self, index: Mapping[str, Any]) -> None:
        self.count: int = index["count"]
        self.kinds = index["kind"]
        self.said = list(zip(index["action"], index["label"], index["app"], strict=True))
        self.points = list(
            zip(*(map(_number, index[name]) for name in ("x", "y", "x2", "y2")), strict=True)
        )
        self.pictures = index["picture"]
        self.sizes = list(zip(index["width"], index["height"], strict=True))
        # What has changed since the picture of the step before, and by a step's own picture.
        self.changes = list(map(boxes_of, index["change_boxes"]))
        self.own_changes = list(map(boxes_of, index["after_boxes"]))
        self.hashes = [_bits(text) for text in index["phash"]]
        self.is_sensitive = index["sensitive"]
        self.is_black = index["black"]
        self.error_kinds = index["error_kind"]
        self.statuses = index["status"]
        self.durations = [_number(value) for value in index["duration_ms"]]

    def is_out_of_range(self, at: int) -> bool:
        """Tell whether the agent pointed beside the screen."""
        return any(value is not None and not 0 <= value <= 1000 for value in self.points[at])

    def has_no_effect(self, at: int) -> bool:
        """
        Tell whether an action that was to change the screen has not.

        All pictures after it that were compared with the one before it have to say so; where none
        was, as in recordings of old, only the very same picture does: too much that is small does
        not show in a hash.
        """
        if self.kinds[at] not in _ACTING or self.statuses[at] == "running" or self._is_hidden(at):
            return False
        after = at + 1
        own = self.own_changes[at]
        if after < self.count and self._is_hidden(after):
            return False
        later = self.changes[after] if after < self.count else None
        known = [boxes for boxes in (own, later) if boxes is not None]
        if not known:
            return after < self.count and self._is_same_picture(at, after)
        return not any(effects(self._target(at), boxes) for boxes in known)

    def is_repeated(self, at: int, before: int) -> bool:
        """Tell whether a step does what an earlier one did, on the same screen."""
        return (
            self.said[at] == self.said[before]
            and self.kinds[at] is not None
            and all(map(_is_near, self.points[at], self.points[before]))
            and self._is_same_screen(at, before)
            and not self._has_moved_on(at, before)
        )

    def _has_moved_on(self, at: int, before: int) -> bool:
        """
        Tell whether a part of the screen has changed once between two steps, and not back.

        A switch that was turned on and off is as it was; a figure that has grown is not. Where
        nothing was compared, nothing is known of that.
        """
        changed = [
            (step, box)
            for step in range(before, at)
            for box in effects(self._target(step), self.changes[step + 1] or ())
        ]
        return any(
            not any(other != step and _overlap(box, also) for other, also in changed)
            for step, box in changed
        )

    def _target(self, at: int) -> Target:
        width, height = self.sizes[at]
        is_known = isinstance(width, int) and isinstance(height, int) and width > 0 and height > 0
        x, y, x2, y2 = self.points[at]
        return Target(self.kinds[at] or "", x, y, x2, y2, (width, height) if is_known else _PHONE)

    def _is_hidden(self, at: int) -> bool:
        # Behind a black picture there may be any screen.
        return bool(self.is_black[at] or self.is_sensitive[at])

    def _is_same_picture(self, one: int, other: int) -> bool:
        return bool(self.pictures[one]) and self.pictures[one] == self.pictures[other]

    def _is_same_screen(self, one: int, other: int) -> bool:
        if self._is_hidden(one) or self._is_hidden(other):
            return False
        if self._is_same_picture(one, other):
            return True
        first, second = self.hashes[one], self.hashes[other]
        if first is None or second is None:
            return False
        return (first ^ second).bit_count() <= SAME_SCREEN_BITS


def _looping(steps: _Steps) -> list[bool]:
    looping = [False] * steps.count
    for period in range(1, MAX_PERIOD + 1):
        run = 0  # steps up to here that each do what was done one period before
        for at in range(period, steps.count):
            run = run + 1 if steps.is_repeated(at, at - period) else 0
            if run == period * (REPEATS - 1):
                first = at - period * REPEATS + 1
                looping[first : at + 1] = [True] * (period * REPEATS)
            elif run > period * (REPEATS - 1):
                looping[at] = True
    return looping


def _slow(durations: Sequence[float | None]) -> list[int]:
    known = sorted(value for value in durations if value is not None)
    if len(known) < SLOW_LEAST_STEPS:
        return []
    percentile = known[int(len(known) * _SLOW_PERCENTILE) - 1]
    median = known[len(known) // 2]
    limit = max(percentile, _SLOW_TIMES_MEDIAN * median, SLOW_LEAST_MS)
    return [at for at, value in enumerate(durations) if value is not None and value > limit]


def _number(value: Any) -> float | None:
    return value if isinstance(value, int | float) else None


def _bits(text: Any) -> int | None:
    try:
        return int(text, 16)
    except (TypeError, ValueError):
        return None


def _overlap(one: Box, other: Box) -> bool:
    return (
        one.left < other.right
        and other.left < one.right
        and one.top < other.bottom
        and other.top < one.bottom
    )


def _is_near(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= _SAME_POINT
