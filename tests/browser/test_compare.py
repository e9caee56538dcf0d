"""Two runs of one task side by side, and all of them in a table: where did they part, and why?"""

import re

from playwright.sync_api import Page, expect

from tests.browser.chromium import PHONE, save_picture
from tests.browser.conftest import OpenPage
from tests.browser.recordings import PHOTO, RUNS
from tests.browser.screens import settle


def expect_steps(page: Page, *numbers: str) -> None:
    """Expect the numbers of the two steps that are looked at."""
    for letter, number in zip("AB", numbers, strict=True):
        expect(page.locator(f'[data-stepper="{letter}"] > span')).to_have_text(number)


def test_comparison_opens_where_the_runs_parted(open_run: OpenPage) -> None:
    """Both screens with what was done on them, and the thinking word by word."""
    page = open_run("/compare?a=sure&b=second")

    expect(page.locator('[data-side="A"] [data-marker="tap"]')).to_have_attribute("data-x", "500")
    expect(page.locator('[data-side="B"] [data-marker="tap"]')).to_have_attribute("data-x", "655")
    expect_steps(page, "2", "2")
    expect(page.locator(".compare-head")).to_contain_text("+1 step")
    expect(page.locator("[data-words] del")).to_have_text(["in", "middle"])
    expect(page.locator("[data-words] ins")).to_have_text(["at", "bottom right"])
    expect(page.locator('[data-fact="action"]')).to_have_class("is-other")
    expect(page.locator('[data-fact="app"]')).not_to_have_class("is-other")
    expect(page.locator("[data-screen]")).to_contain_text("0.00 %")
    settle(page)
    save_picture(page, "compare-side")


def test_pictures_of_both_are_seen_in_four_ways(open_run: OpenPage) -> None:
    """A slider between them, what differs, and both actions on one screen."""
    page = open_run("/compare?a=sure&b=second#a=2&b=4")
    page.get_by_role("radio", name="Slider").click()
    page.get_by_role("slider", name="A or B").fill("20")
    expect(page.locator(".slider-after")).to_have_css("clip-path", "inset(0px 0px 0px 20%)")

    page.get_by_role("radio", name="Difference").click()
    share = page.locator("[data-difference]")
    expect(share).to_contain_text("differs")
    # The photo that only one of them has taken is all that differs.
    assert 0.002 < float(share.get_attribute("data-difference") or 0) < 0.05
    expect(page.locator("canvas.difference")).to_be_visible()

    page.keyboard.press("d")
    expect(page.locator('.deed-A [data-marker="tap"]')).to_have_attribute("data-x", "500")
    expect(page.locator('.deed-B [data-marker="tap"]')).to_have_attribute("data-x", "204")
    expect(page).to_have_url(re.compile("#a=2&b=4&v=taps$"))
    page.keyboard.press("d")
    expect(page.locator("[data-side]")).to_have_count(2)


def test_two_steps_are_pinned_by_hand(open_run: OpenPage) -> None:
    """Each run goes on by itself; what is pinned stays together, in the address as well."""
    page = open_run("/compare?a=sure&b=never")
    page.get_by_role("button", name="A: Next step").click()
    page.get_by_role("button", name="B: Next step").click(click_count=2)
    expect_steps(page, "3", "4")
    expect(page.locator(".compare-bar")).to_contain_text("by hand")

    page.keyboard.press("p")
    expect(page).to_have_url(re.compile("pin=3-4#"))
    expect(page.locator('[data-sign="pin"]')).to_have_count(1)
    expect_steps(page, "3", "4")
    page.reload()
    expect(page.get_by_role("button", name="Pin")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Pin").click()
    expect(page).not_to_have_url(re.compile("pin="))
    expect(page.locator('[data-sign="pin"]')).to_have_count(0)


def test_all_runs_of_a_task_are_a_table(open_run: OpenPage) -> None:
    """Each with how it ended and where it parted; a click leads to both, a step to that step."""
    page = open_run("/compare?a=sure")
    expect(page.locator("[data-run]")).to_have_count(len(RUNS))
    expect(page.get_by_role("heading", name=PHOTO)).to_be_visible()
    row = page.locator('[data-run="second"]')
    expect(row).to_contain_text("5 steps")
    expect(row).to_contain_text("at step 2")
    expect(row.locator(".is-divergence .thumb-foot")).to_contain_text("2")
    expect(page.locator('[data-run="never"] [data-status]')).to_have_attribute(
        "data-status", "failed"
    )
    settle(page)
    save_picture(page, "compare-runs")

    row.get_by_role("link", name="Compare").click()
    expect(page.locator("[data-side]")).to_have_count(2)
    page.get_by_role("link", name="All runs of this task").click()
    page.locator('[data-run="never"] [role="option"]').nth(2).click()
    expect(page.locator('[data-stepper="B"] > span')).to_have_text("3")


def test_a_phone_has_room_for_both(open_run: OpenPage) -> None:
    """Nothing is wider than the screen, and both pictures are beside each other."""
    for path in ("/compare?a=sure&b=second", "/compare?a=sure"):
        page = open_run(path, viewport=PHONE, has_touch=True, color_scheme="dark")
        expect(page.locator("main img").first).to_be_visible()
        assert page.evaluate("() => document.documentElement.scrollWidth") <= PHONE["width"]
        settle(page)
        save_picture(page, f"compare-phone-{'two' if 'b=' in path else 'runs'}")
