"""Fisher's exact test, beside tables that others have worked out."""

from math import comb
from typing import Any

import pytest

from otel_steps.stores.chance import between, chance


def of(completed: int, ended: int) -> dict[str, Any]:
    """Return the figures of a group."""
    return {"completed": completed, "ended": ended}


@pytest.mark.parametrize(
    ("one", "other", "p_value"),
    [
        ((3, 4), (1, 4), 0.4857142857),  # the lady tasting tea
        ((1, 10), (11, 14), 0.0027594562),  # R: fisher.test(matrix(c(1, 9, 11, 3), 2))
        ((8, 10), (1, 6), 0.0349650350),  # R: fisher.test(matrix(c(8, 2, 1, 5), 2))
        ((5, 5), (7, 7), 1.0),
        ((0, 3), (0, 9), 1.0),
    ],
)
def test_known_tables_have_their_p_value(
    one: tuple[int, int], other: tuple[int, int], p_value: float
) -> None:
    """Whichever of the two is named first."""
    assert chance(of(*one), of(*other))["p_value"] == pytest.approx(p_value)
    assert chance(of(*other), of(*one))["p_value"] == pytest.approx(p_value)


@pytest.mark.parametrize("counts", [(17, 40, 25, 38), (300, 900, 400, 1000), (2, 7, 9, 11)])
def test_it_is_what_whole_numbers_say(counts: tuple[int, int, int, int]) -> None:
    """The sum over all tables that are no likelier, without any rounding."""
    one, of_one, other, of_other = counts
    successes = one + other
    ways = {
        k: comb(of_one, k) * comb(of_other, successes - k)
        for k in range(max(0, successes - of_other), min(successes, of_one) + 1)
    }
    expected = sum(each for each in ways.values() if each <= ways[one]) / sum(ways.values())

    assert chance(of(one, of_one), of(other, of_other))["p_value"] == pytest.approx(expected)


def test_a_sentence_says_whether_it_can_be_chance() -> None:
    """In words for who has never heard of a p-value."""
    tea = chance(of(3, 4), of(1, 4))["sentence"]
    rare = chance(of(1, 10), of(11, 14))["sentence"]

    assert tea["en"] == (
        "3 of 4 against 1 of 4: without any difference between the two, chance makes one as large "
        "as this in 49 of 100 cases; that can be chance."
    )
    assert rare["en"].endswith("less than 1 of 100 cases; that is hardly chance.")
    assert tea["zh"] == (
        "前者 4 个中成功 3 个，后者 4 个中成功 1 个：即使两者没有差别，"
        "100 次里会有 49 次因偶然出现这么大的差距；这可能是偶然。"
    )
    assert rare["zh"].endswith("100 次里只有不到 1 次会因偶然出现这么大的差距；这很难说是偶然。")
    assert chance(of(0, 0), of(1, 4))["p_value"] is None


def test_two_groups_are_found_by_their_names() -> None:
    """Who asks for a group that is not there is told which are."""
    groups = [{"group": name, **of(1, 2)} for name in ("m1", "m2", None)]

    assert between(groups, "model", "m2", "m1")["one"] == groups[1]
    with pytest.raises(ValueError, match="there is no model 'm3'; there are m1, m2"):
        between(groups, "model", "m1", "m3")
