"""Processes that are forked while the recording is at work: each ships by itself, and soon."""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from otel_steps import open_store
from otel_steps.migrations import runner
from otel_steps.shipper import shipper
from tests.patience import PATIENCE_S
from tests.supabase.postgres import Postgres
from tests.supabase.stack import SupabaseStack

pytest_plugins = ["tests.supabase.fixtures"]

ROOT = Path(__file__).parent.parent.parent
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform has no fork")

GUNICORN = ["gunicorn", "--preload", "--workers", "3", "tests.faults.forked_web:wsgi"]
UVICORN = ["uvicorn", "--workers", "2", "tests.faults.forked_web:asgi"]


@contextmanager
def running(*arguments: str, **environ: str) -> Iterator["subprocess.Popen[str]"]:
    """Run Python beside the test until that ends: then it is killed, with its children."""
    # Not measured, since killed.
    kept = {name: os.environ[name] for name in os.environ if not name.startswith("COV")}
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", *arguments],
        cwd=ROOT,
        env=kept | environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with process:
        try:
            yield process
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def wait_until(is_so: Callable[[], bool], process: "subprocess.Popen[str]") -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)


def wait_for_rows(
    pids: Sequence[int], process: "subprocess.Popen[str]", url: str | None = None
) -> None:
    """Wait until the parent's task and those of its children are in the store, with pictures."""
    wanted = {"parent", *(f"child {pid}" for pid in pids)}
    with closing(open_store(url)) as store:

        def are_there() -> bool:
            tasks = [store.steps(task_id) for task_id in wanted]
            return all(tasks) and all(step["screenshot_path"] for task in tasks for step in task)

        wait_until(are_there, process)


@pytest.mark.parametrize(
    ("server", "slow_module"),
    [
        ([*GUNICORN, "--worker-class", "sync"], "otel_steps.stores.sqlite.reads"),
        ([*GUNICORN, "--worker-class", "gthread", "--threads", "2"], "PIL.Image"),
        ([*GUNICORN, "--worker-class", "gevent"], "otel_steps.stores.sqlite.reads"),
        (UVICORN, "otel_steps.stores.sqlite.reads"),
    ],
    ids=["gunicorn-sync", "gunicorn-gthread", "gunicorn-gevent", "uvicorn"],
)
def test_workers_of_a_web_server_ship_while_they_live(server: list[str], slow_module: str) -> None:
    """The master has recorded, and a thread of it was importing when the workers were forked."""
    name, *arguments = server
    address = f"127.0.0.1:{free_port()}"
    bind = ["--port", address[10:]] if name == "uvicorn" else ["--bind", address]
    count = int(server[server.index("--workers") + 1])
    with running("-m", name, *bind, *arguments, SLOW_MODULE=slow_module) as process:
        pids = sorted(ask(address, count, process))

        wait_for_rows(pids, process)

        assert ask(address, count, process) == {pid: [] for pid in pids}


def ask(address: str, count: int, process: "subprocess.Popen[str]") -> dict[int, list[str]]:
    """Ask a server until *count* workers have answered; return the problems of each."""
    problems: dict[int, list[str]] = {}

    def request(_: int) -> None:
        with contextlib.suppress(httpx.ConnectError):  # it is about to start
            answer = httpx.get(f"http://{address}/", timeout=PATIENCE_S).json()
            problems[answer["pid"]] = answer["problems"]

    def have_answered() -> bool:
        with ThreadPoolExecutor(8) as pool:  # so that one worker cannot take them all
            list(pool.map(request, range(8)))
        return len(problems) == count

    wait_until(have_answered, process)
    return problems


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.mark.parametrize(
    ("method", "slow_module"),
    [
        ("fork", "otel_steps.stores.sqlite.reads"),
        ("forkserver", "otel_steps.stores.sqlite.reads"),
        ("spawn", "otel_steps.stores.sqlite.reads"),
        ("fork", "psycopg"),
    ],
)
def test_children_ship_while_they_live(
    method: str, slow_module: str, request: pytest.FixtureRequest
) -> None:
    """In each way that `multiprocessing` has; and with a store that is far away."""
    if slow_module != "psycopg":
        check_children(method, slow_module, None)
        return
    server: Postgres = request.getfixturevalue("postgres_server")
    with server.empty_database() as url:
        runner.apply(url)
        check_children(method, slow_module, url)


def check_children(method: str, slow_module: str, url: str | None) -> None:
    store = {} if url is None else {"OTEL_STEPS_STORE": url}
    program = ["-m", "tests.faults.forking_program", method, "2"]
    with running(*program, SLOW_MODULE=slow_module, **store) as process:
        children = answers(process)

        wait_for_rows([child["pid"] for child in children], process, url)

        go_on(process)
        assert [child["problems"] for child in answers(process)] == [[], []]


def answers(process: "subprocess.Popen[str]") -> Any:
    assert process.stdout is not None
    assert select.select([process.stdout], [], [], PATIENCE_S)[0]
    return json.loads(process.stdout.readline())


def go_on(process: "subprocess.Popen[str]") -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


AT_ANY_MOMENT = """
import json, os, random, threading, time
import otel_steps
from tests.faults.forking_program import record

chance = random.Random(20_261_124)
otel_steps.configure()
record("parent")

def be_busy():
    while True:
        record("busy")
        time.sleep(chance.uniform(0, 0.01))

for _ in range(3):
    threading.Thread(target=be_busy, daemon=True).start()
children = []
for _ in range(12):
    time.sleep(chance.uniform(0, 0.1))
    children.append(os.fork())
    if children[-1] == 0:
        record(f"child {os.getpid()}")
        while True:
            time.sleep(1)
print(json.dumps(children), flush=True)
threading.Event().wait()
"""


def test_children_of_a_busy_process_ship_whenever_it_forks() -> None:
    """Three threads record and one ships when the parent forks, a dozen times."""
    with running("-c", AT_ANY_MOMENT) as process:
        wait_for_rows(answers(process), process)


AMID_AN_IMPORT = """
import json, os, sys, threading
import otel_steps
from otel_steps.process import forks
from tests.faults.forking_program import SlowImport, record
from tests.patience import PATIENCE_S

forks.PATIENCE_S = 0.1
go_on = threading.Event()
slow = SlowImport("otel_steps.stores.sqlite.reads", go_on.wait)
recording = otel_steps.configure()
record("parent")
slow.has_begun.wait(PATIENCE_S)
child = os.fork()
if child == 0:
    record(f"child {os.getpid()}")
    health = recording.health()
    problems = [(problem.kind, problem.remedy) for problem in health.problems]
    print(json.dumps([os.getpid(), health.waiting, problems]), flush=True)
else:
    sys.stdin.readline()
    go_on.set()
threading.Event().wait()
"""


def test_a_parent_ships_for_a_child_that_cannot() -> None:
    """A child that was forked amid an import that took too long says so; its rows are not late."""
    with running("-c", AMID_AN_IMPORT) as process:
        pid, waiting, problems = answers(process)
        go_on(process)

        wait_for_rows([pid], process)

    assert waiting == 4
    assert problems == [["shipper", shipper.LEFT_TO_OTHERS]]


NEW_SHIPPER = """
import gc, json, os, time
from gevent import monkey
monkey.patch_all()
import greenlet
import otel_steps
from otel_steps.shipper import rounds, shipper
from tests.faults.forking_program import record
from tests.patience import PATIENCE_S

rounds.MEASURE_S = 0.05  # the parent's one looks up that often, in the child as well

def shippers():
    alive = [each for each in gc.get_objects() if isinstance(each, greenlet.greenlet) and each]
    return sum("_run" in names(each.gr_frame) for each in alive)

def names(frame):
    found = set()
    while frame is not None:
        if frame.f_code.co_filename == shipper.__file__:
            found.add(frame.f_code.co_name)
        frame = frame.f_back
    return found

recording = otel_steps.configure()
record("parent")
assert recording.flush(PATIENCE_S)
assert shippers() == 1
if os.fork() == 0:
    record(f"child {os.getpid()}")
    until = time.monotonic() + PATIENCE_S
    while shippers() != 1 and time.monotonic() < until:
        time.sleep(0.01)
    print(json.dumps([os.getpid(), shippers()]), flush=True)
while True:
    time.sleep(1)
"""


def test_of_a_child_under_gevent_one_thread_ships() -> None:
    """There the threads of the parent run on in the child: that of the recording ends."""
    with running("-c", NEW_SHIPPER) as process:
        pid, shippers = answers(process)

        wait_for_rows([pid], process)

    assert shippers == 1


LATE_IMPORTS = """
import json, sys, threading
import otel_steps
from otel_steps.process import forks
from tests.faults.forking_program import record
from tests.patience import PATIENCE_S

late = []

class Finder:
    def find_spec(self, name, *_):
        is_ours = threading.current_thread().name.startswith("otel-steps")
        if is_ours and threading.get_ident() not in forks._inside:
            late.append(name)

sys.meta_path.insert(0, Finder())
recording = otel_steps.configure(openinference=True)
for number in range(3):
    record(str(number))
    assert recording.flush(PATIENCE_S)
print(json.dumps([late, [problem.message for problem in recording.health().problems]]))
"""


@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "supabase"])
def test_threads_of_the_recording_import_where_a_fork_waits(
    kind: str, request: pytest.FixtureRequest
) -> None:
    """Whatever a driver loads, and whenever it does: no fork comes in between."""
    with contextlib.ExitStack() as stack:
        environ = {"OTEL_STEPS_SCREENSHOT_URL": "memory://pictures"}
        if kind == "postgresql":
            url = stack.enter_context(request.getfixturevalue("postgres_server").empty_database())
            runner.apply(url)
            environ["OTEL_STEPS_STORE"] = url.replace("127.0.0.1", "localhost")
        elif kind == "supabase":
            project: SupabaseStack = request.getfixturevalue("supabase_stack")
            environ = {"SUPABASE_URL": project.url, "SUPABASE_SECRET_KEY": project.secret_key}
        process = stack.enter_context(running("-c", LATE_IMPORTS, **environ))

        assert answers(process) == [[], []]
