"""
A fleet of phones over OTLP and through Kafka into one PostgreSQL: rows, lag, what kills cost.

A phone makes a step every 3 s; time runs faster for few of them. The SDK's own batching is not in
the lag: a step is sent when it ends. Phones, replicas, brokers and database share the machine.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from tests.benchmarks.fleet import KILL_EVERY_S, REPLICAS, Fleet, Result, fleet
from tests.benchmarks.table import Benchmarks, Row
from tests.kafka import Kafka
from tests.supabase.postgres import Postgres
from tests.supabase.processes import Processes

STEP_EVERY_S: Final = 3.0
# Phones, how much faster their time runs, and how many steps each makes.
SCALES: Final = ((10, 30, 100), (100, 10, 33), (1_000, 1, 4))
WAYS: Final = {"collect": "OTLP", "kafka": "Kafka"}
KILLS_FOR_S: Final = 120.0
# With rows that wait 5 s at most for others, and a moment for all the rest.
LAG_LIMIT_S: Final = 6.0
# For a member to be missed, to come back, and to be given partitions.
LAG_LIMIT_KILLED_S: Final = 30.0


def run() -> Iterator[Row]:
    """Start a server, replicas and consumers for the time of the measurement."""
    processes = Processes()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            server = Postgres(folder, processes)
            server.start()
            with fleet(server, folder) as members:
                yield from _measured(members)
        finally:
            processes.close()


def _measured(members: Fleet) -> Iterator[Row]:
    members.add_replicas(REPLICAS)
    members.add_consumers(Kafka(), REPLICAS)
    for way, name in WAYS.items():
        for count, faster, steps in SCALES:
            done = members.run(way, count, steps=steps, period_s=STEP_EVERY_S / faster)
            yield from _rows(f"{name}, {count:,} phones, {faster} x time", done)
        done = members.run(way, 1_000, steps=8, period_s=0, senders=5)
        yield from _speed(f"{name}, as fast as it goes", done)
    yield Row.within(
        4_096, work="a step in the database", figure=members.bytes_per_step(), unit="B"
    )
    for way, name in WAYS.items():
        period_s = STEP_EVERY_S / 5
        steps = round(KILLS_FOR_S / period_s)
        done = members.run(way, 60, steps=steps, period_s=period_s, kill_every_s=KILL_EVERY_S)
        yield from _rows(f"{name}, 60 phones, 5 x time, {done.kills} kills", done)


def _rows(work: str, done: Result) -> Iterator[Row]:
    median, most = done.lag_s
    limit = LAG_LIMIT_KILLED_S if done.kills else LAG_LIMIT_S
    yield Row.within(limit, work=f"{work}: lag, median", figure=median, unit="s")
    yield Row.within(limit, work=f"{work}: lag, 95 of 100", figure=most, unit="s")
    yield from _whole(work, done)


def _speed(work: str, done: Result) -> Iterator[Row]:
    yield Row(
        work=f"{work}: rows",
        figure=done.stored_per_s,
        unit="steps/s",
        against="1,000 phones",
        reference=1_000 / STEP_EVERY_S,
        at_least=1,
    )
    for whose, spent_s, limit_s in (
        ("the database's", done.database_s, 0.5),
        ("the members'", done.members_s, 3.0),
    ):
        yield Row.within(
            limit_s,
            work=f"{work}: {whose} processor time for 1,000 steps",
            figure=1_000 * spent_s / done.sent,
            unit="s",
        )
    yield from _whole(work, done)


def _whole(work: str, done: Result) -> Iterator[Row]:
    """Yield what must be exactly so: every step is there, is there once, and is counted once."""
    steps = Row(
        work=f"{work}: steps stored",
        figure=done.distinct,
        unit="steps",
        against="sent",
        reference=done.sent,
        at_least=1,
    )
    yield steps
    for what, figure in (("rows", done.stored), ("counted by their tasks", done.counted)):
        if figure != done.distinct:
            work = f"{work}: {what}, **each should be one**"
            yield replace(steps, work=work, figure=figure, at_least=None, at_most=1)


BENCHMARKS: Benchmarks = {"fleet": run}
