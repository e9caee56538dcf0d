"""A task as JSON: its report, with the other spans of its traces."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from otel_steps.stores import Store
from otel_steps.stores.contract import report_of


def render(task: Mapping[str, Any], store: Store) -> Iterator[str]:
    """Yield `{"task", "steps", "screenshots", "statistics", "spans"}`, the rows as stored."""
    task_id = task["task_id"]
    report = report_of(dict(task), store.steps(task_id), store.screenshots(task_id))
    whole = {**(report or {}), "spans": store.spans(task_id)}
    yield from json.JSONEncoder(ensure_ascii=False, indent=2).iterencode(whole)
    yield "\n"
