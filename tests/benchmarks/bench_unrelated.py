"""
What a program without an agent pays for the package being installed.

`opentelemetry-instrument` loads our entry points in every program of the environment. Measured are
the milliseconds that this takes in a new process, beside what OpenTelemetry itself needs to get
there, and the microseconds that a span takes more than before.
"""

import statistics
import subprocess
import sys
from collections.abc import Iterator

from tests.benchmarks.table import Benchmarks, Row

RUNS = 15
SPANS = 20_000

PROGRAM = f"""
import time
began = time.perf_counter()
from opentelemetry.instrumentation.auto_instrumentation import _load
from opentelemetry.instrumentation.distro import DefaultDistro
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.util._importlib_metadata import entry_points
provider = TracerProvider(shutdown_on_exit=False)
trace.set_tracer_provider(provider)
tracer = trace.get_tracer("unrelated")
theirs = time.perf_counter() - began

def a_span():
    began = time.perf_counter()
    for _ in range({SPANS}):
        tracer.start_span("unrelated").end()
    return (time.perf_counter() - began) / {SPANS}

points = [
    point
    for group in ("opentelemetry_pre_instrument", "opentelemetry_instrumentor")
    for point in entry_points(group=group)
    if point.value.startswith("otel_steps")
]
assert len(points) >= 3
a_span()
without = a_span()
began = time.perf_counter()
for point in points:
    if point.group == "opentelemetry_pre_instrument":
        point.load()()
    else:
        DefaultDistro().load_instrumentor(point, skip_dep_check=True)
ours = time.perf_counter() - began
print(theirs * 1e3, ours * 1e3, without * 1e6, a_span() * 1e6)
"""


def unrelated() -> Iterator[Row]:
    """Measure the start, and a span that is none of ours."""
    runs = []
    for _ in range(RUNS):
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
        )
        runs.append([float(word) for word in done.stdout.split()])
    theirs, ours = (statistics.median(run[at] for run in runs) for at in (0, 1))
    yield Row(
        work="start of a program without an agent: loading this package",
        figure=ours,
        unit="ms",
        against="loading OpenTelemetry",
        reference=theirs,
    )
    added = statistics.median(run[3] - run[2] for run in runs)
    yield Row.within(2, work="a span that is none of ours: time added", figure=added, unit="µs")


BENCHMARKS: Benchmarks = {"unrelated": unrelated}
