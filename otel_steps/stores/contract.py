"""
What a store promises; in which ways it may fail, `otel_steps.errors` says.

Every backend passes the same suites, `tests/store_contract.py`, `tests/removal_contract.py`,
`tests/archiving_contract.py` and `tests/view_contract.py`; a new one needs no tests of its own for
what stands here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, runtime_checkable

from otel_steps.rows.model import Batch, ScreenshotRow, StepRow
from otel_steps.stores.annotation import Annotation
from otel_steps.stores.json_object import Json
from otel_steps.stores.overview import Overview
from otel_steps.stores.task_query import TaskPage, TaskQuery
from otel_steps.stores.upkeep import Upkeep

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


class Store(TaskReader, Overview, Upkeep, Protocol):
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

    def places(self, task_ids: Sequence[str]) -> dict[str, str]:
        """Return where in the archive the steps of tasks are, by the ids of archived ones."""

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
