"""Whether two groups of tasks differ by more than chance, for who changes a prompt or a model."""

from collections.abc import Mapping
from math import exp, lgamma
from typing import Any, Final

# What is usually taken for no chance any more.
_RARE: Final = 0.05
# Two tables as likely as each other differ in their last digits.
_TIE: Final = 1 + 1e-9


def chance(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """
    Return `{"p_value", "sentence"}` of the success of two rows of `Store.task_figures`.

    The p-value is that of Fisher's exact test, two-sided: how likely tasks that all succeed alike
    differ as much as these, or more. None where a group has no task that has ended.
    """
    if not one["ended"] or not other["ended"]:
        return {"p_value": None, "sentence": "One of the two has no task that has ended."}
    p_value = _fisher(one["completed"], one["ended"], other["completed"], other["ended"])
    often = "less than 1" if p_value < 0.01 else f"{p_value * 100:.0f}"
    verdict = "that is hardly chance" if p_value < _RARE else "that can be chance"
    sentence = (
        f"{one['completed']} of {one['ended']} against {other['completed']} of {other['ended']}: "
        f"without any difference between the two, chance makes one as large as this in {often} of "
        f"100 cases; {verdict}."
    )
    return {"p_value": p_value, "sentence": sentence}


def _fisher(one: int, of_one: int, other: int, of_other: int) -> float:
    """Return the p-value: the sum over all tables of these margins that are no likelier."""
    successes = one + other
    least, most = max(0, successes - of_other), min(successes, of_one)
    logs = [
        _log_ways(of_one, k) + _log_ways(of_other, successes - k) for k in range(least, most + 1)
    ]
    highest = max(logs)
    weights = [exp(each - highest) for each in logs]
    limit = weights[one - least] * _TIE
    return min(1.0, sum(each for each in weights if each <= limit) / sum(weights))


def _log_ways(of: int, chosen: int) -> float:
    return lgamma(of + 1) - lgamma(chosen + 1) - lgamma(of - chosen + 1)
