"""
Where the time of tasks went: in the model, in the phone, in waiting. Pure.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from otel_steps.stores.json_object import Json

# In the order in which a step does them. What no timing tells of a step is its rest.
PARTS: Final = (
    *("first_token", "thinking", "answer", "screenshot", "action", "waiting", "rest"),
    "between",
)
_WAIT: Final = "wait"


def times_of(indexes: Iterable[Json]) -> Json:
    """
    Return `{"parts", "steps", "timed"}`.

    "parts" is a list of `{"part", "ms"}` in the order of `PARTS`: of the model until its first
    token, its thinking and its answer, taking the picture, the action, or waiting where the action
    is to wait, the rest of the steps, and the time between them; "timed" is how many of the steps
    tell where their time went.

    Args:
        indexes: As `Store.indexes` returns them.
    """
    sums = dict.fromkeys(PARTS, 0.0)
    steps = timed = 0
    for index in indexes:
        steps += index["count"]
        for at in range(index["count"]):
            timings = index["timings"][at] or {}
            timed += bool(timings)
            took = _step(timings, index["duration_ms"][at] or 0, index["kind"][at] == _WAIT)
            for part, ms in took.items():
                sums[part] += ms
        sums["between"] += _between(index)
    parts = [{"part": name, "ms": round(ms)} for name, ms in sums.items()]
    return {"parts": parts, "steps": steps, "timed": timed}


def _step(timings: Mapping[str, Any], duration_ms: float, is_wait: bool) -> dict[str, float]:
    # All three count from the moment when the model was asked.
    first = timings.get("ttft_ms") or 0
    thinking = max(timings.get("thinking_ms") or 0, first)
    model = max(timings.get("model_ms") or 0, thinking)
    screenshot, action = timings.get("screenshot_ms") or 0, timings.get("action_ms") or 0
    return {
        "first_token": first,
        "thinking": thinking - first,
        "answer": model - thinking,
        "screenshot": screenshot,
        "waiting" if is_wait else "action": action,
        "rest": max(0, duration_ms - model - screenshot - action),
    }


def _between(index: Json) -> float:
    """Return the time of a task that lies in none of its steps; steps may overlap."""
    spans = sorted(
        (start, start + (duration or 0))
        for start, duration in zip(index["start_ms"], index["duration_ms"], strict=True)
        if start is not None
    )
    total, end = 0.0, None
    for start, stop in spans:
        if end is not None and start > end:
            total += start - end
        end = stop if end is None else max(end, stop)
    return total
