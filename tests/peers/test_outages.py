"""One backend in trouble is no trouble for the other: rows and spans go their ways apart."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from otel_steps.config import resolve
from otel_steps.health.problems import Problems
from otel_steps.migrations import runner
from otel_steps.pipeline import backlog_shipper
from tests.fakes.model_server import ModelServer, Reply
from tests.patience import PATIENCE_S
from tests.peers.runs import WAYS, Run, Watch, finished
from tests.peers.servers import PeerSpan, Phoenix
from tests.supabase.postgres import Postgres
from tests.supabase.processes import Processes

pytestmark = pytest.mark.full

FLUSH_INTERVAL_S = 5.0
# A reply comes in at least six pieces: a step takes a second, and 32 of them half a minute.
SLOW = Reply(text='想一想，再想一想，然后回到上一页去。do(action="Back")', delay_s=0.16)
DONE = Reply(text='完成。finish(message="好了")')
HELD = Reply(text='再等等。do(action="Home")', ending="held")
STEPS_BEFORE, STEPS_WITHOUT = 3, 32
AWAY_S = 30.0
# Of a run of four steps: the task, and a model call and an action in each step.
SPANS = 1 + 4 * 3


@pytest.fixture(name="processes")
def _processes() -> Iterator[Processes]:
    processes = Processes()
    yield processes
    processes.close()


@pytest.fixture(name="phoenix")
def _phoenix(tmp_path: Path, processes: Processes) -> Phoenix:
    phoenix = Phoenix(tmp_path / "phoenix", processes)
    phoenix.start()
    return phoenix


@pytest.fixture(name="model")
def _model() -> Iterator[ModelServer]:
    with ModelServer() as model:
        yield model


@pytest.mark.parametrize("way", WAYS)
def test_rows_are_in_time_while_another_backend_is_dead(
    tmp_path: Path, phoenix: Phoenix, model: ModelServer, way: str
) -> None:
    """Phoenix is killed for half a minute in the middle of a run, and comes back before its end."""
    model.script("peer", [*[SLOW] * (STEPS_BEFORE + STEPS_WITHOUT), HELD, SLOW, DONE])
    total = STEPS_BEFORE + STEPS_WITHOUT + 3
    run = Run.of(tmp_path, model)
    with Watch(run) as watch, run.started(way, phoenix.otlp()) as process:
        watch.wait_for(STEPS_BEFORE)
        killed = time.monotonic()
        phoenix.kill()
        watch.wait_for(STEPS_BEFORE + STEPS_WITHOUT)
        away_s = time.monotonic() - killed
        assert process.poll() is None
        phoenix.start()
        model.release()
        output = finished(process)
        watch.wait_for(total)

    task, steps = run.rows()
    print(
        f"{way}: Phoenix was away for {away_s:.0f} s of {task['total_duration_ms'] / 1000:.0f} s; "
        f"a row was visible {watch.lateness_s:.2f} s after its step at most"
    )
    assert away_s > AWAY_S
    assert watch.lateness_s < FLUSH_INTERVAL_S
    assert "好了" in output
    assert (len(steps), task["status"]) == (total, "completed")
    # What it missed is gone for it; what came after its return is there.
    last = steps[-1]["span_id"]
    spans = phoenix.spans_of(task["trace_id"], until=lambda found: last in ids_of(found))
    assert last in ids_of(spans)


def ids_of(spans: list[PeerSpan]) -> set[str]:
    """Return the ids of *spans*."""
    return {span.span_id for span in spans}


@pytest.mark.skipif(os.name == "nt", reason="this platform cannot stop a process")
def test_rows_are_in_time_while_another_backend_hangs(
    tmp_path: Path, phoenix: Phoenix, model: ModelServer
) -> None:
    """A server that takes connections and never answers holds up its own spans only."""
    model.script("peer", [SLOW, SLOW, DONE])
    run = Run.of(tmp_path, model)
    phoenix.signal(signal.SIGSTOP)
    impatient = {**phoenix.otlp(), "OTEL_BSP_SCHEDULE_DELAY": "100"}
    with Watch(run) as watch, run.started("configure", impatient) as process:
        watch.wait_for(3)
        phoenix.signal(signal.SIGCONT)
        finished(process)

    print(f"a row was visible {watch.lateness_s:.2f} s after its step at most")
    assert watch.lateness_s < FLUSH_INTERVAL_S


def test_another_backend_has_every_span_while_our_database_is_dead(
    tmp_path: Path, phoenix: Phoenix, model: ModelServer, processes: Processes
) -> None:
    """Our database crashes in the second step; Phoenix misses nothing, and the rows come later."""
    (tmp_path / "postgres").mkdir()
    database = Postgres(tmp_path / "postgres", processes)
    database.start()
    runner.apply(database.dsn)
    script = ['开始。do(action="Home")', HELD, 'do(action="Back")', DONE]
    model.script("peer", script)
    run = Run.of(tmp_path, model, database.dsn)
    with run.started("opentelemetry-instrument", phoenix.otlp()) as process:
        assert model.held.wait(PATIENCE_S)
        database.stop(immediate=True)
        model.release()
        output = finished(process)

    assert "好了" in output
    database.start()
    settings = resolve({}, dir=tmp_path / "data", store=database.dsn)
    shipped = backlog_shipper(settings, Problems(None)).ship_all()
    assert (shipped.reason, shipped.waiting, shipped.dead) == (None, 0, 0)
    task, steps = run.rows()
    assert (task["status"], [step["step_number"] for step in steps]) == ("completed", [1, 2, 3, 4])
    found = phoenix.spans_of(task["trace_id"], until=lambda spans: len(spans) >= SPANS)
    names = [span.name for span in found]
    assert (len(names), names.count("step")) == (SPANS, 4)
