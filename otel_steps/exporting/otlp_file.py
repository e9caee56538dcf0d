"""
A task as one OTLP/JSON message, `TracesData` of the file-exporter specification.

The one line is a body for `POST /v1/traces` of any backend, and a file for the Collector's
`otlpjsonfile` receiver.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from otel_steps.otlp import to_line
from otel_steps.rows.unmapping import spans_of
from otel_steps.stores.contract import TaskReader


def render(task: Mapping[str, Any], store: TaskReader) -> Iterator[str]:
    """Yield the message with all spans of a task: itself, its steps, and those below them."""
    task_id = task["task_id"]
    comma = ""
    yield '{"resourceSpans":['
    for span in spans_of(task, store.steps(task_id), store.spans(task_id)):
        for part in json.loads(to_line(span))["resourceSpans"]:
            yield comma + json.dumps(part, ensure_ascii=False, separators=(",", ":"))
            comma = ","
    yield "]}\n"
