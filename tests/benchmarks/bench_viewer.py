"""
How fast the viewer starts, and answers on a store with a million steps: a SQLite file, and a
PostgreSQL that has the same rows.

Measured are the time from the start of `otel-steps view` to its first answer, and the 95th
percentile of the routes that a page waits for; tasks, and pages where it says so, are drawn by
chance. Making the file takes some minutes the first time.
"""

import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import psycopg

from otel_steps.digest.digests import Digests
from otel_steps.migrations import runner
from otel_steps.stores import open_store
from tests.benchmarks.million import APPS, STEPS, TASKS, copy_into, kept_million
from tests.benchmarks.table import Benchmarks, Row
from tests.supabase.postgres import Postgres
from tests.supabase.processes import Processes

STARTS = 5
REQUESTS = 200
# Pages that a query has at the least, whatever it is narrowed down to here.
PAGES = 100
TOKEN = "bench-" + "0" * 32


@contextmanager
def view(store: str, folder: str) -> Iterator[tuple[httpx.Client, float]]:
    """Start the viewer; gives a client and the seconds until the list of tasks was answered."""
    command = [sys.executable, "-m", "otel_steps", "view", "--no-open", "--dir", folder]
    began = time.perf_counter()
    with subprocess.Popen(
        [*command, "--store", store],
        env={**os.environ, "OTEL_STEPS_TOKEN": TOKEN},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[1].partition("?")[0]
        headers = {"Authorization": f"Bearer {TOKEN}"}
        with httpx.Client(base_url=url, headers=headers, timeout=60, trust_env=False) as client:
            client.get("/api/tasks").raise_for_status()
            yield client, time.perf_counter() - began
        process.terminate()


def times_ms(client: httpx.Client, path_of: Callable[[], str]) -> list[float]:
    """Return how long the answers took."""
    taken = []
    for _ in range(REQUESTS):
        path = path_of()
        began = time.perf_counter()
        client.get(path).raise_for_status()
        taken.append((time.perf_counter() - began) * 1000)
    return taken


def in_sqlite() -> Iterator[Row]:
    """Measure the start and each route on the embedded store."""
    store = f"sqlite:///{kept_million().as_posix()}"
    with tempfile.TemporaryDirectory() as folder:
        starts = []
        for _ in range(STARTS):
            with view(store, folder) as (_client, start_s):
                starts.append(start_s)
        yield Row.within(
            1.5,
            work=f"`otel-steps view` of {TASKS * STEPS:,} steps: start to first answer",
            figure=statistics.median(starts),
            unit="s",
        )
        yield _digested("SQLite", store)
        yield from _rows("SQLite", store, folder)


def in_postgres() -> Iterator[Row]:
    """Measure each route on the store `postgresql://`."""
    processes = Processes()
    with tempfile.TemporaryDirectory() as folder:
        try:
            server = Postgres(Path(folder, "postgres"), processes)
            server.start()
            runner.apply(server.dsn)
            with psycopg.connect(server.dsn, autocommit=True) as connection:
                copy_into(kept_million(), ("tasks", "task_steps", "step_screenshots"), connection)
            yield _digested("PostgreSQL", server.dsn)
            # As the server does by itself within minutes, and beside what is measured if not here.
            with psycopg.connect(server.dsn, autocommit=True) as connection:
                connection.execute("VACUUM ANALYZE")
            yield from _rows("PostgreSQL", server.dsn, folder)
            server.stop()
        finally:
            processes.close()


def _rows(name: str, store: str, folder: str) -> Iterator[Row]:
    with view(store, folder) as (client, _):
        for route, path_of in _routes().items():
            taken = times_ms(client, path_of)
            yield Row.within(
                50,
                work=f"`otel-steps view` of {TASKS * STEPS:,} steps in {name}: `{route}`, p95",
                figure=statistics.quantiles(taken, n=100)[94],
                unit="ms",
            )


def _digested(name: str, url: str) -> Row:
    """Keep what a viewer keeps in the background while its list is open; measure a task of that."""
    with closing(open_store(url)) as store:
        digests = Digests(store, lambda: None)
        count = store.undigested(0).count
        began = time.process_time()
        while store.extend_sums() or digests.keep_some():
            pass
        taken_ms = (time.process_time() - began) * 1000
    return Row.within(
        20,
        work=f"what a list shows of {count:,} tasks, told and kept once in {name}: of each, CPU",
        figure=taken_ms / max(count, 1),
        unit="ms",
    )


def _routes() -> dict[str, Callable[[], str]]:
    chance = random.Random(1)

    def task() -> str:
        return f"/api/tasks/task-{chance.randrange(TASKS):06}"

    return {
        "GET /api/tasks": lambda: "/api/tasks",
        # Of 1000 pages hardly one comes twice, so every card has to be made.
        "GET /api/tasks?page=any": lambda: f"/api/tasks?page={chance.randint(1, TASKS // 20)}",
        **{
            f"GET /api/tasks?{narrowed}&page=any": lambda narrowed=narrowed: (  # type: ignore[misc]
                f"/api/tasks?{narrowed}&page={chance.randint(1, PAGES)}"
            )
            for narrowed in (
                *("status=failed", f"app={APPS[0]}", "model=glm-4.6v"),
                *("flag=take_over", "flag=action_error"),
            )
        },
        "GET /api/statistics": lambda: "/api/statistics",
        "GET /api/tasks/{id}/steps": lambda: (
            f"{task()}/steps?page={chance.randint(1, STEPS // 20)}"
        ),
        "GET /api/tasks/{id}/index": lambda: f"{task()}/index",
    }


BENCHMARKS: Benchmarks = {"viewer": in_sqlite, "viewer_postgres": in_postgres}
