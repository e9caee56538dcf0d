"""The main screens with a recording of the demo, brought to where they are worth a look."""

from playwright.sync_api import Page, expect

# Tasks of the demo: one that taps beside the button until it fails, and one that works.
FAILED = "Take a photo and open it"
CHINESE = "给小雨发消息：我到家了，别担心"


# One that is out of view may wait until it is seen.
_ARE_THERE = """() => [...document.images].every((image) => {
  const { top, bottom } = image.getBoundingClientRect();
  return image.complete || bottom < 0 || top > innerHeight || !image.checkVisibility();
})"""


def show_list(page: Page, task: str) -> None:
    """Wait until the list has *task*, with its pictures."""
    expect(page.get_by_role("link", name=task).first).to_be_visible()
    settle(page)


def show_step(page: Page, task: str, number: int) -> None:
    """Go from the list to a step of *task*."""
    page.get_by_role("link", name=task).first.click()
    expect(page.locator("[data-step]")).to_be_visible()
    page.keyboard.press("Home")
    for position in range(1, number + 1):
        expect(page.locator(f'[data-step="{position}"]')).to_be_visible()
        if position < number:
            page.keyboard.press("j")
    expect(page.locator('[data-field="thinking"]')).to_be_visible()
    settle(page)


def expect_step(page: Page, number: int) -> None:
    """Wait until a step is selected."""
    expect(page.locator(f'[data-step="{number}"]')).to_be_visible()


def settle(page: Page) -> None:
    """Wait until every picture in view is there."""
    page.wait_for_load_state("networkidle")
    page.wait_for_function(_ARE_THERE)
