"""
The run of another agent, as its file tells it, and the spans that a recording would have had.

A reader of a file says what it finds in these words; how they are written stands here alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from otel_steps import semconv
from otel_steps.importing.item import (
    IMPORTED_ID,
    Item,
    PictureFile,
    PictureHeld,
    span_id_of,
    span_of,
    trace_id_of,
    unix_nano,
)
from otel_steps.sanitize import scrub, to_json

# From 1980 to 2100, which tells seconds from milliseconds.
_SECONDS: Final = (315_532_800, 4_102_444_800)


@dataclass(slots=True, kw_only=True)
class RunStep:
    """
    A step.

    Attributes:
        key: What the file calls it; by default its number.
        start, end: Nanoseconds; by default those of the run's beginning, for a file without times.
        actions: What the agent does, in its own words; the first keeps all others as its `more`.
        coordinates: What its places count in, where the file knows; see `STEP_COORDINATES`.
        error: Why it failed, None if it did not.
        data: Whatever else is worth keeping.
        model: Where it is another one than that of the task.
        tokens: Of the model's input and output.
        cached_tokens: Of those of the input.
        said: What people say of it, by the columns of a row; see `rows.judgement`.
    """

    key: str | None = None
    start: int | None = None
    end: int | None = None
    thinking: str | None = None
    actions: Sequence[Mapping[str, Any]] = ()
    action_name: str | None = None
    coordinates: str | None = None
    result: Any = None
    error: str | None = None
    is_final: bool = False
    app: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    model_ms: float | None = None
    model: str | None = None
    tokens: tuple[Any, Any] = (None, None)
    cached_tokens: Any = None
    picture: PictureFile | PictureHeld | None = None
    said: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Run:
    """
    A task.

    Attributes:
        key: Belongs to it for good, in whatever file it stands.
        source: The kind of the file, for the resource.
        agent_version: Of its package.
        session: What one person did in one go.
        status: One of `semconv.TaskStatus`.
        start, end: Nanoseconds; by default those of its steps.
        said: What people say of it, as of a step.
    """

    key: Sequence[object]
    source: str
    agent: str
    agent_version: str | None = None
    session: str | None = None
    task_id: str | None = None
    description: str | None = None
    model: str | None = None
    device: str | None = None
    status: str = "completed"
    result: str | None = None
    error: str | None = None
    start: int | None = None
    end: int | None = None
    config: Mapping[str, Any] = field(default_factory=dict)
    steps: list[RunStep] = field(default_factory=list)
    said: Mapping[str, Any] = field(default_factory=dict)

    def items(self) -> Iterator[Item]:
        """Yield the steps, and the task last."""
        starts = [step.start for step in self.steps if step.start]
        ends = [step.end for step in self.steps if step.end]
        start = self.start or min(starts, default=1)
        end = max(start, self.end or max(ends, default=start))
        for number, step in enumerate(self.steps, start=1):
            yield self._step(step, number, start)
        yield self._task(start, end)

    @property
    def _id(self) -> str:
        return self.task_id or trace_id_of(self.source, *self.key)

    def _task(self, start: int, end: int) -> Item:
        is_failed = self.status != "completed"
        error = scrub(self.error) if self.error and is_failed else None
        version = {} if self.agent_version is None else {"agent_version": self.agent_version}
        config = {**version, **self.config}
        attributes = {
            semconv.GEN_AI_OPERATION_NAME: semconv.INVOKE_AGENT,
            semconv.GEN_AI_AGENT_NAME: self.agent,
            semconv.GEN_AI_AGENT_VERSION: self.agent_version,
            semconv.SESSION_ID: self.session,
            semconv.GEN_AI_REQUEST_MODEL: self.model,
            semconv.DEVICE_ID: self.device,
            semconv.TASK_ID: self._id,
            semconv.TASK_STATUS: self.status,
            semconv.TASK_DESCRIPTION: self.description,
            semconv.TASK_RESULT: self.result,
            semconv.TASK_ERROR_MESSAGE: error,
            semconv.TASK_CONFIG: to_json(config) if config else None,
        }
        return Item(
            span_of(
                name=f"{semconv.INVOKE_AGENT} {self.agent}",
                trace_id=trace_id_of(self.source, *self.key),
                span_id=self._span_id("task"),
                parent_span_id=None,
                start=start,
                end=end,
                imported_from=self.source,
                attributes=attributes,
                is_failed=is_failed,
                status_message=error,
            ),
            said=self.said,
        )

    def _step(self, step: RunStep, number: int, begin: int) -> Item:
        start = step.start or begin
        error = scrub(step.error) if step.error else None
        input_tokens, output_tokens = (_count(each) for each in step.tokens)
        cached_tokens = _count(step.cached_tokens)
        attributes = {
            semconv.TASK_ID: self._id,
            semconv.STEP_NUMBER: number,
            semconv.STEP_TYPE: "completion" if step.is_final else "action",
            semconv.STEP_THINKING: step.thinking or None,
            **_action(step),
            semconv.STEP_COORDINATES: step.coordinates,
            semconv.STEP_ACTION_RESULT: None if step.result is None else to_json(step.result),
            semconv.STEP_DATA: to_json(dict(step.data)) if step.data else None,
            semconv.STEP_FINISHED: step.is_final or None,
            semconv.STEP_SUCCESS: error is None,
            semconv.STEP_ERROR_MESSAGE: error,
            semconv.STEP_APP: step.app,
            semconv.TIMING_MODEL_MS: step.model_ms,
            semconv.GEN_AI_REQUEST_MODEL: step.model,
            semconv.GEN_AI_USAGE_INPUT_TOKENS: input_tokens,
            semconv.GEN_AI_USAGE_OUTPUT_TOKENS: output_tokens,
            semconv.GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS: cached_tokens,
            IMPORTED_ID: step.key or str(number),
        }
        span = span_of(
            name=semconv.STEP_SPAN_NAME,
            trace_id=trace_id_of(self.source, *self.key),
            span_id=self._span_id("step", step.key or number),
            parent_span_id=self._span_id("task"),
            start=start,
            end=step.end or start,
            imported_from=self.source,
            attributes=attributes,
            is_failed=error is not None,
            status_message=error,
        )
        return Item(span, step.picture, frozenset({semconv.STEP_DATA}), said=step.said)

    def _span_id(self, *names: object) -> str:
        return span_id_of(self.source, *self.key, *names)


def nanoseconds(time: object) -> int | None:
    """Return a time in seconds or milliseconds since 1970, or as text; None where it is none."""
    if isinstance(time, bool) or time is None:
        return None
    if isinstance(time, int | float):
        scale = next((each for each in (1, 1000) if _is_between(time / each)), None)
        return None if scale is None else round(time / scale * 1e6) * 1000
    return unix_nano(time) if isinstance(time, str | datetime) else None


def text(value: object) -> str | None:
    """Return *value* if it is a text with something in it."""
    return value if isinstance(value, str) and value.strip() else None


def mapping(value: object) -> Mapping[str, Any]:
    """Return *value* if it is one."""
    return value if isinstance(value, Mapping) else {}


def sequence(value: object) -> Sequence[Any]:
    """Return *value* if it is a list."""
    return value if isinstance(value, list) else ()


def _is_between(seconds: float) -> bool:
    # NaN is not.
    return _SECONDS[0] <= seconds <= _SECONDS[1]


def _action(step: RunStep) -> dict[str, Any]:
    if not step.actions:
        return {semconv.STEP_ACTION_NAME: step.action_name}
    first = step.actions[0]
    name = step.action_name or first.get("action")
    action = dict(first)
    if len(step.actions) > 1:
        action["more"] = [dict(each) for each in step.actions[1:]]
    named = None if name is None else str(name)
    return {semconv.STEP_ACTION: to_json(action), semconv.STEP_ACTION_NAME: named}


def _count(value: object) -> int | None:
    is_count = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return value if is_count and isinstance(value, int) else None
