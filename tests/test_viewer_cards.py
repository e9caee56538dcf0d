"""A card shows the pictures that tell a run's story, and two runs are laid side by side."""

import random
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_steps.digest.card import MAX_APPS, facts_of
from otel_steps.viewer.alignment import align, divergence, sameness

COLUMNS = (
    *("number", "success", "picture", "after", "width", "height", "phash"),
    *("app", "action", "kind", "label", "x", "y", "x2", "y2"),
)


def index_of(steps: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the index of steps that say what matters to the test."""
    rows = [{"number": at + 1, "success": True, **step} for at, step in enumerate(steps)]
    return {"count": len(rows)} | {name: [row.get(name) for row in rows] for name in COLUMNS}


def pictured(*screens: int) -> list[dict[str, Any]]:
    """Return steps on the given screens, each as different from another as its number is."""
    return [{"picture": f"p{screen}", "phash": f"{(1 << screen) - 1:016x}"} for screen in screens]


def frames(steps: Sequence[dict[str, Any]]) -> list[tuple[str, int, str]]:
    facts = facts_of(index_of(steps), [[]] * len(steps))
    return [(frame["sha256"], frame["number"], frame["kind"]) for frame in facts["frames"]]


def test_frames_are_first_failure_last_and_the_largest_changes() -> None:
    """Of many pictures five are shown: where it began, failed and ended, and what changed most."""
    steps = pictured(1, 2, 3, 40, 41, 5, 6, 60, 7, 8)
    steps[2]["success"] = steps[9]["success"] = False

    assert frames(steps) == [
        ("p1", 1, "first"),
        ("p3", 3, "failure"),
        ("p60", 8, "change"),
        ("p7", 9, "change"),
        ("p8", 10, "last"),
    ]


def test_same_picture_is_shown_once() -> None:
    """A screen that comes back is no other frame; one picture is first and last."""
    assert frames(pictured(1, 50, 1, 50, 2)) == [
        ("p1", 1, "first"),
        ("p50", 2, "change"),
        ("p2", 5, "last"),
    ]
    assert frames(pictured(4)) == [("p4", 1, "first")]


def test_card_of_a_failure_shows_it() -> None:
    """The failed step's own picture is its frame, even where it is the last one."""
    steps = pictured(1, 2)
    steps[1]["success"] = False

    assert frames(steps)[-1] == ("p2", 2, "failure")


def test_card_without_pictures_has_none() -> None:
    """Steps without a picture are passed over, and so are pictures without a hash."""
    assert frames([{}, {}]) == []
    assert frames([{}, {"picture": "a"}, {"picture": "b"}, {"picture": "c"}, {}]) == [
        ("a", 2, "first"),
        ("b", 3, "change"),
        ("c", 4, "last"),
    ]


def test_a_step_that_has_only_the_picture_after_it_is_shown_by_that() -> None:
    """As the first step of an agent that looks once it has acted."""
    assert frames([{"after": "a"}]) == [("a", 1, "first")]


def test_frame_has_the_shape_of_its_picture() -> None:
    """The list draws a frame in its shape before the picture is there; old rows tell no size."""
    steps = [{"picture": "a", "width": 1280, "height": 800}, {"picture": "b"}]

    facts = facts_of(index_of(steps), [[]] * 2)

    assert [(frame["width"], frame["height"]) for frame in facts["frames"]] == [
        (1280, 800),
        (None, None),
    ]


def test_card_counts_flags_and_names_apps() -> None:
    """Flags are counted, apps are named in the order in which they were used."""
    steps = [{"app": app} for app in ("b", "a", None, "b", *"cdefg")]
    steps[4]["success"] = False

    facts = facts_of(index_of(steps), [["loop"], ["loop", "slow"], *[[]] * 7])

    assert facts["flags"] == {"loop": 2, "slow": 1}
    assert list(facts["flag_steps"]) == ["loop", "slow"]
    assert facts["apps"] == ["b", "a", "c", "d", "e"]
    assert len(facts["apps"]) == MAX_APPS
    assert facts["first_failed"] == 5


# --- Two runs


def run_of(actions: str) -> dict[str, Any]:
    """Return the index of a run with an action for each letter; capitals are done on screen 1."""
    return index_of(
        [
            {
                "action": letter.lower(),
                "app": "app",
                "phash": f"{1 if letter.isupper() else 2**64 - 1:016x}",
            }
            for letter in actions
        ]
    )


def aligned(one: str, other: str) -> tuple[str, str]:
    """Return two runs as they are aligned, a dot for a gap."""
    pairs = align(run_of(one), run_of(other))
    lines = (
        "".join("." if pair[side] is None else run[pair[side]] for pair in pairs)
        for side, run in enumerate((one, other))
    )
    first, second = lines
    return first, second


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("", "", ("", "")),
        ("abc", "abc", ("abc", "abc")),
        ("abc", "", ("abc", "...")),
        ("", "abc", ("...", "abc")),
        ("abcd", "acd", ("abcd", "a.cd")),
        ("acd", "abbcd", ("a..cd", "abbcd")),
        ("abxd", "abyd", ("abxd", "abyd")),
        ("aaab", "aab", ("aaab", "aa.b")),
    ],
)
def test_steps_that_did_the_same_are_beside_each_other(
    one: str, other: str, expected: tuple[str, str]
) -> None:
    """A step that only one run has leaves a gap in the other."""
    assert aligned(one, other) == expected


def test_screens_tell_equal_actions_apart() -> None:
    """Of two equal actions the one on the same screen is the counterpart."""
    assert [2, 1] in align(run_of("atTc"), run_of("bTd"))
    assert [1, 1] in align(run_of("aTtc"), run_of("bTd"))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("abc", "abbbc", [1, 1]),
        ("abbbc", "abc", [1, 1]),
        ("abxyc", "abbc", [1, 1]),
        ("xyzbc", "bbbc", [3, 2]),
    ],
)
def test_of_equal_steps_the_nearest_is_the_counterpart(
    one: str, other: str, expected: list[int]
) -> None:
    """A step that was repeated is beside the one at the nearest place of the other run."""
    assert expected in align(run_of(one), run_of(other))


def test_equal_actions_on_other_screens_are_no_common_start() -> None:
    """Who has one screen more at the start is not shifted by it, though the actions are equal."""
    assert aligned("aTb", "atTb") == ("a.Tb", "atTb")


def test_first_difference_is_named() -> None:
    """The comparison opens at the first step that was not the same."""
    one, other = run_of("abcd"), run_of("abxd")
    pairs = align(one, other)

    assert sameness(one, other, pairs) == [True, True, False, True]
    assert divergence(one, other) == [2, 2]
    assert divergence(one, one) is None
    assert divergence(one, run_of("ab")) == [2, None]
    other = run_of("abcd")
    other["x"], other["y"] = [None, 500, None, None], [None, 500, None, None]
    one["x"], one["y"] = [None, 100, None, None], [None, 100, None, None]
    assert divergence(one, other) == [1, 1]
    long = run_of("abcdefghij" * 200)
    assert divergence(long, run_of("abcdefghij" * 150 + "x" + "abcdefghij" * 50)) == [None, 1500]


def test_near_taps_are_the_same_whatever_they_are_called() -> None:
    """A tap a little beside the other's is the same tap; one far away is another."""

    def tapped(x: int, action: str = "Tap") -> dict[str, Any]:
        return index_of([{"action": action, "kind": "tap", "x": x, "y": 500, "app": "app"}])

    assert align(tapped(110), tapped(190)) == [[0, 0]]
    assert align(tapped(110), tapped(900)) == [[0, 0]]
    assert sameness(tapped(110), tapped(190, "click"), [[0, 0]]) == [True]
    assert sameness(tapped(110), tapped(900), [[0, 0]]) == [False]
    assert sameness(tapped(110), tapped(110), [[0, None]]) == [False]


def test_pinned_steps_stay_together() -> None:
    """What a person put side by side is, and the rest of both runs is aligned around it."""
    pairs = align(run_of("abcd"), run_of("abcd"), [(1, 2)])

    assert [1, 2] in pairs
    assert pairs[0] == [0, 0]
    assert pairs[-1] == [3, 3]
    assert [i for i, _ in pairs if i is not None] == [j for _, j in pairs if j is not None]


@settings(max_examples=60, deadline=None)
@given(st.text("abAB", max_size=12), st.text("abAB", max_size=12))
def test_every_step_is_in_one_pair(one: str, other: str) -> None:
    """Nothing is left out, nothing is there twice, and the order stays."""
    pairs = align(run_of(one), run_of(other))

    assert [i for i, _ in pairs if i is not None] == list(range(len(one)))
    assert [j for _, j in pairs if j is not None] == list(range(len(other)))
    assert [None, None] not in pairs


def test_long_runs_are_aligned_in_no_time() -> None:
    """Thousands of steps are aligned through a window, as completely."""
    chance = random.Random(4)
    long = "".join(chance.choice("abcdefghij") for _ in range(3000))
    other = "x" + long[:700] + "yyy" + long[720:2600] + "z"

    pairs = align(run_of(long), run_of(other))

    assert [i for i, _ in pairs if i is not None] == list(range(len(long)))
    assert [j for _, j in pairs if j is not None] == list(range(len(other)))
    equal = sum(i is not None and j is not None and long[i] == other[j] for i, j in pairs)
    assert equal > 2500
