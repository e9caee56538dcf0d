"""
What the answers look like, for the OpenAPI document; nothing is checked against it at run time.
"""

from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, WithJsonSchema

from otel_steps.rows.column import Column
from otel_steps.rows.tables import TABLES
from otel_steps.why.finding import Confidence, Fact, Kind

T = TypeVar("T")


def _values(column: Column) -> dict[str, Any]:
    return {} if column.kind.json is None else {"type": [column.kind.json, "null"]}


def _row(table: str) -> WithJsonSchema:
    """Return the schema of a row; any column may be null, for rows that other programs wrote."""
    columns = TABLES[table].columns
    return WithJsonSchema(
        {
            "type": "object",
            "title": f"Row of {table}",
            "properties": {name: _values(column) for name, column in columns.items()},
            "required": list(columns),
        }
    )


Task = Annotated[dict[str, Any], _row("tasks")]
Step = Annotated[dict[str, Any], _row("task_steps")]
Screenshot = Annotated[dict[str, Any], _row("step_screenshots")]
SpanOut = Annotated[dict[str, Any], _row("task_spans")]


class Data(BaseModel, Generic[T]):
    """What was asked for."""

    data: T


class Error(BaseModel):
    """Why there is no answer."""

    code: str
    message: str


class Failure(BaseModel):
    """What comes in place of an answer."""

    error: Error


class Pagination(BaseModel):
    """Which part of a list this is."""

    page: int
    per_page: int
    total: int
    pages: int


class StepsPage(BaseModel):
    """A page of the steps of a task."""

    steps: list[Step]
    pagination: Pagination


class Statistics(BaseModel):
    """Counts of one task."""

    total_steps: int
    successful_steps: int
    failed_steps: int
    success_rate: float
    total_duration_ms: int
    average_step_duration_ms: float
    screenshots_count: int


class Cost(BaseModel):
    """A sum of one currency."""

    currency: str
    amount: float


class Usage(BaseModel):
    """
    What steps have used of their models. What is null nobody has told; cached tokens are among
    those of the input.

    `cost` is an estimate by the prices of `prices_date`; `unpriced` has the models of which not all
    could be priced, and null for one without a name.
    """

    steps: int
    input_tokens: int | None
    output_tokens: int | None
    cached_tokens: int | None
    cost: list[Cost] | None
    unpriced: list[str | None]
    prices_date: str


class DayUsage(Usage):
    """That of a day, as YYYY-MM-DD (UTC)."""

    day: str


class ModelUsage(Usage):
    """That of a model; null is one without a name."""

    model: str | None


class OverallUsage(BaseModel):
    """What all steps have used."""

    total: Usage | None
    by_day: list[DayUsage]
    by_model: list[ModelUsage]


class Proof(BaseModel):
    """A fact that a cause is told from; `step` is null for one of the task itself."""

    step: int | None
    fact: Fact
    value: str


class Sentence(BaseModel):
    """The same in both languages."""

    en: str
    zh: str


class WhyOut(BaseModel):
    """
    Why a run did not end well. `step` is the first bad one, null where it is not known; `steps` are
    worth a look; equal causes have an equal `fingerprint`.
    """

    kind: Kind
    detail: str
    ending: str
    confidence: Confidence
    step: int | None
    steps: list[int]
    sentence: Sentence
    evidence: list[Proof]
    fingerprint: str


class Report(BaseModel):
    """All of a task."""

    task: Task
    steps: list[Step]
    screenshots: list[Screenshot]
    statistics: Statistics
    usage: Usage | None
    why: WhyOut | None


class Screenshots(BaseModel):
    """The pictures of a task."""

    screenshots: list[Screenshot]
    grouped_by_step: dict[str, list[Screenshot]]
    total_count: int


class Facets(BaseModel):
    """What tasks can be filtered by."""

    apps: list[str]
    models: list[str]
    devices: list[str]
    projects: list[str]
    sessions: list[str]
    tags: list[str]
    step_tags: list[str]


class Found(BaseModel):
    """How many tasks are found, and their steps."""

    tasks: int
    steps: int


class TasksPage(BaseModel):
    """
    A page of the list of tasks: rows of `tasks`, each with what a card shows.

    `by_status` counts what is asked for in any status, also where `status` is asked for.
    `unseen` is in how many tasks nobody has looked for the flag that is asked for yet; they are not
    found.
    """

    tasks: list[dict[str, Any]]
    pagination: Pagination
    by_status: dict[str, Found]
    unseen: int
    facets: Facets
    version: str


class OneTask(BaseModel):
    """A task, what its steps have used, and why it did not end well: null where it did."""

    task: Task
    usage: Usage | None
    why: WhyOut | None


class Script(BaseModel):
    """Lines that do a step again with adb: for a shell and in Python; null where nothing can."""

    adb: str | None
    python: str | None


class StepDetail(BaseModel):
    """A step with its picture's row, what it has used, and how to do it again."""

    step: Step
    screenshot: Screenshot | None
    usage: Usage | None
    script: Script


class StepIds(BaseModel):
    """The steps that hold a text."""

    ids: list[str]


class SimilarStep(BaseModel):
    """A step of another task; `bits` of 64 tell its screen from the one that was asked about."""

    task_id: str
    task_description: str | None
    status: str | None
    step_id: str
    step_number: int
    picture: str | None
    bits: int


class SimilarSteps(BaseModel):
    """The steps of other tasks whose screens look like one."""

    similar: list[SimilarStep]


class Spans(BaseModel):
    """Spans of a task that are neither task nor step."""

    spans: list[SpanOut]


class Waterfall(BaseModel):
    """
    All spans of a task in columns, its steps first; `parent` and `trace` are positions.

    `start_ms` counts from the earliest; what has not ended has no `duration_ms`, and steps have no
    name here.
    """

    step_ids: list[str]
    traces: list[str]
    trace: list[int]
    span_id: list[str]
    name: list[str | None]
    parent: list[int | None]
    start_ms: list[float]
    duration_ms: list[float | None]
    is_error: list[bool]


class Overall(BaseModel):
    """Counts of all tasks."""

    tasks: int
    steps: int
    screenshots: int | None
    tasks_by_status: dict[str, int]
    success_rate: float


class Run(BaseModel):
    """A task with its index, and what its steps have used."""

    task: Task
    index: dict[str, Any]
    usage: Usage | None


class Comparison(BaseModel):
    """
    Two tasks side by side: `pairs` of positions, `same` where both did the same, and the first
    pair that differs.
    """

    a: Run
    b: Run
    pairs: list[list[int | None]]
    same: list[bool]
    divergence: int | None


class Parting(BaseModel):
    """Where two runs parted: positions and numbers of the steps of both, null for none."""

    pair: list[int | None]
    numbers: list[int | None]


class RunRow(BaseModel):
    """A run as a row of a table: `strip` has columns of the index, of its first steps."""

    task: dict[str, Any]
    strip: dict[str, Any]
    count: int
    parted: Parting | None


class Runs(BaseModel):
    """Runs of one task, that which was asked for first; not `is_whole` where there may be more."""

    runs: list[RunRow]
    is_whole: bool


class HealthOut(BaseModel):
    """
    How recording on this machine stands, where traces can be seen, whether there are videos.

    `pack` is the name of the file that is looked at in place of a store, null for a store.
    """

    store: str
    pack: str | None
    waiting: int
    pictures_waiting: int
    dead: int
    pictures_dead: int
    problems: list[dict[str, Any]]
    trace_url: str | None
    has_video: bool
