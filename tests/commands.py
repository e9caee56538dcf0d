"""Commands that are run and looked at, and recordings for them to look into."""

import io
import json
import os
import subprocess
import sys
from contextlib import closing, redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from otel_steps import semconv
from otel_steps.cli import main
from otel_steps.config import resolve
from otel_steps.health.problems import Problems
from otel_steps.journal import Journal
from otel_steps.otlp import to_line
from otel_steps.otlp.span import Span
from otel_steps.rows.mapping import batch_of
from otel_steps.stores import open_store
from tests.patience import PATIENCE_S

AT = 1_790_000_000_000_000_000
SECOND = 10**9


@dataclass(frozen=True)
class Done:
    """What a command has left: its exit status and what it printed."""

    status: int | str | None
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def command(*arguments: object) -> Done:
    """Run a command in this process."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    return Done(ended.value.code, _text(out), _text(err))


def _text(stream: io.TextIOWrapper) -> str:
    stream.seek(0)
    return stream.read()


def task_spans(
    task_id: str, *, number: int = 1, status: str = "completed", **attributes: Any
) -> list[Span]:
    """Return the spans of a task with two steps, of which the second failed."""
    trace_id = f"{number:032x}"
    start = AT + number * 60 * SECOND
    common = {semconv.TASK_ID: task_id}
    root = Span(
        trace_id=trace_id,
        span_id=f"{number * 16:016x}",
        name="invoke_agent PhoneAgent",
        start_time_unix_nano=start,
        end_time_unix_nano=start + 65 * SECOND,
        attributes={
            **common,
            semconv.GEN_AI_OPERATION_NAME: semconv.INVOKE_AGENT,
            semconv.GEN_AI_AGENT_NAME: "PhoneAgent",
            semconv.TASK_STATUS: status,
            semconv.TASK_DESCRIPTION: f"任务 {task_id}",
            semconv.TASK_RESULT: "all done",
            semconv.DEVICE_ID: "emulator-5554",
            **attributes,
        },
    )
    steps = [
        {
            semconv.STEP_ACTION: '{"_metadata": "do", "action": "Tap", "element": [500, 82]}',
            semconv.STEP_THINKING: "I tap the button. " * 12,
            semconv.STEP_SUCCESS: True,
            semconv.STEP_APP: "Settings",
        },
        {
            semconv.STEP_ACTION: '{"_metadata": "do", "action": "Launch", "app": "X"}',
            semconv.STEP_SUCCESS: False,
            semconv.STEP_ERROR_KIND: "action_error",
            semconv.STEP_ERROR_MESSAGE: "App not found: X",
        },
    ]
    return [
        root,
        *(
            Span(
                trace_id=trace_id,
                span_id=f"{number * 16 + position:016x}",
                parent_span_id=root.span_id,
                name="step",
                start_time_unix_nano=start + position * SECOND,
                end_time_unix_nano=start + position * SECOND + SECOND // 2,
                attributes={
                    **common,
                    semconv.STEP_NUMBER: position,
                    semconv.STEP_TYPE: "action",
                    **step,
                },
            )
            for position, step in enumerate(steps, start=1)
        ),
    ]


def store_tasks(*task_ids: str, **attributes: Any) -> None:
    """Put finished tasks into the default store, the last one the newest."""
    with closing(open_store()) as store:
        for number, task_id in enumerate(task_ids, start=1):
            store.write(batch_of(task_spans(task_id, number=number, **attributes), {}))


def store_used(task_id: str, model: str | None, *, number: int = 1) -> None:
    """Put a task into the default store whose first step says what it has used of its *model*."""
    root, first, second = task_spans(
        task_id, number=number, **{semconv.GEN_AI_REQUEST_MODEL: model}
    )
    used = {
        semconv.GEN_AI_USAGE_INPUT_TOKENS: 10_000,
        semconv.GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS: 4_000,
        semconv.GEN_AI_USAGE_OUTPUT_TOKENS: 500,
    }
    first = replace(first, attributes={**first.attributes, **used})
    with closing(open_store()) as store:
        store.write(batch_of([root, first, second], {}))


def write_prices(folder: Path) -> Path:
    """Write a table of prices by which the step of `store_used` costs 9.5 US cents as "m"."""
    file = folder / "prices.toml"
    file.write_text(
        """
        date = 2026-11-20
        [[models]]
        names = ["m"]
        currency = "USD"
        input = 10
        cached = 5
        output = 30
        """,
        encoding="utf-8",
    )
    return file


def leave_behind(
    spans: list[Span],
    *,
    open_spans: list[Span] | None = None,
    picture: tuple[str, bytes] | None = None,
) -> None:
    """Leave a journal as a process does that died before it shipped."""
    settings = resolve()
    journal = Journal(
        settings.backup_dir,
        durability="process",
        max_disk_bytes=settings.max_disk_bytes,
        problems=Problems(None),
    )
    for span in spans:
        assert journal.append(
            to_line(span), span_id=span.span_id, pictures=[picture] if picture else []
        )
    for span in open_spans or []:
        journal.put_open(span.span_id, to_line(span))
    journal.close()


def python(*arguments: object, **environ: str) -> "subprocess.CompletedProcess[str]":
    """Run Python, by itself or with `-m otel_steps`, in a process of its own."""
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **environ},
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE_S,
    )
