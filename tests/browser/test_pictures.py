"""Pictures of every kind look as they do in a browser, and say why where they cannot."""

import base64
import hashlib
import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageChops
from playwright.sync_api import Browser, expect

from otel_steps.pictures.captured import describe
from otel_steps.pictures.decoding import decode
from tests.browser.chromium import watched
from tests.browser.recordings import screen
from tests.browser.viewer import record_pictures, viewing
from tests.odd_pictures import odd_pictures

PICTURES = odd_pictures()
Show = Callable[[bytes], Image.Image]


@pytest.fixture(name="show", scope="module")
def _show(browser: Browser) -> Show:
    """Return what Chromium makes of a picture on a white page."""
    page = browser.new_page()

    def show(data: bytes) -> Image.Image:
        url = f"data:{describe(data).mime_type};base64,{base64.b64encode(data).decode()}"
        page.set_content(f'<body style="margin: 0"><img src="{url}">')
        picture = page.locator("img")
        expect(picture).to_have_js_property("complete", True)
        return Image.open(io.BytesIO(picture.screenshot())).convert("RGB")

    return show


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_decoded_as_the_browser_does(show: Show, name: str) -> None:
    """Depth, transparency, profile, EXIF, inks, animation: each pixel is what Chromium shows."""
    data = PICTURES[name]

    decoded, shown = decode(data).image, show(data)

    assert decoded.size == shown.size
    # Of 255: rounding.
    assert max(most for _, most in ImageChops.difference(decoded, shown).getextrema()) <= 2


def test_a_page_says_why_there_is_nothing_to_see(browser: Browser, tmp_path: Path) -> None:
    """No picture, a damaged one, a black one: each has its reason where the picture would be."""
    record_pictures(tmp_path)
    reasons = ("not a PNG, JPEG, WebP or GIF", "adb exec-out screencap", "all black")
    with (
        viewing(tmp_path) as viewer,
        browser.new_context(locale="en-US") as context,
        watched(context.new_page(), viewer.origin) as page,
    ):
        page.goto(viewer.url)
        for number, reason in enumerate(reasons, start=1):
            page.goto(f"{viewer.origin}/t/pictures#s={number}")
            shown = page.locator('.frame[data-side="before"] [data-field="picture-error"]')
            expect(shown).to_contain_text(reason)


def test_a_step_shows_all_its_pictures(browser: Browser, tmp_path: Path) -> None:
    """Its own one after the action stands beside the first; all have their role and caption."""
    record_pictures(tmp_path)
    after = hashlib.sha256(screen(3, None)).hexdigest()
    with (
        viewing(tmp_path) as viewer,
        browser.new_context(locale="en-US") as context,
        watched(context.new_page(), viewer.origin) as page,
    ):
        page.goto(viewer.url)
        page.goto(f"{viewer.origin}/t/several#s=2")
        shown = page.locator('.frame[data-side="after"] img').first
        expect(shown).to_have_attribute("src", re.compile(after))
        expect(page.locator(".figure-after figcaption")).to_have_text("After 2")
        further = page.locator('[data-field="pictures"] figure')
        expect(further.locator("figcaption")).to_have_text(
            ["After 已发送", "Marked up what was looked for", re.compile("Cut out")]
        )
        expect(further.nth(1).locator("img")).to_have_js_property("complete", True)
        expect(further.nth(2)).to_contain_text("not a PNG, JPEG, WebP or GIF")
        further.nth(1).locator("button").click()
        expect(further.nth(1)).to_have_class("is-large")
        page.goto(f"{viewer.origin}/t/several#s=1")
        expect(shown).not_to_have_attribute("src", re.compile(after))
        expect(page.locator(".figure-after figcaption")).to_have_text("After 2")
        expect(page.locator('[data-field="pictures"]')).to_have_count(0)
