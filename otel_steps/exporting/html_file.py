"""
A task as one HTML page that opens from `file://`: the viewer's own task page with its data inside.

The page asks the network for nothing. Rows stand in it as inert JSON, pictures as inert text that
becomes a picture when it is first seen; scripts run by a nonce, and nothing of a row can be one.
"""

import base64
import html
import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from otel_steps import semconv
from otel_steps.exporting.modules import import_map, name_of
from otel_steps.exporting.script_file import step_script
from otel_steps.exporting.small_pictures import WIDTH, shrunk
from otel_steps.exporting.task_gone import TaskGone
from otel_steps.pictures.step_pictures import picture_names
from otel_steps.pictures.store import ScreenshotStore
from otel_steps.pricing.price_table import PriceTable
from otel_steps.pricing.usage import of_step, priced, rows_of
from otel_steps.rows.flags import with_flags
from otel_steps.stores.contract import TaskReader
from otel_steps.stores.span_nodes import span_nodes
from otel_steps.why.reading import why_of_task

_STATIC: Final = Path(__file__).parent.parent / "viewer" / "static"
_ENTRY: Final = "export.js"
_STYLES: Final = ("style.css", "task.css", "spans.css")

_HEAD: Final = """<!doctype html>
<html>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; \
script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src blob: data:; \
base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'">
<title>{title} · otel-steps</title>
<style nonce="{nonce}">{styles}</style>
<script type="importmap" nonce="{nonce}">{modules}</script>
</head>
<body>
<div id="app"></div>
<script type="application/json" id="otel-steps-task">{data}</script>
"""
_TAIL: Final = """\
<script type="module" nonce="{nonce}">import "{entry}";</script>
</body>
</html>
"""


def render(
    task: Mapping[str, Any],
    store: TaskReader,
    pictures: ScreenshotStore,
    prices: PriceTable,
    progress: Callable[[int, int], None],
) -> Iterator[str]:
    """Yield the page of a task, at most 50 KB a step where the agent's own text is short."""
    data = _data(task, store, prices)
    nonce = secrets.token_urlsafe(16)
    yield _HEAD.format(
        nonce=nonce,
        title=html.escape(task["task_description"] or task["task_id"]),
        styles="\n".join((_STATIC / name).read_text(encoding="utf-8") for name in _STYLES),
        modules=_inert({"imports": import_map(_STATIC, _ENTRY)}),
        data=_inert(data),
    )
    names = _pictures_of(data)
    for done, name in enumerate(names):
        progress(done, len(names))
        if small := shrunk(pictures.read(name, WIDTH) or b""):
            text = base64.b64encode(small).decode()
            yield f'<script type="text/plain" data-picture="{html.escape(name)}">{text}</script>\n'
    progress(len(names), len(names))
    yield _TAIL.format(nonce=nonce, entry=name_of(_STATIC, _STATIC / _ENTRY))


def _data(task: Mapping[str, Any], store: TaskReader, prices: PriceTable) -> dict[str, Any]:
    task_id = task["task_id"]
    index = store.index(task_id)
    if index is None:
        raise TaskGone(task_id)
    # Further pictures have a role; the step's own comes first of those that have none.
    own = [row for row in store.screenshots(task_id) if "role" not in (row["metadata"] or {})]
    screenshots = {row["step_id"]: row for row in reversed(own)}
    steps, spans = store.steps(task_id), store.spans(task_id)
    return {
        "task": task,
        "usage": priced(rows_of(steps, task), prices),
        "index": with_flags(index),
        "why": why_of_task(store, task, index),
        "steps": {
            step["id"]: {
                "step": step,
                "screenshot": screenshots.get(step["id"]),
                "usage": of_step(step, task, prices),
                "script": step_script(step, screenshots.get(step["id"])),
            }
            for step in steps
        },
        "spans": spans,
        "waterfall": span_nodes(steps, spans),
    }


def _pictures_of(data: Mapping[str, Any]) -> list[str]:
    """Return the names of all pictures that the page shows, each once."""
    own = (name for name in data["index"]["picture"] if name)
    further = (
        name
        for each in data["steps"].values()
        for name in picture_names((each["step"]["attributes"] or {}).get(semconv.PICTURES))
    )
    return list(dict.fromkeys((*own, *further)))


def _inert(value: Any) -> str:
    """Return JSON that cannot end the element it stands in."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
