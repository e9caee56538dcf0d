"""A film of a task: the menu gives it, and a browser plays it."""

import base64
import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

from tests.browser.conftest import OpenPage
from tests.browser.recordings import ACTIONS
from tests.browser.viewer import Viewer
from tests.commands import command

# Title and ending, and of each step the least; the one that fails takes longer.
SECONDS = 1 + len(ACTIONS) * 0.8 + 0.6 + 2
# The fifth action is a long press, which fills its ring until it is over.
PRESSED_AT = 1 + 4 * 0.8 + 0.52
WIDTH = 360

PLAYED = """
async ([data, type, at]) => {
  const video = document.createElement("video");
  if (!video.canPlayType(type)) return null;
  const bytes = Uint8Array.from(atob(data), (char) => char.charCodeAt(0));
  const shown = (event) => new Promise((resolve, reject) => {
    video.addEventListener(event, resolve, { once: true });
    video.addEventListener("error", () => reject(new Error(video.error.message)), { once: true });
  });
  const loaded = shown("loadeddata");
  video.src = URL.createObjectURL(new Blob([bytes], { type }));
  await loaded;
  const sought = shown("seeked");
  video.currentTime = at;
  await sought;
  const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
  const context = canvas.getContext("2d");
  context.drawImage(video, 0, 0);
  // Beside the middle of the ring, where its dot is.
  const pixel = [...context.getImageData(video.videoWidth / 10 + 9, 80, 1, 1).data];
  return { seconds: video.duration, width: video.videoWidth, pixel };
}
"""


@pytest.mark.parametrize(
    ("form", "kind"),
    [("webm", 'video/webm; codecs="vp9"'), ("mp4", 'video/mp4; codecs="avc1.42E01E"')],
)
def test_browser_plays_it(
    viewer: Viewer, browser: Browser, tmp_path: Path, form: str, kind: str
) -> None:
    """Length, size and colours are what was drawn, at the moment where it was."""
    file = tmp_path / f"film.{form}"
    options = ("--format", form, "--width", WIDTH, "-o", file)
    assert command("export", "walk", "--dir", viewer.folder, *options).status == 0
    data = base64.b64encode(file.read_bytes()).decode()

    page = browser.new_page()
    before, pressed = (
        page.evaluate(PLAYED, [data, kind, at]) for at in (PRESSED_AT - 0.5, PRESSED_AT)
    )
    page.close()

    if pressed is None:
        pytest.skip(f"this Chromium plays no {form}")
    assert (pressed["seconds"], pressed["width"]) == (pytest.approx(SECONDS, abs=0.06), WIDTH)
    assert is_marked(pressed["pixel"])
    assert not is_marked(before["pixel"])


def is_marked(pixel: list[int]) -> bool:
    red, green, blue, _ = pixel
    return red > 190 and green < 120 and blue < 170


def test_menu_gives_a_film(open_page: OpenPage) -> None:
    """A GIF is saved from the menu of the task; videos are there where the server makes them."""
    page = open_page("/t/walk")
    page.locator(".menu summary").click()
    links: Any = page.locator(".menu a")
    expect(links).to_have_count(10)
    expect(links.nth(6)).to_have_attribute("href", "api/tasks/walk/export.mp4")

    with page.expect_download() as download:
        links.nth(5).click()

    content = download.value.path().read_bytes()
    assert download.value.suggested_filename.endswith(".gif")
    assert len(content) < 5_000_000
    with Image.open(io.BytesIO(content)) as opened:
        assert (opened.format, opened.size) == ("GIF", (360, 878))
