"""
AutoGLM-GUI's replay files, `runs/<trace_id>/replay.jsonl` with the pictures in `artifacts/` beside.

Each line is an event (schema `autoglm.replay.event.v1`) of one run, in the order of time: the start
of the task, its steps, the model's words as they came, and how it ended. Written by AutoGLM_GUI's
`trace.py`, looked at in version 1.5.21.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from otel_steps import semconv
from otel_steps.importing.item import (
    IMPORTED_ID,
    Found,
    Item,
    PictureFile,
    Refused,
    milliseconds,
    span_id_of,
    span_of,
    trace_id_of,
    unix_nano,
)
from otel_steps.importing.opened import READ_ERRORS, lines, opened, reason_of
from otel_steps.sanitize import scrub, to_json

SCHEMA: Final = "autoglm.replay.event.v1"

# Pictures are in files of their own; a line is as long as what a model can say.
MAX_LINE_BYTES: Final = 16 * 2**20

_FROM: Final = "replay"
_AGENT: Final = "AutoGLM-GUI"
_TRACE_ID: Final = re.compile(r"(?!0{32})[0-9a-f]{32}")
_DURATION: Final = "_duration_ms"

# Words of a timing -> ours; all others keep their own.
_TIMINGS: Final = {
    "llm": semconv.TIMING_MODEL_MS,
    "screenshot": semconv.TIMING_SCREENSHOT_MS,
    "execute_action": semconv.TIMING_ACTION_MS,
}
# What such a message begins with -> what kind of error it tells of.
_ERROR_KINDS: Final = {"Model error": "model_error", "Device error": "device_error"}
_ENDS: Final = ("done", "error", "cancelled", "takeover")
# Kept as they are: what an agent that plans has asked other agents to do.
_OTHERS: Final = ("message", "tool_call", "tool_result")


def read(path: Path) -> Iterator[Found]:
    """Return the steps of the run at *path*, and its task last: only the end says how it went."""
    runs: dict[str, _Run] = {}
    try:
        with opened(path) as file:
            for number, line in lines(file, max_bytes=MAX_LINE_BYTES):
                event = _event(line)
                if isinstance(event, str):
                    yield Refused(f"{path}, line {number}", event)
                    continue
                name = str(event["trace_id"])
                run = runs.setdefault(name, _Run(name, path.parent))
                yield from run.take(event)
    except READ_ERRORS as error:
        yield Refused(str(path), reason_of(error))
    for run in runs.values():
        yield run.task()


def _event(line: bytes) -> dict[str, Any] | str:
    """Return the event on *line*, or why there is none."""
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return f"not JSON: cut off, or longer than {MAX_LINE_BYTES} bytes"
    if not isinstance(event, dict) or event.get("schema") != SCHEMA:
        return f"not an event of the schema {SCHEMA}"
    if not event.get("trace_id") or not event.get("task_id"):
        return "the event has no trace_id or no task_id"
    if unix_nano(event.get("timestamp")) is None:
        return "the event has no time"
    return event


@dataclass
class _Run:
    """What is known of one run while its events are read."""

    name: str
    folder: Path
    first: dict[str, Any] = field(default_factory=dict)
    start: int = 0
    last: int = 0
    last_step: int = 0
    model: str | None = None
    agent: str = _AGENT
    end: dict[str, Any] | None = None

    @property
    def trace_id(self) -> str:
        is_usable = _TRACE_ID.fullmatch(self.name)
        return self.name if is_usable else trace_id_of("replay", self.name)

    def take(self, event: dict[str, Any]) -> Iterator[Item]:
        """Learn from *event*, and return the span that it is, if it is one."""
        at = unix_nano(event["timestamp"]) or 0
        if not self.first:
            self.first, self.start, self.last_step = event, at, at
        self.last = max(self.last, at)
        kind = event.get("event_type")
        if kind == "step":
            yield self._step(event, at)
        elif kind in _OTHERS:
            yield self._other(event, at)
        elif kind in _ENDS:
            self.end = event

    def task(self) -> Item:
        """Return the task, as far as it has come."""
        task, payload = _dict(self.first, "task"), _dict(self.end or {}, "payload")
        status = _status(self.end, payload)
        message = payload.get("message")
        is_failed = status != "completed"
        error_message = scrub(str(message)) if is_failed and message else None
        attributes = {
            semconv.GEN_AI_OPERATION_NAME: semconv.INVOKE_AGENT,
            semconv.GEN_AI_AGENT_NAME: self.agent,
            semconv.GEN_AI_REQUEST_MODEL: self.model,
            semconv.TASK_ID: str(self.first["task_id"]),
            semconv.TASK_STATUS: status,
            semconv.TASK_DESCRIPTION: task.get("input_text"),
            semconv.TASK_RESULT: message if not is_failed else None,
            semconv.TASK_ERROR_MESSAGE: error_message,
            semconv.DEVICE_ID: _dict(self.first, "device").get("device_id"),
        }
        return self._item(
            f"{semconv.INVOKE_AGENT} {self.agent}",
            self._task_span_id,
            (self.start, self.last),
            attributes,
            is_failed=is_failed,
            status_message=error_message,
        )

    @property
    def _task_span_id(self) -> str:
        return span_id_of("replay", self.name, "task")

    def _step(self, event: Mapping[str, Any], at: int) -> Item:
        step = _dict(event, "step")
        result, timings = _dict(step, "result"), _dict(step, "timings")
        self.model = step.get("model_name") or self.model
        self.agent = step.get("agent_type") or self.agent
        took_ms = milliseconds(timings.get("total_duration_ms"))
        # An event is written when its step is over; the next one begins right then.
        start = self.last_step if took_ms is None else max(1, at - round(took_ms * 1e6))
        self.last_step = at
        is_failed = result.get("success") is False
        message = scrub(str(result.get("message") or "")) if is_failed else ""
        attributes = {
            **_step_attributes(event, step, result),
            **_timings(timings),
            semconv.STEP_SUCCESS: not is_failed,
            semconv.STEP_ERROR_MESSAGE: message or None,
            semconv.STEP_ERROR_KIND: _ERROR_KINDS.get(message.partition(":")[0]),
        }
        item = self._item(
            semconv.STEP_SPAN_NAME,
            self._span_id(event),
            (start, at),
            attributes,
            is_failed=is_failed,
            status_message=message,
        )
        return Item(item.span, self._picture(step), frozenset({semconv.STEP_DATA}))

    def _other(self, event: Mapping[str, Any], at: int) -> Item:
        name = str(event.get("event_name") or event["event_type"])
        payload = {"autoglm.payload": to_json(event.get("payload"))}
        attributes = {semconv.TASK_ID: str(event["task_id"]), **payload}
        return self._item(name, self._span_id(event), (at, at), attributes)

    def _span_id(self, event: Mapping[str, Any]) -> str:
        return span_id_of("replay", self.name, event.get("event_seq"))

    def _item(
        self,
        name: str,
        span_id: str,
        times: tuple[int, int],
        attributes: Mapping[str, Any],
        *,
        is_failed: bool = False,
        status_message: str | None = None,
    ) -> Item:
        is_task = span_id == self._task_span_id
        span = span_of(
            name=name,
            trace_id=self.trace_id,
            span_id=span_id,
            parent_span_id=None if is_task else self._task_span_id,
            start=times[0],
            end=times[1],
            imported_from=_FROM,
            attributes=attributes,
            is_failed=is_failed,
            status_message=status_message,
        )
        return Item(span)

    def _picture(self, step: Mapping[str, Any]) -> PictureFile | None:
        screenshot = _dict(_dict(step, "artifacts"), "screenshot")
        path = screenshot.get("path")
        if not isinstance(path, str) or not _is_inside(path):
            return None
        # The number of a step names its file: a task that goes on after a break may write the same
        # name again, and only the hash tells whose picture is there.
        sha256 = screenshot.get("sha256")
        return PictureFile([self.folder / path], sha256 if isinstance(sha256, str) else None)


def _step_attributes(
    event: Mapping[str, Any], step: Mapping[str, Any], result: Mapping[str, Any]
) -> dict[str, Any]:
    action = step.get("action")
    name = action.get("action") or action.get("_metadata") if isinstance(action, dict) else None
    data = {key: result[key] for key in ("message", "error_details") if result.get(key)}
    return {
        semconv.TASK_ID: str(event["task_id"]),
        semconv.STEP_NUMBER: step.get("index"),
        semconv.STEP_TYPE: "completion" if name == "finish" else "action",
        semconv.STEP_DATA: to_json(data),
        semconv.STEP_THINKING: step.get("thinking"),
        semconv.STEP_ACTION: None if action is None else to_json(action),
        semconv.STEP_ACTION_NAME: None if name is None else str(name),
        semconv.STEP_ACTION_RESULT: to_json(result),
        semconv.STEP_FINISHED: result.get("finished"),
        IMPORTED_ID: str(event.get("event_seq")),
    }


def _timings(timings: Mapping[str, Any]) -> dict[str, float]:
    named = {
        key.removesuffix(_DURATION): milliseconds(value)
        for key, value in timings.items()
        if key.endswith(_DURATION)
    }
    return {
        _TIMINGS.get(word, f"{semconv.TIMING_PREFIX}{word}_ms"): value
        for word, value in named.items()
        if value is not None
    }


def _status(end: Mapping[str, Any] | None, payload: Mapping[str, Any]) -> str:
    if end is None:
        return "interrupted"
    if payload.get("stop_reason") == "max_steps_reached":
        return "max_steps"
    if end["event_type"] == "done":
        return "completed" if payload.get("success") else "failed"
    # A run that hands over to a person has done what it could; AutoGLM-GUI has it as a success.
    return {"error": "failed", "cancelled": "cancelled"}.get(end["event_type"], "completed")


def _is_inside(path: str) -> bool:
    """Tell whether *path* stays in the folder that it is relative to, on any system."""
    parts = path.replace("\\", "/").split("/")
    return not any(part in ("", "..") or ":" in part or "\0" in part for part in parts)


def _dict(value: Mapping[str, Any], key: str) -> dict[str, Any]:
    inner = value.get(key)
    return inner if isinstance(inner, dict) else {}
