"""
Which step of one run answers to which of another, and whether both did the same (pure).

Steps are alike by the screen they were done on, by what was done, where, and in which app. Of
alignments that are equally good, the one is taken whose steps have the nearest places in their
runs. Short runs are aligned as a whole (Needleman and Wunsch); long ones, where that would take
minutes, through a window that moves along both.
"""

from collections.abc import Sequence
from typing import Any, Final

from otel_steps.action.kinds import UNKNOWN
from otel_steps.stores.json_object import Json

Pair = list[int | None]
# Positions of two steps that a person has put side by side.
Pin = tuple[int, int]

_MAX_CELLS: Final = 160_000
_WINDOW: Final = 100
# A tap farther away than a tenth of the screen is on something else.
_NEAR: Final = 100
_GAP: Final = -1.0
# Of 64 bits of a picture's hash, how many are others on a screen that is another altogether.
_OTHER_SCREEN_BITS: Final = 16
# For each place that two steps are apart: only what is equal otherwise is told apart by it.
_FAR: Final = 1e-9


def align(one: Json, other: Json, pins: Sequence[Pin] = ()) -> list[Pair]:
    """
    Return pairs of positions in two indexes, in order; None where a step has no counterpart.

    Every position of each index is in exactly one pair.

    Args:
        pins: Pairs to keep, in order; what is between two of them is aligned by itself.
    """
    pairs: list[Pair] = []
    i = j = 0
    for pin in pins:
        pairs += _between(one, other, range(i, pin[0]), range(j, pin[1]))
        pairs.append(list(pin))
        i, j = pin[0] + 1, pin[1] + 1
    ends = len(one["action"]), len(other["action"])
    return pairs + _between(one, other, range(i, ends[0]), range(j, ends[1]))


def sameness(one: Json, other: Json, pairs: Sequence[Pair]) -> list[bool]:
    """Return for each of *pairs* whether both have a step there, and did the same."""
    return [i is not None and j is not None and is_same(one, i, other, j) for i, j in pairs]


def is_same(one: Json, i: int, other: Json, j: int) -> bool:
    """Whether two steps did the same, whatever their agents call it, in one app and place."""
    return (
        _deed(one, i) == _deed(other, j)
        and one["label"][i] == other["label"][j]
        and one["app"][i] == other["app"][j]
        and _is_near(one, i, other, j)
    )


def divergence(one: Json, other: Json) -> Pair | None:
    """
    Return the first pair in which two runs differ, or None; long runs are not read to their end.
    """
    ends = len(one["action"]), len(other["action"])
    start = _common_start(one, other, range(ends[0]), range(ends[1]))
    rows, columns = (range(min(end, start + _WINDOW)) for end in ends)
    pairs = _between(one, other, rows, columns)
    return next(
        (pair for pair, same in zip(pairs, sameness(one, other, pairs), strict=True) if not same),
        None,
    )


def _between(one: Json, other: Json, rows: range, columns: range) -> list[Pair]:
    """Return the pairs of a part of both runs."""
    start = _common_start(one, other, rows, columns)
    head: list[Pair] = [list(pair) for pair in zip(rows[:start], columns[:start], strict=True)]
    rows, columns = rows[start:], columns[start:]
    end = _common_start(one, other, rows[::-1], columns[::-1])
    tails = rows[len(rows) - end :], columns[len(columns) - end :]
    tail: list[Pair] = [list(pair) for pair in zip(*tails, strict=True)]
    rows, columns = rows[: len(rows) - end], columns[: len(columns) - end]
    is_short = len(rows) * len(columns) <= _MAX_CELLS
    middle = (_best if is_short else _windowed)(one, other, rows, columns)
    return head + middle + tail


def _common_start(one: Json, other: Json, rows: range, columns: range) -> int:
    """Return how many are surely counterparts: they did the same, and not on other screens."""
    together = zip(rows, columns, strict=False)
    alike = (
        is_same(one, i, other, j) and _screen_likeness(one, i, other, j) >= 0 for i, j in together
    )
    shortest = min(len(rows), len(columns))
    return next((at for at, is_alike in enumerate(alike) if not is_alike), shortest)


def _windowed(one: Json, other: Json, rows: range, columns: range) -> list[Pair]:
    """Return an alignment that is the best one within each window."""
    pairs: list[Pair] = []
    while rows and columns:
        window = _best(one, other, rows[:_WINDOW], columns[:_WINDOW])
        # What is near the end of a window may have its counterpart behind it.
        taken = window[: _WINDOW // 2]
        pairs += taken
        rows = rows[sum(i is not None for i, _ in taken) :]
        columns = columns[sum(j is not None for _, j in taken) :]
    return pairs + [[i, None] for i in rows] + [[None, j] for j in columns]


def _best(one: Json, other: Json, rows: range, columns: range) -> list[Pair]:
    """Return the alignment with the highest score."""
    width = len(columns) + 1
    scores = [[_GAP * column for column in range(width)]]
    for i in rows:
        above = scores[-1]
        row = [above[0] + _GAP]
        for column, j in enumerate(columns, start=1):
            matched = above[column - 1] + _likeness(one, i, other, j)
            row.append(max(matched, above[column] + _GAP, row[-1] + _GAP))
        scores.append(row)
    return _traced(one, other, rows, columns, scores)


def _traced(
    one: Json, other: Json, rows: range, columns: range, scores: list[list[float]]
) -> list[Pair]:
    pairs: list[Pair] = []
    row, column = len(rows), len(columns)
    while row and column:
        i, j = rows[row - 1], columns[column - 1]
        score = scores[row][column]
        if score == scores[row - 1][column - 1] + _likeness(one, i, other, j):
            row, column = row - 1, column - 1
            pairs.append([i, j])
        elif score == scores[row - 1][column] + _GAP:
            row -= 1
            pairs.append([i, None])
        else:
            column -= 1
            pairs.append([None, j])
    pairs += [[i, None] for i in reversed(rows[:row])]
    pairs += [[None, j] for j in reversed(columns[:column])]
    return pairs[::-1]


def _likeness(one: Json, i: int, other: Json, j: int) -> float:
    """Return from -3.5 (below -2, two gaps are better) to 4.5."""
    is_deed = _deed(one, i) == _deed(other, j)
    score = 1.0 if is_deed else -1.0
    score += 0.5 if one["app"][i] == other["app"][j] else -0.5
    if is_deed and one["label"][i] == other["label"][j] and _is_near(one, i, other, j):
        score += 1.0
    return score + 2 * _screen_likeness(one, i, other, j) - _FAR * abs(i - j)


def _screen_likeness(one: Json, i: int, other: Json, j: int) -> float:
    """Return from -1 (another screen) to 1 (the same), 0 where one of them has no picture."""
    first, second = one["phash"][i], other["phash"][j]
    if first is None or second is None:
        return 0.0
    bits = (int(first, 16) ^ int(second, 16)).bit_count()
    return max(1 - bits / _OTHER_SCREEN_BITS, -1.0)


def _deed(index: Json, at: int) -> Any:
    """Return what a step did: the kind of its action, or its name where that tells nothing."""
    kind = index["kind"][at]
    return index["action"][at] if kind in (None, UNKNOWN) else kind


def _is_near(one: Json, i: int, other: Json, j: int) -> bool:
    for name in ("x", "y", "x2", "y2"):
        first, second = one[name][i], other[name][j]
        if first is None or second is None:
            if first != second:
                return False
        elif abs(first - second) > _NEAR:
            return False
    return True
