"""Everybody can use the pages: axe-core finds no fault in them, in any language or scheme."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import DESKTOP, PHONE, save_picture
from tests.browser.conftest import OpenPage
from tests.browser.viewer import Viewer
from tests.supabase.packages import installed_from
from tests.supabase.processes import UnavailableError

_PACKAGES = Path(__file__).parent.parent / "viewer"
_FAULTS = """async () => (await axe.run()).violations.map(
  ({id, nodes}) => `${id}: ${nodes.map((node) => node.target.join(" ")).join(", ")}`)"""

_IS_CALM = """() => !document.getAnimations().some(
  (each) => each.playState === "running" && each.effect.getComputedTiming().endTime < Infinity)"""

LOOKS = [("en-US", "light", DESKTOP), ("zh-CN", "dark", PHONE)]
LOOKS_OF_ALL = [
    *LOOKS,
    ("zh-CN", "dark", DESKTOP),
    ("zh-CN", "light", PHONE),
    ("en-US", "dark", DESKTOP),
]
looks = pytest.mark.parametrize(
    "look",
    [
        pytest.param(look, marks=[] if look in LOOKS else pytest.mark.full, id=" ".join(look[:2]))
        for look in LOOKS_OF_ALL
    ],
)
Look = tuple[str, str, dict[str, int]]


@pytest.fixture(name="axe", scope="module")
def _axe() -> str:
    try:
        return (installed_from(_PACKAGES) / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
    except UnavailableError as reason:
        pytest.skip(str(reason))


def options(look: Look) -> dict[str, Any]:
    locale, scheme, size = look
    return {"locale": locale, "color_scheme": scheme, "viewport": size}


def faults(page: Page, axe: str) -> list[str]:
    """Return what axe-core finds in a page as it is, each with where it is."""
    # What is about to appear is half transparent, which no reader has to read.
    page.wait_for_function(_IS_CALM)
    page.evaluate(axe)
    found: list[str] = page.evaluate(_FAULTS)
    return found


@looks
def test_list_and_task_have_no_fault(open_page: OpenPage, axe: str, look: Look) -> None:
    """With what opens over them: the keys, the waterfall, the menu of files."""
    page = open_page("/?q=点", **options(look))
    expect(page.locator("[data-task]").first).to_be_visible()
    found = {"list": faults(page, axe)}

    page.goto(page.url.split("/?")[0] + "/t/walk#s=9")
    expect(page.locator('[data-field="error"]')).to_be_attached()
    found["task"] = faults(page, axe)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    found["keys"] = faults(page, axe)
    page.keyboard.press("Escape")
    page.locator(".menu summary").click()
    page.locator("[data-public]").check()
    expect(page.locator(".menu a[href$='export.json?public=true']")).to_be_visible()
    found["files"] = faults(page, axe)
    save_picture(page, f"task-files-{look[0]}-{look[1]}-{look[2]['width']}")
    page.locator(".menu summary").click()
    page.keyboard.press("w")
    expect(page.locator(".span-name").first).to_be_attached()
    found["waterfall"] = faults(page, axe)

    assert {name: each for name, each in found.items() if each} == {}


@looks
def test_comparison_has_no_fault(open_run: OpenPage, axe: str, look: Look) -> None:
    """Of two runs, and of all of them; nor have other tasks with a screen like theirs."""
    page = open_run("/compare?a=sure&b=never", **options(look))
    expect(page.locator("[data-screen]").first).to_be_attached()
    found = {"two": faults(page, axe)}
    page.goto(page.url.split("&")[0])
    expect(page.get_by_role("table")).to_be_visible()
    found["all"] = faults(page, axe)
    page.goto(page.url.split("/compare")[0] + "/t/sure")
    page.locator(".toolbar [aria-haspopup=dialog]").click()
    expect(page.get_by_role("dialog").get_by_role("link").first).to_be_visible()
    found["similar"] = faults(page, axe)

    assert {name: each for name, each in found.items() if each} == {}


@looks
def test_report_has_no_fault(open_page: OpenPage, axe: str, look: Look) -> None:
    """Of one run, and of several."""
    language = look[0][:2]
    page = open_page(f"/report?task=walk&language={language}", **options(look))
    expect(page.locator(".step").first).to_be_visible()
    found = {"one": faults(page, axe)}
    page.goto(page.url + "&task=wide")
    expect(page.get_by_role("table").first).to_be_visible()
    found["several"] = faults(page, axe)

    assert {name: each for name, each in found.items() if each} == {}


@looks
def test_figures_have_no_fault(open_run: OpenPage, axe: str, look: Look) -> None:
    """With the table below the bars, and the failures by cause and by flag."""
    page = open_run("/stats?by=task", **options(look))
    for name in ("days", "time", "groups", "between", "actions", "failures", "taps"):
        expect(page.locator(f'[data-part="{name}"][aria-busy="false"]')).to_be_attached()
    page.locator(".as-table summary").click()
    found = {"cause": faults(page, axe)}
    page.locator("[data-way=flag]").click()
    found["flag"] = faults(page, axe)

    assert {name: each for name, each in found.items() if each} == {}


@pytest.fixture(name="stranger")
def _stranger(browser: Browser, viewer: Viewer) -> Iterator[Page]:
    page = browser.new_page()
    page.goto(viewer.origin)
    yield page
    page.close()


def test_page_to_sign_in_has_no_fault(stranger: Page, axe: str) -> None:
    """A stranger is asked for the token."""
    assert faults(stranger, axe) == []
