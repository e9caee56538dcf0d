"""
A program that forks while it records; run by the tests beside it.

    forking_program.py fork|forkserver|spawn COUNT

Each of COUNT children records a step and waits for the end of the input. When they are made, a
thread of the parent's recording is about to import SLOW_MODULE, and takes a while, as it does from
a slow disk.
"""

import json
import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from multiprocessing.connection import Connection
from types import ModuleType
from typing import Any

import otel_steps
from tests.patience import PATIENCE_S
from tests.pictures import png

# A fork that takes longer to come finds the module imported, and proves nothing.
SLOW_S = 1.0


class SlowImport(MetaPathFinder, Loader):
    """
    Makes the import of a module take long in a thread of the recording.

    Attributes:
        has_begun: Set once such a thread is in the middle of it.
    """

    def __init__(self, name: str, wait: Callable[[], Any] = lambda: time.sleep(SLOW_S)) -> None:
        self._name = name
        self._wait = wait
        self._loader: Any = None
        self.has_begun = threading.Event()
        sys.meta_path.insert(0, self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        is_ours = threading.current_thread().name.startswith("otel-steps")
        if fullname != self._name or not is_ours:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        assert spec is not None
        self._loader, spec.loader = spec.loader, self
        return spec

    def exec_module(self, module: ModuleType) -> None:
        self.has_begun.set()
        self._wait()
        self._loader.exec_module(module)


def begin_to_record() -> None:
    """Record a step, and return when a thread is in the middle of importing SLOW_MODULE."""
    otel_steps.configure()
    module = os.environ.get("SLOW_MODULE")
    slow = SlowImport(module) if module else None
    record("parent")
    if slow is not None:
        assert slow.has_begun.wait(PATIENCE_S)


def record(task_id: str) -> None:
    with otel_steps.task("a task", task_id=task_id, agent="forking") as task:
        with otel_steps.step(action="Tap", screenshot=png(9, 9)):
            pass
        task.complete()


def how_it_stands() -> bytes:
    """Return this process's id and what its recording complains of."""
    problems = [problem.message for problem in otel_steps.configure().health().problems]
    return json.dumps({"pid": os.getpid(), "problems": problems}).encode()


def _child(pipe: Connection) -> None:
    otel_steps.configure()
    record(f"child {os.getpid()}")
    pipe.send_bytes(how_it_stands())
    pipe.recv_bytes()
    pipe.send_bytes(how_it_stands())
    pipe.recv_bytes()


def main(method: str, count: int) -> None:
    begin_to_record()
    context: Any = multiprocessing.get_context(method)
    pipes = []
    for _ in range(count):
        pipe, other = context.Pipe()
        context.Process(target=_child, args=[other], daemon=True).start()
        pipes.append(pipe)
    print(json.dumps([json.loads(pipe.recv_bytes()) for pipe in pipes]), flush=True)
    sys.stdin.readline()
    for pipe in pipes:
        pipe.send_bytes(b"go on")
    print(json.dumps([json.loads(pipe.recv_bytes()) for pipe in pipes]), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
