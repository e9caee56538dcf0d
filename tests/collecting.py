"""A receiver that runs for real, in this process or as the command, and what to send to it."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from otel_steps.admit import Redact
from otel_steps.collector.app import create_app
from otel_steps.collector.intake import Intake
from otel_steps.collector.receiver import Receiver
from otel_steps.config import Secret, Settings, resolve
from otel_steps.health.problems import Problems
from otel_steps.journal import Journal
from otel_steps.recorder import new_shipper
from otel_steps.serving.guard import Guard
from otel_steps.serving.keys import Keys
from otel_steps.serving.server import config_of, listen
from otel_steps.stores import open_store
from tests.patience import PATIENCE_S

AT = 1_790_000_000_000_000_000
SECOND = 10**9
PROTOBUF = {"Content-Type": "application/x-protobuf"}
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Rows:
    """What the store has."""

    tasks: list[dict[str, Any]]
    steps: dict[str, list[dict[str, Any]]]
    screenshots: dict[str, list[dict[str, Any]]]


def eventually(holds: Callable[[], bool]) -> None:
    """Wait until *holds* does."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.02)


def rows(settings: Settings) -> Rows:
    """Return all that the store of *settings* has."""
    with closing(open_store(settings=settings)) as store:
        tasks = store.tasks(limit=10_000)
        ids = [task["task_id"] for task in tasks]
        return Rows(
            tasks,
            {each: store.steps(each) for each in ids},
            {each: store.screenshots(each) for each in ids},
        )


class Collector:
    """
    A receiver in a thread of this process, with a journal and a shipper.

    Attributes:
        client: Speaks to it.
        problems: What it has reported.
    """

    def __init__(
        self, settings: Settings, *, token: str | None = None, redact: Redact | None = None
    ) -> None:
        self.settings = settings
        self.problems = Problems(None)
        self._journal = Journal(
            settings.backup_dir,
            durability=settings.durability,
            max_disk_bytes=settings.max_disk_bytes,
            problems=self.problems,
        )
        self.shipper = new_shipper(settings, self.problems, self._journal)
        self.receiver = Receiver(
            settings,
            self._journal,
            on_kept=self.shipper.notify,
            problems=self.problems,
            redact=redact,
        )
        self.intake = Intake(self.receiver, Guard(Keys(Secret(token) if token else None)))
        self.app = create_app(self.intake)

    def __enter__(self) -> "Collector":
        self._listener = listen("127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._server = uvicorn.Server(config_of(self.app))
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._listener]}, daemon=True
        )
        self._thread.start()
        self.client = httpx.Client(base_url=self.url, timeout=PATIENCE_S, trust_env=False)
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self._server.should_exit = True
        self._thread.join(PATIENCE_S)
        self._listener.close()
        self.shipper.shutdown(PATIENCE_S)

    def send(self, *spans: ReadableSpan, **headers: str) -> httpx.Response:
        """Send spans as protobuf."""
        return self.post(body_of(spans), **headers)

    def post(self, body: bytes, **headers: str) -> httpx.Response:
        """Send a body, as protobuf unless *headers* say otherwise; `_` in a name stands for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post("/v1/traces", content=body, headers={**PROTOBUF, **named})

    def put(self, sha256: str, data: bytes, **headers: str) -> httpx.Response:
        """Send a picture."""
        return self.client.put(f"/v1/screenshots/{sha256}", content=data, headers=headers)

    def rows(self) -> Rows:
        """Return what the store has, once all that was acknowledged has reached it."""
        assert self.shipper.flush(PATIENCE_S)
        return rows(self.settings)


@contextmanager
def collector(
    *, token: str | None = None, redact: Redact | None = None, **settings: Any
) -> Iterator[Collector]:
    """Run a receiver with the settings of the environment, but for *settings*."""
    with Collector(resolve(**settings), token=token, redact=redact) as running:
        yield running


class Command:
    """
    `otel-steps collect` as a process of its own, on a port that was free a moment ago.

    Attributes:
        url: Where it takes OTLP over HTTP.
        grpc_url: Likewise over gRPC, with `--grpc`.
    """

    def __init__(self, folder: Path, *arguments: str, **environ: str) -> None:
        self.settings = resolve(dir=folder)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "otel_steps", "collect", "--port", "0", *arguments],
            env={**os.environ, "OTEL_STEPS_DIR": str(folder), **environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        found = re.fullmatch(r"traces +(http://\S+)/v1/traces\n", line)
        assert found, line
        self.url = found[1]
        self.grpc_url = ""
        if "--grpc" in arguments:
            self.grpc_url = self._process.stdout.readline().split()[1]

    def __enter__(self) -> "Command":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    @property
    def pid(self) -> int:
        return self._process.pid

    def end(self, how: signal.Signals = signal.SIGINT) -> int:
        """End it, and return its exit status."""
        self._process.send_signal(how)
        return self._process.wait(PATIENCE_S)


def span(
    name: str,
    attributes: dict[str, Any] | None = None,
    *,
    span_id: int,
    parent: int | None = None,
    trace_id: int = 1,
    error: str | None = None,
    resource: dict[str, Any] | None = None,
    seconds: float = 1.0,
) -> ReadableSpan:
    """Return a span of the SDK that began *span_id* seconds after `AT`."""

    def context(number: int) -> SpanContext:
        return SpanContext(trace_id, number, is_remote=False, trace_flags=TraceFlags(1))

    start = AT + span_id * SECOND
    return ReadableSpan(
        name,
        context=context(span_id),
        parent=context(parent) if parent else None,
        resource=Resource(resource or {"service.name": "robot"}),
        attributes=attributes or {},
        kind=SpanKind.INTERNAL,
        status=Status(StatusCode.ERROR, error) if error is not None else Status(),
        start_time=start,
        end_time=start + round(seconds * SECOND),
    )


def body_of(spans: Sequence[ReadableSpan]) -> bytes:
    """Return an export request in protobuf."""
    return request_of(spans).SerializeToString()


def request_of(spans: Sequence[ReadableSpan]) -> ExportTraceServiceRequest:
    """Return an export request."""
    return encode_spans(spans)
