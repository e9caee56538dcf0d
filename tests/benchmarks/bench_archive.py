"""
How fast tasks are archived, and how long one takes to read of all that are.

`python -m tests.benchmarks archive`; a million steps with `ARCHIVED_TASKS=20000`.
"""

import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from otel_steps.archiving import archive, restore
from otel_steps.config import resolve
from otel_steps.retention.planning import holdings
from otel_steps.stores import open_database
from otel_steps.stores.cold import open_archive
from otel_steps.stores.pictures import open_screenshots
from tests.benchmarks import million
from tests.benchmarks.table import Benchmarks, Row

TASKS: Final = int(os.environ.get("ARCHIVED_TASKS", "2000"))
_LIMIT_MS: Final = 1000
_ASKED: Final = 20
# What Linux counts in, and macOS.
_KIB: Final = 1 if sys.platform == "darwin" else 1024


def archived() -> Iterator[Row]:
    """Archive all of a file with pictures that are nowhere, and ask for tasks of it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = million.million(folder / "steps.db", TASKS)
        settings = resolve({}, dir=folder)
        with closing(open_database(settings=settings)) as store:
            pictures, cold = open_screenshots(settings, store), open_archive(settings)
            while store.extend_search() or store.extend_sums():
                pass
            names = [held.task_id for held in holdings(store)]
            size, began = file.stat().st_size, time.perf_counter()
            *_, done = archive(store, pictures, cold, names, before="2027")
            seconds = time.perf_counter() - began
            yield Row(
                work=f"SQLite: steps archived, of {TASKS * million.STEPS:,}",
                figure=done.steps / seconds,
                unit="steps/s",
                against="a second",
                reference=None,
            )
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _KIB / 2**20
            yield Row(
                work="memory at most meanwhile",
                figure=peak,
                unit="MiB",
                against="the file of the database",
                reference=size / 2**20,
            )
            parquet = sum(each.stat().st_size for each in (folder / "archive").rglob("*.parquet"))
            yield Row(
                work="files of the archive",
                figure=parquet / 2**20,
                unit="MiB",
                against="the file of the database",
                reference=size / 2**20,
            )
            places = {task_id: store.task(task_id) for task_id in names[:: TASKS // _ASKED]}
            asked = [(task_id, task["archived"]) for task_id, task in places.items() if task]

            def read(task_id: str, place: str) -> float:
                began = time.perf_counter()
                with closing(open_archive(settings)) as fresh:
                    assert fresh.rows_of(task_id, place)["task_steps"]
                return (time.perf_counter() - began) * 1000

            def put_back(task_id: str, _: str) -> float:
                began = time.perf_counter()
                restore(store, pictures, cold, task_id)
                return (time.perf_counter() - began) * 1000

            yield from _times("all rows of an archived task", read, asked)
            yield from _times("restore of a task", put_back, asked)


def _times(
    work: str, call: Callable[[str, str], float], asked: list[tuple[str, str]]
) -> Iterator[Row]:
    times = [call(*each) for each in asked]
    for what, of in (("median", statistics.median), ("longest", max)):
        yield Row.within(_LIMIT_MS, work=f"{work}, {what}", figure=of(times), unit="ms")


BENCHMARKS: Final[Benchmarks] = {"archive": archived}
