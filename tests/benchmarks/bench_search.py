"""
How fast a text is found in a million steps by the index, beside reading all of them.

The same texts are looked for before there is an index and with it, in a copy of the file that
`million` makes, and in a PostgreSQL that has the same tasks and steps: two Chinese characters that
are everywhere or nowhere, one character, short and long words. Then what the index costs.
"""

import shutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import psycopg

from otel_steps.migrations import runner
from otel_steps.stores import Store, TaskQuery, open_store
from tests.benchmarks.million import STEPS, TASKS, copy_into, kept_million
from tests.benchmarks.table import Benchmarks, Row
from tests.supabase.postgres import Postgres
from tests.supabase.processes import Processes

ROUNDS: Final = 10
TO_REACH_MS: Final = 300
TEXTS: Final = (
    "屏幕",
    "微信",
    "柏林",
    "点",
    "e",
    "Tap",
    "zzqx",
    "success",
    "App not found",
    "第37页",
)


def in_sqlite(tasks: int = TASKS) -> Iterator[Row]:
    """Measure the embedded store."""
    made = kept_million(tasks)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(shutil.copy(made, folder))
        before = path.stat().st_size
        with closing(open_store(f"sqlite:///{path.as_posix()}")) as store:
            yield from _rows("SQLite", store, tasks, lambda: None)
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        yield _size("SQLite", tasks, path.stat().st_size - before, "the file without it", before)


def in_postgres(tasks: int = TASKS) -> Iterator[Row]:
    """Measure the store `postgresql://`."""
    made = kept_million(tasks)
    processes = Processes()
    with tempfile.TemporaryDirectory() as folder:
        try:
            server = Postgres(Path(folder), processes)
            server.start()
            runner.apply(server.dsn)
            with psycopg.connect(server.dsn, autocommit=True) as connection:
                copy_into(made, ("tasks", "task_steps"), connection)

                def settle() -> None:
                    connection.execute("VACUUM ANALYZE otel_steps_search")

                with closing(open_store(server.dsn)) as store:
                    yield from _rows("PostgreSQL", store, tasks, settle)
                question = "SELECT pg_total_relation_size(%s), pg_total_relation_size(%s)"
                sizes = connection.execute(question, ("otel_steps_search", "task_steps")).fetchone()
            assert sizes is not None
            yield _size("PostgreSQL", tasks, sizes[0], "`task_steps`", sizes[1])
            server.stop()
        finally:
            processes.close()


def _rows(name: str, store: Store, tasks: int, settle: Callable[[], None]) -> Iterator[Row]:
    by_reading = {text: _ms(store, text, 1) for text in TEXTS}
    began = time.perf_counter()
    while store.extend_search():
        pass
    indexing_s = time.perf_counter() - began
    settle()
    work = f"{name}, a text in {tasks * STEPS:,} steps"
    for text in TEXTS:
        taken = _ms(store, text, ROUNDS)
        yield Row(
            work=f"{work}: {text!r}, slowest of {ROUNDS}",
            figure=taken,
            unit="ms",
            against="reading all",
            reference=by_reading[text],
            at_most=TO_REACH_MS / by_reading[text],
        )
    yield Row(
        work=f"{name}, indexing {tasks * STEPS:,} steps",
        figure=indexing_s,
        unit="s",
        against="reading all once",
        reference=statistics.median(by_reading.values()) / 1000,
    )


def _ms(store: Store, text: str, rounds: int) -> float:
    """Return the longest of *rounds* searches, behind one that has the pages in memory."""
    taken = []
    for _ in range(rounds + 1):
        began = time.perf_counter()
        store.find_tasks(TaskQuery(text=text))
        taken.append((time.perf_counter() - began) * 1000)
    return max(taken[1:])


def _size(name: str, tasks: int, size: float, against: str, reference: float) -> Row:
    return Row(
        work=f"{name}, the index of {tasks * STEPS:,} steps",
        figure=size / 1e6,
        unit="MB",
        against=against,
        reference=reference / 1e6,
    )


BENCHMARKS: Benchmarks = {"search": in_sqlite, "search_postgres": in_postgres}
