"""The page of an export opens from a file, and is the task view."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.chromium import save_picture
from tests.browser.conftest import OpenPage
from tests.browser.recordings import ACTIONS, FAILED
from tests.browser.viewer import Viewer
from tests.commands import command


@pytest.fixture(name="page_file")
def _page_file(viewer: Viewer, tmp_path: Path) -> Path:
    path = tmp_path / "任务 1.html"
    assert command("export", "walk", "--dir", viewer.folder, "-o", path).status == 0
    return path


def test_page_works_without_a_server(page_file: Path, open_page: OpenPage) -> None:
    """Keys, marks, pictures, difference, search and spans: all there, from one file."""
    page = open_page(f"{page_file.as_uri()}#s={FAILED}")

    expect(page.locator(f'[data-step="{FAILED}"]')).to_be_visible()
    expect(page.locator('[data-marker="tap"]')).to_be_visible()
    image = page.locator(".frame img").first
    expect(image).to_have_js_property("naturalWidth", 360)
    expect(page.locator(".task-facts")).to_contain_text("price unknown")
    expect(page.locator("[data-field=usage]")).to_contain_text("1,312 in")
    save_picture(page, "export")
    page.keyboard.press("End")
    expect(page.locator(f'[data-step="{len(ACTIONS)}"]')).to_be_visible()
    page.keyboard.press("Home")
    page.keyboard.press("d")
    page.keyboard.press("d")
    page.keyboard.press("d")
    expect(page.locator("[data-difference]")).to_contain_text("of the picture changed")
    page.keyboard.press("w")
    expect(page.get_by_role("treeitem").first).to_contain_text("1 Launch")
    expect(page.locator(".all-spans")).to_have_css("display", "flex")
    page.keyboard.press("w")
    page.keyboard.press("/")
    page.keyboard.type("担心")
    expect(page.locator(".steplist [role=option]")).to_have_count(1)


def test_page_offers_only_what_it_has(page_file: Path, open_page: OpenPage) -> None:
    """No list to go back to, nothing to write, nothing live, nothing to export once more."""
    page = open_page(f"{page_file.as_uri()}#s=1")
    expect(page.locator('[data-step="1"]')).to_be_visible()

    for selector in (".back", "form.annotations", ".live", ".menu"):
        expect(page.locator(selector)).to_have_count(0)
    elsewhere = "() => [...document.links].filter((each) => each.pathname !== location.pathname)"
    assert page.evaluate(f"({elsewhere})().map((each) => each.href)") == []


def test_page_speaks_both_languages(page_file: Path, open_page: OpenPage) -> None:
    """Language and theme are the browser's, and can be changed."""
    page = open_page(f"{page_file.as_uri()}#s=1", locale="zh-CN", color_scheme="dark")

    expect(page.get_by_role("heading", name="第 1 步")).to_be_visible()
    page.locator("[data-language]").click()

    expect(page.get_by_role("heading", name=re.compile("Step 1"))).to_be_visible()
