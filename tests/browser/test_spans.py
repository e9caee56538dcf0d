"""The waterfall of a whole task: all spans, folded by step, with what had to be waited for."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.chromium import PHONE, save_picture
from tests.browser.conftest import OpenPage
from tests.browser.recordings import FAILED_SPAN
from tests.browser.viewer import SPANS, TRACE_URL

STEPS = 8


def rows(page: Page) -> Locator:
    return page.get_by_role("treeitem")


def test_all_spans_are_one_tree(open_run: OpenPage) -> None:
    """Steps fold, a click goes to the step, and a span tells what it carries."""
    page = open_run(f"/t/spans#s={FAILED_SPAN}")
    page.get_by_role("button", name="Waterfall").click()
    expect(page.locator(".all-spans h2")).to_contain_text(f"{SPANS + STEPS} spans")
    chosen = page.locator('[role="treeitem"][aria-selected="true"]')
    expect(chosen).to_contain_text(f"{FAILED_SPAN} Tap")
    expect(page.locator(".all-spans-head p")).to_contain_text("%")

    page.get_by_role("button", name="Fold all").click()
    expect(rows(page)).to_have_count(STEPS)
    rows(page).nth(5).click()
    expect(page.locator('[data-step="6"]')).to_be_visible()
    expect(page).to_have_url(re.compile("#s=6"))
    rows(page).nth(5).locator(".span-fold").click()
    model = page.get_by_role("treeitem", name="chat model")
    expect(model).to_have_attribute("aria-level", "2")
    model.click()
    expect(page.locator(".span-facts")).to_contain_text("scripted-model")
    link = page.locator(".all-spans").get_by_role("link", name="Open trace")
    expect(link).to_have_attribute("href", re.compile(TRACE_URL.partition("{")[0]))


def test_keys_walk_through_the_tree(open_run: OpenPage) -> None:
    """Arrows move and fold there, other keys go on through the steps, and `w` closes it."""
    page = open_run("/t/spans#s=1")
    expect(page.locator('[data-step="1"]')).to_be_visible()
    page.keyboard.press("w")
    tree = page.get_by_role("tree")
    tree.focus()
    chosen = page.locator('[role="treeitem"][aria-selected="true"]')
    page.keyboard.press("ArrowDown")
    expect(chosen).to_contain_text("chat model")
    page.keyboard.press("ArrowLeft")
    expect(chosen).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("ArrowDown")
    expect(chosen).to_contain_text("2 Tap")
    expect(page.locator('[data-step="2"]')).to_be_visible()
    page.keyboard.press("j")
    expect(chosen).to_contain_text("3 Tap")
    page.keyboard.press("w")
    expect(tree).to_have_count(0)


def test_what_was_waited_for_is_marked(open_run: OpenPage) -> None:
    """The critical path is drawn in its spans, and can be looked at alone, step by step."""
    page = open_run("/t/spans#s=2")
    page.get_by_role("button", name="Waterfall").click()
    expect(page.locator(".span-track > b").first).to_be_visible()
    whole = rows(page).first.locator(".span-track > i").bounding_box()
    page.get_by_role("radio", name="Selected step").click()
    second = page.locator('[role="treeitem"][aria-selected="true"] .span-track')
    bar, track = second.locator("i").bounding_box(), second.bounding_box()
    assert whole is not None
    assert bar is not None
    assert track is not None
    assert bar["width"] == pytest.approx(track["width"], abs=1)
    page.get_by_role("button", name="Critical path only").click()
    page.wait_for_function("""() => [...document.querySelectorAll('[role=treeitem]')]
        .every(row => row.querySelector('.span-track') && row.dataset.node)""")
    save_picture(page, "waterfall")


def test_waterfall_on_a_phone_is_a_sheet(open_run: OpenPage) -> None:
    """It covers the lower part of the screen and can be closed."""
    page = open_run("/t/spans", viewport=PHONE, has_touch=True)
    page.get_by_role("button", name="Waterfall").tap()
    expect(rows(page).first).to_be_visible()
    assert page.evaluate("() => document.documentElement.scrollWidth") <= PHONE["width"]
    save_picture(page, "waterfall-phone")
    page.locator(".all-spans").get_by_role("button", name="Close").tap()
    expect(page.locator(".all-spans")).to_have_count(0)
