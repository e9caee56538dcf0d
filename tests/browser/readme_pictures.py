"""
Makes the pictures of the README anew: `python tests/browser/readme_pictures.py`.
"""

import io
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from tests.browser.chromium import DESKTOP, launch, program
from tests.browser.screens import FAILED, show_list, show_step
from tests.browser.viewer import environment, viewing

_IMAGES: Final = Path(__file__).parent.parent.parent / "examples" / "images"
_DEMO: Final = [sys.executable, "-m", "otel_steps", "demo", "--no-open"]
_MAX_BYTES: Final = 150_000


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, demo_page(Path(folder)) as page:
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.goto(page.url.split("/t/")[0])
            show_list(page, FAILED)
            save(page, f"list-{scheme}")
            show_step(page, FAILED, 4)
            save(page, f"task-{scheme}")


@contextmanager
def demo_page(folder: Path) -> Iterator[Page]:
    """Open the viewer on a recording of the demo."""
    subprocess.run(_DEMO, env=environment(folder), check=True)
    with viewing(folder) as viewer, sync_playwright() as playwright:
        browser = launch(playwright, program(playwright) or "chromium")
        page = browser.new_page(viewport=DESKTOP, locale="en-US")
        page.goto(viewer.url)
        yield page
        browser.close()


def save(page: Page, name: str) -> None:
    """Keep a picture of the page as WebP."""
    _IMAGES.mkdir(parents=True, exist_ok=True)
    path = _IMAGES / f"{name}.webp"
    with Image.open(io.BytesIO(page.screenshot(animations="disabled"))) as image:
        image.convert("RGB").save(path, "WEBP", quality=84, method=6)
    print(path.relative_to(_IMAGES.parent.parent), path.stat().st_size, "bytes")
    assert path.stat().st_size < _MAX_BYTES


if __name__ == "__main__":
    main()
