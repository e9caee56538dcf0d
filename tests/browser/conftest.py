"""One browser and one viewer for all tests of this folder; a page for each."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.chromium import DESKTOP, PATIENCE_MS, launch, program, watched
from tests.browser.viewer import Viewer, record, record_runs, viewing

# Opens a page with the options of a context, and is closed with the test.
OpenPage = Callable[..., Page]
Contexts = Callable[[dict[str, Any]], BrowserContext]


@pytest.fixture(name="browser", scope="package")
def _browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        path = program(playwright)
        if path is None:
            pytest.skip("there is no Chromium; install one, or run `playwright install chromium`")
        browser = launch(playwright, path)
        expect.set_options(timeout=PATIENCE_MS)
        yield browser
        browser.close()


@pytest.fixture(name="viewer", scope="package")
def _viewer(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Viewer]:
    """A viewer with the tasks of `recordings.py walk` and of the demo."""
    folder = tmp_path_factory.mktemp("viewer")
    record(folder)
    shutil.copytree(folder, _as_begun(folder))
    with viewing(folder) as viewer:
        yield viewer


@pytest.fixture(name="still", scope="package")
def _still(viewer: Viewer) -> Iterator[Viewer]:
    """A viewer of the tasks that `viewer` began with, to which no test adds any."""
    with viewing(_as_begun(viewer.folder)) as still:
        yield still


def _as_begun(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}-as-begun")


@pytest.fixture(name="runs", scope="package")
def _runs(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Viewer]:
    """A viewer with one task, recorded three times, and one with spans of others."""
    folder = tmp_path_factory.mktemp("runs")
    record_runs(folder)
    with viewing(folder) as viewer:
        yield viewer


@pytest.fixture(name="contexts", scope="package")
def _contexts(browser: Browser, viewer: Viewer) -> Contexts:
    """Return the context with some options; its cache serves all pages that want the same."""
    return contexts_of(browser, viewer)


@pytest.fixture(name="run_contexts", scope="package")
def _run_contexts(browser: Browser, runs: Viewer) -> Contexts:
    return contexts_of(browser, runs)


@pytest.fixture(name="still_contexts", scope="package")
def _still_contexts(browser: Browser, still: Viewer) -> Contexts:
    return contexts_of(browser, still)


def contexts_of(browser: Browser, viewer: Viewer) -> Contexts:
    """Return what makes contexts that are signed in at *viewer*, each once."""
    first = browser.new_context()
    page = first.new_page()
    page.goto(viewer.url)
    assert "t=" not in page.url
    cookies = first.storage_state()
    first.close()
    known: dict[str, BrowserContext] = {}

    def context(options: dict[str, Any]) -> BrowserContext:
        key = repr(options)
        if key not in known:
            known[key] = browser.new_context(storage_state=cookies, **options)
        return known[key]

    return context


@pytest.fixture(name="open_page")
def _open_page(viewer: Viewer, contexts: Contexts) -> Iterator[OpenPage]:
    """Open a page of the viewer by its path; in the end nothing must have gone wrong in it."""
    with ExitStack() as stack:
        yield opener(stack, viewer, contexts)


@pytest.fixture(name="open_still")
def _open_still(still: Viewer, still_contexts: Contexts) -> Iterator[OpenPage]:
    """Open a page of the viewer of `still`."""
    with ExitStack() as stack:
        yield opener(stack, still, still_contexts)


@pytest.fixture(name="open_run")
def _open_run(runs: Viewer, run_contexts: Contexts) -> Iterator[OpenPage]:
    """Open a page of the viewer of `runs`."""
    with ExitStack() as stack:
        yield opener(stack, runs, run_contexts)


def opener(stack: ExitStack, viewer: Viewer, contexts: Contexts) -> OpenPage:
    """Return what opens a page that is closed with *stack*."""

    def opened(path: str, *, script: str = "", **options: Any) -> Page:
        context = contexts({"viewport": DESKTOP, "locale": "en-US"} | options)
        page = stack.enter_context(watched(context.new_page(), viewer.origin))
        page.add_init_script(script)
        page.goto(path if "://" in path else viewer.origin + path)
        return page

    return opened
