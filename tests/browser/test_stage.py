"""The pictures come first: they fill what room there is, grow under the hand, and stand alone."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.chromium import PHONE, save_picture
from tests.browser.conftest import OpenPage
from tests.browser.recordings import ACTIONS
from tests.collecting import eventually

LAST = len(ACTIONS)
LAPTOP = {"width": 1280, "height": 720}
# A browser that has no full screen for a page, as on some phones.
NO_FULL_SCREEN = "delete Element.prototype.requestFullscreen"


def frame(page: Page, side: str = "before") -> Locator:
    return page.locator(f'.frame[data-side="{side}"]')


def opened_at(page: Page, number: int) -> None:
    """Wait until a step is shown, and its picture can be zoomed."""
    expect(page.locator(f'[data-step="{number}"]')).to_be_visible()
    expect(frame(page)).to_have_attribute("data-hands", "")
    expect(frame(page).locator("img").first).to_have_js_property("complete", True)


def box_of(locator: Locator) -> Any:
    box = locator.bounding_box()
    assert box is not None
    return box


@pytest.mark.parametrize(
    ("task", "share"), [("walk#s=2&v=pair", 0.9), ("walk#s=2&v=single", 0.9), ("wide#s=1", 0.75)]
)
def test_pictures_fill_the_stage(open_page: OpenPage, task: str, share: float) -> None:
    """A picture is as high or as wide as its half of the stage, whatever its shape."""
    page = open_page(f"/t/{task}", viewport=LAPTOP)
    opened_at(page, int(re.findall(r"s=(\d+)", task)[0]))

    def filled() -> bool:
        stage, shown = box_of(page.locator(".stage-view")), box_of(frame(page))
        halves = 2 if page.locator(".pair.is-stacked").count() else 1
        high = shown["height"] / (stage["height"] / halves)
        return bool(max(high, shown["width"] / stage["width"]) > share)

    # The picture follows when what is loaded later gives the stage its size.
    eventually(filled)
    save_picture(page, f"stage-{task.partition('#')[0]}")


def test_wide_pictures_stand_above_one_another(open_page: OpenPage) -> None:
    """Two landscape pictures are larger so, and thumbnails keep their shape."""
    page = open_page("/t/wide#s=1")
    opened_at(page, 1)

    above, below = box_of(frame(page)), box_of(frame(page, "after"))
    thumb = box_of(page.locator(".thumb-frame").first)
    page.goto(page.url.split("/t/")[0])
    card = box_of(page.locator('[data-task="wide"] .frame-link').first)

    assert above["y"] + above["height"] <= below["y"]
    assert above["width"] == pytest.approx(below["width"], abs=1)
    for box in (above, thumb, card):
        assert box["width"] / box["height"] == pytest.approx(1280 / 800, rel=0.03)


def test_last_step_has_the_whole_stage(open_page: OpenPage) -> None:
    """Where nothing came after, no half stays empty."""
    page = open_page(f"/t/walk#s={LAST}")
    opened_at(page, LAST)

    stage, shown = box_of(page.locator(".stage-view")), box_of(frame(page))

    expect(page.locator(".figure-before figcaption")).to_contain_text("There is no later picture")
    expect(page.locator(".stage figure")).to_have_count(1)
    middle = stage["x"] + stage["width"] / 2
    assert shown["x"] + shown["width"] / 2 == pytest.approx(middle, abs=1)


def test_splitters_share_the_width_out(open_page: OpenPage) -> None:
    """They are dragged or moved by keys, close a panel, and stand there again on the next page."""
    page = open_page("/t/walk#s=2")
    opened_at(page, 2)
    line, steps = page.get_by_role("separator", name="Width of the list"), page.locator(".steplist")
    details = page.get_by_role("separator", name="Width of the details")
    start = box_of(line)
    wide = box_of(page.locator(".details"))["width"]

    page.mouse.move(start["x"] + 5, start["y"] + 200)
    page.mouse.down()
    page.mouse.move(start["x"] + 65, start["y"] + 200, steps=3)
    page.mouse.up()
    expect(line).to_have_attribute("aria-valuenow", str(round(start["x"] + 5) + 60))
    details.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert box_of(page.locator(".details"))["width"] == pytest.approx(wide - 48, abs=1)
    line.focus()
    page.keyboard.press("Home")
    expect(steps).to_be_hidden()
    save_picture(page, "stage-wide-open")
    page.reload()
    opened_at(page, 2)

    expect(steps).to_be_hidden()
    assert box_of(page.locator(".details"))["width"] == pytest.approx(wide - 48, abs=1)
    line.focus()
    page.keyboard.press("Enter")
    expect(steps).to_be_visible()
    details.dblclick()
    expect(page.locator(".details")).to_have_js_property("offsetWidth", round(wide))
    # Keys of the splitter are its own; the others go on.
    expect(page.locator('[data-step="2"]')).to_be_visible()
    page.keyboard.press("j")
    expect(page.locator('[data-step="3"]')).to_be_visible()


def test_strip_folds_away_and_gives_its_height(open_page: OpenPage) -> None:
    """Without the strip the picture is higher; the page remembers."""
    page = open_page("/t/walk#s=2", viewport=LAPTOP)
    opened_at(page, 2)
    before = box_of(frame(page))["height"]

    page.locator('[data-switch="strip"]').click()

    expect(page.locator(".strip")).to_have_count(0)
    assert box_of(frame(page))["height"] > before + 60
    page.reload()
    opened_at(page, 2)
    expect(page.locator(".strip")).to_have_count(0)
    page.keyboard.press("s")
    expect(page.locator(".strip")).to_be_visible()


def test_zoom_fills_the_stage(open_page: OpenPage) -> None:
    """A zoomed picture grows beyond its frame into its half, the tap with it, and is cut there."""
    page = open_page("/t/walk#s=2&v=single")
    opened_at(page, 2)
    small, pane = box_of(frame(page)), box_of(page.locator(".pane"))

    # The wheel counts beside the picture, too.
    page.mouse.move(pane["x"] + 10, pane["y"] + 40)
    for _ in range(4):
        page.mouse.wheel(0, -200)
    moved = page.locator(".frame-moved")
    expect(moved).to_have_attribute("style", re.compile(r"scale\(8\)"))
    large = box_of(moved)

    assert large["width"] == pytest.approx(small["width"] * 8, abs=2)
    # No edge of the pane is empty.
    assert large["x"] <= pane["x"] + 1
    assert large["x"] + large["width"] >= pane["x"] + pane["width"] - 1
    x, y = (large["x"] + large["width"] * 0.5, large["y"] + large["height"] * 0.25)
    ring = box_of(page.locator('[data-marker="tap"]'))
    assert (ring["x"] + ring["width"] / 2, ring["y"] + ring["height"] / 2) == pytest.approx(
        (x, y), abs=1
    )
    page.keyboard.press("z")
    expect(moved).to_have_attribute("style", re.compile(r"scale\(1\)"))
    page.keyboard.press("+")
    expect(page.locator('[data-switch="zoom"]')).to_have_text("150%")
    page.keyboard.press("-")
    expect(page.locator('[data-switch="zoom"]')).to_have_text("100%")


def test_two_fingers_zoom(open_page: OpenPage) -> None:
    """On a touch screen two fingers that part zoom at the place between them."""
    page = open_page("/t/walk#s=2", viewport=PHONE, has_touch=True, is_mobile=True)
    opened_at(page, 2)
    pinch = """element => {
        const pane = element.parentElement;
        pane.setPointerCapture = () => {};
        const {left, top, width, height} = element.getBoundingClientRect();
        const [x, y] = [left + width / 2, top + height / 2];
        const send = (name, pointerId, dx) => pane.dispatchEvent(new PointerEvent(name,
            {pointerId, pointerType: 'touch', bubbles: true, clientX: x + dx, clientY: y}));
        send('pointerdown', 1, -20);
        send('pointerdown', 2, 20);
        send('pointermove', 1, -40);
        send('pointermove', 2, 40);
    }"""

    frame(page).evaluate(pinch)

    expect(page.locator(".figure-before .frame-moved")).to_have_attribute(
        "style", re.compile(r"translate\(-50%, -50%\) scale\(2\)")
    )


def test_earlier_taps_are_shown_on_request(open_page: OpenPage) -> None:
    """Faint dots of the attempts before come with a switch, which stays as it was left."""
    page = open_page("/t/walk#s=11")
    opened_at(page, 11)
    attempts = page.locator('[data-marker="attempt"]')
    expect(page.locator('[data-marker="tap"]')).to_have_count(1)
    assert attempts.count() == 0

    page.get_by_role("button", name="Earlier taps").click()

    expect(attempts).to_have_count(2)
    page.reload()
    opened_at(page, 11)
    expect(attempts).to_have_count(2)


@pytest.mark.parametrize("script", ["", NO_FULL_SCREEN], ids=["browser", "fallback"])
def test_full_screen_is_the_film_alone(open_page: OpenPage, script: str) -> None:
    """Picture, tap, subtitle and player, and nothing else; keys work, Escape leaves."""
    page = open_page("/t/walk#s=2", script=script, viewport=LAPTOP)
    opened_at(page, 2)
    small = box_of(frame(page))["height"]
    parts = [".bar", ".task-head", ".minimap", ".strip", ".steplist", ".details", ".toolbar"]

    page.keyboard.press("m")

    expect(page.locator(".task.is-full")).to_be_visible()
    assert page.evaluate("!!document.fullscreenElement") == (script == "")
    expect(page.locator(".subtitle")).to_contain_text("我需要")
    expect(page.locator('[data-marker="tap"]')).to_be_visible()
    expect(page.locator(".player")).to_be_in_viewport()
    for part in parts[1:]:
        expect(page.locator(part)).to_be_hidden()
    on_top = "document.elementFromPoint(30, 20).closest('.task')?.className"
    assert page.evaluate(on_top) == "task is-full"
    assert box_of(frame(page))["height"] > small * 1.3
    page.keyboard.press("ArrowDown")
    expect(frame(page)).to_have_attribute("data-picture-position", "2")
    save_picture(page, f"stage-full-{'fallback' if script else 'browser'}")
    if script:
        page.keyboard.press("Escape")
    else:
        # A test's keys do not reach the browser's own Escape.
        page.evaluate("document.exitFullscreen()")

    expect(page.locator(".task.is-full")).to_have_count(0)
    for part in parts:
        expect(page.locator(part)).to_be_visible()
    expect(page.locator('[data-step="3"]')).to_be_visible()


def test_texts_have_their_own_direction(open_page: OpenPage) -> None:
    """Arabic and Hebrew are written from right to left, in the list and in the task."""
    page = open_page("/")
    title = page.locator('[data-task="arabic"] .row-link')
    direction = "element => getComputedStyle(element).direction"
    assert title.evaluate(direction) == "rtl"

    title.click()
    opened_at(page, 1)

    texts = ["h1", ".task-outcome", '[data-field="thinking"]', '.row[aria-selected="true"] small']
    assert [page.locator(each).evaluate(direction) for each in texts] == ["rtl"] * 4
    assert page.locator('[data-task="arabic"]').count() == 0
    save_picture(page, "task-arabic")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/", "Next task"),
        ("/compare?a=walk&b=arabic", "Next pair of steps"),
        ("/t/walk", "Full screen"),
    ],
)
def test_every_page_shows_its_keys(open_page: OpenPage, path: str, words: str) -> None:
    """`?` and the button in the bar open the sheet of the page's own keys."""
    page = open_page(path)
    expect(page.locator("main")).not_to_have_attribute("aria-busy", "true")
    sheet = page.get_by_role("dialog", name="Shortcuts")

    page.keyboard.press("?")
    expect(sheet).to_contain_text(words)
    page.keyboard.press("Escape")
    expect(sheet).to_have_count(0)
    page.locator("[data-keys]").click()

    expect(sheet).to_contain_text(words)
    assert not re.search(r"\w+\.key\.", sheet.inner_text())


def test_durations_and_errors_are_in_the_readers_language(open_page: OpenPage) -> None:
    """A Chinese page has Chinese units, and says in Chinese what the server refused."""
    page = open_page("/t/walk#s=2", locale="zh-CN")
    expect(page.locator('.steplist [data-step-position="1"] .row-time')).to_have_text(
        re.compile(r"^[\d.]+ (毫秒|秒)$")
    )
    page.goto(page.url.split("/t/")[0] + "/t/nobody")

    expect(page.get_by_role("alert")).to_contain_text("没有找到")


def test_page_beyond_the_last_leads_to_the_last(open_page: OpenPage) -> None:
    """A link to a page that is no longer there shows what there is."""
    page = open_page("/?page=99")

    expect(page.locator(".task-row").first).to_be_visible()
    expect(page).not_to_have_url(re.compile("page=99"))
