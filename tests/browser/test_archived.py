"""Archived tasks in the viewer: in the list, read as ever, and honest where they cannot be."""

import shutil
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.chromium import DESKTOP, PHONE, save_picture
from tests.browser.conftest import contexts_of, opener
from tests.browser.recordings import FAILED
from tests.browser.viewer import Viewer, viewing
from tests.commands import command

SIZES = (DESKTOP, {"width": 1280, "height": 720}, PHONE)


@pytest.mark.full
def test_an_archived_task_is_looked_at_as_ever(
    still: Viewer, browser: Browser, tmp_path: Path
) -> None:
    """Its step and pictures are there; while the archive is away its page says where they are."""
    folder = tmp_path / "data"
    shutil.copytree(still.folder, folder)
    done = command("archive", "--older-than", "0h", "--status", "failed", "--yes", "--dir", folder)
    assert done.status == 0, done
    (folder / "archive").rename(folder / "elsewhere")

    with ExitStack() as stack:
        viewer = stack.enter_context(viewing(folder))
        open_page = opener(stack, viewer, contexts_of(browser, viewer))
        page = open_page("/t/walk")
        expect(page.get_by_role("alert")).to_contain_text(str(folder / "archive"))
        save_picture(page, "archived-away")

        (folder / "elsewhere").rename(folder / "archive")

        for locale, word in (("en-US", "archived"), ("zh-CN", "已归档")):
            page = open_page("/?status=failed", locale=locale)
            row = page.locator('[data-task="walk"]')
            expect(row.locator(".row-facts")).to_contain_text(word)
            expect(row.locator("img").first).to_have_js_property("naturalWidth", 120)
            save_picture(page, f"archived-list-{locale}")
        for size in SIZES:
            page = open_page(f"/t/walk#s={FAILED}", viewport=size)
            expect(page.locator(f'[data-step="{FAILED}"]')).to_be_visible()
            expect(page.locator(".frame img").first).to_have_js_property("naturalWidth", 360)
            expect(page.locator(".task-facts")).to_contain_text("archived")
            save_picture(page, f"archived-task-{size['width']}")
