"""
How long figures over a million steps take, beside 300 ms: by group and by action, of all tasks and
of some. In SQLite, in PostgreSQL and through the API of Supabase, which share one database.

Each is compared with what a plain script makes of the same rows. In time of the processor, of the
program and of the database together: other work on the machine does not change that much.
"""

import os
import shutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

import orjson
import psycopg

from otel_steps.config import resolve
from otel_steps.migrations import runner
from otel_steps.rows.tables import BOOLEAN_COLUMNS, JSON_COLUMNS
from otel_steps.semconv import STEP_ACTION_NAME
from otel_steps.stores import Store, TaskQuery, open_store
from otel_steps.stores.figures import GROUPINGS, MAX_GROUPS
from tests import figures_by_script
from tests.benchmarks.million import STEPS, TASKS, copy_into, kept_million
from tests.benchmarks.table import Benchmarks, Row
from tests.supabase.processes import Processes
from tests.supabase.stack import SupabaseStack

ROUNDS: Final = 20
TO_REACH_MS: Final = 300
# Of all tasks: a third, a half, six of ten, a fifth, and the last 2,000.
SOME: Final = {
    "of a model": TaskQuery(model="glm-4.6v"),
    "that completed": TaskQuery(status=("completed",)),
    "in an app": TaskQuery(app="微信"),
    "with a tag": TaskQuery(tag="nightly"),
    "since a day": TaskQuery(since="2026-11-09"),
}
# What is to be answered, by what is grouped by.
_Answers = dict[str, list[dict[str, Any]]]


def in_sqlite(tasks: int = TASKS) -> Iterator[Row]:
    """Measure the embedded store."""
    made = kept_million(tasks)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(shutil.copy(made, folder))
        with closing(open_store(f"sqlite:///{path.as_posix()}")) as store:
            yield _summing("SQLite", store, tasks)
            yield from _rows("SQLite", store, _expected(made), tasks)


def in_shared(tasks: int = TASKS) -> Iterator[Row]:
    """Measure the stores of PostgreSQL and Supabase, on one database."""
    made = kept_million(tasks)
    processes = Processes()
    with tempfile.TemporaryDirectory() as folder:
        try:
            stack = SupabaseStack(Path(folder), processes, runner.apply)
            stack.start()
            with psycopg.connect(stack.dsn, autocommit=True) as connection:
                copy_into(made, ("tasks", "task_steps"), connection)
                with closing(open_store(stack.dsn)) as store:
                    yield _summing("PostgreSQL", store, tasks)
                connection.execute("VACUUM ANALYZE otel_steps_sums")
            expected = _expected(made)
            with closing(open_store(stack.dsn)) as store:
                yield from _rows("PostgreSQL", store, expected, tasks)
            key = {"supabase_url": stack.url, "supabase_key": stack.secret_key}
            with closing(open_store(settings=resolve(dir=Path(folder), **key))) as store:
                yield from _rows("Supabase", store, expected, tasks)
            stack.stop()
        finally:
            processes.close()


def _expected(made: Path) -> _Answers:
    """Return what a plain script makes of the rows of the file *made*, by its question."""
    tasks = _tasks(made)
    return {
        **{by: figures_by_script.task_figures(tasks, by)[:MAX_GROUPS] for by in GROUPINGS},
        "action": figures_by_script.action_figures(tasks)[:MAX_GROUPS],
    }


def _tasks(made: Path) -> list[tuple[Any, list[Any]]]:
    with closing(sqlite3.connect(f"{made.as_uri()}?mode=ro", uri=True)) as file:
        file.row_factory = sqlite3.Row
        tasks = {row["task_id"]: (_plain(row), []) for row in file.execute("SELECT * FROM tasks")}
        for row in file.execute(
            "SELECT task_id, app, success, duration_ms, input_tokens, output_tokens, action, "
            "attributes FROM task_steps"
        ):
            step = _plain(row)
            attributes = {STEP_ACTION_NAME: step["attributes"].get(STEP_ACTION_NAME)}
            tasks[row["task_id"]][1].append({**step, "attributes": attributes})
    return list(tasks.values())


def _plain(row: sqlite3.Row) -> dict[str, Any]:
    """Return a row as a store gives it."""
    values = {
        name: orjson.loads(row[name]) if name in JSON_COLUMNS and row[name] else row[name]
        for name in row.keys()  # noqa: SIM118 - a row yields its values
    }
    return {
        name: bool(value) if name in BOOLEAN_COLUMNS and value is not None else value
        for name, value in values.items()
    }


def _summing(name: str, store: Store, tasks: int) -> Row:
    return Row(
        work=f"{name}: adding up {tasks * STEPS:,} steps, once",
        reference=_processor_ms(partial(store.action_figures, TaskQuery())),
        against="figures by action without that",
        figure=_processor_ms(partial(_add_up, store)),
        unit="ms",
    )


def _rows(name: str, store: Store, expected: _Answers, tasks: int) -> Iterator[Row]:
    equal = 0
    for by in GROUPINGS:
        ask = partial(store.task_figures, TaskQuery(), by)
        equal += ask() == expected[by]
        yield _row(f"{name}: {tasks * STEPS:,} steps by {by}", ask)
    ask = partial(store.action_figures, TaskQuery())
    equal += ask() == expected["action"]
    yield _row(f"{name}: {tasks * STEPS:,} steps by action", ask)
    for which, query in SOME.items():
        for by in ("all", "app"):
            yield _row(f"{name}: those {which}, by {by}", partial(store.task_figures, query, by))
        yield _row(f"{name}: those {which}, by action", partial(store.action_figures, query))
    yield Row(
        work=f"{name}: answers that are equal to those of a plain script over the same rows",
        figure=equal,
        unit="answers",
        against="all",
        reference=len(expected),
        at_least=1,
    )


def _row(work: str, ask: Callable[[], object]) -> Row:
    taken = [_processor_ms(ask) for _ in range(ROUNDS)]
    p95 = statistics.quantiles(taken, n=20, method="inclusive")[-1]
    return Row.within(TO_REACH_MS, work=f"{work}, p95", figure=p95, unit="ms")


def _add_up(store: Store) -> None:
    while store.extend_sums():
        pass


def _processor_ms(work: Callable[[], object]) -> float:
    """Return for how long processors work on *work*: here, and in all that is started from here."""
    others_ms, own_s = _others_ms(), time.process_time()
    work()
    own_s = time.process_time() - own_s
    return own_s * 1000 + _others_ms() - others_ms


def _others_ms() -> float:
    """Return for how long processes that have been started from here have been on a processor."""
    children: dict[int, list[Path]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # Behind the program's name, which may have anything in it: state, parent.
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(stat.parent)
    total_ns, left = 0, list(children.get(os.getpid(), ()))
    while left:
        process = left.pop()
        left += children.get(int(process.name), ())
        for thread in process.glob("task/*/schedstat"):
            with suppress(OSError):
                total_ns += int(thread.read_text().split()[0])
    return total_ns / 1e6


BENCHMARKS: Benchmarks = {"figures": in_sqlite, "figures_shared": in_shared}
