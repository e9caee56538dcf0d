"""Some weeks of tasks, for the page of figures: those of the demo, again and again."""

import random
import uuid
from collections.abc import Mapping
from contextlib import closing
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

from otel_steps.config import resolve
from otel_steps.rows.model import Batch, ScreenshotRow, StepRow, TaskRow
from otel_steps.stores import Store, open_store

Row = TypeVar("Row", TaskRow, StepRow, ScreenshotRow)

# Model -> how many of the tasks that do not succeed it brings to a good end after all.
MODELS: Final = {"autoglm-phone-9b": 0.25, "gpt-4o-mini": 0.6}
_DEVICES: Final = ("emulator-5554", "Pixel 8")
_DAYS: Final = 30
_TASKS: Final = 140
_TIMES: Final = ("created_at", "last_activity", "end_time", "started_at", "ended_at")


def record_weeks(folder: Path) -> None:
    """Write tasks like those in *folder*, with their pictures, for the last weeks."""
    with closing(open_store(settings=resolve({}, dir=folder))) as store:
        recorded = store.tasks()
        for number in range(_TASKS):
            store.write(_again(store, recorded[number % len(recorded)], number))


def _again(store: Store, task: Mapping[str, Any], number: int) -> Batch:
    chance = random.Random(number)
    begin = datetime.now(UTC) - timedelta(days=_DAYS * (1 - (number / _TASKS) ** 0.7))
    later = begin - datetime.fromisoformat(task["created_at"])
    model = chance.choice(list(MODELS))
    is_mended = chance.random() < MODELS[model]
    own = {"task_id": f"week-{number}", "trace_id": uuid.UUID(int=number + 1).hex}
    took = {step["id"]: chance.randrange(1500, 9000) for step in store.steps(task["task_id"])}
    ids = {step_id: str(uuid.uuid5(uuid.NAMESPACE_OID, f"{step_id} {number}")) for step_id in took}
    return Batch(
        tasks=[
            _row(
                TaskRow,
                task,
                later,
                **own,
                model=model,
                status="completed" if is_mended else task["status"],
                device_id=chance.choice(_DEVICES),
            )
        ],
        steps=[
            _row(
                StepRow,
                step,
                later,
                **own,
                id=ids[step["id"]],
                span_id=uuid.UUID(ids[step["id"]]).hex[:16],
                duration_ms=took[step["id"]],
                timings=_timings(took[step["id"]]),
                input_tokens=chance.randrange(1200, 3000),
                output_tokens=chance.randrange(40, 200),
            )
            for step in store.steps(task["task_id"])
        ],
        screenshots=[
            _row(
                ScreenshotRow,
                picture,
                later,
                task_id=own["task_id"],
                step_id=ids[picture["step_id"]],
                id=str(uuid.uuid5(uuid.NAMESPACE_OID, f"{picture['id']} {number}")),
            )
            for picture in store.screenshots(task["task_id"])
        ],
    )


def _timings(ms: int) -> dict[str, float]:
    model = {"ttft_ms": ms * 0.1, "thinking_ms": ms * 0.4, "model_ms": ms * 0.6}
    return {**model, "screenshot_ms": 300.0, "action_ms": ms * 0.2}


def _row(kind: type[Row], row: Mapping[str, Any], later: timedelta, **changed: Any) -> Row:
    names = {each.name for each in fields(kind)}
    values = {name: value for name, value in row.items() if name in names}
    for name in _TIMES:
        if values.get(name):
            values[name] = (datetime.fromisoformat(values[name]) + later).isoformat()
    return kind(**{**values, **changed})
