"""What an agent's action says."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_steps.action.kinds import action_kind
from otel_steps.action.places import PERMILLE, PIXEL, UNIT, Places, action_places
from otel_steps.action.words import action_argument, action_name

NOWHERE = (None, None)
PHONE = (1080, 2400)


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
    found = action_places(action)

    assert (found.start, found.end) == points


@given(
    action=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(
                    [
                        *("action", "name", "arguments", "text", "keys", "element", "start", "end"),
                        *("point", "coordinate", "locate", "path", "touch_yx", "x", "y"),
                    ]
                ),
                inner,
            )
        ),
    )
)
def test_no_action_is_a_surprise(action: Any) -> None:
    """A model may write anything."""
    name, argument = action_name(action), action_argument(action)

    assert name is None or 0 < len(name) <= 100
    assert argument is None or 0 < len(argument) <= 80
    places = action_places(action, (1080, 2400))
    for point in (places.start, places.end):
        assert (point[0] is None) == (point[1] is None)


_CLICK = "click"
_MIDDLE = (500, 500)


@pytest.mark.parametrize(
    ("action", "name", "argument", "start", "end"),
    [
        pytest.param(
            {"action_type": _CLICK, "action_inputs": {"start_box": "[0.5,0.5,0.5,0.5]"}},
            *(_CLICK, None, _MIDDLE, NOWHERE),
            id="UI-TARS",
        ),
        pytest.param(
            "Thought: there.\nAction: click(start_box='<|box_start|>(500,500)<|box_end|>')",
            *(_CLICK, None, _MIDDLE, NOWHERE),
            id="UI-TARS text",
        ),
        pytest.param(
            "drag(start_box='(100,200)', end_box='(300,400)')",
            *("drag", None, (100, 200), (300, 400)),
            id="UI-TARS drag",
        ),
        pytest.param(
            "click(point='<point>500 500</point>')",
            *(_CLICK, None, _MIDDLE, NOWHERE),
            id="Doubao",
        ),
        pytest.param(
            "type(content='it\\'s (me), ok')",
            *("type", "it's (me), ok", NOWHERE, NOWHERE),
            id="UI-TARS type",
        ),
        pytest.param(
            {"action_type": _CLICK, "x": 540, "y": 1200},
            *(_CLICK, None, _MIDDLE, NOWHERE),
            id="android_world",
        ),
        pytest.param(
            {"click_element_by_index": {"index": 3}},
            *("click_element_by_index", "3", NOWHERE, NOWHERE),
            id="browser-use",
        ),
        pytest.param(
            {"action": "swipe", "coordinate": [540, 1200], "coordinate2": [540, 240]},
            *("swipe", None, _MIDDLE, (500, 100)),
            id="Qwen-VL",
        ),
        pytest.param(
            {
                "tool": "computer",
                "action": "left_click_drag",
                "start_coordinate": [540, 1200],
                "coordinate": [540, 240],
            },
            *("left_click_drag", None, _MIDDLE, (500, 100)),
            id="Claude",
        ),
        pytest.param(
            {"action": "scroll", "coordinate": [540, 1200], "scroll_direction": "down"},
            *("scroll", "down", _MIDDLE, NOWHERE),
            id="Claude scroll",
        ),
        pytest.param(
            {"type": "drag", "path": [{"x": 540, "y": 1200}, {"x": 540, "y": 240}]},
            *("drag", None, _MIDDLE, (500, 100)),
            id="OpenAI drag",
        ),
        pytest.param(
            {"type": "keypress", "keys": ["CTRL", "L"]},
            *("keypress", "CTRL+L", NOWHERE, NOWHERE),
            id="OpenAI keys",
        ),
        pytest.param(
            {"action": {"type": _CLICK, "x": 540, "y": 1200}},
            *(_CLICK, None, _MIDDLE, NOWHERE),
            id="OpenAI call",
        ),
        pytest.param(
            {"function": {"name": "click_at", "arguments": '{"x": 540, "y": 1200}'}},
            *("click_at", None, _MIDDLE, NOWHERE),
            id="tool call",
        ),
        pytest.param(
            {"type": "Tap", "locate": {"bbox": [500, 1160, 580, 1240]}},
            *("Tap", None, _MIDDLE, NOWHERE),
            id="Midscene",
        ),
        pytest.param(
            {"action_type": 4, "touch_yx": [0.5, 0.25], "lift_yx": [0.5, 0.25]},
            *("tap", None, (250, 500), (250, 500)),
            id="AITW tap",
        ),
        pytest.param(
            {"action_type": 4, "touch_yx": [0.75, 0.5], "lift_yx": [0.25, 0.5]},
            *("swipe", None, (500, 750), (500, 250)),
            id="AITW swipe",
        ),
        pytest.param(
            {"action_type": 6, "touch_yx": [-1.0, -1.0], "lift_yx": [-1.0, -1.0]},
            *("home", None, NOWHERE, NOWHERE),
            id="AITW key",
        ),
        pytest.param({"action_type": 6}, *("6", None, NOWHERE, NOWHERE), id="a number"),
        pytest.param("tap(5)", *("tap", "5", NOWHERE, NOWHERE), id="AppAgent"),
        pytest.param(
            "await page.mouse.click(540, 1200);", *(_CLICK, None, _MIDDLE, NOWHERE), id="unnamed"
        ),
        pytest.param(
            "pyautogui.moveTo(540, 1200)", *("moveTo", None, _MIDDLE, NOWHERE), id="pyautogui"
        ),
        pytest.param(
            "swipe(540, 1200, 540, 240)", *("swipe", None, _MIDDLE, (500, 100)), id="unnamed swipe"
        ),
        pytest.param(
            "pyautogui.hotkey('ctrl', 'c')",
            *("hotkey", "ctrl+c", NOWHERE, NOWHERE),
            id="unnamed keys",
        ),
        pytest.param(
            "fill('a51', 'a, (b) it\\'s')",
            *("fill", "a, (b) it's", NOWHERE, NOWHERE),
            id="BrowserGym",
        ),
        pytest.param(
            {"tool": "computer", "action": "click(start_box='(500,500)')"},
            *(_CLICK, None, _MIDDLE, NOWHERE),
            id="a call as the name",
        ),
        pytest.param({_CLICK: [540, 1200]}, *(_CLICK, None, _MIDDLE, NOWHERE), id="a place alone"),
        pytest.param({"wait": 3}, *("wait", "3", NOWHERE, NOWHERE), id="a number alone"),
        pytest.param({"go_back": None}, *("go_back", None, NOWHERE, NOWHERE), id="nothing alone"),
        pytest.param("noop(1000)", *("noop", None, NOWHERE, NOWHERE), id="unnamed of unknown"),
        pytest.param(
            "CLICK <point>[[500,500]]</point>", *("CLICK", None, _MIDDLE, NOWHERE), id="OS-Atlas"
        ),
        pytest.param("TYPE [hello]", *("TYPE", "hello", NOWHERE, NOWHERE), id="OS-Atlas type"),
        pytest.param(
            "CLICK(box=[[500,1160,580,1240]], element_info='OK')",
            *("CLICK", None, _MIDDLE, NOWHERE),
            id="CogAgent",
        ),
        pytest.param(
            '{"thought": "up", "POINT": [500, 500], "to": "up", "STATUS": "continue"}',
            *("swipe", "up", _MIDDLE, NOWHERE),
            id="AgentCPM-GUI",
        ),
        pytest.param(
            {"PRESS": "HOME"}, *("press home", None, NOWHERE, NOWHERE), id="AgentCPM-GUI key"
        ),
        pytest.param(
            '<tool_call>\n{"name": "mobile_use", "arguments": {"action": "swipe",'
            ' "coordinate": ["540", "1200"], "coordinate2": "[540, 240]"}}\n</tool_call>',
            *("swipe", None, _MIDDLE, (500, 100)),
            id="a tool that is told an action",
        ),
        pytest.param(
            '```json\n[{"action": "click", "x": "540", "y": "1200"}]\n```',
            *(_CLICK, None, _MIDDLE, NOWHERE),
            id="fenced, the first of several",
        ),
        pytest.param(
            {"actions": [{"type": _CLICK, "x": 540, "y": 1200}, {"type": "screenshot"}]},
            *(_CLICK, None, _MIDDLE, NOWHERE),
            id="OpenAI batch",
        ),
        pytest.param(
            {"action": "drag_and_drop", "x": 500, "y": 500, "destination_x": 1, "destination_y": 2},
            *("drag_and_drop", None, _MIDDLE, (1, 2)),
            id="Gemini drag",
        ),
        pytest.param(
            {"action": "tap", "bounds": "[500,1160][580,1240]"},
            *("tap", None, _MIDDLE, NOWHERE),
            id="bounds of uiautomator",
        ),
        pytest.param(
            {"action": _CLICK, "rect": {"x": 500, "y": 1160, "width": 80, "height": 80}},
            *(_CLICK, None, _MIDDLE, NOWHERE),
            id="box of Playwright",
        ),
        pytest.param(
            {"action": _CLICK, "position": "page 2 of 3", "location": [540, 1200]},
            *(_CLICK, None, _MIDDLE, NOWHERE),
            id="words with numbers are no place",
        ),
        pytest.param(
            'do(action="Tap", element=[500,500])', *("Tap", None, _MIDDLE, NOWHERE), id="AutoGLM"
        ),
        pytest.param(
            '{"action": "click", "bbox": [500, 1100, 580, 1300]}',
            *(_CLICK, None, _MIDDLE, NOWHERE),
            id="JSON",
        ),
    ],
)
def test_actions_of_other_agents(
    action: Any, name: str, argument: str | None, start: Any, end: Any
) -> None:
    """Each in the shape of its own; the places on a phone's picture."""
    places = action_places(action, PHONE)

    assert (action_name(action), action_argument(action)) == (name, argument)
    assert (places.start, places.end) == (start, end)


@pytest.mark.parametrize(
    ("action", "size", "said", "places"),
    [
        # What the step says holds, whatever the shape.
        ({"element": [540, 1200]}, PHONE, PIXEL, Places(_MIDDLE, NOWHERE, PIXEL)),
        ({"x": 500, "y": 500}, PHONE, PERMILLE, Places(_MIDDLE, NOWHERE, PERMILLE)),
        ({"x": 1, "y": 1}, PHONE, UNIT, Places((1000, 1000), NOWHERE, UNIT)),
        (
            {"_metadata": "do", "element": [9, 1004]},
            PHONE,
            None,
            Places((9, 1004), NOWHERE, PERMILLE),
        ),
        ({"element": [540, 500]}, PHONE, "furlong", Places((540, 500), NOWHERE, PERMILLE)),
        # Numbers that cannot be what the shape usually has.
        ({"element": [540, 2200]}, PHONE, None, Places((500, 916.7), NOWHERE, PIXEL, True)),
        ({"coordinate": [0.5, 0.25]}, PHONE, None, Places((500, 250), NOWHERE, UNIT, True)),
        ({"x": 900, "y": 990}, (800, 600), None, Places((900, 990), NOWHERE, PERMILLE, True)),
        # Beside any screen: that is what the agent did.
        ({"element": [540, 9000]}, PHONE, None, Places((540, 9000), NOWHERE, PERMILLE)),
        ({"x": 540, "y": 4800}, PHONE, None, Places((500, 2000), NOWHERE, PIXEL)),
        # Pixels of a picture that is not there.
        ({"x": 540, "y": 1200}, (None, None), None, Places()),
        ({"x": 540, "y": 1200}, (0, 2400), None, Places()),
    ],
)
def test_what_places_are_counted_in(action: Any, size: Any, said: Any, places: Places) -> None:
    """A guess says that it is one."""
    assert action_places(action, size, said) == places


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *(("TAP", "tap"), ("double_tap", "double_tap"), ("Long Press", "long_press")),
        *(("leftClick", "tap"), ("go_to_url", "launch"), ("Take_over", "take_over")),
        *(("Type_Name", "type"), ("Call_API", "call_api"), ("right-click", "right_click")),
        *(("browser_mouse_click_xy", "tap"), ("scroll_at", "scroll"), ("wait_5_seconds", "wait")),
        *(("mobile_swipe_on_screen", "swipe"), ("browser_press_key", "key")),
        *(("Dance", "unknown"), ("点击", "unknown"), ("toString", "unknown"), ("7", "unknown")),
        *(("", None), (None, None), (7, None)),
    ],
)
def test_kinds(name: Any, kind: str | None) -> None:
    """One word for what agents write in many ways."""
    assert action_kind(name) == kind
