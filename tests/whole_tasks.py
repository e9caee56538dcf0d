"""Tasks with everything that a task can have, and all that a store then has of them."""

import hashlib
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from otel_steps import semconv
from otel_steps.config import Settings
from otel_steps.otlp.span import Span
from otel_steps.pictures.step_pictures import StepPicture, to_text
from otel_steps.rows.mapping import batch_of
from otel_steps.stores import open_store
from otel_steps.stores.annotation import Annotation
from otel_steps.stores.pictures import open_screenshots
from tests.commands import SECOND, task_spans
from tests.pictures import huge_gif, png

IDS = ("aaaaaaaa-1", "runs/二")
# Each store has its own; with them the folder goes in which the pictures lie.
OWN = {"screenshot_path", "screenshot_url", "remote_url"}


def fill(settings: Settings, *, is_annotated: bool = True, with_gif: bool = True) -> None:
    """Store two tasks with everything that a task can have."""
    with closing(open_store(settings=settings)) as store:
        pictures = open_screenshots(settings, store)
        for number, task_id in enumerate(IDS, start=1):
            root, *steps = task_spans(task_id, number=number)
            saved = {}
            for at, step in enumerate(steps):
                before, after = (png(200, 400, (40 * number, 90 * at, blue)) for blue in (7, 8))
                # Decoded by nobody, and of a type that is kept as it is.
                after = huge_gif(number) if at and with_gif else after
                for data in (before, after):
                    name = hashlib.sha256(data).hexdigest()
                    saved[name] = pictures.save(name, data)
                own, further = list(saved)[-2:]
                told = {
                    semconv.SCREENSHOT_SHA256: own,
                    semconv.PICTURES: to_text([StepPicture(role="after", sha256=further)]),
                }
                steps[at] = replace(step, attributes={**step.attributes, **told})
            # Older than the span of its own task, which a row must not forget.
            early = replace(
                steps[0],
                span_id="e" * 16,
                start_time_unix_nano=root.start_time_unix_nano - SECOND,
                attributes={**task_spans(task_id)[1].attributes, semconv.STEP_NUMBER: 0},
            )
            call = Span(
                trace_id=root.trace_id,
                span_id=f"{number:016x}",
                parent_span_id=steps[0].span_id,
                name="chat",
                start_time_unix_nano=steps[0].start_time_unix_nano,
                end_time_unix_nano=steps[0].end_time_unix_nano,
                attributes={"gen_ai.operation.name": "chat", semconv.SPAN_PICTURES: [own]},
            )
            store.write(batch_of([root, *steps, early, call], saved))
        if is_annotated:
            store.annotate(IDS[1], Annotation(tags=["重试", "ci"], notes="see step 2"))
            score = {"name": "rating", "value": -1, "label": "bad", "explanation": "为什么"}
            said = Annotation(tags=["here"], notes="!", scores=[score])
            store.annotate(IDS[1], said, step_id=store.steps(IDS[1])[1]["id"])


def rows(settings: Settings) -> dict[str, Any]:
    """Return all rows of the tasks, and the pictures that they name."""
    with closing(open_store(settings=settings)) as store:
        pictures = open_screenshots(settings, store)
        found = {task_id: (store.report(task_id), store.spans(task_id)) for task_id in IDS}
        names = {
            Path(row["screenshot_path"]).name.partition(".")[0]
            for report, _ in found.values()
            for row in (report or {})["screenshots"]
        }
        assert names
        found["pictures"] = {name: pictures.files(name) for name in names}  # type: ignore[assignment]
    return without_own(found)


def without_own(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_own(each) for key, each in value.items() if key not in OWN}
    return [*map(without_own, value)] if isinstance(value, list | tuple) else value
