"""The browser, and what must hold on every page: no error, no request that leaves the origin."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, Playwright, ViewportSize

_PROGRAMS: Final = ("chromium", "chromium-browser", "google-chrome", "chrome")
# In a container there is no sandbox to be had, and no GPU.
_ARGUMENTS: Final = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
_SCREENS: Final = Path(
    os.environ.get("OTEL_STEPS_SCREENS") or Path(__file__).parent.parent.parent / ".cache/screens"
)
# Slow machines need long; who waits for a condition loses nothing by it.
PATIENCE_MS: Final = 30_000
DESKTOP: Final[ViewportSize] = {"width": 1440, "height": 900}
PHONE: Final[ViewportSize] = {"width": 390, "height": 844}


def program(playwright: Playwright) -> str | None:
    """Return the system's Chromium, or the one that Playwright has fetched, or None."""
    own = playwright.chromium.executable_path
    return next(filter(None, map(shutil.which, _PROGRAMS)), own if Path(own).is_file() else None)


def launch(playwright: Playwright, path: str) -> Browser:
    """Start the browser at *path*."""
    return playwright.chromium.launch(executable_path=path, args=list(_ARGUMENTS))


class Watched:
    """
    A page and what it did that no page of ours may do.

    Attributes:
        faults: Errors, requests to elsewhere, dialogs, refusals of the content security policy.
    """

    def __init__(self, page: Page, origin: str) -> None:
        self.page = page
        self.faults: list[str] = []
        self._origin = origin
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        page.on("console", self._heard)
        page.on("request", lambda request: self._requested(request.url))
        page.on("dialog", self._asked)

    def _heard(self, message: Any) -> None:
        is_answer = message.text.startswith("Failed to load resource")
        if message.type in ("error", "warning") and not is_answer:
            self.faults.append(f"console: {message.text} ({message.location.get('url')})")

    def _requested(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob", "file") and not url.startswith(self._origin):
            self.faults.append(f"request: {url}")

    def _asked(self, dialog: Any) -> None:
        self.faults.append(f"dialog: {dialog.message}")
        dialog.dismiss()


@contextmanager
def watched(page: Page, origin: str) -> Iterator[Page]:
    """Close *page* with the block; nothing must have gone wrong in it, and it leaves nothing."""
    watch = Watched(page, origin)
    yield page
    page.evaluate("localStorage.clear()")
    page.close()
    assert watch.faults == []


def save_picture(page: Page, name: str) -> None:
    """Keep a picture of the page for people to look at."""
    _SCREENS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=_SCREENS / f"{name}.png", animations="disabled")
