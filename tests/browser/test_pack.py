"""The viewer shows a pack as it shows a store."""

from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.browser.chromium import save_picture
from tests.browser.conftest import contexts_of, opener
from tests.browser.recordings import FAILED
from tests.browser.viewer import Viewer, viewing
from tests.commands import command
from tests.read_only import contents


def test_a_pack_is_looked_at_without_importing(
    viewer: Viewer, browser: Browser, tmp_path: Path
) -> None:
    """List, pictures and step come from the one file, which takes no note; nothing is left."""
    path = tmp_path / "run.osz"
    assert command("pack", "walk", "--dir", viewer.folder, "-o", path).status == 0
    before = contents(tmp_path)

    with ExitStack() as stack:
        packed = stack.enter_context(viewing(tmp_path / "nothing", str(path)))
        open_page = opener(stack, packed, contexts_of(browser, packed))
        page = open_page("/")
        expect(page.locator("a[href*='t/walk']").first).to_be_visible()
        save_picture(page, "pack-list")
        page = open_page(f"/t/walk#s={FAILED}")
        expect(page.locator(f'[data-step="{FAILED}"]')).to_be_visible()
        expect(page.locator(".frame img").first).to_have_js_property("naturalWidth", 360)
        note = """async () => {
            const init = {method: "POST", headers: {"Content-Type": "application/json"}};
            const path = "api/tasks/walk/annotations";
            const answer = await fetch(path, {...init, body: '{"notes": "x"}'});
            return [answer.status, (await answer.json()).error.message]}"""
        status, message = page.evaluate(note)
        assert status == 403
        assert "can only be read: `otel-steps import` it" in message
        expect(page.locator(".pack")).to_have_text("run.osz · read-only")
        expect(page.locator("form.annotations")).to_have_count(0)
        save_picture(page, "pack-task")

    assert contents(tmp_path) == before
