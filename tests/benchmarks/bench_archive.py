"""
How fast tasks are archived, and how long one takes to read of all that are.

`python -m tests.benchmarks archive`, of all tasks of a SQLite file, a million steps with
`ARCHIVED_TASKS=20000`; `archive_postgres`, of a hundredth of a million steps.
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

import psycopg

from otel_steps.archiving import archive, restore
from otel_steps.config import Settings, resolve
from otel_steps.migrations import runner
from otel_steps.retention.planning import holdings
from otel_steps.stores import Store, open_database, open_store
from otel_steps.stores.cold import open_archive
from otel_steps.stores.pictures import open_screenshots
from tests.benchmarks import million
from tests.benchmarks.table import Benchmarks, Row
from tests.supabase.postgres import Postgres
from tests.supabase.processes import Processes

TASKS: Final = int(os.environ.get("ARCHIVED_TASKS", "2000"))
_OF_POSTGRES: Final = 200
_LIMIT_MS: Final = 1000
# Nothing has happened since.
_NOW: Final = "2027-01-01T00:00:00.000000+00:00"
_ASKED: Final = 20
# What Linux counts in, and macOS.
_KIB: Final = 1 if sys.platform == "darwin" else 1024


def in_sqlite() -> Iterator[Row]:
    """Archive all of a file with pictures that are nowhere, and ask for tasks of it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = million.million(folder / "steps.db", TASKS)
        settings = resolve({}, dir=folder)
        with closing(open_database(settings=settings)) as store:
            names = _added_up(store)
            size = file.stat().st_size
            yield _archived("SQLite", settings, store, names, TASKS)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _KIB
            parquet = sum(each.stat().st_size for each in (folder / "archive").rglob("*.parquet"))
            for work, taken in (
                ("memory at most meanwhile", peak),
                ("files of the archive", parquet),
            ):
                yield Row(
                    work=work,
                    figure=taken / 2**20,
                    unit="MiB",
                    against="the file of the database",
                    reference=size / 2**20,
                )
            yield from _asked("SQLite", settings, store, names)


def in_postgres() -> Iterator[Row]:
    """Archive some tasks of a million steps, and ask for them."""
    processes = Processes()
    with tempfile.TemporaryDirectory() as name:
        try:
            server = Postgres(Path(name, "postgres"), processes)
            server.start()
            runner.apply(server.dsn)
            with psycopg.connect(server.dsn, autocommit=True) as connection:
                tables = ("tasks", "task_steps", "step_screenshots")
                million.copy_into(million.kept_million(), tables, connection)
            settings = resolve({}, dir=Path(name, "data"), store=server.dsn)
            with closing(open_database(settings=settings)) as store:
                names = _added_up(store)[:_OF_POSTGRES]
                yield _archived("PostgreSQL", settings, store, names, million.TASKS)
                yield from _asked("PostgreSQL", settings, store, names)
            server.stop()
        finally:
            processes.close()


def _added_up(store: Store) -> list[str]:
    """Have done what archiving would do first, and return all tasks."""
    while store.extend_search() or store.extend_sums():
        pass
    return [held.task_id for held in holdings(store)]


def _archived(name: str, settings: Settings, store: Store, names: list[str], tasks: int) -> Row:
    pictures, cold = open_screenshots(settings, store), open_archive(settings)
    began = time.perf_counter()
    *_, done = archive(store, pictures, cold, names, before=_NOW)
    return Row(
        work=f"{name}: {done.steps:,} steps archived, of {tasks * million.STEPS:,}",
        figure=done.steps / (time.perf_counter() - began),
        unit="steps/s",
        against="a second",
        reference=None,
    )


def _asked(name: str, settings: Settings, store: Store, names: list[str]) -> Iterator[Row]:
    pictures, cold = open_screenshots(settings, store), open_archive(settings)

    def report(task_id: str) -> None:
        with closing(open_store(settings=settings)) as fresh:
            found = fresh.report(task_id)
            assert found is not None
            assert len(found["steps"]) == million.STEPS

    def put_back(task_id: str) -> None:
        assert store.task(task_id)["archived"]  # type: ignore[index]
        restore(store, pictures, cold, task_id)

    for work, call in (("report of an archived task", report), ("restore of one", put_back)):
        times = [_ms(call, task_id) for task_id in names[:: len(names) // _ASKED]]
        for what, of in (("median", statistics.median), ("longest", max)):
            yield Row.within(_LIMIT_MS, work=f"{name}: {work}, {what}", figure=of(times), unit="ms")


def _ms(call: Callable[[str], None], task_id: str) -> float:
    began = time.perf_counter()
    call(task_id)
    return (time.perf_counter() - began) * 1000


BENCHMARKS: Final[Benchmarks] = {"archive": in_sqlite, "archive_postgres": in_postgres}
