"""
What the viewer costs in the browser, beside what it may cost.

Measured are the size of the first load of the list and of a task (JavaScript and CSS, gzipped: what
the page waits for, and all that comes by itself), when something of it is seen over a slow line;
and, for a task of 10,000 steps, the time from its data to a usable list, the script time of a
selection, and the rows in the document.
"""

import gzip
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Final

from playwright.sync_api import BrowserContext, Page, Response, sync_playwright

from otel_steps.pictures.folder import PictureFolder
from otel_steps.pictures.store import ScreenshotStore
from otel_steps.rows.model import Batch
from otel_steps.stores import open_store
from tests.benchmarks.table import Benchmarks, Row
from tests.browser.chromium import DESKTOP, launch, program
from tests.browser.viewer import viewing
from tests.pictures import png
from tests.store_contract import a_step, an_implicit_task

STEPS: Final = 10_000
PICTURES: Final = 50
ROUNDS: Final = 5
SELECTIONS: Final = 60
ROWS: Final = "[role=option]"
# Notes when the first row is in the document, and again when it has been painted.
WATCH: Final = """
new MutationObserver((_, watch) => {
  if (!document.querySelector('.steplist [role=option]')) return;
  watch.disconnect();
  requestAnimationFrame(() => setTimeout(() => { window.usable = performance.now(); }));
}).observe(document, {childList: true, subtree: true});
"""
FIRST_PAINT: Final = "performance.getEntriesByName('first-contentful-paint')[0]"
SLOW_LINE: Final = {
    "offline": False,
    "latency": 400,
    "downloadThroughput": 50 * 1024,
    "uploadThroughput": 50 * 1024,
}
DATA_MS: Final = """() => {
  const data = performance.getEntriesByType('resource').filter(
    ({name}) => name.endsWith('/api/tasks/long') || name.endsWith('/api/tasks/long/index'));
  return window.usable - Math.max(...data.map(each => each.responseEnd));
}"""


def record(folder: Path) -> None:
    """Store a task of `STEPS` steps, each with its thinking and a picture."""
    pictures = ScreenshotStore(PictureFolder(folder / "screenshots"))
    names = [f"{number:064x}" for number in range(PICTURES)]
    kept = [pictures.save(name, png(540, 1200, (at * 5, 80, 120))) for at, name in enumerate(names)]
    with closing(open_store(f"sqlite:///{folder}/steps.db")) as store:
        for first in range(1, STEPS + 1, 500):
            steps = [
                a_step(
                    number,
                    "long",
                    thinking="我需要点击屏幕底部的发送按钮，因为消息已经输入完毕。" * 4,
                    action={"_metadata": "do", "action": "Tap", "element": [number % 1000, 500]},
                    screenshot_path=kept[number % PICTURES].path,
                    success=number % 97 != 0,
                )
                for number in range(first, first + 500)
            ]
            rows = Batch(tasks=[an_implicit_task("long")], steps=steps)
            store.write(rows)


# What the head of a page names, so that it is asked for at once; the rest follows what is seen.
NAMED: Final = """() => [...document.head.querySelectorAll(
  'link[rel=modulepreload], link[rel=preload], link[rel=stylesheet], script[src]'
)].map((each) => each.href || each.src)"""


def first_load(page: Page, url: str) -> tuple[int, int]:
    """Return the bytes of modules and style sheets, gzipped: those a page waits for, and all."""
    loaded: dict[str, Response] = {}

    def note(response: Response) -> None:
        if response.request.resource_type in ("script", "stylesheet"):
            loaded[response.url] = response

    page.on("response", note)
    page.goto(url)
    page.wait_for_load_state("networkidle")
    page.remove_listener("response", note)
    sizes = {url: len(gzip.compress(response.body())) for url, response in loaded.items()}
    waited = sizes.keys() & set(page.evaluate(NAMED))
    return sum(sizes[url] for url in waited), sum(sizes.values())


def first_paint_ms(context: BrowserContext, url: str) -> float:
    """Return when something is seen of a page that no cache has, over a slow line."""
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    session.send("Network.emulateNetworkConditions", SLOW_LINE)
    page.goto(url)
    page.wait_for_function(f"() => {FIRST_PAINT}")
    painted = float(page.evaluate(f"() => {FIRST_PAINT}.startTime"))
    page.close()
    return painted


def usable_ms(page: Page, origin: str) -> float:
    """Return the time from the last byte of a task's data until its list is painted."""
    page.goto("about:blank")
    page.goto(f"{origin}/t/long")
    page.wait_for_function("() => window.usable")
    return float(page.evaluate(DATA_MS))


def selection_ms(page: Page) -> float:
    """Return the script time of selecting the next step."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")

    def script_s() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return next(float(each["value"]) for each in metrics if each["name"] == "ScriptDuration")

    page.wait_for_load_state("networkidle")
    before = script_s()
    for _ in range(SELECTIONS):
        page.keyboard.press("j")
        page.wait_for_timeout(50)
    return (script_s() - before) / SELECTIONS * 1000


def browser() -> Iterator[Row]:
    """Measure what a page weighs, and how long a long task takes in it."""
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        record(Path(name))
        chromium = launch(playwright, program(playwright) or "chromium")
        with viewing(Path(name)) as viewer:
            context = chromium.new_context(viewport=DESKTOP)
            page = context.new_page()
            page.add_init_script(WATCH)
            page.goto(viewer.url)
            for what, path in (("the list", "/"), ("a task", "/t/long")):
                first, whole = first_load(page, viewer.origin + path)
                for limit, part, size in ((60, "waited for", first), (75, "all that comes", whole)):
                    work = f"first load of {what}, gzipped: {part}"
                    yield Row.within(limit, work=work, figure=size / 1000, unit="kB")
                painted = first_paint_ms(context, viewer.origin + path)
                work = f"first paint of {what}, 400 ms round trip, 50 KB/s"
                yield Row.within(2500, work=work, figure=painted, unit="ms")
            yield from _long_task(page, viewer.origin)
        chromium.close()


def _long_task(page: Page, origin: str) -> Iterator[Row]:
    task = f"a task of {STEPS:,} steps in the browser"
    usable = median(usable_ms(page, origin) for _ in range(ROUNDS))
    yield Row.within(200, work=f"{task}: from its data to a usable list", figure=usable, unit="ms")
    selection = selection_ms(page)
    yield Row.within(16, work=f"{task}: script of a selection", figure=selection, unit="ms")
    page.keyboard.press("Shift+ArrowDown")
    rows = page.locator(ROWS).count()
    yield Row.within(300, work=f"{task}: rows in the document", figure=rows, unit="rows")


BENCHMARKS: Benchmarks = {"browser": browser}
