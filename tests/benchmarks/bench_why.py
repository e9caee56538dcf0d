"""
Whether the cause of a run is found: a labelled set of runs, recorded on a staged phone.

    python -m tests.benchmarks.bench_why      what was found of each run, and what was to be found
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

import otel_steps
from otel_steps.stores import Store, open_store
from otel_steps.why import Why
from otel_steps.why.reading import whys_of
from tests.benchmarks.labelled_runs import Labelled, record
from tests.benchmarks.odd_runs import RUNS
from tests.benchmarks.table import Benchmarks, Row
from tests.commands import command
from tests.patience import PATIENCE_S

ROOT: Final = Path(__file__).parent.parent.parent
UNCLEAR: Final = "not_clear"


def recorded(folder: Path, runs: Sequence[Labelled]) -> None:
    """Record *runs* in a store in *folder*."""
    store = f"sqlite:///{folder / 'steps.db'}"
    for run in (each for each in runs if each.kills):
        module = "tests.benchmarks.labelled_runs"
        subprocess.run([sys.executable, "-m", module, str(folder), run.name], cwd=ROOT)
    recording = otel_steps.configure(store, dir=folder)
    try:
        for run in (each for each in runs if not each.kills):
            record(run)
        assert recording.flush(10 * PATIENCE_S)
    finally:
        recording.shutdown()
    if any(run.kills for run in runs):
        command("sync", "--dir", folder, "--store", store)


def found(store: Store) -> dict[str, Why]:
    """Return the whys of all tasks in *store*, by their ids."""
    return whys_of(store, store.tasks(limit=1000))


def is_right(run: Labelled, why: Why | None) -> bool:
    """Tell whether the cause was found, with its first bad step."""
    if why is None or run.kind is None:
        return why is None and run.kind is None
    return (why["kind"], why["step"]) == (run.kind, run.step)


def is_wrong(run: Labelled, why: Why | None) -> bool:
    """Tell whether another cause was named than the one there was; to know of none is not wrong."""
    return why is not None and why["kind"] not in (run.kind, UNCLEAR)


def why() -> Iterator[Row]:
    """Measure how many causes are found, and how long a page of the list takes for it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        recorded(folder, RUNS)
        with closing(open_store(f"sqlite:///{folder / 'steps.db'}")) as store:
            whys = found(store)
            tasks = store.tasks(limit=50)
            indexes = store.indexes([task["task_id"] for task in tasks])
            began = time.perf_counter()
            whys_of(store, tasks, indexes)
            page_ms = (time.perf_counter() - began) * 1000
    yield from rows_of(whys)
    yield Row.within(50, work="the whys of a page of 50 tasks", figure=page_ms, unit="ms")


def rows_of(whys: Mapping[str, Why]) -> Iterator[Row]:
    """Return the rows of what was found."""
    bad = [run for run in RUNS if run.kind is not None]
    clear = [run for run in bad if run.kind != UNCLEAR]
    right = sum(is_right(run, whys.get(run.name)) for run in clear)
    yield Row(
        work="runs whose cause and first bad step were found",
        figure=right,
        unit="runs",
        against="runs with a cause",
        reference=len(clear),
        at_least=0.9,
    )
    others = [run for run in RUNS if run not in clear]
    yield Row(
        work="runs without a cause that can be told, of which none was named",
        figure=sum(not is_wrong(run, whys.get(run.name)) for run in others),
        unit="runs",
        against="all of these",
        reference=len(others),
        at_least=1,
    )
    yield Row(
        work="runs of which a wrong cause was named",
        figure=sum(is_wrong(run, whys.get(run.name)) for run in RUNS),
        unit="runs",
        against="all runs",
        reference=len(RUNS),
        at_most=0.05,
    )


BENCHMARKS: Benchmarks = {"why": why}


def main() -> None:
    """Print each run, and what was found."""
    with tempfile.TemporaryDirectory() as name:
        recorded(Path(name), RUNS)
        with closing(open_store(f"sqlite:///{name}/steps.db")) as store:
            whys = found(store)
    for run in RUNS:
        why = whys.get(run.name)
        mark = "ok " if is_right(run, why) else "BAD"
        said = (why["kind"], why["step"], why["sentence"][run.lang]) if why else None
        print(mark, run.name, (run.kind, run.step), said)


if __name__ == "__main__":
    main()
