"""What a person says of steps and tasks, and what is done with many tasks at once."""

import re
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from otel_steps import open_store
from otel_steps.rows.model import Batch
from otel_steps.serving.access import Role
from otel_steps.serving.tokens import FILE, Tokens
from otel_steps.stores import Store
from otel_steps.stores.annotation import Annotation
from tests.browser.chromium import DESKTOP, PHONE, save_picture
from tests.browser.conftest import Contexts, OpenPage, contexts_of, opener
from tests.browser.test_accessibility import _axe, faults  # noqa: F401 - a fixture
from tests.browser.viewer import Viewer, viewing
from tests.store_contract import a_step, a_task, at

TASKS = 24


@pytest.fixture(name="judged", scope="module")
def _judged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Viewer]:
    """A viewer with tasks to judge and to delete; `t1` failed in its second step."""
    folder = tmp_path_factory.mktemp("judged")
    with closing(open_store(f"sqlite:///{folder}/steps.db")) as store:
        for number in range(1, TASKS + 1):
            task_id = f"t{number}"
            steps = [a_step(3 * number + turn, task_id, step_number=turn + 1) for turn in range(3)]
            steps[1] = replace(steps[1], success=False, error_kind="parse_error")
            task = a_task(task_id, status="completed", created_at=at(TASKS - number))
            store.write(Batch(tasks=[task], steps=steps))
        store.annotate("t9", Annotation(notes="seen before"))
    with viewing(folder) as viewer:
        yield viewer


@pytest.fixture(name="store")
def _store(judged: Viewer) -> Iterator[Store]:
    with closing(open_store(f"sqlite:///{judged.folder}/steps.db")) as store:
        yield store


@pytest.fixture(name="judged_contexts", scope="module")
def _judged_contexts(browser: Browser, judged: Viewer) -> Contexts:
    return contexts_of(browser, judged)


@pytest.fixture(name="open_judged")
def _open_judged(judged: Viewer, judged_contexts: Contexts) -> Iterator[OpenPage]:
    with ExitStack() as stack:
        yield opener(stack, judged, judged_contexts)


def test_a_step_is_judged_by_keys_alone(open_judged: OpenPage, store: Store) -> None:
    """Thumb, tag and note, each by a key; they stay, and the list of steps shows them."""
    page = open_judged("/t/t1#s=2")
    step = page.locator("form[data-subject=step]")
    expect(step.locator("[data-rate='-1']")).to_be_visible()
    page.keyboard.press("b")
    expect(step.locator("[data-rate='-1']")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("t")
    page.keyboard.type("flaky, 微信")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    page.keyboard.type("Why here?")
    page.keyboard.press("Control+Enter")
    expect(step.get_by_role("button", name="Save")).to_be_disabled()
    expect(page.locator("[data-step-position='1'] .said-of")).to_contain_text("bad, flaky, 微信")
    save_picture(page, "judge-step")
    page.reload()

    expect(page.locator("[data-step-tags]")).to_have_value("flaky, 微信")
    expect(page.locator("[data-step-note]")).to_have_value("Why here?")
    expect(step.locator("[data-rate='-1']")).to_have_attribute("aria-pressed", "true")
    row = store.steps("t1")[1]
    assert (row["tags"], row["notes"]) == (["flaky", "微信"], "Why here?")
    assert row["scores"] == [{"name": "rating", "value": -1, "label": "bad"}]
    # Once more, and it is taken back.
    page.keyboard.press("b")
    expect(step.locator("[data-rate='-1']")).to_have_attribute("aria-pressed", "false")
    assert store.steps("t1")[1]["scores"] is None


def test_nobody_loses_what_another_has_written(open_judged: OpenPage, store: Store) -> None:
    """Who has not seen it is shown it, keeps the own words, and may then replace it."""
    page = open_judged("/t/t2#s=1")
    task = page.locator("form[data-subject=task]")
    task.locator("[data-note]").fill("mine")
    store.annotate("t2", Annotation(notes="theirs", tags=["seen"]))
    task.get_by_role("button", name="Save").click()

    expect(task.get_by_role("alert")).to_contain_text("theirs")
    expect(task.locator("[data-note]")).to_have_value("mine")
    task.get_by_role("button", name="Save").click()
    expect(page.locator(".said")).to_have_text("Saved")
    row = store.task("t2")
    assert row
    assert row["notes"] == "mine"


def test_a_score_of_any_name_is_given_and_found(open_judged: OpenPage, store: Store) -> None:
    """It is shown with its reason, and the list finds the task by it."""
    page = open_judged("/t/t3#s=1")
    task = page.locator("form[data-subject=task]")
    task.get_by_text("Add a score").click()
    task.get_by_label("Name of the score").fill("tone")
    task.get_by_label("-1 to 1").fill("0.8")
    task.get_by_label("Why").fill("kind")
    page.keyboard.press("Enter")
    expect(task.locator(".scores li")).to_contain_text("tone 0.8")

    page.goto(page.url.split("/t/")[0] + "/")
    page.get_by_label("Scores").select_option("good")
    expect(page).to_have_url(re.compile(r"\?score=good$"))
    expect(page.locator("[data-task]")).to_have_count(1)
    expect(page.locator("[data-task=t3]")).to_contain_text("tone 0.8")
    task_row = store.task("t3")
    assert task_row
    assert task_row["scores"] == [{"name": "tone", "value": 0.8, "explanation": "kind"}]


def test_many_tasks_are_tagged_and_deleted(open_judged: OpenPage, store: Store) -> None:
    """Picked by keys and from one to another; what goes is said, and nothing else goes."""
    page = open_judged("/")
    expect(page.locator("[data-task=t4]")).to_be_visible()
    page.locator("[data-task=t4] .row-link").focus()
    page.keyboard.press("x")
    page.locator("[data-task=t6] [data-pick]").click(modifiers=["Shift"])
    bar = page.get_by_label("Many tasks at once")
    expect(bar.get_by_role("status")).to_have_text("3 tasks picked")
    bar.get_by_role("button", name="Tag", exact=True).click()
    bar.get_by_label("Tags to add").fill("old")
    page.keyboard.press("Enter")
    expect(page.locator("[data-task=t5]")).to_contain_text("old")
    save_picture(page, "judge-bulk")
    bar.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("9 steps")
    save_picture(page, "judge-delete")
    dialog.get_by_role("button", name="Cancel").click()
    assert len(store.tasks()) == TASKS
    bar.get_by_role("button", name="Delete").click()
    dialog.get_by_role("button", name="Delete 3 tasks").click()

    expect(page.locator("[data-task=t5]")).to_have_count(0)
    left = {task["task_id"] for task in store.tasks()}
    assert left == {f"t{number}" for number in range(1, TASKS + 1)} - {"t4", "t5", "t6"}


def test_all_that_match_are_files_of_one_archive(open_judged: OpenPage, tmp_path: Path) -> None:
    """Also those of other pages."""
    page = open_judged("/?flag=parse_error")
    # With the tasks come menus, which move the button.
    expect(page.locator("[data-task]").first).to_be_visible()
    page.get_by_role("button", name="Pick several").click()
    page.get_by_role("button", name=re.compile("that match")).click()
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="OTLP").click()

    assert download.value.suggested_filename == "otel-steps-tasks.zip"


@pytest.mark.parametrize(
    ("role", "forms", "deletes"),
    [(Role.READ, 0, 0), (Role.ANNOTATE, 2, 0), (Role.DELETE, 2, 1)],
)
def test_who_may_not_is_offered_nothing(
    browser: Browser, judged: Viewer, role: Role, forms: int, deletes: int
) -> None:
    """No form, button or key that the server would refuse; what others have said is there."""
    token = Tokens(judged.folder / FILE).add(f"{role}", role, None).reveal()
    with closing(browser.new_context(viewport=DESKTOP, locale="en-US")) as context:
        page = context.new_page()
        page.goto(f"{judged.origin}/t/t9?t={token}")
        details = page.get_by_label("Details of the step")
        expect(details.get_by_text("seen before")).to_have_count(1 if forms == 0 else 0)
        expect(page.locator("form.annotations")).to_have_count(forms)
        page.keyboard.press("?")
        expect(page.get_by_role("dialog")).to_contain_text("Copy a link to this step")
        sheet = page.get_by_role("dialog").inner_text()
        assert ("Write a note on the step" in sheet) == (forms > 0)
        assert ("Good step" in sheet) == (forms > 0)
        page.keyboard.press("Escape")
        page.goto(f"{judged.origin}/")
        page.locator("[data-task=t9] .row-link").focus()
        page.keyboard.press("x")
        bar = page.get_by_label("Many tasks at once")
        expect(bar.get_by_role("button", name="Export")).to_be_visible()
        expect(bar.get_by_role("button", name="Tag", exact=True)).to_have_count(1 if forms else 0)
        expect(bar.get_by_role("button", name="Delete")).to_have_count(deletes)
        expect(page.locator("header.bar")).to_have_text("Skip to the contentotel-steps?中文")
        save_picture(page, f"judge-role-{role}")


@pytest.mark.parametrize(
    ("locale", "scheme", "size"),
    [("en-US", "light", DESKTOP), ("zh-CN", "dark", DESKTOP), ("zh-CN", "light", PHONE)],
)
def test_judging_has_no_fault(
    open_judged: OpenPage, axe: str, locale: str, scheme: str, size: dict[str, int]
) -> None:
    """The forms of a task, the bar of the list and what it asks before it deletes."""
    page = open_judged("/t/t7#s=2", locale=locale, color_scheme=scheme, viewport=size)
    expect(page.locator("form[data-subject=step]")).to_be_attached()
    page.locator("form[data-subject=step] summary").click()
    save_picture(page, f"judge-task-{locale}-{scheme}-{size['width']}")
    page.goto(page.url.split("/t/")[0] + "/")
    page.locator("[data-task=t8] .row-link").focus()
    page.keyboard.press("x")
    expect(page.locator(".bulk .delete")).to_be_visible()
    found = {"list": faults(page, axe)}
    save_picture(page, f"judge-list-{locale}-{scheme}-{size['width']}")
    page.locator(".bulk .delete").click()
    expect(page.locator(".removal li").first).to_be_visible()
    found["removal"] = faults(page, axe)
    save_picture(page, f"judge-removal-{locale}-{scheme}-{size['width']}")

    assert {name: each for name, each in found.items() if each} == {}
