"""
How fast the viewer starts, and answers on a SQLite file with a million steps.

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
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.benchmarks.million import STEPS, TASKS, million
from tests.benchmarks.table import Benchmarks, Row

ROOT = Path(__file__).parent.parent.parent
STARTS = 5
REQUESTS = 200
TOKEN = "bench-" + "0" * 32


@contextmanager
def view(database: Path, folder: str) -> Iterator[tuple[httpx.Client, float]]:
    """Start the viewer; gives a client and the seconds until the list of tasks was answered."""
    command = [sys.executable, "-m", "otel_steps", "view", "--no-open", "--dir", folder]
    began = time.perf_counter()
    with subprocess.Popen(
        [*command, "--store", f"sqlite:///{database.as_posix()}"],
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


def viewer() -> Iterator[Row]:
    """Measure the start and each route."""
    database = million(ROOT / ".cache" / "million" / "steps.db")
    chance = random.Random(1)

    def task() -> str:
        return f"/api/tasks/task-{chance.randrange(TASKS):06}"

    routes: dict[str, Callable[[], str]] = {
        "GET /api/tasks": lambda: "/api/tasks",
        # Of 1000 pages hardly one comes twice, so every card has to be made.
        "GET /api/tasks?page=any": lambda: f"/api/tasks?page={chance.randint(1, TASKS // 20)}",
        "GET /api/tasks?status=failed": lambda: (
            f"/api/tasks?status=failed&page={chance.randint(1, 100)}"
        ),
        "GET /api/tasks/{id}/steps": lambda: (
            f"{task()}/steps?page={chance.randint(1, STEPS // 20)}"
        ),
        "GET /api/tasks/{id}/index": lambda: f"{task()}/index",
    }
    with tempfile.TemporaryDirectory() as folder:
        starts = []
        for _ in range(STARTS):
            with view(database, folder) as (client, start_s):
                starts.append(start_s)
        work = f"`otel-steps view` of {TASKS * STEPS:,} steps"
        yield Row.within(
            1.5,
            work=f"{work}: start to first answer",
            figure=statistics.median(starts),
            unit="s",
        )
        with view(database, folder) as (client, _):
            for name, path_of in routes.items():
                taken = times_ms(client, path_of)
                p95 = statistics.quantiles(taken, n=100)[94]
                yield Row.within(50, work=f"{work}: `{name}`, p95", figure=p95, unit="ms")


BENCHMARKS: Benchmarks = {"viewer": viewer}
