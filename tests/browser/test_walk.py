"""From the list to the step that failed, and through all of it: what a reader of a run does."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.chromium import PHONE, save_picture
from tests.browser.conftest import OpenPage
from tests.browser.recordings import ACTIONS, DESCRIPTION, FAILED
from tests.browser.screens import expect_step
from tests.browser.viewer import TRACE_URL

LAST = len(ACTIONS)


def step_number(page: Page) -> int:
    """Return the number of the step that the details are about."""
    return int(page.locator("[data-step]").get_attribute("data-step") or 0)


def before(page: Page) -> Locator:
    return page.locator('.frame[data-side="before"]')


def centre(box: Any) -> tuple[float, float]:
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def place(frame: Any, x: float, y: float) -> tuple[float, float]:
    """Return where a point of the picture, 0 to 1000, is on the page."""
    return frame["x"] + frame["width"] * x / 1000, frame["y"] + frame["height"] * y / 1000


def opened_at(page: Page, number: int) -> None:
    """Wait until a step is shown with its picture."""
    expect_step(page, number)
    expect(before(page).locator("img").first).to_have_js_property("complete", True)


def test_failed_task_is_found_and_opens_where_it_failed(open_page: OpenPage) -> None:
    """Two clicks lead from the list to the first failed step of a task."""
    page = open_page("/?status=failed")
    row = page.locator('[data-task="walk"]')
    expect(row).to_contain_text(DESCRIPTION)

    row.get_by_role("link", name="Why?").click()

    opened_at(page, FAILED)
    assert re.search(r"/t/walk#s=9", page.url)
    expect(page.locator('[data-field="error"]')).to_have_text("The button did not answer")
    expect(page.locator('[data-status="failed"]')).to_be_visible()
    # Of what stands beside it the last facts are cut, not the title.
    title = page.get_by_role("heading", name=DESCRIPTION)
    assert title.evaluate("(it) => it.scrollWidth <= it.clientWidth")
    save_picture(page, "task-light")


@pytest.mark.parametrize("number", [2, FAILED, LAST])
def test_ring_is_on_the_very_pixel(open_page: OpenPage, number: int) -> None:
    """The ring's centre is where the agent tapped, to half a pixel, zoomed or not."""
    page = open_page(f"/t/walk#s={number}")
    opened_at(page, number)
    x, y = ACTIONS[number - 1][1]["element"]
    ring = page.locator('[data-marker="tap"]')

    for key in ("", "z"):
        if key:
            page.keyboard.press(key)
            expect(page.locator(".frame-moved").first).to_have_attribute(
                "style", re.compile("scale")
            )
        moved = before(page).locator(".frame-moved").bounding_box()
        expected = place(moved, x, y)

        assert centre(ring.bounding_box()) == pytest.approx(expected, abs=0.5)


def test_marker_of_every_action(open_page: OpenPage) -> None:
    """Each kind of action has its own mark, with its words."""
    page = open_page("/t/walk#s=1")
    opened_at(page, 1)
    expected = {
        1: ("launch", "微信"),
        2: ("tap", ""),
        3: ("wait", "2 seconds"),
        4: ("double_tap", ""),
        5: ("long_press", ""),
        6: ("swipe", ""),
        8: ("type", "我到家了，别担心"),
        13: ("back", "Back"),
        14: ("home", "Home"),
        15: ("take_over", "请输入验证码"),
        16: ("note", "已读"),
        17: ("call_api", "总结"),
        18: ("interact", "Interact"),
        19: ("unknown", "Other action"),
    }

    for number in range(1, LAST + 1):
        opened_at(page, number)
        if number in expected:
            marker, text = expected[number]
            mark = before(page).locator(f'[data-marker="{marker}"]')
            expect(mark).to_have_count(1)
            expect(mark).to_contain_text(text)
        page.keyboard.press("j")


def test_point_beside_the_screen_is_drawn_at_its_edge(open_page: OpenPage) -> None:
    """A coordinate that is not on the picture is shown at the edge, and flagged."""
    page = open_page("/t/walk#s=12")
    opened_at(page, 12)

    mark = page.locator('[data-marker="tap"]')

    frame = before(page).bounding_box()
    assert centre(mark.bounding_box()) == pytest.approx(place(frame, 1000, 640), abs=0.5)
    expect(mark).to_contain_text("1400, 640")
    expect(page.locator('[data-flag="out_of_range"]')).to_be_visible()


def test_keys_lead_through_all_steps(open_page: OpenPage) -> None:
    """Every step is a key away, in both directions; the ends stay, and the address follows."""
    page = open_page("/t/walk#s=1")
    opened_at(page, 1)

    for number in range(2, LAST + 1):
        page.keyboard.press("j" if number % 2 else "ArrowDown")
        expect_step(page, number)
    page.keyboard.press("j")
    expect_step(page, LAST)
    page.wait_for_url(f"**#s={LAST}&v=pair")

    page.keyboard.press("Home")
    expect_step(page, 1)
    page.keyboard.press("Shift+ArrowDown")
    expect_step(page, 11)
    page.keyboard.press("f")
    expect_step(page, 11)
    page.keyboard.press("Shift+F")
    expect_step(page, FAILED)
    page.keyboard.press("End")
    page.keyboard.press("k")
    expect_step(page, LAST - 1)


def test_arrows_go_through_the_phases(open_page: OpenPage) -> None:
    """Before, action, after, and on to the next step."""
    page = open_page("/t/walk#s=2&v=single")
    opened_at(page, 2)
    caption = page.locator("figcaption")
    seen = []

    for _ in range(3):
        seen.append(caption.inner_text())
        page.keyboard.press("ArrowRight")
        expect(caption).not_to_have_text(seen[-1])

    assert seen == ["Action 2", "After 2", "Before 3"]


def test_modes_show_the_pictures_in_four_ways(open_page: OpenPage) -> None:
    """Pair, single, slider and difference, each by its key and in the address."""
    page = open_page("/t/walk#s=2")
    opened_at(page, 2)

    expect(page.locator(".frame[data-side]")).to_have_count(2)
    for mode in ("single", "slider", "diff"):
        page.keyboard.press("d")
        page.wait_for_url(f"**v={mode}")
        expect(page.locator(".frame[data-side]")).to_have_count(1)
    share = page.locator("[data-difference]")
    expect(share).to_contain_text("of the picture changed")
    assert 0.1 < float(share.get_attribute("data-difference") or 0) <= 1
    save_picture(page, "task-difference")

    page.keyboard.press("j")
    page.keyboard.press("d")
    page.keyboard.press("o")
    expect(page.locator("[data-marker]")).to_have_count(0)


def test_slider_uncovers_the_picture_after(open_page: OpenPage) -> None:
    """The slider's line goes where it is dragged, and keys of the slider stay its own."""
    page = open_page("/t/walk#s=2&v=slider")
    opened_at(page, 2)

    page.get_by_role("slider", name="Before or after").focus()
    page.keyboard.press("Home")

    expect(page.locator(".slider-line")).to_have_attribute("style", re.compile("left: 0%"))
    expect_step(page, 2)


def test_player_plays_to_the_end(open_page: OpenPage) -> None:
    """Playing goes through the steps to the last one and stops there, with subtitles on the way."""
    page = open_page(f"/t/walk#s={LAST - 1}")
    opened_at(page, LAST - 1)
    play = page.locator("[data-playing]")

    page.keyboard.press("]")
    page.keyboard.press("Space")

    expect(play).to_have_attribute("data-playing", "true")
    expect(page.locator(".subtitle")).to_contain_text("我需要")
    expect_step(page, LAST)
    expect(play).to_have_attribute("data-playing", "false")
    expect(page.get_by_role("slider", name="Position in the task")).to_have_attribute(
        "aria-valuetext", f"step {LAST} of {LAST}, Tap, ok"
    )


def test_scrubber_goes_anywhere(open_page: OpenPage) -> None:
    """Moving the player's slider selects the step at that time."""
    page = open_page("/t/walk#s=1")
    opened_at(page, 1)

    page.locator("[data-scrubber]").fill("0")
    page.locator("[data-scrubber]").press("End")

    expect_step(page, LAST)


def test_filters_narrow_the_list(open_page: OpenPage) -> None:
    """Two Chinese letters, failed, flagged, an action: only the steps that match are left."""
    page = open_page("/t/walk#s=1")
    opened_at(page, 1)
    rows = page.locator(".steplist [role=option]")

    page.keyboard.press("/")
    page.keyboard.type("担心")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("我到家了，别担心")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Show all").click()
    expect(rows.nth(3)).to_be_visible()
    page.locator('[data-filter="failed"]').click()
    expect(rows).to_have_count(1)
    page.locator('[data-filter="failed"]').click()
    page.get_by_label("Kind of action").select_option("Swipe")
    expect(rows).to_have_count(1)
    page.get_by_role("button", name="Show all").click()

    page.keyboard.press("g")

    expect(page.locator("[data-flag]").first).to_be_visible()
    expect(page.locator('[data-filter="flagged"]')).to_have_attribute("aria-pressed", "true")


def test_a_flag_leads_to_its_steps(open_page: OpenPage) -> None:
    """From the list, from the head of the task and from a step; the address says which."""
    page = open_page("/")
    rows = page.locator(".steplist [role=option]")

    page.locator('[data-task="walk"] .flag a', has_text="No effect").click()

    expect_step(page, FAILED)
    expect(rows).to_have_count(2)
    expect(page.locator(".filter-state")).to_contain_text("2 of 20 steps · No effect")
    page.locator('[data-flag-link="loop"]').click()
    expect(rows).to_have_count(3)
    page.wait_for_url(re.compile(rf"#s={FAILED}&v=pair&f=loop$"))
    page.locator('[data-flag="no_op"] button').click()
    page.wait_for_url(re.compile("&f=no_op$"))
    page.reload()
    expect(rows).to_have_count(2)
    page.get_by_role("button", name="Show all").click()
    expect(rows.nth(3)).to_be_visible()


def test_what_was_found_is_marked(open_page: OpenPage) -> None:
    """The word goes along from the list to the step, and stands out there."""
    page = open_page("/?q=担心")

    page.locator('[data-task="walk"] .hit a').click()

    expect(page.locator(".steplist [role=option]")).to_have_count(1)
    expect(page.locator(".steplist mark")).to_have_text("担心")
    page.locator("[data-search]").fill("look")
    expect(page.locator('[data-field="thinking"] mark')).to_have_text("look")


def test_minimap_chooses_a_range(open_page: OpenPage) -> None:
    """A click selects a step, dragging a range, a double click all."""
    page = open_page("/t/walk#s=1")
    opened_at(page, 1)
    box: Any = page.locator(".minimap-map").bounding_box()
    x, y, width = box["x"], box["y"] + 10, box["width"]

    page.mouse.click(x + width * 4.5 / LAST, y)
    expect_step(page, 5)
    page.mouse.move(x + width * 2.5 / LAST, y)
    page.mouse.down()
    page.mouse.move(x + width * 5.5 / LAST, y, steps=3)
    page.mouse.up()

    expect(page.locator(".filter-state")).to_contain_text("4 of 20 steps · steps 3–6")
    page.mouse.dblclick(x + width * 4.5 / LAST, y)
    expect(page.locator(".filter-state")).to_have_count(0)


def test_zoom_moves_picture_and_marker_together(open_page: OpenPage) -> None:
    """The wheel zooms at the pointer and dragging pans, and the ring stays on its pixel."""
    page = open_page("/t/walk#s=2")
    opened_at(page, 2)
    expect(before(page)).to_have_attribute("data-hands", "")
    frame: Any = before(page).bounding_box()

    page.mouse.move(*place(frame, 500, 250))
    page.mouse.wheel(0, -300)
    page.mouse.down()
    page.mouse.move(frame["x"] + 40, frame["y"] + 140, steps=4)
    page.mouse.up()

    moved: Any = before(page).locator(".frame-moved").bounding_box()
    assert moved["width"] > frame["width"] * 2
    ring = page.locator('[data-marker="tap"]').bounding_box()
    assert centre(ring) == pytest.approx(place(moved, 500, 250), abs=0.5)


def test_what_is_copied_can_be_run(open_page: OpenPage) -> None:
    """The action is copied as JSON, for adb and for Python; the address is the link."""
    page = open_page("/t/walk#s=2", permissions=["clipboard-read", "clipboard-write"])
    opened_at(page, 2)
    expected = {
        "json": '"element": [',
        "adb": "adb shell input tap 180 200",
        "python": 'subprocess.run(["adb", "shell", "input", "tap", "180", "200"], check=True)',
    }
    holds = "async text => (await navigator.clipboard.readText()).includes(text)"

    for name, text in expected.items():
        page.locator(f'[data-copy="{name}"]').click()
        page.wait_for_function(holds, arg=text)
    expect(page.locator(".said")).to_have_text("Copied")
    page.keyboard.press("c")
    page.wait_for_function(holds, arg="/t/walk#s=2")
    page.locator(".menu summary").click()
    page.locator('[data-copy-export="sh"]').click()
    page.wait_for_function(holds, arg="\nadb shell input tap 180 200\npause\n")
    expect(page.get_by_role("link", name="Script for adb (Python)")).to_have_attribute(
        "href", "api/tasks/walk/export.py"
    )


def test_trace_opens_in_another_backend(open_page: OpenPage) -> None:
    """Where the setting names one, a link leads to the same span there."""
    page = open_page("/t/walk#s=2")
    opened_at(page, 2)

    link = page.get_by_role("link", name="Open trace")

    start = TRACE_URL.partition("{")[0]
    expect(link).to_have_attribute(
        "href", re.compile(rf"^{start}[0-9a-f]{{32}}\?span=[0-9a-f]{{16}}$")
    )
    expect(link).to_have_attribute("rel", "noreferrer")


def test_keys_sleep_while_text_is_composed(open_page: OpenPage) -> None:
    """Keys that belong to an input method, to a field, or to the browser do nothing."""
    page = open_page("/t/walk#s=3")
    opened_at(page, 3)
    press = """options => document.body.dispatchEvent(
        new KeyboardEvent('keydown', {bubbles: true, cancelable: true, ...options}))"""

    for options in ({"isComposing": True}, {"keyCode": 229}, {"ctrlKey": True}, {"metaKey": True}):
        page.evaluate(press, {"key": "j", **options})
    page.locator("[data-note]").focus()
    page.keyboard.type("jkdz")

    expect(page.locator("[data-note]")).to_have_value("jkdz")
    assert step_number(page) == 3
    page.locator("[data-search]").focus()
    page.evaluate(
        """() => {
            const input = document.querySelector('[data-search]');
            input.dispatchEvent(new CompositionEvent('compositionstart'));
            input.value = 'dan';
            input.dispatchEvent(new InputEvent('input', {bubbles: true, isComposing: true}));
        }"""
    )
    expect(page.locator(".filter-state")).to_have_count(0)


def test_help_lists_the_keys(open_page: OpenPage) -> None:
    """`?` opens the sheet of keys; Escape closes it, and other keys sleep meanwhile."""
    page = open_page("/t/walk#s=1")
    opened_at(page, 1)

    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Next failed step")
    save_picture(page, "task-keys")
    page.keyboard.press("j")
    page.keyboard.press("Escape")

    expect(page.get_by_role("dialog")).to_have_count(0)
    assert step_number(page) == 1


def test_notes_and_tags_are_kept(open_page: OpenPage) -> None:
    """What a person writes about a task is there for the next one."""
    page = open_page("/t/walk#s=1")
    opened_at(page, 1)

    expect(page.locator("[data-note]")).to_be_visible()
    page.keyboard.press("a")
    page.keyboard.type("发送按钮没有反应")
    page.locator("[data-tags]").fill("retry, 微信")
    page.locator("form[data-subject=task]").get_by_role("button", name="Save").click()
    expect(page.locator(".said")).to_have_text("Saved")
    page.reload()

    expect(page.locator("[data-note]")).to_have_value("发送按钮没有反应")
    expect(page.locator("[data-tags]")).to_have_value("retry, 微信")


def test_language_and_theme_change_and_stay(open_page: OpenPage) -> None:
    """Both switches work at once, without losing the step, and are remembered."""
    page = open_page("/t/walk#s=9", color_scheme="light")
    opened_at(page, FAILED)
    background = "getComputedStyle(document.querySelector('.task')).backgroundColor"
    light = page.evaluate(background)

    page.locator("[data-language]").click()
    expect(page.get_by_role("heading", name="第 9 步")).to_be_visible()
    page.locator("[data-theme-switch]").click()
    page.locator("[data-theme-switch]").click()
    assert page.evaluate(background) != light
    page.reload()

    expect(page.get_by_role("heading", name="第 9 步")).to_be_visible()
    assert page.evaluate(background) != light
    opened_at(page, FAILED)
    save_picture(page, "task-dark-zh")


def test_browser_says_which_language_and_theme(open_page: OpenPage) -> None:
    """Without a choice the browser's own are taken."""
    page = open_page("/t/walk#s=1", locale="zh-CN", color_scheme="dark")

    opened_at(page, 1)
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    save_picture(page, "task-dark")


def test_phone_has_a_layout_of_its_own(open_page: OpenPage) -> None:
    """On a phone one picture is wide, nothing is wider than the screen, the list is a drawer."""
    page = open_page("/t/walk#s=9", viewport=PHONE, has_touch=True, is_mobile=True)
    opened_at(page, FAILED)

    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    expect(page.locator(".frame[data-side=after]")).to_be_hidden()
    save_picture(page, "task-phone")
    page.locator(".list-opener").click()
    page.locator('.steplist [data-step-position="1"]').click()
    expect_step(page, 2)
    expect(page.locator(".steplist")).not_to_have_class(re.compile("is-open"))


def test_a_flick_turns_the_step(open_page: OpenPage) -> None:
    """On a touch screen, sliding over the picture goes to the next step and back."""
    page = open_page("/t/walk#s=9", viewport=PHONE, has_touch=True, is_mobile=True)
    opened_at(page, FAILED)
    flick = """(element, dx) => {
        const touch = {pointerType: 'touch', pointerId: 7, isPrimary: true, bubbles: true};
        const send = (name, clientX, clientY) =>
            element.dispatchEvent(new PointerEvent(name, {...touch, clientX, clientY}));
        element.parentElement.setPointerCapture = () => {};
        send('pointerdown', 200, 300);
        send('pointerup', 200 + dx, 310);
    }"""

    expect(before(page)).to_have_attribute("data-hands", "")
    before(page).evaluate(flick, -90)
    expect_step(page, FAILED + 1)
    before(page).evaluate(flick, 90)

    expect_step(page, FAILED)


def test_less_motion_means_no_animation(open_page: OpenPage) -> None:
    """Who asked for less motion sees marks that stand still."""
    page = open_page("/t/walk#s=9", reduced_motion="reduce")
    opened_at(page, FAILED)

    names = "document.getAnimations().map(each => each.animationName ?? each.transitionProperty)"
    assert page.evaluate(names) == []


def test_parts_are_named_for_those_who_cannot_see(open_page: OpenPage) -> None:
    """Lists, sliders and pictures have roles and names; the selected one is marked."""
    page = open_page("/t/walk#s=9")
    opened_at(page, FAILED)

    strip = page.get_by_role("listbox", name="Film strip")
    expect(strip.get_by_role("option", selected=True)).to_have_attribute(
        "aria-label", "9, Tap, failed"
    )
    expect(
        page.get_by_role("listbox", name="Steps").get_by_role("option", selected=True)
    ).to_have_count(1)
    expect(page.get_by_alt_text("Step 9 before: Tap 875, 640, 微信")).to_be_visible()
    expect(page.get_by_role("complementary", name="Details of the step")).to_be_visible()


def test_embedded_player_starts_by_itself(open_page: OpenPage) -> None:
    """`?player=1&autoplay=1` is the film alone, for another page."""
    page = open_page("/t/walk?player=1&autoplay=1", viewport={"width": 900, "height": 700})

    expect(page.locator('[data-playing="true"]')).to_be_visible()
    expect(page.locator(".steplist")).to_have_count(0)
    picture: Any = before(page).bounding_box()
    assert picture["height"] > 500


def test_unknown_task_says_so(open_page: OpenPage) -> None:
    """An address without a task behind it is an answer, not an empty page."""
    page = open_page("/t/nobody")

    expect(page.get_by_role("alert")).to_contain_text("This task cannot be shown")
