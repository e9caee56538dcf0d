"""What is odd about the steps of a task."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_steps.action.kinds import action_kind
from otel_steps.rows.flags import (
    MAX_PERIOD,
    REPEATS,
    SAME_SCREEN_BITS,
    SLOW_LEAST_MS,
    SLOW_LEAST_STEPS,
    flags_of,
    summary_of,
)
from otel_steps.rows.step_index import COLUMNS

NAMES = ["parse_error", "loop", "out_of_range", "no_op", "sensitive", "black", "take_over", "slow"]
# Each screen is far from all others in its hash.
SCREENS = [f"{0x0101010101010101 * (1 << n):016x}" for n in range(8)]


def index_of(steps: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return an index of steps that know of themselves what is given, and nothing else."""
    rows = [
        dict.fromkeys(COLUMNS) | step | {"kind": action_kind(step.get("action"))} for step in steps
    ]
    return {"count": len(rows), **{name: [row[name] for row in rows] for name in COLUMNS}}


def flags(*steps: dict[str, Any]) -> list[list[str]]:
    """Return the flags of some steps."""
    return flags_of(index_of(steps))


def tap(screen: int | str | None = None, x: float = 500, y: float = 500, **facts: Any) -> Any:
    """Return a tap on one of the screens, or on one whose hash is given."""
    shown = SCREENS[screen] if isinstance(screen, int) else screen
    return {"action": "Tap", "x": x, "y": y, "phash": shown, "status": "completed", **facts}


def looping(steps: Sequence[dict[str, Any]]) -> list[int]:
    """Return the positions of the steps that are part of a loop."""
    return summary_of(flags_of(index_of(steps))).get("loop", [])


class TestLoop:
    """The same action on the same screen, again and again."""

    def test_three_times_in_a_row(self) -> None:
        """The third repetition makes a loop of all three, and each further one belongs to it."""
        assert looping([tap(0), tap(0)]) == []
        assert looping([tap(0), tap(0), tap(0)]) == [0, 1, 2]
        assert looping([tap(1), *[tap(0)] * 5, tap(2)]) == [1, 2, 3, 4, 5]

    def test_nearly_the_same_counts(self) -> None:
        """A model misses its own point by a little, and a screen has a clock."""
        other = f"{int(SCREENS[0], 16) ^ (1 << SAME_SCREEN_BITS) - 1:016x}"

        assert looping([tap(0, 655, 867), tap(other, 652, 872), tap(0, 648, 856)]) == [0, 1, 2]

    @pytest.mark.parametrize(
        "different",
        [
            {"phash": SCREENS[3]},
            {"x": 560},
            {"y": 440},
            {"app": "Other"},
            {"label": "other"},
            {"action": "Swipe"},
            {"x": None},
            {"action": None},
        ],
    )
    def test_another_action_or_screen_is_no_loop(self, different: dict[str, Any]) -> None:
        """Scrolling on, typing something else, or the same tap elsewhere is progress."""
        assert looping([tap(0), tap(0), tap(0) | different]) == []

    @pytest.mark.parametrize("unknown", [{"phash": None}, {"black": True}, {"sensitive": True}])
    def test_an_unknown_screen_may_be_another_one(self, unknown: dict[str, Any]) -> None:
        """Without a picture, or behind a black one, nobody knows that the screen is the same."""
        assert looping([tap(0, **unknown)] * 4) == []

    def test_the_same_file_is_the_same_screen(self) -> None:
        """A picture that could not be decoded has no hash, but a name."""
        assert looping([tap(picture="ab" * 32)] * 3) == [0, 1, 2]

    def test_a_switch_that_turns_is_no_loop(self) -> None:
        """On and off and on again are different screens, though their hashes are equal."""
        assert looping([tap(0), *[tap(0, change_boxes=SWITCH)] * 4]) == []
        assert looping([tap(0), *[tap(0, change_boxes=CLOCK)] * 4]) == [0, 1, 2, 3, 4]

    def test_there_and_back_is_the_same_screen(self) -> None:
        """A switch that was turned on and off is as it was; a figure that grows is not."""
        figure = [[400, 900, 420, 910, "content"]]
        steps = [tap(0, 100), tap(0, 200)] * 3
        back = [{**step, "change_boxes": SWITCH} for step in steps]
        grown = [
            {**step, "change_boxes": [] if at % 2 else figure} for at, step in enumerate(steps)
        ]

        assert looping(back) == list(range(6))
        assert looping(grown) == []

    @pytest.mark.parametrize("period", range(1, MAX_PERIOD + 1))
    def test_a_circle_is_a_loop(self, period: int) -> None:
        """There and back again, three times, is a loop; two times may be a try."""
        circle = [tap(n, x=100 * n) for n in range(period)]

        assert looping(circle * REPEATS) == list(range(period * REPEATS))
        assert looping((circle * REPEATS)[:-1]) == []
        start = [tap(7)]
        found = looping([*start, *circle * REPEATS, *circle[:1], tap(6)])
        assert found == list(range(1, period * REPEATS + 2))

    def test_a_longer_circle_is_none(self) -> None:
        """Going through a list of many things is work."""
        assert looping([tap(n, x=100 * n) for n in range(MAX_PERIOD + 1)] * 4) == []


SWITCH = [[800, 480, 900, 510, "content"]]  # at the end of the row that `tap` goes to
CLOCK = [[20, 10, 120, 30, "status"]]


class TestNoEffect:
    """The next picture shows nothing that the action has changed."""

    @pytest.mark.parametrize(
        "action",
        ["Tap", "Double Tap", "Long Press", "Swipe", "Launch", "Back", "Home", "tap", "long_press"],
    )
    @pytest.mark.parametrize("boxes", [[], CLOCK])
    def test_an_action_that_changes_nothing(self, action: str, boxes: list[Any]) -> None:
        """The step that acted has the flag, and not the one that saw it."""
        found = flags(tap(0, action=action), tap(0, change_boxes=boxes), tap(1))

        assert found == [["no_op"], [], []]

    @pytest.mark.parametrize("action", ["Wait", "Note", "finish", "Take_over", None])
    def test_what_does_not_act_may_change_nothing(self, action: str | None) -> None:
        """A wait on a screen that stays is what it is for."""
        assert "no_op" not in flags(tap(0, action=action), tap(0, change_boxes=[]))[0]

    def test_a_small_change_is_an_effect(self) -> None:
        """A switch that has turned does not show in a hash, but in the row that was tapped."""
        assert flags(tap(0), tap(0, change_boxes=[*CLOCK, *SWITCH])) == [[], []]

    def test_all_later_pictures_have_to_say_so(self) -> None:
        """Its own picture may have come too early, and the next one shows it."""
        assert flags(tap(0, after_boxes=[]), tap(0, change_boxes=SWITCH))[0] == []
        assert flags(tap(0, after_boxes=SWITCH), tap(0, change_boxes=[]))[0] == []
        assert flags(tap(0, after_boxes=[]), tap(0, change_boxes=CLOCK))[0] == ["no_op"]
        assert flags(tap(0, after_boxes=[])) == [["no_op"]]

    def test_without_a_comparison_only_the_same_picture_tells(self) -> None:
        """Recordings of old have hashes, in which what is small does not show."""
        assert flags(tap(0), tap(0))[0] == []
        for action in ("Tap", "Type_Name"):
            assert flags(tap(action=action, picture="a"), tap(picture="a"))[0] == ["no_op"]

    def test_what_is_not_known_is_not_told(self) -> None:
        """No later picture, a black one, or a step under way: nobody knows."""
        assert flags(tap(0)) == [[]]
        assert flags(tap(0), tap(None)) == [[], []]
        assert flags(tap(0, black=True), tap(0, change_boxes=[]))[0] == ["black"]
        assert flags(tap(0), tap(0, black=True, change_boxes=[]))[0] == []
        assert flags(tap(0, status="running"), tap(0, change_boxes=[]))[0] == []
        assert flags(tap(0), tap(0, change_boxes="odd"))[0] == []


class TestFacts:
    """Flags that one step tells by itself."""

    def test_each(self) -> None:
        """What the recorder has seen, and what the action says."""
        assert flags({"error_kind": "parse_error"}, {"error_kind": "model_error"}) == [
            ["parse_error"],
            [],
        ]
        assert flags({"action": "Take_over"}, {"action": "Interact"}) == [["take_over"], []]
        assert flags({"black": True}, {"black": False}) == [["black"], []]

    def test_a_sensitive_screen_is_not_called_black_as_well(self) -> None:
        """It is black by nature."""
        assert flags({"sensitive": True, "black": True}) == [["sensitive"]]

    @pytest.mark.parametrize("place", ["x", "y", "x2", "y2"])
    def test_a_point_beside_the_screen(self, place: str) -> None:
        """The edges are on the screen."""
        found = [flags({place: value})[0] for value in (-1, 0, 1000, 1000.5)]
        assert found == [["out_of_range"], [], [], ["out_of_range"]]


class TestSlow:
    """Slower than the others of its task."""

    def test_the_one_that_stands_out(self) -> None:
        """Beside many that took a second, one that took a minute is slow."""
        times = [*range(1000, 1000 + SLOW_LEAST_STEPS), 60_000]

        found = flags(*({"duration_ms": time} for time in times))

        assert summary_of(found) == {"slow": [SLOW_LEAST_STEPS]}

    @pytest.mark.parametrize(
        "times",
        [
            [100] * SLOW_LEAST_STEPS + [SLOW_LEAST_MS],  # nobody waits that long for nothing
            [9000, 9500] * SLOW_LEAST_STEPS,  # a slow model is slow with every step
            [100] * (SLOW_LEAST_STEPS - 2) + [60_000],  # too few to compare with
            [None] * 100 + [60_000],
            [60_000] * 100,
        ],
    )
    def test_nothing_stands_out(self, times: list[int | None]) -> None:
        """Alike, few, or fast enough: no step is slow."""
        assert summary_of(flags(*({"duration_ms": time} for time in times))) == {}


def test_a_summary_counts_what_there_is() -> None:
    """Positions by flag; what no step has is not in it."""
    assert summary_of([["black"], [], ["loop", "black"]]) == {"black": [0, 2], "loop": [2]}
    assert summary_of([]) == {}


# --- Whatever an index holds

_ACTIONS = [None, "Tap", "Type", "Swipe", "Wait", "Take_over", "finish", "?"]
_number = st.none() | st.integers(-50, 1050) | st.floats(allow_nan=True)
_step = st.fixed_dictionaries(
    {},
    optional={
        "action": st.sampled_from(_ACTIONS),
        "label": st.sampled_from([None, "a"]),
        "app": st.sampled_from([None, "微信"]),
        "phash": st.sampled_from([None, *SCREENS[:2], "", "no hash"]),
        "picture": st.sampled_from([None, "a", "b"]),
        **dict.fromkeys(
            ("change_boxes", "after_boxes"), st.sampled_from([None, [], SWITCH, CLOCK, "odd"])
        ),
        "sensitive": st.sampled_from([None, True, False]),
        "black": st.sampled_from([None, True, False]),
        "error_kind": st.sampled_from([None, "parse_error"]),
        "status": st.sampled_from([None, "running", "completed"]),
        "duration_ms": st.none() | st.integers(0, 100_000),
        "width": st.sampled_from([None, 0, 1080]),
        "height": st.sampled_from([None, 2400]),
        **dict.fromkeys(("x", "y", "x2", "y2"), _number),
    },
)


@given(steps=st.lists(_step, max_size=40))
def test_any_index_has_flags(steps: list[dict[str, Any]]) -> None:
    """Each step has known flags, each once and in one order, whatever is missing."""
    found = flags(*steps)

    assert len(found) == len(steps)
    for names in found:
        assert names == [name for name in NAMES if name in names]
    for name, positions in summary_of(found).items():
        assert positions == sorted(set(positions)), name


@given(steps=st.lists(_step, max_size=30), more=st.lists(_step, max_size=10))
def test_what_comes_later_takes_no_loop_away(
    steps: list[dict[str, Any]], more: list[dict[str, Any]]
) -> None:
    """A task that goes on keeps the loops that were seen."""
    assert set(looping(steps)) <= set(looping([*steps, *more]))


@given(steps=st.lists(_step, max_size=30))
def test_a_loop_is_made_of_repetitions(steps: list[dict[str, Any]]) -> None:
    """Each step of a loop has its like, with the same action and argument, one period away."""
    found = looping(steps)
    for at in found:
        places = [at + sign * period for period in range(1, MAX_PERIOD + 1) for sign in (-1, 1)]
        assert any(_said(steps[other]) == _said(steps[at]) for other in places if other in found)


def _said(step: dict[str, Any]) -> list[Any]:
    return [step.get(name) for name in ("action", "label", "app")]
