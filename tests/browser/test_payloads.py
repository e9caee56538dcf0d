"""Text of models, phones and people stays text: in the list, in the task, in an export."""

import json
from contextlib import closing
from pathlib import Path
from typing import Any, Final, get_type_hints
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from otel_steps.rows.ids import screenshot_id, step_id
from otel_steps.rows.model import Batch, ScreenshotRow, SpanRow, StepRow, TaskRow
from otel_steps.stores import open_store
from otel_steps.stores.annotation import Annotation
from tests.browser.conftest import OpenPage
from tests.browser.viewer import Viewer
from tests.commands import command

PAYLOADS: Final = [
    "<script>hit(1)</script>",
    "</script><script>hit(2)</script><!--",
    "<img src=x onerror=hit(3)>",
    "<svg/onload=hit(4)><animate onbegin=hit(4) attributeName=x>",
    "\"'><body onload=hit(5)><input autofocus onfocus=hit(5)>",
    "' onmouseover='hit(6)' style='animation:task-blink 1s' onanimationstart='hit(6)",
    "javascript:hit(7)//http://evil.example/7",
    "{{constructor.constructor('hit(8)')()}} ${hit(8)} <%= hit(8) %> #{hit(8)}",
    "[x](javascript:hit(9)) ![x](http://evil.example/9.png) <http://evil.example/9>",
    "<iframe src=http://evil.example/10></iframe><object data=http://evil.example/10>",
    "<style>@import 'http://evil.example/11.css';*{display:none}</style></style>",
    "<meta http-equiv=refresh content='0;url=http://evil.example/12'><base href=//evil.example>",
    "<a href=http://evil.example/13 ping=http://evil.example/13>13</a></textarea></title>",
    "\u202etxet desrever \u2066isolated\u2069 &lt;b&gt; &#x3c;script&#x3e;hit(14)",
    "http://evil.example/{trace_id}?%3Cscript%3Ehit(15)%3C/script%3E",
    "__proto__ constructor toString valueOf",
]
TASK_ID: Final = "<img src=x onerror=hit(0)>"
TRACE_ID: Final = "a" * 32
AT: Final = "2026-09-21T14:14:{:02}.000000+00:00"
# Listens before anything of the page runs.
LISTEN: Final = "window.hits = []; window.hit = number => window.hits.push(number);"


def filled(row_class: Any, payload: str, **known: Any) -> Any:
    """Return a row with *payload* in every column that is not *known*."""
    kinds = {
        "str": payload,
        "str | None": payload,
        "Any": {payload: [payload, {payload: payload}]},
        "Mapping[str, Any] | None": {payload: payload, "__proto__": payload},
        "Sequence[Mapping[str, Any]] | None": [{"name": payload, payload: payload}],
    }
    columns = {name: _kind_of(kind) for name, kind in get_type_hints(row_class).items()}
    hostile = {name: kinds[kind] for name, kind in columns.items() if kind in kinds}
    return row_class(**(hostile | known))


def _kind_of(annotation: Any) -> str:
    """Return a column's type as it is written in `model.py`."""
    name = annotation.__name__ if isinstance(annotation, type) else str(annotation)
    return name.replace("typing.", "").replace("collections.abc.", "")


def rows() -> Batch:
    """Return a task with a step for every payload, in all of its columns."""
    everything = " ".join(PAYLOADS)
    task = filled(
        TaskRow,
        everything,
        task_id=TASK_ID,
        created_at=AT.format(0),
        last_activity=AT.format(59),
        end_time=AT.format(59),
        status="failed",
    )
    steps, pictures, spans = [], [], []
    for number, payload in enumerate(PAYLOADS, start=1):
        span_id = f"{number:016x}"
        steps.append(
            filled(
                StepRow,
                payload,
                id=step_id(TRACE_ID, span_id),
                task_id=TASK_ID,
                step_number=number,
                success=False,
                created_at=AT.format(number),
                started_at=AT.format(number),
                status="failed",
                ended_at=AT.format(number),
                trace_id=TRACE_ID,
                span_id=step_id(TRACE_ID, span_id),
                duration_ms=900,
                action={"_metadata": "do", "action": payload, payload: payload},
                timings={"model_ms": 5, payload: payload},
            )
        )
        pictures.append(
            filled(
                ScreenshotRow,
                payload,
                id=screenshot_id(span_id, payload),
                task_id=TASK_ID,
                step_id=step_id(TRACE_ID, span_id),
                created_at=AT.format(number),
                width=8,
                height=16,
            )
        )
        spans.append(
            filled(
                SpanRow,
                payload,
                trace_id=TRACE_ID,
                span_id=f"b{number:015x}",
                status_code=2,
                parent_span_id=step_id(TRACE_ID, span_id),
                task_id=TASK_ID,
                kind=1,
                duration_ms=1.5,
                started_at=AT.format(number),
                ended_at=AT.format(number),
                links=None,
            )
        )
    return Batch(tasks=[task], steps=steps, screenshots=pictures, spans=spans)


@pytest.fixture(name="hostile", scope="module")
def _hostile(viewer: Viewer) -> Viewer:
    """A viewer whose store also holds the task of payloads."""
    with closing(open_store(f"sqlite:///{viewer.folder}/steps.db")) as store:
        store.write(rows())
        store.annotate(TASK_ID, Annotation(tags=PAYLOADS[:4], notes=" ".join(PAYLOADS)))
    return viewer


def assert_all_is_text(page: Page) -> None:
    """Look at every step, open all there is to open, and see text."""
    for number, payload in enumerate(PAYLOADS, start=1):
        expect(page.locator(f'[data-step="{number}"]')).to_be_visible()
        expect(page.locator('[data-field="thinking"]')).to_have_text(payload)
        expect(page.locator('[data-field="error"]')).to_have_text(payload)
        expect(page.locator('[data-field="action"]')).to_contain_text(
            json.dumps(payload, ensure_ascii=False)
        )
        page.evaluate(
            "document.querySelectorAll('.details details').forEach(e => { e.open = true })"
        )
        expect(page.locator(".details table")).to_contain_text(payload)
        page.keyboard.press("j")
    assert page.evaluate("window.hits") == []
    assert page.locator("#app :is(script, iframe, object, base, meta, link, style)").count() == 0


def test_task_shows_payloads_as_text(hostile: Viewer, open_page: OpenPage) -> None:
    """In every column of every table: nothing runs, nothing is loaded, all is shown as it is."""
    page = open_page(f"/t/{quote(TASK_ID)}#s=1", script=LISTEN)

    assert_all_is_text(page)


def test_comparison_and_waterfall_show_payloads_as_text(
    hostile: Viewer, open_page: OpenPage
) -> None:
    """Two runs side by side, all runs of the task, and its spans do the same."""
    own = quote(TASK_ID, safe="")
    page = open_page(f"/compare?a={own}&b={own}", script=LISTEN)
    for payload in PAYLOADS:
        expect(page.locator("[data-words]")).to_have_text(payload)
        expect(page.locator(".compare-facts .error").first).to_have_text(payload)
        page.keyboard.press("j")
    page.goto(page.url.partition("&b=")[0])
    expect(page.locator(".runs-head h1")).to_be_visible()
    assert page.evaluate("window.hits") == []

    page.goto(page.url.partition("/compare")[0] + f"/t/{own}#s=1")
    expect(page.locator('[data-step="1"]')).to_be_visible()
    page.keyboard.press("w")
    page.get_by_role("tree").focus()
    page.keyboard.press("Home")
    for payload in PAYLOADS:
        page.keyboard.press("ArrowDown")
        expect(page.locator(".span-facts h3")).to_have_text(payload)
        expect(page.locator(".span-facts .error")).to_have_text(payload)
        page.keyboard.press("ArrowDown")
    assert page.evaluate("window.hits") == []


def test_list_shows_payloads_as_text(hostile: Viewer, open_page: OpenPage) -> None:
    """The list, its filters and a search for a payload do the same."""
    page = open_page(f"/?q={quote(PAYLOADS[2])}", script=LISTEN)

    expect(page.locator(".task-row .row-link")).to_contain_text(PAYLOADS[2])
    assert page.evaluate("window.hits") == []


def test_export_shows_payloads_as_text(
    hostile: Viewer, open_page: OpenPage, tmp_path: Path
) -> None:
    """A page that is opened from a file does the same."""
    path = tmp_path / "payloads.html"
    assert command("export", TASK_ID, "--dir", hostile.folder, "-o", path).status == 0

    page = open_page(f"{path.as_uri()}#s=1", script=LISTEN)

    assert_all_is_text(page)
