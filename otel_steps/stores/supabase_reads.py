"""
The questions that are asked of the tables through PostgREST, and their answers as JSON values.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from otel_steps.errors import RowRejected
from otel_steps.stores.columns import COLUMNS
from otel_steps.stores.contract import Json
from otel_steps.stores.json_rows import decoded
from otel_steps.stores.supabase_client import SupabaseClient, rows_in
from otel_steps.stores.supabase_errors import PastTheEnd

if TYPE_CHECKING:
    from postgrest import SyncSelectRequestBuilder
    from supabase import Client

# PostgREST gives no more rows at once, unless the project is set to another number.
_PAGE_ROWS: Final = 1000
# Ids in one question: they stand in its address, which must not grow too long.
_IDS: Final = 50
# The largest number that PostgreSQL takes for LIMIT and OFFSET.
_MAX_INT: Final = 2**63 - 1

_Select = Callable[["SyncSelectRequestBuilder"], "SyncSelectRequestBuilder"]


class Reader:
    """Asks one project; an answer of many pages is no picture of one moment."""

    def __init__(self, client: SupabaseClient) -> None:
        self._client = client

    def tasks(self, status: str | None, limit: int, offset: int) -> list[Json]:
        """Return rows of `tasks`, the newest first."""

        def question(table: "SyncSelectRequestBuilder") -> "SyncSelectRequestBuilder":
            wanted = table if status is None else table.eq("status", status)
            return wanted.order("created_at", desc=True, nullsfirst=False).order("task_id")

        return self._rows("tasks", question, limit=limit, offset=offset)

    def task(self, task_id: str) -> Json | None:
        """Return one row of `tasks`, or None."""
        rows = self._rows("tasks", lambda table: table.eq("task_id", task_id), limit=1)
        return rows[0] if rows else None

    def steps(
        self,
        task_id: str,
        limit: int | None = None,
        offset: int = 0,
        columns: Iterable[str] | None = None,
    ) -> list[Json]:
        """Return rows of `task_steps` of a task in their order."""
        return self._rows(
            "task_steps",
            lambda table: (
                table.eq("task_id", task_id).order("step_number").order("started_at").order("id")
            ),
            columns,
            limit=limit,
            offset=offset,
        )

    def count_steps(self, task_id: str) -> int:
        """Return how many steps a task has."""
        return self._count("task_steps", lambda table: table.eq("task_id", task_id))

    def screenshots(self, task_id: str) -> list[Json]:
        """Return rows of `step_screenshots` of a task in the order of their steps."""
        # Here, not there: PostgREST joins only tables that a foreign key binds together.
        steps = self.steps(task_id, columns=["id", "step_number", "started_at"])
        places = {step["id"]: place for place, step in enumerate(steps)}
        rows = self._rows(
            "step_screenshots",
            lambda table: table.eq("task_id", task_id).order("created_at").order("id"),
        )
        return sorted(rows, key=lambda row: places.get(row["step_id"], len(places)))

    def step_places(self, task_id: str) -> list[Json]:
        """Return where the steps of a task stand in their traces, as far as they are in one."""
        steps = self.steps(task_id, columns=["trace_id", "span_id", "parent_span_id"])
        return [step for step in steps if step["trace_id"] is not None]

    def spans_near(self, task_id: str, steps: Iterable[Json]) -> list[Json]:
        """Return rows of `task_spans` that name a task or share a trace with its *steps*."""
        rows = self._rows("task_spans", lambda table: _in_order(table.eq("task_id", task_id)))
        traces = sorted({step["trace_id"] for step in steps if step["trace_id"] is not None})
        for start in range(0, len(traces), _IDS):
            some = traces[start : start + _IDS]
            rows += self._rows(
                "task_spans",
                lambda table, some=some: _in_order(table.in_("trace_id", some)),  # type: ignore[misc]
            )
        by_key = {(row["started_at"], row["span_id"], row["trace_id"]): row for row in rows}
        return [by_key[key] for key in sorted(by_key)]

    def statistics(self) -> Json:
        """Return counts over all tasks."""
        # From the totals: reading every step would take minutes. PostgREST adds nothing up.
        columns = ["status", "total_steps", "successful_steps", "failed_steps"]
        tasks = self._rows("tasks", lambda table: table.order("task_id"), columns)
        by_status: dict[str, int] = {}
        for task in tasks:
            status = task["status"] or "unknown"
            by_status[status] = by_status.get(status, 0) + 1
        steps, successful, failed = (sum(task[name] or 0 for task in tasks) for name in columns[1:])
        ended = successful + failed
        return {
            "tasks": len(tasks),
            "steps": steps,
            "screenshots": self._count("step_screenshots", lambda table: table),
            "tasks_by_status": by_status,
            "success_rate": successful / ended if ended else 0.0,
        }

    def _rows(
        self,
        table: str,
        question: _Select,
        columns: Iterable[str] | None = None,
        *,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[Json]:
        names = ",".join(columns or COLUMNS[table])
        wanted = _MAX_INT if limit is None else limit
        start = min(max(offset, 0), _MAX_INT)
        rows: list[Json] = []
        while len(rows) < wanted:
            size = min(_PAGE_ROWS, wanted - len(rows))
            page, total = self._page(table, names, question, start + len(rows), size)
            rows += page
            # Not by the length of the page: a project may give fewer rows than asked for.
            if not page or start + len(rows) >= total:
                break
        return [decoded(row) for row in rows]

    def _page(
        self, table: str, names: str, question: _Select, start: int, size: int
    ) -> tuple[list[Json], int]:
        def ask(client: "Client") -> tuple[list[Json], int]:
            select = client.table(table).select(names, count="exact")  # type: ignore[arg-type]
            answer = question(select).range(start, start + size - 1).execute()
            return rows_in(answer.data, self._client.place), answer.count or 0

        try:
            return self._client.run(ask)
        except (PastTheEnd, RowRejected):
            return [], 0  # what no row can hold, none has

    def _count(self, table: str, question: _Select) -> int:
        first = COLUMNS[table][0]
        return self._page(table, first, question, 0, 1)[1]


def _in_order(table: "SyncSelectRequestBuilder") -> "SyncSelectRequestBuilder":
    return table.order("started_at").order("span_id").order("trace_id")
