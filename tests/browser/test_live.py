"""A task is looked at while it goes on."""

import uuid

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import save_picture
from tests.browser.conftest import OpenPage
from tests.browser.viewer import LiveTask, Viewer, recording
from tests.commands import command


@pytest.fixture(name="task_id")
def _task_id() -> str:
    return f"live-{uuid.uuid4()}"


def opened(open_page: OpenPage, task: LiveTask, task_id: str) -> Page:
    """Open a task that has two steps."""
    task.step()
    task.step()
    page = open_page("/")
    # The row comes by itself, as soon as the store has it.
    page.locator(f'[data-task="{task_id}"] .row-link').click()
    expect(page.locator('[data-status="running"] .live')).to_be_visible()
    expect(page.locator('.steplist [data-step-position="1"]')).to_be_visible()
    return page


def test_reader_at_the_end_goes_along(viewer: Viewer, open_page: OpenPage, task_id: str) -> None:
    """Steps come in while the page is open, and the last one is shown until the task is done."""
    with recording(viewer.folder, task_id) as task:
        page = opened(open_page, task, task_id)
        page.keyboard.press("End")

        for number in (3, 4):
            task.step()
            expect(page.locator(f'[data-step="{number}"]')).to_be_visible()
        save_picture(page, "task-live")
        task.finish()

        expect(page.locator('[data-status="completed"]')).to_be_visible()
        expect(page.locator(".live")).to_have_count(0)


def test_reader_elsewhere_stays_and_is_told(
    viewer: Viewer, open_page: OpenPage, task_id: str
) -> None:
    """New steps move neither the selection nor the scroll position; a button leads to them."""
    with recording(viewer.folder, task_id) as task:
        page = opened(open_page, task, task_id)
        for _ in range(22):
            task.step()
        expect(page.locator(".task-facts")).to_contain_text("24 steps")
        page.keyboard.press("End")
        page.keyboard.press("Home")
        rows = page.locator(".steplist .windowed")
        rows.evaluate("element => { element.scrollTop = 100 }")

        task.step()
        task.step()

        expect(page.locator('[data-unseen="2"]')).to_be_visible()
        assert rows.evaluate("element => element.scrollTop") == 100
        expect(page.locator('[data-step="1"]')).to_be_visible()
        page.locator("[data-unseen]").click()
        expect(page.locator('[data-step="26"]')).to_be_visible()


def test_killed_run_says_so(viewer: Viewer, open_page: OpenPage, task_id: str) -> None:
    """A run whose process is gone becomes an interrupted one, on the page that shows it."""
    with recording(viewer.folder, task_id) as task:
        page = opened(open_page, task, task_id)

        task.die()

        # The viewer itself looks for what dead processes have left every half minute.
        assert command("sync", "--dir", viewer.folder).status == 0

        expect(page.locator('[data-status="interrupted"]')).to_be_visible()
        expect(page.locator(".task-outcome")).to_contain_text("The process ended")
