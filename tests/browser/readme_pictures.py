"""
Makes the pictures of the README anew: `python -m tests.browser.readme_pictures [demo|stats|…]`.
"""

import io
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from tests.browser.chromium import DESKTOP, launch, program
from tests.browser.screens import FAILED, settle, show_list, show_step
from tests.browser.viewer import environment, record_runs, viewing
from tests.browser.weeks import record_weeks
from tests.fakes.shop import BOWL
from tests.test_browser_use import run_scenarios

_IMAGES: Final = Path(__file__).parent.parent.parent / "examples" / "images"
_PROGRAM: Final = [sys.executable, "-m", "otel_steps"]
_DEMO: Final = [*_PROGRAM, "demo", "--no-open"]
_FILMED: Final = "Turn on Bluetooth and dark mode"
_MAX_BYTES: Final = 150_000
_MAX_MOVING_BYTES: Final = 2_000_000
# Of the moving picture: wide enough to read, and all the colours that a GIF may have.
_WIDTH: Final = 1200
_COLOURS: Final = 256


def main(*names: str) -> None:
    makers = {
        "demo": take_demo,
        "compare": take_comparison,
        "stats": take_figures,
        "browser-use": take_browser_use,
    }
    for name in names or makers:
        with tempfile.TemporaryDirectory() as folder:
            makers[name](Path(folder))


def take_demo(folder: Path) -> None:
    """Take the list and a failed step in both schemes, and the way from one to the other."""
    subprocess.run(_DEMO, env=environment(folder), check=True)
    with page_on(folder) as page:
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.goto(page.url.split("/t/")[0])
            show_list(page, FAILED)
            save(page, f"list-{scheme}")
            show_step(page, FAILED, 4)
            save(page, f"task-{scheme}")
        page.emulate_media(color_scheme="light")
        save_moving(walk(page), "walk")
        save_film(Path(folder))


def save_film(folder: Path) -> None:
    """Save the film of a task that a phone's user would ask for."""
    run = partial(subprocess.run, env=environment(folder), check=True, capture_output=True)
    listed = run([*_PROGRAM, "tasks", "--json"], encoding="utf-8").stdout
    (task_id,) = [
        task["task_id"] for task in json.loads(listed) if task["task_description"] == _FILMED
    ]
    file = _IMAGES / "film.gif"
    run([*_PROGRAM, "export", task_id, "--format", "gif", "--width", "240", "-o", str(file)])


def take_browser_use(folder: Path) -> None:
    """Take the step in which the real browser-use clicks, in a real browser."""
    run_scenarios(folder, "bowl")
    with page_on(folder) as page:
        show_step(page, BOWL, 2)
        save(page, "browser-use")


def take_comparison(folder: Path) -> None:
    """Take where two runs of one task parted."""
    record_runs(folder)
    with page_on(folder) as page:
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.goto(page.url.split("/compare")[0].rstrip("/") + "/compare?a=sure&b=never")
            expect(page.locator("[data-screen]")).to_be_visible()
            settle(page)
            save(page, f"compare-{scheme}")


def take_figures(folder: Path) -> None:
    """Take the page of figures over some weeks."""
    subprocess.run(_DEMO, env=environment(folder), check=True)
    record_weeks(folder)
    with page_on(folder) as page:
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.goto(page.url.split("/stats")[0].rstrip("/") + "/stats?since=30d")
            expect(page.locator("[data-verdict]")).to_be_attached()
            expect(page.locator('[data-part="failures"] img').first).to_be_attached()
            settle(page)
            save(page, f"stats-{scheme}")


@contextmanager
def page_on(folder: Path) -> Iterator[Page]:
    """Open the viewer on what was recorded to *folder*."""
    with viewing(folder) as viewer, sync_playwright() as playwright:
        browser = launch(playwright, program(playwright) or "chromium")
        page = browser.new_page(viewport=DESKTOP, locale="en-US")
        page.goto(viewer.url)
        yield page
        browser.close()


def walk(page: Page) -> Iterator[tuple[Image.Image, int]]:
    """Go from the list to why a task failed; gives each screen and its milliseconds."""
    page.goto(page.url.split("/t/")[0])
    show_list(page, FAILED)
    yield screen(page), 1500
    inspect = page.locator("[data-task]", has_text=FAILED).get_by_role("link", name="Why?")
    inspect.hover()
    yield screen(page), 700
    inspect.click()
    expect(page.locator('[data-field="thinking"]')).to_be_visible()
    yield screen(page), 2000
    page.keyboard.press("Home")
    yield screen(page), 1000
    page.get_by_role("radio", name="Slider").click()
    handle = page.get_by_role("slider", name="Before or after")
    for share in range(100, -1, -10):
        handle.fill(str(share))
        yield screen(page), 120
    page.get_by_role("radio", name="Pair").click()
    for _ in range(4):
        page.keyboard.press("j")
        yield screen(page), 1000
    page.get_by_role("radio", name="Difference").click()
    expect(page.locator("[data-difference]")).to_have_attribute(
        "data-difference", re.compile(r"\d")
    )
    yield screen(page), 2000


def screen(page: Page) -> Image.Image:
    """Return what the page shows, in the size of the moving picture."""
    settle(page)
    with Image.open(io.BytesIO(page.screenshot(animations="disabled"))) as image:
        height = image.height * _WIDTH // image.width
        return image.convert("RGB").resize((_WIDTH, height), Image.Resampling.LANCZOS)


def save_moving(screens: Iterator[tuple[Image.Image, int]], name: str) -> None:
    """Keep screens as one GIF that begins again."""
    frames, times = zip(*screens, strict=True)
    # One palette for all, so that what stays the same costs nothing in the next frame.
    sheet = Image.new("RGB", (_WIDTH, sum(frame.height for frame in frames)))
    for number, frame in enumerate(frames):
        sheet.paste(frame, (0, number * frame.height))
    palette = sheet.quantize(_COLOURS, Image.Quantize.MEDIANCUT, kmeans=3)
    first, *others = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
    path = _IMAGES / f"{name}.gif"
    first.save(path, save_all=True, append_images=others, duration=list(times), loop=0)
    print(path.relative_to(_IMAGES.parent.parent), path.stat().st_size, "bytes")
    assert path.stat().st_size < _MAX_MOVING_BYTES


def save(page: Page, name: str) -> None:
    """Keep a picture of the page as WebP."""
    _IMAGES.mkdir(parents=True, exist_ok=True)
    path = _IMAGES / f"{name}.webp"
    with Image.open(io.BytesIO(page.screenshot(animations="disabled"))) as image:
        image.convert("RGB").save(path, "WEBP", quality=84, method=6)
    print(path.relative_to(_IMAGES.parent.parent), path.stat().st_size, "bytes")
    assert path.stat().st_size < _MAX_BYTES


if __name__ == "__main__":
    main(*sys.argv[1:])
