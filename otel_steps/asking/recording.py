"""What can be asked of the recorded tasks in a store."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from otel_steps.pictures.store import ScreenshotStore
from otel_steps.reporting.not_recorded import NotRecorded
from otel_steps.reporting.recorded_task import RecordedTask, Side
from otel_steps.stores.contract import Store
from otel_steps.stores.json_object import Json
from otel_steps.viewer.alignment import align, sameness

Chosen = Literal["all", "failed", "flagged"]

# Columns of a step that stand in the list of steps.
_LISTED: Final = (
    *("step_number", "step_type", "action", "app", "success", "status", "duration_ms"),
    *("input_tokens", "output_tokens", "cached_tokens", "error_kind", "error_message"),
)
# And those that stand in the answer of one.
_WHOLE: Final = (*_LISTED, "started_at", "timings", "model", "thinking", "action_result")


class Recording:
    """
    The tasks of *store*; changes nothing.

    What answers say of a step and of a task has the names of the columns, see
    `otel_steps.rows.model`; what is not known is None.

    Args:
        pictures: Where the pictures of the store's rows live.
    """

    def __init__(self, store: Store, pictures: ScreenshotStore) -> None:
        self._store = store
        self._pictures = pictures

    def task(self, task_id: str) -> RecordedTask:
        """
        Return all of a task.

        Raises:
            NotRecorded: The store has no such task.
        """
        return RecordedTask(self._store, task_id)

    def steps(
        self, task_id: str, *, chosen: Chosen = "all", limit: int | None = None, offset: int = 0
    ) -> Json:
        """
        Return `{"task_id", "status", "count", "chosen", "steps"}` of a task.

        `count` is how many steps the task has, `chosen` how many of them were asked for; `steps`
        are *limit* of these, from *offset* on, each with what it did, how it ended and its "flags".

        Raises:
            NotRecorded: The store has no such task.
        """
        task = self.task(task_id)
        found = [at for at in range(task.index["count"]) if _is_chosen(task, at, chosen)]
        shown = found[offset:] if limit is None else found[offset : offset + limit]
        return {
            "task_id": task.row["task_id"],
            "status": task.row["status"],
            "count": task.index["count"],
            "chosen": len(found),
            "steps": [_listed(task, at) for at in shown],
        }

    def why(self, task_id: str) -> Json:
        """
        Return `{"task_id", "status", "why", "before", "after"}`: why a task did not end well.

        `why` is None where it did, or has not ended; see `otel_steps.why.Why`. "before" and "after"
        are the pictures of the step to look at first, see `RecordedTask.picture`.

        Raises:
            NotRecorded: The store has no such task.
        """
        task = self.task(task_id)
        first = task.why["steps"][:1] if task.why else []
        at = task.position(first[0]) if first else None
        return {
            "task_id": task.row["task_id"],
            "status": task.row["status"],
            "why": task.why,
            "before": None if at is None else task.picture(at, "before"),
            "after": None if at is None else task.picture(at, "after"),
        }

    def step(self, task_id: str, number: int) -> Json:
        """
        Return all of one step: what it saw, thought, did and led to.

        Its pictures stand in it as "before" and "after", see `RecordedTask.picture`.

        Raises:
            NotRecorded: The store has no such task, or the task no such step.
        """
        task = self.task(task_id)
        at = task.position(number)
        return {
            "task_id": task.row["task_id"],
            "count": task.index["count"],
            **_columns(task.step(at), _WHOLE),
            "flags": task.flags[at],
            "before": task.picture(at, "before"),
            "after": task.picture(at, "after"),
        }

    def picture(self, task_id: str, number: int, side: Side) -> Json:
        """
        Return where the screen before or after a step is kept, see `RecordedTask.picture`.

        Raises:
            NotRecorded: There is no such task, step or picture.
        """
        task = self.task(task_id)
        found = task.picture(task.position(number), side)
        if found is None:
            raise NotRecorded(f"step {number} has no picture of the screen {side} it")
        return found

    def content(self, picture: Mapping[str, Any], width: int | None = None) -> bytes:
        """
        Return the file of a picture that `picture` has found.

        Args:
            width: Pixels wanted; it may be wider.

        Raises:
            NotRecorded: It is not in its place any more.
        """
        content = self._pictures.read(picture["sha256"], width)
        if content is None:
            raise NotRecorded(f"the picture {picture['sha256']} is not in its place any more")
        return content

    def similar(self, task_id: str, number: int, limit: int) -> Json:
        """
        Return `{"task_id", "step_number", "similar"}`: other tasks that came to such a screen.

        Those that look most like the screen before the step first, see `RecordedTask.similar`.

        Raises:
            NotRecorded: The store has no such task, or the task no such step.
        """
        task = self.task(task_id)
        found = task.similar(task.position(number), limit)
        return {"task_id": task.row["task_id"], "step_number": number, "similar": found}

    def compare(self, one: str, other: str) -> Json:
        """
        Return `{"a", "b", "diverge", "pairs"}`: which step of one task answers to which of other.

        Each pair has a step of "a" and one of "b", None where there is no counterpart; `diverge`
        is the first pair whose steps did not do the same, or None.

        Raises:
            NotRecorded: The store lacks one of the tasks.
        """
        first, second = self.task(one), self.task(other)
        pairs = align(first.index, second.index)
        told = [{"a": _done(first, i), "b": _done(second, j)} for i, j in pairs]
        same = sameness(first.index, second.index, pairs)
        return {
            "a": _head(first),
            "b": _head(second),
            "diverge": told[same.index(False)] if False in same else None,
            "pairs": told,
        }


def _is_chosen(task: RecordedTask, at: int, chosen: Chosen) -> bool:
    match chosen:
        case "failed":
            return task.index["success"][at] is False or task.index["error_kind"][at] is not None
        case "flagged":
            return bool(task.flags[at])
        case _:
            return True


def _listed(task: RecordedTask, at: int) -> Json:
    row = task.steps.get(task.index["id"][at], {"step_number": task.index["number"][at]})
    return {**_columns(row, _LISTED), "flags": task.flags[at]}


def _columns(row: Mapping[str, Any], names: Sequence[str]) -> Json:
    return {name: row.get(name) for name in names}


def _done(task: RecordedTask, at: int | None) -> Json | None:
    """Return what a step did, as far as the index tells."""
    if at is None:
        return None
    names = ("action", "label", "app", "x", "y", "success")
    return {
        "step_number": task.index["number"][at],
        **{name: task.index[name][at] for name in names},
    }


def _head(task: RecordedTask) -> Json:
    names = ("task_id", "task_description", "status", "error_message", "model", "total_duration_ms")
    return {**_columns(task.row, names), "steps": task.index["count"]}
