"""Pictures of every kind look as they do in a browser, and say why where they cannot."""

import base64
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageChops
from playwright.sync_api import Browser, expect

from otel_steps.pictures.captured import describe
from otel_steps.pictures.decoding import decode
from tests.browser.chromium import watched
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
