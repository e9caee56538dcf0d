"""
How fast a backlog is stored in PostgreSQL, beside `COPY` of the same rows into the same tables.
"""

import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import psycopg

from otel_steps.config import resolve
from otel_steps.migrations import runner
from otel_steps.rows import mapping
from otel_steps.rows.tables import JSON_COLUMNS, ROW_COLUMNS
from tests.benchmarks.bench_store import drained, span_of
from tests.benchmarks.table import Benchmarks, Row
from tests.supabase.postgres import Postgres
from tests.supabase.processes import Processes

STEPS: Final = 10_000
BATCH: Final = 500
ROUNDS: Final = 3


def copied(url: str, count: int) -> float:
    """Return the rows/s of `COPY` of *count* steps, 500 in a transaction."""
    spans = map(span_of, range(count))
    batches = [mapping.batch_of(some, {}) for some in zip(*[spans] * BATCH, strict=True)]
    with psycopg.connect(url) as connection:
        start = time.perf_counter()
        for batch in batches:
            _copy(connection, "tasks", batch.tasks)
            _copy(connection, "task_steps", batch.steps)
            connection.commit()
        return count / (time.perf_counter() - start)


def _copy(connection: psycopg.Connection, table: str, rows: Sequence[object]) -> None:
    columns = ROW_COLUMNS[table]
    question = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
    with connection.cursor().copy(question.encode()) as copy:
        for row in rows:
            values = ((name, getattr(row, name)) for name in columns)
            copy.write_row(
                [
                    json.dumps(value) if name in JSON_COLUMNS and value is not None else value
                    for name, value in values
                ]
            )


def drain() -> Iterator[Row]:
    """Start a server for the time of the measurement; give the median round."""
    processes = Processes()
    with tempfile.TemporaryDirectory() as folder:
        try:
            server = Postgres(Path(folder), processes)
            server.start()
            rounds = sorted((_round(server) for _ in range(ROUNDS)), key=lambda r: r[1] / r[0])
        finally:
            processes.close()
    bare, whole = rounds[ROUNDS // 2]
    yield Row(
        work=f"PostgreSQL: a backlog of {STEPS:,} steps, until it is stored",
        figure=whole,
        unit="steps/s",
        against="`COPY` of the same rows",
        reference=bare,
        at_least=0.5,
    )


def _round(server: Postgres) -> tuple[float, float]:
    with server.empty_database() as url:
        runner.apply(url)
        bare = copied(url, STEPS)
    with server.empty_database() as url, tempfile.TemporaryDirectory() as folder:
        runner.apply(url)
        return bare, drained(resolve(dir=Path(folder), store=url), STEPS)


BENCHMARKS: Benchmarks = {"postgres": drain}
