"""A store of tasks and one of pictures, in dictionaries, that fail on demand."""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from otel_steps import otlp, semconv
from otel_steps.otlp.span import Span
from otel_steps.pictures.stored import StoredPicture
from otel_steps.rows.model import Batch
from otel_steps.stores.contract import Store, Written
from otel_steps.stores.json_object import Json
from otel_steps.stores.report_totals import statistics_of

RANKS: Mapping[str | None, int] = {None: 0, "running": 1, "interrupted": 2}
ENDED = 3


class DictStore(Store):
    """
    Keeps the rows of steps and of other spans, by the precedence that the contract asks for.

    Attributes:
        rows: By (trace_id, span_id).
        fault: Called with each batch before it is stored; may raise.
        calls: Sizes of the batches offered.
        attach_fault: Called with the steps whose pictures have arrived; may raise.
        attached: How many steps came at a time.
    """

    name = "dict"

    def __init__(self, *, is_embedded: bool = True) -> None:
        self.is_embedded = is_embedded
        self.rows: dict[tuple[str, str], Json] = {}
        self.fault: Callable[[Batch], None] = lambda _: None
        self.calls: list[int] = []
        self.attach_fault: Callable[[Sequence[Any]], None] = lambda _: None
        self.attached: list[int] = []
        self.changed = threading.Condition()
        self.closed = 0

    def write(self, batch: Batch) -> Written:
        with self.changed:
            self.calls.append(len(batch.steps) + len(batch.spans))
            self.changed.notify_all()
            self.fault(batch)
            known = sum(not self._put(row) for row in (*batch.steps, *batch.spans))
            self.changed.notify_all()
        return Written(len(batch.steps) + len(batch.spans) - known, known)

    def _put(self, row: Any) -> bool:
        key = (row.trace_id, row.span_id)
        status = getattr(row, "status", "ended")
        old = self.rows.get(key)
        rank = RANKS.get(status, ENDED)
        old_rank = RANKS.get(old["status"], ENDED) if old else -1
        if rank < old_rank or rank == old_rank == ENDED:
            return False
        self.rows[key] = {
            "status": status,
            "step_number": getattr(row, "step_number", None),
            "screenshot_path": getattr(row, "screenshot_path", None),
            "screenshot_error": _error_of(row),
            "success": getattr(row, "success", None),
        }
        return True

    def attach(self, steps: Sequence[Any], screenshots: Sequence[Any]) -> None:
        with self.changed:
            self.attached.append(len(steps))
            self.attach_fault(steps)
            for step in steps:
                row = self.rows.get((step.trace_id, step.span_id))
                if row and row["status"] == step.status and row["screenshot_path"] is None:
                    row["screenshot_path"] = step.screenshot_path
                    row["screenshot_error"] = _error_of(step)
            self.changed.notify_all()

    def wait_for(self, is_so: Callable[[], bool], timeout_s: float = 20.0) -> bool:
        """Wait until a write has made *is_so* true."""
        with self.changed:
            return self.changed.wait_for(is_so, timeout_s)

    @property
    def numbers(self) -> list[int]:
        """Return the numbers of the steps that have ended, in order."""
        ended = [row for row in self.rows.values() if RANKS.get(row["status"], ENDED) == ENDED]
        return sorted(row["step_number"] for row in ended if row["step_number"] is not None)

    def row(self, number: int) -> Json:
        """Return the row of one step."""
        return next(row for row in self.rows.values() if row["step_number"] == number)

    def close(self) -> None:
        self.closed += 1

    # A shipper only writes.
    def tasks(self, *, status: str | None = None, limit: int = 50, offset: int = 0) -> list[Json]:
        return []

    def task(self, task_id: str) -> Json | None:
        return None

    def steps(self, task_id: str, *, limit: int | None = None, offset: int = 0) -> list[Json]:
        return []

    def count_steps(self, task_id: str) -> int:
        return len(self.rows)

    def screenshots(self, task_id: str) -> list[Json]:
        return []

    def spans(self, task_id: str) -> list[Json]:
        return []

    def report(self, task_id: str) -> Json | None:
        return None

    def statistics(self) -> Mapping[str, Any]:
        return statistics_of((), ())  # type: ignore[arg-type] # nothing to count


def _error_of(row: Any) -> Any:
    return (row.attributes or {}).get(semconv.SCREENSHOT_ERROR)


class DictPictures:
    """Keeps pictures; `fault` is called with each name before it is stored, and may raise."""

    def __init__(self) -> None:
        self.saved: dict[str, bytes] = {}
        self.fault: Callable[[str], None] = lambda _: None

    def save(self, sha256: str, data: bytes) -> StoredPicture:
        self.fault(sha256)
        self.saved[sha256] = data
        return stored_picture(sha256, len(data))

    def find(self, sha256: str) -> StoredPicture | None:
        return stored_picture(sha256, len(self.saved[sha256])) if sha256 in self.saved else None

    def read(self, sha256: str, width: int | None = None) -> bytes | None:
        return self.saved.get(sha256)

    def change(self, before: str, after: str, captured: Callable[[str], bytes | None]) -> None:
        """Nobody looks at these pictures."""


def stored_picture(sha256: str, size: int) -> StoredPicture:
    return StoredPicture(
        sha256=sha256,
        path=f"{sha256[:2]}/{sha256}.png",
        file_size=size,
        file_hash=sha256,
        compressed=False,
        mime_type="image/png",
    )


def span_id_of(number: int) -> str:
    return f"{number + 1:016x}"


def step(number: int, *, is_open: bool = False, **attributes: Any) -> Span:
    """Return a step that the store knows by its number."""
    return Span(
        trace_id=f"{7:032x}",
        span_id=span_id_of(number),
        name="step",
        start_time_unix_nano=1_700_000_000_000_000_000 + number,
        end_time_unix_nano=0 if is_open else 1_700_000_001_000_000_000 + number,
        attributes={semconv.TASK_ID: "task", semconv.STEP_NUMBER: number, **attributes},
    )


def step_line(number: int, *, is_open: bool = False, **attributes: Any) -> bytes:
    return otlp.to_line(step(number, is_open=is_open, **attributes))


def numbers_of(lines: Sequence[bytes]) -> list[int]:
    """Return the step numbers of journal lines, in order."""
    spans = [span for line in lines for span in otlp.from_line(line)]
    return [span.attributes[semconv.STEP_NUMBER] for span in spans]
