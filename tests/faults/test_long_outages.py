"""Outages of a Supabase project at their full length: nothing is lost, nothing is doubled."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from otel_steps.config import Settings, resolve
from tests.pictures import png
from tests.supabase.line import Line, numbers_in, sql
from tests.supabase.stack import SupabaseStack

pytest_plugins = ["tests.supabase.fixtures"]
pytestmark = pytest.mark.full

STEPS = range(1, 1_001)
LIMIT_S = 180.0


@pytest.fixture
def settings(supabase_stack: SupabaseStack, tmp_path: Path) -> Settings:
    """Return the settings that name an empty project."""
    key = supabase_stack.secret_key
    return resolve(supabase_url=supabase_stack.url, supabase_key=key, dir=tmp_path / "data")


@pytest.fixture
def line(settings: Settings) -> Iterator[Line]:
    """Give the way from an empty journal to an empty project."""
    line = Line(settings)
    yield line
    line.shipper.shutdown(LIMIT_S)


def drain(line: Line) -> None:
    """Wait until all is in the store; a store on hold is asked again."""
    deadline = time.monotonic() + LIMIT_S
    while not line.shipper.flush(LIMIT_S):
        assert time.monotonic() < deadline


def record_for(line: Line, seconds: float) -> None:
    """Record the middle four hundred steps, spread over *seconds*."""
    for number in STEPS[300:700]:
        line.record(number)
        time.sleep(seconds / 400)


def test_a_database_away_for_half_a_minute(supabase_stack: SupabaseStack, line: Line) -> None:
    """A thousand steps, the database stopped for 30 s in the middle: a thousand rows, once each."""
    line.record(*STEPS[:300])
    drain(line)
    supabase_stack.stop_postgres(immediate=True)
    record_for(line, 30)
    supabase_stack.start_postgres()
    line.record(*STEPS[700:])

    drain(line)
    assert numbers_in(supabase_stack) == list(STEPS)
    assert line.letters == []


def test_a_key_refused_for_a_minute(supabase_stack: SupabaseStack, line: Line) -> None:
    """401 for a minute: nothing is set aside, and all goes on without a restart."""
    line.record(*STEPS[:300])
    drain(line)
    with supabase_stack.gateway.fault("401 json", times=None):
        record_for(line, 60)
        assert line.shipper.facts().held is not None
    line.record(*STEPS[700:])

    drain(line)
    assert numbers_in(supabase_stack) == list(STEPS)
    assert line.letters == []


def test_storage_away_for_half_a_minute(supabase_stack: SupabaseStack, line: Line) -> None:
    """Rows come while Storage is away, 100 pictures wait and come afterwards, each once."""
    with supabase_stack.gateway.fault("503 empty", times=None, path="/storage/"):
        for number in STEPS[:100]:
            line.record(number, picture=png(4, 4, (number, 0, 9)))
            time.sleep(0.3)
        assert not line.shipper.flush(1)
        assert numbers_in(supabase_stack) == list(STEPS[:100])
        assert line.shipper.facts().pictures_waiting == 100

    drain(line)
    assert sql(supabase_stack, "SELECT count(*) FROM step_screenshots") == [(100,)]
    missing = "SELECT count(*) FROM task_steps WHERE screenshot_url IS NULL"
    assert sql(supabase_stack, missing) == [(0,)]
    assert line.leftovers == []


@pytest.mark.parametrize("name", ["close", "reset", "500 html", "200 html", "503 empty"])
def test_replies_lost_after_the_commit(
    supabase_stack: SupabaseStack, line: Line, name: str
) -> None:
    """Every other reply is lost after its commit: a thousand rows, once each."""
    for _ in range(20):
        supabase_stack.gateway.fault(name, path="ingest", after_commit=True)
    line.record(*STEPS)

    drain(line)
    assert numbers_in(supabase_stack) == list(STEPS)
    assert line.letters == []
    assert line.shipper.facts().known >= 20


def test_a_limit_on_the_way(supabase_stack: SupabaseStack, line: Line) -> None:
    """Bodies above 20 kB meet a 413 all the time: batches are halved, and nothing is lost."""
    supabase_stack.gateway.fault("413 html", times=None, path="ingest", larger_than=20_000)
    line.record(*STEPS)

    drain(line)
    assert numbers_in(supabase_stack) == list(STEPS)
    assert line.letters == []


@pytest.mark.parametrize("name", ["500 57014", "500 54000"])
def test_limits_of_the_database(supabase_stack: SupabaseStack, line: Line, name: str) -> None:
    """A 500 that carries a time limit or a size limit is tried in parts, and nothing is lost."""
    supabase_stack.gateway.fault(name, times=10, path="ingest", larger_than=8_000)
    line.record(*STEPS)

    drain(line)
    assert numbers_in(supabase_stack) == list(STEPS)
    assert line.letters == []


def test_one_bad_row_in_fifty(supabase_stack: SupabaseStack, line: Line) -> None:
    """Of a thousand steps, twenty are refused: 980 rows, twenty dead letters with the code."""
    bad = set(STEPS[6::50])
    sql(supabase_stack, "ALTER TABLE task_steps ADD CONSTRAINT odd CHECK (step_number % 50 <> 7)")
    try:
        line.record(*STEPS)
        line.shipper.flush(LIMIT_S)
        drain(line)
    finally:
        sql(supabase_stack, "ALTER TABLE task_steps DROP CONSTRAINT odd")

    assert numbers_in(supabase_stack) == [number for number in STEPS if number not in bad]
    letters = [path.read_text("utf-8") for path in line.letters if path.suffix == ".jsonl"]
    assert len(letters) == len(bad) == 20
    assert all("23514" in letter for letter in letters)
