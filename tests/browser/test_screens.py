"""Pictures of the main screens, kept by every run of the tests for people to look at."""

import pytest
from playwright.sync_api import expect

from tests.browser.chromium import save_picture
from tests.browser.conftest import OpenPage
from tests.browser.screens import CHINESE, FAILED, show_list, show_step


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_list_and_task_are_worth_a_look(open_page: OpenPage, scheme: str) -> None:
    """The list shows with pictures what failed, and one click away is why."""
    page = open_page("/", color_scheme=scheme)
    show_list(page, FAILED)
    save_picture(page, f"demo-list-{scheme}")

    show_step(page, FAILED, 4)

    expect(page.locator('[data-marker="tap"]')).to_have_count(1)
    save_picture(page, f"demo-task-{scheme}")


def test_list_and_task_in_chinese(open_page: OpenPage) -> None:
    """The same in Chinese."""
    page = open_page("/", locale="zh-CN")
    show_list(page, CHINESE)
    save_picture(page, "demo-list-zh")

    show_step(page, CHINESE, 4)

    expect(page.locator('[data-marker="type"]')).to_contain_text("我到家了")
    save_picture(page, "demo-task-zh")
