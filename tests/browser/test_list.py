"""The list of tasks, and two of them side by side."""

import re
import uuid
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, Route, expect

from otel_steps import open_store
from otel_steps.rows.model import Batch, SpanRow, TaskRow
from tests.browser.chromium import DESKTOP, PHONE, save_picture, watched
from tests.browser.conftest import OpenPage
from tests.browser.recordings import ACTIONS, DESCRIPTION, FAILED, MODEL
from tests.browser.viewer import Viewer, recording, viewing
from tests.store_contract import a_screenshot, a_step, a_task, at


def rows(page: Page) -> list[str]:
    """Return the ids of the tasks shown, once there are any."""
    expect(page.locator("[data-task]").first).to_be_visible()
    return [each.get_attribute("data-task") or "" for each in page.locator("[data-task]").all()]


def test_search_waits_for_the_composed_word(open_page: OpenPage) -> None:
    """Nothing is asked while a Chinese word is composed; then its first step is a click away."""
    page = open_page("/")
    rows(page)
    asked: list[str] = []
    page.on("request", lambda request: _note(asked, request))
    page.keyboard.press("/")
    typing = page.context.new_cdp_session(page)

    for text in ("w", "wei", "weix"):
        place = {"selectionStart": len(text), "selectionEnd": len(text)}
        typing.send("Input.imeSetComposition", {"text": text, **place})
        expect(page.locator("[data-search]")).to_have_value(text)
    # Timers end in the order of their times: the one of the search is shorter than this.
    page.evaluate("() => new Promise(done => setTimeout(done, 600))")
    assert asked == []
    typing.send("Input.insertText", {"text": "微信"})

    expect(page).to_have_url(re.compile(r"\?q=%E5%BE%AE%E4%BF%A1$"))
    hit = page.locator('[data-task="walk"] .hit a')
    expect(hit).to_be_visible()
    number = re.sub(r"\D", "", hit.inner_text())
    hit.click()
    expect(page.locator(f'[data-step="{number}"]')).to_be_visible()
    page.go_back()
    expect(page.locator("[data-search]")).to_have_value("微信")


def test_search_shows_where_it_has_found(open_page: OpenPage) -> None:
    """The word is marked in the rows, and goes along: the task shows the steps that have it."""
    page = open_page("/?q=%E5%BE%AE%E4%BF%A1")
    row = page.locator('[data-task="walk"]')
    expect(row.locator("mark").first).to_have_text("微信")
    save_picture(page, "list-search")
    row.locator(".row-link").click()

    expect(page).to_have_url(re.compile(r"/t/walk#s=.*&q=%E5%BE%AE%E4%BF%A1$"))
    search = page.locator("[data-search]")
    expect(search).to_have_value("微信")
    state = page.locator(".filter-state")
    expect(state).to_be_visible()
    page.reload()
    expect(state).to_be_visible()
    search.fill("")
    expect(state).to_have_count(0)
    expect(page).not_to_have_url(re.compile(r"q="))


def test_summary_is_of_what_is_found(open_page: OpenPage) -> None:
    """Figures, bar and chips follow the filters; a chip counts what it would show."""
    page = open_page("/?app=%E5%BE%AE%E4%BF%A1")
    count = len(rows(page))
    chips = page.locator("[data-status-filter]:not([data-status-filter=all]) small")
    summary = page.locator(".summary")
    expect(summary).to_contain_text(f"{count} of ")
    assert sum(int(text) for text in chips.all_inner_texts()) == count
    before = chips.all_inner_texts()

    page.locator('[data-status-filter="failed"]').click()

    expect(summary).not_to_contain_text("succeeded")
    expect(page.locator(".status-bar i")).to_have_count(1)
    assert chips.all_inner_texts() == before


def _note(asked: list[str], request: Request) -> None:
    if "/api/tasks?" in request.url:
        asked.append(request.url)


def test_filters_stand_in_the_address(open_page: OpenPage) -> None:
    """What narrows the list is in the address: it can be shared, reloaded, and gone back from."""
    page = open_page("/")
    everything = rows(page)
    page.locator('[data-status-filter="failed"]').click()
    page.locator('[data-menu="app"]').select_option("微信")
    expect(page.locator("[data-task]")).to_have_count(1)

    expect(page).to_have_url(re.compile(r"status=failed&app=%E5%BE%AE%E4%BF%A1$"))
    page.reload()
    assert rows(page) == ["walk"]
    page.go_back()
    page.go_back()
    expect(page.locator("[data-task]")).to_have_count(len(everything))


def test_flags_narrow_the_list(open_page: OpenPage) -> None:
    """What is odd about a step is a filter as what went wrong is; each row found has the flag."""
    page = open_page("/")
    link = page.locator('.flags a[href*="&f="]').first.get_attribute("href") or ""
    flag = link.rpartition("&f=")[2]
    page.locator('[data-menu="flag"]').select_option(flag)

    expect(page).to_have_url(re.compile(rf"\?flag={flag}$"))
    has_it = f':has(.flags a[href$="&f={flag}"])'
    expect(page.locator(f"[data-task]:not({has_it})")).to_have_count(0)
    expect(page.locator(f"[data-task]{has_it}").first).to_be_visible()
    save_picture(page, "list-flag")


def test_order_is_the_readers(open_page: OpenPage) -> None:
    """Tasks are sorted by the chosen column, in either direction."""
    page = open_page("/?sort=total_steps")
    most = rows(page)
    page.locator("[data-order]").click()
    expect(page.locator('[data-order="asc"]')).to_be_visible()
    expect(page.locator("[data-task]").last).to_have_attribute("data-task", most[0])


def test_new_task_does_not_move_the_reader(viewer: Viewer, open_page: OpenPage) -> None:
    """A task that starts comes in above; what is being read stays where it is on the screen."""
    page = open_page("/", viewport={"width": 1280, "height": 420})
    seen = rows(page)[2]
    row = page.locator(f'[data-task="{seen}"]')
    row.evaluate("row => scrollTo(0, row.getBoundingClientRect().top + scrollY - 80)")
    before = row.bounding_box()
    task_id = f"new-{uuid.uuid4()}"

    with recording(viewer.folder, task_id) as task:
        task.step()
        new = page.locator(f'[data-task="{task_id}"]')
        expect(new).to_be_attached()

        assert before is not None
        assert row.bounding_box() == pytest.approx(before, abs=1)
        expect(new.get_by_role("link", name="Watch live")).to_be_attached()
        task.step()
        expect(new.locator(".amounts")).to_contain_text("2 steps")
        task.finish()
    expect(new.locator('[data-status="completed"]')).to_be_attached()


def test_hidden_page_catches_up(viewer: Viewer, open_page: OpenPage) -> None:
    """A page that nobody sees holds no connection; seen again, it shows what has come since."""
    hide = """state => {
        Object.defineProperty(document, 'hidden', {configurable: true, get: () => state});
        document.dispatchEvent(new Event('visibilitychange'));
    }"""
    page = open_page("/")
    rows(page)
    asked: list[str] = []
    page.on("request", lambda request: _note(asked, request))
    page.evaluate(hide, True)
    task_id = f"unseen-{uuid.uuid4()}"
    with recording(viewer.folder, task_id) as task:
        task.step()
        task.finish()
    seen_elsewhere = open_page("/")
    expect(seen_elsewhere.locator(f'[data-task="{task_id}"]')).to_be_attached()
    assert asked == []

    page.evaluate(hide, False)

    expect(page.locator(f'[data-task="{task_id}"]')).to_be_attached()


def test_reader_comes_back_to_where_the_list_was(open_page: OpenPage) -> None:
    """Back from a task the list is as far down as it was, without a moment of nothing."""
    page = open_page("/", viewport={"width": 1280, "height": 420})
    row = page.locator(f'[data-task="{rows(page)[3]}"]')
    row.evaluate("row => scrollTo(0, row.getBoundingClientRect().top + scrollY - 80)")
    expect(row).to_be_in_viewport()
    before = row.bounding_box()
    row.locator("h2").click()
    expect(page.locator(".task-head h1")).to_be_visible()

    page.go_back()

    expect(row).to_be_in_viewport()
    assert row.bounding_box() == pytest.approx(before, abs=1)


def test_moving_along_the_frames_goes_through_the_task(open_page: OpenPage) -> None:
    """Between two key frames the steps between them are seen, large."""
    page = open_page("/")
    frames = page.locator('[data-task="walk"] [data-frame]')
    expect(frames).to_have_count(5)
    lens = page.locator(".lens")
    # The steps between the frames come with the index, a moment after the pointer.
    with page.expect_response("**/index"):
        frames.first.hover()
    expect(lens).to_contain_text("Step 1 of 20")
    first, last = frames.first.bounding_box(), frames.last.bounding_box()
    assert first is not None
    assert last is not None

    seen = set()
    for x in range(int(first["x"]) + 26, int(last["x"]) + 26, 4):
        page.mouse.move(x, first["y"] + 50)
        seen.add(lens.locator("p").inner_text())

    assert len(seen) > frames.count()
    expect(lens.locator("img")).to_have_js_property("complete", True)
    page.mouse.move(5, 5)
    expect(lens).to_have_count(0)


def test_frame_opens_its_step(open_page: OpenPage) -> None:
    """The frame of the failure is marked by more than a colour, and leads to it."""
    page = open_page("/")
    frame = page.locator('[data-task="walk"] .frame-failure')
    expect(frame.get_by_role("img")).to_have_attribute("alt", f"Step {FAILED}, failed")

    frame.click()

    expect(page.locator(f'[data-step="{FAILED}"]')).to_be_visible()


def test_tokens_and_cost_are_told_on_the_way(open_page: OpenPage) -> None:
    """Of all tasks by day and model, of a task and of a step; what has no price is said to."""
    page = open_page("/")
    row = page.locator('[data-task="walk"]')
    tokens = f"{len(ACTIONS) * (1312 + 74) / 1000:.1f}K tokens"
    cost = re.compile(r"\$0\.\d+ \+ price unknown")
    expect(row).to_contain_text(tokens)
    expect(row).to_contain_text(cost)
    page.get_by_text("Tokens and cost").click()
    by_day, by_model = (page.locator(".usage table").nth(at) for at in (0, 1))
    expect(by_day.locator("tbody tr")).to_contain_text(cost)
    expect(by_model.get_by_role("row", name="gpt-4o-mini")).to_contain_text("1,024")
    expect(by_model.get_by_role("row", name="scripted-model")).to_contain_text("price unknown")

    row.locator(".row-link").click()
    facts = page.locator(".task-facts")
    expect(facts).to_contain_text(tokens)
    expect(facts.get_by_text("price unknown")).to_have_attribute("title", re.compile(MODEL))
    page.keyboard.press("Home")
    used = page.locator("[data-field=usage]")
    expect(used).to_have_text("1,312 in · 74 out · price unknown")
    page.keyboard.press("ArrowDown")
    expect(used).to_have_text(re.compile(r"^1,312 in \(1,024 cached\) · 74 out · \$0\.\d+$"))
    page.locator("[data-language]").click()
    expect(used).to_contain_text("输入 1,312（缓存 1,024）")
    page.locator("[data-language]").click()


def test_keys_lead_to_a_task(open_page: OpenPage) -> None:
    """`j` and `k` go from task to task, Enter opens one; modified keys are the browser's."""
    page = open_page("/")
    rows(page)
    first, second = page.locator(".row-link").all_inner_texts()[:2]
    for key, title in (("j", first), ("j", second), ("k", first), ("Control+j", first)):
        page.keyboard.press(key)
        expect(page.locator(":focus")).to_have_text(title)

    page.keyboard.press("Enter")

    expect(page.locator(".task-head h1")).to_have_text(first)


def test_empty_list_says_why(open_page: OpenPage) -> None:
    """A search without a result offers to end it."""
    page = open_page("/?q=nobody-wrote-this&status=failed")

    page.get_by_role("status").get_by_role("button", name="Clear filters").click()

    assert DESCRIPTION in page.locator(".rows").inner_text() or rows(page)
    expect(page).to_have_url(re.compile("/$"))


def test_empty_store_says_how_to_begin(browser: Browser, tmp_path: Path) -> None:
    """Who has recorded nothing is told the command that records something."""
    with viewing(tmp_path) as viewer:
        context = browser.new_context(viewport=DESKTOP, locale="zh-CN")
        with watched(context.new_page(), viewer.origin) as page:
            page.goto(viewer.url)
            expect(page.get_by_role("status")).to_contain_text("otel-steps demo")
            save_picture(page, "list-empty")
        context.close()


def test_trace_without_steps_shows_its_spans(browser: Browser, tmp_path: Path) -> None:
    """Nobody speaks for it, but it came, and what it holds can be seen."""
    facts = {"trace_id": "1" * 32, "kind": 1, "status_code": 0, "started_at": at(0)}
    spans = [
        SpanRow(span_id="2" * 16, name="GET /cart", task_id="t", duration_ms=20.0, **facts),
        SpanRow(span_id="3" * 16, parent_span_id="2" * 16, name="SELECT", **facts),
    ]
    task = TaskRow(task_id="t", task_description="GET /cart", created_at=at(0), last_activity=at(1))
    with closing(open_store(f"sqlite:///{tmp_path}/steps.db")) as store:
        store.write(Batch(tasks=[task], spans=spans))
    with viewing(tmp_path) as viewer:
        context = browser.new_context(viewport=DESKTOP, locale="en-US")
        with watched(context.new_page(), viewer.origin) as page:
            page.goto(viewer.url)
            expect(page.get_by_text("of finished tasks")).to_have_count(0)
            page.get_by_role("link", name="GET /cart").first.click()
            expect(page.locator(".span-name")).to_have_text(["GET /cart", "SELECT"])
        context.close()


def test_long_export_tells_how_far_it_is(browser: Browser, tmp_path: Path) -> None:
    """A page of many pictures is watched on its way, can be stopped, and says what it is."""
    steps = [a_step(number) for number in range(1, 50)]
    shots = [
        a_screenshot(step, screenshot_path=f"ab/{number:064x}.webp")
        for number, step in enumerate(steps)
    ]
    task = a_task(task_description="Open the camera", status="failed")
    with closing(open_store(f"sqlite:///{tmp_path}/steps.db")) as store:
        store.write(Batch(tasks=[task], steps=steps, screenshots=shots))
    with viewing(tmp_path) as viewer:
        context = browser.new_context(viewport=DESKTOP, locale="en-US")
        with watched(context.new_page(), viewer.origin) as page:
            page.goto(viewer.url)
            page.locator("[data-task] .row-link").click()
            held: list[Route] = []

            def hold(route: Route) -> None:
                held.append(route)

            page.route("**/export.html", hold)
            export = page.locator(".menu summary")
            page_link = page.locator('.menu a[href$="export.html"]')
            export.click()
            page_link.click()
            saving = page.locator(".saving")
            expect(saving).to_contain_text("0 of 49 pictures")
            save_picture(page, "export-progress")
            saving.get_by_role("button", name="Stop").click()
            expect(saving).to_have_count(0)

            page.unroute_all()
            export.click()
            with page.expect_download() as download:
                page_link.click()
            name = download.value.suggested_filename
            assert re.fullmatch(r"\d{4}-\d\d-\d\d open-the-camera failed\.html", name)
            assert Path(download.value.path()).read_text(encoding="utf-8").endswith("</html>\n")
            expect(saving).to_have_count(0)
        context.close()


def test_server_that_does_not_answer_is_asked_again(open_page: OpenPage) -> None:
    """Without an answer the page says what to do, and shows the list once there is one."""
    page = open_page("/")
    shown = rows(page)

    def refuse(route: Route) -> None:
        route.abort()

    page.route("**/api/tasks?*", refuse)
    page.locator('[data-status-filter="completed"]').click()
    expect(page.get_by_role("alert")).to_contain_text("does not answer")
    # What was there stays to be read.
    assert rows(page) == shown
    page.unroute("**/api/tasks?*", refuse)
    page.get_by_role("button", name="Try again").click()

    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.locator('[data-task] [data-status="failed"]')).to_have_count(0)


def test_two_tasks_are_compared(open_page: OpenPage) -> None:
    """Two choices in the list lead to both tasks, at the step where they parted."""
    page = open_page("/?status=completed,max_steps,failed")
    chosen = rows(page)[:2]
    for task_id in chosen:
        page.locator(f'[data-task="{task_id}"]').hover()
        page.locator(f'[data-task="{task_id}"] .choose').click()
    page.get_by_role("link", name="Compare").click()

    expect(page.locator(".is-divergence")).to_have_attribute("aria-selected", "true")
    expect(page.locator("[data-side]")).to_have_count(2)
    expect(page.locator(".compare-facts .prose").first).to_be_visible()
    save_picture(page, "compare")
    page.keyboard.press("Home")
    page.keyboard.press("f")
    page.keyboard.press("j")
    expect(page).to_have_url(re.compile(r"#a=\d*&b=\d*$"))
    page.get_by_role("button", name="First divergence").click()
    expect(page.locator(".is-divergence")).to_have_attribute("aria-selected", "true")


def test_unknown_tasks_are_not_compared(open_page: OpenPage) -> None:
    """An address without tasks behind it is an answer, and a way back."""
    page = open_page("/compare?a=walk&b=nothing")

    expect(page.get_by_role("alert")).to_contain_text("nothing")
    page.get_by_role("alert").get_by_role("link", name="Tasks").click()
    rows(page)


@pytest.mark.parametrize("path", ["/", "/compare?a=walk&b=walk"])
def test_phone_shows_no_page_wider_than_itself(open_page: OpenPage, path: str) -> None:
    """On a phone nothing is cut off at the side, and the filters are a tap away."""
    page = open_page(path, viewport=PHONE, has_touch=True)
    expect(page.locator("main img").first).to_be_visible()

    assert page.evaluate("() => document.documentElement.scrollWidth") <= PHONE["width"]
    if path == "/":
        page.get_by_role("button", name="Filters").tap()
        expect(page.locator('[data-menu="sort"]')).to_be_visible()
        save_picture(page, "list-phone")
