"""A page tells nothing false while its server is away, and goes on when it is back."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from otel_steps.config import resolve
from otel_steps.health.problems import Problems
from tests.browser.chromium import DESKTOP, save_picture
from tests.browser.viewer import Viewer, viewing
from tests.commands import store_tasks
from tests.viewing import free_port


class Restartable:
    """A viewer that can be ended, and started again at the same address."""

    def __init__(self) -> None:
        self.folder: Path = resolve().dir
        self._port = free_port()
        self._running = ExitStack()

    def start(self) -> Viewer:
        return self._running.enter_context(viewing(self.folder, "--port", str(self._port)))

    def end(self) -> None:
        self._running.close()


@pytest.fixture(name="server")
def _server() -> Iterator[Restartable]:
    store_tasks("aaaaaaaa-1", "bbbbbbbb-2")
    Problems(resolve().problems_dir).report("store", "the database was away")
    server = Restartable()
    yield server
    server.end()


@pytest.fixture(name="page")
def _page(browser: Browser, server: Restartable) -> Iterator[Page]:
    """A page that is signed in."""
    context = browser.new_context(viewport=DESKTOP, locale="en-US")
    page = context.new_page()
    page.goto(server.start().url)
    expect(page.locator("[data-task]")).to_have_count(2)
    yield page
    context.close()


def test_page_waits_for_its_server(server: Restartable, page: Page) -> None:
    """What is shown stays, what is asked for waits, and all of it is there after a restart."""
    page.locator(".health summary").click()
    expect(page.locator(".health-sheet")).to_contain_text("the database was away")
    save_picture(page, "away-before")
    server.end()
    banner = page.locator(".banner")
    expect(banner).to_contain_text("does not answer")
    expect(page.locator("[data-task]")).to_have_count(2)
    save_picture(page, "away")

    page.locator('[data-task="aaaaaaaa-1"] .row-link').click()
    expect(page.locator("[aria-busy=true]")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(1)

    server.start()
    expect(page.locator(".details[data-step]")).to_be_visible()
    expect(banner).to_have_count(0)


def test_page_that_is_not_known_any_more_takes_the_token(server: Restartable, page: Page) -> None:
    """Where it is, without a look at another page; so does yesterday's link in another browser."""
    server.end()
    (server.folder / "viewer-secret").unlink()
    link = server.start().url

    field = page.get_by_label("Token or link")
    field.fill("wrong")
    field.press("Enter")
    expect(page.locator(".banner form [role=alert]")).to_be_visible()
    save_picture(page, "denied")
    field.fill(link)
    field.press("Enter")

    expect(page.locator(".banner")).to_have_count(0)
    page.locator('[data-task="aaaaaaaa-1"] .row-link').click()
    expect(page.locator(".details[data-step]")).to_be_visible()


def test_link_to_a_step_asks_a_stranger_for_the_token(
    server: Restartable, page: Page, browser: Browser
) -> None:
    """And leads to that step."""
    server.end()
    started = server.start()
    stranger = browser.new_page(viewport=DESKTOP, locale="zh-CN")
    stranger.goto(f"{started.origin}/t/aaaaaaaa-1#s=1")
    save_picture(stranger, "sign-in")
    stranger.get_by_label("token").fill(started.url)
    stranger.get_by_role("button").click()

    expect(stranger.locator('.details[data-step="1"]')).to_be_visible()
    stranger.close()
