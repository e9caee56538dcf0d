"""One task with its steps, its index and its pictures, as they were at one look."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Literal

from otel_steps.pictures.names import picture_name_in
from otel_steps.pricing.price_table import PriceTable
from otel_steps.pricing.usage import priced
from otel_steps.reporting.not_recorded import NotRecorded
from otel_steps.rows.flags import flags_of
from otel_steps.stores.contract import TaskReader
from otel_steps.stores.json_object import Json
from otel_steps.why import Why
from otel_steps.why.reading import why_of_task

Side = Literal["before", "after"]


class RecordedTask:
    """
    What the store has of a task; nothing is read before it is asked for.

    Raises:
        NotRecorded: The store has no such task.

    Attributes:
        row: Of `tasks`.
        index: As `Store.index` returns it.
        flags: Of each step, by its position in the index.
    """

    def __init__(self, store: TaskReader, task_id: str) -> None:
        row, index = store.task(task_id), store.index(task_id)
        if row is None or index is None:
            raise NotRecorded(f"no task {task_id!r}; see `otel-steps tasks`")
        self.row: Json = row
        self.index: Json = index
        self.flags = flags_of(index)
        self._store = store

    def position(self, number: int) -> int:
        """
        Return where the step *number* stands in the index.

        Raises:
            NotRecorded: The task has no such step.
        """
        numbers = self.index["number"]
        if number in numbers:
            return int(numbers.index(number))
        there = f"it has {min(numbers)} to {max(numbers)}" if numbers else "it has no steps"
        raise NotRecorded(f"no step {number} in the task {self.row['task_id']!r}: {there}")

    def step(self, at: int) -> Json:
        """Return the row of a step."""
        found = self._store.step(self.row["task_id"], self.index["id"][at])
        if found is None:
            number = self.index["number"][at]
            raise NotRecorded(f"step {number} was removed while it was looked up")
        step: Json = found["step"]
        return step

    @cached_property
    def why(self) -> Why | None:
        """Why it did not end well, None where it did or has not ended."""
        return why_of_task(self._store, self.row, {**self.index, "flags": self.flags})

    @cached_property
    def steps(self) -> Mapping[str, Json]:
        """The rows of all steps by their ids; a task that runs may have more than the index."""
        return {row["id"]: row for row in self._store.steps(self.row["task_id"])}

    def usage(self, prices: PriceTable) -> Json | None:
        """Return what its steps have used and cost, as `pricing.usage.priced` does."""
        task_id = self.row["task_id"]
        return priced(self._store.usage([task_id]).get(task_id, ()), prices)

    def is_sensitive(self, at: int, side: Side) -> bool:
        """Return whether a phone has said that a step's own picture must not be shown."""
        if side == "before" and self.index["sensitive"][at] is True:
            return True
        name = self.index["picture" if side == "before" else "after"][at]
        return self._pictures.get(name, {}).get("sensitive") is True

    def picture(self, at: int, side: Side) -> Json | None:
        """
        Return where the screen before or after a step is kept, or None where there is none.

        It is `{"sha256", "path", "url", "step_number"}`.

        What a step has led to is its own picture after it or, where it has none, what the next one
        has begun with. `path` is that of a file on this machine, None where there is none; `url`
        that of the picture elsewhere; `step_number` that of the step that has it.
        """
        own = self.index["picture" if side == "before" else "after"][at]
        if own is None and side == "after":
            at += 1
            own = self.index["picture"][at] if at < self.index["count"] else None
        if own is None:
            return None
        row = self._pictures.get(own, {})
        return {
            "sha256": own,
            "path": _file(row.get("screenshot_path")),
            "url": row.get("remote_url"),
            "step_number": self.index["number"][at],
        }

    def similar(self, at: int, limit: int) -> list[Json]:
        """
        Return the steps of other tasks whose screens look like the one before a step.

        They are as `Store.similar` has them; there are none where the step has no picture, or a
        black one, which looks like every other.
        """
        digits = self.index["phash"][at]
        if digits is None or self.index["black"][at] is True or self.is_sensitive(at, "before"):
            return []
        unsigned = int(digits, 16)
        phash = unsigned - 2**64 if unsigned >= 2**63 else unsigned
        return self._store.similar(phash, task_id=self.row["task_id"], limit=limit)

    @cached_property
    def _pictures(self) -> Mapping[str, Json]:
        """The rows of pictures by the names of what was captured."""
        rows = self._store.screenshots(self.row["task_id"])
        # Some stores have made the paths those of this machine.
        names = (picture_name_in(Path(row["screenshot_path"] or "").as_posix()) for row in rows)
        return {name: row for name, row in zip(names, rows, strict=True) if name is not None}


def _file(path: str | None) -> str | None:
    return path if path and Path(path).is_file() else None
