"""Whether two groups of tasks differ by more than chance, for who changes a prompt or a model."""

from collections.abc import Mapping, Sequence
from math import exp, lgamma
from typing import Any, Final

# What is usually taken for no chance any more.
_RARE: Final = 0.05
_NOTHING_ENDED: Final = {
    "en": "One of the two has no task that has ended.",
    "zh": "其中一组还没有已结束的任务。",
}
# Two tables as likely as each other differ in their last digits.
_TIE: Final = 1 + 1e-9


def between(groups: Sequence[Mapping[str, Any]], by: str, one: str, other: str) -> dict[str, Any]:
    """
    Return `{"one", "other", "p_value", "sentence"}`: two of *groups*, and what `chance` says.

    Args:
        groups: As `Store.task_figures` has them.
        by: What they are grouped by.
        one, other: Names of two of them.

    Raises:
        ValueError: There is no such group; the message names some.
    """
    known = {row["group"]: row for row in groups}
    for name in (one, other):
        if name not in known:
            some = ", ".join(" ".join(group[:80].split()) for group in list(known)[:5] if group)
            raise ValueError(f"there is no {by} {name[:80]!r}; there are {some or 'none'}")
    return {"one": known[one], "other": known[other], **chance(known[one], known[other])}


def chance(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """
    Return `{"p_value", "sentence"}` of the success of two rows of `Store.task_figures`.

    The sentence is in words by language, `en` and `zh`.
    The p-value is that of Fisher's exact test, two-sided: how likely tasks that all succeed alike
    differ as much as these, or more. None where a group has no task that has ended.
    """
    if not one["ended"] or not other["ended"]:
        return {"p_value": None, "sentence": _NOTHING_ENDED}
    p_value = _fisher(one["completed"], one["ended"], other["completed"], other["ended"])
    return {"p_value": p_value, "sentence": _sentence(one, other, p_value)}


def _sentence(one: Mapping[str, Any], other: Mapping[str, Any], p_value: float) -> dict[str, str]:
    is_rare = p_value < _RARE
    cases = f"{p_value * 100:.0f}"
    often, often_zh = (
        (cases, f"会有 {cases} 次") if p_value >= 0.01 else ("less than 1", "只有不到 1 次会")
    )
    verdict = "that is hardly chance" if is_rare else "that can be chance"
    verdict_zh = "这很难说是偶然" if is_rare else "这可能是偶然"
    return {
        "en": (
            f"{one['completed']} of {one['ended']} against {other['completed']} of "
            f"{other['ended']}: without any difference between the two, chance makes one as large "
            f"as this in {often} of 100 cases; {verdict}."
        ),
        "zh": (
            f"前者 {one['ended']} 个中成功 {one['completed']} 个，后者 {other['ended']} 个中成功 "
            f"{other['completed']} 个：即使两者没有差别，100 次里{often_zh}因偶然出现这么大的"
            f"差距；{verdict_zh}。"
        ),
    }


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
