"""
The one table of columns: a field of a row class is a column of its table, in its order.

Each says its kind, and where an attribute of the span fills it, which; whoever maps, stores, reads
or describes rows asks here (see `tables`). A field that is None by default may be empty. Add new
ones with that default, behind the others: a file that is there already gets them when it is opened,
a shared database by a migration.

Rows are ready for JSON: a time is an ISO 8601 string in UTC with six decimals, an id a string, and
a JSON column holds plain Python values (`sanitize` has already made them storable).
"""

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Annotated, Any

from otel_steps import semconv
from otel_steps.otlp.record import record
from otel_steps.rows.column import (
    BIGINT,
    BOOLEAN,
    INTEGER,
    JSON,
    REAL,
    TEXT,
    TIME,
    UUID,
    WORD,
    Column,
)

Object = Mapping[str, Any]


@record
class StepRow:
    """A row of `task_steps`."""

    id: Annotated[str, Column(UUID, index="id")]
    task_id: Annotated[str, Column(TEXT)]
    step_number: Annotated[int, Column(INTEGER, semconv.STEP_NUMBER, "number")] = 0
    step_type: Annotated[str, Column(WORD, semconv.STEP_TYPE, "type")] = "action"
    step_data: Annotated[Any, Column(JSON, semconv.STEP_DATA)] = field(default_factory=dict)
    thinking: Annotated[str | None, Column(TEXT, semconv.STEP_THINKING)] = None
    action_result: Annotated[Any, Column(JSON, semconv.STEP_ACTION_RESULT)] = None
    screenshot_path: Annotated[str | None, Column(TEXT)] = None
    duration_ms: Annotated[int | None, Column(INTEGER, index="duration_ms")] = None
    success: Annotated[bool | None, Column(BOOLEAN, semconv.STEP_SUCCESS, "success")] = None
    error_message: Annotated[str | None, Column(TEXT, semconv.STEP_ERROR_MESSAGE)] = None
    created_at: Annotated[str, Column(TIME)]
    screenshot_url: Annotated[str | None, Column(TEXT)] = None
    status: Annotated[str | None, Column(TEXT, index="status")] = None
    error_kind: Annotated[str | None, Column(WORD, semconv.STEP_ERROR_KIND, "error_kind")] = None
    app: Annotated[str | None, Column(WORD, semconv.STEP_APP, "app")] = None
    action: Annotated[Any, Column(JSON, semconv.STEP_ACTION)] = None
    started_at: Annotated[str, Column(TIME)]
    ended_at: Annotated[str | None, Column(TIME)] = None
    trace_id: Annotated[str, Column(TEXT)]
    span_id: Annotated[str, Column(TEXT)]
    parent_span_id: Annotated[str | None, Column(TEXT)] = None
    timings: Annotated[Object | None, Column(JSON, index="timings")] = None
    attributes: Annotated[Object | None, Column(JSON)] = None
    resource: Annotated[Object | None, Column(JSON)] = None
    coordinates: Annotated[str | None, Column(WORD, semconv.STEP_COORDINATES, "coordinates")] = None
    # That of the task, where a step does not say otherwise.
    model: Annotated[str | None, Column(WORD, semconv.GEN_AI_REQUEST_MODEL)] = None
    # Of all that the step asked its model; the cached ones are among those of the input.
    input_tokens: Annotated[int | None, Column(INTEGER, semconv.GEN_AI_USAGE_INPUT_TOKENS)] = None
    output_tokens: Annotated[int | None, Column(INTEGER, semconv.GEN_AI_USAGE_OUTPUT_TOKENS)] = None
    cached_tokens: Annotated[
        int | None, Column(INTEGER, semconv.GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS)
    ] = None


@record
class StoredStep(StepRow):
    """What else stands in `task_steps`, brought by no row: a person says it."""

    tags: Annotated[Sequence[str] | None, Column(JSON, index="tags")] = None
    notes: Annotated[str | None, Column(TEXT)] = None
    scores: Annotated[Sequence[Object] | None, Column(JSON, index="scores")] = None


@record
class ScreenshotRow:
    """A row of `step_screenshots`."""

    id: Annotated[str, Column(UUID)]
    task_id: Annotated[str, Column(TEXT)]
    step_id: Annotated[str, Column(UUID)]
    screenshot_path: Annotated[str, Column(TEXT)]
    file_size: Annotated[int | None, Column(INTEGER)] = None
    file_hash: Annotated[str | None, Column(TEXT)] = None
    compressed: Annotated[bool, Column(BOOLEAN)] = False
    metadata: Annotated[Object | None, Column(JSON)] = None
    created_at: Annotated[str, Column(TIME)]
    remote_url: Annotated[str | None, Column(TEXT)] = None
    width: Annotated[int | None, Column(INTEGER, index="width")] = None
    height: Annotated[int | None, Column(INTEGER, index="height")] = None
    mime_type: Annotated[str | None, Column(TEXT)] = None
    phash: Annotated[int | None, Column(BIGINT)] = None
    sensitive: Annotated[bool | None, Column(BOOLEAN)] = None
    # Against the picture before it in its task, whose sha256 the first one is: the share of the
    # pixels that have changed, 0 to 1, and where: [left, top, right, bottom, kind], the edges in 0
    # to 1000 of the picture, the kind one of `pictures.change.CHANGE_KINDS`.
    change_since: Annotated[str | None, Column(TEXT, index="change_since")] = None
    change_share: Annotated[float | None, Column(REAL, index="change_share")] = None
    change_boxes: Annotated[Sequence[Any] | None, Column(JSON, index="change_boxes")] = None


@record
class TaskRow:
    """
    A row of `tasks`, without its totals: the store counts those from the steps that it holds.

    A task known only from its steps has no status: nobody has said how it stands.
    """

    task_id: Annotated[str, Column(TEXT)]
    task_description: Annotated[str | None, Column(TEXT, semconv.TASK_DESCRIPTION)] = None
    status: Annotated[str | None, Column(WORD, semconv.TASK_STATUS)] = None
    created_at: Annotated[str, Column(TIME)]
    last_activity: Annotated[str, Column(TIME)]
    end_time: Annotated[str | None, Column(TIME)] = None
    result: Annotated[str | None, Column(TEXT, semconv.TASK_RESULT)] = None
    error_message: Annotated[str | None, Column(TEXT, semconv.TASK_ERROR_MESSAGE)] = None
    config: Annotated[Object | None, Column(JSON, semconv.TASK_CONFIG)] = None
    agent: Annotated[str | None, Column(WORD, semconv.GEN_AI_AGENT_NAME)] = None
    model: Annotated[str | None, Column(WORD, semconv.GEN_AI_REQUEST_MODEL)] = None
    device_id: Annotated[str | None, Column(WORD, semconv.DEVICE_ID)] = None
    trace_id: Annotated[str | None, Column(TEXT)] = None
    resource: Annotated[Object | None, Column(JSON)] = None
    # Whose it is: a team or a product, of many in one database.
    project: Annotated[str | None, Column(WORD, semconv.PROJECT)] = None
    # Not `session_id`, which some tables of tasks have as a key of another table.
    session: Annotated[str | None, Column(WORD, semconv.SESSION_ID)] = None


@record
class StoredTask(TaskRow):
    """What else stands in `tasks`, brought by no row: the store counts it, or a person says it."""

    # Start of the task span whose word counts: a task id may be used again.
    started_at: Annotated[str | None, Column(TIME)] = None
    total_steps: Annotated[int, Column(INTEGER)] = 0
    successful_steps: Annotated[int, Column(INTEGER)] = 0
    failed_steps: Annotated[int, Column(INTEGER)] = 0
    total_duration_ms: Annotated[int, Column(INTEGER)] = 0
    last_step_at: Annotated[str | None, Column(TIME)] = None
    has_detailed_steps: Annotated[bool, Column(BOOLEAN)] = False
    tags: Annotated[Sequence[str] | None, Column(JSON)] = None
    notes: Annotated[str | None, Column(TEXT)] = None
    # [{"name", "value", "label", "explanation"}], as `stores.annotation` has them.
    scores: Annotated[Sequence[Object] | None, Column(JSON)] = None
    # The place in the archive where its steps, pictures and spans are; None where they are here.
    archived: Annotated[str | None, Column(TEXT)] = None


@record
class SpanRow:
    """A row of `task_spans`: a span of the trace that is neither task nor step, as it was."""

    trace_id: Annotated[str, Column(TEXT)]
    span_id: Annotated[str, Column(TEXT)]
    parent_span_id: Annotated[str | None, Column(TEXT)] = None
    task_id: Annotated[str | None, Column(TEXT)] = None
    name: Annotated[str, Column(TEXT)]
    kind: Annotated[int, Column(INTEGER)]
    started_at: Annotated[str, Column(TIME)]
    ended_at: Annotated[str | None, Column(TIME)] = None
    duration_ms: Annotated[float | None, Column(REAL)] = None
    status_code: Annotated[int, Column(INTEGER)]
    status_message: Annotated[str | None, Column(TEXT)] = None
    attributes: Annotated[Object | None, Column(JSON)] = None
    events: Annotated[Sequence[Object] | None, Column(JSON)] = None
    links: Annotated[Sequence[Object] | None, Column(JSON)] = None
    scope: Annotated[str | None, Column(TEXT)] = None


@record
class Batch:
    """Rows to store in one transaction; any order, duplicates already merged."""

    tasks: Sequence[TaskRow] = ()
    steps: Sequence[StepRow] = ()
    screenshots: Sequence[ScreenshotRow] = ()
    spans: Sequence[SpanRow] = ()

    def __len__(self) -> int:
        return len(self.tasks) + len(self.steps) + len(self.screenshots) + len(self.spans)
