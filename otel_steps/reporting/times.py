"""Where the time of steps went. Pure, and by the same rules as the viewer's waterfall."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

PARTS: Final = ("screenshot", "ttft", "thinking", "answer", "action", "other")


def parts_of(timings: Mapping[str, Any] | None, whole_ms: float | None) -> dict[str, float]:
    """
    Return the milliseconds of each of `PARTS` of one step.

    They are the picture, the model until its first word, its thinking, the rest of its answer, the
    action, and what nobody measured.

    Args:
        timings: As the row has them.
        whole_ms: How long the step took.
    """
    told = timings or {}
    screenshot, ttft, thinking, model, action = (
        float(told.get(f"{name}_ms") or 0)
        for name in ("screenshot", "ttft", "thinking", "model", "action")
    )
    # `thinking_ms` counts from the request to the end of the thinking, as `ttft_ms` does to the
    # first word.
    first = min(ttft, model or ttft)
    thought = max(min(thinking, model or thinking) - first, 0.0)
    answer = max(model - first - thought, 0.0)
    known = screenshot + first + thought + answer + action
    other = max((whole_ms or 0) - known, 0.0)
    return dict(zip(PARTS, (screenshot, first, thought, answer, action, other), strict=True))


def where_time_went(index: Mapping[str, Any]) -> dict[str, float]:
    """Return the sums of the parts of all steps that took any time, in the order of `PARTS`."""
    parts = (
        parts_of(timings, whole)
        for timings, whole in zip(index["timings"], index["duration_ms"], strict=True)
    )
    return {name: ms for name, ms in _sums(parts).items() if ms > 0}


def _sums(parts: Iterable[Mapping[str, float]]) -> dict[str, float]:
    sums = dict.fromkeys(PARTS, 0.0)
    for each in parts:
        for name, ms in each.items():
            sums[name] += ms
    return sums
