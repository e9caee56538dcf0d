"""
A fleet in small: phones in several processes, replicas of `collect`, a consumer group, PostgreSQL.

What kills a member is SIGKILL. A replica of `collect` has its disk again when it comes back, a
consumer has none: what it had read and the store had not is read by another one.
"""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGKILL
from statistics import quantiles
from typing import Final

import httpx
import psycopg

from otel_steps.migrations import runner
from tests.benchmarks import phones
from tests.collecting import eventually
from tests.kafka import Kafka
from tests.supabase.postgres import Postgres
from tests.supabase.processes import Processes

REPLICAS: Final = 3
SENDERS: Final = 2
TOPIC: Final = "otlp_spans"
KILL_EVERY_S: Final = 10.0
_PROBES: Final = 8  # phones whose rows are looked for all the time
_LOOK_S: Final = 0.05
_LEAD_S: Final = 2.0  # for the senders to start
_KAFKA_SETTINGS: Final = "session.timeout.ms=6000\nheartbeat.interval.ms=500\n"


@dataclass
class Member:
    """A process of the fleet that can be killed, and comes back."""

    processes: Processes
    arguments: Sequence[str]
    folder: Path
    environ: dict[str, str]
    keeps_disk: bool
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        self.folder.mkdir(exist_ok=True)
        self.process = self.processes.start(
            [sys.executable, "-m", "otel_steps", *self.arguments],
            log=self.folder.with_suffix(".log"),
            env={**self.environ, "OTEL_STEPS_DIR": str(self.folder)},
        )

    def kill(self) -> None:
        assert self.process is not None
        self.processes.stop(self.process, SIGKILL)
        if not self.keeps_disk:
            shutil.rmtree(self.folder)


@dataclass(frozen=True)
class Result:
    """
    What has become of the steps of some phones.

    Attributes:
        sent: Steps that somebody has taken.
        sent_per_s, stored_per_s: From the first step to the last one sent, and to the last row.
        stored: Rows, and how many of them are of different steps.
        counted: Steps that the rows of their tasks have counted.
        lags_s: From the end of a step to its row, of some phones.
        again: How often a sender had to ask another replica.
        kills: Members that were killed meanwhile.
        database_s: Processor time of the database.
        members_s: Of the members that took the steps, as far as they were there all the time.
    """

    sent: int
    sent_per_s: float
    stored_per_s: float
    stored: int
    distinct: int
    counted: int
    lags_s: list[float] = field(repr=False)
    again: int
    kills: int
    database_s: float
    members_s: float

    @property
    def lag_s(self) -> tuple[float, float]:
        """The median, and what 95 of 100 steps stay below."""
        cuts = quantiles(self.lags_s, n=20)
        return cuts[9], cuts[18]


class Fleet:
    """Members that write into one database; see `fleet`."""

    def __init__(self, processes: Processes, folder: Path, url: str, *, postmaster: int) -> None:
        self.url = url
        self._postmaster = postmaster
        self._processes = processes
        self._folder = folder
        self._urls: list[str] = []
        self._members: dict[str, list[Member]] = {"collect": [], "kafka": []}
        self._next_kill = 0
        self._next_phone = 0

    def add_replicas(self, count: int) -> None:
        """Start some `collect`."""
        for number in range(count):
            port = self._processes.free_port()
            self._urls.append(f"http://127.0.0.1:{port}")
            self._add("collect", number, "collect", "--port", str(port))
        eventually(self._all_answer)

    def add_consumers(self, kafka: Kafka, count: int) -> None:
        """Start some `consume`, all of one group."""
        self.kafka = kafka
        settings = self._folder / "kafka.properties"
        settings.write_text(_KAFKA_SETTINGS)
        source = f"kafka://{kafka.brokers}/{TOPIC}?group=fleet"
        for number in range(count):
            self._add("kafka", number, "consume", source, "--kafka-config", str(settings))

    def _add(self, way: str, number: int, *arguments: str) -> None:
        folder = self._folder / f"{way}-{number}"
        environ = {"OTEL_STEPS_STORE": self.url}
        member = Member(self._processes, arguments, folder, environ, keeps_disk=way == "collect")
        member.start()
        self._members[way].append(member)

    def run(
        self,
        way: str,
        count: int,
        *,
        steps: int,
        period_s: float,
        senders: int = SENDERS,
        kill_every_s: float | None = None,
    ) -> Result:
        """Have *count* phones send *steps* each, and wait until all are rows."""
        first, at = self._next_phone, time.time() + _LEAD_S
        self._next_phone += count
        share = count // senders
        to = ["collect", *self._urls]
        if way == "kafka":
            to = ["kafka", self.kafka.brokers, TOPIC]
        numbers = (str(share), str(steps), str(period_s), str(at))
        running = [
            subprocess.Popen(
                [
                    *(sys.executable, "-m", "tests.benchmarks.phones"),
                    *(str(first + place * share), *numbers, *to),
                ],
                stdout=subprocess.PIPE,
                text=True,
            )
            for place in range(senders)
        ]
        with closing(_Watch(self.url, range(first, first + share * senders))) as watch:
            return self._watched(watch, way, running, at, kill_every_s)

    def _watched(
        self,
        watch: "_Watch",
        way: str,
        running: "list[subprocess.Popen[str]]",
        at: float,
        kill_every_s: float | None,
    ) -> Result:
        spent_s, members_s = self._database_s(), self._members_s(way)
        kills, kill_at = 0, at + (kill_every_s or 0.0)
        while any(each.poll() is None for each in running):
            if kill_every_s is not None and time.time() >= kill_at and self._all_answer():
                self._kill_next(way)
                kills, kill_at = kills + 1, time.time() + kill_every_s
            watch.look()
        said = [json.loads(each.communicate()[0]) for each in running]
        sent = sum(each["sent"] for each in said)
        watch.until(sent)
        seconds = time.time() - at
        stored, distinct, counted = watch.counts()
        return Result(
            sent=sent,
            sent_per_s=sent / max(each["seconds"] for each in said),
            stored_per_s=stored / seconds,
            stored=stored,
            distinct=distinct,
            counted=counted,
            lags_s=watch.lags_s,
            again=sum(each["again"] for each in said),
            kills=kills,
            database_s=self._database_s() - spent_s,
            members_s=self._members_s(way) - members_s,
        )

    def _kill_next(self, way: str) -> None:
        members = self._members[way]
        member = members[self._next_kill % len(members)]
        self._next_kill += 1
        member.kill()
        member.start()

    def _all_answer(self) -> bool:
        """Tell whether whoever was killed last is back, so that there is always one to ask."""
        return all(map(_answers, self._urls))

    def _database_s(self) -> float:
        """Return the processor time of the server and of its processes, those that ended too."""
        ticks = 0
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                facts = path.read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it has ended
            if int(path.parent.name) == self._postmaster:
                ticks += sum(map(int, facts[11:15]))  # with those that it has waited for
            elif int(facts[1]) == self._postmaster:
                ticks += sum(map(int, facts[11:13]))
        return ticks / 100

    def _members_s(self, way: str) -> float:
        """Return the processor time of the members of a way."""
        pids = [each.process.pid for each in self._members[way] if each.process is not None]
        facts = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids]
        return sum(int(ticks) for each in facts for ticks in each[11:13]) / 100

    def bytes_per_step(self) -> float:
        """Return what a step takes in the database, its indexes and its task included."""
        tables = "task_steps", "tasks"
        sizes = ", ".join(f"pg_total_relation_size('{table}')" for table in tables)
        with psycopg.connect(self.url) as connection:
            row = connection.execute(
                f"SELECT (SELECT sum(s) FROM unnest(ARRAY[{sizes}]) s), "
                "(SELECT count(*) FROM task_steps)".encode()
            ).fetchone()
        assert row is not None
        return float(row[0]) / row[1]


class _Watch:
    """Looks for the rows of some phones."""

    def __init__(self, url: str, numbers: range) -> None:
        self.lags_s: list[float] = []
        self._connection = psycopg.connect(url, autocommit=True)
        self._first, self._last = phones.task_id(numbers[0]), phones.task_id(numbers[-1])
        apart = max(1, len(numbers) // _PROBES)
        self._probes = [phones.task_id(number) for number in numbers[::apart]]
        self._seen: set[str] = set()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def look(self) -> None:
        """Find out which rows of the probes are there by now, and wait a moment."""
        rows = self._connection.execute(
            "SELECT span_id, extract(epoch FROM ended_at)::float8 FROM task_steps "
            "WHERE task_id = ANY(%s)",
            [self._probes],
        ).fetchall()
        now = time.time()
        for span_id, ended_at in rows:
            if span_id not in self._seen:
                self._seen.add(span_id)
                self.lags_s.append(now - ended_at)
        time.sleep(_LOOK_S)

    def until(self, count: int) -> None:
        """Wait until there are so many rows; give up when that takes too long."""
        deadline = time.time() + 120
        while self.counts()[0] < count and time.time() < deadline:
            self.look()

    def counts(self) -> tuple[int, int, int]:
        """Return how many rows, steps, and steps by the count of their tasks there are."""
        row = self._connection.execute(
            "SELECT (SELECT count(*) FROM task_steps WHERE task_id BETWEEN %(a)s AND %(z)s), "
            "(SELECT count(DISTINCT (trace_id, span_id)) FROM task_steps "
            "WHERE task_id BETWEEN %(a)s AND %(z)s), "
            "(SELECT coalesce(sum(total_steps), 0) FROM tasks "
            "WHERE task_id BETWEEN %(a)s AND %(z)s)",
            {"a": self._first, "z": self._last},
        ).fetchone()
        assert row is not None
        return row[0], row[1], int(row[2])


def _answers(url: str) -> bool:
    try:
        httpx.get(url, trust_env=False)
    except httpx.TransportError:
        return False
    return True


@contextmanager
def fleet(server: Postgres, folder: Path) -> Iterator[Fleet]:
    """Give a fleet without members, on a new database; they end with the block."""
    with server.empty_database() as url:
        runner.apply(url)
        processes = Processes()
        try:
            yield Fleet(processes, folder, url, postmaster=server.pid)
        finally:
            processes.close()
