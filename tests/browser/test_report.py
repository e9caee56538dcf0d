"""The report of a task: from its head to the paper."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.chromium import save_picture
from tests.browser.conftest import OpenPage
from tests.browser.recordings import ACTIONS, DESCRIPTION
from tests.browser.viewer import Viewer
from tests.commands import command

CLIPBOARD = {"permissions": ["clipboard-read", "clipboard-write"]}


@pytest.mark.parametrize(
    ("locale", "button", "heading"),
    [("en-US", "Report", "Timeline"), ("zh-CN", "报告", "时间线")],
)
def test_report_opens_from_the_task(
    open_page: OpenPage, locale: str, button: str, heading: str
) -> None:
    """In the language of the page, with every step, its picture and the tap on it."""
    page = open_page("/t/walk", locale=locale)
    page.get_by_role("link", name=button, exact=True).click()

    expect(page.get_by_role("heading", name=DESCRIPTION)).to_be_visible()
    expect(page.get_by_role("heading", name=heading)).to_be_visible()
    expect(page.locator(".step")).to_have_count(len(ACTIONS))
    ring = page.locator("#run-1-step-2 [data-marker=tap]")
    ring.scroll_into_view_if_needed()
    expect(page.locator("#run-1-step-2 img")).to_have_js_property("naturalWidth", 360)
    boxes = [ring.bounding_box(), page.locator("#run-1-step-2 img").bounding_box()]
    assert boxes[0] == boxes[1]
    save_picture(page, f"report-{locale}")


def test_report_is_copied_for_a_person_and_for_a_model(open_page: OpenPage) -> None:
    """Each button says that it has; what was copied is what the command prints."""
    page = open_page("/report?task=walk&language=en", **CLIPBOARD)
    for name, start in (("a bug report", f"# {DESCRIPTION}"), ("a model", "What an agent did")):
        page.get_by_role("button", name=f"Copy for {name}").click()
        expect(page.get_by_role("status")).to_have_text("Copied.")
        page.wait_for_function(
            "start => navigator.clipboard.readText().then((text) => text.startsWith(start))",
            arg=start,
        )


def test_without_a_clipboard_the_text_is_there_to_copy(open_page: OpenPage) -> None:
    """As outside https and localhost."""
    page = open_page(
        "/report?task=walk&language=en",
        script="navigator.clipboard.writeText = () => Promise.reject(new Error('none'))",
    )
    page.get_by_role("button", name="Copy for a model").click()

    expect(page.get_by_role("textbox")).to_have_value(re.compile("^What an agent did"))


def test_report_on_paper(open_page: OpenPage) -> None:
    """White, A4, several steps a sheet, with all pictures, though nobody has scrolled to them."""
    page = open_page("/report?task=walk&language=en", color_scheme="dark")
    expect(page.locator(".step")).to_have_count(len(ACTIONS))

    paper = page.pdf(prefer_css_page_size=True, print_background=True)

    assert len(re.findall(rb"/Type /Page\b(?!s)", paper)) in range(4, 10)
    assert {
        tuple(map(round, map(float, box.split())))
        for box in re.findall(rb"/MediaBox \[([^\]]+)\]", paper)
    } == {(0, 0, 595, 842)}
    distinct = page.evaluate("new Set([...document.images].map((each) => each.src)).size")
    assert len(re.findall(rb"/Subtype /Image", paper)) >= distinct
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert (
        page.locator(".step").first.evaluate("each => getComputedStyle(each).breakInside")
        == "avoid"
    )
    expect(page.locator(".report-bar")).to_be_hidden()


def test_report_is_one_file(viewer: Viewer, open_page: OpenPage, tmp_path: Path) -> None:
    """It opens from the disk, asks for nothing, and has its pictures."""
    path = tmp_path / "报告 1.html"
    assert (
        command(
            "report", "walk", "wide", "--dir", viewer.folder, "--format", "html", "-o", path
        ).status
        == 0
    )

    page = open_page(path.as_uri())

    expect(page.locator(".runs tbody tr")).to_have_count(2)
    image = page.locator("#run-2-step-1 img")
    image.scroll_into_view_if_needed()
    expect(image).to_have_js_property("complete", True)
    assert image.evaluate("each => each.naturalWidth") > 500
    assert path.stat().st_size < 50_000 * (len(ACTIONS) + 2)


def test_report_of_all_runs(open_run: OpenPage) -> None:
    """The page of all runs of a task leads to one report of them."""
    page = open_run("/compare?a=sure")
    page.get_by_role("link", name="Report of these runs").click()

    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("^3 runs: "))
    expect(page.locator(".runs tbody tr")).to_have_count(3)
    expect(page.locator(".run")).to_have_count(3)
