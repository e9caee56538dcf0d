"""
Which step of one run answers to which of another (pure).

Steps are alike by what was done, where, in which app, and by the screen it was done on. Short runs
are aligned as a whole (Needleman and Wunsch); long ones, where that would take minutes, through a
window that moves along both.
"""

from collections.abc import Sequence
from typing import Any, Final

from otel_steps.stores.contract import Json

Pair = list[int | None]

_MAX_CELLS: Final = 160_000
_WINDOW: Final = 100
# A tap a tenth of the screen away is on something else.
_CELL: Final = 100
_GAP: Final = -1.0


def align(one: Json, other: Json) -> list[Pair]:
    """
    Return pairs of positions in two indexes, in order; None where a step has no counterpart.

    Every position of each index is in exactly one pair.
    """
    first, second = _keys(one), _keys(other)
    start, end = _common(first, second)
    middle_one = range(start, len(first) - end)
    middle_other = range(start, len(second) - end)
    if len(middle_one) * len(middle_other) <= _MAX_CELLS:
        middle = _best(one, other, middle_one, middle_other)
    else:
        middle = _windowed(one, other, middle_one, middle_other)
    head: list[Pair] = [[at, at] for at in range(start)]
    tail: list[Pair] = [[len(first) - back, len(second) - back] for back in range(end, 0, -1)]
    return head + middle + tail


def divergence(one: Json, other: Json, pairs: Sequence[Pair]) -> int | None:
    """Return the first of *pairs* whose steps did not do the same, or None."""
    first, second = _keys(one), _keys(other)
    for at, (i, j) in enumerate(pairs):
        if i is None or j is None or first[i] != second[j]:
            return at
    return None


def _keys(index: Json) -> list[tuple[Any, ...]]:
    """Return what each step did, so coarsely that the same thing twice is equal."""
    columns = (index[name] for name in ("x", "y", "x2", "y2"))
    coarse = [[None if at is None else int(at) // _CELL for at in column] for column in columns]
    return list(zip(index["action"], index["label"], index["app"], *coarse, strict=True))


def _common(first: Sequence[Any], second: Sequence[Any]) -> tuple[int, int]:
    """Return how many are equal at the start, and of the others at the end."""
    shortest = min(len(first), len(second))
    start = next((at for at in range(shortest) if first[at] != second[at]), shortest)
    rest = shortest - start
    end = next((back for back in range(rest) if first[-1 - back] != second[-1 - back]), rest)
    return start, end


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
    """Return from -2.5 (two gaps are better) to 4."""
    score = 2.0 if one["action"][i] == other["action"][j] else -2.0
    score += 0.5 if one["app"][i] == other["app"][j] else -0.5
    if one["label"][i] == other["label"][j] and _is_near(one, i, other, j):
        score += 0.5
    first, second = one["phash"][i], other["phash"][j]
    if first is not None and second is not None:
        score += 1 - (int(first, 16) ^ int(second, 16)).bit_count() / 32
    return score


def _is_near(one: Json, i: int, other: Json, j: int) -> bool:
    first, second = (one["x"][i], one["y"][i]), (other["x"][j], other["y"][j])
    if None in first or None in second:
        return first == second
    return all(abs(a - b) <= _CELL for a, b in zip(first, second, strict=True))
