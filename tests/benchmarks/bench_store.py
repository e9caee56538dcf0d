"""
How fast steps come into the embedded store, beside SQLite's own `executemany` of the same rows.

The ratio that matters is that to `executemany` in transactions of 50 rows into a bare table of the
same columns, measured right before. Besides that:

- what a batch costs at the start and at the end of one task of 100,000 steps
- what `health()` costs with little and with much waiting

Each figure comes from a process and a folder of its own.
"""

import contextlib
import json
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import (
    SimpleSpanProcessor,
    SpanExporter,
    SpanExportResult,
)

import otel_steps
from otel_steps import otlp, semconv
from otel_steps.config import Settings, resolve
from otel_steps.health.problems import Problems
from otel_steps.journal import Journal
from otel_steps.otlp.span import Span
from otel_steps.pipeline import backlog_shipper
from otel_steps.rows.mapping import batch_of
from otel_steps.rows.tables import ROW_COLUMNS
from otel_steps.stores.sqlite.store import SqliteStore
from otel_steps.stores.sqlite.writes import EncodedBatch
from tests.benchmarks.table import Benchmarks, Row

ROOT: Final = Path(__file__).parent.parent.parent

SIZES: Final = (5_000, 20_000)
BURST: Final = 3_000
BODIES: Final = 100
BODY_SPANS: Final = 50
LONG_TASK: Final = 100_000
STEPS_OF_A_TASK: Final = 50
RAW_ROWS: Final = 10_000
RAW_BATCH: Final = 50
ROUNDS: Final = 3

_START: Final = 1_780_000_000_000_000_000
_SECOND: Final = 10**9
_THINKING: Final = "屏幕上显示的是微信的聊天页面，我需要点击底部的发送按钮，因为消息已经输入完毕。"
_RESOURCE: Final = {
    "service.name": "phone-agent",
    "telemetry.sdk.language": "python",
    "telemetry.sdk.name": "opentelemetry",
    "telemetry.sdk.version": "1.45.0",
    "device.id": "emulator-5554",
}


def attributes_of(number: int) -> dict[str, Any]:
    """Return what the recorder writes of an ordinary step."""
    return {
        semconv.TASK_ID: f"task-{number // STEPS_OF_A_TASK}",
        semconv.STEP_NUMBER: number % STEPS_OF_A_TASK + 1,
        semconv.STEP_TYPE: "action",
        semconv.STEP_THINKING: _THINKING,
        semconv.STEP_ACTION: json.dumps({"action": "Tap", "element": [500, number % 1000]}),
        semconv.STEP_ACTION_NAME: "Tap",
        semconv.STEP_ACTION_RESULT: json.dumps({"success": True, "message": None}),
        semconv.STEP_SUCCESS: True,
        semconv.STEP_APP: "微信",
        semconv.TIMING_MODEL_MS: 1234.5,
        semconv.TIMING_ACTION_MS: 87.25,
    }


def span_of(number: int) -> Span:
    """Return an ordinary step as it stands in the journal."""
    start = _START + number * _SECOND
    return Span(
        trace_id=f"{number // STEPS_OF_A_TASK + 1:032x}",
        span_id=f"{number + 1:016x}",
        parent_span_id=f"{2**60 + number // STEPS_OF_A_TASK:016x}",
        name="step",
        start_time_unix_nano=start,
        end_time_unix_nano=start + _SECOND // 2,
        attributes=attributes_of(number),
        resource=_RESOURCE,
        scope_name="otel_steps",
        scope_version="0.1.0",
    )


def settings_in(folder: Path) -> Settings:
    """Return settings that keep everything in *folder*."""
    return resolve(dir=folder, store=f"sqlite:///{folder / 'steps.db'}")


# --- What it is measured against


def raw(folder: Path, count: int) -> dict[str, float]:
    """Write *count* rows with `executemany` into a bare table."""
    batch = batch_of(map(span_of, range(count)), {})
    rows = EncodedBatch(batch).steps
    columns = ROW_COLUMNS["task_steps"]
    insert = f"INSERT INTO steps VALUES ({', '.join('?' * len(columns))})"
    connection = sqlite3.connect(folder / "raw.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"CREATE TABLE steps ({', '.join(columns)}, PRIMARY KEY (id))")
    start, cpu_start = time.perf_counter(), time.process_time()
    for at in range(0, count, RAW_BATCH):
        connection.execute("BEGIN")
        connection.executemany(insert, rows[at : at + RAW_BATCH])
        connection.execute("COMMIT")
    seconds = time.perf_counter() - start
    return {"rate": count / seconds, "cpu_us": _cpu_us(cpu_start, count)}


# --- What is measured, each in a process of its own


def drain(folder: Path, count: int) -> dict[str, float]:
    """Ship a backlog of *count* steps."""
    settings = settings_in(folder)
    leave_backlog(settings, count)
    shipper = backlog_shipper(settings, Problems(None))
    SqliteStore(folder / "steps.db", screenshots=folder).close()  # made once, not measured
    before = _peak_mb()
    start, cpu_start = time.perf_counter(), time.process_time()
    shipped = shipper.ship_all()
    seconds = time.perf_counter() - start
    assert shipped.shipped == count, shipped
    return {
        "rate": count / seconds,
        "cpu_us": _cpu_us(cpu_start, count),
        "memory_mb": _peak_mb() - before,
    }


def leave_backlog(settings: Settings, count: int) -> None:
    """Leave *count* steps in the journal, as a process that has died."""
    code = f"from tests.benchmarks.bench_store import fill; fill({str(settings.dir)!r}, {count})"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def fill(folder: str, count: int) -> None:
    """Leave *count* steps in the journal."""
    settings = settings_in(Path(folder))
    journal = Journal(settings.backup_dir, problems=Problems(None))
    for span in map(span_of, range(count)):
        journal.append(otlp.to_line(span), span_id=span.span_id)
    journal.close()


def drained(settings: Settings, count: int) -> float:
    """Leave *count* steps for the store of *settings*; return the steps/s of shipping them."""
    leave_backlog(settings, count)
    shipper = backlog_shipper(settings, Problems(None))
    start = time.perf_counter()
    shipped = shipper.ship_all()
    seconds = time.perf_counter() - start
    assert shipped.shipped == count, shipped
    return count / seconds


def burst(folder: Path, count: int) -> dict[str, float]:
    """Record *count* steps by `step()` and wait until they are visible."""
    settings = settings_in(folder)
    recording = otel_steps.configure(settings.store, dir=folder)
    with otel_steps.task("the first opens the store"):
        pass
    assert recording.flush(30)
    start = time.perf_counter()
    with otel_steps.task("burst", task_id="burst"):
        for number in range(count):
            with otel_steps.step(
                thinking=_THINKING, action={"action": "Tap", "element": [500, number % 1000]}
            ):
                pass
    recorded_s = time.perf_counter() - start
    assert recording.flush(120)
    seconds = time.perf_counter() - start
    rows_arrived(folder / "steps.db", "task_steps", count)
    recording.shutdown()
    return {"rate": count / seconds, "recording": count / recorded_s}


def otlp_in(folder: Path, bodies: int) -> dict[str, float]:
    """Send *bodies* to a collector and wait until they are visible."""
    requests = list(bodies_of(bodies))
    with _collector(folder) as url:
        post(url, next(bodies_of(1, first=10**6)))
        rows_arrived(folder / "steps.db", "task_steps", BODY_SPANS)
        start = time.perf_counter()
        for body in requests:
            post(url, body)
        sent_s = time.perf_counter() - start
        rows_arrived(folder / "steps.db", "task_steps", (bodies + 1) * BODY_SPANS)
        seconds = time.perf_counter() - start
    count = bodies * BODY_SPANS
    return {"rate": count / seconds, "taken": count / sent_s}


class _collector:  # noqa: N801 - used as a function
    """A collector of its own, that ends with the block."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-m", "otel_steps", "collect", "--port", "0"]
        command += ["--dir", str(folder), "--store", settings_in(folder).store]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)

    def __enter__(self) -> str:
        assert self._process.stdout
        for line in self._process.stdout:
            if line.startswith("traces"):
                return line.split()[1]
        raise RuntimeError("the collector did not start")

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(30)


def bodies_of(count: int, first: int = 0) -> Iterator[bytes]:
    """Give *count* OTLP bodies of `BODY_SPANS` steps each."""
    from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans

    kept: list[Any] = []

    class Keep(SpanExporter):
        def export(self, spans: Any) -> SpanExportResult:
            kept.extend(spans)
            return SpanExportResult.SUCCESS

    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(Keep()))
    tracer = provider.get_tracer("agent")
    for body in range(count):
        for each in range(BODY_SPANS):
            number = first + body * BODY_SPANS + each
            tracer.start_span("step", attributes=attributes_of(number)).end()
        yield encode_spans(kept).SerializeToString()
        kept.clear()


def post(url: str, body: bytes) -> None:
    """Send a body."""
    headers = {"Content-Type": "application/x-protobuf"}
    request = urllib.request.Request(url, body, headers)
    with urllib.request.urlopen(request) as answer:
        answer.read()


def rows_arrived(path: Path, table: str, count: int) -> None:
    """Wait until so many rows are visible."""
    deadline = time.monotonic() + 120
    found = -1
    while time.monotonic() < deadline:
        if path.exists():
            found = _rows_in(path, table)
            if found >= count:
                return
        time.sleep(0.01)
    raise RuntimeError(f"only {found} of {count} {table} are visible")


def _rows_in(path: Path, table: str) -> int:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        try:
            (found,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        except sqlite3.OperationalError:
            return 0  # its tables are still to be made
        return int(found)


def task(folder: Path, count: int) -> dict[str, float]:
    """Write one task of *count* steps in batches of 50: what the first and the last 50 cost."""
    took: list[float] = []
    store = SqliteStore(folder / "steps.db", screenshots=folder)
    for at in range(0, count, RAW_BATCH):
        spans = [_of_one_task(number) for number in range(at, at + RAW_BATCH)]
        batch = batch_of(spans, {})
        start = time.perf_counter()
        store.write(batch)
        took.append((time.perf_counter() - start) * 1000)
    (row,) = store.tasks()
    assert row["total_steps"] == count
    store.close()
    return {
        "first_ms": statistics.median(took[1:51]),
        "last_ms": statistics.median(took[-50:]),
    }


def _of_one_task(number: int) -> Span:
    span = span_of(number)
    own = {semconv.TASK_ID: "long", semconv.STEP_NUMBER: number + 1}
    return replace(span, attributes={**span.attributes, **own})


def health(folder: Path, count: int) -> dict[str, float]:
    """Return milliseconds of `health()` while *count* steps wait for a store that is away."""
    settings = settings_in(folder)
    leave_backlog(settings, count)
    shipper = backlog_shipper(settings, Problems(None))
    time.sleep(0.2)  # the journal's files have come a moment ago, as they have in an outage
    shipper.facts()
    took = []
    for _ in range(20):
        start = time.perf_counter()
        facts = shipper.facts()
        took.append((time.perf_counter() - start) * 1000)
    assert facts.waiting == count
    return {"ms": statistics.median(took)}


def _cpu_us(start: float, count: int) -> float:
    return (time.process_time() - start) / count * 1e6


def _peak_mb() -> float:
    # Not `getrusage`: that counts what the parent had at the fork.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


# --- The rows of the table

WORK: Final[dict[str, Callable[[Path, int], dict[str, float]]]] = {
    "raw": raw,
    "drain": drain,
    "burst": burst,
    "otlp": otlp_in,
    "task": task,
    "health": health,
}


def measured(name: str, count: int) -> dict[str, float]:
    """Return what *name* gives in a process and a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = [sys.executable, "-m", __name__, name, folder, str(count)]
        answer = subprocess.check_output(arguments, cwd=ROOT, stderr=subprocess.DEVNULL)
        figures: dict[str, float] = json.loads(answer.splitlines()[-1])
        return figures


def beside_raw(name: str, count: int) -> tuple[dict[str, float], float]:
    """Return what *name* gives, and the rate of `executemany` right before: the median round."""
    rounds = []
    for _ in range(ROUNDS):
        bare = measured("raw", RAW_ROWS)["rate"]
        rounds.append((measured(name, count), bare))
    return sorted(rounds, key=lambda each: each[0]["rate"] / each[1])[ROUNDS // 2]


def row_beside_raw(work: str, found: tuple[dict[str, float], float], at_least: float) -> Row:
    """Return the row of what `beside_raw` has found."""
    figures, bare = found
    return Row(
        work=work,
        figure=figures["rate"],
        unit="steps/s",
        against="`executemany` of the same rows",
        reference=bare,
        at_least=at_least,
    )


def drains() -> Iterator[Row]:
    """Measure a backlog of two sizes (is it linear?), and its memory."""
    for count in SIZES:
        found = beside_raw("drain", count)
        work = f"a backlog of {count:,} steps, until it is stored"
        yield row_beside_raw(work, found, at_least=0.25)
        memory = found[0]["memory_mb"]
        yield Row.within(64, work=f"{work}: memory added", figure=memory, unit="MB")


def bursts() -> Iterator[Row]:
    """Measure a program that records as fast as it can."""
    found = beside_raw("burst", BURST)
    yield row_beside_raw(f"{BURST:,} steps by `step()`, until they are visible", found, 0.12)


def otlp_bodies() -> Iterator[Row]:
    """Measure what comes over OTLP."""
    found = beside_raw("otlp", BODIES)
    work = f"OTLP/HTTP protobuf in, {BODY_SPANS} spans a body, until they are visible"
    yield row_beside_raw(work, found, at_least=0.17)


def long_task() -> Iterator[Row]:
    """Measure whether a batch costs more in a long task."""
    figures = measured("task", LONG_TASK)
    yield Row(
        work=f"{RAW_BATCH} steps more, at the end of a task of {LONG_TASK:,}",
        figure=figures["last_ms"],
        unit="ms",
        against="at its start",
        reference=figures["first_ms"],
        at_most=1.5,
    )


def healths() -> Iterator[Row]:
    """Measure whether `health()` costs more where more waits."""
    few, many = (measured("health", count)["ms"] for count in (1_000, SIZES[-1]))
    yield Row(
        work=f"`health()` with {SIZES[-1]:,} steps waiting",
        figure=many,
        unit="ms",
        against="with 1,000 waiting",
        reference=few,
        at_most=1.5,
    )


BENCHMARKS: Benchmarks = {
    "drain": drains,
    "burst": bursts,
    "otlp": otlp_bodies,
    "task": long_task,
    "health": healths,
}

if __name__ == "__main__":
    print(json.dumps(WORK[sys.argv[1]](Path(sys.argv[2]), int(sys.argv[3]))))
