"""
How long who writes has to wait while half of a database goes, and how fast it goes.

`python -m tests.benchmarks prune`; a million steps with `PRUNED_TASKS=20000`.
"""

import os
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import psycopg

from otel_steps.migrations import runner
from otel_steps.pictures.folder import PictureFolder
from otel_steps.pictures.store import ScreenshotStore
from otel_steps.retention import remove
from otel_steps.rows.ids import step_id
from otel_steps.rows.model import Batch, StepRow, TaskRow
from otel_steps.rows.tables import TABLES
from otel_steps.stores import Store, open_store
from tests.benchmarks import million
from tests.benchmarks.table import Benchmarks, Row
from tests.supabase.postgres import Postgres
from tests.supabase.processes import Processes

TASKS: Final = int(os.environ.get("PRUNED_TASKS", "1000"))
# A phone takes a step every few seconds; this is a fleet.
_PAUSE_S: Final = 0.02
_LIMIT_MS: Final = 100

_BY_MONTH: Final = "monthly-partitions"
# What was copied has passed by the function that puts a step into its month.
_INTO_MONTHS: Final = """
    DO $$
    DECLARE
        own DATE;
    BEGIN
        FOR own IN
            SELECT DISTINCT date_trunc('month', started_at AT TIME ZONE 'UTC')::DATE FROM task_steps
        LOOP
            PERFORM otel_steps_make_month(own);
        END LOOP;
        UPDATE task_steps SET month = date_trunc('month', started_at AT TIME ZONE 'UTC')::DATE;
        INSERT INTO otel_steps_step_months SELECT id, month FROM task_steps;
    END
    $$
"""


class Writer:
    """Writes a step at a time into *store*, and notes how long each write took."""

    def __init__(self, store: Store) -> None:
        self.waits_ms: list[float] = []
        self._store = store
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Writer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _run(self) -> None:
        number, at = 0, "2026-12-01T00:00:00.000000+00:00"
        while not self._is_over.wait(_PAUSE_S):
            number += 1
            trace, span = "ee" * 16, f"{number:016x}"
            common = {"task_id": "written meanwhile", "created_at": at, "trace_id": trace}
            step = StepRow(
                id=step_id(trace, span),
                step_number=number,
                status="completed",
                started_at=at,
                span_id=span,
                **common,
            )
            batch = Batch(tasks=[TaskRow(last_activity=at, **common)], steps=[step])
            began = time.perf_counter()
            self._store.write(batch)
            self.waits_ms.append((time.perf_counter() - began) * 1000)


def _rows(name: str, url: str, folder: Path) -> Iterator[Row]:
    pictures = ScreenshotStore(PictureFolder(folder / "screenshots"))
    with closing(open_store(url)) as store, closing(open_store(url)) as other:
        with Writer(other) as quiet:
            time.sleep(2)
        going = [task["task_id"] for task in store.tasks(limit=TASKS // 2)]
        with Writer(other) as writer:
            began = time.perf_counter()
            *_, done = remove(store, pictures, going)
            seconds = time.perf_counter() - began
    yield Row(
        work=f"{name}: steps that go, of {TASKS * million.STEPS:,}, half of them",
        figure=done.steps / seconds,
        unit="steps/s",
        against="a second",
        reference=None,
    )
    for what, of in (("median", statistics.median), ("longest", max)):
        yield Row(
            work=f"{name}: {what} write of a step meanwhile, {len(writer.waits_ms):,} writes",
            figure=of(writer.waits_ms),
            unit="ms",
            against="before",
            reference=of(quiet.waits_ms),
        )
    yield Row.within(
        _LIMIT_MS, work=f"{name}: longest write meanwhile", figure=max(writer.waits_ms), unit="ms"
    )


def prune() -> Iterator[Row]:
    """Measure both kinds of database, and one that keeps months apart, in folders of their own."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        file = million.million(folder / "steps.db", TASKS)
        yield from _rows("SQLite", f"sqlite:///{file.as_posix()}", folder)
        processes = Processes()
        try:
            server = Postgres(folder / "postgres", processes)
            server.start()
            whole = million.million(folder / "whole.db", TASKS)
            for name, extras in (("PostgreSQL", ()), ("PostgreSQL by month", (_BY_MONTH,))):
                with server.empty_database() as url:
                    runner.apply(url, extras=[runner.optional()[each] for each in extras])
                    with psycopg.connect(url, autocommit=True) as connection:
                        million.copy_into(whole, list(TABLES), connection)
                        if extras:
                            connection.execute(_INTO_MONTHS)
                    yield from _rows(name, url, folder)
        finally:
            processes.close()


BENCHMARKS: Benchmarks = {"prune": prune}
