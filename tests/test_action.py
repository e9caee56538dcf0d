"""What an agent's action says."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_steps.action import action_argument, action_name, action_points

NOWHERE = (None, None)


@pytest.mark.parametrize(
    ("action", "name"),
    [
        ({"_metadata": "do", "action": "Tap"}, "Tap"),
        ({"_metadata": "finish", "message": "done"}, "finish"),
        ({"name": "click"}, "click"),
        ("Back", "Back"),
        ({"action": 7}, "7"),
        ("", None),
        ({}, None),
        ({"action": "", "name": None}, None),
        (["Tap"], None),
        (None, None),
        ("x" * 1000, "x" * 100),
    ],
)
def test_an_action_has_a_name(action: Any, name: str | None) -> None:
    """Whatever shape the agent gives it; what has none has none."""
    assert action_name(action) == name


@pytest.mark.parametrize(
    ("action", "argument"),
    [
        ({"action": "Type", "text": "你好\n\t世界 "}, "你好 世界"),
        ({"action": "Launch", "app": "微信"}, "微信"),
        ({"_metadata": "finish", "message": "done"}, "done"),
        ({"action": "Wait", "duration": "2 seconds"}, "2 seconds"),
        ({"action": "Wait", "duration": 2.5}, "2.5"),
        ({"action": "Tap", "element": [1, 2]}, None),
        ({"action": "Type", "text": "  "}, None),
        ({"text": {"a": 1}, "app": ["x"]}, None),
        ("Back", None),
        ({"text": "x" * 81}, "x" * 79 + "…"),
        ({"text": "x" * 80}, "x" * 80),
    ],
)
def test_an_argument_is_short_and_on_one_line(action: Any, argument: str | None) -> None:
    """It stands beside the name of the action in a list."""
    assert action_argument(action) == argument


@pytest.mark.parametrize(
    ("action", "points"),
    [
        ({"action": "Tap", "element": [499, 82.5]}, ((499, 82.5), NOWHERE)),
        ({"action": "Tap", "element": [1, 2, 3, 4]}, ((1, 2), NOWHERE)),
        ({"action": "Swipe", "start": [1, 2], "end": [3, 4]}, ((1, 2), (3, 4))),
        ({"action": "Tap", "element": [-5, 1200]}, ((-5, 1200), NOWHERE)),
        ({"action": "Tap", "element": [1]}, (NOWHERE, NOWHERE)),
        ({"action": "Tap", "element": "1,2"}, (NOWHERE, NOWHERE)),
        ({"action": "Tap", "element": [True, 2]}, (NOWHERE, NOWHERE)),
        ({"action": "Tap", "element": [float("nan"), 2]}, (NOWHERE, NOWHERE)),
        ({"action": "Tap", "element": [float("inf"), 2]}, (NOWHERE, NOWHERE)),
        ({"action": "Tap", "element": [10**400, 2]}, (NOWHERE, NOWHERE)),
        (None, (NOWHERE, NOWHERE)),
    ],
)
def test_points_are_pairs_of_numbers(action: Any, points: Any) -> None:
    """What is no place is nowhere; one beside the screen is a place all the same."""
    assert action_points(action) == points


@given(
    action=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["action", "name", "text", "app", "element", "start", "end"]), inner
            )
        ),
    )
)
def test_no_action_is_a_surprise(action: Any) -> None:
    """A model may write anything."""
    name, argument = action_name(action), action_argument(action)

    assert name is None or 0 < len(name) <= 100
    assert argument is None or 0 < len(argument) <= 80
    for point in action_points(action):
        assert (point[0] is None) == (point[1] is None)
