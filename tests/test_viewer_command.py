"""`otel-steps view` says where it is, shows what dead processes left, and ends when told to."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from otel_steps import semconv
from otel_steps.config import resolve
from otel_steps.otlp import to_line
from tests.commands import command, leave_behind, python, store_tasks, task_spans
from tests.patience import PATIENCE_S
from tests.viewing import TOKEN, View, view


def test_printed_link_opens_the_viewer() -> None:
    """The link that is printed leads to the page; the token that is printed to the API."""
    store_tasks("aaaaaaaa-1")
    with view("--no-open", "--print-token") as started:
        with httpx.Client(follow_redirects=True, trust_env=False, timeout=PATIENCE_S) as browser:
            page = browser.get(started.said["viewer"])
            tasks = browser.get(f"{started.url}api/tasks")
        by_token = started.get("api/tasks")

    assert str(page.url) == started.url
    assert page.text.startswith("<!doctype html>")
    assert tasks.json() == by_token.json()
    assert tasks.json()["data"]["tasks"][0]["task_id"] == "aaaaaaaa-1"


@pytest.mark.skipif(os.name == "nt", reason="Windows opens its own browser")
def test_browser_is_opened_with_the_link(tmp_path: Path) -> None:
    """Without `--no-open` the browser gets the link."""
    browser, opened = tmp_path / "browser", tmp_path / "opened"
    browser.write_text(f'#!/bin/sh\necho "$1" > {opened}.new && mv {opened}.new {opened}\n')
    browser.chmod(0o700)
    with view(BROWSER=f"{browser} %s") as started:
        deadline = time.monotonic() + PATIENCE_S
        while not opened.exists() and time.monotonic() < deadline:
            time.sleep(0.01)

        assert opened.read_text().strip() == started.said["viewer"]


def test_what_a_dead_process_left_is_shown() -> None:
    """Orphaned segments are adopted while the viewer runs: the killed run is interrupted."""
    root, first, second = task_spans("killed-1", **{semconv.TASK_STATUS: "running"})
    in_flight = [replace(root, end_time_unix_nano=0), replace(second, end_time_unix_nano=0)]
    leave_behind([first], open_spans=in_flight)
    with view("--no-open", "--print-token") as started:
        deadline = time.monotonic() + PATIENCE_S
        while not (tasks := started.get("api/tasks").json()["data"]["tasks"]):
            assert time.monotonic() < deadline
        status = ""
        while status != "interrupted" and time.monotonic() < deadline:
            status = started.get("api/tasks/killed-1").json()["data"]["task"]["status"]

    assert tasks[0]["task_id"] == "killed-1"
    assert status == "interrupted"


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda it: it.name)
def test_viewer_ends_although_a_page_is_open(number: signal.Signals) -> None:
    """Ctrl-C and SIGTERM end it at once and cleanly: no traceback, exit status 0."""
    store_tasks("aaaaaaaa-1")
    with view("--no-open", "--print-token") as started:
        token = {"Authorization": f"Bearer {started.said['token']}"}
        with (
            httpx.Client(headers=token, timeout=PATIENCE_S, trust_env=False) as browser,
            browser.stream("GET", f"{started.url}api/events") as answer,
        ):
            lines = answer.iter_lines()
            assert next(lines).startswith("id: ")
            started.process.send_signal(number)
            assert list(lines) in ([""], [])
        out, err = started.process.communicate(timeout=PATIENCE_S)

    assert (started.process.returncode, err) == (0, "")
    assert started.said["token"] not in out


def test_secrets_stay_out_of_what_is_printed() -> None:
    """The token of the environment is not printed unless it is asked for; no request is logged."""
    with view("--no-open", OTEL_STEPS_TOKEN=TOKEN) as started:
        assert started.get("api/tasks").status_code == 200
        assert started.get(f"?t={TOKEN}", follow_redirects=False).status_code == 303
        assert started.get("nowhere").status_code == 404
        started.process.terminate()
        out, err = started.process.communicate(timeout=PATIENCE_S)

    assert TOKEN not in out + err
    assert "nowhere" not in out + err


def test_port_is_the_one_that_was_asked_for_or_an_error() -> None:
    """A port that is taken is said, with what to do; `collect` says the same."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = command("view", "--no-open", "--port", port)
        collecting = command("collect", "--port", port)

    assert (done.status, done.out) == (1, "")
    assert f"cannot listen on 127.0.0.1 port {port}" in done.err
    assert "`--port 0` find one that is free" in done.err
    assert collecting == done


def test_port_0_is_any_that_is_free() -> None:
    """For scripts, which read where it is."""
    with view("--no-open", "--port", "0", "--print-token") as started:
        assert started.get("api/tasks").status_code == 200
        assert not started.url.endswith((":0/", ":4320/"))


@pytest.mark.parametrize(
    ("options", "status", "words"),
    [
        (["--host", "0.0.0.0"], 2, "OTEL_STEPS_TOKEN"),
        (["--host", "no.such.host.invalid"], 2, "OTEL_STEPS_TOKEN"),
        (["--store", "ftp://x"], 2, "unknown store scheme"),
        (["--store", "sqlite:////dev/null/x.db"], 2, "there is no x.db"),
        (["--dir", "/no/such/folder"], 2, "--dir /no/such/folder: there is no such folder"),
        (["--store", "postgresql://127.0.0.1:1/x"], 1, "error: "),
    ],
    ids=str,
)
def test_what_cannot_be_served_is_one_clear_line(
    options: list[str], status: int, words: str
) -> None:
    """A viewer that cannot start says why and what to do, without a traceback."""
    done = command("view", "--no-open", *options)

    assert done.status == status
    assert words in done.err
    assert "Traceback" not in done.err


def test_host_that_is_none_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address that this machine does not have is named."""
    monkeypatch.setenv("OTEL_STEPS_TOKEN", TOKEN)

    done = command("view", "--no-open", "--host", "no.such.host.invalid")

    assert done.status == 1
    assert "cannot listen on no.such.host.invalid" in done.err
    assert "--host" in done.err


def test_short_token_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A token that can be guessed is refused, and not shown."""
    monkeypatch.setenv("OTEL_STEPS_TOKEN", "hunter2")

    done = command("view", "--no-open")

    assert done.status == 2
    assert "at least 16" in done.err
    assert "hunter2" not in done.err


@pytest.mark.parametrize("name", ["view", "collect"])
def test_without_the_extra_its_name_is_said(name: str) -> None:
    """Where FastAPI is not installed, the command says how to install it."""
    code = (
        "import sys; sys.modules['starlette'] = None; "
        f"from otel_steps.cli import main; main(['{name}'])"
    )
    done = python("-c", code)

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "pip install 'otel-steps[viewer]'" in done.stderr


def test_spans_are_taken_where_that_is_asked_for() -> None:
    """With `--otlp` the viewer takes spans and shows them; without it there is no such address."""
    with view("--no-open", "--print-token", "--otlp") as started:
        sent = send(started, token=started.said["token"])
        page = send(started, token=started.said["token"], Origin="null")
        deadline = time.monotonic() + PATIENCE_S
        while started.get("api/tasks/sent-1").status_code == 404:
            assert time.monotonic() < deadline
        steps = started.get("api/tasks/sent-1/steps").json()["data"]["pagination"]["total"]
    with view("--no-open", "--print-token") as started:
        refused = send(started)

    assert (sent, page, refused) == (200, 403, 401)
    assert steps == 2
    assert not list(resolve().backup_dir.glob("*/*.jsonl"))


@pytest.mark.parametrize(
    "how", ["--print-token", "neither", pytest.param("OTEL_STEPS_TOKEN", marks=pytest.mark.full)]
)
def test_senders_need_the_token_that_a_person_was_told_of(how: str) -> None:
    """A printed or a chosen token is what lets in; without one any program of this machine may."""
    odd = "a-token,with=odd;marks%20in-it"
    options = ("--print-token",) if how == "--print-token" else ()
    environ = {"OTEL_STEPS_TOKEN": odd} if how == "OTEL_STEPS_TOKEN" else {}
    with view("--no-open", "--otlp", *options, **environ) as started:
        without, wrong = send(started), send(started, token="wrong-wrong-wrong-wrong")
        token = started.said.get("token", odd)
        with_it = send(started, token=token)

    assert (without, wrong, with_it) == ((200,) * 3 if how == "neither" else (401, 401, 200))


def test_what_is_printed_for_senders_works() -> None:
    """The exporter of OpenTelemetry takes the line as its environment, whatever is in the token."""
    odd = "a-token,with=odd;marks%20in-it"
    with view("--no-open", "--otlp", "--print-token", OTEL_STEPS_TOKEN=odd) as started:
        name, _, value = started.said["senders"].partition("=")
        done = python("-c", EXPORT, OTEL_EXPORTER_OTLP_ENDPOINT=started.url, **{name: value})

    assert done.stdout == "SpanExportResult.SUCCESS\n", done.stderr


EXPORT = """
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from tests.collecting import span
print(OTLPSpanExporter().export([span("step", span_id=1)]))
"""


def send(started: View, *, token: str = "", **headers: str) -> int:
    """Send the spans of a task, and return the status of the answer."""
    lines = [json.loads(to_line(span)) for span in task_spans("sent-1")]
    message = {"resourceSpans": [part for line in lines for part in line["resourceSpans"]]}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    url = f"{started.url}v1/traces"
    answer = httpx.post(url, json=message, headers=headers, trust_env=False, timeout=PATIENCE_S)
    return answer.status_code


def test_everybody_in_the_network_needs_the_token() -> None:
    """Bound to all addresses the viewer prints the machine's name, and answers to the token."""
    with view("--no-open", "--host", "0.0.0.0", OTEL_STEPS_TOKEN=TOKEN) as started:
        port = re.search(r":(\d+)/", started.said["viewer"])
        assert port is not None
        url = f"http://127.0.0.1:{port[1]}/api/tasks"
        answers = [
            httpx.get(url, headers=headers, trust_env=False, timeout=PATIENCE_S).status_code
            for headers in ({}, {"Authorization": f"Bearer {TOKEN}"})
        ]

    assert socket.gethostname().lower() in started.said["viewer"]
    assert answers == [401, 200]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pseudo-terminals")
@pytest.mark.parametrize("is_installed", [True, False])
def test_demo_opens_the_viewer_on_a_terminal(tmp_path: Path, is_installed: bool) -> None:
    """After the demo a person looks at it, or is told what to install."""
    hidden = "" if is_installed else "sys.modules['fastapi'] = None; "
    code = f"import sys; {hidden}from otel_steps.cli import main; main(sys.argv[1:])"
    ours, theirs = os.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", code, "demo", "--lang", "en", "--latency", "0"],
        env={**os.environ, "BROWSER": "true", "COLUMNS": "200"},
        stdout=theirs,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        os.close(theirs)
        with os.fdopen(ours, encoding="utf-8") as terminal:
            line = ""
            while not line.startswith("viewer" if is_installed else "list"):
                line = terminal.readline()
            if is_installed:
                process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=PATIENCE_S)

    if is_installed:
        assert "/?t=" in line
    else:
        assert "pip install 'otel-steps[viewer]'" in err
    assert process.returncode == 0
