"""Every run that did not end well leads to its why: from the list, by its title, in its head."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.screens import FAILED, expect_step

LIMIT = "在设置里打开省电模式"


def row_of(page: Page, description: str):
    row = page.locator("[data-task]", has_text=description)
    expect(row).to_be_visible()
    return row


@pytest.mark.parametrize(
    ("description", "step", "kind"), [(FAILED, 6, "parse_error"), (LIMIT, 2, "loop")]
)
def test_button_and_title_lead_to_the_first_bad_step(
    open_page: OpenPage, description: str, step: int, kind: str
) -> None:
    """Also where no step has failed; the row says in its one line what went wrong."""
    for link in ("Why?", description):
        page = open_page("/")
        row = row_of(page, description)
        expect(row.locator(".outcome")).to_contain_text(re.compile(r"steps? \d", re.IGNORECASE))

        row.get_by_role("link", name=link, exact=link == description).click()

        expect_step(page, step)
        expect(page.locator(f'[data-why="{kind}"]')).to_be_visible()
    # A link that somebody has cut short, or written by hand.
    expect_step(open_page(page.url.partition("#")[0]), step)


def test_sentence_and_evidence_link_to_their_steps(open_page: OpenPage) -> None:
    """The head says it at whatever step; what it names is a click away."""
    page = open_page("/")
    row_of(page, LIMIT).get_by_role("link", name="Why?").click()
    why = page.locator(".task-why")
    expect(why).to_contain_text("Steps 2–8 go round in a loop")

    page.keyboard.press("End")
    expect_step(page, 8)
    why.get_by_role("link", name="Steps 2–8").click()

    expect_step(page, 2)
    why.get_by_text("Evidence").click()
    expect(why.locator("li")).to_contain_text(["repeated"])


def test_completed_task_has_no_why(open_page: OpenPage) -> None:
    """A run that went well is shown from its first step, as ever."""
    page = open_page("/?status=completed")
    expect(page.get_by_role("link", name="Why?")).to_have_count(0)

    page.locator(".row-link").first.click()

    expect_step(page, 1)
    expect(page.locator(".task-why")).to_have_count(0)
