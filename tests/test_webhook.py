"""A task that has ended is told to the webhook: once, signed, and by nobody but a server."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest

from otel_steps import semconv
from otel_steps.config import Secret, resolve
from otel_steps.health.problems import Problems, noted
from otel_steps.otlp import to_line
from otel_steps.otlp.span import Span
from otel_steps.pricing import price_table
from otel_steps.rows.mapping import batch_of
from otel_steps.stores import Store, open_store
from otel_steps.webhook import Watcher, event_of, hook_of, send
from otel_steps.webhook.delivery import Refused, Unavailable
from otel_steps.webhook.sent import Sent
from otel_steps.webhook.shapes import signature
from tests.collecting import Command
from tests.commands import command, store_tasks, task_spans
from tests.fakes.webhook_server import WebhookServer
from tests.viewing import view

SECOND = 10**9


@pytest.fixture(name="server")
def _server(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebhookServer]:
    with WebhookServer() as server:
        monkeypatch.setenv("OTEL_STEPS_WEBHOOK", server.url)
        yield server


@pytest.fixture
def store() -> Iterator[Store]:
    with closing(open_store()) as opened:
        yield opened


def just_ended(task_id: str, number: int = 1, status: str = "failed", **said: Any) -> list[Span]:
    """Return the spans of a task that has ended now."""
    spans = task_spans(task_id, number=number, status=status, **said)
    shift = time.time_ns() - spans[0].end_time_unix_nano
    return [
        replace(
            each,
            start_time_unix_nano=each.start_time_unix_nano + shift,
            end_time_unix_nano=each.end_time_unix_nano + shift,
        )
        for each in spans
    ]


def put(store: Store, task_id: str, number: int = 1, status: str = "failed", **said: Any) -> None:
    store.write(batch_of(just_ended(task_id, number, status, **said), {}))


@contextmanager
def watching(count: int = 1) -> Iterator[list[Watcher]]:
    """Watch as *count* servers on one data folder do, without a pause."""
    settings = resolve()
    hook = hook_of(settings, "http://127.0.0.1:4320")
    assert hook is not None
    watchers = [
        Watcher(
            hook,
            open_store,
            Sent(settings.dir / "webhook"),
            price_table.load(None),
            Problems(settings.problems_dir),
            interval_s=0.01,
        )
        for _ in range(count)
    ]
    for each in watchers:
        each.start()
    try:
        yield watchers
    finally:
        for each in watchers:
            each.close()


def told(server: WebhookServer) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(server.next().body)
    return message


def begin() -> None:
    """Have the webhook begin now: what has ended before is none of its."""
    sent = Sent(resolve().dir / "webhook")
    assert sent.has_turn()
    sent.since()
    sent.release()


# --- What is sent


def test_a_failed_task_is_told(server: WebhookServer, store: Store) -> None:
    """What was to be done, how it ended and why, how much it was, and where to look."""
    begin()
    put(store, "runs/二", **{semconv.GEN_AI_REQUEST_MODEL: "autoglm-phone"})

    with watching():
        posted = server.next()

    message = json.loads(posted.body)
    data = message["data"]
    assert (posted.path, message["type"]) == ("/services/hidden", "task.failed")
    assert (data["task_id"], data["description"]) == ("runs/二", "任务 runs/二")
    assert (data["status"], data["model"]) == ("failed", "autoglm-phone")
    assert (data["steps"], data["failed_steps"], data["usage"]) == (2, 1, None)
    assert data["duration_ms"] == store.task("runs/二")["total_duration_ms"]  # type: ignore[index]
    assert data["why"]["step"] == 2
    assert "App not found: X" in data["why"]["sentence"]["en"]
    assert data["url"] == "http://127.0.0.1:4320/t/runs%2F%E4%BA%8C"
    assert posted.headers["content-type"] == "application/json; charset=utf-8"
    assert "webhook-signature" not in posted.headers


def test_a_link_leads_where_people_open_the_viewer(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a setting says goes before a proxy, and that before the address listened on."""
    monkeypatch.setenv("OTEL_STEPS_WEBHOOK", "https://hooks.example.com/hidden")
    own = "http://127.0.0.1:4320"
    links = []
    for name, value in (
        ("OTEL_STEPS_DURABILITY", "process"),
        ("OTEL_STEPS_ROOT_PATH", "https://phones.example.com/steps"),
        ("OTEL_STEPS_VIEWER_URL", "https://viewer.example.com/"),
    ):
        monkeypatch.setenv(name, value)
        hook = hook_of(resolve(), own)
        assert hook is not None
        assert "hidden" not in f"{hook} {hook.host}"
        links.append(hook.link("t"))

    assert links == [
        f"{own}/t/t",
        "https://phones.example.com/steps/t/t",
        "https://viewer.example.com/t/t",
    ]


def test_the_signature_is_that_of_standard_webhooks() -> None:
    """A message that the makers of the rules have signed gets the same signature."""
    secret = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    message_id, at, body = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'

    signed = signature(secret, message_id, at, body)

    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_json_is_signed(
    server: WebhookServer, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Id, time and body are in it; the same end of a task has the same id."""
    monkeypatch.setenv("OTEL_STEPS_WEBHOOK_SECRET", "a secret of ours")
    put(store, "t")

    assert command("webhook", "t").status == command("webhook", "t").status == 0

    first, second = server.next(), server.next()
    ids = {each.headers["webhook-id"] for each in (first, second)}
    assert len(ids) == 1
    signed = b".".join(
        (ids.pop().encode(), first.headers["webhook-timestamp"].encode(), first.body)
    )
    digest = hmac.new(b"a secret of ours", signed, hashlib.sha256).digest()
    assert first.headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"
    assert abs(int(first.headers["webhook-timestamp"]) - time.time()) < 300


HOSTILE = '<!channel> & <https://x.example|here> <at user_id="all"></at>'


def test_slack_gets_its_own_shape(
    server: WebhookServer, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A text with a link; what a task says calls nobody and is no link."""
    monkeypatch.setenv("OTEL_STEPS_WEBHOOK_FORMAT", "slack")
    monkeypatch.setenv("OTEL_STEPS_VIEWER_URL", "https://viewer.example.com")
    put(store, "t", **{semconv.TASK_DESCRIPTION: HOSTILE, semconv.GEN_AI_REQUEST_MODEL: "m"})

    done = command("webhook", "t")

    assert (done.status, done.out) == (0, "told 127.0.0.1 as slack of t\n")
    again = command("webhook", "t", "--json")
    assert again.json == {"host": "127.0.0.1", "format": "slack", "task_id": "t"}
    message = told(server)
    title, why, facts, link = message["text"].splitlines()
    assert message.keys() == {"text"}
    assert title.startswith("*Failed:* &lt;!channel&gt; &amp; &lt;https://x.example|here&gt;")
    assert "App not found: X" in why
    assert facts.startswith("2 steps · ")
    assert facts.endswith(" · m · emulator-5554")
    assert link == "<https://viewer.example.com/t/t|Open the recording>"


def test_feishu_gets_its_own_shape_and_sign(
    server: WebhookServer, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A post in Chinese, signed as its robots want it: the HMAC of nothing."""
    monkeypatch.setenv("OTEL_STEPS_WEBHOOK_FORMAT", "feishu")
    monkeypatch.setenv("OTEL_STEPS_WEBHOOK_SECRET", "robot")
    monkeypatch.setenv("OTEL_STEPS_VIEWER_URL", "https://viewer.example.com")
    server.answers.append((200, {}, b'{"code":0,"msg":"success","data":{}}'))
    put(store, "t", **{semconv.TASK_DESCRIPTION: HOSTILE})

    assert command("webhook", "t").status == 0

    message = told(server)
    key = f"{message['timestamp']}\nrobot".encode()
    digest = hmac.new(key, b"", hashlib.sha256).digest()
    assert message["sign"] == base64.b64encode(digest).decode()
    post = message["content"]["post"]["zh_cn"]
    assert (message["msg_type"], post["title"]) == ("post", f"失败：{HOSTILE}")
    (why,), (facts,), (link,) = post["content"]
    assert "第 2 步" in why["text"]
    assert facts["text"].startswith("2 步 · ")
    assert link == {"tag": "a", "text": "打开记录", "href": "https://viewer.example.com/t/t"}


# --- When, and how often


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        ("failed", {"failed", "max_steps", "interrupted"}),
        ("ended", {"failed", "max_steps", "interrupted", "completed", "cancelled"}),
    ],
)
def test_those_are_told_that_somebody_wants(
    server: WebhookServer, store: Store, monkeypatch: pytest.MonkeyPatch, on: str, expected: Any
) -> None:
    """Failures alone, or every end; a task that runs has none, and an old one is no news."""
    monkeypatch.setenv("OTEL_STEPS_WEBHOOK_ON", on)
    store.write(batch_of(task_spans("old", number=99, status="failed"), {}))
    begin()
    for number, status in enumerate(set(semconv.TASK_STATUSES) - {"running"}, start=1):
        put(store, status, number, status)
    root, *steps = just_ended("running", 40, "running")
    store.write(batch_of([replace(root, end_time_unix_nano=0), *steps], {}))

    with watching():
        found = {told(server)["data"]["status"] for _ in expected}
        put(store, "last", 50, "failed")
        assert told(server)["data"]["task_id"] == "last"

    assert found == expected
    assert server.posted.empty()


def test_two_servers_tell_once(server: WebhookServer, store: Store) -> None:
    """Who has the turn tells; the other one goes on where that one ends."""
    begin()
    with watching(2) as (first, second):
        put(store, "a", 1)
        assert told(server)["data"]["task_id"] == "a"
        first.close()
        put(store, "b", 2)
        assert told(server)["data"]["task_id"] == "b"
        second.close()
    with watching():
        put(store, "c", 3)
        assert told(server)["data"]["task_id"] == "c"

    assert server.posted.empty()


def test_an_outage_of_the_receiver_loses_nothing(server: WebhookServer, store: Store) -> None:
    """It is asked again when it has said, in the order of the ends; the id stays the same."""
    begin()
    server.answers.extend([(503, {"retry-after": "0"}, b"later"), (429, {"Retry-After": "0"}, b"")])
    put(store, "a", 1)
    with watching():
        posted = [server.next() for _ in range(3)]
        put(store, "b", 2)
        assert told(server)["data"]["task_id"] == "b"

    assert len({each.headers["webhook-id"] for each in posted}) == 1
    (problem,) = noted(resolve().problems_dir)
    assert (problem.kind, problem.message) == ("webhook", "127.0.0.1 answered 503: later")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((404, {}, b"no_service"), "127.0.0.1 answered 404: no_service"),
        ((302, {"location": "/elsewhere"}, b""), "redirects are not followed"),
    ],
)
def test_what_is_refused_is_not_sent_again(
    server: WebhookServer, store: Store, answer: Any, said: str
) -> None:
    """It is a problem that names the task, and others are told."""
    begin()
    server.answers.append(answer)
    put(store, "a", 1)
    with watching():
        assert told(server)["data"]["task_id"] == "a"
        put(store, "b", 2)
        assert told(server)["data"]["task_id"] == "b"

    assert server.posted.empty()
    (problem,) = noted(resolve().problems_dir)
    assert problem.message.startswith("the end of 'a': ")
    assert said in problem.message
    assert "hidden" not in problem.message


def test_an_answer_of_feishu_may_be_a_refusal(
    server: WebhookServer, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its status is 200 whatever has happened; the code in it tells."""
    monkeypatch.setenv("OTEL_STEPS_WEBHOOK_FORMAT", "feishu")
    put(store, "t")
    hook, task = hook_of(resolve()), store.task("t")
    assert hook is not None
    assert task is not None
    event = event_of(task, store, price_table.load(None), hook)
    server.answers.extend(
        [
            (200, {}, b'{"code":19021,"msg":"sign match fail"}'),
            (200, {}, b'{"code":11232,"msg":"too many request"}'),
        ]
    )

    with pytest.raises(Refused, match="sign match fail"):
        send(event, hook)
    with pytest.raises(Unavailable, match="too many request"):
        send(event, hook)


# --- The commands


def test_the_viewer_tells(server: WebhookServer, store: Store) -> None:
    """`otel-steps view` does it by itself, with a link to itself."""
    begin()
    with view("--no-open", "--print-token") as started:
        put(store, "t")
        data = told(server)["data"]

    assert (data["task_id"], data["url"]) == ("t", f"{started.url}t/t")


def test_the_collector_tells(server: WebhookServer, tmp_path: Any) -> None:
    """`otel-steps collect` as well, of what it has taken."""
    with Command(tmp_path / "collect", OTEL_STEPS_WEBHOOK=server.url) as running:
        for each in just_ended("t"):
            httpx.post(
                f"{running.url}/v1/traces",
                content=to_line(each),
                headers={"content-type": "application/json"},
                trust_env=False,
            ).raise_for_status()
        data = told(server)["data"]

    assert data["task_id"] == "t"


@pytest.mark.parametrize(
    ("environ", "status", "said"),
    [
        ({"OTEL_STEPS_WEBHOOK": ""}, 2, "there is no webhook; set OTEL_STEPS_WEBHOOK to the"),
        ({"OTEL_STEPS_WEBHOOK": "http://127.0.0.1:9/x/hidden"}, 1, "127.0.0.1 was not reached: C"),
    ],
)
def test_command_says_what_is_wrong(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], status: int, said: str
) -> None:
    """What failed, and what to do; the address is a secret."""
    store_tasks("t")
    for name, value in environ.items():
        monkeypatch.setenv(name, value)

    done = command("webhook", "t")

    assert (done.status, done.out) == (status, "")
    assert done.err.startswith(f"error: {said}")
    assert "hidden" not in done.err


@pytest.mark.parametrize(
    ("environ", "status", "said"),
    [
        ({}, "info", "OTEL_STEPS_WEBHOOK is not set"),
        (
            {"OTEL_STEPS_WEBHOOK": "https://hooks.example.com/hidden"},
            "ok",
            "hooks.example.com is told of tasks that are failed, interrupted, max_steps, unsigned",
        ),
        (
            {
                "OTEL_STEPS_WEBHOOK": "https://hooks.example.com/hidden",
                "OTEL_STEPS_WEBHOOK_FORMAT": "slack",
                "OTEL_STEPS_WEBHOOK_SECRET": "hidden",
            },
            "warn",
            "hooks.example.com is told",
        ),
    ],
)
def test_doctor_says_who_is_told(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], status: str, said: str
) -> None:
    """Without what opens the address."""
    for name, value in environ.items():
        monkeypatch.setenv(name, value)

    done = command("doctor", "--json")

    (check,) = [each for each in done.json["checks"] if each["name"] == "webhook"]
    assert check["status"] == status
    assert check["message"].startswith(said)
    assert "hidden" not in done.out
