"""What a store answers over many tasks at once."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from otel_steps.stores.digest import Digest, Undigested
from otel_steps.stores.json_object import Json
from otel_steps.stores.task_query import TaskQuery


class Overview(Protocol):
    """Figures over many tasks; see `Store`, which is one."""

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

    def extend_sums(self) -> bool:
        """
        Add up the steps of some tasks that have changed; return whether there are more.

        No write does so, and no figures: these only take longer, the more has changed since. What
        they tell is the same. Takes some tenths of a second.

        Raises:
            StoreUnavailable, StoreOnHold: Nothing was kept.
        """

    def digests(self, task_ids: Sequence[str]) -> Mapping[str, Json]:
        """
        Return the cards kept of tasks, by their ids; see `Digest`.

        Of those tasks alone that are as they were then, told by the rules of today.
        """

    def undigested(
        self, most: int, *, project: str | None = None, is_at_rest: bool = False
    ) -> Undigested:
        """
        Return the newest tasks of which no digest is kept by these rules or later ones.

        Args:
            most: So many rows at most.
            project: Only tasks of this one.
            is_at_rest: Only those that a digest would be kept of: one that goes on makes each old.
        """

    def keep_digests(self, digests: Sequence[Digest]) -> int:
        """
        Keep digests of the tasks that have not changed since; return how many.

        Whatever writes a task takes its digest away without knowing of it. One that later rules
        have told stays.

        Raises:
            StoreUnavailable, StoreOnHold: Nothing was kept.
        """
