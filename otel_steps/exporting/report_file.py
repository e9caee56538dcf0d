"""A task as JSON: its report, with the other spans of its traces."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from otel_steps.pricing.price_table import PriceTable
from otel_steps.pricing.usage import with_usage
from otel_steps.stores.contract import TaskReader
from otel_steps.stores.report_totals import report_of
from otel_steps.why.reading import why_of_task


def render(task: Mapping[str, Any], store: TaskReader, prices: PriceTable) -> Iterator[str]:
    """
    Yield the report of a task as `Store.report` has it, rows as stored, with what is told of it.

    Beside `task`, `steps`, `screenshots` and `statistics` it has `usage`, `why` and `spans`.
    """
    task_id = task["task_id"]
    report = report_of(dict(task), store.steps(task_id), store.screenshots(task_id))
    told = {**with_usage(report or {}, prices), "why": why_of_task(store, task)}
    whole = {**told, "spans": store.spans(task_id)}
    yield from json.JSONEncoder(ensure_ascii=False, indent=2).iterencode(whole)
    yield "\n"
