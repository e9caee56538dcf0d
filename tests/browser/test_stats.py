"""The page of figures: what its numbers say of the recorded tasks, and where they lead."""

import re

from playwright.sync_api import Page, expect

from tests.browser.chromium import PHONE, save_picture
from tests.browser.conftest import OpenPage
from tests.browser.recordings import DESCRIPTION, FAILED, PHOTO
from tests.browser.screens import settle


def part(page: Page, name: str) -> str:
    """Return the selector of a part of the page, once it has its answer."""
    selector = f'[data-part="{name}"]'
    expect(page.locator(f'{selector}[aria-busy="false"]')).to_be_attached()
    return selector


def test_figures_are_those_of_the_list_and_lead_back_to_it(open_still: OpenPage) -> None:
    """From the list with its filters; a number opens the tasks that it counts, and no other."""
    page = open_still("/?status=failed,completed")
    page.get_by_role("link", name="Statistics").click()

    expect(page).to_have_url(re.compile(r"/stats\?status=completed%2Cfailed$"))
    expect(page.locator('[data-total="tasks"] dd > a')).to_have_text("6")
    expect(page.locator('[data-total="success"]')).to_contain_text("3 of 6 that have ended")
    row = page.locator(f'{part(page, "groups")} [data-row="scripted-model"]')
    expect(row).to_contain_text("price unknown")
    row.get_by_role("link").nth(3).click()  # how many of them were not done
    expect(page).to_have_url(re.compile(r"\?status=failed&model=scripted-model$"))
    expect(page.locator("[data-task]")).to_have_count(2)

    page.go_back()
    page.locator(f"{part(page, 'groups')} [data-by=task]").click()
    expect(page).to_have_url(re.compile("by=task"))
    page.get_by_role("rowheader", name=DESCRIPTION, exact=True).get_by_role("link").click()
    expect(page.locator("[data-task]")).to_have_count(1)
    expect(page.locator("[data-menu=description]")).to_have_value(DESCRIPTION)


def test_bar_of_a_day_leads_to_the_tasks_of_that_day(open_still: OpenPage) -> None:
    """As a bar and in its table; the menu of the list says which day it is."""
    page = open_still("/stats")
    days = page.locator(part(page, "days"))
    bar = days.locator("[data-day]").last
    day = bar.get_attribute("data-day") or ""
    days.locator("summary").click()
    rows = days.locator(f'[data-row="{day}"] td')
    counts = [int(text) for text in rows.all_inner_texts()[:3]]
    bar.click()

    expect(page.locator("[data-menu=since]")).to_have_value(day)
    expect(page.locator("[data-task]")).to_have_count(sum(counts))
    page.locator("[data-menu=since]").select_option("7d")
    expect(page).to_have_url(re.compile(r"/\?since=7d$"))


def test_two_groups_are_told_apart_from_chance(open_run: OpenPage) -> None:
    """Side by side, and in a sentence in the reader's language; the pair is in the address."""
    page = open_run("/stats?by=task", locale="zh-CN")
    between = page.locator(part(page, "between"))

    expect(between.locator("[data-verdict]")).to_contain_text("这可能是偶然")
    expect(between.locator('[data-side="one"]')).to_have_value(PHOTO)
    between.locator('[data-side="other"]').select_option(PHOTO)
    expect(between.locator('[data-side="one"]')).to_have_value("Spans of others")
    expect(page).to_have_url(re.compile("one=Spans"))


def test_failures_stand_by_cause_and_lead_to_the_bad_step(open_still: OpenPage) -> None:
    """The last screen of each; those of one cause, or with one flag, stand together."""
    page = open_still("/stats")
    failures = page.locator(part(page, "failures"))

    expect(failures.locator("[data-cause]").last).to_contain_text("Not clear")
    failures.locator("[data-way=flag]").click()
    loops = failures.locator("[data-cause=loop]")
    expect(loops.locator("[data-shot=walk]")).to_contain_text(DESCRIPTION)
    loops.locator("[data-shot=walk] img").scroll_into_view_if_needed()
    assert loops.locator("[data-shot=walk] img").evaluate(
        "(image) => image.decode().then(() => image.naturalWidth > 0)"
    )
    failures.locator("[data-way=cause]").click()
    failures.locator("[data-shot=walk]").click()
    expect(page).to_have_url(re.compile("/t/walk#s="))
    expect(page.locator(f'[data-step="{FAILED}"]')).to_be_visible()


def test_taps_are_drawn_on_a_picture_of_the_app(open_still: OpenPage) -> None:
    """The app is chosen, and is in the address; the places of most taps lead to their steps."""
    page = open_still("/stats")
    taps = page.locator(part(page, "taps"))
    taps.locator("[data-tapped]").select_option("微信")

    expect(page).to_have_url(re.compile("tapped="))
    expect(taps.locator("[data-spot]").first).to_have_attribute("data-spot", "875,640")
    expect(taps.locator("li").first).to_contain_text("missed")
    taps.locator("figure").scroll_into_view_if_needed()
    assert taps.locator("img").evaluate(
        "(image) => image.decode().then(() => image.naturalWidth > 0)"
    )
    settle(page)
    save_picture(page, "stats-taps")
    taps.locator("[data-spot]").first.click()
    expect(page).to_have_url(re.compile("/t/walk#s="))


def test_page_fits_a_phone_and_paper(open_still: OpenPage) -> None:
    """Nothing is wider than the screen; what is to be pressed is not printed."""
    page = open_still("/stats?since=2026-01-01&until=2999-01-01", viewport=PHONE, locale="zh-CN")
    page.get_by_role("button", name="筛选").click()
    expect(page.get_by_label("从")).to_have_value("2026-01-01")
    expect(page.get_by_label("到", exact=True)).to_have_value("2998-12-31")
    part(page, "taps")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    save_picture(page, "stats-phone")

    page.emulate_media(media="print")
    expect(page.locator(".tools")).to_be_hidden()
    expect(page.locator("[data-day]").first).to_be_visible()
    expect(page.locator(".on-paper")).to_contain_text("2026-01-01 – 2998-12-31")


def test_nothing_recorded_or_found_says_what_to_do(open_still: OpenPage) -> None:
    """Filters that let nothing through can be cleared where that is said."""
    page = open_still("/stats?q=no such thing")

    page.get_by_role("status").get_by_role("button", name="Clear filters").wait_for()
    page.keyboard.press("/")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("Bluetooth")
    expect(page.locator('[data-total="tasks"] dd > a')).to_have_text("1")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("nor this")
    page.get_by_role("status").get_by_role("button", name="Clear filters").click()
    expect(page.locator('[data-total="tasks"]')).to_be_visible()
    expect(page).to_have_url(re.compile("/stats$"))
