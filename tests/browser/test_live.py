"""A task is looked at while it goes on."""

import re
import uuid
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.chromium import DESKTOP, save_picture
from tests.browser.conftest import Contexts, OpenPage
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


def test_watch_live_follows_until_the_reader_moves(
    viewer: Viewer, open_page: OpenPage, task_id: str
) -> None:
    """From the list to the newest step, and along; who looks back is told of what is new."""
    with recording(viewer.folder, task_id) as task:
        task.step()
        task.step()
        page = open_page("/")
        row = page.locator(f'[data-task="{task_id}"]')
        row.get_by_role("link", name="Watch live").click()

        for number in (2, 3):
            expect(page.locator(f'[data-step="{number}"]')).to_be_visible()
            page.wait_for_url("**#live&v=pair")
            task.step()
        expect(page.locator('[data-step="4"]')).to_be_visible()
        page.keyboard.press("k")
        page.wait_for_url("**#s=3&v=pair")
        task.step()

        pill = page.locator(".stage [data-unseen]")
        expect(pill).to_contain_text("1 new step")
        expect(page.locator('[data-step="3"]')).to_be_visible()
        save_picture(page, "task-live-new")
        pill.click()
        expect(page.locator('[data-step="5"]')).to_be_visible()
        expect(pill).to_have_count(0)
        page.wait_for_url("**#live&v=pair")
        task.finish()

        expect(page.locator('[data-status="completed"]')).to_be_visible()
        page.wait_for_url("**#s=5&v=pair")
        page.go_back()
        expect(row.locator('[data-status="completed"], .status-completed')).to_be_visible()


def answered(text: str) -> Callable[[Route], None]:
    """Return what answers a stream with *text*, after which the browser connects again."""
    return lambda route: route.fulfill(
        content_type="text/event-stream", body=f"retry: 50\n\n{text}\n\n"
    )


TORN = 'event: index\ndata: {"from": 2, "count": 4, "id": ["x"]}'
# Flags are lists: the picture cannot be drawn with these.
UNDRAWABLE = 'event: index\ndata: {"from": 2, "count": 2, "flags": [5, 5]}'


@pytest.mark.parametrize(
    "answer",
    [
        lambda route: route.abort(),
        answered('event: index\ndata: {"from": 2, "coun'),
        answered('event: end\ndata: {"from'),
        answered(TORN),
        answered(UNDRAWABLE),
    ],
    ids=["away", "half an event", "half an end", "torn", "undrawable"],
)
def test_watcher_goes_on_whatever_comes(
    viewer: Viewer,
    contexts: Contexts,
    task_id: str,
    answer: Callable[[Route], None],
) -> None:
    """No event and no exception is the last one: the next step is shown as ever."""
    with recording(viewer.folder, task_id) as task:
        task.step()
        task.step()
        page = contexts({"viewport": DESKTOP, "locale": "en-US"}).new_page()
        page.goto(viewer.origin)
        expect(page.locator(f'[data-task="{task_id}"]')).to_be_visible()
        events = re.compile(rf"/{task_id}/events")
        page.route(events, answer, times=1)
        with page.expect_request(events):
            page.goto(f"{viewer.origin}/t/{task_id}#live")
        expect(page.locator(".place")).to_have_text("2 / 2")

        task.step()

        expect(page.locator('[data-step="3"]')).to_be_visible()
        expect(page.locator('.frame[data-side="before"] img').first).to_be_visible()
        task.finish()
        expect(page.locator('[data-status="completed"]')).to_be_visible()
        page.close()


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

        # The viewer looks for what dead processes have left as well, and may be at it now.
        command("sync", "--dir", viewer.folder)

        expect(page.locator('[data-status="interrupted"]')).to_be_visible()
        expect(page.locator(".task-outcome")).to_contain_text("The process ended")
