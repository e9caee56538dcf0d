"""
What the routes of figures answer, for the document of the API.
"""

from pydantic import BaseModel

from otel_steps.viewer.schemas import Sentence, Usage


class GroupFigures(BaseModel):
    """Figures of some tasks; null where nobody knows it."""

    group: str | None
    tasks: int
    by_status: dict[str, int]
    ended: int
    completed: int
    success_rate: float | None
    steps: int
    successful_steps: int
    failed_steps: int
    steps_median: int | None
    steps_p95: int | None
    duration_ms_median: int | None
    duration_ms_p95: int | None
    input_tokens: int | None
    output_tokens: int | None


class TaskFigures(BaseModel):
    """
    Figures of groups of tasks: the newest days first, others with the most tasks first.

    `unseen` is in how many tasks nobody has looked for the flag that is asked for yet.
    """

    by: str
    groups: list[GroupFigures]
    unseen: int


class OneActionFigures(BaseModel):
    """Figures of an action."""

    action: str
    steps: int
    successful_steps: int
    failed_steps: int
    failure_rate: float | None
    duration_ms_median: int | None
    duration_ms_p95: int | None


class ActionFigures(BaseModel):
    """Figures of actions, those with the most steps first."""

    actions: list[OneActionFigures]


class GroupUsage(BaseModel):
    """What the tasks of a group have used; the tokens of a task are those in and out together."""

    group: str | None
    tokens_median: int | None
    tokens_p95: int | None
    usage: Usage | None


class UsageFigures(BaseModel):
    """What groups of tasks have used; a group that has told nothing is not among them."""

    by: str
    groups: list[GroupUsage]


class Between(BaseModel):
    """Two groups; the p-value is that of Fisher's exact test, null where none has ended."""

    by: str
    one: GroupFigures
    other: GroupFigures
    p_value: float | None
    sentence: Sentence


class TimePart(BaseModel):
    """A part of the time of tasks."""

    part: str
    ms: int


class TimeFigures(BaseModel):
    """Where the time of the newest `tasks` of `total` went; `timed` of their `steps` tell it."""

    parts: list[TimePart]
    steps: int
    timed: int
    tasks: int
    total: int


class AppTaps(BaseModel):
    """How many taps an app has had, null for steps that name none."""

    app: str | None
    taps: int


class Screen(BaseModel):
    """A picture, in pixels."""

    sha256: str
    width: int | None
    height: int | None


class Spot(BaseModel):
    """Taps at one place, 0 to 1000 of the picture, and the newest of them, best one that missed."""

    x: int
    y: int
    taps: int
    missed: int
    task_id: str
    number: int


class TapFigures(BaseModel):
    """Where the newest `tasks` of `total` tapped in an app; a tap that did nothing has missed."""

    app: str | None
    apps: list[AppTaps]
    picture: Screen | None
    taps: int
    missed: int
    spots: list[Spot]
    tasks: int
    total: int
