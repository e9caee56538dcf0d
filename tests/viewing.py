"""A viewer in this process over a store, for tests of what it answers."""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import uvicorn
from starlette.testclient import TestClient

from otel_steps.config import Secret, Settings, resolve
from otel_steps.pipeline import backlog_shipper
from otel_steps.problems import Problems
from otel_steps.stores import open_store
from otel_steps.viewer.app import create_app
from otel_steps.viewer.hosts import Hosts
from otel_steps.viewer.keys import Keys
from otel_steps.viewer.library import Library
from otel_steps.viewer.server import listen

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
        yield Library(settings, store, shipper=shipper)
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
        config = uvicorn.Config(app, log_config=None, lifespan="off", ws="none")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            library.channels.close()
            thread.join()
