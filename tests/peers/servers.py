"""Other backends, each a real server in an environment of its own."""

import json
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import httpx

from tests.peers.environments import environment
from tests.supabase.processes import Processes, wait_until_ready

# They load hundreds of modules and lay out a database before they answer.
_START_TIMEOUT_S = 300
# They answer first and store later.
_ARRIVAL_TIMEOUT_S = 60
_LOOK_INTERVAL_S = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerSpan:
    """A span as another backend gives it back; `input` and `output` are what it shows of it."""

    name: str
    kind: str
    span_id: str
    parent_id: str | None
    trace_id: str
    attributes: Mapping[str, Any]
    input: str | None
    output: str | None


class Peer:
    """
    A server that takes spans over OTLP/HTTP; it keeps them in a folder, and may be killed.

    Args:
        folder: Where it keeps what it has.
        processes: Of the test run.
    """

    distribution: ClassVar[str]
    version: ClassVar[str]
    traces_path: ClassVar[str] = "/v1/traces"
    headers: ClassVar[str] = ""
    is_ready_path: ClassVar[str]

    def __init__(self, folder: Path, processes: Processes) -> None:
        self.python = self.installed()
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = processes.free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._processes = processes
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    def installed(cls) -> Path:
        """Return the Python of its environment; made, if it is not there."""
        return environment(cls.distribution, f"{cls.distribution}=={cls.version}")

    def start(self) -> None:
        """Start it and wait until it answers."""
        command, env = self.command()
        log = self.folder / f"{self.distribution}.log"
        self._process = self._processes.start(command, log=log, cwd=self.folder, env=env)
        wait_until_ready(self._answers, self._process, log=log, timeout_s=_START_TIMEOUT_S)

    def kill(self) -> None:
        """End it without a word."""
        assert self._process is not None
        self._processes.stop(self._process, signal.SIGKILL)
        self._process = None

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal that it survives."""
        assert self._process is not None
        self._process.send_signal(number)

    def otlp(self) -> dict[str, str]:
        """Return the variables that make a standard OTLP exporter send here."""
        variables = {
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": self.url + self.traces_path,
            "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf",
        }
        return variables | (
            {"OTEL_EXPORTER_OTLP_TRACES_HEADERS": self.headers} if self.headers else {}
        )

    def command(self) -> tuple[list[str], dict[str, str]]:
        """Return the command that starts the server, and its environment."""
        raise NotImplementedError

    def spans(self) -> list[PeerSpan]:
        """Return all spans that it has, in the order of their starts."""
        raise NotImplementedError

    def spans_of(self, trace_id: str, *, until: Callable[[list[PeerSpan]], bool]) -> list[PeerSpan]:
        """Return the spans of one trace as soon as *until* holds, or those that came in time."""
        deadline = time.monotonic() + _ARRIVAL_TIMEOUT_S
        while True:
            # MLflow puts something in front of the id.
            found = [span for span in self.spans() if span.trace_id.endswith(trace_id)]
            if until(found) or time.monotonic() > deadline:
                return found
            time.sleep(_LOOK_INTERVAL_S)

    def _answers(self) -> bool:
        try:
            return httpx.get(self.url + self.is_ready_path, timeout=5).is_success
        except httpx.HTTPError:
            return False


_PHOENIX_QUERY = """
{ projects { edges { node { spans(first: 1000, sort: {col: startTime, dir: asc}) { edges { node {
  name spanKind spanId parentId attributes trace { traceId } input { value } output { value }
} } } } } } }
"""


class Phoenix(Peer):
    """Arize Phoenix: OTLP in, GraphQL out."""

    distribution = "arize-phoenix"
    version = "20.26.1"
    is_ready_path = "/healthz"

    def command(self) -> tuple[list[str], dict[str, str]]:
        return [str(self.python), "-m", "phoenix.server.main", "serve"], {
            "PHOENIX_WORKING_DIR": str(self.folder),
            "PHOENIX_HOST": "127.0.0.1",
            "PHOENIX_PORT": str(self.port),
            "PHOENIX_GRPC_PORT": str(self._processes.free_port()),
            "PHOENIX_TELEMETRY_ENABLED": "false",
        }

    def spans(self) -> list[PeerSpan]:
        answer = httpx.post(f"{self.url}/graphql", json={"query": _PHOENIX_QUERY}, timeout=30)
        projects = answer.json()["data"]["projects"]["edges"]
        nodes = [edge["node"] for each in projects for edge in each["node"]["spans"]["edges"]]
        return [
            PeerSpan(
                name=node["name"],
                kind=node["spanKind"].upper(),
                span_id=node["spanId"],
                parent_id=node["parentId"],
                trace_id=node["trace"]["traceId"],
                attributes=json.loads(node["attributes"]),
                input=(node["input"] or {}).get("value"),
                output=(node["output"] or {}).get("value"),
            )
            for node in nodes
        ]


_MLFLOW_PROGRAM = """
import json, sys, mlflow
mlflow.set_tracking_uri(sys.argv[1])
traces = mlflow.search_traces(locations=["0"], return_type="list", max_results=1000)
spans = [span for trace in traces for span in trace.data.spans]
print(json.dumps([
    {"name": s.name, "kind": s.span_type, "span_id": s.span_id, "parent_id": s.parent_id,
     "trace_id": s.trace_id, "attributes": s.attributes, "start": s.start_time_ns,
     "input": s.inputs, "output": s.outputs}
    for s in spans
], default=str))
"""


class MlflowServer(Peer):
    """MLflow's tracking server: OTLP in, its own client out."""

    distribution = "mlflow"
    version = "3.17.2"
    headers = "x-mlflow-experiment-id=0"
    is_ready_path = "/health"

    def command(self) -> tuple[list[str], dict[str, str]]:
        database = f"sqlite:///{(self.folder / 'mlflow.db').as_posix()}"
        return [
            *(str(self.python), "-m", "mlflow", "server", "--workers", "1"),
            *("--host", "127.0.0.1", "--port", str(self.port)),
            *("--backend-store-uri", database),
        ], {"MLFLOW_DISABLE_TELEMETRY": "true"}

    def spans(self) -> list[PeerSpan]:
        done = subprocess.run(
            [str(self.python), "-W", "ignore", "-c", _MLFLOW_PROGRAM, self.url],
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        found = sorted(json.loads(done.stdout), key=lambda span: span.pop("start"))
        # MLflow has a word of its own for `gen_ai.operation.name=chat`.
        kinds = {"CHAT_MODEL": "LLM"}
        return [
            PeerSpan(**span | {"kind": kinds.get(span["kind"], span["kind"])}) for span in found
        ]
