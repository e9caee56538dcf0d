"""The viewer below a path of a reverse proxy: from the list to a picture, in a real browser."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import DESKTOP, watched
from tests.browser.viewer import Viewer, viewing
from tests.forward_proxy import serving
from tests.reverse_proxy import ReverseProxy
from tests.viewing import free_port

ROOT = "/otel-steps"


@pytest.mark.parametrize("strips", [True, False], ids=["strips", "leaves"])
def test_everything_is_below_the_path(browser: Browser, viewer: Viewer, strips: bool) -> None:
    """List, task, picture, notes, events and the way back, whatever the proxy does to a request."""
    port = free_port()
    proxy = ReverseProxy(ROOT, strips=strips, keeps_host=not strips)
    proxy.port_behind = port
    origin = f"http://127.0.0.1:{proxy.port}"
    # Who hands the name on must have told us; who hides it need not.
    root = ROOT if strips else f"{origin}{ROOT}"
    with (
        serving(proxy),
        viewing(viewer.folder, "--port", str(port), "--root-path", root) as behind,
        watched(browser.new_page(viewport=DESKTOP, locale="en-US"), f"{origin}{ROOT}/") as page,
    ):
        answers: list[tuple[int, str]] = []
        page.on("response", lambda answer: answers.append((answer.status, answer.url)))
        page.goto(f"{origin}{ROOT}/?{behind.url.partition('?')[2]}")
        assert page.url == f"{origin}{ROOT}/"

        page.locator('[data-task="walk"]').get_by_role("link", name="Why?").click()
        picture = page.locator('.frame[data-side="before"] img').first
        expect(picture).to_have_js_property("complete", True)
        assert picture.evaluate("each => each.naturalWidth") > 0
        assert re.fullmatch(rf"{origin}{ROOT}/t/walk#s=9.*", page.url)
        page.keyboard.press("ArrowRight")
        expect(page).to_have_url(f"{origin}{ROOT}/t/walk#s=9&v=pair")
        page.keyboard.press("a")
        noted(page, "behind a proxy")
        page.reload()
        expect(page.locator("[data-note]")).to_have_value("behind a proxy")
        noted(page, "")
        page.locator(".back").click()
        expect(page.locator('[data-task="walk"]')).to_be_visible()
        page.locator("input[data-search]").fill("nothing such")
        expect(page).to_have_url(re.compile(rf"^{origin}{ROOT}/\?q=nothing"))

        assert any(url.startswith(f"{origin}{ROOT}/api/events") for _, url in answers)
        assert [each for each in answers if each[0] >= 400] == []
        page.context.clear_cookies()


def noted(page: Page, text: str) -> None:
    """Write a note, which must be seen to come from our page."""
    page.locator("[data-note]").fill(text)
    page.locator("form[data-subject=task]").get_by_role("button", name="Save").click()
    expect(page.locator(".said")).to_have_text("Saved")
