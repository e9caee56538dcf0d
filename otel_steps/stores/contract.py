"""
What a store promises; in which ways it may fail, `otel_steps.errors` says.

Every backend passes the same suites, `tests/store_contract.py`, `tests/removal_contract.py` and
`tests/view_contract.py`; a new one needs no tests of its own for what stands here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, runtime_checkable

from otel_steps.rows.model import Batch, ScreenshotRow, StepRow
from otel_steps.stores.annotation import Annotation
from otel_steps.stores.removal import Holding, Removal
from otel_steps.stores.task_query import TaskPage, TaskQuery

Json = dict[str, Any]

# Columns of a step that hold what was said in it, and how many steps of a task are asked for them:
# a list of tasks asks for many at once, and a task may be very long.
TEXTS: Final = ("thinking", "action_result", "error_message")
MAX_TEXTS: Final = 100


@dataclass(frozen=True, slots=True)
class Written:
    """What a write did: how many spans were new or moved on, and how many were known already."""

    stored: int
    known: int


class TaskReader(Protocol):
    """What is read of one task, by whoever writes it out; see `Store`, which is one."""

    def task(self, task_id: str) -> Json | None: ...

    def steps(self, task_id: str, *, limit: int | None = None, offset: int = 0) -> list[Json]: ...

    def step(self, task_id: str, step_id: str) -> Json | None: ...

    def screenshots(self, task_id: str) -> list[Json]: ...

    def spans(self, task_id: str, step_id: str | None = None) -> list[Json]: ...

    def index(self, task_id: str) -> Json | None: ...

    def indexes(self, task_ids: Sequence[str]) -> dict[str, Json]: ...

    def texts(self, counts: Mapping[str, int]) -> dict[str, dict[str, Json]]: ...

    def report(self, task_id: str) -> Json | None: ...

    def usage(self, task_ids: Sequence[str]) -> Mapping[str, list[Json]]: ...

    def similar(
        self, phash: int, *, task_id: str, project: str | None = None, limit: int = 24
    ) -> list[Json]: ...


class Store(TaskReader, Protocol):
    """
    The durable home of tasks, steps, screenshots and spans.

    One thread writes; any number may read. Readers return the columns of the tables as JSON values
    (see `otel_steps.rows.model`); a screenshot's path is one that this machine can open, where
    there is such a file.

    What no row can hold (U+0000, half a character) no row has: a question for it finds nothing.

    Attributes:
        name: "sqlite", "postgresql" or "supabase", for messages.
        is_embedded: True where a write is cheap and local, so that rows may be visible at once.
    """

    name: str
    is_embedded: bool

    def write(self, batch: Batch) -> Written:
        """
        Store *batch*: all of it, or nothing.

        Repeating a call is harmless. A row moves only forward: unknown < running < interrupted
        < ended. A `running` row replaces a `running` one (it knows more), an ended row is never
        replaced. Totals of the touched tasks are right when the call returns, whatever the order
        of arrival.

        Raises:
            StoreUnavailable, StoreOnHold, RowRejected: Nothing was stored.
        """

    def attach(self, steps: Sequence[StepRow], screenshots: Sequence[ScreenshotRow]) -> None:
        """
        Give *steps* that are stored already what has become of their pictures: all, or nothing.

        Path, address and attributes of a step are replaced, nothing else; its attributes say why
        where there will be no picture. A step that is not stored, is stored with another status or
        has its picture stays as it is. Repeating a call is harmless.

        Raises:
            StoreUnavailable, StoreOnHold, RowRejected: Nothing was stored.
        """

    def tasks(self, *, status: str | None = None, limit: int = 50, offset: int = 0) -> list[Json]:
        """Return rows of `tasks`, the newest first."""

    def task(self, task_id: str) -> Json | None:
        """Return one row of `tasks`, or None."""

    def steps(self, task_id: str, *, limit: int | None = None, offset: int = 0) -> list[Json]:
        """Return rows of `task_steps` of a task in the order in which they were taken."""

    def count_steps(self, task_id: str) -> int:
        """Return how many steps a task has."""

    def screenshots(self, task_id: str) -> list[Json]:
        """Return rows of `step_screenshots` of a task in the order of their steps."""

    def spans(self, task_id: str, step_id: str | None = None) -> list[Json]:
        """Return rows of `task_spans` of a task, or of those below one step, by start time."""

    def report(self, task_id: str) -> Json | None:
        """
        Return `{"task", "steps", "screenshots", "statistics"}` of a task, or None.

        `statistics` holds total_steps, successful_steps, failed_steps, success_rate (0 to 1),
        total_duration_ms, average_step_duration_ms, screenshots_count.
        """

    def statistics(self) -> Mapping[str, Any]:
        """Return tasks, steps, screenshots, tasks_by_status and success_rate, over all tasks."""

    def usage(self, task_ids: Sequence[str]) -> Mapping[str, list[Json]]:
        """
        Return what the steps of tasks have used of their models, by the ids of the tasks.

        One row for each model: {"model", "is_whole", "steps", "input_tokens", "output_tokens",
        "cached_tokens"}. The model is that of the step, or else of its task. Only steps that have
        tokens count; those of which one of the two counts is not known stand in a row of their
        own, which is not whole. Cached tokens are among those of the input; a sum of which no step
        says anything is None. Counted when asked for, so that they are right after any write.
        """

    def usage_by_day(self) -> list[Json]:
        """Return the same over all tasks, a row for each "day" (UTC, as YYYY-MM-DD) and model."""

    def task_figures(self, query: TaskQuery, by: str = "all") -> list[Json]:
        """
        Return figures of the tasks that *query* chooses, a row for each group of them.

        {"group", "tasks", "by_status", "ended", "completed", "success_rate", "steps",
        "successful_steps", "failed_steps", "steps_median", "steps_p95", "duration_ms_median",
        "duration_ms_p95", "input_tokens", "output_tokens"}. A task has succeeded where it is
        `completed`; the rate is that among the tasks that have ended (all but those that are
        `running` or `unknown`), None where none has. A duration is that of a task's steps. Median
        and p95 are by nearest rank: the smallest value that at least half, or 95 of 100, do not
        exceed. Tokens are those of all steps, None where no step says any.

        At most `MAX_GROUPS` of them: the newest days first, other groups with the most tasks first.

        Args:
            query: Its order and page mean nothing here.
            by: One of `GROUPINGS`. A task is in the groups of all its apps and of all its tags, in
                the group None where it has none; a day (YYYY-MM-DD, UTC) is that of its creation.

        Raises:
            ValueError: *by* is unknown.
        """

    def usage_figures(self, query: TaskQuery, by: str = "all") -> list[Json]:
        """
        Return what the steps of the tasks that *query* chooses have used, by group of the tasks.

        Rows like those of `usage`, with their "group", and the "tokens_median" and "tokens_p95"
        of that whole group: input and output of a task's steps together, of the tasks that say
        any. At most `MAX_GROUPS` groups, those with the most such tasks.

        Args:
            query: Its order and page mean nothing here.
            by: One of `GROUPINGS`, as in `task_figures`.

        Raises:
            ValueError: *by* is unknown.
        """

    def action_figures(self, query: TaskQuery) -> list[Json]:
        """
        Return figures of the actions in the steps of the tasks that *query* chooses.

        A row for each name, those with the most steps first, at most `MAX_GROUPS`: {"action",
        "steps", "successful_steps", "failed_steps", "failure_rate", "duration_ms_median",
        "duration_ms_p95"}. The rate is that among the steps of which it is known how they went,
        None where there are none. A step without an action counts nowhere.
        """

    def find_tasks(self, query: TaskQuery) -> TaskPage:
        """Return the page of tasks that *query* asks for."""

    def extend_search(self) -> bool:
        """
        Index some tasks that have changed; return whether there are more.

        No write does so, and no search: these only take longer, the more has changed since. What
        a search finds is the same. Takes some tenths of a second.

        Raises:
            StoreUnavailable, StoreOnHold: Nothing was indexed.
        """

    def extend_sums(self) -> bool:
        """
        Add up the steps of some tasks that have changed; return whether there are more.

        No write does so, and no figures: these only take longer, the more has changed since. What
        they tell is the same. Takes some tenths of a second.

        Raises:
            StoreUnavailable, StoreOnHold: Nothing was kept.
        """

    def facets(self) -> Mapping[str, list[str]]:
        """
        Return what tasks can be narrowed down to: "apps", "models", "devices", "projects",
        "sessions", "tags" and "step_tags".

        At most `MAX_FACETS` of each.
        """

    def index(self, task_id: str) -> Json | None:
        """Return what is to be known of every step of a task, in columns; see `step_index`."""

    def indexes(self, task_ids: Sequence[str]) -> dict[str, Json]:
        """Return the indexes of several tasks, by their ids; unknown tasks have none."""

    def texts(self, counts: Mapping[str, int]) -> dict[str, dict[str, Json]]:
        """
        Return what was said in the last `MAX_TEXTS` steps of each of several tasks.

        By the id of the task and that of the step: {"thinking", "action_result", "error_message"}.

        Args:
            counts: How many steps each task has; only by that it is told which are the last.
        """

    def step(self, task_id: str, step_id: str) -> Json | None:
        """Return `{"step", "screenshot"}`, the rows of one step of a task, or None."""

    def find_steps(self, task_id: str, text: str) -> list[str]:
        """Return the ids of the steps that have *text*, as `TaskQuery.text` has it, in order."""

    def similar(
        self, phash: int, *, task_id: str, project: str | None = None, limit: int = 24
    ) -> list[Json]:
        """
        Return the steps of tasks other than *task_id* whose screens look like one.

        {"task_id", "task_description", "status", "step_id", "step_number", "picture", "bits"}: one
        of each task, those first whose hashes differ in the fewest `bits`, at most
        `similar.MOST_BITS` of 64, then the newest. `picture` is the sha256 that the screen before
        the step is named by. Sensitive and black screens are left out. It looks into the
        `MAX_HASHES` closest hashes, and into the `MAX_OF_HASH` newest pictures of each.

        Args:
            phash: Of the screen, as `step_screenshots` has it.
            project: Only tasks of this one.
        """

    def annotate(
        self,
        task_id: str,
        said: Annotation,
        *,
        step_id: str | None = None,
        seen: Annotation | None = None,
    ) -> Json | None:
        """
        Write what a person says of a task, or of one of its steps; return the row as it is now.

        None where there is no such row. No write of a batch touches it, however often a task or a
        step is sent again.

        Args:
            said: What to replace; what it does not say stays.
            seen: What the person had before the eyes; where it is something else by now, nothing
                is written. What it does not say is not compared.

        Raises:
            AnnotationChanged: It is not as it was seen.
            StoreUnavailable, StoreOnHold, RowRejected: Nothing was changed.
        """

    def tag(
        self, task_ids: Sequence[str], *, add: Sequence[str] = (), remove: Sequence[str] = ()
    ) -> int:
        """
        Add and remove tags of tasks, of all or of none; return how many of the tasks are known.

        Other tags stay, whoever sets them meanwhile.

        Raises:
            StoreUnavailable, StoreOnHold, RowRejected: Nothing was changed.
        """

    def holdings(self, after: str = "", *, only: Sequence[str] | None = None) -> list[Holding]:
        """
        Return what is held of the tasks behind the id *after*, in the order of the database.

        Of all of them, or of those of *only*.

        At most `MAX_HOLDINGS`; ask again behind the last one, until there is none.
        """

    def remove(
        self, task_ids: Sequence[str], *, pictures_only: bool = False, before: str | None = None
    ) -> Removal:
        """
        Remove rows of tasks: so many as a moment allows, so that no writer waits for long.

        Ask again with the tasks that the answer does not speak of, until it speaks of all. A task
        that runs stays. Steps go with their pictures and spans; the totals of a task are right in
        between, and its row goes last. A task that is not there counts as removed. What arrives
        of a task afterwards makes it anew.

        Args:
            pictures_only: Remove the rows of pictures alone; their steps then say why there is
                none.
            before: A time as rows have it: a task in which something has happened since stays.

        Raises:
            StoreUnavailable, StoreOnHold: Nothing was removed by this call.
        """

    def unneeded_pictures(self) -> list[str]:
        """
        Return names of some pictures that rows have let go of, and that no row needs.

        Until `forget_pictures` hears of them they are told again, whoever asks.

        Raises:
            StoreUnavailable, StoreOnHold: It cannot be told.
        """

    def forget_pictures(self, names: Sequence[str]) -> list[str]:
        """
        Note that the files of pictures are gone; return those that a row has come to need.

        Raises:
            StoreUnavailable, StoreOnHold: It is not noted.
        """

    def needed_pictures(self, names: Sequence[str]) -> list[str]:
        """Return those of *names*, at most `MAX_UNNEEDED` of them, that a row needs."""

    def recount(self, after: str = "", *, mends: bool = False) -> tuple[list[str], str | None]:
        """
        Compare the totals of the tasks behind the id *after* with what their steps add up to.

        Args:
            mends: Count those anew that are wrong.

        Returns:
            The ids of these, and the id of the last that was looked at; ask again behind it, until
            it is None.

        Raises:
            StoreUnavailable, StoreOnHold: None was counted anew.
        """

    def close_stale(self, before: str, *, mends: bool = False) -> list[str]:
        """
        Return tasks that are `running` though nothing has happened in them since a time.

        At most `MAX_HOLDINGS` of them. Should one of them go on after all, what arrives of it takes
        the place of what was said here.

        Args:
            before: The time, as rows have it.
            mends: Make them `interrupted`, with the steps that are running.

        Raises:
            StoreUnavailable, StoreOnHold: None was changed.
        """

    def claim(self, chore: str, for_s: float) -> bool:
        """
        Take what one process is to do for all: True for the first who asks in *for_s* seconds.

        Raises:
            StoreUnavailable, StoreOnHold: Nobody has taken it.
        """

    def version(self, task_id: str | None = None) -> str:
        """
        Return a word that changes whenever a task, its steps or its pictures do.

        Without an id it changes whenever the list of tasks does.
        """

    def close(self) -> None:
        """Release files and connections; any number of times."""


@runtime_checkable
class Overlapping(Protocol):
    """A store that can have this thread do something else while a database stores a batch."""

    def write_meanwhile(self, batch: Batch, work: Callable[[], None]) -> Written:
        """
        Store *batch* as `Store.write` does.

        Args:
            work: Called once the database has the batch, and again where the batch is sent again;
                raises nothing, and has nothing to do with whether *batch* is stored.
        """


def statistics_of_all(
    tasks_by_status: Mapping[str, int],
    *,
    steps: int,
    successful: int,
    failed: int,
    screenshots: int,
) -> Json:
    """Return what `Store.statistics` does, from totals of all tasks."""
    ended = successful + failed
    return {
        "tasks": sum(tasks_by_status.values()),
        "steps": steps,
        "screenshots": screenshots,
        "tasks_by_status": dict(tasks_by_status),
        "success_rate": successful / ended if ended else 0.0,
    }


def statistics_of(steps: Sequence[Mapping[str, Any]], screenshots_count: int) -> Json:
    """Return the `statistics` object of a report, counted from rows of `task_steps`."""
    successful = sum(1 for step in steps if step["success"] is True)
    failed = sum(1 for step in steps if step["success"] is False)
    durations = [step["duration_ms"] for step in steps if step["duration_ms"] is not None]
    ended = successful + failed
    return {
        "total_steps": len(steps),
        "successful_steps": successful,
        "failed_steps": failed,
        "success_rate": successful / ended if ended else 0.0,
        "total_duration_ms": sum(durations),
        "average_step_duration_ms": sum(durations) / len(durations) if durations else 0.0,
        "screenshots_count": screenshots_count,
    }


def report_of(task: Json | None, steps: list[Json], screenshots: list[Json]) -> Json | None:
    """Return the report that `Store.report` describes, or None where there is no such task."""
    if task is None:
        return None
    return {
        "task": task,
        "steps": steps,
        "screenshots": screenshots,
        "statistics": statistics_of(steps, len(screenshots)),
    }
