"""Other tasks that came to such a screen: beside the picture, when somebody asks."""

import re

from playwright.sync_api import expect

from tests.browser.chromium import save_picture
from tests.browser.conftest import OpenPage


def test_similar_screens_lead_to_other_tasks(open_run: OpenPage) -> None:
    """Each with its picture, how alike it is and how the task ended; a click opens its step."""
    page = open_run("/t/sure#s=1")
    page.get_by_role("button", name="Similar screens").click()

    dialog = page.get_by_role("dialog", name="Other tasks at a screen like that of step 1")
    expect(dialog.get_by_role("link")).to_have_count(2)
    expect(dialog).to_contain_text("Step 1 · same")
    image = dialog.locator("img").first
    expect(image).to_have_js_property("complete", True)
    assert image.evaluate("each => each.naturalWidth") > 100
    save_picture(page, "similar")
    dialog.get_by_role("link").first.click()

    expect(page).to_have_url(re.compile("/t/(second|never)#s=1"))
    expect(dialog).to_have_count(0)
    expect(page.locator('[data-step="1"]')).to_be_visible()


def test_a_step_whose_screen_nobody_has_says_so(open_run: OpenPage) -> None:
    """And Escape leads back."""
    page = open_run("/t/spans#s=1", locale="zh-CN")
    page.get_by_role("button", name="相似画面").click()

    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("status")).to_have_text("没有其他任务有这样的画面。")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
