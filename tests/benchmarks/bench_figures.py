"""
How long figures over a million steps take in SQLite, beside 300 ms: by group, and by action.

In time of the processor, which other work on the machine does not change much.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from otel_steps.stores import TaskQuery, open_store
from otel_steps.stores.figures import GROUPINGS
from tests.benchmarks.million import STEPS, TASKS, million
from tests.benchmarks.table import Benchmarks, Row

ROOT: Final = Path(__file__).parent.parent.parent
ROUNDS: Final = 5
TO_REACH_MS: Final = 300
# The last 2,000 of the tasks, 100,000 steps.
LATELY: Final = TaskQuery(since="2026-11-09")


def in_sqlite() -> Iterator[Row]:
    """Measure the embedded store."""
    path = million(ROOT / ".cache" / "million" / "steps.db")
    work = f"SQLite, figures of {TASKS * STEPS:,} steps"
    with closing(open_store(f"sqlite:///{path.as_posix()}")) as store:
        for by in GROUPINGS:
            yield _row(f"{work} by {by}", lambda by=by: store.task_figures(TaskQuery(), by))  # type: ignore[misc]
        yield _row(f"{work} by action", lambda: store.action_figures(TaskQuery()))
        yield _row(
            "SQLite, figures of 100,000 of them by action", lambda: store.action_figures(LATELY)
        )


def _row(work: str, ask: Callable[[], object]) -> Row:
    taken = []
    for _ in range(ROUNDS + 1):
        began = time.thread_time()
        ask()
        taken.append((time.thread_time() - began) * 1000)
    slowest = max(taken[1:])
    return Row.within(TO_REACH_MS, work=f"{work}, slowest of {ROUNDS}", figure=slowest, unit="ms")


BENCHMARKS: Benchmarks = {"figures": in_sqlite}
