"""Viewer and receiver below a path of a reverse proxy: what they say and whom they believe."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from otel_steps.config import ConfigError, RootPath, resolve
from otel_steps.serving.hosts import Hosts
from otel_steps.serving.keys import Keys
from otel_steps.viewer.app import create_app
from tests.collecting import PROTOBUF, body_of, span
from tests.commands import command, store_tasks
from tests.forward_proxy import serving
from tests.patience import PATIENCE_S
from tests.reverse_proxy import ReverseProxy
from tests.viewing import BEARER, COOKIE, PORT, free_port, opened_library, view

PUBLIC = "https://phones.example.com/otel-steps"


@pytest.mark.parametrize(
    ("value", "path", "origin"),
    [
        ("/otel-steps", "/otel-steps", None),
        ("/a/b.c/", "/a/b.c", None),
        ("/", "", None),
        ("https://Phones.example.com/x", "/x", "https://phones.example.com"),
        ("https://phones.example.com:443", "", "https://phones.example.com"),
        ("http://[::1]:8080/x/", "/x", "http://[::1]:8080"),
    ],
)
def test_what_a_root_path_says(value: str, path: str, origin: str | None) -> None:
    """A path, or a whole address as a browser writes it."""
    assert resolve({"OTEL_STEPS_ROOT_PATH": value}).root_path == RootPath(path, origin)
    assert resolve({}, root_path=value).root_path == RootPath(path, origin)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("otel-steps", "such as /otel-steps"),
        ("/a//b", "such as /otel-steps"),
        ("/a/../b", "such as /otel-steps"),
        ('/"><script>', "such as /otel-steps"),
        ("https://me:secret@host/x", "such as /otel-steps"),
        ("ftp://host/x", "such as /otel-steps"),
        ("/api/x", "/api begins addresses of the viewer itself"),
        ("/t", "/t begins addresses of the viewer itself"),
    ],
)
def test_what_is_no_root_path_is_said(value: str, message: str) -> None:
    """With what to give instead."""
    with pytest.raises(ConfigError, match=re.escape(message)):
        resolve({"OTEL_STEPS_ROOT_PATH": value})


@contextmanager
def client(root: str, host: str = f"127.0.0.1:{PORT}") -> Iterator[TestClient]:
    """Return a client of a viewer that is called *host*, and knows of *root*."""
    store_tasks("aaaaaaaa-1")
    hosts = Hosts("127.0.0.1", PORT, resolve({}, root_path=root).root_path)
    with opened_library() as library:
        keys = Keys(resolve({}, token=BEARER["Authorization"].split()[1]).token)
        app = create_app(library, keys=keys, hosts=hosts, cookie=COOKIE)
        yield TestClient(app, base_url=f"http://{host}", follow_redirects=False)


@pytest.mark.parametrize("asked", ["/otel-steps", ""], ids=["left", "taken away"])
def test_addresses_are_below_the_path(asked: str) -> None:
    """Whether or not the proxy takes it away: page, files, document, redirect and cookie."""
    with client("/otel-steps") as browser:
        token = BEARER["Authorization"].split()[1]
        opened = browser.get(f"{asked}/t/a%2Fb?t={token}&x=1")
        session = {"Cookie": opened.headers["set-cookie"].split(";")[0]}
        page = browser.get(f"{asked}/t/aaaaaaaa-1", headers=session)
        script = re.findall(r'src="([^"]+)"', page.text)[-1]
        document = browser.get(f"{asked}/openapi.json", headers=session).json()
        module = browser.get(f"{asked}/{script}", headers=session)
        task = browser.get(f"{asked}/api/tasks/aaaaaaaa-1", headers=session)

    assert opened.headers["location"] == "/otel-steps/t/a%2Fb?x=1"
    assert "Path=/otel-steps;" in opened.headers["set-cookie"]
    assert "Secure" not in opened.headers["set-cookie"]
    assert '<base href="/otel-steps/">' in page.text
    assert not re.search(r'(href|src)="/(?!otel-steps/")', page.text)
    assert document["servers"] == [{"url": "/otel-steps"}]
    assert (module.status_code, task.status_code) == (200, 200)


@pytest.mark.parametrize(
    ("root", "headers", "status"),
    [
        # A proxy that leaves our name in place of its own; the browser says whose page it is.
        ("/otel-steps", {"Origin": "http://proxy:8080", "Sec-Fetch-Site": "same-origin"}, 200),
        ("/otel-steps", {"Origin": "http://proxy:8080"}, 403),
        ("/otel-steps", {"Origin": "http://proxy:8080", "Sec-Fetch-Site": "cross-site"}, 403),
        ("/", {"Origin": "http://proxy:8080", "Sec-Fetch-Site": "same-origin"}, 403),
        # A proxy that hands its own name on.
        (PUBLIC, {"Host": "phones.example.com", "Origin": "https://phones.example.com"}, 200),
        (PUBLIC, {"Origin": "https://phones.example.com"}, 200),
        (PUBLIC, {"Host": "phones.example.com", "Origin": "http://phones.example.com:1"}, 403),
        (PUBLIC, {"Host": "evil.example"}, 403),
        # What a proxy adds, anybody may add.
        ("/otel-steps", {"Host": "evil.example", "X-Forwarded-Host": f"127.0.0.1:{PORT}"}, 403),
        ("/", {"Origin": f"https://127.0.0.1:{PORT}", "X-Forwarded-Proto": "https"}, 403),
    ],
)
def test_who_is_believed(root: str, headers: dict[str, str], status: int) -> None:
    """Pages of others stay out, by whatever proxy they come."""
    with client(root) as browser:
        answer = browser.get("/api/tasks", headers={**BEARER, **headers})

    assert answer.status_code == status


def test_what_a_proxy_adds_is_not_believed_by_the_server_either() -> None:
    """Its scheme is that of the socket, whoever says otherwise."""
    store_tasks("aaaaaaaa-1")
    with view("--no-open", "--print-token", "--root-path", "/otel-steps") as started:
        origin = started.url.removesuffix("/otel-steps/")
        own = started.get("api/tasks")
        answer = httpx.get(
            f"{started.url}api/tasks",
            headers={
                "Authorization": f"Bearer {started.said['token']}",
                "Origin": origin.replace("http:", "https:"),
                "X-Forwarded-Proto": "https",
            },
            trust_env=False,
            timeout=PATIENCE_S,
        )

    assert (own.status_code, answer.status_code) == (200, 403)


def test_the_cookie_of_an_encrypted_address_stays_on_it() -> None:
    """Where people come by https, no other way may carry it."""
    with client(PUBLIC, "phones.example.com") as browser:
        opened = browser.get(f"/otel-steps/?t={BEARER['Authorization'].split()[1]}")

    assert "Secure" in opened.headers["set-cookie"]
    assert opened.headers["location"] == "/otel-steps/"


@pytest.mark.parametrize("words", [["view", "--no-open"], ["collect"]], ids=lambda words: words[0])
def test_a_public_address_needs_a_token(tmp_path: Path, words: list[str]) -> None:
    """As `--host` does."""
    (tmp_path / "steps.db").touch()
    done = command(*words, "--port", "0", "--root-path", PUBLIC, "--dir", tmp_path)

    assert done.status == 2
    assert "phones.example.com lets other machines in; set OTEL_STEPS_TOKEN" in done.err


@pytest.mark.parametrize("strips", [True, False], ids=["strips", "leaves"])
def test_spans_come_through_a_proxy(tmp_path: Path, strips: bool) -> None:
    """`collect` below a path: an exporter's endpoint is the proxy's address with it."""
    port = free_port()
    proxy = ReverseProxy("/otel-steps", strips=strips, keeps_host=not strips)
    proxy.port_behind = port
    words = ["collect", "--port", str(port), "--root-path", "/otel-steps"]
    with (
        serving(proxy),
        subprocess.Popen(
            [sys.executable, "-m", "otel_steps", *words],
            env={**os.environ, "OTEL_STEPS_DIR": str(tmp_path)},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None
        said = process.stdout.readline().split()
        answer = posted(f"http://127.0.0.1:{proxy.port}/otel-steps/v1/traces")
        process.terminate()
        assert process.wait(PATIENCE_S) == 0

    assert said == ["traces", f"http://127.0.0.1:{port}/otel-steps/v1/traces"]
    assert answer.status_code == 200


def posted(url: str) -> Any:
    body = body_of([span("step", span_id=1)])
    return httpx.post(url, content=body, headers=PROTOBUF, trust_env=False, timeout=PATIENCE_S)
