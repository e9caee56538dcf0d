"""Runs of the real agent that are recorded here and sent to another backend at the same time."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from otel_steps import open_store
from tests.agents import CURRENT, python_path
from tests.fakes.model_server import ModelServer
from tests.fakes.phone import FakePhone
from tests.patience import PATIENCE_S

HERE = Path(__file__).parent
FAKES = HERE.parent / "fakes"
BIN = Path(sys.executable).parent

# The only spans that are to be counted are the agent's and ours.
QUIET = {
    "OTEL_METRICS_EXPORTER": "none",
    "OTEL_LOGS_EXPORTER": "none",
    "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": "httpx,httpx2,urllib,urllib3,requests",
}
WAYS: dict[str, tuple[list[str], dict[str, str]]] = {
    "configure": ([sys.executable, str(HERE / "own_provider_main.py")], {}),
    "opentelemetry-instrument": (
        [str(BIN / "opentelemetry-instrument"), sys.executable, str(FAKES / "main.py")],
        {"OTEL_TRACES_EXPORTER": "task_steps,otlp"},
    ),
}


@dataclass
class Run:
    """
    A phone, a model and a data folder.

    Attributes:
        store_url: Where the rows are.
    """

    folder: Path
    model: ModelServer
    store_url: str

    @classmethod
    def of(cls, folder: Path, model: ModelServer, store_url: str | None = None) -> "Run":
        """Return a run whose rows are in the data folder, unless *store_url* says otherwise."""
        return cls(folder, model, store_url or f"sqlite:///{folder / 'data' / 'steps.db'}")

    @contextmanager
    def started(self, way: str, environ: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
        """Start the agent on one of `WAYS`, with the script of the model `peer`; end it with us."""
        command, extra = WAYS[way]
        with subprocess.Popen(
            [
                *(*command, "--base-url", self.model.base_url),
                *("--model", "peer", "--device-id", "peer", "打开设置"),
            ],
            cwd=self.folder,
            env=FakePhone(self.folder / "phone").environment()
            | {"PYTHONPATH": os.pathsep.join((str(FAKES), python_path(CURRENT)))}
            | {"OTEL_STEPS_DIR": str(self.folder / "data"), "OTEL_STEPS_STORE": self.store_url}
            | {**QUIET, **extra, **environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                yield process
            finally:
                process.kill()
                if process.stdout is not None and not process.stdout.closed:
                    print(*process.communicate(), sep="\n")  # shown where a test has failed

    def complete(self, way: str, environ: Mapping[str, str]) -> None:
        """Run the agent from start to end."""
        with self.started(way, environ) as process:
            finished(process)

    def rows(self) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """Return the one task and its steps."""
        with closing(open_store(self.store_url)) as store:
            (task,) = store.tasks()
            return task, store.steps(task["task_id"])


def finished(process: subprocess.Popen[str]) -> str:
    """Wait for the good end of an agent, without an exception of ours; return what it printed."""
    output, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, errors
    assert "otel_steps" not in errors, errors
    return output


class Watch:
    """
    Somebody who looks at the rows ten times a second; a context manager.

    Attributes:
        lateness_s: How long after its end a step became visible, at most.
    """

    def __init__(self, run: Run) -> None:
        self.lateness_s = 0.0
        self._run = run
        self._seen: set[str] = set()
        self._changed = threading.Condition()
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._look_on)

    def wait_for(self, steps: int, timeout_s: float = 300) -> None:
        """Wait until that many steps that have ended are visible."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self._seen) >= steps, timeout_s), (
                f"{len(self._seen)} of {steps} steps are visible after {timeout_s} s"
            )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _look_on(self) -> None:
        while not self._is_over.wait(0.1):
            self._look()

    def _look(self) -> None:
        with closing(open_store(self._run.store_url)) as store:
            steps = [step for task in store.tasks() for step in store.steps(task["task_id"])]
        now = datetime.now(UTC)
        with self._changed:
            for step in steps:
                if step["status"] != "running" and step["id"] not in self._seen:
                    self._seen.add(step["id"])
                    late = (now - datetime.fromisoformat(step["ended_at"])).total_seconds()
                    self.lateness_s = max(self.lateness_s, late)
            self._changed.notify_all()
