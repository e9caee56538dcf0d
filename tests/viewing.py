"""A viewer over a store, in this process or as the command, for tests of what it answers."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import uvicorn
from starlette.testclient import TestClient

from otel_steps.config import Secret, Settings, resolve
from otel_steps.health.problems import Problems
from otel_steps.pipeline import backlog_shipper
from otel_steps.serving.hosts import Hosts
from otel_steps.serving.keys import Keys
from otel_steps.serving.server import config_of, listen
from otel_steps.stores import open_store
from otel_steps.viewer.app import create_app
from otel_steps.viewer.library import Library
from tests.patience import PATIENCE_S

TOKEN = "0123456789abcdef-token"
PORT = 4320
COOKIE = "otel-steps-4320"
URL = f"http://127.0.0.1:{PORT}"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@contextmanager
def opened_library(settings: Settings | None = None) -> Iterator[Library]:
    """Open the store of *settings*, by default of the environment, as the viewer does."""
    settings = settings or resolve()
    store = open_store(settings=settings)
    shipper = backlog_shipper(settings, Problems(settings.problems_dir))
    try:
        with closing(Library(settings, store, shipper=shipper)) as library:
            yield library
    finally:
        store.close()


def app_of(library: Library, *, keys: Keys | None = None, **options: Any) -> Any:
    """Return the application over *library*, as `otel-steps view` makes it."""
    hosts = Hosts("127.0.0.1", PORT)
    keys = keys or Keys(Secret(TOKEN))
    return create_app(library, keys=keys, hosts=hosts, cookie=COOKIE, **options)


def client_of(library: Library, **options: Any) -> TestClient:
    """Return a client that sends the token, as a script does."""
    app = app_of(library, **options)
    return TestClient(app, base_url=URL, headers=BEARER, follow_redirects=False)


@contextmanager
def served(library: Library) -> Iterator[str]:
    """Serve *library* on a free port of this machine; gives the address."""
    with closing(listen("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        hosts = Hosts("127.0.0.1", port)
        app = create_app(library, keys=Keys(Secret(TOKEN)), hosts=hosts, cookie=COOKIE)
        server = uvicorn.Server(config_of(app))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            library.channels.close()
            thread.join()


@dataclass(frozen=True)
class View:
    """A viewer that runs: its process, and what it has printed, by the first word of a line."""

    process: "subprocess.Popen[str]"
    said: dict[str, str]

    @property
    def url(self) -> str:
        return self.said["viewer"].partition("?")[0]

    def get(self, path: str, **options: Any) -> httpx.Response:
        token = self.said.get("token", TOKEN)
        headers = {"Authorization": f"Bearer {token}"}
        options = {"timeout": PATIENCE_S, "trust_env": False, **options}
        return httpx.get(f"{self.url}{path}", headers=headers, **options)


@contextmanager
def view(*options: str, **environ: str) -> Iterator[View]:
    """Start a viewer on a free port, and wait until it says where it is."""
    process = subprocess.Popen(
        [sys.executable, "-m", "otel_steps", "view", "--port", str(free_port()), *options],
        env={**os.environ, **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    with process:
        try:
            assert process.stderr is not None
            assert process.stdout is not None
            last = process.stderr.readline()
            assert last == "Ctrl-C ends it\n", last + process.stderr.read()
            said: dict[str, str] = {}
            while "viewer" not in said or ("--print-token" in options and "token" not in said):
                word, _, rest = process.stdout.readline().partition(" ")
                said[word] = rest.strip()
            yield View(process, said)
        finally:
            process.terminate()
            process.communicate(timeout=PATIENCE_S)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
