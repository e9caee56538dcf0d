"""
How many steps a second go through the Supabase store, next to two other ways to write them.

All against the stack of the tests: with 40 ms added to each round trip, the store against a writer
that sends one insert for a step and one for its screenshot; without delay, batches of 500 steps
against a bare loop of `supabase-py` inserts of 500 rows.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import supabase

from otel_steps.config import resolve
from otel_steps.journal.backlog import PORTION_SPANS
from otel_steps.migrations import runner
from otel_steps.rows.model import Batch, StepRow
from otel_steps.stores import Store, open_store
from otel_steps.stores.shared.ingest import rows_of
from tests.benchmarks.table import Benchmarks, Row
from tests.store_contract import a_screenshot, a_step, an_implicit_task
from tests.supabase.processes import Processes
from tests.supabase.stack import SupabaseStack

DELAY_S = 0.04
ONE_BY_ONE = 30
DELAYED = 40 * PORTION_SPANS
BATCH = 500
UNDELAYED = 10 * BATCH
ROUNDS = 3


def steps_of(count: int, trace: int) -> list[StepRow]:
    """Return steps of about 1.7 kB of JSON each."""
    return [
        a_step(
            number,
            f"task {trace}",
            trace_id=f"{trace:032x}",
            thinking="我需要点击屏幕底部的发送按钮，因为消息已经输入完毕。" * 8,
            action={"_metadata": "do", "action": "Tap", "element": [500, 82]},
            attributes={f"attribute.{n}": n for n in range(12)},
        )
        for number in range(1, count + 1)
    ]


def rate(count: int, work: Callable[[], None]) -> float:
    """Return *count* over the seconds that *work* takes."""
    start = time.perf_counter()
    work()
    return count / (time.perf_counter() - start)


def write_one_by_one(client: supabase.Client, steps: list[StepRow]) -> None:
    """One insert a step and one a screenshot."""
    for step in steps:
        rows = rows_of(Batch(steps=[step], screenshots=[a_screenshot(step)]))
        client.table("task_steps").insert(rows["task_steps"]).execute()
        client.table("step_screenshots").insert(rows["step_screenshots"]).execute()


def write_bare(client: supabase.Client, steps: list[StepRow]) -> None:
    """Inserts of 500 rows, nothing else."""
    for start in range(0, len(steps), BATCH):
        rows = rows_of(Batch(steps=steps[start : start + BATCH]))["task_steps"]
        client.table("task_steps").insert(rows).execute()


def write_batches(store: Store, steps: list[StepRow], size: int, *, shots: bool) -> None:
    """As a shipper does: batches of rows, each confirmed."""
    task = an_implicit_task(steps[0].task_id, trace_id=steps[0].trace_id)
    for start in range(0, len(steps), size):
        some = steps[start : start + size]
        screenshots = [a_screenshot(step) for step in some] if shots else []
        written = store.write(Batch(tasks=[task], steps=some, screenshots=screenshots))
        assert written.stored == len(some)


def measured(stack: SupabaseStack) -> Iterator[Row]:
    """Give the rows of one run against *stack*."""
    settings = resolve(supabase_url=stack.url, supabase_key=stack.secret_key)
    store = open_store(settings=settings)
    with httpx.Client(http2=False, timeout=30) as http:
        options = supabase.ClientOptions(httpx_client=http)
        client = supabase.create_client(stack.url, stack.secret_key, options)
        traces = iter(range(1, 1000))

        stack.gateway.delay_s = DELAY_S
        one = steps_of(ONE_BY_ONE, next(traces))
        slow = rate(ONE_BY_ONE, lambda: write_one_by_one(client, one))
        many = steps_of(DELAYED, next(traces))
        ours = rate(DELAYED, lambda: write_batches(store, many, PORTION_SPANS, shots=True))
        yield Row(
            work="Supabase stack with 40 ms added, in portions",
            figure=ours,
            unit="steps/s",
            against="a request for each row",
            reference=slow,
        )

        stack.gateway.delay_s = 0.0
        bare, batched = [], []
        for _ in range(ROUNDS):
            some = steps_of(UNDELAYED, next(traces))
            bare.append(rate(UNDELAYED, lambda some=some: write_bare(client, some)))
            some = steps_of(UNDELAYED, next(traces))
            batched.append(
                rate(UNDELAYED, lambda some=some: write_batches(store, some, BATCH, shots=False))
            )
        yield Row(
            work="Supabase stack without delay, in portions",
            figure=max(batched),
            unit="steps/s",
            against=f"bare inserts of {BATCH} rows",
            reference=max(bare),
            at_least=0.7,
        )
    store.close()


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
