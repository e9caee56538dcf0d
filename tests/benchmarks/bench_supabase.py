"""
How fast a backlog goes through the API of Supabase, beside `supabase-py`'s own inserts.

All against the stack of the tests, the steps into the same tables: bare inserts of 500 rows, with
40 ms added to each round trip and with none, and a writer that sends one request for each step.
"""

import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Final

import httpx
import supabase

from otel_steps.config import resolve
from otel_steps.migrations import runner
from otel_steps.rows import mapping
from tests.benchmarks.bench_store import drained, span_of
from tests.benchmarks.table import Benchmarks, Row
from tests.supabase.processes import Processes
from tests.supabase.stack import SupabaseStack

DELAYS_S: Final = (0.04, 0.0)
STEPS: Final = 5_000
BATCH: Final = 500
ONE_BY_ONE: Final = 30
ROUNDS: Final = 3


def inserted(client: supabase.Client, count: int, size: int) -> float:
    """Return the rows/s of bare inserts of *count* steps, *size* in a request."""
    steps = mapping.batch_of(map(span_of, range(count)), {}).steps
    start = time.perf_counter()
    for at in range(0, count, size):
        rows = [asdict(step) for step in steps[at : at + size]]
        client.table("task_steps").insert(rows).execute()
    return count / (time.perf_counter() - start)


def measured(stack: SupabaseStack) -> Iterator[Row]:
    """Give the rows of one run against *stack*."""
    with httpx.Client(http2=False, timeout=30) as http:
        options = supabase.ClientOptions(httpx_client=http)
        client = supabase.create_client(stack.url, stack.secret_key, options)
        for delay_s in DELAYS_S:
            stack.gateway.delay_s = delay_s
            rounds = [_round(stack, client) for _ in range(ROUNDS)]
            bare, ours = sorted(rounds, key=lambda each: each[1] / each[0])[ROUNDS // 2]
            yield Row(
                work=f"Supabase at {delay_s * 1000:.0f} ms: a backlog of {STEPS:,} steps",
                figure=ours,
                unit="steps/s",
                against=f"bare inserts of {BATCH} rows",
                reference=bare,
                at_least=0.7,
            )
            if delay_s:
                stack.truncate()
                yield Row(
                    work=f"Supabase at {delay_s * 1000:.0f} ms: the same backlog",
                    figure=ours,
                    unit="steps/s",
                    against="a request for each step",
                    reference=inserted(client, ONE_BY_ONE, 1),
                )


def _round(stack: SupabaseStack, client: supabase.Client) -> tuple[float, float]:
    stack.truncate()
    bare = inserted(client, STEPS, BATCH)
    stack.truncate()
    with tempfile.TemporaryDirectory() as folder:
        place = {"supabase_url": stack.url, "supabase_key": stack.secret_key}
        return bare, drained(resolve(dir=Path(folder), **place), STEPS)


def drain() -> Iterator[Row]:
    """Start a stack for the time of the measurement."""
    processes = Processes()
    with tempfile.TemporaryDirectory() as folder:
        try:
            stack = SupabaseStack(Path(folder), processes, runner.apply)
            stack.start()
            yield from measured(stack)
            stack.stop()
        finally:
            processes.close()


BENCHMARKS: Benchmarks = {"supabase": drain}
